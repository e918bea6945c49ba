//! The city's transparency log on disk: written in the order of the events, checked as a stranger would.
//!
//! No command ever waits for it. What it holds is salted commitments, never personal data.

mod audit;
mod files;
mod receipt;
mod seal;

pub use audit::{AuditError, Audited, audit};
pub use files::LogFiles;
pub use receipt::{ExplainError, Explained, Receipt, ReceiptError, explain, receipt};
pub use seal::{SealError, Sealed, Sealer};
