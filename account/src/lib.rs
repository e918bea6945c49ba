//! Account (问效): was it done, in time, by whom, and can it be proved.
//!
//! The ledger seals every event in order; receipts prove one offline; a witness watches logs; indicators count over
//! the same events; the logs of departments are reconciled with ours. This crate never speaks SQL or HTTP and never reads a clock.

pub mod anchor;
pub mod indicators;
pub mod ledger;
pub mod reconcile;
mod remote;
pub mod witness;

pub use remote::{Remote, RemoteError, Reply};
