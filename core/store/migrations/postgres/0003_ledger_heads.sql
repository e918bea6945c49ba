-- The last head of each log that was locked before it was published: whoever finds another one here must not sign.
CREATE TABLE ledger_heads (
    log TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    locked_at_us BIGINT NOT NULL
);
