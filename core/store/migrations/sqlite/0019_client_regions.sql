-- Regions whose devices a client program may read, with everything below them.
CREATE TABLE client_regions (
    client TEXT NOT NULL,
    region TEXT NOT NULL,
    granted_at_us INTEGER NOT NULL,
    PRIMARY KEY (client, region)
) STRICT, WITHOUT ROWID;
