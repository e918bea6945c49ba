-- A device that asks for its next command finds it without reading what it was told before.
CREATE INDEX device_commands_waiting ON device_commands (device, id) WHERE ended_at_us IS NULL;
