-- Schema version 2: retired keys, tokens, name filters, users and groups.

-- Keys that ROLLOVER destroyed. They outlive their certificates: no copy of one may come back.
CREATE TABLE retired_keys (
    spki_sha256 BLOB PRIMARY KEY
) STRICT;

-- last_seq is the highest sequence number that an object of the token ever had.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    last_seq   INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT;

-- Copies: nothing here refers to the certificates table, whose rows may change or go.
CREATE TABLE token_objects (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token      INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    owner      TEXT NOT NULL,
    label      TEXT NOT NULL,
    usage      TEXT NOT NULL CHECK (usage IN ('PERSONAL', 'CERTAUTH', 'SITE')),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    der        BLOB NOT NULL,
    der_sha256 BLOB NOT NULL,
    bound      INTEGER NOT NULL,
    bound_by   TEXT NOT NULL,
    UNIQUE (token, seq),
    UNIQUE (token, der_sha256)
) STRICT;

CREATE INDEX token_objects_label ON token_objects (token, owner, label, seq);
CREATE UNIQUE INDEX token_objects_default ON token_objects (token) WHERE is_default = 1;

CREATE TABLE token_keys (
    object INTEGER PRIMARY KEY REFERENCES token_objects (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL -- PKCS #8, sealed by package seal to this database and object
) STRICT;

-- Certificate name filters. A name is as RACF prints it, whole or an end of one; an empty one
-- stands for any name.
CREATE TABLE filters (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    owner          TEXT NOT NULL,
    label          TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('TRUST', 'NOTRUST')),
    subject        TEXT NOT NULL,
    issuer         TEXT NOT NULL,
    subject_sha256 BLOB NOT NULL,
    issuer_sha256  BLOB NOT NULL,
    criteria       TEXT NOT NULL,
    created        INTEGER NOT NULL,
    created_by     TEXT NOT NULL,
    UNIQUE (owner, label),
    UNIQUE (subject_sha256, issuer_sha256)
) STRICT;

CREATE INDEX filters_owner ON filters (owner, id);

CREATE TABLE filter_label_hints (
    owner TEXT PRIMARY KEY,
    hint  INTEGER NOT NULL
) STRICT;

CREATE INDEX profiles_generic ON profiles (class, generic, name);

-- Users and groups need not be defined to be named: a membership, an owner or a superior group
-- is kept as it was given.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    owner         TEXT NOT NULL,
    default_group TEXT NOT NULL,
    data          TEXT NOT NULL,
    special       INTEGER NOT NULL CHECK (special IN (0, 1)),
    operations    INTEGER NOT NULL CHECK (operations IN (0, 1)),
    auditor       INTEGER NOT NULL CHECK (auditor IN (0, 1)),
    revoked       INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    restricted    INTEGER NOT NULL CHECK (restricted IN (0, 1)),
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    created_by    TEXT NOT NULL
) STRICT;

CREATE TABLE user_groups (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    owner      TEXT NOT NULL,
    superior   TEXT NOT NULL,
    data       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT;

CREATE INDEX user_groups_superior ON user_groups (superior, name);

-- The order of id is the order in which users were connected.
CREATE TABLE memberships (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    TEXT NOT NULL,
    group_name TEXT NOT NULL,
    owner      TEXT NOT NULL,
    authority  TEXT NOT NULL, -- the word, as in access_entries
    special    INTEGER NOT NULL CHECK (special IN (0, 1)),
    operations INTEGER NOT NULL CHECK (operations IN (0, 1)),
    auditor    INTEGER NOT NULL CHECK (auditor IN (0, 1)),
    revoked    INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    created    INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (user_id, group_name)
) STRICT;

CREATE INDEX memberships_user ON memberships (user_id, id);
CREATE INDEX memberships_group ON memberships (group_name, id);
