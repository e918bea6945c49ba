-- Kiosks (自助终端): terminals of service halls that people use without leaving anything behind.

-- opening opens the terminal once; secret is what its cookie holds from then on.
CREATE TABLE kiosks (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title TEXT COLLATE "C" NOT NULL,
    office TEXT COLLATE "C" NOT NULL,
    opening BYTEA UNIQUE,
    opening_until_us BIGINT,
    secret BYTEA UNIQUE,
    created_at_us BIGINT NOT NULL,
    opened_at_us BIGINT
);

-- Who is asked to sign in at a terminal with their own phone: one question a terminal, the newest.
CREATE TABLE kiosk_sign_ins (
    kiosk TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES kiosks (id),
    code_hash BYTEA NOT NULL UNIQUE,
    until_us BIGINT NOT NULL,
    party TEXT COLLATE "C" REFERENCES parties (id)
);

-- A session at a terminal: SHA-256 of that terminal's secret, without which it is nobody's.
ALTER TABLE sessions ADD COLUMN kiosk BYTEA;
