-- Schema version 3: authority. What migrations/0003_authority.sql does, for PostgreSQL.

-- What saf.Stem gives for the name: the generic profiles that cover a resource are found by it.
ALTER TABLE profiles ADD COLUMN stem TEXT COLLATE "C"
    GENERATED ALWAYS AS (split_part(replace(replace(name, '.**', '*'), '%', '*'), '*', 1)) STORED;

DROP INDEX profiles_generic;

CREATE INDEX profiles_stem ON profiles (class, stem, name) WHERE generic = 1;

-- The profiles of RACLISTed classes as they were at SETROPTS RACLIST or its last REFRESH.
CREATE TABLE raclist_profiles (
    profile    BIGINT PRIMARY KEY, -- the handle of the profile, which may be gone
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
    stem       TEXT COLLATE "C"
        GENERATED ALWAYS AS (split_part(replace(replace(name, '.**', '*'), '%', '*'), '*', 1)) STORED,
    UNIQUE (class, name)
);

CREATE INDEX raclist_profiles_stem ON raclist_profiles (class, stem, name) WHERE generic = 1;

CREATE TABLE raclist_entries (
    profile   BIGINT NOT NULL REFERENCES raclist_profiles (profile) ON DELETE CASCADE,
    position  BIGINT NOT NULL, -- in the access list, from 0
    grantee   TEXT COLLATE "C" NOT NULL,
    access    TEXT COLLATE "C" NOT NULL, -- the word, as in access_entries
    condition TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (profile, position)
);

-- Until now nothing asked for profiles, so those of classes that are RACLISTed already are taken
-- as they are.
INSERT INTO raclist_profiles (profile, class, name, generic, uacc, owner, data, appl_data, level, audit, notify, warning, created, changed, created_by)
    SELECT p.id, p.class, p.name, p.generic, p.uacc, p.owner, p.data, p.appl_data, p.level, p.audit, p.notify, p.warning, p.created, p.changed, p.created_by
    FROM profiles p JOIN classes c ON c.name = p.class WHERE c.raclist = 1;

INSERT INTO raclist_entries (profile, position, grantee, access, condition)
    SELECT e.profile, e.position, e.grantee, e.access, e.condition FROM access_entries e JOIN raclist_profiles r ON r.profile = e.profile;

-- As in version 1.
ALTER TABLE raclist_profiles ALTER COLUMN class SET (n_distinct = 20);
