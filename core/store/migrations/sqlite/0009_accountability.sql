-- The secret of a new authenticator app waits beside the one in use until a code of it was entered.
CREATE TABLE authenticators_waiting (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    sealed BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO authenticators_waiting (party, sealed, created_at_us)
    SELECT party, sealed, created_at_us FROM authenticators WHERE confirmed = 0;
DELETE FROM authenticators WHERE confirmed = 0;
ALTER TABLE authenticators DROP COLUMN confirmed;

-- What a person was asked when they allowed something: what they left out is not asked again.
ALTER TABLE openid_consents ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- Residents whom nobody has a reason to ask about: whoever does is found.
CREATE TABLE canaries (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the daily comparison of the city's log with those of departments found; everybody may read it.
CREATE TABLE reconciliations (
    source TEXT NOT NULL,
    day TEXT NOT NULL,
    matched INTEGER NOT NULL,
    unanswered INTEGER NOT NULL,
    not_recorded INTEGER NOT NULL,
    not_seen INTEGER NOT NULL,
    other_fields INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;

-- The law a look rests on, and from when on its subject may know of it; at once when absent.
ALTER TABLE access_log ADD COLUMN basis TEXT NOT NULL DEFAULT '';
ALTER TABLE access_log ADD COLUMN visible_at_us INTEGER;

-- Data taken of many people at once: one event in the log, and for each of them the way to show that they are in it.
CREATE TABLE extracts (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    case_id TEXT NOT NULL UNIQUE,
    at_us INTEGER NOT NULL,
    office TEXT NOT NULL,
    service TEXT NOT NULL,
    fields TEXT NOT NULL,
    purpose TEXT NOT NULL,
    basis TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE extract_members (
    extract TEXT NOT NULL REFERENCES extracts (id),
    seat INTEGER NOT NULL,
    party TEXT,
    case_no TEXT,
    salt BLOB,
    leaf BLOB NOT NULL,
    PRIMARY KEY (extract, seat)
) STRICT, WITHOUT ROWID;
CREATE INDEX extract_members_party ON extract_members (party) WHERE party IS NOT NULL;
