//! `dipper client`: programs of others that speak Open311 or SensorThings to us, or sign residents in here.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use identity::openid::Client;
use identity::{end_client, record_client};
use model::{ClientId, Clock, RegionId};
use store::Tx;

use super::pack::load;
use crate::config::Config;
use crate::runtime::open_store;
use crate::system::SystemClock;

/// Registers a program and prints its key; only the key's SHA-256 is kept, so that it cannot be shown again.
pub fn add(config: &Config, id: &str, title: &str, regions: &[String]) -> anyhow::Result<ExitCode> {
    let (id, title, now) = (ClientId::new(id)?, title.to_owned(), SystemClock.now());
    let regions = regions.iter().map(|region| RegionId::new(region)).collect::<Result<Vec<_>, _>>()?;
    if !regions.is_empty() {
        let city = load(&config.pack)?.city;
        for region in &regions {
            city.region(region).with_context(|| format!("the pack has no region {region}"))?;
        }
    }
    std::fs::create_dir_all(&config.data)?;
    let store = open_store(config)?;
    let key = store.write_blocking(move |tx: &mut Tx| {
        regions.iter().try_for_each(|region| tx.record_client_region(&id, region, now))?;
        record_client(tx, &id, &title, now)
    });
    store.close();
    println!("{}", key?.reveal());
    Ok(ExitCode::SUCCESS)
}

/// Takes back the keys of a program, or ends its reading of regions. A running city takes note: at once for what is asked
/// by HTTP, within five seconds for what is listened to.
pub fn end(config: &Config, id: &str, regions: &[String]) -> anyhow::Result<ExitCode> {
    let id = ClientId::new(id)?;
    let regions = regions.iter().map(|region| RegionId::new(region)).collect::<Result<Vec<_>, _>>()?;
    let store = open_store(config)?;
    let client = id.clone();
    let ended = store.write_blocking(move |tx: &mut Tx| {
        if regions.is_empty() {
            return Ok(vec![format!("{} keys", end_client(tx, &client)?)]);
        }
        let mut ended = Vec::new();
        for region in regions {
            if tx.remove_client_region(&client, &region)? {
                ended.push(region.to_string());
            }
        }
        Ok::<_, store::StoreError>(ended)
    });
    store.close();
    let ended = ended?;
    anyhow::ensure!(!ended.is_empty() && ended != ["0 keys"], "{id} has nothing of that kind that could end");
    println!("{id}: ended {}", ended.join(", "));
    Ok(ExitCode::SUCCESS)
}

/// Registers a program that signs residents in, by the metadata of a file.
pub fn register(config: &Config, metadata: &Path) -> anyhow::Result<ExitCode> {
    let json = std::fs::read_to_string(metadata).with_context(|| format!("{} cannot be read", metadata.display()))?;
    let client = Client::parse(&json).with_context(|| format!("{} does not fit", metadata.display()))?;
    let (id, now) = (client.id.clone(), SystemClock.now());
    std::fs::create_dir_all(&config.data)?;
    let store = open_store(config)?;
    let done = store.write_blocking(move |tx: &mut Tx| client.record(tx, &json, now));
    store.close();
    done?;
    println!("{id}");
    Ok(ExitCode::SUCCESS)
}

/// Prints how often each program asked, a line a day: client, day, answered, refused.
pub fn usage(config: &Config, from: &str) -> anyhow::Result<ExitCode> {
    let (store, from) = (open_store(config)?, from.to_owned());
    let rows = store.read_blocking(move |reader| reader.list_openid_usage(&from));
    store.close();
    for row in rows? {
        println!("{}\t{}\t{}\t{}", row.client, row.day, row.requests, row.refused);
    }
    Ok(ExitCode::SUCCESS)
}
