-- Labels of devices (分组): a JSON array of words, in order.
ALTER TABLE devices ADD COLUMN labels TEXT NOT NULL DEFAULT '[]';

-- Who put a device up, where, how well that is known, and the picture of it.
CREATE TABLE device_installations (
    id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    at_us INTEGER NOT NULL,
    party TEXT NOT NULL,
    lon REAL NOT NULL,
    lat REAL NOT NULL,
    accuracy_m REAL,
    is_adjusted INTEGER NOT NULL,
    picture TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX device_installations_device ON device_installations (device, id);
CREATE INDEX device_installations_picture ON device_installations (picture) WHERE picture IS NOT NULL;
