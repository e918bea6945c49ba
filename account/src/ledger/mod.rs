//! The city's transparency logs on disk: written in the order of the events, checked as a stranger would.
//!
//! No command ever waits for them. What they hold is salted commitments, never personal data.

mod audit;
mod disk;
mod error;
mod files;
mod follow;
mod gather;
mod grow;
mod pool;
mod receipt;
mod recover;
mod seal;
mod staging;

pub use audit::{AuditError, Audited, audit};
pub use disk::{Disk, MachineDisk};
pub use error::SealError;
pub use files::LogFiles;
pub use follow::{FollowError, Followed, Seen, follow};
pub use gather::{QuorumUnreachable, Shortfall, Trouble, Witnesses};
pub use pool::Scope;
pub use receipt::{ExplainError, Explained, Receipt, ReceiptError, explain, receipt};
pub use seal::{LogPlan, Sealed, Sealer};
