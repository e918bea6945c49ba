//! Signing in to other programs, as the person sees it.

pub mod decide_authorization;
pub mod get_authorization;
pub mod list_consents;
pub mod parts;
pub mod sign_out_onward;
pub mod withdraw_consent;
