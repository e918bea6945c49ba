//! Resumable uploads: tus 1.0 (<https://tus.io/protocols/resumable-upload>), the core with creation,
//! creation-with-upload, expiration, checksum and termination.

pub mod create_upload;
pub mod parts;
pub mod piece;
pub mod state;
