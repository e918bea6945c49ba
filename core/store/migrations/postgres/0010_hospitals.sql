-- Hospital journeys: what the city keeps so that somebody finds their visit again. Everything that says where or why
-- somebody was ill exists only sealed with their own key; nothing a hospital answers is kept.

-- Who a hospital knows somebody as, and their separate consent: one a person and hospital, gone when it is withdrawn.
CREATE TABLE hospital_patients (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    hospital TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    updated_at_us BIGINT NOT NULL,
    PRIMARY KEY (party, hospital)
);

-- References to visits.
CREATE TABLE hospital_visits (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    updated_at_us BIGINT NOT NULL
);
CREATE INDEX hospital_visits_party ON hospital_visits (party, id);

-- Payments of hospitals' invoices, in the smallest unit of the currency. told: whether the hospital knows it is paid.
CREATE TABLE hospital_payments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    reference TEXT COLLATE "C",
    told BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL
);
CREATE INDEX hospital_payments_party ON hospital_payments (party, id);
CREATE INDEX hospital_payments_unsettled ON hospital_payments (id)
    WHERE state IN ('created', 'authorised', 'capture_retry', 'refunding') OR (state = 'captured' AND NOT told);
