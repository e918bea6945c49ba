//! A city as a checked folder: parse, check, compile.
//!
//! [`City`] is what every other crate sees: plain data with the references resolved by the checker, so that looking
//! one up never fails for an id that came out of the same city. Nothing here reads a clock or names a database.

pub mod city;

pub use city::*;
