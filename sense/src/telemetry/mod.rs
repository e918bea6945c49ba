//! Telemetry: what devices send, from the door to the lake.
//!
//! A message is taken whole or refused whole, with the reason. What is taken is acknowledged when the lake has it on
//! the disk, never before.

mod cbor;
mod fleet;
mod frame;
mod intake;
mod payload;
mod senml;

use model::{Instant, Reading, SeriesNo};

pub use fleet::{Fault, Fleet, Member, Refused, SeriesOf};
pub use intake::{Intake, IntakeError, Kept, Told};
pub use payload::{AHEAD_US, BEHIND_US, FaultKind, Format, MESSAGE_MAX, Measured, PayloadError, READINGS_MAX, parse};

/// Told when readings are on the disk, or why they are not.
pub type Done = Box<dyn FnOnce(Result<(), LakeRefusal>) + Send>;

/// Why the lake did not take readings; the device sends them again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LakeRefusal {
    /// More is waiting than may wait.
    #[error("too many readings are waiting to be written; send them again in a moment")]
    Busy,
    /// The disk did not take them.
    #[error("the readings could not be written: {0}")]
    Disk(String),
    /// The platform is stopping.
    #[error("the platform is stopping; send them again")]
    Stopping,
}

/// A reading of the lake could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LakeFault {
    /// It is damaged or missing.
    #[error("the readings cannot be read: {0}")]
    Unreadable(String),
    /// It lies in the object store, which does not answer or refuses; later readings may be had.
    #[error("older readings cannot be had now: {0}")]
    StoreAway(String),
}

/// What was measured in one step of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// When the step begins.
    pub from: Instant,
    /// Readings in it.
    pub count: u64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
    /// The last.
    pub last: f64,
}

/// Which end of time comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOrder {
    /// The earliest.
    Earliest,
    /// The latest.
    Latest,
}

/// How the object store of readings stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreStanding {
    /// Since when nothing can be carried there.
    pub away_since: Option<Instant>,
    /// Files that wait for it.
    pub waiting_files: usize,
}

/// Where readings are kept. `core/lake` is the one that cities run; this crate knows no more of it than this.
pub trait Lake: Send + Sync {
    /// Whether it tells itself of readings that are kept, those that other processes took among them; then the door does not.
    fn tells(&self) -> bool {
        false
    }

    /// Takes readings; `done` is called once they are on the disk. Never waits.
    fn append(&self, readings: Vec<Reading>, done: Done);

    /// The newest reading of a series, by the time it was measured.
    fn latest(&self, series: SeriesNo) -> Option<Reading>;

    /// Readings of a series within a span, from an instant up to another, at most `limit` from one end.
    ///
    /// # Errors
    /// [`LakeFault`].
    fn range(
        &self,
        series: SeriesNo,
        span: (Instant, Instant),
        order: TimeOrder,
        limit: usize,
    ) -> Result<Vec<Reading>, LakeFault>;

    /// How many readings of some series there are from an instant up to another. Counting ends with the day in which they
    /// are more than `most`.
    ///
    /// # Errors
    /// [`LakeFault`].
    fn count(&self, series: &[SeriesNo], from: Instant, to: Instant, most: u64) -> Result<u64, LakeFault>;

    /// Readings of a series from an instant up to another, in steps.
    ///
    /// # Errors
    /// [`LakeFault`].
    fn buckets(&self, series: SeriesNo, from: Instant, to: Instant, step_us: i64) -> Result<Vec<Bucket>, LakeFault>;

    /// How the object store stands to which readings are carried; `None` where there is none.
    fn store(&self) -> Option<StoreStanding> {
        None
    }
}
