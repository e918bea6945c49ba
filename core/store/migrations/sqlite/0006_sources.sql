-- Data that runs instead of people: who somebody is, what departments were asked, what they answered.

-- Who somebody is, once a department has matched name and number. Both exist only sealed; number_mac is keyed, so that
-- one number belongs to one account and nobody finds it by trying numbers.
CREATE TABLE identities (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    level TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    number_mac BLOB NOT NULL UNIQUE,
    verified_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every question to a department about somebody, written before it is asked. No answer is kept here.
CREATE TABLE fetches (
    id TEXT NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    party TEXT NOT NULL,
    source TEXT NOT NULL,
    office TEXT NOT NULL,
    service TEXT,
    fields TEXT NOT NULL,
    purpose TEXT NOT NULL,
    basis TEXT NOT NULL,
    consent TEXT NOT NULL,
    outcome TEXT,
    answered_at_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX fetches_party ON fetches (party, id);
CREATE INDEX fetches_source ON fetches (source, at_us);

-- What departments answered for an application that is not handed in yet: one a person and service, as drafts.
CREATE TABLE prefills (
    party TEXT NOT NULL REFERENCES parties (id),
    service TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (party, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX prefills_updated ON prefills (updated_at_us);
