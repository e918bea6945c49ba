-- Labels of devices (分组): a JSON array of words, in order.
ALTER TABLE devices ADD COLUMN labels TEXT COLLATE "C" NOT NULL DEFAULT '[]';

-- Who put a device up, where, how well that is known, and the picture of it.
CREATE TABLE device_installations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    at_us BIGINT NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    accuracy_m DOUBLE PRECISION,
    is_adjusted BOOLEAN NOT NULL,
    picture TEXT COLLATE "C"
);
CREATE INDEX device_installations_device ON device_installations (device, id);
CREATE INDEX device_installations_picture ON device_installations (picture) WHERE picture IS NOT NULL;
