//! Electronic licences of residents.

pub mod copy_licence;
pub mod get_licence;
pub mod list_licences;
pub mod print_licence;
pub mod view;
