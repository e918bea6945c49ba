-- The last head of each log that was locked before it was published: whoever finds another one here must not sign.
CREATE TABLE ledger_heads (
    log TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    locked_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
