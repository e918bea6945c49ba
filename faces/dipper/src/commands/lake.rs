//! `dipper lake verify`: every file of readings against its digest and its record in the log.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use lake::outside::{self, Named, check, list, list_shared};
use lake::{LakeError, Objects, Options};
use store::Store;

use crate::config::Config;
use crate::runtime::open_store;
use crate::sensing::share;
use crate::system::SystemClock;

/// What became of a file that was looked at.
enum Seen {
    Right,
    /// It is right, and its record comes within seconds.
    Untold,
    /// It was let go, or merged into another, while this ran.
    Gone,
    Fault(String),
}

/// What is said where readings are shared and the store is not named.
const STORE: &str = "readings that several processes share lie in a store; name it by --lake-store";

/// Gives the readings of the data folder to all processes of the city, which share them by NATS from then on.
pub fn share(config: &Config) -> anyhow::Result<ExitCode> {
    let folder = config.data.join("lake");
    if !folder.join("manifest").exists() {
        bail!("{} has no readings to share; several processes may begin with --nats at once", config.data.display());
    }
    let store = open_store(config)?;
    let outcome = share_folder(config, &folder, &store);
    store.close();
    let files = outcome?;
    println!("{files} files of readings are shared; begin every process with the same --nats and --lake-store");
    Ok(ExitCode::SUCCESS)
}

fn share_folder(config: &Config, folder: &Path, store: &Store) -> anyhow::Result<u64> {
    let sharing = share::sharing(config, store, &SystemClock)?.context("name the servers of NATS by --nats")?;
    let objects = config.lake_objects()?.context(STORE)?;
    // Its days are those it was made with.
    let zone_offset_s = outside::zone_offset_s(folder)?;
    let options = Options { objects: Some(objects), zone_offset_s, ..Options::default() };
    Ok(outside::share(folder, options, &sharing, Arc::new(SystemClock))?)
}

/// Checks every file, and says which are not what was recorded.
pub fn verify(config: &Config) -> anyhow::Result<ExitCode> {
    let folder = config.data.join("lake");
    if config.nats.is_none() && !folder.exists() {
        println!("{} has no readings", config.data.display());
        return Ok(ExitCode::SUCCESS);
    }
    let store = open_store(config)?;
    let outcome = verify_configured(config, &folder, &store);
    store.close();
    outcome
}

fn verify_configured(config: &Config, folder: &Path, store: &Store) -> anyhow::Result<ExitCode> {
    let objects = config.lake_objects()?;
    match share::sharing(config, store, &SystemClock)? {
        None => verify_folder(folder, objects.as_ref(), store),
        Some(sharing) => {
            let objects = objects.context(STORE)?;
            verify_files(folder, &|| list_shared(&*sharing.manifests), Some(&objects), store)
        }
    }
}

/// The same, of a folder.
pub fn verify_folder(folder: &Path, objects: Option<&Objects>, store: &Store) -> anyhow::Result<ExitCode> {
    verify_files(folder, &|| list(folder), objects, store)
}

/// What says which files there are now.
type List<'a> = &'a dyn Fn() -> Result<Vec<Named>, LakeError>;

fn verify_files(folder: &Path, list: List, objects: Option<&Objects>, store: &Store) -> anyhow::Result<ExitCode> {
    let (mut right, mut untold, mut faults) = (0_u64, 0_u64, 0_u64);
    for named in list()? {
        match look(folder, list, objects, store, &named)? {
            Seen::Right => right += 1,
            Seen::Untold => untold += 1,
            Seen::Gone => {}
            Seen::Fault(words) => {
                eprintln!("{words}");
                faults += 1;
            }
        }
    }
    println!(
        "{}: {right} files are what the log recorded, {untold} are not recorded yet, {faults} are not right",
        objects.map_or_else(|| folder.display().to_string(), |objects| objects.url().to_owned())
    );
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn look(folder: &Path, list: List, objects: Option<&Objects>, store: &Store, named: &Named) -> anyhow::Result<Seen> {
    if let Err(error) = check(folder, named, objects) {
        let is_missing = matches!(error, LakeError::Missing { .. });
        let is_named = list()?.iter().any(|now| now.sha256 == named.sha256);
        return Ok(if is_missing && !is_named { Seen::Gone } else { Seen::Fault(error.to_string()) });
    }
    let subject = model::LakeFileSealed::subject_of(&named.sha256);
    if !store.read_blocking(move |db| db.list_records(&subject, None, 1))?.is_empty() {
        return Ok(Seen::Right);
    }
    if named.is_untold {
        return Ok(Seen::Untold);
    }
    Ok(Seen::Fault(format!("{}: no record of the log has its digest {}", named.file, named.sha256)))
}
