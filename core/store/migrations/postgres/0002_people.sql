-- People, their access, and what they sent. Names, phones and e-mail exist only sealed.

CREATE TABLE parties (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    login TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    disabled BOOLEAN NOT NULL,
    failed_count BIGINT NOT NULL,
    locked_until_us BIGINT,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE grants (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    role TEXT COLLATE "C" NOT NULL,
    office TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (party, role, office, region)
);
CREATE INDEX grants_role ON grants (role, office);

CREATE TABLE sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    csrf TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    seen_at_us BIGINT NOT NULL
);
CREATE INDEX sessions_party ON sessions (party);
CREATE INDEX sessions_expires ON sessions (expires_at_us);

CREATE TABLE api_keys (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- A person's key, itself wrapped by the master key; wrapped becomes NULL when the person is erased.
CREATE TABLE person_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped BYTEA
);

CREATE TABLE contacts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE access_log (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    office TEXT COLLATE "C" NOT NULL,
    contact TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL
);
CREATE INDEX access_log_contact ON access_log (contact, id);
CREATE INDEX access_log_case ON access_log (case_id, id);
CREATE INDEX access_log_party ON access_log (party, id);

CREATE TABLE evidence (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    media_type TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    taken_at_us BIGINT,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    stored_at_us BIGINT NOT NULL,
    uploaded_by TEXT COLLATE "C"
);

CREATE TABLE case_evidence (
    evidence TEXT COLLATE "C" NOT NULL,
    case_key BIGINT NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (evidence, case_key, purpose)
);
CREATE INDEX case_evidence_case ON case_evidence (case_key);

-- The secret of somebody who reported or joined without an account.
CREATE TABLE report_secrets (
    secret_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX report_secrets_case ON report_secrets (case_id);

CREATE TABLE idempotency (
    scope TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_at ON idempotency (at_us);
