//! Flights (飞行): evidence from the air.

pub mod cases;
pub mod changes;
pub mod files;
pub mod import_flight;
pub mod look;
pub mod package;
pub mod parts;
