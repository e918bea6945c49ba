-- Facts that are no step of a case. Their positions are of one count with those of the events: the ledger seals both.
-- subject is what the record is about, such as device/lamp-0001.
CREATE TABLE records (
    position INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    recorded_at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    salt BLOB NOT NULL
) STRICT;
CREATE INDEX records_subject ON records (subject, position);
