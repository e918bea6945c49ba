-- Acting for others: organisations, mandates, and what was done under them.

-- An organisation is a party nobody signs in to. Number and name stand in a public register.
CREATE TABLE organisations (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    representative TEXT NOT NULL REFERENCES parties (id),
    verified_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX organisations_representative ON organisations (representative);

-- A mandate: offered by one side, taken by the other, confirmed by the first, until it ends. services is NULL for all.
CREATE TABLE mandates (
    id TEXT NOT NULL PRIMARY KEY,
    represented TEXT NOT NULL REFERENCES parties (id),
    agent TEXT REFERENCES parties (id),
    basis TEXT NOT NULL,
    granted_by TEXT NOT NULL REFERENCES parties (id),
    services TEXT,
    departments INTEGER NOT NULL,
    office TEXT,
    role TEXT,
    code_hash BLOB UNIQUE,
    code_until_us INTEGER,
    created_at_us INTEGER NOT NULL,
    taken_at_us INTEGER,
    confirmed_at_us INTEGER,
    until_us INTEGER NOT NULL,
    ended_at_us INTEGER,
    ended_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX mandates_represented ON mandates (represented, id);
CREATE INDEX mandates_agent ON mandates (agent, id);

-- What was done or read under a mandate, written before it is done. An act that an event of a case tells of has its id;
-- once is set for what is written once an hour however often it happens.
CREATE TABLE mandate_acts (
    id TEXT NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    mandate TEXT NOT NULL,
    agent TEXT NOT NULL,
    represented TEXT NOT NULL,
    act TEXT NOT NULL,
    service TEXT,
    case_no TEXT,
    action TEXT,
    once TEXT UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX mandate_acts_represented ON mandate_acts (represented, id);
CREATE INDEX mandate_acts_mandate ON mandate_acts (mandate, id);

-- Who asked a department, where it was not the person it is about.
ALTER TABLE fetches ADD COLUMN asked_by TEXT;

-- Accounts of other identity providers that people sign in with.
CREATE TABLE upstream_links (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    party TEXT NOT NULL REFERENCES parties (id),
    linked_at_us INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX upstream_links_party ON upstream_links (party);

-- Under which mandate somebody acts for an organisation at another program that may know.
ALTER TABLE openid_tokens ADD COLUMN mandate TEXT;
