-- Schema version 5: custody.

-- The data keys, each an age file for its recipients. There is one; while a reseal is on its way
-- there are two, of which the newest seals and each opens what it has sealed.
CREATE TABLE data_keys (
    generation BIGINT PRIMARY KEY CHECK (generation > 0),
    wrapped    BYTEA NOT NULL,
    link       BYTEA NOT NULL, -- made with the data key before it; empty for the first
    created    BIGINT NOT NULL -- 0 when it is not known
);

INSERT INTO data_keys (generation, wrapped, link, created) SELECT 1, data_key, '', 0 FROM meta;

ALTER TABLE meta DROP COLUMN data_key;

-- Whom the data keys are wrapped to: the operator and those in escrow.
CREATE TABLE recipients (
    name      TEXT COLLATE "C" PRIMARY KEY,
    recipient TEXT COLLATE "C" NOT NULL, -- the public key: age1...
    since     BIGINT NOT NULL,
    proof     BYTEA NOT NULL -- nothing, sealed by package seal to this row
);
