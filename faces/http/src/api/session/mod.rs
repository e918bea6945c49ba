//! Signing in and out.

pub mod get_session;
pub mod register_resident;
pub mod sign_in;
pub mod sign_out;
pub mod view;
