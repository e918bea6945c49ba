-- Scenes that follow what is measured: counters over their threshold or silent, and the devices that are held by a scene.

-- A counter is here while it is over the threshold of a scene, or silent; written with what the alarm engine remembers.
CREATE TABLE scene_counters (
    scene TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    over_since_us BIGINT,
    silent_since_us BIGINT,
    property TEXT COLLATE "C",
    value DOUBLE PRECISION,
    PRIMARY KEY (scene, device)
);

-- A device that was told the values of such a scene, until it is told what is planned, or somebody tells it something else.
CREATE TABLE scene_holds (
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    command TEXT COLLATE "C" NOT NULL,
    scene TEXT COLLATE "C" NOT NULL,
    counter TEXT COLLATE "C" NOT NULL,
    arguments TEXT COLLATE "C" NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (device, command)
);

-- follow or fall_back, and because of which counter; absent where a scene was planned or run by hand.
ALTER TABLE scene_runs ADD COLUMN turn TEXT COLLATE "C";
ALTER TABLE scene_runs ADD COLUMN counter TEXT COLLATE "C";

CREATE INDEX device_commands_by_hand ON device_commands (asked_at_us) WHERE scene_run IS NULL OR asked_by IS NOT NULL;
