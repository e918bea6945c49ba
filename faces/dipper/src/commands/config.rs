//! `dipper config`: what is in force, and whether it can work.

use std::process::ExitCode;

use super::pack::load;
use crate::config::Config;
use crate::logs::{read_policy, stamp_roots};
use crate::scanner;
use crate::system::SystemEntropy;

/// Prints the configuration in force (without the database's password) and tries each part of it.
pub fn check(config: &Config) -> anyhow::Result<ExitCode> {
    let url = config.database()?;
    let shown = Config { database_url: Some(format!("{url:?}")), ..config.clone() };
    println!("{}", serde_json::to_string_pretty(&shown)?);
    let mut faults = Vec::new();
    if let Err(error) = load(&config.pack) {
        faults.push(format!("pack: {error:#}"));
    }
    if let Some(Err(error)) = config.ledger_policy.as_deref().map(read_policy) {
        faults.push(format!("ledger_policy: {error:#}"));
    }
    if let Err(error) = stamp_roots(config.ledger_tsa_ca.as_deref()) {
        faults.push(format!("ledger_tsa_ca: {error:#}"));
    }
    if let Err(error) = std::fs::create_dir_all(&config.data) {
        faults.push(format!("data: {} cannot be made: {error}", config.data.display()));
    }
    match store::Store::open(&url, SystemEntropy) {
        Ok(store) => store.close(),
        Err(error) => faults.push(format!("database_url: {error}")),
    }
    let objects = config.lake_objects();
    if let Err(error) = objects.and_then(|objects| objects.map_or(Ok(()), |objects| Ok(objects.probe()?))) {
        faults.push(format!("lake_store: {error:#}"));
    }
    match scanner::clamd(config) {
        Ok(None) => {}
        Ok(Some(clamd)) => match clamd.ping() {
            Ok(()) => println!("scan: clamd answers at {clamd}"),
            Err(error) => faults.push(format!("scan: {clamd}: {error}; until it answers, uploads are refused")),
        },
        Err(error) => faults.push(format!("{error:#}")),
    }
    match crate::channels::open(config) {
        Ok(_) => {
            if let Some(Err(error)) = crate::channels::mail(config)?.map(|mail| mail.test()) {
                faults.push(format!("smtp_url: the mail server cannot be used: {error:#}"));
            }
        }
        Err(error) => faults.push(format!("{error:#}")),
    }
    if let Err(error) = std::net::TcpListener::bind(config.listen) {
        faults.push(format!("listen: {} cannot be used: {error}", config.listen));
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
