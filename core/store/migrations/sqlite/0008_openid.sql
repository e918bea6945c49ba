-- Other programs that sign residents in here (OpenID Connect), and what each resident allowed each of them.

CREATE TABLE openid_clients (
    id TEXT NOT NULL PRIMARY KEY,
    metadata TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys that sign what the provider says, sealed with the master key so that every replica signs alike.
CREATE TABLE openid_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The name under which a client knows a person: another one for every client, and kept when consent is withdrawn.
CREATE TABLE openid_subjects (
    party TEXT NOT NULL REFERENCES parties (id),
    client TEXT NOT NULL,
    subject TEXT NOT NULL UNIQUE,
    PRIMARY KEY (party, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE openid_consents (
    party TEXT NOT NULL REFERENCES parties (id),
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at_us INTEGER NOT NULL,
    PRIMARY KEY (party, client)
) STRICT, WITHOUT ROWID;

-- Authorization codes: each is good for one exchange; one used twice takes back what it gave.
CREATE TABLE openid_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    party TEXT NOT NULL,
    client TEXT NOT NULL,
    body TEXT NOT NULL,
    expires_at_us INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX openid_codes_expires ON openid_codes (expires_at_us);

CREATE TABLE openid_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL,
    party TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX openid_tokens_code ON openid_tokens (code_hash);
CREATE INDEX openid_tokens_party ON openid_tokens (party, client);
CREATE INDEX openid_tokens_expires ON openid_tokens (expires_at_us);

-- Assertions by which clients proved who they are: none is taken twice (RFC 7523 section 3).
CREATE TABLE openid_assertions (
    client TEXT NOT NULL,
    jti_hash BLOB NOT NULL,
    expires_at_us INTEGER NOT NULL,
    PRIMARY KEY (client, jti_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX openid_assertions_expires ON openid_assertions (expires_at_us);

-- How often each client asked for data on each day of the city, against its quota.
CREATE TABLE openid_usage (
    client TEXT NOT NULL,
    day TEXT NOT NULL,
    requests INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (client, day)
) STRICT, WITHOUT ROWID;

-- What was told to a client about a person: written in the transaction that answers it.
CREATE TABLE openid_disclosures (
    id TEXT NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    party TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX openid_disclosures_party ON openid_disclosures (party, id);
