-- Facts that are no step of a case. Their positions are of one count with those of the events: the ledger seals both.
-- subject is what the record is about, such as device/lamp-0001.
CREATE TABLE records (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL
);
CREATE INDEX records_subject ON records (subject, position);
