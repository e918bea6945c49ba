//! `dipper lake verify`: every file of readings against its digest and its record in the log.

use std::path::Path;
use std::process::ExitCode;

use lake::outside::{Named, check, list};
use lake::{LakeError, Objects};
use store::Store;

use crate::config::Config;
use crate::runtime::open_store;

/// What became of a file that was looked at.
enum Seen {
    Right,
    /// It is right, and its record comes within seconds.
    Untold,
    /// It was let go, or merged into another, while this ran.
    Gone,
    Fault(String),
}

/// Checks every file, and says which are not what was recorded.
pub fn verify(config: &Config) -> anyhow::Result<ExitCode> {
    let folder = config.data.join("lake");
    if !folder.exists() {
        println!("{} has no readings", config.data.display());
        return Ok(ExitCode::SUCCESS);
    }
    let store = open_store(config)?;
    let outcome = config.lake_objects().and_then(|objects| verify_folder(&folder, objects.as_ref(), &store));
    store.close();
    outcome
}

/// The same, of a folder.
pub fn verify_folder(folder: &Path, objects: Option<&Objects>, store: &Store) -> anyhow::Result<ExitCode> {
    let (mut right, mut untold, mut faults) = (0_u64, 0_u64, 0_u64);
    for named in list(folder)? {
        match look(folder, objects, store, &named)? {
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
        folder.display()
    );
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn look(folder: &Path, objects: Option<&Objects>, store: &Store, named: &Named) -> anyhow::Result<Seen> {
    if let Err(error) = check(folder, named, objects) {
        let is_missing = matches!(error, LakeError::Missing { .. });
        let is_named = list(folder)?.iter().any(|now| now.sha256 == named.sha256);
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
