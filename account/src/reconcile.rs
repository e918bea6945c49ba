//! Reconciliation: what the city says it asked departments, held against what departments say they were asked.
//!
//! Either side can leave a line out; neither can without the other's log telling of it. Ids are compared, never data.

use std::collections::BTreeMap;

use model::{FormId, Instant, RequestId, SourceId};
use pack::City;
use store::{FetchOutcome, FetchRow, Store, StoreError};

/// How far the two sides' times of one question may be apart, microseconds: an hour, far beyond any time-out.
const APART_US: i64 = 3_600_000_000;

/// A line of a department's log, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The question.
    pub request: RequestId,
    /// When the department saw it.
    pub at: Instant,
    /// What was asked.
    pub fields: Vec<FormId>,
}

/// How departments' logs are reached. Blocks; every call ends by itself.
pub trait ProviderLogs {
    /// What a department saw from an instant on and before another.
    ///
    /// # Errors
    /// Words for the operator when there is no answer that can be believed.
    fn list(&self, source: &SourceId, from: Instant, to: Instant) -> Result<Vec<Seen>, String>;
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

/// Reconciles every source of the city for a span of time, one result a source.
pub fn reconcile(
    store: &Store,
    city: &City,
    logs: &dyn ProviderLogs,
    from: Instant,
    to: Instant,
) -> Vec<Result<Reconciled, ReconcileError>> {
    let one = |source: &SourceId| {
        let (wide_from, wide_to) = (from.plus_micros(-APART_US), to.plus_micros(APART_US));
        let named = source.clone();
        let recorded = store.read_blocking(move |reader| reader.list_fetches_of(&named, wide_from, wide_to))?;
        let seen = logs
            .list(source, wide_from, wide_to)
            .map_err(|why| ReconcileError::Provider { source_id: source.clone(), why })?;
        Ok(compare(source, &recorded, &seen, from, to))
    };
    city.sources.keys().map(one).collect()
}

/// Compares two logs. Both reach an hour beyond the span on each side, so that a question near its edge has its partner.
fn compare(source: &SourceId, recorded: &[FetchRow], seen: &[Seen], from: Instant, to: Instant) -> Reconciled {
    let is_within = |at: Instant| from <= at && at < to;
    let ours: BTreeMap<RequestId, &FetchRow> = recorded.iter().map(|row| (row.id, row)).collect();
    let theirs: BTreeMap<RequestId, &Seen> = seen.iter().map(|line| (line.request, line)).collect();
    let mut found = Reconciled { source: source.clone(), matched: 0, unanswered: 0, mismatches: Vec::new() };
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
        let seen = |number, minute, words| Seen { request: id(number), at: at(minute), fields: fields(words) };
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
}
