//! `dipper config`: what is in force, and whether it can work.

use std::process::ExitCode;

use super::pack::load;
use crate::config::Config;
use crate::logs::{read_policy, stamp_roots};
use crate::scanner;
use crate::sensing::share;
use crate::system::{SystemClock, SystemEntropy};
use lake::outside::probe;

/// Prints the configuration in force (without the database's password) and tries each part of it.
pub fn check(config: &Config) -> anyhow::Result<ExitCode> {
    let url = config.database()?;
    let nats = config.nats.as_deref().map(without_passwords);
    let shown = Config { database_url: Some(format!("{url:?}")), nats, ..config.clone() };
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
        Ok(store) => {
            let stream = share::sharing(config, &store, &SystemClock);
            if let Err(error) = stream.and_then(|stream| stream.map_or(Ok(()), |stream| Ok(probe(&stream)?))) {
                faults.push(format!("nats: {error:#}"));
            }
            store.close();
        }
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

/// Addresses of servers as they may be shown.
fn without_passwords(servers: &str) -> String {
    let hidden = |server: &str| match (server.find("://"), server.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &server[..scheme], &server[at..]),
        (None, Some(at)) => format!("…{}", &server[at..]),
        _ => server.to_owned(),
    };
    servers.split(',').map(hidden).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::without_passwords;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("tls://city:se@cret@one:4222,nats://two:4222", "tls://…@one:4222,nats://two:4222"),
            ("city:secret@one", "…@one"),
        ];
        for (servers, shown) in cases {
            assert_eq!(without_passwords(servers), shown);
        }
    }
}
