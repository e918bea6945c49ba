//! Logs and events for the tests.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use dipper_account::ledger::{
    AuditError, Disk, LogFiles, LogPlan, MachineDisk, Scope, SealError, Sealer, Witnesses, audit,
};
use ledger::SigningKey;
use ledger::key::VerifierKey;
use model::{Actor, Case, EventBody, Instant, NewEvent, Reporter};
use store::{Store, StoreError, Tx};
use tempfile::TempDir;
use testkit::{FixedClock, Story, TickingClock};

pub const ORIGIN: &str = "yaoguang.example/ledger";

pub fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn noon() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// Adds events to the log: cases of 100 events each, so that many are made quickly.
pub fn record(store: &Store, events: usize) {
    record_by(store, events, &Actor::Anonymous);
}

/// The same, by somebody.
pub fn record_by(store: &Store, events: usize, actor: &Actor) {
    let mut left = events;
    while left > 0 {
        let some = left.min(100);
        let actor = actor.clone();
        store
            .write_blocking(move |tx: &mut Tx| {
                let story = Story::default();
                let case = story.file(tx, noon())?;
                let case = grow(tx, &story, &case, some.saturating_sub(2), &actor)?;
                Ok::<_, StoreError>(case)
            })
            .unwrap();
        // Filing makes two events; a lone odd one is added to a case of its own.
        left = left.saturating_sub(some.max(2));
    }
}

fn grow(tx: &mut Tx, story: &Story, case: &Case, events: usize, actor: &Actor) -> Result<Case, StoreError> {
    let joined =
        || NewEvent { at: noon(), actor: actor.clone(), body: EventBody::Joined { reporter: Reporter::ANONYMOUS } };
    if events == 0 {
        return Ok(case.clone());
    }
    Ok(story.append(tx, case.id, Some(case), noon(), (0..events).map(|_| joined()).collect())?.0)
}

pub fn event_ids(store: &Store) -> Vec<model::EventId> {
    store.read_blocking(|db| db.list_events_after(0, 20_000)).unwrap().into_iter().map(|event| event.id).collect()
}

/// A log in a folder of its own.
pub struct Log {
    dir: TempDir,
    pub clock: FixedClock,
}

impl Log {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: FixedClock::at("2026-11-23T12:00:00Z") }
    }

    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub fn files(&self) -> LogFiles {
        LogFiles::open(self.folder()).unwrap()
    }

    pub fn plan(&self, disk: Arc<dyn Disk>) -> LogPlan {
        LogPlan {
            files: LogFiles::on(disk, self.folder()).unwrap(),
            origin: ORIGIN.to_owned(),
            key: SigningKey::from_bytes(&[5; 32]),
            scope: Scope::City,
            witnesses: None,
        }
    }

    pub fn start(&self, store: &Store, plan: LogPlan) -> Result<Sealer, SealError> {
        Sealer::open(store.clone(), Arc::new(TickingClock::of(self.clock.clone())), plan)
    }

    pub fn try_open(&self, store: &Store) -> Result<Sealer, SealError> {
        self.start(store, self.plan(Arc::new(MachineDisk)))
    }

    pub fn open_as(&self, store: &Store, origin: &str, key: u8) -> Result<Sealer, SealError> {
        let plan = self.plan(Arc::new(MachineDisk));
        self.start(store, LogPlan { origin: origin.to_owned(), key: SigningKey::from_bytes(&[key; 32]), ..plan })
    }

    pub fn open_witnessed(&self, store: &Store, witnesses: Witnesses) -> Result<Sealer, SealError> {
        let plan = self.plan(Arc::new(MachineDisk));
        self.start(store, LogPlan { witnesses: Some(witnesses), ..plan })
    }

    pub fn open(&self, store: &Store) -> Sealer {
        self.try_open(store).unwrap()
    }

    pub fn key(&self) -> VerifierKey {
        fs::read_to_string(self.folder().join("key")).unwrap().trim().parse().unwrap()
    }

    /// Seals until nothing is left.
    pub fn seal(&self, store: &Store) -> u64 {
        let mut sealer = self.open(store);
        while sealer.seal().unwrap().is_some() {}
        sealer.size()
    }

    pub fn audit(&self, store: Option<&Store>) -> Result<u64, AuditError> {
        audit(&self.files(), &self.key(), &Scope::City, store).map(|audited| audited.size)
    }

    /// Every file but the lock, by its path.
    pub fn read_all(&self) -> BTreeMap<String, Vec<u8>> {
        read_all(self.folder())
    }
}

/// Every file below a folder but locks, by its path.
pub fn read_all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|end| end != "lock") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Puts files back as they were read, and nothing else.
pub fn write_back(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    for (name, bytes) in files {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }
}
