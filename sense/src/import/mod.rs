//! Import: cases with their history from another system's CSV file, replayed as events at their own times.
//!
//! Streaming and idempotent: a row whose id is already in the store is passed over, so an import that was cut off is
//! simply run again. Every row is accounted for: imported, present before, or rejected with its line and reason.

mod map;
mod replay;
mod run;
mod services;

pub use map::{ImportMap, MapError};
pub use run::{ImportCommand, ImportError, Progress, Summary, import_cases};
pub use services::{ServicesMap, ServicesSummary, read_services, services_yaml};
