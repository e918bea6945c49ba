-- Notices of alarms (告警通知): what was told of which alarms, by which route and step. Who was told, and how each message went,
-- is in the outbox, under the notice's position.

-- Alarms that are told together, from the first notice on. Labels are a JSON array of pairs: what they have in common.
CREATE TABLE alarm_groups (
    id TEXT NOT NULL PRIMARY KEY,
    route TEXT NOT NULL,
    labels TEXT NOT NULL,
    last_notice TEXT NOT NULL,
    last_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_groups_last ON alarm_groups (last_notice);
CREATE INDEX alarm_groups_route ON alarm_groups (route, labels, id);

CREATE TABLE alarm_notices (
    id TEXT NOT NULL PRIMARY KEY,
    group_id TEXT NOT NULL REFERENCES alarm_groups (id),
    position INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    step INTEGER,
    role TEXT NOT NULL,
    office TEXT,
    open INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    severity TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_notices_group ON alarm_notices (group_id, id);

-- The alarms that a group has told of.
CREATE TABLE alarm_group_alarms (
    group_id TEXT NOT NULL REFERENCES alarm_groups (id),
    alarm_id TEXT NOT NULL REFERENCES device_alarms (id),
    PRIMARY KEY (group_id, alarm_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_group_alarms_alarm ON alarm_group_alarms (alarm_id);
