//! Backups after their days: what was erased must not stay readable in old copies (PIPL article 47).
//!
//! A backup is known by its manifest and by the key of the city's ledger in it, never by its name or the times of its
//! files. What is not a whole backup of this very city is left alone, and said.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::Context;
use model::Instant;

use crate::commands::manifest::Manifest;
use crate::config::Config;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The public key of the city's ledger, in the data folder and in each of its backups: another city has another.
const CITY_KEY: &str = "ledger/key";

/// Removes backups beside a new one that are older than their days, and says which. False when one stays that should go.
pub fn remove(config: &Config, new: &Path, days: NonZeroU32, now: Instant) -> anyhow::Result<bool> {
    let city = fs::read_to_string(config.data.join(CITY_KEY))
        .context("this city has no ledger key yet: no backup can be known as its own")?;
    let before = now.plus_micros(-i64::from(days.get()) * DAY_US);
    let mut is_done = true;
    for folder in folders_beside(new)?.into_iter().filter(|folder| Manifest::is_in(folder)) {
        match age(&folder, &city, before) {
            Ok(Age::Young) => {}
            Ok(Age::Old(made_at)) => {
                fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
                println!("{}: made at {made_at}, older than {days} days, removed", folder.display());
            }
            Ok(Age::Foreign(why)) => eprintln!("{}: left alone: {why}", folder.display()),
            Err(error) => {
                is_done = false;
                eprintln!("{}: left alone, remove it by hand: {error:#}", folder.display());
            }
        }
    }
    Ok(is_done)
}

/// What to do with a backup.
enum Age {
    /// Its days are not over.
    Young,
    /// They are.
    Old(Instant),
    /// It is none of ours to judge.
    Foreign(&'static str),
}

fn age(folder: &Path, city: &str, before: Instant) -> anyhow::Result<Age> {
    if fs::read_to_string(folder.join(CITY_KEY)).ok().as_deref() != Some(city) {
        return Ok(Age::Foreign("it is not a backup of this city"));
    }
    let manifest = Manifest::read(folder)?;
    let made_at = manifest.made_at.context("it does not say when it was made: it is of an earlier version")?;
    if before <= made_at {
        return Ok(Age::Young);
    }
    manifest.check_whole(folder)?;
    Ok(Age::Old(made_at))
}

/// Backups of the same city beside one.
pub fn siblings(backup: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(city) = fs::read_to_string(backup.join(CITY_KEY)) else { return Ok(Vec::new()) };
    let mut beside = folders_beside(backup)?;
    beside.retain(|folder| {
        Manifest::is_in(folder) && fs::read_to_string(folder.join(CITY_KEY)).ok().as_ref() == Some(&city)
    });
    Ok(beside)
}

/// The folders beside one, by name, without it; links are not followed.
fn folders_beside(one: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let one = one.canonicalize()?;
    let Some(parent) = one.parent() else { return Ok(Vec::new()) };
    let mut folders = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.path() != one {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    const NOW: &str = "2026-11-27T00:00:00Z";

    /// A folder of backups, and the city they are of.
    fn city(home: &Path) -> Config {
        let config = Config { data: home.join("data"), ..Config::default() };
        fs::create_dir_all(config.data.join("ledger")).unwrap();
        fs::write(config.data.join(CITY_KEY), "city+1\n").unwrap();
        config
    }

    fn backup(home: &Path, name: &str, key: &str, made_at: &str) -> PathBuf {
        let folder = home.join("backups").join(name);
        fs::create_dir_all(folder.join("ledger")).unwrap();
        fs::write(folder.join(CITY_KEY), key).unwrap();
        fs::write(folder.join("dipper.db"), "rows").unwrap();
        Manifest::write(&folder, made_at.parse().unwrap()).unwrap();
        folder
    }

    #[test]
    fn whole_backups_of_this_city_go_after_their_days_and_nothing_else_does() {
        let home = tempfile::tempdir().unwrap();
        let (home, config) = (home.path(), city(home.path()));
        let new = backup(home, "new", "city+1\n", NOW);
        let old = backup(home, "2099-12-31", "city+1\n", "2026-11-19T23:59:59Z");
        let young = backup(home, "2001-01-01", "city+1\n", "2026-11-20T00:00:00Z");
        let foreign = backup(home, "foreign", "other+1\n", "2020-01-01T00:00:00Z");
        let (damaged, more) = (
            backup(home, "damaged", "city+1\n", "2020-01-01T00:00:00Z"),
            backup(home, "more", "city+1\n", "2020-01-01T00:00:00Z"),
        );
        let (earlier, notes) = (backup(home, "earlier", "city+1\n", NOW), home.join("backups/notes"));
        fs::write(damaged.join("dipper.db"), "rowz").unwrap();
        fs::write(more.join("thesis.txt"), "mine").unwrap();
        let text = fs::read_to_string(earlier.join("MANIFEST")).unwrap();
        fs::write(earlier.join("MANIFEST"), text.split_once('\n').unwrap().1).unwrap();
        fs::create_dir_all(&notes).unwrap();
        let link = home.join("backups/link");
        std::os::unix::fs::symlink(&old, &link).unwrap();

        let is_done = remove(&config, &new, NonZeroU32::new(7).unwrap(), NOW.parse().unwrap()).unwrap();
        assert!(!is_done, "what should go and stays is told");
        assert!(!old.exists());
        for kept in [&new, &young, &foreign, &damaged, &more, &earlier, &notes] {
            assert!(kept.is_dir(), "{}", kept.display());
        }
        assert!(Manifest::read(&earlier).unwrap().check(&earlier).is_ok(), "backups of earlier versions are restored");
        for folder in [damaged, more, earlier] {
            fs::remove_dir_all(folder).unwrap();
        }
        assert!(remove(&config, &new, NonZeroU32::new(7).unwrap(), NOW.parse().unwrap()).unwrap());
        let mut of_city = siblings(&new).unwrap();
        of_city.retain(|folder| folder.ends_with("2001-01-01"));
        assert_eq!((siblings(&new).unwrap().len(), of_city.len()), (1, 1));
    }
}
