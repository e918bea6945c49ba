//! `dipper pack`: checking a city before it is used.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use pack::Loaded;

/// Loads a pack, or says how many faults it has after printing each.
pub fn load(folder: &Path) -> anyhow::Result<Loaded> {
    match pack::load_judged(folder, &crate::sensing::rules::judge) {
        Ok(loaded) => Ok(loaded),
        Err(faults) => {
            eprint!("{faults}");
            bail!("the pack {} does not pass its check", folder.display())
        }
    }
}

/// Prints every fault with file and line; exit code 1 when there is one.
pub fn check(folder: &Path) -> anyhow::Result<ExitCode> {
    let loaded = load(folder)?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let city = &loaded.city;
    println!(
        "{}: {} regions, {} offices, {} roles, {} categories, {} processes, {} calendars, {} services, {} classes of devices, {} alarm rules; hash {}",
        city.id,
        city.regions.len(),
        city.offices.len(),
        city.roles.len(),
        city.categories.len(),
        city.processes.len(),
        city.calendars.len(),
        city.services.len(),
        city.devices.len(),
        city.alarm_rules.len(),
        loaded.hash
    );
    Ok(ExitCode::SUCCESS)
}
