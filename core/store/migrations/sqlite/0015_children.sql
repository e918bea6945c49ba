-- Children whose guardians act for them. A child is a party nobody signs in to; who it is is sealed with its own key. The
-- account that proves the same number later has it: owner.
CREATE TABLE children (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    key_id TEXT NOT NULL REFERENCES person_keys (id),
    sealed BLOB NOT NULL,
    number_mac BLOB NOT NULL UNIQUE,
    owner TEXT REFERENCES parties (id),
    verified_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX children_owner ON children (owner);
