//! A city as a checked folder: parse, check, compile.
//!
//! [`City`] is what every other crate sees: plain data with the references resolved by the checker, so that looking
//! one up never fails for an id that came out of the same city. Nothing here reads a clock or names a database.

pub mod answers;
pub mod atlas;
pub mod calendar;
mod check;
pub mod city;
pub mod compiled;
pub mod enter;
mod faults;
mod form_schema;
pub mod gazetteer;
mod geometry;
mod layers;
mod load;
mod lookup;
mod lower;
mod rule_text;
pub mod scenario;
pub mod schema;
mod source;

pub use atlas::Atlas;
pub use calendar::{Calendar, CalendarError, Calendars};
pub use city::*;
pub use compiled::CompileError;
pub use compiled::{Compiled, Packs};
pub use faults::{Fault, Faults};
pub use form_schema::form_schema;
pub use gazetteer::{Found, Gazetteer, NamedShape, Precision};
pub use load::{Judge, Judged, Loaded, load, load_judged};
pub use rule_text::{RULE_TEXT_MAX, read_alarm_rule, write_alarm_rule};
pub use schema::schemas;

/// Reads a YAML document of a pack's other files (import maps) as JSON, by the same rules as the pack itself.
///
/// # Errors
/// The line and what is wrong there.
pub fn yaml_to_json(text: &str) -> Result<serde_json::Value, (u32, String)> {
    source::yaml::parse(text).map(|node| node.to_json())
}
