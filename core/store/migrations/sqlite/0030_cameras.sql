-- Cameras: where their pictures come from, who watches them, and what was recorded.

-- The address is sealed with the vault's key: it holds a password. shown is what of it is no secret.
CREATE TABLE camera_streams (
    device TEXT NOT NULL PRIMARY KEY REFERENCES devices (id),
    sealed BLOB NOT NULL,
    shown TEXT NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Until when somebody who said why may watch a camera; the saying itself is a record of the log.
CREATE TABLE camera_viewings (
    device TEXT NOT NULL REFERENCES devices (id),
    party TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    PRIMARY KEY (device, party)
) STRICT, WITHOUT ROWID;

-- Recorded files, by the id of the record that seals each. The row stays when the file's time is over.
CREATE TABLE recordings (
    id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    deleted_at_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recordings_device ON recordings (device, from_us);
CREATE INDEX recordings_kept ON recordings (device, to_us) WHERE deleted_at_us IS NULL;
