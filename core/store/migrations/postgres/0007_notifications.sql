-- What people and programs are told: one row for each event (or reminder of one), recipient and channel, so that nothing is
-- told twice. next_at_us is when something is next to be done about a row, for one being sent the end of its lease.
CREATE TABLE outbox (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    next_at_us BIGINT,
    reason TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    read_at_us BIGINT,
    UNIQUE (position, kind, recipient, channel)
);
CREATE INDEX outbox_due ON outbox (next_at_us, id) WHERE next_at_us IS NOT NULL;
CREATE INDEX outbox_recipient ON outbox (recipient, channel, id);
CREATE INDEX outbox_state ON outbox (channel, state);
CREATE INDEX outbox_unread ON outbox (recipient) WHERE channel = 'in_app' AND read_at_us IS NULL;
CREATE INDEX outbox_created ON outbox (created_at_us) WHERE next_at_us IS NULL;

-- Where somebody wants to be told: the address, and the code that confirms it, sealed with their key.
-- sealed is NULL once the address was taken away; the counts stay, so that taking away and adding is no way around them.
CREATE TABLE notification_addresses (
    party TEXT COLLATE "C" NOT NULL REFERENCES parties (id),
    channel TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA,
    confirmed_at_us BIGINT,
    code_expires_at_us BIGINT,
    code_attempts BIGINT NOT NULL,
    codes_sent BIGINT NOT NULL,
    codes_since_us BIGINT NOT NULL,
    code_sent_at_us BIGINT NOT NULL,
    PRIMARY KEY (party, channel)
);

-- What somebody wants to be told, by which channel, and when not: JSON.
CREATE TABLE notification_preferences (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    preferences TEXT COLLATE "C" NOT NULL,
    changed_at_us BIGINT NOT NULL
);

-- Programs that are told of cases. The secret they check signatures with is sealed with the master key.
CREATE TABLE webhooks (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_kind TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL
);
