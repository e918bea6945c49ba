-- Commands to devices, and what became of them. What is asked for is kept for good: who switched what, and why.
CREATE TABLE device_commands (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    command TEXT COLLATE "C" NOT NULL,
    arguments TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
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
CREATE INDEX device_commands_open ON device_commands (expires_at_us) WHERE ended_at_us IS NULL;
