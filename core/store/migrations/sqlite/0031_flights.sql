-- Flights of drones as they were imported (飞行). The manifest is the text whose digest is sealed.
CREATE TABLE flights (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    purpose TEXT NOT NULL,
    region_path TEXT NOT NULL,
    party TEXT NOT NULL,
    imported_at_us INTEGER NOT NULL,
    from_us INTEGER,
    to_us INTEGER,
    bytes INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX flights_region ON flights (region_path, id);

-- What a flight brought, in the order of its manifest; the track has kind track.
CREATE TABLE flight_files (
    flight TEXT NOT NULL REFERENCES flights (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    at_us INTEGER,
    lon REAL,
    lat REAL,
    height_m REAL,
    cell INTEGER,
    placed_by TEXT,
    preview TEXT,
    PRIMARY KEY (flight, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX flight_files_cell ON flight_files (cell) WHERE cell IS NOT NULL;
CREATE INDEX flight_files_sha256 ON flight_files (sha256);

-- Cases that a flight is evidence of.
CREATE TABLE flight_cases (
    case_id TEXT NOT NULL,
    flight TEXT NOT NULL REFERENCES flights (id),
    party TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (case_id, flight)
) STRICT, WITHOUT ROWID;
