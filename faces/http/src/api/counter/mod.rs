//! At a window.

pub mod close_sitting;
pub mod get_counter;
pub mod open_sitting;
mod parts;
