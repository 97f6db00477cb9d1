-- Times are seconds since 1970, so that they reach the year 9999. Digests are SHA-256: names
-- and keys are only ever looked up whole, and a digest fits every engine's index.
-- Handles are never used again (AUTOINCREMENT), because sealed keys are bound to them, and
-- their order is the order of arrival.

CREATE TABLE meta (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    uuid     TEXT NOT NULL, -- names this database in what its keys are sealed to
    data_key BLOB NOT NULL  -- an age file: the data key, wrapped to its recipients
) STRICT;

CREATE TABLE certificates (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    owner          TEXT NOT NULL,
    label          TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('TRUST', 'NOTRUST', 'HIGHTRUST')),
    der            BLOB NOT NULL,
    issuer_sha256  BLOB NOT NULL, -- of the DER name
    serial         BLOB NOT NULL, -- content octets of the DER INTEGER
    subject_sha256 BLOB NOT NULL, -- of the DER name
    spki_sha256    BLOB NOT NULL, -- of the DER SubjectPublicKeyInfo
    not_before     INTEGER NOT NULL,
    not_after      INTEGER NOT NULL,
    key_ref        TEXT NOT NULL, -- empty, 'store', or the URI of a token
    last_serial    INTEGER NOT NULL, -- 64 bits, of which the highest is not a sign
    requested      INTEGER NOT NULL CHECK (requested IN (0, 1)),
    added          INTEGER NOT NULL,
    added_by       TEXT NOT NULL,
    UNIQUE (owner, label),
    UNIQUE (issuer_sha256, serial)
) STRICT;

CREATE INDEX certificates_owner ON certificates (owner, id);
CREATE INDEX certificates_subject ON certificates (subject_sha256, id);
CREATE INDEX certificates_key ON certificates (spki_sha256, id);
CREATE INDEX certificates_expiry ON certificates (not_after, id);

-- Apart from the certificates, so that listing never reads a key.
CREATE TABLE private_keys (
    certificate INTEGER PRIMARY KEY REFERENCES certificates (id) ON DELETE CASCADE,
    sealed      BLOB NOT NULL -- PKCS #8, sealed by package seal to this database and certificate
) STRICT;

CREATE TABLE rings (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    owner      TEXT NOT NULL,
    name       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (owner, name)
) STRICT;

CREATE INDEX rings_owner ON rings (owner, id);

-- The order of id is the connection order: a connection that changes keeps its id.
CREATE TABLE connections (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    ring        INTEGER NOT NULL REFERENCES rings (id) ON DELETE CASCADE,
    certificate INTEGER NOT NULL REFERENCES certificates (id) ON DELETE CASCADE,
    usage       TEXT NOT NULL CHECK (usage IN ('PERSONAL', 'CERTAUTH', 'SITE')),
    is_default  INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    UNIQUE (ring, certificate)
) STRICT;

CREATE INDEX connections_ring ON connections (ring, id);
CREATE INDEX connections_certificate ON connections (certificate, ring);
CREATE UNIQUE INDEX connections_default ON connections (ring) WHERE is_default = 1;

CREATE TABLE label_hints (
    owner TEXT PRIMARY KEY,
    hint  INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE classes (
    name    TEXT PRIMARY KEY,
    active  INTEGER NOT NULL CHECK (active IN (0, 1)),
    raclist INTEGER NOT NULL CHECK (raclist IN (0, 1)),
    generic INTEGER NOT NULL CHECK (generic IN (0, 1)),
    gencmd  INTEGER NOT NULL CHECK (gencmd IN (0, 1)),
    global  INTEGER NOT NULL CHECK (global IN (0, 1))
) STRICT;

CREATE TABLE profiles (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    class      TEXT NOT NULL,
    name       TEXT NOT NULL,
    generic    INTEGER NOT NULL CHECK (generic IN (0, 1)),
    uacc       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    data       TEXT NOT NULL,
    appl_data  TEXT NOT NULL,
    level      INTEGER NOT NULL,
    audit      TEXT NOT NULL,
    notify     TEXT NOT NULL,
    warning    INTEGER NOT NULL CHECK (warning IN (0, 1)),
    created    INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (class, name)
) STRICT;

CREATE TABLE access_entries (
    profile   INTEGER NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL, -- in the access list, from 0
    grantee   TEXT NOT NULL,
    access    TEXT NOT NULL, -- the word, because the numbers change when a level is added
    condition TEXT NOT NULL,
    PRIMARY KEY (profile, position)
) STRICT;
