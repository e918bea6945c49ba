//! Witnessing: what a log asks of a witness, and what a witness answers (C2SP tlog-witness, add-checkpoint).
//!
//! The order of the checks is in the types: bytes → [`AddCheckpoint`] → [`Admitted`] → [`Seen`], and only a
//! [`Seen`] that is stored durably may be cosigned. The state of one log must be read, extended and stored under
//! one lock: between two requests at once the larger tree must not give way to the smaller one.

mod answer;
mod decide;
mod request;

pub use answer::{AnswerError, CosignatureLines, MAX_ANSWER_BYTES, SIZE_CONTENT_TYPE, parse_size};
pub use decide::{Admitted, Refusal, Seen, TrustedLog};
pub use request::{AddCheckpoint, MAX_PROOF_LINES, MAX_REQUEST_BYTES, RequestError};

#[cfg(test)]
mod tests;
