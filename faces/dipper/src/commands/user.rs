//! `dipper user`: making staff accounts.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use identity::{Password, hash_password};
use model::{Clock, Grant, OfficeId, RegionId, RoleId};
use store::{PartyRow, StoreError, Tx};

use super::pack::load;
use crate::config::Config;
use crate::runtime::open_store;
use crate::system::SystemClock;

/// Makes a staff account with its posts; the password is the first line of standard input.
pub fn add(config: &Config, login: &str, name: &str, posts: &[String]) -> anyhow::Result<ExitCode> {
    let city = load(&config.pack)?.city;
    let grants = posts.iter().map(|post| parse_post(&city, post)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let password = Password::new(text.lines().next().unwrap_or(""))?;
    std::fs::create_dir_all(&config.data)?;
    let store = open_store(config)?;
    let (login, name, now) = (login.to_owned(), name.to_owned(), SystemClock.now());
    let made = store.write_blocking(move |tx: &mut Tx| {
        let party = tx.new_party_id(now);
        let password_hash = hash_password(&password, tx.random_bytes());
        tx.record_party(&PartyRow { password_hash, ..PartyRow::staff(party, &login, &name, now) })?;
        grants.iter().try_for_each(|grant| tx.record_grant(party, grant))?;
        Ok::<_, StoreError>(party)
    });
    store.close();
    println!("{}", made?);
    Ok(ExitCode::SUCCESS)
}

fn parse_post(city: &::pack::City, text: &str) -> anyhow::Result<Grant> {
    let [role, office, region] = text.split(':').collect::<Vec<_>>()[..] else {
        bail!("a post is role:office:region, got {text:?}")
    };
    let grant = Grant { role: RoleId::new(role)?, office: OfficeId::new(office)?, region: RegionId::new(region)? };
    city.role(&grant.role).with_context(|| format!("the pack has no role {role}"))?;
    city.office(&grant.office).with_context(|| format!("the pack has no office {office}"))?;
    city.region(&grant.region).with_context(|| format!("the pack has no region {region}"))?;
    Ok(grant)
}
