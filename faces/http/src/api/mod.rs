//! `/api/v1`: one file per endpoint, grouped by resource.

pub mod account;
pub mod alarms;
pub mod applications;
pub mod cameras;
pub mod cases;
pub mod city;
pub mod control;
pub mod counter;
pub mod devices;
pub mod evidence;
pub mod extracts;
pub mod hospitals;
pub mod kiosk;
pub mod licences;
pub mod mandates;
pub mod notifications;
pub mod openid;
pub mod payments;
pub mod person;
pub mod place;
pub mod reports;
pub mod security;
pub mod services;
pub mod session;
pub mod stream;
pub mod visits;
