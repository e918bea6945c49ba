//! Acting for others.

pub mod claim_organisation;
pub mod confirm_mandate;
pub mod end_mandate;
pub mod find_children;
pub mod find_mandate;
pub mod list_children;
pub mod list_mandates;
pub mod list_organisations;
pub mod offer_mandate;
pub mod parts;
pub mod take_mandate;
