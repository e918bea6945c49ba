-- Kiosks (自助终端): terminals of service halls that people use without leaving anything behind.

-- opening opens the terminal once; secret is what its cookie holds from then on.
CREATE TABLE kiosks (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    office TEXT NOT NULL,
    opening BLOB UNIQUE,
    opening_until_us INTEGER,
    secret BLOB UNIQUE,
    created_at_us INTEGER NOT NULL,
    opened_at_us INTEGER
) STRICT, WITHOUT ROWID;

-- Who is asked to sign in at a terminal with their own phone: one question a terminal, the newest.
CREATE TABLE kiosk_sign_ins (
    kiosk TEXT NOT NULL PRIMARY KEY REFERENCES kiosks (id),
    code_hash BLOB NOT NULL UNIQUE,
    until_us INTEGER NOT NULL,
    party TEXT REFERENCES parties (id)
) STRICT, WITHOUT ROWID;

-- A session at a terminal: SHA-256 of that terminal's secret, without which it is nobody's.
ALTER TABLE sessions ADD COLUMN kiosk BLOB;
