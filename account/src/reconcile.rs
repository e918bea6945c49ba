//! Reconciliation: what the city says it asked departments, held against what departments say they were asked.
//!
//! Either side can leave a line out; neither can without the other's log telling of it. Ids are compared, never data.
//! Canary residents are whom nobody has a reason to ask about: a question about one is found in whichever log it stands.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::{FormId, Instant, PartyId, RequestId, SourceId};
use pack::City;
use store::{FetchOutcome, FetchRow, ReconciliationRow, Store, StoreError, Tx, UseCount};

/// How far the two sides' times of one question may be apart, microseconds: an hour, far beyond any time-out.
const APART_US: i64 = 3_600_000_000;

/// Days before this one that are reconciled when they were not: a week of a department's silence is caught up with.
const DAYS_BACK: i64 = 7;

/// A canary resident: whom nobody has a reason to ask about. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Canary {
    /// Their account.
    pub party: PartyId,
    /// Their identity number.
    pub id_number: String,
}

impl std::fmt::Debug for Canary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Canary({})", self.party)
    }
}

/// A line of a department's log, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The question.
    pub request: RequestId,
    /// When the department saw it.
    pub at: Instant,
    /// What was asked.
    pub fields: Vec<FormId>,
    /// About whom: the register's keyed digest of the identity number.
    pub subject: String,
}

/// How departments' logs are reached. Blocks; every call ends by itself.
pub trait ProviderLogs {
    /// What a department saw from an instant on and before another.
    ///
    /// # Errors
    /// Words for the operator when there is no answer that can be believed.
    fn list(&self, source: &SourceId, from: Instant, to: Instant) -> Result<Vec<Seen>, String>;

    /// The digest under which a register writes an identity number down.
    fn subject(&self, source: &SourceId, id_number: &str) -> String;
}

/// Something that stands on one side alone, or otherwise on the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The department was asked, and the city has no record of it: somebody went round the gate.
    NotRecorded {
        /// The question.
        request: RequestId,
        /// When the department saw it.
        at: Instant,
    },
    /// The city says that the department answered, and the department has no record of it.
    NotSeen {
        /// The question.
        request: RequestId,
        /// When the city wrote it down.
        at: Instant,
    },
    /// The department was asked for other fields than the city wrote down.
    OtherFields {
        /// The question.
        request: RequestId,
        /// When the department saw it.
        at: Instant,
    },
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Which register.
    pub source: SourceId,
    /// Questions that stand on both sides alike.
    pub matched: usize,
    /// Questions that nobody answered, and that the department may or may not have seen.
    pub unanswered: usize,
    /// What does not agree.
    pub mismatches: Vec<Mismatch>,
    /// Questions about canaries that the department saw.
    pub canaries: usize,
}

impl Reconciled {
    /// How often it differs: not recorded, not seen, other fields.
    pub fn differences(&self) -> [usize; 3] {
        let count = |is: fn(&Mismatch) -> bool| self.mismatches.iter().filter(|one| is(one)).count();
        [
            count(|one| matches!(one, Mismatch::NotRecorded { .. })),
            count(|one| matches!(one, Mismatch::NotSeen { .. })),
            count(|one| matches!(one, Mismatch::OtherFields { .. })),
        ]
    }

    fn row(&self, day: Date, at: Instant) -> ReconciliationRow {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let [not_recorded, not_seen, other_fields] = self.differences().map(count);
        ReconciliationRow {
            source: self.source.clone(),
            day: day.to_string(),
            matched: count(self.matched),
            unanswered: count(self.unanswered),
            not_recorded,
            not_seen,
            other_fields,
            at,
        }
    }
}

/// Why a source could not be reconciled.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The department's log could not be read.
    #[error("the log of {source_id} could not be read: {why}")]
    Provider {
        /// Which register.
        source_id: SourceId,
        /// Words for the operator.
        why: String,
    },
    /// Our own log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one day comes to.
#[derive(Debug)]
pub struct Day {
    /// Which day of the city.
    pub day: Date,
    /// One result a register.
    pub sources: Vec<Result<Reconciled, ReconcileError>>,
    /// By whom canaries were looked at or asked about, as the city's own logs say.
    pub canary_uses: Vec<UseCount>,
}

impl Day {
    /// True when every log was read and nothing differs or was asked about a canary.
    pub fn agrees(&self) -> bool {
        let is_good = |source: &Result<Reconciled, ReconcileError>| {
            source.as_ref().is_ok_and(|found| found.mismatches.is_empty() && found.canaries == 0)
        };
        self.canary_uses.is_empty() && self.sources.iter().all(is_good)
    }
}

/// Reconciles a day of the city with every register, and keeps what was found.
///
/// # Errors
/// [`StoreError`] when the city's own logs cannot be read or the findings not be written.
pub fn reconcile(
    store: &Store,
    city: &City,
    logs: &dyn ProviderLogs,
    canaries: &[Canary],
    day: Date,
    now: Instant,
) -> Result<Day, StoreError> {
    let zone = city.zone();
    let (from, to) = (start_of(&zone, day), start_of(&zone, day.saturating_add(jiff::Span::new().days(1))));
    let canary_uses = store.read_blocking(move |reader| reader.count_canary_uses(from, to))?;
    let one = |source: &SourceId| {
        let (wide_from, wide_to) = (from.plus_micros(-APART_US), to.plus_micros(APART_US));
        let named = source.clone();
        let recorded = store.read_blocking(move |reader| reader.list_fetches_of(&named, wide_from, wide_to))?;
        let seen = logs
            .list(source, wide_from, wide_to)
            .map_err(|why| ReconcileError::Provider { source_id: source.clone(), why })?;
        let mut found = compare(source, &recorded, &seen, from, to);
        found.canaries =
            canaries_in(source, logs, canaries, &recorded, seen.iter().filter(|line| from <= line.at && line.at < to));
        Ok(found)
    };
    let sources: Vec<Result<Reconciled, ReconcileError>> = city.sources.keys().map(one).collect();
    let rows: Vec<ReconciliationRow> = sources.iter().flatten().map(|found| found.row(day, now)).collect();
    store.write_blocking(move |tx: &mut Tx| rows.iter().try_for_each(|row| tx.record_reconciliation(row)))?;
    Ok(Day { day, sources, canary_uses })
}

/// The days that are over by an hour and have a register that was not reconciled, oldest first, a week back at most.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn days_due(store: &Store, city: &City, now: Instant) -> Result<Vec<Date>, StoreError> {
    let zone = city.zone();
    let today = zone.to_datetime(now.plus_micros(-APART_US).to_timestamp()).date();
    let days: Vec<Date> =
        (1..=DAYS_BACK).rev().map(|back| today.saturating_sub(jiff::Span::new().days(back))).collect();
    let Some(first) = days.first().map(ToString::to_string) else { return Ok(Vec::new()) };
    let rows = store.read_blocking(move |reader| reader.list_reconciliations(&first))?;
    let is_due = |day: &Date| {
        // One that was made before the day was over has not seen all of it.
        let over = start_of(&zone, day.saturating_add(jiff::Span::new().days(1))).plus_micros(APART_US);
        let of_day = rows.iter().filter(|row| row.day == day.to_string() && row.at >= over);
        let done: BTreeSet<&SourceId> = of_day.map(|row| &row.source).collect();
        city.sources.keys().any(|source| !done.contains(source))
    };
    Ok(days.into_iter().filter(is_due).collect())
}

fn start_of(zone: &jiff::tz::TimeZone, day: Date) -> Instant {
    // Midnight is there, or the first moment after it where clocks are put forward over it.
    Instant::from_timestamp(zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(jiff::Timestamp::MAX))
}

/// How many lines of a register are about canaries, whom the city's own log tells of in another place.
fn canaries_in<'a>(
    source: &SourceId,
    logs: &dyn ProviderLogs,
    canaries: &[Canary],
    recorded: &[FetchRow],
    seen: impl Iterator<Item = &'a Seen>,
) -> usize {
    let subjects: BTreeSet<String> = canaries.iter().map(|canary| logs.subject(source, &canary.id_number)).collect();
    let parties: BTreeSet<PartyId> = canaries.iter().map(|canary| canary.party).collect();
    let own: BTreeSet<RequestId> =
        recorded.iter().filter(|row| parties.contains(&row.party)).map(|row| row.id).collect();
    seen.filter(|line| subjects.contains(&line.subject) && !own.contains(&line.request)).count()
}

/// Compares two logs. Both reach an hour beyond the span on each side, so that a question near its edge has its partner.
fn compare(source: &SourceId, recorded: &[FetchRow], seen: &[Seen], from: Instant, to: Instant) -> Reconciled {
    let is_within = |at: Instant| from <= at && at < to;
    let ours: BTreeMap<RequestId, &FetchRow> = recorded.iter().map(|row| (row.id, row)).collect();
    let theirs: BTreeMap<RequestId, &Seen> = seen.iter().map(|line| (line.request, line)).collect();
    let mut found =
        Reconciled { source: source.clone(), matched: 0, unanswered: 0, mismatches: Vec::new(), canaries: 0 };
    for line in seen.iter().filter(|line| is_within(line.at)) {
        let (request, at) = (line.request, line.at);
        match ours.get(&request) {
            None => found.mismatches.push(Mismatch::NotRecorded { request, at }),
            Some(row) if sorted(&row.fields) != sorted(&line.fields) => {
                found.mismatches.push(Mismatch::OtherFields { request, at });
            }
            Some(_) => found.matched += 1,
        }
    }
    for row in recorded.iter().filter(|row| is_within(row.at) && !theirs.contains_key(&row.id)) {
        match row.outcome {
            Some(FetchOutcome::Answered | FetchOutcome::NoRecord) => {
                found.mismatches.push(Mismatch::NotSeen { request: row.id, at: row.at });
            }
            // Nothing was taken from it: it may never have arrived.
            Some(FetchOutcome::Away | FetchOutcome::Refused) | None => found.unanswered += 1,
        }
    }
    found
}

fn sorted(fields: &[FormId]) -> Vec<&FormId> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable();
    fields
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use model::PartyId;

    fn at(minute: i64) -> Instant {
        Instant::from_micros(minute * 60_000_000)
    }

    fn id(number: u128) -> RequestId {
        RequestId::new(at(0), number)
    }

    fn fields(words: &str) -> Vec<FormId> {
        words.split_whitespace().map(|word| FormId::new(word).unwrap()).collect()
    }

    fn row(number: u128, minute: i64, words: &str, outcome: Option<FetchOutcome>) -> FetchRow {
        FetchRow {
            asked_by: None,
            id: id(number),
            at: at(minute),
            party: PartyId::new(at(0), 1),
            source: SourceId::new("population").unwrap(),
            office: "police".parse().unwrap(),
            service: None,
            fields: fields(words),
            purpose: String::new(),
            basis: String::new(),
            consent: id(0),
            outcome,
            answered_at: None,
        }
    }

    #[test]
    fn what_stands_on_one_side_alone_is_told() {
        let answered = Some(FetchOutcome::Answered);
        let seen = |number, minute, words| Seen {
            request: id(number),
            at: at(minute),
            fields: fields(words),
            subject: format!("{number:02}"),
        };
        let none = Vec::new;
        for (what, ours, theirs, expect) in [
            ("nothing", none(), Vec::new(), (0, 0, vec![])),
            (
                "both alike, in any order of fields",
                vec![row(1, 10, "a b", answered)],
                vec![seen(1, 10, "b a")],
                (1, 0, vec![]),
            ),
            (
                "went round the gate",
                none(),
                vec![seen(2, 10, "a")],
                (0, 0, vec![Mismatch::NotRecorded { request: id(2), at: at(10) }]),
            ),
            (
                "the department hides it",
                vec![row(3, 10, "a", answered)],
                Vec::new(),
                (0, 0, vec![Mismatch::NotSeen { request: id(3), at: at(10) }]),
            ),
            (
                "nobody of that name, and hidden",
                vec![row(3, 10, "a", Some(FetchOutcome::NoRecord))],
                Vec::new(),
                (0, 0, vec![Mismatch::NotSeen { request: id(3), at: at(10) }]),
            ),
            (
                "asked for more than written down",
                vec![row(4, 10, "a", answered)],
                vec![seen(4, 10, "a b")],
                (0, 0, vec![Mismatch::OtherFields { request: id(4), at: at(10) }]),
            ),
            ("lost on the way there", vec![row(5, 10, "a", Some(FetchOutcome::Away))], Vec::new(), (0, 1, vec![])),
            (
                "lost on the way back",
                vec![row(5, 10, "a", Some(FetchOutcome::Away))],
                vec![seen(5, 10, "a")],
                (1, 0, vec![]),
            ),
            ("a crash between writing and asking", vec![row(6, 10, "a", None)], Vec::new(), (0, 1, vec![])),
            ("either side of midnight", vec![row(7, -1, "a", answered)], vec![seen(7, 0, "a")], (1, 0, vec![])),
            ("the day after", vec![row(8, 1_440, "a", answered)], Vec::new(), (0, 0, vec![])),
        ] {
            let found = compare(&SourceId::new("population").unwrap(), &ours, &theirs, at(0), at(1_440));
            assert_eq!((found.matched, found.unanswered, found.mismatches), expect, "{what}");
        }
    }

    struct Logs;

    impl ProviderLogs for Logs {
        fn list(&self, _: &SourceId, _: Instant, _: Instant) -> Result<Vec<Seen>, String> {
            Ok(Vec::new())
        }

        fn subject(&self, source: &SourceId, id_number: &str) -> String {
            format!("{source}:{id_number}")
        }
    }

    #[test]
    fn a_canary_is_found_under_whosever_name_it_was_asked() {
        let source = SourceId::new("population").unwrap();
        let canary = Canary { party: PartyId::new(at(0), 77), id_number: "9999".to_owned() };
        let line = |number, subject: &str| Seen {
            request: id(number),
            at: at(10),
            fields: fields("name"),
            subject: subject.to_owned(),
        };
        let mut own = row(3, 10, "name", Some(FetchOutcome::Answered));
        own.party = canary.party;
        let recorded = [row(1, 10, "name", Some(FetchOutcome::Answered)), own];
        for (what, seen, expect) in [
            ("nobody", vec![], 0),
            ("somebody else", vec![line(1, "population:1234")], 0),
            ("asked under the name of somebody else", vec![line(1, "population:9999")], 1),
            ("asked round the gate", vec![line(2, "population:9999")], 1),
            ("recorded as what it is", vec![line(3, "population:9999")], 0),
            ("the digest of another register", vec![line(2, "vehicles:9999")], 0),
        ] {
            let found = canaries_in(&source, &Logs, std::slice::from_ref(&canary), &recorded, seen.iter());
            assert_eq!(found, expect, "{what}");
        }
        assert!(!format!("{canary:?}").contains("9999"));
    }
}
