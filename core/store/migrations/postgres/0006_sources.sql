-- Data that runs instead of people: who somebody is, what departments were asked, what they answered.

-- Who somebody is, once a department has matched name and number. Both exist only sealed; number_mac is keyed, so that
-- one number belongs to one account and nobody finds it by trying numbers.
CREATE TABLE identities (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    level TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    number_mac BYTEA NOT NULL UNIQUE,
    verified_at_us BIGINT NOT NULL
);

-- Every question to a department about somebody, written before it is asked. No answer is kept here.
CREATE TABLE fetches (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    office TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C",
    fields TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    consent TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    answered_at_us BIGINT
);
CREATE INDEX fetches_party ON fetches (party, id);
CREATE INDEX fetches_source ON fetches (source, at_us);

-- What departments answered for an application that is not handed in yet: one a person and service, as drafts.
CREATE TABLE prefills (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    service TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    updated_at_us BIGINT NOT NULL,
    PRIMARY KEY (party, service)
);
CREATE INDEX prefills_updated ON prefills (updated_at_us);
