-- Children whose guardians act for them. A child is a party nobody signs in to; who it is is sealed with its own key. The
-- account that proves the same number later has it: owner.
CREATE TABLE children (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    key_id TEXT COLLATE "C" NOT NULL REFERENCES person_keys (id),
    sealed BYTEA NOT NULL,
    number_mac BYTEA NOT NULL UNIQUE,
    owner TEXT COLLATE "C" REFERENCES parties (id),
    verified_at_us BIGINT NOT NULL
);
CREATE INDEX children_owner ON children (owner);
