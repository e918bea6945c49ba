//! The transparency logs: written, broken, witnessed and checked.
#![allow(clippy::unwrap_used, reason = "a test")]

mod anchored;
mod common;
mod faults;
mod followed;
mod log;
mod witness;
mod witnessed;
