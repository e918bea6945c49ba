//! Signing in and out.

pub mod ask_to_register;
pub mod ask_to_sign_in;
pub mod begin_upstream;
pub mod get_session;
pub mod passkeys;
pub mod register_by_passkey;
pub mod register_resident;
pub mod sign_in;
pub mod sign_in_by_passkey;
pub mod sign_out;
pub mod view;
