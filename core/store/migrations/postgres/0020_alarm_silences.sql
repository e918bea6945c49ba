-- Silences (静默): alarms that are expected, who said so and why. Lists are JSON arrays of words; an empty one means all.
CREATE TABLE alarm_silences (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    rules TEXT COLLATE "C" NOT NULL,
    classes TEXT COLLATE "C" NOT NULL,
    regions TEXT COLLATE "C" NOT NULL,
    devices TEXT COLLATE "C" NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    begun_by TEXT COLLATE "C" NOT NULL,
    begun_at_us BIGINT NOT NULL,
    ended_by TEXT COLLATE "C",
    ended_at_us BIGINT
);

-- The alarms of a case.
CREATE INDEX device_alarms_case ON device_alarms (case_id, id) WHERE case_id IS NOT NULL;
