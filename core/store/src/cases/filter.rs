//! Which cases: a filter as the faces give it, and the WHERE it becomes.
//!
//! SQLite has no statistics to choose by, so the filter decides which index may serve: a term written as
//! `(column || '')` is a filter only, never a way in.

use std::ops::RangeInclusive;

use grid::Bounds;
use model::{CaseId, CaseNo, CategoryId, Instant, OfficeId, PartyId, ProcessId, RegionId, RoleId, StageId, StateId};

use crate::db::{ToValue, Value};

/// A text search looks at this many cases, the latest reported; older ones are found by number, place or category.
pub const SEARCH_WINDOW: u32 = 20_000;

/// Ranges of cells a box is covered with: more of them read fewer rows outside, and cost a probe each.
const CELL_RANGES: usize = 16;

/// Ranges of an area are looked up this many at a time, or twice, or three times as many.
const RANGES_STEP: usize = 16;

/// Depth of a region path from which a region is small enough to be read whole: community and unit grid.
const SMALL_REGION_DEPTH: usize = 4;

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CaseSort {
    /// Most urgent first; nothing due comes last.
    Due,
    /// Latest reported first.
    #[default]
    Opened,
    /// Latest changed first.
    Updated,
}

/// A part of the city's cases that somebody may see: a region, an office, or both at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseScope {
    /// Cases in this region (a path, root first, each followed by `/`).
    pub region_path: Option<String>,
    /// Cases whose handler, present task or watcher is this office.
    pub office: Option<OfficeId>,
}

/// Which cases. Every field narrows; the default is all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseFilter {
    /// Any of these parts; empty = everywhere. For authorisation.
    pub within: Vec<CaseScope>,
    /// In this region (a path, root first, each followed by `/`).
    pub region_path: Option<String>,
    /// Whose smallest region is exactly this one.
    pub region: Option<RegionId>,
    /// Whose present task is owed by any of these roles of these offices: a queue.
    pub tasks: Vec<(RoleId, OfficeId)>,
    /// Whose present task is owed by this office, whatever the role.
    pub task_office: Option<OfficeId>,
    /// Whose present task is this person's.
    pub assignee: Option<PartyId>,
    /// Whose present task is nobody's yet.
    pub unassigned: bool,
    /// Whose present task is nobody's yet or this person's; with `tasks`: what waits for this person.
    pub waiting_for: Option<PartyId>,
    /// Handled by this department.
    pub handler: Option<OfficeId>,
    /// Watched by any of these offices since an escalation; empty = by whomever.
    pub watchers: Vec<OfficeId>,
    /// Reported or joined by this account.
    pub member: Option<PartyId>,
    /// In this state.
    pub state: Option<StateId>,
    /// In this stage.
    pub stage: Option<StageId>,
    /// Of any of these categories; empty = all.
    pub categories: Vec<CategoryId>,
    /// Of none of these processes.
    pub without_processes: Vec<ProcessId>,
    /// Any of these cases by number; empty = all. At most 200.
    pub numbers: Vec<CaseNo>,
    /// Any of these cases by id; empty = all. At most 200.
    pub ids: Vec<CaseId>,
    /// Open (true) or ended (false).
    pub open: Option<bool>,
    /// Open and overdue at this instant.
    pub late_at: Option<Instant>,
    /// Open and due before this instant, but not overdue at `late_at` when both are given: soon.
    pub due_before: Option<Instant>,
    /// Due at this instant or later; with `due_before` a window.
    pub due_from: Option<Instant>,
    /// Under supervision (督办).
    pub supervised: bool,
    /// Reported at this instant or later.
    pub opened_from: Option<Instant>,
    /// Reported before this instant.
    pub opened_before: Option<Instant>,
    /// Changed at this instant or later.
    pub updated_from: Option<Instant>,
    /// Changed before this instant.
    pub updated_before: Option<Instant>,
    /// A case number or its beginning, else words of the description or address, whatever their case.
    /// Words are looked for among the latest [`SEARCH_WINDOW`] cases only.
    pub text: Option<String>,
    /// With `text`: a case of one of these categories matches as well; their names hold the words.
    pub text_categories: Vec<CategoryId>,
    /// Within this box.
    pub bounds: Option<Bounds>,
}

/// How ranges of keys become a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeTable {
    /// `VALUES`, a parameter a bound: SQLite, which has no arrays.
    Values,
    /// Two arrays: PostgreSQL, which took longer over a hundred parameters than over looking up what they name.
    Arrays,
}

/// A WHERE being written, with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Where {
    sql: String,
    values: Vec<Value>,
}

impl Where {
    pub(crate) fn new() -> Self {
        Self { sql: String::new(), values: Vec::new() }
    }

    /// The parameter's place for a value, such as `$3`.
    pub(crate) fn bind(&mut self, value: impl ToValue) -> String {
        self.values.push(value.to_value());
        format!("${}", self.values.len())
    }

    /// Adds a term.
    pub(crate) fn and(&mut self, term: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(term);
    }

    /// Adds `column IN (…)` unless the list is empty.
    pub(crate) fn and_in(&mut self, column: &str, list: impl IntoIterator<Item: ToValue>) {
        let places: Vec<String> = list.into_iter().map(|value| self.bind(value)).collect();
        match places.as_slice() {
            [] => {}
            [one] => self.and(&format!("{column} = {one}")),
            many => self.and(&format!("{column} IN ({})", many.join(", "))),
        }
    }

    /// The clause with its leading ` WHERE `, or nothing.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }
}

impl CaseFilter {
    /// The filter as a clause over `cases`.
    pub(crate) fn clause(&self) -> Where {
        let Some(bounds) = self.bounds else { return self.terms(false) };
        let mut clause = self.terms(true);
        let column = self.cell_column();
        let mut ranges = Vec::new();
        for range in grid::cover_bounds(bounds, CELL_RANGES) {
            ranges.push(format!(
                "({column} >= {} AND {column} <= {})",
                clause.bind(*range.start()),
                clause.bind(*range.end())
            ));
        }
        clause.and(&format!("({})", if ranges.is_empty() { "FALSE".to_owned() } else { ranges.join(" OR ") }));
        and_edges(&mut clause, bounds);
        clause
    }

    /// A SELECT of `columns` of the cases in a box that match, with its parameters; at most `limit`, in no order.
    pub(crate) fn select_in_box(
        &self,
        bounds: Bounds,
        columns: &str,
        limit: u32,
        table: RangeTable,
    ) -> (String, Where) {
        let mut clause = self.terms(true);
        and_edges(&mut clause, bounds);
        let ranges = grid::cover_bounds(bounds, CELL_RANGES);
        let (mut sql, mut clause) = self.select_ranges(clause, &ranges, columns, table);
        sql.push_str(&format!(" LIMIT {}", clause.bind(limit)));
        (sql, clause)
    }

    /// A SELECT of `columns` of the cases whose cell lies in one of some ranges and that match.
    pub(crate) fn select_in_ranges(
        &self,
        ranges: &[RangeInclusive<i64>],
        columns: &str,
        table: RangeTable,
    ) -> (String, Where) {
        self.select_ranges(self.terms(true), ranges, columns, table)
    }

    /// As [`CaseFilter::select_in_ranges`], with its parameters behind those of another SELECT.
    pub(crate) fn select_in_more_ranges(
        &self,
        before: Where,
        ranges: &[RangeInclusive<i64>],
        columns: &str,
        table: RangeTable,
    ) -> (String, Where) {
        self.select_ranges(self.terms_after(before.values, true), ranges, columns, table)
    }

    /// The ranges are a table that the index is joined with: one statement for any number of them, short to plan. An OR
    /// of ranges would make SQLite look up the whole row of every case in them, while the index holds what is asked for.
    fn select_ranges(
        &self,
        mut clause: Where,
        ranges: &[RangeInclusive<i64>],
        columns: &str,
        table: RangeTable,
    ) -> (String, Where) {
        let column = self.cell_column();
        clause.and(&format!("{column} >= first_key AND {column} <= last_key"));
        let mut sql = String::new();
        match table {
            RangeTable::Arrays => {
                let [first, last] = [RangeInclusive::start, RangeInclusive::end]
                    .map(|edge| clause.bind(ranges.iter().map(|range| *edge(range)).collect::<Vec<i64>>()));
                let unnest = format!("unnest(CAST({first} AS BIGINT[]), CAST({last} AS BIGINT[]))");
                sql.push_str(&format!("SELECT {columns} FROM {unnest} AS ranges (first_key, last_key)"));
            }
            RangeTable::Values => {
                push_values(&mut sql, &mut clause, ranges);
                sql.push_str(&format!("SELECT {columns} FROM ranges"));
            }
        }
        sql.push_str(" CROSS JOIN cases");
        sql.push_str(clause.sql());
        (sql, clause)
    }

    /// Every term but the box; `in_box` when the cells of one will be the way in.
    fn terms(&self, in_box: bool) -> Where {
        self.terms_after(Vec::new(), in_box)
    }

    /// As [`CaseFilter::terms`], where the statement has parameters before it.
    fn terms_after(&self, values: Vec<Value>, in_box: bool) -> Where {
        let mut clause = Where { sql: String::new(), values };
        // A case has an open cell only while it is open.
        if self.is_open_only() && !in_box {
            clause.and("outcome IS NULL");
        }
        self.and_times(&mut clause);
        self.and_work(&mut clause);
        self.and_kind(&mut clause, in_box);
        self.and_place(&mut clause, in_box);
        if let Some(text) = &self.text {
            and_text(&mut clause, text, &self.text_categories);
        }
        clause
    }

    /// The column whose index finds the cases of a box.
    fn cell_column(&self) -> &'static str {
        if self.is_open_only() { "open_cell" } else { "cell" }
    }

    /// True when only open cases can match, so that the partial indices serve.
    pub(crate) fn is_open_only(&self) -> bool {
        self.open == Some(true)
            || self.late_at.is_some()
            || self.due_before.is_some()
            || self.due_from.is_some()
            || self.is_queue()
    }

    /// True when it asks for present tasks: an ended case has none.
    fn is_queue(&self) -> bool {
        !self.tasks.is_empty() || self.task_office.is_some() || self.assignee.is_some() || self.unassigned
    }

    fn and_times(&self, clause: &mut Where) {
        if self.open == Some(false) {
            clause.and("outcome IS NOT NULL");
        }
        if let Some(now) = self.late_at {
            let place = clause.bind(now);
            clause.and(&format!("due_at_us < {place} AND NOT exempt"));
        }
        for (column, comparison, at) in [
            ("due_at_us", "<", self.due_before),
            ("due_at_us", ">=", self.due_from),
            ("opened_at_us", ">=", self.opened_from),
            ("opened_at_us", "<", self.opened_before),
            ("updated_at_us", ">=", self.updated_from),
            ("updated_at_us", "<", self.updated_before),
        ] {
            if let Some(at) = at {
                let place = clause.bind(at);
                clause.and(&format!("{column} {comparison} {place}"));
            }
        }
    }

    fn and_work(&self, clause: &mut Where) {
        let mut tasks = Vec::new();
        for (role, office) in &self.tasks {
            tasks.push(format!("(task_office = {} AND task_role = {})", clause.bind(office), clause.bind(role)));
        }
        if !tasks.is_empty() {
            clause.and(&format!("({})", tasks.join(" OR ")));
        }
        clause.and_in("task_office", &self.task_office);
        clause.and_in("task_assignee", self.assignee);
        if self.unassigned {
            clause.and("task_assignee IS NULL AND task_role IS NOT NULL");
        }
        if let Some(party) = self.waiting_for {
            let place = clause.bind(party);
            clause.and(&format!("(task_assignee IS NULL OR task_assignee = {place})"));
        }
        clause.and_in("handler", &self.handler);
        if self.handler.is_some() && self.is_open_only() {
            // Always true: it makes SQLite prefer the open cases of the handler, kept by due time, to all of them.
            let earliest = clause.bind(i64::MIN);
            clause.and(&format!("due_at_us > {earliest}"));
        }
        clause.and_in("watcher", &self.watchers);
        if self.supervised {
            clause.and("supervised > 0");
        }
        if let Some(member) = &self.member {
            let place = clause.bind(member);
            clause.and(&format!("key IN (SELECT case_key FROM case_members WHERE party = {place})"));
        }
    }

    fn and_kind(&self, clause: &mut Where, in_box: bool) {
        clause.and_in("state", &self.state);
        clause.and_in("stage", &self.stage);
        // Among open cases the due index is the better way in (it is small, and holds the category), in a box the cells.
        let is_way_in = !self.is_open_only() && !in_box;
        clause.and_in(if is_way_in { "category" } else { "(category || '')" }, &self.categories);
        for process in &self.without_processes {
            let place = clause.bind(process);
            clause.and(&format!("process <> {place}"));
        }
        clause.and_in("no", &self.numbers);
        clause.and_in("id", &self.ids);
    }

    fn and_place(&self, clause: &mut Where, in_box: bool) {
        clause.and_in("region", &self.region);
        if let Some(path) = &self.region_path {
            let depth = path.matches('/').count();
            let is_way_in = !self.is_open_only() && !in_box && depth >= SMALL_REGION_DEPTH;
            let term = region_term(clause, path, is_way_in);
            clause.and(&term);
        }
        let mut scopes = Vec::new();
        for scope in &self.within {
            let mut terms = Vec::new();
            if let Some(path) = &scope.region_path {
                terms.push(region_term(clause, path, false));
            }
            if let Some(office) = &scope.office {
                let place = clause.bind(office);
                terms.push(format!("{place} IN ((handler || ''), (task_office || ''), (watcher || ''))"));
            }
            if terms.is_empty() {
                terms.push("TRUE".to_owned());
            }
            scopes.push(format!("({})", terms.join(" AND ")));
        }
        if !scopes.is_empty() {
            clause.and(&format!("({})", scopes.join(" OR ")));
        }
    }
}

/// `WITH ranges (first_key, last_key) AS (VALUES …) `.
fn push_values(sql: &mut String, clause: &mut Where, ranges: &[RangeInclusive<i64>]) {
    // Few texts, so that they stay prepared: the rest of the table is a range that holds nothing.
    let padded = ranges.len().next_multiple_of(RANGES_STEP).max(RANGES_STEP);
    let nothing = RangeInclusive::new(1, 0);
    sql.reserve(64 * padded);
    sql.push_str("WITH ranges (first_key, last_key) AS (VALUES ");
    for (at, range) in ranges.iter().chain(std::iter::repeat(&nothing)).take(padded).enumerate() {
        let (first, last) = (clause.bind(*range.start()), clause.bind(*range.end()));
        sql.push_str(if at == 0 { "(" } else { ", (" });
        sql.push_str(&first);
        sql.push_str(", ");
        sql.push_str(&last);
        sql.push(')');
    }
    sql.push_str(") ");
}

/// `region_path` begins with a path.
pub(crate) fn region_term(clause: &mut Where, path: &str, is_way_in: bool) -> String {
    let column = if is_way_in { "region_path" } else { "(region_path || '')" };
    let (from, to) = (clause.bind(path), clause.bind(after_prefix(path)));
    format!("({column} >= {from} AND {column} < {to})")
}

/// The first text after all that begin with the prefix, by byte order. The prefix ends in ASCII.
pub(crate) fn after_prefix(prefix: &str) -> String {
    let mut bytes = prefix.as_bytes().to_vec();
    match bytes.last_mut() {
        Some(last) if *last < 0x7f => *last += 1,
        _ => bytes.push(0x7f),
    }
    String::from_utf8(bytes).unwrap_or_else(|_| format!("{prefix}\u{7f}"))
}

/// The point lies within the edges of the box: ranges of cells hold a little more.
fn and_edges(clause: &mut Where, bounds: Bounds) {
    let (south, north) = (clause.bind(bounds.south), clause.bind(bounds.north));
    clause.and(&format!("lat >= {south} AND lat <= {north}"));
    let (west, east) = (clause.bind(bounds.west), clause.bind(bounds.east));
    let across = if bounds.west <= bounds.east { "AND" } else { "OR" };
    clause.and(&format!("(lon >= {west} {across} lon <= {east})"));
}

fn and_text(clause: &mut Where, text: &str, categories: &[CategoryId]) {
    let text = text.trim();
    let number = text.to_uppercase();
    if is_number_like(&number) {
        let (from, to) = (clause.bind(&number), clause.bind(after_prefix(&number)));
        clause.and(&format!("no >= {from} AND no < {to}"));
        return;
    }
    let mut pattern = String::from("%");
    for char in text.to_lowercase().chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    let (earliest, window, pattern) = (clause.bind(i64::MIN), clause.bind(SEARCH_WINDOW), clause.bind(&pattern));
    clause.and(&format!(
        "opened_at_us >= COALESCE((SELECT opened_at_us FROM cases ORDER BY opened_at_us DESC, key DESC LIMIT 1 OFFSET {window}), {earliest})"
    ));
    let mut terms = format!("search LIKE {pattern} ESCAPE '\\'");
    if !categories.is_empty() {
        let places: Vec<String> = categories.iter().map(|category| clause.bind(category)).collect();
        terms = format!("({terms} OR category IN ({}))", places.join(", "));
    }
    clause.and(&terms);
}

/// A case number or its beginning: a letter, then letters, digits and dashes, four digits at least.
fn is_number_like(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
        && text.bytes().filter(u8::is_ascii_digit).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_case_number_is_searched_as_one() {
        for (text, is_number) in [
            ("YG20261123-000042", true),
            ("YG2026", true),
            ("YG", false),
            ("2026", false),
            ("井盖", false),
            ("12 MAIN ST", false),
        ] {
            assert_eq!(is_number_like(text), is_number, "{text}");
        }
    }

    #[test]
    fn everything_with_a_prefix_lies_before_its_successor() {
        let after = after_prefix("city/d1/");
        assert!("city/d1/" < after.as_str() && "city/d1/zzz/瑶" < after.as_str() && after.as_str() < "city/d10/");
    }
}
