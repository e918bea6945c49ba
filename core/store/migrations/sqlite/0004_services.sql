-- Applications for services. Answers exist only sealed, with the key of the person they are about.

CREATE TABLE sealed_records (
    id TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_records_key ON sealed_records (key_id);

-- What somebody has entered and not yet handed in: one a person and service.
CREATE TABLE drafts (
    party TEXT NOT NULL REFERENCES parties (id),
    service TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (party, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_updated ON drafts (updated_at_us);

-- Looks at records of any kind, and whom they are about.
ALTER TABLE access_log RENAME COLUMN contact TO record;
ALTER TABLE access_log ADD COLUMN data TEXT NOT NULL DEFAULT 'contact';
ALTER TABLE access_log ADD COLUMN subject TEXT;
CREATE INDEX access_log_subject ON access_log (subject, id) WHERE subject IS NOT NULL;

-- Times held at windows. No two people hold one seat: the index is the last word on it, whatever the program thinks.
CREATE TABLE visits (
    case_key INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    service TEXT NOT NULL,
    place TEXT NOT NULL,
    starts_at_us INTEGER NOT NULL,
    ends_at_us INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    party TEXT,
    state TEXT NOT NULL,
    ticket TEXT,
    PRIMARY KEY (case_key, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX visits_seat ON visits (service, place, starts_at_us, seat) WHERE state IN ('booked', 'arrived');
CREATE INDEX visits_party ON visits (party, starts_at_us) WHERE state = 'missed';

-- Licences as their cases know them, by place in the status list.
CREATE TABLE licences (
    id TEXT NOT NULL PRIMARY KEY,
    case_key INTEGER NOT NULL,
    service TEXT NOT NULL,
    party TEXT,
    list_index INTEGER NOT NULL UNIQUE,
    issued_at_us INTEGER NOT NULL,
    expires_at_us INTEGER,
    revoked_at_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX licences_party ON licences (party, id) WHERE party IS NOT NULL;
CREATE INDEX licences_revoked ON licences (list_index) WHERE revoked_at_us IS NOT NULL;

-- The licences themselves, sealed with their holders' keys.
CREATE TABLE licence_texts (
    licence TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Everybody who sent a file, for they may see it; evidence keeps the first alone.
CREATE TABLE uploads (
    evidence TEXT NOT NULL,
    party TEXT NOT NULL,
    PRIMARY KEY (evidence, party)
) STRICT, WITHOUT ROWID;
INSERT INTO uploads (evidence, party) SELECT id, uploaded_by FROM evidence WHERE uploaded_by IS NOT NULL;

-- Payments as their cases know them; the amount in the smallest unit of the currency.
CREATE TABLE payments (
    id TEXT NOT NULL PRIMARY KEY,
    case_key INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    amount INTEGER NOT NULL,
    reference TEXT,
    created_at_us INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_unsettled ON payments (id) WHERE state IN ('created', 'authorised', 'capture_retry', 'captured', 'refunding');
