-- Schema version 2: retired keys, tokens, name filters, users and groups. The tables of
-- migrations/0002_functions.sql for PostgreSQL.

-- Keys that ROLLOVER destroyed. They outlive their certificates: no copy of one may come back.
CREATE TABLE retired_keys (
    spki_sha256 BYTEA PRIMARY KEY
);

-- last_seq is the highest sequence number that an object of the token ever had.
CREATE TABLE tokens (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL UNIQUE,
    last_seq   BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL
);

-- Copies: nothing here refers to the certificates table, whose rows may change or go.
CREATE TABLE token_objects (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token      BIGINT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    seq        BIGINT NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    label      TEXT COLLATE "C" NOT NULL,
    usage      TEXT COLLATE "C" NOT NULL CHECK (usage IN ('PERSONAL', 'CERTAUTH', 'SITE')),
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    der        BYTEA NOT NULL,
    der_sha256 BYTEA NOT NULL,
    bound      BIGINT NOT NULL,
    bound_by   TEXT COLLATE "C" NOT NULL,
    UNIQUE (token, seq)
);

CREATE INDEX token_objects_label ON token_objects (token, owner, label, seq);
CREATE UNIQUE INDEX token_objects_default ON token_objects (token) WHERE is_default = 1;
CREATE UNIQUE INDEX token_objects_der ON token_objects (token, der_sha256);

CREATE TABLE token_keys (
    object BIGINT PRIMARY KEY REFERENCES token_objects (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL -- PKCS #8, sealed by package seal to this database and object
);

-- Certificate name filters. A name is as RACF prints it, whole or an end of one; an empty one
-- stands for any name.
CREATE TABLE filters (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner          TEXT COLLATE "C" NOT NULL,
    label          TEXT COLLATE "C" NOT NULL,
    status         TEXT COLLATE "C" NOT NULL CHECK (status IN ('TRUST', 'NOTRUST')),
    subject        TEXT COLLATE "C" NOT NULL,
    issuer         TEXT COLLATE "C" NOT NULL,
    subject_sha256 BYTEA NOT NULL,
    issuer_sha256  BYTEA NOT NULL,
    criteria       TEXT COLLATE "C" NOT NULL,
    created        BIGINT NOT NULL,
    created_by     TEXT COLLATE "C" NOT NULL,
    UNIQUE (subject_sha256, issuer_sha256)
);

CREATE INDEX filters_owner ON filters (owner, id);
CREATE UNIQUE INDEX filters_label ON filters (owner, label);

CREATE TABLE filter_label_hints (
    owner TEXT COLLATE "C" PRIMARY KEY,
    hint  BIGINT NOT NULL
);

CREATE INDEX profiles_generic ON profiles (class, generic, name);

-- Users and groups need not be defined to be named: a membership, an owner or a superior group
-- is kept as it was given.
CREATE TABLE users (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id       TEXT COLLATE "C" NOT NULL UNIQUE,
    name          TEXT COLLATE "C" NOT NULL,
    owner         TEXT COLLATE "C" NOT NULL,
    default_group TEXT COLLATE "C" NOT NULL,
    data          TEXT COLLATE "C" NOT NULL,
    special       BIGINT NOT NULL CHECK (special IN (0, 1)),
    operations    BIGINT NOT NULL CHECK (operations IN (0, 1)),
    auditor       BIGINT NOT NULL CHECK (auditor IN (0, 1)),
    revoked       BIGINT NOT NULL CHECK (revoked IN (0, 1)),
    restricted    BIGINT NOT NULL CHECK (restricted IN (0, 1)),
    created       BIGINT NOT NULL,
    changed       BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL
);

CREATE TABLE user_groups (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL UNIQUE,
    owner      TEXT COLLATE "C" NOT NULL,
    superior   TEXT COLLATE "C" NOT NULL,
    data       TEXT COLLATE "C" NOT NULL,
    created    BIGINT NOT NULL,
    changed    BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL
);

CREATE INDEX user_groups_superior ON user_groups (superior, name);

-- The order of id is the order in which users were connected.
CREATE TABLE memberships (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL,
    group_name TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    authority  TEXT COLLATE "C" NOT NULL, -- the word, as in access_entries
    special    BIGINT NOT NULL CHECK (special IN (0, 1)),
    operations BIGINT NOT NULL CHECK (operations IN (0, 1)),
    auditor    BIGINT NOT NULL CHECK (auditor IN (0, 1)),
    revoked    BIGINT NOT NULL CHECK (revoked IN (0, 1)),
    created    BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL
);

CREATE INDEX memberships_user ON memberships (user_id, id);
CREATE INDEX memberships_group ON memberships (group_name, id);
CREATE UNIQUE INDEX memberships_both ON memberships (user_id, group_name);

-- As in version 1.
ALTER TABLE token_objects ALTER COLUMN token SET (n_distinct = 20);
ALTER TABLE filters ALTER COLUMN owner SET (n_distinct = 20);
ALTER TABLE user_groups ALTER COLUMN superior SET (n_distinct = 20);
ALTER TABLE memberships ALTER COLUMN user_id SET (n_distinct = 20), ALTER COLUMN group_name SET (n_distinct = 20);
