-- Inspections being done, and done (巡检).
CREATE TABLE inspection_runs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    inspection TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    started_at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    answers BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    record TEXT COLLATE "C"
);
CREATE INDEX inspection_runs_inspection ON inspection_runs (inspection, id);
CREATE INDEX inspection_runs_ended ON inspection_runs (inspection, ended_at_us) WHERE ended_at_us IS NOT NULL;
CREATE INDEX inspection_runs_party ON inspection_runs (party, id);

-- What was answered at each check. Marks and comparisons are JSON.
CREATE TABLE inspection_answers (
    run TEXT COLLATE "C" NOT NULL REFERENCES inspection_runs (id),
    inspection TEXT COLLATE "C" NOT NULL,
    check_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    region_path TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    picture TEXT COLLATE "C",
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    accuracy_m DOUBLE PRECISION,
    distance_m DOUBLE PRECISION,
    comparison TEXT COLLATE "C",
    is_fault BOOLEAN NOT NULL,
    case_id TEXT COLLATE "C",
    PRIMARY KEY (run, check_id)
);
CREATE INDEX inspection_answers_faults ON inspection_answers (id) WHERE is_fault;
CREATE INDEX inspection_answers_case ON inspection_answers (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX inspection_answers_picture ON inspection_answers (picture) WHERE picture IS NOT NULL;
CREATE INDEX inspection_answers_check ON inspection_answers (inspection, check_id, id);

-- What photographs of a check are compared with; one of a check is not ended.
CREATE TABLE inspection_baselines (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    inspection TEXT COLLATE "C" NOT NULL,
    check_id TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    picture TEXT COLLATE "C" NOT NULL,
    marks TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    ended_at_us BIGINT
);
CREATE UNIQUE INDEX inspection_baselines_check ON inspection_baselines (inspection, check_id) WHERE ended_at_us IS NULL;
CREATE INDEX inspection_baselines_picture ON inspection_baselines (picture);
