-- The tables of migrations/0001_schema.sql for PostgreSQL: text is compared by its bytes. Where
-- two indexes seem equally good to the server, as in an empty table, it takes the one that was
-- made last: the unique one.
-- Times are seconds since 1970, so that they reach the year 9999. Digests are SHA-256: names
-- and keys are only ever looked up whole, and a digest fits every engine's index.
-- Handles are never used again (GENERATED ALWAYS), because sealed keys are bound to them, and
-- their order is the order of arrival.

CREATE TABLE meta (
    one      BIGINT PRIMARY KEY CHECK (one = 1),
    uuid     TEXT COLLATE "C" NOT NULL, -- names this database in what its keys are sealed to
    data_key BYTEA NOT NULL  -- an age file: the data key, wrapped to its recipients
);

CREATE TABLE certificates (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner          TEXT COLLATE "C" NOT NULL,
    label          TEXT COLLATE "C" NOT NULL,
    status         TEXT COLLATE "C" NOT NULL CHECK (status IN ('TRUST', 'NOTRUST', 'HIGHTRUST')),
    der            BYTEA NOT NULL,
    issuer_sha256  BYTEA NOT NULL, -- of the DER name
    serial         BYTEA NOT NULL, -- content octets of the DER INTEGER
    subject_sha256 BYTEA NOT NULL, -- of the DER name
    spki_sha256    BYTEA NOT NULL, -- of the DER SubjectPublicKeyInfo
    not_before     BIGINT NOT NULL,
    not_after      BIGINT NOT NULL,
    key_ref        TEXT COLLATE "C" NOT NULL, -- empty, 'store', or the URI of a token
    last_serial    BIGINT NOT NULL, -- 64 bits, of which the highest is not a sign
    requested      BIGINT NOT NULL CHECK (requested IN (0, 1)),
    added          BIGINT NOT NULL,
    added_by       TEXT COLLATE "C" NOT NULL,
    UNIQUE (issuer_sha256, serial)
);

CREATE INDEX certificates_owner ON certificates (owner, id);
CREATE INDEX certificates_subject ON certificates (subject_sha256, id);
CREATE INDEX certificates_key ON certificates (spki_sha256, id);
CREATE INDEX certificates_expiry ON certificates (not_after, id);
CREATE UNIQUE INDEX certificates_label ON certificates (owner, label);

-- Apart from the certificates, so that listing never reads a key.
CREATE TABLE private_keys (
    certificate BIGINT PRIMARY KEY REFERENCES certificates (id) ON DELETE CASCADE,
    sealed      BYTEA NOT NULL -- PKCS #8, sealed by package seal to this database and certificate
);

CREATE TABLE rings (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    created    BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL
);

CREATE INDEX rings_owner ON rings (owner, id);
CREATE UNIQUE INDEX rings_name ON rings (owner, name);

-- The order of id is the connection order: a connection that changes keeps its id.
CREATE TABLE connections (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ring        BIGINT NOT NULL REFERENCES rings (id) ON DELETE CASCADE,
    certificate BIGINT NOT NULL REFERENCES certificates (id) ON DELETE CASCADE,
    usage       TEXT COLLATE "C" NOT NULL CHECK (usage IN ('PERSONAL', 'CERTAUTH', 'SITE')),
    is_default  BIGINT NOT NULL CHECK (is_default IN (0, 1))
);

CREATE INDEX connections_ring ON connections (ring, id);
CREATE INDEX connections_certificate ON connections (certificate, ring);
CREATE UNIQUE INDEX connections_default ON connections (ring) WHERE is_default = 1;
CREATE UNIQUE INDEX connections_both ON connections (ring, certificate);

CREATE TABLE label_hints (
    owner TEXT COLLATE "C" PRIMARY KEY,
    hint  BIGINT NOT NULL
);

CREATE TABLE settings (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE classes (
    name    TEXT COLLATE "C" PRIMARY KEY,
    active  BIGINT NOT NULL CHECK (active IN (0, 1)),
    raclist BIGINT NOT NULL CHECK (raclist IN (0, 1)),
    generic BIGINT NOT NULL CHECK (generic IN (0, 1)),
    gencmd  BIGINT NOT NULL CHECK (gencmd IN (0, 1)),
    global  BIGINT NOT NULL CHECK (global IN (0, 1))
);

CREATE TABLE profiles (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    class      TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    generic    BIGINT NOT NULL CHECK (generic IN (0, 1)),
    uacc       TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    data       TEXT COLLATE "C" NOT NULL,
    appl_data  TEXT COLLATE "C" NOT NULL,
    level      BIGINT NOT NULL,
    audit      TEXT COLLATE "C" NOT NULL,
    notify     TEXT COLLATE "C" NOT NULL,
    warning    BIGINT NOT NULL CHECK (warning IN (0, 1)),
    created    BIGINT NOT NULL,
    changed    BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    UNIQUE (class, name)
);

CREATE TABLE access_entries (
    profile   BIGINT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    position  BIGINT NOT NULL, -- in the access list, from 0
    grantee   TEXT COLLATE "C" NOT NULL,
    access    TEXT COLLATE "C" NOT NULL, -- the word, because the numbers change when a level is added
    condition TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (profile, position)
);

-- What a SQLite file has in its header. A writer locks this table before it reads anything.
CREATE TABLE signet_version (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL
);

-- A mark of each of the latest changes: whoever loses the connection while a change becomes
-- durable looks here whether it did.
CREATE TABLE signet_commits (
    id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mark BYTEA NOT NULL UNIQUE
);

-- The server is told that few values are common in these columns, each in many rows, as it may be
-- one day. It then looks a row up by all columns of a unique key, and never reads all rows of one
-- owner for it, whatever it found when it last looked at the table.
ALTER TABLE certificates ALTER COLUMN owner SET (n_distinct = 20);
ALTER TABLE rings ALTER COLUMN owner SET (n_distinct = 20);
ALTER TABLE connections ALTER COLUMN ring SET (n_distinct = 20), ALTER COLUMN certificate SET (n_distinct = 20);
ALTER TABLE profiles ALTER COLUMN class SET (n_distinct = 20);
