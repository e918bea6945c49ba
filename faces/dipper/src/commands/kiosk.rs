//! `dipper kiosk`: terminals of service halls.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::ensure;
use identity::Kiosks;
use model::{KioskId, OfficeId};

use crate::config::Config;
use crate::runtime::open_store;
use crate::system::SystemClock;

/// Longest title, in characters.
const TITLE_MAX: usize = 60;

/// Registers a terminal, or closes one that is there, and prints the address that opens it once.
pub fn add(config: &Config, id: &str, office: &str, title: &str) -> anyhow::Result<ExitCode> {
    let id: KioskId = id.parse()?;
    let office: OfficeId = office.parse()?;
    let title = title.trim();
    let count = title.chars().count();
    ensure!((1..=TITLE_MAX).contains(&count), "a title has 1 to {TITLE_MAX} characters, got {count}");
    let loaded = super::pack::load(&config.pack)?;
    ensure!(loaded.city.offices.contains_key(&office), "the city has no office {office}");
    let store = open_store(config)?;
    let kiosks = Kiosks { store: store.clone(), clock: Arc::new(SystemClock) };
    let code = kiosks.add_blocking(id, title.to_owned(), office);
    store.close();
    let base = config.base_url.as_deref().unwrap_or_default().trim_end_matches('/');
    println!("open this at the terminal within a day, once: {base}/kiosk#{}", code?);
    Ok(ExitCode::SUCCESS)
}

/// Prints every terminal: id, office, title, whether it is open.
pub fn list(config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config)?;
    let kiosks = store.read_blocking(|reader| reader.list_kiosks());
    store.close();
    for kiosk in kiosks? {
        let opened = kiosk.opened_at.map_or_else(|| "not opened".to_owned(), |at| format!("opened {at}"));
        println!("{}\t{}\t{}\t{opened}", kiosk.id, kiosk.office, kiosk.title);
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes a terminal; whoever is signed in at it is no longer.
pub fn remove(config: &Config, id: &str) -> anyhow::Result<ExitCode> {
    let wanted: KioskId = id.parse()?;
    let store = open_store(config)?;
    let removed = store.write_blocking(move |tx: &mut store::Tx| tx.remove_kiosk(&wanted));
    store.close();
    ensure!(removed?, "there is no terminal {id}");
    Ok(ExitCode::SUCCESS)
}
