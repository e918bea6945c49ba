//! The list of erasures: who was erased and when, ids alone, beside the database and in every backup.
//!
//! The database is its source. An older copy of the database does not know of later erasures: by the list they are done
//! again, before anything of it is served.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use model::{Clock, Instant, PartyId};
use sense::evidence::Files;
use sense::person;
use store::Store;

use crate::config::Config;
use crate::runtime::open_vault;
use crate::system::SystemClock;

/// Its name, in the data folder and in backups.
pub const FILE: &str = "erased";

/// Who was erased, and when it was noted.
pub type Erased = BTreeMap<PartyId, Instant>;

/// Reads a list; one that is not there names nobody.
pub fn read(path: &Path) -> anyhow::Result<Erased> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Erased::new()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let entry = |line: &str| {
        let (party, at) = line.split_once(' ')?;
        Some((party.parse::<PartyId>().ok()?, at.parse::<Instant>().ok()?))
    };
    let mut erased = Erased::new();
    for (number, line) in (1..).zip(text.lines()) {
        let (party, at) = entry(line).with_context(|| {
            format!("{}:{number} is not `ID TIME`; put a whole list of erasures in its place", path.display())
        })?;
        erased.insert(party, at);
    }
    Ok(erased)
}

/// Writes a list, whole or not at all, for its owner alone.
pub fn write(path: &Path, erased: &Erased) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut text = String::new();
    for (party, at) in erased {
        writeln!(text, "{party} {at}")?;
    }
    let partial = path.with_extension("part");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path).with_context(|| format!("{} cannot be written", path.display()))
}

/// Notes in the data folder whoever has been erased since the last time; the whole list.
pub fn note(store: &Store, data: &Path, now: Instant) -> anyhow::Result<Erased> {
    let path = data.join(FILE);
    let mut list = read(&path)?;
    let known = list.len();
    for party in store.read_blocking(|reader| reader.list_erased())? {
        list.entry(party).or_insert(now);
    }
    if list.len() > known {
        write(&path, &list)?;
    }
    Ok(list)
}

/// Erases whoever the list of the data folder names and the database brought back; how many.
pub fn erase_again(config: &Config, store: &Store) -> anyhow::Result<usize> {
    let list = read(&config.data.join(FILE))?;
    let done = store.read_blocking(|reader| reader.list_erased())?;
    let (vault, files) = (Arc::new(open_vault(config)?), Arc::new(Files::open(&config.evidence_folder())?));
    let mut again = 0;
    for party in list.keys().filter(|party| !done.contains(party)) {
        let is_erased = person::erase_again(store, &vault, &files, *party, SystemClock.now())
            .with_context(|| format!("{party} was erased and cannot be erased again; do not serve this copy"))?;
        again += usize::from(is_erased);
    }
    Ok(again)
}
