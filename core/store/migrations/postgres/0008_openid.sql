-- Other programs that sign residents in here (OpenID Connect), and what each resident allowed each of them.

CREATE TABLE openid_clients (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    metadata TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- Keys that sign what the provider says, sealed with the master key so that every replica signs alike.
CREATE TABLE openid_keys (
    kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- The name under which a client knows a person: another one for every client, and kept when consent is withdrawn.
CREATE TABLE openid_subjects (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    client TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL UNIQUE,
    PRIMARY KEY (party, client)
);

CREATE TABLE openid_consents (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    client TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL,
    granted_at_us BIGINT NOT NULL,
    PRIMARY KEY (party, client)
);

-- Authorization codes: each is good for one exchange; one used twice takes back what it gave.
CREATE TABLE openid_codes (
    code_hash BYTEA NOT NULL PRIMARY KEY,
    party TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    used BOOLEAN NOT NULL
);
CREATE INDEX openid_codes_expires ON openid_codes (expires_at_us);

CREATE TABLE openid_tokens (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    code_hash BYTEA NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX openid_tokens_code ON openid_tokens (code_hash);
CREATE INDEX openid_tokens_party ON openid_tokens (party, client);
CREATE INDEX openid_tokens_expires ON openid_tokens (expires_at_us);

-- Assertions by which clients proved who they are: none is taken twice (RFC 7523 section 3).
CREATE TABLE openid_assertions (
    client TEXT COLLATE "C" NOT NULL,
    jti_hash BYTEA NOT NULL,
    expires_at_us BIGINT NOT NULL,
    PRIMARY KEY (client, jti_hash)
);
CREATE INDEX openid_assertions_expires ON openid_assertions (expires_at_us);

-- How often each client asked for data on each day of the city, against its quota.
CREATE TABLE openid_usage (
    client TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (client, day)
);

-- What was told to a client about a person: written in the transaction that answers it.
CREATE TABLE openid_disclosures (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL
);
CREATE INDEX openid_disclosures_party ON openid_disclosures (party, id);
