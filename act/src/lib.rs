//! Act: who does what.
