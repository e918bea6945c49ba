//! Reports, for residents and whoever files them.

pub mod act_on_report;
pub mod file_report;
pub mod get_report;
pub mod join_report;
pub mod list_my_reports;
pub mod list_public_cases;
pub mod parts;
pub mod suggest_duplicates;
