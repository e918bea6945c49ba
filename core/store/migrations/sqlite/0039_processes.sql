-- What several processes of one city agree on.
-- Who does what one alone may do, and until when.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Which files the readings consist of; one row, changed by comparing its version.
CREATE TABLE lake_manifests (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- What a process is asked that another one has to do.
CREATE TABLE errands (
    id TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    asked_at_us INTEGER NOT NULL,
    answer TEXT
) STRICT, WITHOUT ROWID;
