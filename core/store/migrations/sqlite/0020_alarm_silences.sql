-- Silences (静默): alarms that are expected, who said so and why. Lists are JSON arrays of words; an empty one means all.
CREATE TABLE alarm_silences (
    id TEXT NOT NULL PRIMARY KEY,
    rules TEXT NOT NULL,
    classes TEXT NOT NULL,
    regions TEXT NOT NULL,
    devices TEXT NOT NULL,
    from_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    reason TEXT NOT NULL,
    begun_by TEXT NOT NULL,
    begun_at_us INTEGER NOT NULL,
    ended_by TEXT,
    ended_at_us INTEGER
) STRICT, WITHOUT ROWID;

-- The alarms of a case.
CREATE INDEX device_alarms_case ON device_alarms (case_id, id) WHERE case_id IS NOT NULL;
