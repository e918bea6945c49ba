//! Sense (感知): what happens. Reports from residents, patrols, the telephone and other programs, and
//! their pictures; applications for services, and what departments answer for them.
//!
//! A report is parsed at the door, placed on the grid, routed by the pack and opened as a case in one transaction.
//! This crate never speaks SQL or HTTP and never reads a clock.

pub mod alarms;
pub mod apply;
pub mod cameras;
pub mod correct;
pub mod departments;
pub mod device_alarms;
pub mod devices;
pub mod duplicates;
pub mod evidence;
pub mod extracts;
pub mod flights;
pub mod guardians;
pub mod import;
pub mod inspections;
pub mod looks;
pub mod material;
pub mod nearby;
pub mod organisations;
pub mod person;
pub mod picture;
pub mod prefill;
pub mod real_name;
pub mod report;
pub mod silences;
pub mod telemetry;
pub mod uploads;

use std::sync::Arc;

use identity::{LicenceTrust, Vault};
use model::Clock;
use pack::Packs;
use store::Store;

/// What every use-case of this crate needs.
#[derive(Clone)]
pub struct Context {
    /// Where events are.
    pub store: Store,
    /// The city's packs.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Seals contacts and answers.
    pub vault: Arc<Vault>,
    /// Where files are kept.
    pub files: Arc<evidence::Files>,
    /// Whose licences are taken as materials; nobody's where absent.
    pub trust: Option<Arc<LicenceTrust>>,
}
