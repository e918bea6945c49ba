-- Inspections being done, and done (巡检).
CREATE TABLE inspection_runs (
    id TEXT NOT NULL PRIMARY KEY,
    inspection TEXT NOT NULL,
    region_path TEXT NOT NULL,
    party TEXT NOT NULL,
    started_at_us INTEGER NOT NULL,
    ended_at_us INTEGER,
    answers INTEGER NOT NULL,
    faults INTEGER NOT NULL,
    record TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX inspection_runs_inspection ON inspection_runs (inspection, id);
CREATE INDEX inspection_runs_ended ON inspection_runs (inspection, ended_at_us) WHERE ended_at_us IS NOT NULL;
CREATE INDEX inspection_runs_party ON inspection_runs (party, id);

-- What was answered at each check. Marks and comparisons are JSON.
CREATE TABLE inspection_answers (
    run TEXT NOT NULL REFERENCES inspection_runs (id),
    inspection TEXT NOT NULL,
    check_id TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    region_path TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    value TEXT NOT NULL,
    note TEXT NOT NULL,
    picture TEXT,
    lon REAL,
    lat REAL,
    accuracy_m REAL,
    distance_m REAL,
    comparison TEXT,
    is_fault INTEGER NOT NULL,
    case_id TEXT,
    PRIMARY KEY (run, check_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inspection_answers_faults ON inspection_answers (id) WHERE is_fault;
CREATE INDEX inspection_answers_case ON inspection_answers (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX inspection_answers_picture ON inspection_answers (picture) WHERE picture IS NOT NULL;
CREATE INDEX inspection_answers_check ON inspection_answers (inspection, check_id, id);

-- What photographs of a check are compared with; one of a check is not ended.
CREATE TABLE inspection_baselines (
    id TEXT NOT NULL PRIMARY KEY,
    inspection TEXT NOT NULL,
    check_id TEXT NOT NULL,
    region_path TEXT NOT NULL,
    picture TEXT NOT NULL,
    marks TEXT NOT NULL,
    party TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    ended_at_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX inspection_baselines_check ON inspection_baselines (inspection, check_id) WHERE ended_at_us IS NULL;
CREATE INDEX inspection_baselines_picture ON inspection_baselines (picture);
