-- Devices: what they are, where, and whether they may speak. What they measure is in the lake.

-- A secret is 256 random bits, so that its plain SHA-256 may be kept. next_secret takes its place when it is used first.
CREATE TABLE devices (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    class TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C" REFERENCES devices (id),
    office TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    height_m DOUBLE PRECISION,
    cell BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    secret BYTEA NOT NULL,
    next_secret BYTEA,
    registered_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL
);
CREATE INDEX devices_region ON devices (region_path, id);
CREATE INDEX devices_class ON devices (class, id);
CREATE INDEX devices_cell ON devices (cell);
CREATE INDEX devices_changed ON devices (changed_at_us);

-- One row a property of a device. Numbers are never given twice: the lake names its readings by them alone.
CREATE TABLE device_series (
    series BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    property TEXT COLLATE "C" NOT NULL,
    UNIQUE (device, property)
);

-- Who did what to a device, and why.
CREATE TABLE device_changes (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    at_us BIGINT NOT NULL,
    party TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C"
);
CREATE INDEX device_changes_device ON device_changes (device, id);

-- What the alarm engine remembers, in its own form.
CREATE TABLE alarm_states (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    record BYTEA NOT NULL
);

-- Alarms that were raised. One of them is open for each rule, device and part.
CREATE TABLE device_alarms (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    rule TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    part TEXT COLLATE "C" NOT NULL,
    class TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    severity TEXT COLLATE "C" NOT NULL,
    property TEXT COLLATE "C",
    value DOUBLE PRECISION,
    since_us BIGINT NOT NULL,
    raised_at_us BIGINT NOT NULL,
    cleared_at_us BIGINT,
    cleared_by TEXT COLLATE "C",
    acknowledged_at_us BIGINT,
    acknowledged_by TEXT COLLATE "C",
    quiet TEXT COLLATE "C",
    case_id TEXT COLLATE "C"
);
CREATE UNIQUE INDEX device_alarms_open ON device_alarms (rule, device, part) WHERE cleared_at_us IS NULL;
CREATE INDEX device_alarms_cases ON device_alarms (rule, region_path) WHERE cleared_at_us IS NULL;
CREATE INDEX device_alarms_region ON device_alarms (region_path, id);
CREATE INDEX device_alarms_device ON device_alarms (device, id);
