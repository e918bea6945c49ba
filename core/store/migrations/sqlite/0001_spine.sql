-- The spine: events, and everything folded from them. Times are microseconds since 1970-01-01T00:00:00Z.

CREATE TABLE events (
    position INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    case_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    recorded_at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    salt BLOB NOT NULL,
    UNIQUE (case_id, version)
) STRICT;

-- One row a case. key = position of its first event: short, unique and in order of arrival.
-- due_at_us is the greatest integer where nothing is due, so that both databases sort it last.
-- open_cell is the cell while the case is open: the map of open cases never reads the ended ones.
CREATE TABLE cases (
    key INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    no TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    pack TEXT NOT NULL,
    process TEXT NOT NULL,
    category TEXT NOT NULL,
    condition TEXT,
    region TEXT NOT NULL,
    region_path TEXT NOT NULL,
    lon REAL,
    lat REAL,
    cell INTEGER,
    open_cell INTEGER,
    address TEXT,
    excerpt TEXT NOT NULL,
    search TEXT NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT,
    reporter_party TEXT,
    reporter_client TEXT,
    contact TEXT,
    joined_count INTEGER NOT NULL,
    picture TEXT,
    opened_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    closed_at_us INTEGER,
    state TEXT NOT NULL,
    stage TEXT NOT NULL,
    outcome TEXT,
    handler TEXT,
    task_role TEXT,
    task_office TEXT,
    task_clock TEXT,
    task_assignee TEXT,
    due_at_us INTEGER NOT NULL,
    next_due_at_us INTEGER,
    paused INTEGER NOT NULL,
    exempt INTEGER NOT NULL,
    level INTEGER NOT NULL,
    watcher TEXT,
    filed_at_us INTEGER,
    promised_at_us INTEGER,
    handled_at_us INTEGER,
    settles_at_us INTEGER,
    on_time INTEGER,
    excused INTEGER NOT NULL,
    rating INTEGER,
    rework INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    suspended INTEGER NOT NULL,
    extension_asked INTEGER NOT NULL,
    extended INTEGER NOT NULL,
    appealed INTEGER NOT NULL,
    appeal_upheld INTEGER NOT NULL,
    supervised INTEGER NOT NULL,
    urged INTEGER NOT NULL,
    reopened INTEGER NOT NULL
) STRICT;

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
    case_key INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    stage TEXT NOT NULL,
    role TEXT,
    office TEXT,
    clock TEXT,
    assignee TEXT,
    done_by TEXT,
    entered_at_us INTEGER NOT NULL,
    left_at_us INTEGER,
    left_by TEXT,
    due_at_us INTEGER,
    exempt INTEGER NOT NULL,
    settles_at_us INTEGER,
    PRIMARY KEY (case_key, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_steps_settles ON case_steps (settles_at_us) WHERE settles_at_us IS NOT NULL;

-- Who reported or joined a case with an account.
CREATE TABLE case_members (
    party TEXT NOT NULL,
    case_key INTEGER NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (party, case_key, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_members_case ON case_members (case_key);

CREATE TABLE case_serials (
    prefix TEXT NOT NULL,
    day INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (prefix, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE consumers (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- run_at_us of a leased job is the end of its lease: a worker that dies gives it back by doing nothing.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    run_at_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    last_error TEXT,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_run ON jobs (run_at_us, id) WHERE NOT dead;
CREATE INDEX jobs_dead ON jobs (id) WHERE dead;

CREATE TABLE packs (
    hash TEXT NOT NULL PRIMARY KEY,
    json TEXT NOT NULL,
    first_used_at_us INTEGER NOT NULL
) STRICT;
