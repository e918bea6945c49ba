-- Commands to devices, and what became of them. What is asked for is kept for good: who switched what, and why.
CREATE TABLE device_commands (
    id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    command TEXT NOT NULL,
    arguments TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
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
CREATE INDEX device_commands_open ON device_commands (expires_at_us) WHERE ended_at_us IS NULL;
