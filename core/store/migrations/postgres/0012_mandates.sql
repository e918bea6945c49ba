-- Acting for others: organisations, mandates, and what was done under them.

-- An organisation is a party nobody signs in to. Number and name stand in a public register.
CREATE TABLE organisations (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    number TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    representative TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    verified_at_us BIGINT NOT NULL
);
CREATE INDEX organisations_representative ON organisations (representative);

-- A mandate: offered by one side, taken by the other, confirmed by the first, until it ends. services is NULL for all.
CREATE TABLE mandates (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    represented TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    agent TEXT COLLATE "C" REFERENCES parties (id),
    basis TEXT COLLATE "C" NOT NULL,
    granted_by TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    services TEXT COLLATE "C",
    departments BOOLEAN NOT NULL,
    office TEXT COLLATE "C",
    role TEXT COLLATE "C",
    code_hash BYTEA UNIQUE,
    code_until_us BIGINT,
    created_at_us BIGINT NOT NULL,
    taken_at_us BIGINT,
    confirmed_at_us BIGINT,
    until_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    ended_by TEXT COLLATE "C"
);
CREATE INDEX mandates_represented ON mandates (represented, id);
CREATE INDEX mandates_agent ON mandates (agent, id);

-- What was done or read under a mandate, written before it is done. An act that an event of a case tells of has its id;
-- once is set for what is written once an hour however often it happens.
CREATE TABLE mandate_acts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    mandate TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    represented TEXT COLLATE "C" NOT NULL,
    act TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C",
    case_no TEXT COLLATE "C",
    action TEXT COLLATE "C",
    once TEXT COLLATE "C" UNIQUE
);
CREATE INDEX mandate_acts_represented ON mandate_acts (represented, id);
CREATE INDEX mandate_acts_mandate ON mandate_acts (mandate, id);

-- Who asked a department, where it was not the person it is about.
ALTER TABLE fetches ADD COLUMN asked_by TEXT COLLATE "C";

-- Accounts of other identity providers that people sign in with.
CREATE TABLE upstream_links (
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    linked_at_us BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX upstream_links_party ON upstream_links (party);

-- Under which mandate somebody acts for an organisation at another program that may know.
ALTER TABLE openid_tokens ADD COLUMN mandate TEXT COLLATE "C";
