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
CREATE INDEX devices_changed ON devices (changed_at_us);

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

-- What the alarm engine remembers, in its own form.
CREATE TABLE alarm_states (
    key TEXT NOT NULL PRIMARY KEY,
    record BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Alarms that were raised. One of them is open for each rule, device and part.
CREATE TABLE device_alarms (
    id TEXT NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES devices (id),
    part TEXT NOT NULL,
    class TEXT NOT NULL,
    region_path TEXT NOT NULL,
    severity TEXT NOT NULL,
    property TEXT,
    value REAL,
    since_us INTEGER NOT NULL,
    raised_at_us INTEGER NOT NULL,
    cleared_at_us INTEGER,
    cleared_by TEXT,
    acknowledged_at_us INTEGER,
    acknowledged_by TEXT,
    quiet TEXT,
    case_id TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX device_alarms_open ON device_alarms (rule, device, part) WHERE cleared_at_us IS NULL;
CREATE INDEX device_alarms_cases ON device_alarms (rule, region_path) WHERE cleared_at_us IS NULL;
CREATE INDEX device_alarms_region ON device_alarms (region_path, id);
CREATE INDEX device_alarms_device ON device_alarms (device, id);
