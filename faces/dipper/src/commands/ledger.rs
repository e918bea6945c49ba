//! `dipper ledger verify`, `dipper ledger audit` and `dipper verify`: checking as a stranger would.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use account::ledger::{LogFiles, audit, explain, follow};
use anyhow::Context;
use ledger::key::VerifierKey;

use super::pack::load;
use crate::config::Config;
use crate::logs::{places, read_policy};
use crate::remote::HttpRemote;
use crate::runtime::open_store;

/// Re-derives every log from its entries and holds each entry against the database.
pub fn verify(config: Config) -> anyhow::Result<ExitCode> {
    let city = load(&config.pack)?.city;
    let store = open_store(&config)?;
    let mut code = ExitCode::SUCCESS;
    for place in places(&config, &city) {
        let is_begun = place.folder.join("checkpoint").exists();
        // The log of an office whose people have done nothing yet has no head.
        if !is_begun && place.name != "city" {
            continue;
        }
        let files = LogFiles::open(&place.folder)?;
        let key = read_key(&place.folder.join("key"))?;
        match audit(&files, &key, &place.scope, Some(&store)) {
            Ok(audited) => println!(
                "{}: {} entries, {} tiles, root {}: every entry commits to its event, every tile and the signature hold; {} events not sealed yet",
                audited.origin, audited.size, audited.tiles, audited.root, audited.unsealed
            ),
            Err(error) => {
                eprintln!("the ledger does not hold: {}: {error}", place.name);
                code = ExitCode::FAILURE;
            }
        }
    }
    store.close();
    Ok(code)
}

/// Visits logs over HTTP, and says of each what was found.
pub fn audit_logs(urls: &[String], policy: Option<&Path>, state: &Path, locale: &str) -> anyhow::Result<ExitCode> {
    let policy = policy.map(read_policy).transpose()?;
    let remote = HttpRemote::new();
    let mut code = ExitCode::SUCCESS;
    for url in urls {
        match follow(&remote, url, policy.as_ref(), state) {
            Ok(followed) => println!("{}", followed.words().in_locale(locale)),
            Err(fault) => {
                eprintln!("{url}: {}", fault.words().in_locale(locale));
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// A receipt or a licence, out of a file or standard input.
pub fn read_proof(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut text)?;
        return Ok(text);
    }
    std::fs::read(file).with_context(|| format!("the receipt {} cannot be read", file.display()))
}

/// What is checked with a receipt.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// That somebody is in an extract.
    pub membership: Option<&'a Path>,
    /// The folder of the files of a flight.
    pub flight: Option<&'a Path>,
}

/// Checks a receipt offline and says in words what it proves.
pub fn verify_receipt(
    text: &[u8],
    key: Option<&str>,
    data: &Path,
    beside: Beside<'_>,
    locale: &str,
) -> anyhow::Result<ExitCode> {
    let key = match key {
        Some(key) if Path::new(key).exists() => read_key(Path::new(key))?,
        Some(key) => parse_key(key)?,
        None => {
            read_key(&data.join("ledger/key")).context("give the log's key by --key, or the data folder by --data")?
        }
    };
    match explain(text, &key) {
        Ok(explained) => {
            println!("{}", explained.words.in_locale(locale));
            println!("{}", explained.event);
            if let Some(file) = beside.membership {
                println!("{}", super::membership::verify(&explained.event, file)?);
            }
            if let Some(folder) = beside.flight {
                println!("{}", super::flight::verify(&explained.event, folder, locale.starts_with("zh"))?);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read_key(path: &Path) -> anyhow::Result<VerifierKey> {
    parse_key(&std::fs::read_to_string(path).with_context(|| format!("the key {} cannot be read", path.display()))?)
}

fn parse_key(text: &str) -> anyhow::Result<VerifierKey> {
    text.trim().parse::<VerifierKey>().context("the key is not a verifier key (name+hash+base64)")
}
