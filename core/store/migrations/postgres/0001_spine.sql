-- The spine: events, and everything folded from them. Times are microseconds since 1970-01-01T00:00:00Z.

CREATE TABLE events (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    case_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL,
    UNIQUE (case_id, version)
);

-- One row a case. key = position of its first event: short, unique and in order of arrival.
-- due_at_us is the greatest integer where nothing is due, so that both databases sort it last.
-- open_cell is the cell while the case is open: the map of open cases never reads the ended ones.
CREATE TABLE cases (
    key BIGINT NOT NULL PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    no TEXT COLLATE "C" NOT NULL UNIQUE,
    version BIGINT NOT NULL,
    pack TEXT COLLATE "C" NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    condition TEXT COLLATE "C",
    region TEXT COLLATE "C" NOT NULL,
    region_path TEXT COLLATE "C" NOT NULL,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    cell BIGINT,
    open_cell BIGINT,
    address TEXT COLLATE "C",
    excerpt TEXT COLLATE "C" NOT NULL,
    search TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    source_id TEXT COLLATE "C",
    reporter_party TEXT COLLATE "C",
    reporter_client TEXT COLLATE "C",
    contact TEXT COLLATE "C",
    joined_count BIGINT NOT NULL,
    picture TEXT COLLATE "C",
    opened_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    closed_at_us BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    handler TEXT COLLATE "C",
    task_role TEXT COLLATE "C",
    task_office TEXT COLLATE "C",
    task_clock TEXT COLLATE "C",
    task_assignee TEXT COLLATE "C",
    due_at_us BIGINT NOT NULL,
    next_due_at_us BIGINT,
    paused BOOLEAN NOT NULL,
    exempt BOOLEAN NOT NULL,
    level BIGINT NOT NULL,
    watcher TEXT COLLATE "C",
    filed_at_us BIGINT,
    promised_at_us BIGINT,
    handled_at_us BIGINT,
    settles_at_us BIGINT,
    on_time BOOLEAN,
    excused BOOLEAN NOT NULL,
    rating BIGINT,
    rework BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    suspended BIGINT NOT NULL,
    extension_asked BIGINT NOT NULL,
    extended BIGINT NOT NULL,
    appealed BIGINT NOT NULL,
    appeal_upheld BIGINT NOT NULL,
    supervised BIGINT NOT NULL,
    urged BIGINT NOT NULL,
    reopened BIGINT NOT NULL
);

CREATE UNIQUE INDEX cases_source ON cases (source, source_id) WHERE source_id IS NOT NULL;
-- Queues look at open cases only, a few per cent of a grown database: partial indexes keep them small.
-- outcome is always NULL in them, and yet a column: without it SQLite looks up the row to see that it is.
CREATE INDEX cases_open_due ON cases (
    due_at_us, key, outcome, exempt, task_office, task_role, region_path, category, state, stage, handler, watcher
) WHERE outcome IS NULL;
CREATE INDEX cases_task ON cases (task_office, task_role, due_at_us, key, outcome, exempt) WHERE outcome IS NULL;
CREATE INDEX cases_assignee ON cases (task_assignee, due_at_us, key) WHERE outcome IS NULL AND task_assignee IS NOT NULL;
CREATE INDEX cases_handler ON cases (handler, due_at_us, key) WHERE outcome IS NULL AND handler IS NOT NULL;
CREATE INDEX cases_watcher ON cases (watcher, due_at_us, key) WHERE outcome IS NULL AND watcher IS NOT NULL;
CREATE INDEX cases_supervised ON cases (due_at_us, key) WHERE outcome IS NULL AND supervised > 0;
CREATE INDEX cases_next_due ON cases (next_due_at_us, key) WHERE next_due_at_us IS NOT NULL;
CREATE INDEX cases_open_cell ON cases (open_cell, lon, lat, due_at_us, exempt, category) WHERE open_cell IS NOT NULL;
-- Of all cases: written once, when the case begins, but for updated, closed and settles.
CREATE INDEX cases_cell ON cases (cell, lon, lat) WHERE cell IS NOT NULL;
CREATE INDEX cases_opened ON cases (opened_at_us, key);
CREATE INDEX cases_updated ON cases (updated_at_us, key);
CREATE INDEX cases_region ON cases (region_path, opened_at_us, key);
CREATE INDEX cases_category ON cases (category, opened_at_us, key);
CREATE INDEX cases_handled ON cases (handler, opened_at_us, key) WHERE handler IS NOT NULL;
CREATE INDEX cases_ended ON cases (state, opened_at_us, key) WHERE outcome IS NOT NULL;
CREATE INDEX cases_closed ON cases (closed_at_us, key) WHERE closed_at_us IS NOT NULL;
CREATE INDEX cases_settles ON cases (settles_at_us, key) WHERE settles_at_us IS NOT NULL;

-- One row a passage through a state.
CREATE TABLE case_steps (
    case_key BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C",
    office TEXT COLLATE "C",
    clock TEXT COLLATE "C",
    assignee TEXT COLLATE "C",
    done_by TEXT COLLATE "C",
    entered_at_us BIGINT NOT NULL,
    left_at_us BIGINT,
    left_by TEXT COLLATE "C",
    due_at_us BIGINT,
    exempt BOOLEAN NOT NULL,
    settles_at_us BIGINT,
    PRIMARY KEY (case_key, seq)
);
CREATE INDEX case_steps_settles ON case_steps (settles_at_us) WHERE settles_at_us IS NOT NULL;

-- Who reported or joined a case with an account.
CREATE TABLE case_members (
    party TEXT COLLATE "C" NOT NULL,
    case_key BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (party, case_key, kind)
);
CREATE INDEX case_members_case ON case_members (case_key);

CREATE TABLE case_serials (
    prefix TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (prefix, day)
);

CREATE TABLE consumers (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);

-- run_at_us of a leased job is the end of its lease: a worker that dies gives it back by doing nothing.
CREATE TABLE jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    run_at_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    dead BOOLEAN NOT NULL,
    last_error TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL
);
CREATE INDEX jobs_run ON jobs (run_at_us, id) WHERE NOT dead;
CREATE INDEX jobs_dead ON jobs (id) WHERE dead;

CREATE TABLE packs (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    json TEXT COLLATE "C" NOT NULL,
    first_used_at_us BIGINT NOT NULL
);
