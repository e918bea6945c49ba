-- People, their access, and what they sent. Names, phones and e-mail exist only sealed.

CREATE TABLE parties (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    login TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    display_name TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    failed_count INTEGER NOT NULL,
    locked_until_us INTEGER,
    created_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE grants (
    party TEXT NOT NULL REFERENCES parties (id),
    role TEXT NOT NULL,
    office TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (party, role, office, region)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_role ON grants (role, office);

CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    party TEXT NOT NULL REFERENCES parties (id),
    csrf TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    seen_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_party ON sessions (party);
CREATE INDEX sessions_expires ON sessions (expires_at_us);

CREATE TABLE api_keys (
    key_hash BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    title TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A person's key, itself wrapped by the master key; wrapped becomes NULL when the person is erased.
CREATE TABLE person_keys (
    id TEXT NOT NULL PRIMARY KEY,
    wrapped BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    id TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE access_log (
    id TEXT NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    party TEXT NOT NULL,
    role TEXT NOT NULL,
    office TEXT NOT NULL,
    contact TEXT NOT NULL,
    case_id TEXT NOT NULL,
    purpose TEXT NOT NULL
) STRICT;
CREATE INDEX access_log_contact ON access_log (contact, id);
CREATE INDEX access_log_case ON access_log (case_id, id);
CREATE INDEX access_log_party ON access_log (party, id);

CREATE TABLE evidence (
    id TEXT NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    taken_at_us INTEGER,
    lon REAL,
    lat REAL,
    stored_at_us INTEGER NOT NULL,
    uploaded_by TEXT
) STRICT;

CREATE TABLE case_evidence (
    evidence TEXT NOT NULL,
    case_key INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    PRIMARY KEY (evidence, case_key, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_evidence_case ON case_evidence (case_key);

-- The secret of somebody who reported or joined without an account.
CREATE TABLE report_secrets (
    secret_hash TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX report_secrets_case ON report_secrets (case_id);

CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    case_id TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at_us);
