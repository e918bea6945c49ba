//! Loading a pack: read every file, check everything, and only then hand out a city.

use std::path::Path;

use model::{AlarmRuleId, FormId, PackHash};

use crate::city::{AlarmRoute, AlarmRule, City, hash};
use crate::faults::{Fault, Faults, Report};
use crate::gazetteer::NamedShape;
use crate::scenario::Scenario;
use crate::{check, lower, source};

/// A pack that passed every check.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The city it declares.
    pub city: City,
    /// The city's hash.
    pub hash: PackHash,
    /// What its base map names; not part of the hash, since no rule hangs on it.
    pub shapes: Vec<NamedShape>,
    /// What is odd, though usable.
    pub warnings: Vec<Fault>,
    /// Its scenario tests, to be played by the case engine.
    pub scenarios: Vec<Scenario>,
}

/// What this crate reads as text and does not understand.
#[derive(Debug, Clone, Copy)]
pub enum Judged<'a> {
    /// A rule over readings: its conditions and spans.
    Rule(&'a AlarmRuleId, &'a AlarmRule),
    /// A route of notices: its severity and spans.
    Route(&'a FormId, &'a AlarmRoute),
}

/// Whoever understands alarms: says what is wrong with a rule or a route of notices.
pub type Judge<'a> = &'a dyn Fn(&City, Judged<'_>) -> Result<(), String>;

/// Loads and checks the pack in a folder, but for what alarm rules and routes of notices say in text, which [`load_judged`] has read.
///
/// # Errors
/// As [`load_judged`].
pub fn load(dir: &Path) -> Result<Loaded, Faults> {
    load_judged(dir, &|_, _| Ok(()))
}

/// Loads and checks the pack in a folder; `judge` reads what its alarm rules and routes of notices say in text.
///
/// # Errors
/// [`Faults`]: everything found wrong, in order of file and line. Faults that only follow from other faults are left
/// out as far as that can be told.
pub fn load_judged(dir: &Path, judge: Judge<'_>) -> Result<Loaded, Faults> {
    let mut report = Report::default();
    let folder = source::files::read(dir, &mut report);
    let city = lower::lower(&folder, &mut report);
    check::check(&folder, city.as_ref(), judge, &mut report);
    let (faults, warnings) = report.finish();
    match city {
        Some(city) if faults.is_empty() => {
            Ok(Loaded { hash: hash(&city), city, shapes: folder.shapes, warnings, scenarios: folder.scenarios })
        }
        _ => Err(Faults(faults)),
    }
}
