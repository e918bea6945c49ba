-- Applications for services. Answers exist only sealed, with the key of the person they are about.

CREATE TABLE sealed_records (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX sealed_records_key ON sealed_records (key_id);

-- What somebody has entered and not yet handed in: one a person and service.
CREATE TABLE drafts (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    service TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    version BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    PRIMARY KEY (party, service)
);
CREATE INDEX drafts_updated ON drafts (updated_at_us);

-- Looks at records of any kind, and whom they are about.
ALTER TABLE access_log RENAME COLUMN contact TO record;
ALTER TABLE access_log ADD COLUMN data TEXT COLLATE "C" NOT NULL DEFAULT 'contact';
ALTER TABLE access_log ADD COLUMN subject TEXT COLLATE "C";
CREATE INDEX access_log_subject ON access_log (subject, id) WHERE subject IS NOT NULL;

-- Times held at windows. No two people hold one seat: the index is the last word on it, whatever the program thinks.
CREATE TABLE visits (
    case_key BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    starts_at_us BIGINT NOT NULL,
    ends_at_us BIGINT NOT NULL,
    seat BIGINT NOT NULL,
    party TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    ticket TEXT COLLATE "C",
    PRIMARY KEY (case_key, seq)
);
CREATE UNIQUE INDEX visits_seat ON visits (service, place, starts_at_us, seat) WHERE state IN ('booked', 'arrived');
CREATE INDEX visits_party ON visits (party, starts_at_us) WHERE state = 'missed';

-- Licences as their cases know them, by place in the status list.
CREATE TABLE licences (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_key BIGINT NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C",
    list_index BIGINT NOT NULL UNIQUE,
    issued_at_us BIGINT NOT NULL,
    expires_at_us BIGINT,
    revoked_at_us BIGINT
);
CREATE INDEX licences_party ON licences (party, id) WHERE party IS NOT NULL;
CREATE INDEX licences_revoked ON licences (list_index) WHERE revoked_at_us IS NOT NULL;

-- The licences themselves, sealed with their holders' keys.
CREATE TABLE licence_texts (
    licence TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL
);

-- Everybody who sent a file, for they may see it; evidence keeps the first alone.
CREATE TABLE uploads (
    evidence TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (evidence, party)
);
INSERT INTO uploads (evidence, party) SELECT id, uploaded_by FROM evidence WHERE uploaded_by IS NOT NULL;

-- Payments as their cases know them; the amount in the smallest unit of the currency.
CREATE TABLE payments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_key BIGINT NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    reference TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL
);
CREATE INDEX payments_unsettled ON payments (id) WHERE state IN ('created', 'authorised', 'capture_retry', 'captured', 'refunding');
