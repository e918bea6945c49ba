//! Notices about mandates: jobs that the change of a mandate leaves behind, in its own transaction, for whoever tells people.

use model::{Instant, MandateId, PartyId};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::tx::Tx;
use crate::work::JobId;

/// The kind of these jobs.
pub const MANDATE_NOTICE: &str = "mandate_notice";

/// What is told of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateNews {
    /// Somebody took it, and waits to be confirmed.
    Taken,
    /// It is in force.
    Confirmed,
    /// The other side ended it.
    Ended,
    /// It ends soon by itself.
    Ending,
    /// A register names the agent as a guardian.
    GuardianFound,
    /// A register names the agent as a guardian no longer.
    GuardianEnded,
}

/// A notice about a mandate to one party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateNotice {
    /// Which mandate.
    pub mandate: MandateId,
    /// What is told.
    pub news: MandateNews,
    /// To whom.
    pub to: PartyId,
}

impl Tx {
    /// Leaves a notice behind, to be told at `run_at`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    ///
    /// # Panics
    /// Never: a notice is plain data.
    pub fn enqueue_mandate_notice(
        &mut self,
        notice: MandateNotice,
        run_at: Instant,
        now: Instant,
    ) -> Result<JobId, StoreError> {
        let body = serde_json::to_value(notice).expect("a notice is plain data");
        self.enqueue_job(MANDATE_NOTICE, &body, run_at, now)
    }
}
