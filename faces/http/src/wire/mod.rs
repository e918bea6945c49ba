//! What goes over the wire: the JSON of `/api/v1`, one file per resource.
//!
//! These types are the locked contract of the web faces (`openapi.json`). They are written by hand, never derived
//! from rows or events, so that a change of the store or of the event language cannot change the wire by accident.
//! Nothing here decides anything.

mod account;
mod accountability;
mod alarms;
mod applications;
mod cameras;
mod cases;
mod city;
mod common;
mod control;
mod counter;
mod devices;
mod events;
mod evidence;
mod extracts;
mod field;
mod hospitals;
mod inspections;
mod kiosk;
mod licences;
mod mandates;
mod map;
mod notifications;
mod openid;
mod pack;
mod payments;
mod person;
mod place;
mod prefill;
mod records;
mod reports;
mod security;
mod services;
mod session;
mod stream;
mod tiles;
mod visits;

pub use account::*;
pub use accountability::*;
pub use alarms::*;
pub use applications::*;
pub use cameras::*;
pub use cases::*;
pub use city::*;
pub use common::*;
pub use control::*;
pub use counter::*;
pub use devices::*;
pub use events::*;
pub use evidence::*;
pub use extracts::*;
pub use field::*;
pub use hospitals::*;
pub use inspections::*;
pub use kiosk::*;
pub use licences::*;
pub use mandates::*;
pub use map::*;
pub use notifications::*;
pub use openid::*;
pub use pack::*;
pub use payments::*;
pub use person::*;
pub use place::*;
pub use prefill::*;
pub use records::*;
pub use reports::*;
pub use security::*;
pub use services::*;
pub use session::*;
pub use stream::*;
pub use tiles::*;
pub use visits::*;
