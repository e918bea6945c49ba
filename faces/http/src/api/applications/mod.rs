//! Applications for services, from the form to who looked at the answers.

pub mod apply_for_service;
pub mod ask_to_present;
pub mod correct_application;
pub mod delete_draft;
pub mod fetch_prefill;
pub mod get_case_application;
pub mod get_draft;
pub mod get_prefill;
pub mod get_report_application;
pub mod get_service_form;
pub mod list_accesses;
pub mod list_drafts;
pub mod parts;
pub mod save_draft;
