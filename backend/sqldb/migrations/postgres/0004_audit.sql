-- Schema version 4: the audit trail. Moments (at) are microseconds since 1970.

-- The columns between seq and body come out of the body, for look-ups.
CREATE TABLE audit_records (
    seq      BIGINT PRIMARY KEY CHECK (seq > 0),
    event    TEXT COLLATE "C" NOT NULL UNIQUE,
    at       BIGINT NOT NULL,
    issuer   TEXT COLLATE "C" NOT NULL,
    function TEXT COLLATE "C" NOT NULL,
    bad      BIGINT NOT NULL CHECK (bad IN (0, 1)), -- refused or failed
    body     BYTEA NOT NULL, -- JSON, by package audit
    prev     BYTEA NOT NULL, -- the hash of the record before it
    hash     BYTEA NOT NULL
);

CREATE INDEX audit_records_time ON audit_records (at, seq);
CREATE INDEX audit_records_issuer ON audit_records (issuer, at, seq);
CREATE INDEX audit_records_function ON audit_records (function, at, seq);
CREATE INDEX audit_records_bad ON audit_records (bad, at, seq);

-- The last record, and the last time that the trail was signed.
CREATE TABLE audit_head (
    one         BIGINT PRIMARY KEY CHECK (one = 1),
    seq         BIGINT NOT NULL,
    hash        BYTEA NOT NULL,
    signed_seq  BIGINT NOT NULL, -- 0: never
    signed_hash BYTEA NOT NULL,
    signed_time BIGINT NOT NULL,
    signature   BYTEA NOT NULL
);

CREATE TABLE audit_checkpoints (
    seq       BIGINT PRIMARY KEY,
    hash      BYTEA NOT NULL,
    at        BIGINT NOT NULL,
    signature BYTEA NOT NULL
);

CREATE TABLE audit_key (
    one        BIGINT PRIMARY KEY CHECK (one = 1),
    public_key BYTEA NOT NULL, -- Ed25519
    sealed     BYTEA NOT NULL  -- its seed, sealed by package seal to this database and public key
);

-- Events on their way into the trail: adding one takes no lock that a writer holds. They are no
-- content of the database; the file NAME-events holds them for SQLite.
CREATE TABLE signet_notes (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event TEXT COLLATE "C" NOT NULL UNIQUE,
    body  BYTEA NOT NULL
);

ALTER TABLE audit_records ALTER COLUMN issuer SET (n_distinct = 20),
    ALTER COLUMN function SET (n_distinct = 20), ALTER COLUMN bad SET (n_distinct = 20),
    ALTER COLUMN at SET (n_distinct = 20);
