-- Hospital journeys: what the city keeps so that somebody finds their visit again. Everything that says where or why
-- somebody was ill exists only sealed with their own key; nothing a hospital answers is kept.

-- Who a hospital knows somebody as, and their separate consent: one a person and hospital, gone when it is withdrawn.
CREATE TABLE hospital_patients (
    party TEXT NOT NULL REFERENCES parties (id),
    hospital TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (party, hospital)
) STRICT, WITHOUT ROWID;

-- References to visits.
CREATE TABLE hospital_visits (
    id TEXT NOT NULL PRIMARY KEY,
    party TEXT NOT NULL REFERENCES parties (id),
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hospital_visits_party ON hospital_visits (party, id);

-- Payments of hospitals' invoices, in the smallest unit of the currency. told: whether the hospital knows it is paid.
CREATE TABLE hospital_payments (
    id TEXT NOT NULL PRIMARY KEY,
    party TEXT NOT NULL REFERENCES parties (id),
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    state TEXT NOT NULL,
    amount INTEGER NOT NULL,
    reference TEXT,
    told INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hospital_payments_party ON hospital_payments (party, id);
CREATE INDEX hospital_payments_unsettled ON hospital_payments (id)
    WHERE state IN ('created', 'authorised', 'capture_retry', 'refunding') OR (state = 'captured' AND told = 0);
