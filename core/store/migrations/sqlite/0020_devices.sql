-- Devices: what they are, where, and whether they may speak. What they measure is in the lake.

-- A secret is 256 random bits, so that its plain SHA-256 may be kept. next_secret takes its place when it is used first.
CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    title TEXT NOT NULL,
    parent TEXT REFERENCES devices (id),
    office TEXT NOT NULL,
    region TEXT NOT NULL,
    region_path TEXT NOT NULL,
    lon REAL NOT NULL,
    lat REAL NOT NULL,
    height_m REAL,
    cell INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    secret BLOB NOT NULL,
    next_secret BLOB,
    registered_at_us INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_region ON devices (region_path, id);
CREATE INDEX devices_class ON devices (class, id);
CREATE INDEX devices_cell ON devices (cell);

-- One row a property of a device. Numbers are never given twice: the lake names its readings by them alone.
CREATE TABLE device_series (
    series INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL REFERENCES devices (id),
    property TEXT NOT NULL,
    UNIQUE (device, property)
) STRICT;

-- Who did what to a device, and why.
CREATE TABLE device_changes (
    id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    at_us INTEGER NOT NULL,
    party TEXT,
    kind TEXT NOT NULL,
    reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX device_changes_device ON device_changes (device, id);
