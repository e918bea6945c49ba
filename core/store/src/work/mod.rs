//! What the platform works through and looks up: jobs, consumers, the ledger's rows, files, keys of retries, packs.

mod consumers;
mod evidence;
mod heads;
mod idempotency;
mod jobs;
mod packs;
mod payments;
mod seal;
mod secrets;

pub use evidence::EvidenceRow;
pub use heads::LedgerHead;
pub use jobs::{Job, JobId};
pub use seal::SealRow;
