-- Regions whose devices a client program may read, with everything below them.
CREATE TABLE client_regions (
    client TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    granted_at_us BIGINT NOT NULL,
    PRIMARY KEY (client, region)
);
