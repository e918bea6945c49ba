//! Flights (飞行): evidence from the air. Files that were uploaded, with the track of the aircraft, become a flight: each
//! file is timed and placed, the manifest that names their digests is sealed in the ledger, and pictures of two flights over
//! one place are compared.

mod changes;
mod ground;
mod import;
mod media;
mod sweep;
mod track;
mod views;

pub use changes::{Pair, compare, pairs};
pub use ground::footprint;
pub use import::{FlightError, Looked, NewFlight, attach, look, seal};
pub use media::{FileKind, MediaError, PICTURE_MAX};
pub use sweep::sweep;
pub use track::{Fix, TrackError};
pub use views::{ViewSize, file_path, view, view_size};
