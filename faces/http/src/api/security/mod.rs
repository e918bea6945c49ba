//! Ways to sign in, as their owner sees and changes them.

pub mod add_passkey;
pub mod ask_to_add_passkey;
pub mod confirm_authenticator;
pub mod get_security;
pub mod make_authenticator;
pub mod remove_authenticator;
pub mod remove_passkey;
pub mod set_password;
pub mod sign_out_elsewhere;
pub mod unlink_upstream;
