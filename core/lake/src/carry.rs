//! Carrying rolled files to the object store, by a thread of its own: a store that is slow or away holds up neither
//! readings nor rolling.
//!
//! A file is put there first, then the manifest says that the store has it; what a stop between leaves is removed when the
//! store is next attached. An object is removed after the manifest no longer names it.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use model::Instant;

use crate::commit::Change;
use crate::day::HOUR_US;
use crate::error::LakeError;
use crate::file::{Rolled, index_name, index_object, name};
use crate::manifest::{Kind, Manifest, StoreRef, digest};
use crate::objects::Objects;
use crate::roll::FOLDERS;
use crate::shared::{Call, Shared};

/// The object that says whose files are beside it.
const OWNER: &str = "lake";

/// How long to wait after a store did not answer; twice as long each time.
const RETRY: Duration = Duration::from_secs(5);
/// But no longer than this.
const RETRY_MOST: Duration = Duration::from_secs(300);

/// Of lakes that share a store, objects that no manifest names are left alone for so long.
const SPARED_US: i64 = 24 * HOUR_US;

impl Shared {
    /// Puts what the object store has not there, removes there what no longer counts, and leaves as much of it on the
    /// disk as may stay.
    pub fn carry(&self) -> Result<(), LakeError> {
        let Some(objects) = &self.options.objects else { return Ok(()) };
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        if !*attached {
            self.attach(objects)?;
            *attached = true;
        }
        for file in self.files().iter().filter(|file| file.objects().is_none()) {
            self.carry_one(objects, file)?;
        }
        objects.remove_doomed()?;
        self.leave()
    }

    /// Sees to it that the store is this lake's, at opening: one that does not answer is seen to later.
    pub fn attach_first(&self) -> Result<(), LakeError> {
        let Some(objects) = &self.options.objects else { return Ok(()) };
        let was_used = self.keep().store.is_some();
        let attached = match self.attach(objects) {
            // Another lake that shares it said first whose it is.
            Err(LakeError::Overtaken) => self.attach(objects),
            attached => attached,
        };
        match attached {
            Err(error) if was_used && error.is_of_store() => {
                tracing::error!(%error, "the object store of the readings is not there; the lake opens without it");
            }
            done => {
                done?;
                *self.attached.lock().unwrap_or_else(PoisonError::into_inner) = true;
            }
        }
        self.carrier.ring();
        Ok(())
    }

    fn attach(&self, objects: &Objects) -> Result<(), LakeError> {
        let found = objects.find(OWNER)?;
        let known = self.keep().store.clone();
        let mut has_files = known.is_some() && self.files().iter().any(|file| file.objects().is_some());
        let lake = match known {
            Some(store) => store.lake,
            None if found.is_some() => return Err(LakeError::StoreTaken { url: objects.url().to_owned() }),
            None => {
                // Said in the manifest first: should this stop here, the store is known to be ours.
                let seed = format!("{} {} {}", self.folder.display(), objects.url(), self.clock.now().as_micros());
                let lake = digest(seed.as_bytes());
                let store = StoreRef { url: objects.url().to_owned(), lake: lake.clone() };
                self.commit(&mut self.keep(), Change { store: Some(store), ..Change::default() })?;
                has_files = false;
                lake
            }
        };
        match found {
            Some(found) if found == lake.as_bytes() => self.sweep_store(objects),
            Some(_) => Err(LakeError::StoreTaken { url: objects.url().to_owned() }),
            // What should be there is not: an emptied store, or another one.
            None if has_files => Err(LakeError::Missing { file: objects.address(OWNER).into() }),
            None if objects.put_new(OWNER, Bytes::from(lake.clone().into_bytes()))? => Ok(()),
            // Another lake that shares it may have put it there meanwhile.
            None if objects.find(OWNER)?.is_some_and(|found| found == lake.as_bytes()) => Ok(()),
            None => Err(LakeError::StoreTaken { url: objects.url().to_owned() }),
        }
    }

    /// Removes what no manifest names from the store. It is this lake's, and nobody carries meanwhile.
    fn sweep_store(&self, objects: &Objects) -> Result<(), LakeError> {
        let mut found = Vec::new();
        for folder in FOLDERS {
            found.extend(objects.list(folder)?);
        }
        let named = stored(&self.keep());
        // What another lake is putting there is not named yet.
        let spared = self.shares.is_some().then(|| self.clock.now().plus_micros(-SPARED_US));
        let is_spared = |put_at: Instant| spared.is_some_and(|since| put_at >= since);
        let unnamed = found.iter().filter(|(name, put_at)| !named.contains(name) && !is_spared(*put_at));
        for (name, _) in unnamed {
            tracing::info!(object = objects.address(name), "an object that no manifest names is removed");
            objects.remove(name)?;
        }
        Ok(())
    }

    /// How many rolled files the object store has not.
    pub fn waiting_files(&self) -> usize {
        self.files().iter().filter(|file| file.objects().is_none()).count()
    }

    fn files(&self) -> Vec<Arc<Rolled>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.days.values().flat_map(|day| day.raw.iter().chain(&day.hourly)).cloned().collect()
    }

    fn carry_one(&self, objects: &Objects, file: &Arc<Rolled>) -> Result<(), LakeError> {
        let name = name(&file.entry);
        let bytes = file.read_whole()?;
        let index_path = index_name(&file.path);
        let index = std::fs::read(&index_path).map_err(LakeError::io(&index_path))?;
        if crc32fast::hash(&index) != file.entry.index_check {
            let what = "the index is not what was written";
            return Err(LakeError::Damaged { file: index_path, offset: 0, what });
        }
        objects.put(&index_object(&name), index.into())?;
        objects.put(&name, bytes)?;
        let mut manifest = self.keep();
        if manifest.files.iter().any(|entry| entry.number == file.entry.number) {
            return self.commit(&mut manifest, Change { carried: vec![file.entry.number], ..Change::default() });
        }
        // It was merged into another one, or let go, while it was carried.
        objects.doom(index_object(&name));
        objects.doom(name);
        Ok(())
    }

    /// Removes from the disk what the store has, the oldest days first, until what is left may stay.
    fn leave(&self) -> Result<(), LakeError> {
        let mut local: Vec<Arc<Rolled>> = self.files();
        local.retain(|file| file.objects().is_some() && file.is_local());
        local.sort_by_key(|file| (file.entry.kind == Kind::Raw, file.entry.day, file.entry.number));
        let mut bytes: u64 = local.iter().map(|file| file.entry.bytes).sum();
        for file in local.iter().filter(|file| file.entry.kind == Kind::Raw) {
            if bytes <= self.options.local_bytes {
                break;
            }
            bytes -= file.entry.bytes;
            file.leave()?;
        }
        Ok(())
    }
}

/// Names of the objects that a manifest says the store has.
fn stored(manifest: &Manifest) -> HashSet<String> {
    let names = manifest.files.iter().filter(|entry| entry.in_store).map(name);
    names.flat_map(|name| [index_object(&name), name]).collect()
}

/// The thread that carries.
pub(crate) fn run(shared: &Shared, every: Duration) {
    let mut patience = every;
    let mut is_away = false;
    loop {
        if shared.carrier.wait(patience) == Call::Stop {
            return;
        }
        match shared.carry() {
            Ok(()) if is_away => {
                shared.away_since.store(i64::MIN, Ordering::Release);
                tracing::info!("the object store of the readings has every file again");
                (is_away, patience) = (false, every);
            }
            Ok(()) => patience = every,
            Err(error) => {
                tracing::error!(%error, "files of readings stay on the disk; they are carried to the object store later");
                patience = if is_away { patience.saturating_mul(2) } else { RETRY }.min(RETRY_MOST);
                if !is_away {
                    shared.away_since.store(shared.clock.now().as_micros(), Ordering::Release);
                }
                is_away = true;
            }
        }
    }
}
