//! The pool: events that wait to become entries, drawn from the store in the order of their positions.

use std::collections::BTreeSet;

use ledger::commitment::EventLeaf;
use model::OfficeId;
use store::{SealRow, Store};

use super::error::SealError;

/// Most entries of one round.
pub(super) const ROUND: u32 = 4_096;

/// Which events a log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every event: entry `i` is the event at position `i + 1`.
    City,
    /// What people of these offices did.
    Offices(BTreeSet<OfficeId>),
}

/// Draws entries of a scope.
#[derive(Debug)]
pub(super) struct Pool {
    scope: Scope,
    /// Position of the last event looked at.
    reached: u64,
}

/// Entries of a round, and the position looked at when they were drawn.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub entries: Vec<Vec<u8>>,
    reached: u64,
}

impl Pool {
    /// A pool that goes on behind the log's last entry.
    pub fn after(scope: Scope, last: Option<&EventLeaf>) -> Self {
        Self { scope, reached: last.map_or(0, |leaf| leaf.position) }
    }

    /// The next entries, at most `limit`; none when there is nothing new.
    pub fn draw(&mut self, store: &Store, limit: u32) -> Result<Drawn, SealError> {
        let mut drawn = Drawn { entries: Vec::new(), reached: self.reached };
        loop {
            let after = position(drawn.reached);
            let rows = store.read_blocking(move |db| db.list_unsealed(after, limit))?;
            let is_last = rows.len() < limit as usize;
            for row in &rows {
                let expected = drawn.reached + 1;
                if row.position != position(expected) {
                    return Err(SealError::Gap { expected });
                }
                if self.scope.holds(row) {
                    if drawn.entries.len() == limit as usize {
                        return Ok(drawn);
                    }
                    drawn.entries.push(leaf_of(row).to_bytes().to_vec());
                }
                drawn.reached = expected;
            }
            if drawn.entries.is_empty() {
                // Looked at and not ours: not to be looked at again.
                self.reached = drawn.reached;
            }
            if is_last || drawn.entries.len() == limit as usize {
                return Ok(drawn);
            }
        }
    }

    /// Which events it draws.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The entries drawn are in the log: goes on behind them.
    pub fn advance(&mut self, drawn: &Drawn) {
        self.reached = drawn.reached;
    }
}

impl Scope {
    fn holds(&self, row: &SealRow) -> bool {
        match self {
            Self::City => true,
            Self::Offices(offices) => row.office.as_ref().is_some_and(|office| offices.contains(office)),
        }
    }
}

/// The entry of an event: a salted commitment, its position and its minute.
pub(super) fn leaf_of(row: &SealRow) -> EventLeaf {
    EventLeaf::commit(&row.salt, &row.canonical, row.position.unsigned_abs(), row.recorded_minute.unsigned_abs())
}

/// Positions are below 2^63: the database gives them as signed numbers.
pub(super) fn position(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Whether the store holds the event that an entry commits to.
pub(super) fn is_held(store: &Store, leaf: &EventLeaf) -> Result<bool, SealError> {
    let at = position(leaf.position);
    let rows = store.read_blocking(move |db| db.list_unsealed(at - 1, 1))?;
    Ok(rows.first().is_some_and(|row| row.position == at && leaf_of(row) == *leaf))
}
