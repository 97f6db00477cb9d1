-- Schema version 4: the audit trail. Moments (at) are microseconds since 1970.

-- The columns between seq and body come out of the body, for look-ups.
CREATE TABLE audit_records (
    seq      INTEGER PRIMARY KEY CHECK (seq > 0),
    event    TEXT NOT NULL UNIQUE,
    at       INTEGER NOT NULL,
    issuer   TEXT NOT NULL,
    function TEXT NOT NULL,
    bad      INTEGER NOT NULL CHECK (bad IN (0, 1)), -- refused or failed
    body     BLOB NOT NULL, -- JSON, by package audit
    prev     BLOB NOT NULL, -- the hash of the record before it
    hash     BLOB NOT NULL
) STRICT;

CREATE INDEX audit_records_time ON audit_records (at, seq);
CREATE INDEX audit_records_issuer ON audit_records (issuer, at, seq);
CREATE INDEX audit_records_function ON audit_records (function, at, seq);
CREATE INDEX audit_records_bad ON audit_records (bad, at, seq);

-- The last record, and the last time that the trail was signed.
CREATE TABLE audit_head (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    seq         INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    signed_seq  INTEGER NOT NULL, -- 0: never
    signed_hash BLOB NOT NULL,
    signed_time INTEGER NOT NULL,
    signature   BLOB NOT NULL
) STRICT;

CREATE TABLE audit_checkpoints (
    seq       INTEGER PRIMARY KEY,
    hash      BLOB NOT NULL,
    at        INTEGER NOT NULL,
    signature BLOB NOT NULL
) STRICT;

CREATE TABLE audit_key (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    public_key BLOB NOT NULL, -- Ed25519
    sealed     BLOB NOT NULL  -- its seed, sealed by package seal to this database and public key
) STRICT;
