-- Scenes that follow what is measured: counters over their threshold or silent, and the devices that are held by a scene.

-- A counter is here while it is over the threshold of a scene, or silent; written with what the alarm engine remembers.
CREATE TABLE scene_counters (
    scene TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES devices (id),
    over_since_us INTEGER,
    silent_since_us INTEGER,
    property TEXT,
    value REAL,
    PRIMARY KEY (scene, device)
) STRICT, WITHOUT ROWID;

-- A device that was told the values of such a scene, until it is told what is planned, or somebody tells it something else.
CREATE TABLE scene_holds (
    device TEXT NOT NULL REFERENCES devices (id),
    command TEXT NOT NULL,
    scene TEXT NOT NULL,
    counter TEXT NOT NULL,
    arguments TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    PRIMARY KEY (device, command)
) STRICT, WITHOUT ROWID;

-- follow or fall_back, and because of which counter; absent where a scene was planned or run by hand.
ALTER TABLE scene_runs ADD COLUMN turn TEXT;
ALTER TABLE scene_runs ADD COLUMN counter TEXT;

CREATE INDEX device_commands_by_hand ON device_commands (asked_at_us) WHERE scene_run IS NULL OR asked_by IS NOT NULL;
