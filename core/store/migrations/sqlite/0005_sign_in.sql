-- Ways to prove who one is beside the password.

ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password';

-- Public keys of passkeys (WebAuthn); the private halves never leave the people's devices.
CREATE TABLE passkeys (
    id BLOB NOT NULL PRIMARY KEY,
    party TEXT NOT NULL REFERENCES parties (id),
    title TEXT NOT NULL,
    credential TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    used_at_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_party ON passkeys (party, created_at_us);

-- Ceremonies under way: what was asked of a device, until it answers once.
CREATE TABLE ceremonies (
    token_hash BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ceremonies_expires ON ceremonies (expires_at_us);

-- Secrets of authenticator apps (RFC 6238), sealed with the master key; the last step used is never taken again.
CREATE TABLE authenticators (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    sealed BLOB NOT NULL,
    confirmed INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For who lost the device: each code opens once.
CREATE TABLE recovery_codes (
    party TEXT NOT NULL REFERENCES parties (id),
    code_hash BLOB NOT NULL,
    PRIMARY KEY (party, code_hash)
) STRICT, WITHOUT ROWID;
