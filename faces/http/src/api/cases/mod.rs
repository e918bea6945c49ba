//! Cases, for staff.

pub mod get_case;
pub mod get_case_contact;
pub mod list_case_events;
pub mod list_cases;
pub mod list_cases_within;
pub mod list_queues;
pub mod map_cases;
pub mod parts;
pub mod perform_action;
pub mod sealing;
