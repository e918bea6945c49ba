//! The list of erasures: who was erased and when, ids alone, beside the database and in every backup.
//!
//! The database is its source. An older copy of the database does not know of later erasures: by the list they are done
//! again, before anything of it is served.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
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

/// Clocks of processes that share a database are no further apart, microseconds: an erasure is looked for this far back.
const APART_US: i64 = 600_000_000;

/// The list in the data folder, as it is kept while a city runs: while nobody is erased, nothing is read of it or written.
pub struct Notes {
    path: PathBuf,
    /// The list, and the file it was last seen in.
    known: Option<(Erased, Option<Stamp>)>,
    /// The latest erasure that the list has.
    latest: Instant,
}

/// When a file was written, and its length: another one is another list.
type Stamp = (std::time::SystemTime, u64);

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl Notes {
    /// Those of a data folder. Nothing is read yet.
    pub fn of(data: &Path) -> Self {
        Self { path: data.join(FILE), known: None, latest: Instant::from_micros(0) }
    }

    /// Notes whoever has been erased since the last time; the whole list.
    pub fn note(&mut self, store: &Store) -> anyhow::Result<&Erased> {
        let is_first = self.known.is_none();
        let since = if is_first { Instant::from_micros(0) } else { self.latest.plus_micros(-APART_US) };
        let found = store.read_blocking(move |reader| reader.list_erased(since))?;
        let there = stamp(&self.path);
        let (mut list, mut is_written) = match self.known.take() {
            Some((list, before)) if before == there => (list, there.is_some()),
            // Somebody else wrote it, or it is gone: what is known goes on.
            Some((list, _)) => {
                let whole: Erased = read(&self.path)?.into_iter().chain(list).collect();
                (whole, false)
            }
            None => (read(&self.path)?, there.is_some()),
        };
        for (party, at) in found {
            self.latest = self.latest.max(at);
            is_written &= list.contains_key(&party);
            list.entry(party).or_insert(at);
        }
        if !is_written && !list.is_empty() {
            write(&self.path, &list)?;
        }
        let (list, _) = self.known.insert((list, stamp(&self.path)));
        Ok(&*list)
    }
}

/// Notes in the data folder whoever has been erased since the last time; the whole list.
pub fn note(store: &Store, data: &Path) -> anyhow::Result<Erased> {
    Ok(Notes::of(data).note(store)?.clone())
}

/// Erases whoever the list of the data folder names and the database brought back; how many.
pub fn erase_again(config: &Config, store: &Store) -> anyhow::Result<usize> {
    let list = read(&config.data.join(FILE))?;
    let done = store.read_blocking(|reader| reader.list_erased(Instant::from_micros(0)))?;
    let done: BTreeSet<PartyId> = done.into_iter().map(|(party, _)| party).collect();
    let (vault, files) = (Arc::new(open_vault(config)?), Arc::new(Files::open(&config.evidence_folder())?));
    let mut again = 0;
    for party in list.keys().filter(|party| !done.contains(party)) {
        let is_erased = person::erase_again(store, &vault, &files, *party, SystemClock.now())
            .with_context(|| format!("{party} was erased and cannot be erased again; do not serve this copy"))?;
        again += usize::from(is_erased);
    }
    Ok(again)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use store::{PartyRow, Tx};
    use testkit::on_both_databases;

    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::from_micros(minute * 60_000_000)
    }

    fn party(number: u128) -> PartyId {
        PartyId::new(at(0), number)
    }

    on_both_databases!(a_list_is_read_and_written_when_somebody_was_erased_and_not_otherwise, |database| {
        let store = database.store();
        let erase = |number: u128, minute: i64| {
            database
                .write_blocking(move |tx: &mut Tx| {
                    tx.record_party(&PartyRow::resident(party(number), &format!("p{number}"), "x", at(0)))?;
                    tx.record_erasure(party(number), at(minute))
                })
                .unwrap();
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        // A list is written as another file each time.
        let file = || fs::metadata(&path).ok().map(|found| found.ino());
        let mut notes = Notes::of(folder.path());
        assert!(notes.note(store).unwrap().is_empty());
        assert_eq!(file(), None, "nobody was erased");
        erase(1, 100);
        assert_eq!(notes.note(store).unwrap(), &Erased::from([(party(1), at(100))]));
        let first = file();
        notes.note(store).unwrap();
        assert_eq!(file(), first, "written once");
        // Nothing is read of it either: a line that cannot be read, in a file that looks the same, is not noticed.
        let (text, time) = (fs::read_to_string(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        fs::write(&path, "x".repeat(text.len())).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        notes.note(store).unwrap();
        fs::write(&path, &text).unwrap();
        assert_eq!(notes.note(store).unwrap().len(), 1, "another file is read again");
        // Written by a process whose clock is behind, and committed later.
        erase(2, 95);
        assert_eq!(notes.note(store).unwrap().len(), 2);
        let since = notes.latest.plus_micros(-APART_US);
        erase(3, 200);
        notes.note(store).unwrap();
        assert!(since < notes.latest.plus_micros(-APART_US), "what is long past is not asked for again");
        fs::remove_file(&path).unwrap();
        assert_eq!(notes.note(store).unwrap().len(), 3);
        assert_eq!(read(&path).unwrap().len(), 3, "a list that was taken away is there again");
        assert_eq!(note(store, folder.path()).unwrap().len(), 3, "and a new process has the same");
    });
}
