-- Commands to devices (远程调度), and what became of them. What was asked for is kept for good: who switched what, and why.

-- A scene (场景) that was run: at once by somebody, or when it was planned.
CREATE TABLE scene_runs (
    id TEXT NOT NULL PRIMARY KEY,
    scene TEXT NOT NULL,
    planned_at_us INTEGER,
    run_at_us INTEGER NOT NULL,
    run_by TEXT,
    reason TEXT,
    devices INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX scene_runs_planned ON scene_runs (scene, planned_at_us) WHERE planned_at_us IS NOT NULL;

-- asked_by is absent where a scene was planned. A command of a scene has the run it belongs to.
CREATE TABLE device_commands (
    id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    region_path TEXT NOT NULL,
    command TEXT NOT NULL,
    arguments TEXT NOT NULL,
    reason TEXT NOT NULL,
    scene_run TEXT REFERENCES scene_runs (id),
    state TEXT NOT NULL,
    asked_by TEXT,
    asked_at_us INTEGER NOT NULL,
    confirmed_by TEXT,
    confirmed_at_us INTEGER,
    sent_at_us INTEGER,
    sendings INTEGER NOT NULL,
    received_at_us INTEGER,
    ended_at_us INTEGER,
    outcome TEXT,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_commands_device ON device_commands (device, id);
CREATE INDEX device_commands_region ON device_commands (region_path, id);
CREATE INDEX device_commands_run ON device_commands (scene_run) WHERE scene_run IS NOT NULL;
CREATE INDEX device_commands_open ON device_commands (expires_at_us, id) WHERE ended_at_us IS NULL;
