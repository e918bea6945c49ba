//! `dipper client`: programs of others that speak Open311 to us.

use std::process::ExitCode;

use identity::record_client;
use model::{ClientId, Clock};
use store::Tx;

use crate::config::Config;
use crate::runtime::open_store;
use crate::system::SystemClock;

/// Registers a program and prints its key; only the key's SHA-256 is kept, so that it cannot be shown again.
pub fn add(config: &Config, id: &str, title: &str) -> anyhow::Result<ExitCode> {
    let (id, title, now) = (ClientId::new(id)?, title.to_owned(), SystemClock.now());
    std::fs::create_dir_all(&config.data)?;
    let store = open_store(config)?;
    let key = store.write_blocking(move |tx: &mut Tx| record_client(tx, &id, &title, now));
    store.close();
    println!("{}", key?.reveal());
    Ok(ExitCode::SUCCESS)
}
