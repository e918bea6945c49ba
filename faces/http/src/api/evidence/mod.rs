//! Pictures.

pub mod get_evidence;
pub mod upload_evidence;
