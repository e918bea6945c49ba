-- Notices of alarms (告警通知): what was told of which alarms, by which route and step. Who was told, and how each message went,
-- is in the outbox, under the notice's position.

-- Alarms that are told together, from the first notice on. Labels are a JSON array of pairs: what they have in common.
CREATE TABLE alarm_groups (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    route TEXT COLLATE "C" NOT NULL,
    labels TEXT COLLATE "C" NOT NULL,
    last_notice TEXT COLLATE "C" NOT NULL,
    last_at_us BIGINT NOT NULL
);
CREATE INDEX alarm_groups_last ON alarm_groups (last_notice);
CREATE INDEX alarm_groups_route ON alarm_groups (route, labels, id);

CREATE TABLE alarm_notices (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    group_id TEXT COLLATE "C" NOT NULL REFERENCES alarm_groups (id),
    position BIGINT NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    step BIGINT,
    role TEXT COLLATE "C" NOT NULL,
    office TEXT COLLATE "C",
    open BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    severity TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL
);
CREATE INDEX alarm_notices_group ON alarm_notices (group_id, id);

-- The alarms that a group has told of.
CREATE TABLE alarm_group_alarms (
    group_id TEXT COLLATE "C" NOT NULL REFERENCES alarm_groups (id),
    alarm_id TEXT COLLATE "C" NOT NULL REFERENCES device_alarms (id),
    PRIMARY KEY (group_id, alarm_id)
);
CREATE INDEX alarm_group_alarms_alarm ON alarm_group_alarms (alarm_id);
