//! Reconciliation: what the city says it asked departments and hospitals, held against what they say they were asked.
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

/// A line of the log of a department or hospital, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The id it came under: that of the question, when it is the city's.
    pub request: String,
    /// When it was seen.
    pub at: Instant,
    /// What was asked.
    pub fields: Vec<FormId>,
    /// About whom: the keyed digest of the identity number; absent where it is not known there.
    pub subject: Option<String>,
}

/// How the logs of departments and hospitals are reached. Blocks; every call ends by itself.
pub trait ProviderLogs {
    /// Those that are connected.
    fn sources(&self) -> Vec<SourceId>;

    /// What one of them saw from an instant on and before another.
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
        /// The id it was asked under.
        request: String,
        /// When the department saw it.
        at: Instant,
    },
    /// The city says that the department answered, and the department has no record of it.
    NotSeen {
        /// The question.
        request: String,
        /// When the city wrote it down.
        at: Instant,
    },
    /// The department was asked for other fields than the city wrote down.
    OtherFields {
        /// The question.
        request: String,
        /// When the department saw it.
        at: Instant,
    },
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Which register or hospital.
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
    /// The log of a department or hospital could not be read.
    #[error("the log of {source_id} could not be read: {why}")]
    Provider {
        /// Whose.
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
    /// One result for each log that was to be compared.
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

/// A day that is over, and whose logs were not compared since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which day of the city.
    pub day: Date,
    /// Registers and hospitals that are still to be compared for it.
    pub sources: Vec<SourceId>,
}

/// Reconciles a day of the city with registers and hospitals, and keeps what was found.
///
/// # Errors
/// [`StoreError`] when the city's own logs cannot be read or the findings not be written.
pub fn reconcile(
    store: &Store,
    city: &City,
    logs: &dyn ProviderLogs,
    canaries: &[Canary],
    due: &Due,
    now: Instant,
) -> Result<Day, StoreError> {
    let (zone, day) = (city.zone(), due.day);
    let (from, to) = (start_of(&zone, day), start_of(&zone, day.saturating_add(jiff::Span::new().days(1))));
    let canary_uses = store.read_blocking(move |reader| reader.count_canary_uses(from, to))?;
    let one = |source: &SourceId| {
        let (wide_from, wide_to) = (from.plus_micros(-APART_US), to.plus_micros(APART_US));
        let seen = logs
            .list(source, wide_from, wide_to)
            .map_err(|why| ReconcileError::Provider { source_id: source.clone(), why })?;
        let named = source.clone();
        let ids: BTreeSet<RequestId> = seen.iter().filter_map(|line| line.request.parse().ok()).collect();
        let recorded = store.read_blocking(move |reader| {
            let mut recorded = reader.list_fetches_of(&named, wide_from, wide_to)?;
            let known: BTreeSet<RequestId> = recorded.iter().map(|row| row.id).collect();
            // What is asked until it is answered may have been written down days before.
            for id in ids.difference(&known) {
                recorded.extend(reader.find_fetch(*id)?.filter(|row| row.source == named));
            }
            Ok::<_, StoreError>(recorded)
        })?;
        // A journey through a hospital ends where there is nothing to ask for.
        let may_ask_less = city.hospitals.contains_key(source);
        let mut found = compare((source, may_ask_less), &recorded, &seen, from, to);
        found.canaries =
            canaries_in(source, logs, canaries, &recorded, seen.iter().filter(|line| from <= line.at && line.at < to));
        Ok(found)
    };
    let sources: Vec<Result<Reconciled, ReconcileError>> = due.sources.iter().map(one).collect();
    let rows: Vec<ReconciliationRow> = sources.iter().flatten().map(|found| found.row(day, now)).collect();
    store.write_blocking(move |tx: &mut Tx| rows.iter().try_for_each(|row| tx.record_reconciliation(row)))?;
    Ok(Day { day, sources, canary_uses })
}

/// The days that are over by an hour and were not reconciled with each of `sources`, oldest first, a week back at most.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn days_due(store: &Store, city: &City, sources: &[SourceId], now: Instant) -> Result<Vec<Due>, StoreError> {
    let zone = city.zone();
    let today = zone.to_datetime(now.plus_micros(-APART_US).to_timestamp()).date();
    let days: Vec<Date> =
        (1..=DAYS_BACK).rev().map(|back| today.saturating_sub(jiff::Span::new().days(back))).collect();
    let Some(first) = days.first().map(ToString::to_string) else { return Ok(Vec::new()) };
    let rows = store.read_blocking(move |reader| reader.list_reconciliations(&first))?;
    let due = |day: Date| {
        // One that was made before the day was over has not seen all of it.
        let over = start_of(&zone, day.saturating_add(jiff::Span::new().days(1))).plus_micros(APART_US);
        let of_day = rows.iter().filter(|row| row.day == day.to_string() && row.at >= over);
        let done: BTreeSet<&SourceId> = of_day.map(|row| &row.source).collect();
        Due { day, sources: sources.iter().filter(|source| !done.contains(source)).cloned().collect() }
    };
    Ok(days.into_iter().map(due).filter(|due| !due.sources.is_empty()).collect())
}

fn start_of(zone: &jiff::tz::TimeZone, day: Date) -> Instant {
    // Midnight is there, or the first moment after it where clocks are put forward over it.
    Instant::from_timestamp(zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(jiff::Timestamp::MAX))
}

/// How many questions to a register or hospital are about canaries, whom the city's own log tells of in another place.
fn canaries_in<'a>(
    source: &SourceId,
    logs: &dyn ProviderLogs,
    canaries: &[Canary],
    recorded: &[FetchRow],
    seen: impl Iterator<Item = &'a Seen>,
) -> usize {
    let subjects: BTreeSet<String> = canaries.iter().map(|canary| logs.subject(source, &canary.id_number)).collect();
    let parties: BTreeSet<PartyId> = canaries.iter().map(|canary| canary.party).collect();
    let own = recorded.iter().filter(|row| parties.contains(&row.party));
    let own: BTreeSet<String> = own.map(|row| row.id.to_string()).collect();
    let is_about = |line: &&Seen| line.subject.as_ref().is_some_and(|subject| subjects.contains(subject));
    let asked: BTreeSet<&str> = seen.filter(is_about).map(|line| line.request.as_str()).collect();
    asked.into_iter().filter(|request| !own.contains(*request)).count()
}

/// A question as the other side saw it: one request or several under one id.
struct Asked<'a> {
    first_at: Instant,
    fields: BTreeSet<&'a FormId>,
}

/// Compares two logs. Both reach an hour beyond the span on each side, so that a question near its edge has its partner.
fn compare(
    (source, may_ask_less): (&SourceId, bool),
    recorded: &[FetchRow],
    seen: &[Seen],
    from: Instant,
    to: Instant,
) -> Reconciled {
    let is_within = |at: Instant| from <= at && at < to;
    let ours: BTreeMap<String, &FetchRow> = recorded.iter().map(|row| (row.id.to_string(), row)).collect();
    let mut theirs = BTreeMap::<&str, Asked<'_>>::new();
    for line in seen {
        let asked = theirs.entry(&line.request).or_insert(Asked { first_at: line.at, fields: BTreeSet::new() });
        asked.first_at = asked.first_at.min(line.at);
        asked.fields.extend(&line.fields);
    }
    let mut found =
        Reconciled { source: source.clone(), matched: 0, unanswered: 0, mismatches: Vec::new(), canaries: 0 };
    for (id, asked) in theirs.iter().filter(|(_, asked)| is_within(asked.first_at)) {
        let (request, at) = ((*id).to_owned(), asked.first_at);
        let fits = |row: &FetchRow| {
            let recorded: BTreeSet<&FormId> = row.fields.iter().collect();
            if may_ask_less { asked.fields.is_subset(&recorded) } else { asked.fields == recorded }
        };
        match ours.get(&request) {
            None => found.mismatches.push(Mismatch::NotRecorded { request, at }),
            Some(row) if !fits(row) => found.mismatches.push(Mismatch::OtherFields { request, at }),
            Some(_) => found.matched += 1,
        }
    }
    for (request, row) in ours {
        // An answer stands in the other log when it was given.
        let at = row.answered_at.unwrap_or(row.at);
        if !is_within(at) || theirs.contains_key(request.as_str()) {
            continue;
        }
        match row.outcome {
            Some(FetchOutcome::Answered | FetchOutcome::NoRecord) => {
                found.mismatches.push(Mismatch::NotSeen { request, at });
            }
            // Nothing was taken from it: it may never have arrived.
            Some(FetchOutcome::Away | FetchOutcome::Refused) | None => found.unanswered += 1,
        }
    }
    found
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
            request: id(number).to_string(),
            at: at(minute),
            fields: fields(words),
            subject: Some(format!("{number:02}")),
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
                (0, 0, vec![Mismatch::NotRecorded { request: id(2).to_string(), at: at(10) }]),
            ),
            (
                "the department hides it",
                vec![row(3, 10, "a", answered)],
                Vec::new(),
                (0, 0, vec![Mismatch::NotSeen { request: id(3).to_string(), at: at(10) }]),
            ),
            (
                "nobody of that name, and hidden",
                vec![row(3, 10, "a", Some(FetchOutcome::NoRecord))],
                Vec::new(),
                (0, 0, vec![Mismatch::NotSeen { request: id(3).to_string(), at: at(10) }]),
            ),
            (
                "asked for more than written down",
                vec![row(4, 10, "a", answered)],
                vec![seen(4, 10, "a b")],
                (0, 0, vec![Mismatch::OtherFields { request: id(4).to_string(), at: at(10) }]),
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
            let found = compare((&SourceId::new("population").unwrap(), false), &ours, &theirs, at(0), at(1_440));
            assert_eq!((found.matched, found.unanswered, found.mismatches), expect, "{what}");
        }
    }

    #[test]
    fn a_journey_through_a_hospital_is_one_question_of_several_requests() {
        let answered = Some(FetchOutcome::Answered);
        let hospital = SourceId::new("first_hospital").unwrap();
        let seen = |request: &str, minute, words| Seen {
            request: request.to_owned(),
            at: at(minute),
            fields: fields(words),
            subject: None,
        };
        let (one, known) = (id(1).to_string(), id(9).to_string());
        let late = FetchRow { answered_at: Some(at(1_500)), ..row(3, 10, "payment", answered) };
        for (what, ours, theirs, expect) in [
            (
                "as far as it went",
                vec![row(1, 10, "appointment encounter invoice", answered)],
                vec![seen(&one, 10, "appointment"), seen(&one, 11, "encounter"), seen(&one, 10, "appointment")],
                (1, 0, vec![]),
            ),
            (
                "further than was written down",
                vec![row(1, 10, "appointment", answered)],
                vec![seen(&one, 10, "appointment"), seen(&one, 11, "report")],
                (0, 0, vec![Mismatch::OtherFields { request: one.clone(), at: at(10) }]),
            ),
            (
                "by whoever has an id of their own, once",
                Vec::new(),
                vec![seen("6f1c", 10, "patient"), seen("6f1c", 12, "report")],
                (0, 0, vec![Mismatch::NotRecorded { request: "6f1c".to_owned(), at: at(10) }]),
            ),
            (
                "begun the day before",
                vec![row(9, -1, "report", answered)],
                vec![seen(&known, -1, "report"), seen(&known, 1, "report")],
                (0, 0, vec![]),
            ),
            ("answered the day after: compared then", vec![late], Vec::new(), (0, 0, vec![])),
        ] {
            let found = compare((&hospital, true), &ours, &theirs, at(0), at(1_440));
            assert_eq!((found.matched, found.unanswered, found.mismatches), expect, "{what}");
        }
    }

    struct Logs;

    impl ProviderLogs for Logs {
        fn sources(&self) -> Vec<SourceId> {
            Vec::new()
        }

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
            request: id(number).to_string(),
            at: at(10),
            fields: fields("name"),
            subject: Some(subject.to_owned()),
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
