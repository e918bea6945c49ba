//! How much one question may cost. Whoever asks for more is told what to narrow.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::fault::Fault;

/// Readings that one question may look at: at 1 to 4 µs each, less than a second.
const READINGS_MAX: usize = 200_000;

/// Looks into the lake of one question: some milliseconds each.
const LOOKS_MAX: usize = 1_500;

/// Entities of one answer with everything expanded: some 10 MB.
const ENTITIES_MAX: usize = 20_000;

/// Entities that a filter may step over on its paths.
const STEPS_MAX: usize = 2_000_000;

/// What a question has cost so far.
#[derive(Debug, Default)]
pub struct Budget {
    readings: AtomicUsize,
    looks: AtomicUsize,
    entities: AtomicUsize,
    steps: AtomicUsize,
    commands: AtomicUsize,
}

fn spend(cost: &AtomicUsize, amount: usize, most: usize, words: &str) -> Result<(), Fault> {
    let before = cost.fetch_add(amount, Ordering::Relaxed);
    let is_within = before.saturating_add(amount) <= most;
    if is_within { Ok(()) } else { Err(Fault::bad(format!("the question would take more than {most} {words}"))) }
}

impl Budget {
    /// One look into the lake that gave some readings.
    ///
    /// # Errors
    /// 400 when they are too many.
    pub fn look(&self, readings: usize) -> Result<(), Fault> {
        let words =
            "looks at readings: ask for fewer Datastreams at a time (Datastream/id, or /Datastreams(n)/Observations)";
        spend(&self.looks, 1, LOOKS_MAX, words)?;
        let words = "readings: narrow phenomenonTime, ask for one Datastream, or order by phenomenonTime alone";
        spend(&self.readings, readings, READINGS_MAX, words)
    }

    /// One entity of the answer.
    ///
    /// # Errors
    /// 400 when they are too many.
    pub fn entity(&self) -> Result<(), Fault> {
        spend(&self.entities, 1, ENTITIES_MAX, "entities in one answer: lower $top, here or within $expand")
    }

    /// Commands that were looked at, of at most so many.
    ///
    /// # Errors
    /// 400 when they are too many.
    pub fn command(&self, commands: usize, most: usize) -> Result<(), Fault> {
        let words = "Tasks: ask for those of one TaskingCapability, or without $filter, $orderby and $count";
        spend(&self.commands, commands, most, words)
    }

    /// Entities stepped over on a path of a filter.
    ///
    /// # Errors
    /// 400 when they are too many.
    pub fn step(&self, entities: usize) -> Result<(), Fault> {
        spend(
            &self.steps,
            entities,
            STEPS_MAX,
            "steps over relations: filter the entities themselves, or by a shorter path",
        )
    }
}
