//! `dipper canary`: residents whom nobody has a reason to ask about. They belong to the auditor; whoever asks is found by the
//! daily reconciliation.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use model::{Clock, PartyId};
use store::{Reader, StoreError, Tx};

use crate::config::Config;
use crate::runtime::open_store;
use crate::system::SystemClock;

/// Makes the resident of a login a canary.
pub fn add(config: &Config, login: &str) -> anyhow::Result<ExitCode> {
    let (store, login, now) = (open_store(config)?, login.to_owned(), SystemClock.now());
    let wanted = login.clone();
    let done = store.write_blocking(move |tx: &mut Tx| {
        let Some(party) = find(tx, &wanted)? else { return Ok(None) };
        tx.record_canary(party, now)?;
        tx.find_identity(party).map(Some)
    });
    store.close();
    let identity = done.map_err(|error: StoreError| error)?.with_context(|| format!("there is no login {login}"))?;
    if identity.is_none() {
        println!("{login} is a canary; without a matched identity no department can be asked about them yet");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the login of every canary.
pub fn list(config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config)?;
    let logins = store.read_blocking(|reader| {
        let parties = reader.list_canaries()?;
        parties.into_iter().map(|party| reader.find_party(party)).collect::<Result<Vec<_>, StoreError>>()
    });
    store.close();
    for party in logins?.into_iter().flatten() {
        println!("{}", party.login);
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a canary a resident like any other.
pub fn remove(config: &Config, login: &str) -> anyhow::Result<ExitCode> {
    let (store, wanted) = (open_store(config)?, login.to_owned());
    let removed = store.write_blocking(move |tx: &mut Tx| match find(tx, &wanted)? {
        Some(party) => tx.remove_canary(party),
        None => Ok::<_, StoreError>(false),
    });
    store.close();
    ensure!(removed?, "{login} is no canary");
    Ok(ExitCode::SUCCESS)
}

fn find(reader: &mut Reader, login: &str) -> Result<Option<PartyId>, StoreError> {
    Ok(reader.find_party_by_login(login)?.map(|party| party.id))
}
