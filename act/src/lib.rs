//! Act (处置): who does what. The case engine on declared processes, and the timers that watch deadlines.
//!
//! Deciding is pure ([`decide`]): case + pack + actor + answers + instant → events, or a refusal that says why.
//! Doing ([`perform`], [`fire_due`]) is short: load, decide, append, in one transaction. This crate never speaks
//! SQL or HTTP and never reads a clock.

mod acting;
mod available;
pub mod control;
pub mod copies;
mod decide;
pub mod hospital;
pub mod licences;
pub mod notifications;
pub mod payments;
mod perform;
pub mod scenario;
pub mod scenes;
mod timers;
pub mod visits;

pub use acting::Acting;
pub use available::{available, offered};
pub use decide::{ActionInput, Refusal, decide};
pub use pack::answers::{Answers, FieldFault, parse_answers};
pub use perform::{Assignable, CaseRef, Context, PerformCommand, PerformError, Performed, list_assignable, perform};
pub use timers::{Fired, fire_due, overdue_events};
