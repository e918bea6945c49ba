//! Making a change count: in the manifest first, then for queries.
//!
//! The manifest of one lake is a file. That of lakes that share a stream is compared and set, and a change that no longer
//! fits what another lake did is given up: whoever tried looks again.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use model::Instant;

use crate::error::LakeError;
use crate::file::{Rolled, name};
use crate::hot::Table;
use crate::latest;
use crate::manifest::{Entry, LatestFile, Manifest, Sealed, StoreRef};
use crate::shared::{Days, Shared};
use crate::stream::{Shares, parse};

/// Numbers of files that a lake sets aside at a time.
const NUMBERS: u64 = 64;

/// A change that still fits is tried so often while others change the manifest as well.
const TRIES: usize = 50;

/// What another lake ended and did not roll within this time is rolled by whoever sees it.
const OVERDUE_US: i64 = 5 * 60 * 1_000_000;

/// What a step changes.
#[derive(Default)]
pub(crate) struct Change {
    pub added: Vec<Entry>,
    pub removed: Vec<u64>,
    pub rolled_through: Option<u64>,
    pub latest: Option<LatestFile>,
    /// Up to where sealed files need not be told any more.
    pub told_through: u64,
    /// Files that the object store has now.
    pub carried: Vec<u64>,
    pub store: Option<StoreRef>,
    /// Numbers of files that are set aside.
    pub numbers: u64,
}

impl Change {
    /// The manifest with it.
    fn applied(&self, manifest: &Manifest) -> Manifest {
        let mut next = manifest.clone();
        next.next_number += self.numbers;
        next.files.retain(|entry| !self.removed.contains(&entry.number));
        for entry in &self.added {
            next.sealed_through += 1;
            next.sealed.push(Sealed {
                position: next.sealed_through,
                file: name(entry),
                sha256: entry.sha256.clone(),
                rows: entry.rows,
                from_us: entry.from_us,
                to_us: entry.to_us,
            });
        }
        next.files.extend(self.added.iter().cloned());
        next.files.sort_by_key(|entry| (entry.day, entry.kind, entry.number));
        next.sealed.retain(|sealed| sealed.position > self.told_through);
        next.rolled_through = self.rolled_through.unwrap_or(next.rolled_through);
        next.latest = self.latest.clone().or(next.latest);
        next.store = self.store.clone().or(next.store);
        for entry in next.files.iter_mut().filter(|entry| self.carried.contains(&entry.number)) {
            entry.in_store = true;
        }
        next
    }

    /// Whether it still means what it meant when another lake has changed the manifest meanwhile.
    fn fits(&self, before: &Manifest, now: &Manifest) -> bool {
        let has = |number: &u64| now.files.iter().any(|entry| entry.number == *number);
        // Of two files of a day the one with the greater number is right: what is rolled later needs greater ones.
        let is_next = before.rolled_through == now.rolled_through && before.next_number == now.next_number;
        self.removed.iter().all(has)
            && (self.rolled_through.is_none() || is_next)
            && (self.store.is_none() || now.store.is_none())
    }

    /// Whether the manifest has it already.
    fn is_in(&self, manifest: &Manifest) -> bool {
        let has = |entry: &Entry| manifest.files.iter().any(|other| other == entry);
        !self.added.is_empty() && self.added.iter().all(has)
    }
}

impl Shared {
    /// Makes a change count: in the manifest first, then for queries.
    pub fn commit(&self, manifest: &mut Manifest, change: Change) -> Result<(), LakeError> {
        let next = match &self.shares {
            None => {
                let next = change.applied(manifest);
                self.write_manifest(&next)?;
                next
            }
            Some(shares) => match self.swap(shares, manifest, &change) {
                Err(LakeError::Overtaken) => {
                    for entry in change.added {
                        self.rolled(entry).doom();
                    }
                    return Err(LakeError::Overtaken);
                }
                next => next?,
            },
        };
        manifest.clone_from(&next);
        self.adopt(next, &change.removed);
        if !change.added.is_empty() {
            self.carrier.ring();
        }
        Ok(())
    }

    /// Sets the manifest that others share; what they changed meanwhile is taken over.
    fn swap(&self, shares: &Shares, manifest: &mut Manifest, change: &Change) -> Result<Manifest, LakeError> {
        let away = |message| LakeError::Manifests { message };
        for _ in 0..TRIES {
            let (next, known) = (change.applied(manifest), shares.known());
            if shares.sharing.manifests.swap(known, &next.to_text()).map_err(away)? {
                shares.version.store(known + 1, Ordering::Release);
                return Ok(next);
            }
            let Some((version, text)) = shares.sharing.manifests.read(0).map_err(away)? else {
                return Err(away("the manifest of the readings is gone from the database".to_owned()));
            };
            let fresh = parse(&text)?;
            let (is_in, fits) = (change.is_in(&fresh), change.fits(manifest, &fresh));
            shares.version.store(version, Ordering::Release);
            manifest.clone_from(&fresh);
            if is_in {
                // What was said to have failed had been done.
                return Ok(fresh);
            }
            if !fits {
                self.adopt(fresh, &[]);
                return Err(LakeError::Overtaken);
            }
        }
        Err(LakeError::Overtaken)
    }

    /// Takes in what other lakes changed.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub fn refresh(&self) -> Result<(), LakeError> {
        let Some(shares) = &self.shares else { return Ok(()) };
        let mut manifest = self.keep();
        let newer =
            shares.sharing.manifests.read(shares.known()).map_err(|message| LakeError::Manifests { message })?;
        if let Some((version, text)) = newer {
            let fresh = parse(&text)?;
            shares.version.store(version, Ordering::Release);
            manifest.clone_from(&fresh);
            self.adopt(fresh, &[]);
        }
        Ok(())
    }

    /// Lets queries see a manifest; of the files it no longer names, those removed here go from the store as well.
    fn adopt(&self, manifest: Manifest, removed: &[u64]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let known = state.days.values().flat_map(|day| day.raw.iter().chain(&day.hourly));
        let mut known: HashMap<u64, Arc<Rolled>> = known.map(|file| (file.entry.number, Arc::clone(file))).collect();
        let mut days = Days::new();
        for entry in &manifest.files {
            let file = known.remove(&entry.number).unwrap_or_else(|| self.rolled(entry.clone()));
            if entry.in_store {
                file.set_in_store(true);
            }
            days.entry(entry.day).or_default().of_mut(entry.kind).push(file);
        }
        for (number, file) in known {
            if removed.contains(&number) { file.doom() } else { file.forget() }
        }
        state.days = Arc::new(days);
        state.ended.retain(|table| table.segment > manifest.rolled_through);
        state.manifest = Arc::new(manifest);
        let hot = state.hot_readings();
        drop(state);
        self.queue.set_hot(hot);
    }

    /// A file of the manifest.
    pub fn rolled(&self, entry: Entry) -> Arc<Rolled> {
        Rolled::new(entry, &self.folder, Arc::clone(&self.shelf), &self.options)
    }

    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), LakeError> {
        let (path, draft) = (self.folder.join("manifest"), self.folder.join("manifest.draft"));
        let disk = &self.options.disk;
        disk.write(&draft, manifest.to_text().as_bytes()).map_err(LakeError::io(&draft))?;
        disk.rename(&draft, &path).map_err(LakeError::io(&path))?;
        disk.sync_folder(&self.folder).map_err(LakeError::io(&self.folder))
    }

    /// Numbers set aside before are not used any more: files of a later step have greater ones.
    pub fn begin_numbers(&self) {
        if let Some(shares) = &self.shares {
            *shares.numbers.lock().unwrap_or_else(PoisonError::into_inner) = 0..0;
        }
    }

    /// The number of a new file. It is never used twice, not even after a failure.
    pub fn next_number(&self, manifest: &mut Manifest) -> Result<u64, LakeError> {
        let Some(shares) = &self.shares else {
            manifest.next_number += 1;
            return Ok(manifest.next_number - 1);
        };
        if let Some(number) = shares.number() {
            return Ok(number);
        }
        self.commit(manifest, Change { numbers: NUMBERS, ..Change::default() })?;
        let first = manifest.next_number - NUMBERS;
        *shares.numbers.lock().unwrap_or_else(PoisonError::into_inner) = first + 1..manifest.next_number;
        Ok(first)
    }

    /// Which of the tables that ended are rolled here: of a stream those that this lake ended, and what is overdue.
    pub fn to_roll<'a>(&self, ended: &'a [Arc<Table>], now: Instant) -> &'a [Arc<Table>] {
        let is_due = |table: &Arc<Table>| {
            table.ended_by.is_none_or(|(is_ours, at)| is_ours || now.micros_since(at) >= OVERDUE_US)
        };
        &ended[..ended.iter().rposition(is_due).map_or(0, |last| last + 1)]
    }

    /// Keeps the latest values where whoever opens the lake finds them.
    pub fn keep_latest(&self, number: u64, bytes: &[u8]) -> Result<(), LakeError> {
        if let (Some(_), Some(objects)) = (&self.shares, &self.options.objects) {
            return objects.put(&latest::name(number), bytes.to_vec().into());
        }
        let path = self.folder.join(latest::name(number));
        self.options.disk.write(&path, bytes).map_err(LakeError::io(&path))
    }

    /// Removes from the stream what is in files; false when there is no stream.
    pub fn let_go_of_stream(&self, through: u64, latest: Option<&str>) -> bool {
        let (Some(shares), Some(objects)) = (&self.shares, &self.options.objects) else { return false };
        if let Err(message) = shares.feed.purge(through) {
            tracing::warn!(message, "messages that are in files stay in the stream; they go with the next ones");
        }
        if let Some(latest) = latest {
            objects.doom(latest.to_owned());
        }
        true
    }
}
