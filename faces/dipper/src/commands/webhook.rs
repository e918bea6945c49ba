//! `dipper webhook`: programs that are told of cases by signed calls.

use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use identity::{VaultError, new_webhook_secret};
use model::{ClientId, Clock, OfficeId};
use store::{Tx, WebhookId, WebhookOwner, WebhookRow};

use super::pack::load;
use crate::config::Config;
use crate::runtime::{open_store, open_vault};
use crate::system::SystemClock;

/// Registers an address and prints its id and secret; the secret is not shown again.
pub fn add(config: &Config, client: Option<&str>, office: Option<&str>, url: &str) -> anyhow::Result<ExitCode> {
    let owner = owner(config, client, office)?;
    check_url(url, config.webhooks_private)?;
    std::fs::create_dir_all(&config.data)?;
    let (store, vault) = (open_store(config)?, open_vault(config)?);
    let (url, now) = (url.to_owned(), SystemClock.now());
    let made = store.write_blocking(move |tx: &mut Tx| {
        let (id, secret) = (tx.new_event_id(now), new_webhook_secret(tx));
        let sealed = vault.seal_webhook_secret(tx, id, &secret);
        tx.record_webhook(&WebhookRow { id, owner, url, sealed, created_at: now })?;
        Ok::<_, VaultError>((id, secret))
    });
    store.close();
    let (id, secret) = made?;
    println!("{id} {secret}");
    Ok(ExitCode::SUCCESS)
}

/// Prints every webhook: id, whose cases, address.
pub fn list(config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config)?;
    let rows = store.read_blocking(|reader| reader.list_webhooks());
    store.close();
    for row in rows? {
        println!("{} {}:{} {}", row.id, row.owner.kind(), row.owner.word(), row.url);
    }
    Ok(ExitCode::SUCCESS)
}

/// Forgets a webhook and what it was still to be told.
pub fn remove(config: &Config, id: &str) -> anyhow::Result<ExitCode> {
    let id: WebhookId = id.parse()?;
    let store = open_store(config)?;
    let removed = store.write_blocking(move |tx: &mut Tx| tx.forget_webhook(id));
    store.close();
    ensure!(removed?, "there is no webhook {id}");
    Ok(ExitCode::SUCCESS)
}

fn owner(config: &Config, client: Option<&str>, office: Option<&str>) -> anyhow::Result<WebhookOwner> {
    match (client, office) {
        (Some(client), None) => Ok(WebhookOwner::Client(ClientId::new(client)?)),
        (None, Some(office)) => {
            let id = OfficeId::new(office)?;
            load(&config.pack)?.city.office(&id).with_context(|| format!("the pack has no office {office}"))?;
            Ok(WebhookOwner::Office(id))
        }
        _ => bail!("say whose cases it tells of: --client or --office"),
    }
}

/// An address of the web without a login; in clear only where private addresses are allowed, as for a test.
fn check_url(url: &str, allows_private: bool) -> anyhow::Result<()> {
    let uri: ureq::http::Uri = url.parse().with_context(|| format!("{url:?} is no address"))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    ensure!(
        scheme == "https" || (scheme == "http" && allows_private),
        "a webhook is called by https; http only where webhooks_private is set"
    );
    let authority = uri.authority().with_context(|| format!("{url:?} names no host"))?;
    ensure!(!authority.as_str().contains('@'), "an address holds no login: calls are signed");
    if let Ok(address) = authority.host().trim_matches(['[', ']']).parse() {
        let is_allowed = allows_private || crate::channels::is_public(address);
        ensure!(is_allowed, "{address} is a private address; set webhooks_private to call it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_call() {
        for (url, public, private) in [
            ("https://app.example/hook", true, true),
            ("http://app.example/hook", false, true),
            ("https://127.0.0.1/hook", false, true),
            ("https://[::1]/hook", false, true),
            ("https://user:word@app.example/", false, false),
            ("ftp://app.example/", false, false),
            ("/hook", false, false),
        ] {
            let fits = [check_url(url, false).is_ok(), check_url(url, true).is_ok()];
            assert_eq!(fits, [public, private], "{url}");
        }
    }
}
