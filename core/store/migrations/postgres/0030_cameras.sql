-- Cameras: where their pictures come from, who watches them, and what was recorded.

-- The address is sealed with the vault's key: it holds a password. shown is what of it is no secret.
CREATE TABLE camera_streams (
    device TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES devices (id),
    sealed BYTEA NOT NULL,
    shown TEXT COLLATE "C" NOT NULL,
    changed_at_us BIGINT NOT NULL
);

-- Until when somebody who said why may watch a camera; the saying itself is a record of the log.
CREATE TABLE camera_viewings (
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    party TEXT COLLATE "C" NOT NULL,
    until_us BIGINT NOT NULL,
    PRIMARY KEY (device, party)
);

-- Recorded files, by the id of the record that seals each. The row stays when the file's time is over.
CREATE TABLE recordings (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    from_us BIGINT NOT NULL,
    to_us BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL UNIQUE,
    bytes BIGINT NOT NULL,
    deleted_at_us BIGINT
);
CREATE INDEX recordings_device ON recordings (device, from_us);
CREATE INDEX recordings_kept ON recordings (device, to_us) WHERE deleted_at_us IS NULL;
