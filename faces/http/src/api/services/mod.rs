//! Services: the catalogue, its search, a guide, and the catalogue for other programs.

pub mod cpsv;
pub mod export_catalogue;
pub mod finder;
pub mod get_catalogue;
pub mod get_service;
pub mod list_services;
