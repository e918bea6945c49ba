-- Flights of drones as they were imported (飞行). The manifest is the text whose digest is sealed; the track is thinned out
-- for maps, the whole of it is among the files.
CREATE TABLE flights (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    imported_at_us BIGINT NOT NULL,
    from_us BIGINT,
    to_us BIGINT,
    west DOUBLE PRECISION NOT NULL,
    south DOUBLE PRECISION NOT NULL,
    east DOUBLE PRECISION NOT NULL,
    north DOUBLE PRECISION NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    track TEXT COLLATE "C" NOT NULL,
    manifest TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    record TEXT COLLATE "C" NOT NULL
);
CREATE INDEX flights_region ON flights (region_path, id);

-- What a flight brought, in the order of its manifest.
CREATE TABLE flight_files (
    flight TEXT COLLATE "C" NOT NULL REFERENCES flights (id),
    number BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    at_us BIGINT,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    height_m DOUBLE PRECISION,
    cell BIGINT,
    placed_by TEXT COLLATE "C",
    pose TEXT COLLATE "C",
    PRIMARY KEY (flight, number)
);
CREATE INDEX flight_files_cell ON flight_files (cell) WHERE cell IS NOT NULL;

-- Cases that a flight is evidence of.
CREATE TABLE flight_cases (
    case_id TEXT COLLATE "C" NOT NULL,
    flight TEXT COLLATE "C" NOT NULL REFERENCES flights (id),
    party TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    record TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, flight)
);
CREATE INDEX flight_cases_flight ON flight_cases (flight);

-- What comparing a picture of one flight with one of a later flight came to.
CREATE TABLE flight_changes (
    before_flight TEXT COLLATE "C" NOT NULL REFERENCES flights (id),
    before_number BIGINT NOT NULL,
    after_flight TEXT COLLATE "C" NOT NULL REFERENCES flights (id),
    after_number BIGINT NOT NULL,
    finding TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (after_flight, before_flight, after_number, before_number)
);
