-- Flights of drones as they were imported (飞行). The manifest is the text whose digest is sealed; the track is thinned out
-- for maps, the whole of it is among the files.
CREATE TABLE flights (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    purpose TEXT NOT NULL,
    region TEXT NOT NULL,
    region_path TEXT NOT NULL,
    party TEXT NOT NULL,
    imported_at_us INTEGER NOT NULL,
    from_us INTEGER,
    to_us INTEGER,
    west REAL NOT NULL,
    south REAL NOT NULL,
    east REAL NOT NULL,
    north REAL NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    track TEXT NOT NULL,
    manifest TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX flights_region ON flights (region_path, id);

-- What a flight brought, in the order of its manifest.
CREATE TABLE flight_files (
    flight TEXT NOT NULL REFERENCES flights (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    at_us INTEGER,
    lon REAL,
    lat REAL,
    height_m REAL,
    cell INTEGER,
    placed_by TEXT,
    pose TEXT,
    PRIMARY KEY (flight, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX flight_files_cell ON flight_files (cell) WHERE cell IS NOT NULL;

-- Cases that a flight is evidence of.
CREATE TABLE flight_cases (
    case_id TEXT NOT NULL,
    flight TEXT NOT NULL REFERENCES flights (id),
    party TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (case_id, flight)
) STRICT, WITHOUT ROWID;
CREATE INDEX flight_cases_flight ON flight_cases (flight);

-- What comparing a picture of one flight with one of a later flight came to.
CREATE TABLE flight_changes (
    before_flight TEXT NOT NULL REFERENCES flights (id),
    before_number INTEGER NOT NULL,
    after_flight TEXT NOT NULL REFERENCES flights (id),
    after_number INTEGER NOT NULL,
    finding TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (after_flight, before_flight, after_number, before_number)
) STRICT, WITHOUT ROWID;
