-- Schema version 3: authority.

-- What saf.Stem gives for the name: the generic profiles that cover a resource are found by it.
ALTER TABLE profiles ADD COLUMN stem TEXT
    GENERATED ALWAYS AS (substr(name, 1, instr(replace(replace(name, '.**', '*'), '%', '*') || '*', '*') - 1)) VIRTUAL;

DROP INDEX profiles_generic;

CREATE INDEX profiles_stem ON profiles (class, stem, name) WHERE generic = 1;

-- The profiles of RACLISTed classes as they were at SETROPTS RACLIST or its last REFRESH.
CREATE TABLE raclist_profiles (
    profile    INTEGER PRIMARY KEY, -- the handle of the profile, which may be gone
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
    stem       TEXT
        GENERATED ALWAYS AS (substr(name, 1, instr(replace(replace(name, '.**', '*'), '%', '*') || '*', '*') - 1)) VIRTUAL,
    UNIQUE (class, name)
) STRICT;

CREATE INDEX raclist_profiles_stem ON raclist_profiles (class, stem, name) WHERE generic = 1;

CREATE TABLE raclist_entries (
    profile   INTEGER NOT NULL REFERENCES raclist_profiles (profile) ON DELETE CASCADE,
    position  INTEGER NOT NULL, -- in the access list, from 0
    grantee   TEXT NOT NULL,
    access    TEXT NOT NULL, -- the word, as in access_entries
    condition TEXT NOT NULL,
    PRIMARY KEY (profile, position)
) STRICT;

-- Until now nothing asked for profiles, so those of classes that are RACLISTed already are taken
-- as they are.
INSERT INTO raclist_profiles (profile, class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by)
    SELECT p.id, p.class, p.name, p.generic, p.uacc, p.owner, p.data, p.appl_data, p.level, p.audit, p.notify, p.warning, p.created, p.changed, p.created_by
    FROM profiles p JOIN classes c ON c.name = p.class WHERE c.raclist = 1;

INSERT INTO raclist_entries (profile, position, grantee, access, condition)
    SELECT e.profile, e.position, e.grantee, e.access, e.condition FROM access_entries e JOIN raclist_profiles r ON r.profile = e.profile;
