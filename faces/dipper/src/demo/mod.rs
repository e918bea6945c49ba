//! The demonstration: people, three months of past cases, and a slow stream of new ones.
//!
//! Everything goes through the real decisions of the pack; nothing is drawn on a screen that did not happen in the
//! log of events. The same seed gives the same city.

mod chance;
mod devices;
mod live;
pub mod panel;
mod people;
mod pictures;
mod places;
mod plan;
mod registers;
mod seed;
pub mod series;
mod series_files;
mod sim;
pub mod wire;
pub use chance::Chance;
pub use devices::{DemoDevice, class_of};
pub use live::keep_alive;
pub use people::{DEMO_PASSWORD, Login, logins};
pub use places::Places;
pub use registers::{
    Organisation, children, guardian_records, organisation_records, organisations, records, residents,
};
pub use seed::{is_seeded, seed};
pub use series_files::read_all;
