-- Flights of drones as they were imported (飞行). The manifest is the text whose digest is sealed.
CREATE TABLE flights (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    imported_at_us BIGINT NOT NULL,
    from_us BIGINT,
    to_us BIGINT,
    bytes BIGINT NOT NULL,
    manifest TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    record TEXT COLLATE "C" NOT NULL
);
CREATE INDEX flights_region ON flights (region_path, id);

-- What a flight brought, in the order of its manifest; the track has kind track.
CREATE TABLE flight_files (
    flight TEXT COLLATE "C" NOT NULL REFERENCES flights (id),
    number BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    at_us BIGINT,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    height_m DOUBLE PRECISION,
    cell BIGINT,
    placed_by TEXT COLLATE "C",
    preview TEXT COLLATE "C",
    PRIMARY KEY (flight, number)
);
CREATE INDEX flight_files_cell ON flight_files (cell) WHERE cell IS NOT NULL;
CREATE INDEX flight_files_sha256 ON flight_files (sha256);

-- Cases that a flight is evidence of.
CREATE TABLE flight_cases (
    case_id TEXT COLLATE "C" NOT NULL,
    flight TEXT COLLATE "C" NOT NULL REFERENCES flights (id),
    party TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (case_id, flight)
);
