-- Commands to devices (远程调度), and what became of them. What was asked for is kept for good: who switched what, and why.

-- A scene (场景) that was run: at once by somebody, or when it was planned.
CREATE TABLE scene_runs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    scene TEXT COLLATE "C" NOT NULL,
    planned_at_us BIGINT,
    run_at_us BIGINT NOT NULL,
    run_by TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    devices BIGINT NOT NULL
);
CREATE UNIQUE INDEX scene_runs_planned ON scene_runs (scene, planned_at_us) WHERE planned_at_us IS NOT NULL;

-- asked_by is absent where a scene was planned. A command of a scene has the run it belongs to.
CREATE TABLE device_commands (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    region_path TEXT COLLATE "C" NOT NULL,
    command TEXT COLLATE "C" NOT NULL,
    arguments TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    scene_run TEXT COLLATE "C" REFERENCES scene_runs (id),
    state TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C",
    asked_at_us BIGINT NOT NULL,
    confirmed_by TEXT COLLATE "C",
    confirmed_at_us BIGINT,
    sent_at_us BIGINT,
    sendings BIGINT NOT NULL,
    received_at_us BIGINT,
    ended_at_us BIGINT,
    outcome TEXT COLLATE "C",
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX device_commands_device ON device_commands (device, id);
CREATE INDEX device_commands_region ON device_commands (region_path, id);
CREATE INDEX device_commands_run ON device_commands (scene_run) WHERE scene_run IS NOT NULL;
CREATE INDEX device_commands_open ON device_commands (expires_at_us, id) WHERE ended_at_us IS NULL;
