-- What people and programs are told: one row for each event (or reminder of one), recipient and channel, so that nothing is
-- told twice. next_at_us is when something is next to be done about a row, for one being sent the end of its lease.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    case_id TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at_us INTEGER,
    reason TEXT,
    created_at_us INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL,
    read_at_us INTEGER,
    UNIQUE (position, kind, recipient, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (next_at_us, id) WHERE next_at_us IS NOT NULL;
CREATE INDEX outbox_recipient ON outbox (recipient, channel, id);
CREATE INDEX outbox_state ON outbox (channel, state);
CREATE INDEX outbox_unread ON outbox (recipient) WHERE channel = 'in_app' AND read_at_us IS NULL;
CREATE INDEX outbox_created ON outbox (created_at_us) WHERE next_at_us IS NULL;

-- Where somebody wants to be told: the address, and the code that confirms it, sealed with their key.
-- sealed is NULL once the address was taken away; the counts stay, so that taking away and adding is no way around them.
CREATE TABLE notification_addresses (
    party TEXT NOT NULL REFERENCES parties (id),
    channel TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB,
    confirmed_at_us INTEGER,
    code_expires_at_us INTEGER,
    code_attempts INTEGER NOT NULL,
    codes_sent INTEGER NOT NULL,
    codes_since_us INTEGER NOT NULL,
    code_sent_at_us INTEGER NOT NULL,
    PRIMARY KEY (party, channel)
) STRICT, WITHOUT ROWID;

-- What somebody wants to be told, by which channel, and when not: JSON.
CREATE TABLE notification_preferences (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    preferences TEXT NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Programs that are told of cases. The secret they check signatures with is sealed with the master key.
CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    owner_kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    url TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
