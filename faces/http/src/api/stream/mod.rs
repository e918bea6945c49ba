//! Live changes.

pub mod stream_changes;
