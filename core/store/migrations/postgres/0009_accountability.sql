-- The secret of a new authenticator app waits beside the one in use until a code of it was entered.
CREATE TABLE authenticators_waiting (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    sealed BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL
);
INSERT INTO authenticators_waiting (party, sealed, created_at_us)
    SELECT party, sealed, created_at_us FROM authenticators WHERE NOT confirmed;
DELETE FROM authenticators WHERE NOT confirmed;
ALTER TABLE authenticators DROP COLUMN confirmed;

-- What a person was asked when they allowed something: what they left out is not asked again.
ALTER TABLE openid_consents ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- Residents whom nobody has a reason to ask about: whoever does is found.
CREATE TABLE canaries (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    created_at_us BIGINT NOT NULL
);

-- What the daily comparison of the city's log with those of departments found; everybody may read it.
CREATE TABLE reconciliations (
    source TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    matched BIGINT NOT NULL,
    unanswered BIGINT NOT NULL,
    not_recorded BIGINT NOT NULL,
    not_seen BIGINT NOT NULL,
    other_fields BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (source, day)
);

-- The law a look rests on, and from when on its subject may know of it; at once when absent.
ALTER TABLE access_log ADD COLUMN basis TEXT NOT NULL DEFAULT '';
ALTER TABLE access_log ADD COLUMN visible_at_us BIGINT;

-- Data taken of many people at once: one event in the log, and for each of them the way to show that they are in it.
CREATE TABLE extracts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    event TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL UNIQUE,
    at_us BIGINT NOT NULL,
    office TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    fields TEXT NOT NULL,
    purpose TEXT NOT NULL,
    basis TEXT NOT NULL
);
CREATE TABLE extract_members (
    extract TEXT COLLATE "C" NOT NULL REFERENCES extracts (id),
    seat BIGINT NOT NULL,
    party TEXT COLLATE "C",
    case_no TEXT,
    salt BYTEA,
    leaf BYTEA NOT NULL,
    PRIMARY KEY (extract, seat)
);
CREATE INDEX extract_members_party ON extract_members (party) WHERE party IS NOT NULL;
