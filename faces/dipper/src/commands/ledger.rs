//! `dipper ledger verify` and `dipper verify`: checking as a stranger would.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use account::ledger::{LogFiles, audit, explain};
use anyhow::Context;
use ledger::key::VerifierKey;

use crate::config::Config;
use crate::runtime::open_store;

/// Re-derives the whole log from its entries and holds each one against the database.
pub fn verify(config: Config) -> anyhow::Result<ExitCode> {
    let files = LogFiles::open(&config.ledger_folder())?;
    let key = read_key(&config.ledger_folder().join("key"))?;
    let store = open_store(&config)?;
    let outcome = audit(&files, &key, Some(&store));
    store.close();
    match outcome {
        Ok(audited) => {
            println!(
                "{}: {} entries, {} tiles, root {}: every entry commits to its event, every tile and the signature hold; {} events not sealed yet",
                audited.origin, audited.size, audited.tiles, audited.root, audited.unsealed
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("the ledger does not hold: {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Checks a receipt offline and says in words what it proves.
pub fn verify_receipt(file: &Path, key: Option<&str>, data: &Path, locale: &str) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut text)?;
    } else {
        text = std::fs::read(file).with_context(|| format!("the receipt {} cannot be read", file.display()))?;
    }
    let key = match key {
        Some(key) if Path::new(key).exists() => read_key(Path::new(key))?,
        Some(key) => parse_key(key)?,
        None => {
            read_key(&data.join("ledger/key")).context("give the log's key by --key, or the data folder by --data")?
        }
    };
    match explain(&text, &key) {
        Ok(explained) => {
            println!("{}", explained.words.in_locale(locale));
            println!("{}", explained.event);
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
