//! Loading a pack: read every file, check everything, and only then hand out a city.

use std::path::Path;

use model::{AlarmRuleId, PackHash};

use crate::city::{AlarmRule, City, hash};
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

/// Whoever reads the conditions of alarm rules: says what is wrong with one.
pub type Judge<'a> = &'a dyn Fn(&City, &AlarmRuleId, &AlarmRule) -> Result<(), String>;

/// Loads and checks the pack in a folder, but for the conditions of its alarm rules, which [`load_judged`] has read.
///
/// # Errors
/// As [`load_judged`].
pub fn load(dir: &Path) -> Result<Loaded, Faults> {
    load_judged(dir, &|_, _, _| Ok(()))
}

/// Loads and checks the pack in a folder; `judge` reads the conditions of its alarm rules.
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
