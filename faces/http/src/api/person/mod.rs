//! A person's own data: the copy to take along, and erasure.

pub mod erase_person;
pub mod export_person;
pub mod get_identity;
pub mod prove_identity;
pub mod update_person;
