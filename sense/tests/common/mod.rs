//! A city that takes what people send, for tests.
#![allow(clippy::unwrap_used, dead_code, reason = "not every test uses all of it")]

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use dipper_sense::Context;
use dipper_sense::evidence::Files;
use identity::Vault;
use model::{Instant, PartyId};
use pack::{Compiled, Packs};
use tempfile::TempDir;
use testkit::{Database, FixedClock};

pub const MONDAY: &str = "2026-11-02T09:00:00+08:00";

pub fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn demo() -> Arc<Compiled> {
    static DEMO: LazyLock<Arc<Compiled>> = LazyLock::new(|| {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo"));
        let loaded = pack::load(&folder).unwrap_or_else(|faults| panic!("{faults}"));
        Arc::new(Compiled::of_pack(loaded).unwrap())
    });
    Arc::clone(&DEMO)
}

/// A city that takes reports, its clock in hand.
pub struct Town {
    pub ctx: Context,
    pub clock: FixedClock,
    _files: TempDir,
}

pub fn town(database: &Database) -> Town {
    let (clock, files) = (FixedClock::at(MONDAY), tempfile::tempdir().unwrap());
    let ctx = Context {
        store: database.store().clone(),
        packs: Arc::new(Packs::new(demo())),
        clock: Arc::new(clock.clone()),
        vault: Arc::new(Vault::from_key(&[3; 32])),
        files: Arc::new(Files::open(files.path()).unwrap()),
        trust: None,
    };
    Town { ctx, clock, _files: files }
}

pub fn party(number: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), number)
}
