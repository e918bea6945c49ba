//! The provider's signing keys: made by themselves, published a day before they sign, replaced every 90 days, and
//! published for as long as anything they signed is good.

use std::sync::{Arc, Mutex, PoisonError};

use credential::{Algorithm, HolderKey};
use model::Instant;
use serde_json::{Map, Value};
use store::{OpenIdKeyRow, Reader, StoreError, Tx};

use crate::vault::{Vault, decrypt, encrypt};

const DAY_US: i64 = 86_400_000_000;

/// A key signs for 90 days.
const SIGNS_US: i64 = 90 * DAY_US;

/// A key is published this long before it signs, so that whoever keeps our keys for a day knows it.
const AHEAD_US: i64 = DAY_US;

/// A key is published for a day after the next one signs.
const KEPT_US: i64 = SIGNS_US + 2 * DAY_US;

/// How long keys read from the store are believed, 1 min.
const BELIEVED_US: i64 = 60_000_000;

/// A signing key.
#[derive(Debug)]
pub struct ProviderKey {
    /// Its id: the thumbprint of its public half (RFC 7638).
    pub kid: String,
    /// The key.
    pub key: HolderKey,
    /// When it was made.
    pub made_at: Instant,
}

impl ProviderKey {
    /// The public half as JWK, with id, use and algorithm.
    pub fn jwk(&self) -> Map<String, Value> {
        let public = self.key.public_key();
        let mut jwk = public.to_jwk();
        jwk.insert("kid".to_owned(), self.kid.clone().into());
        jwk.insert("use".to_owned(), "sig".into());
        jwk.insert("alg".to_owned(), public.algorithm().as_str().into());
        jwk
    }
}

/// Every key that is published, oldest first.
#[derive(Debug, Default)]
pub struct ProviderKeys(Vec<ProviderKey>);

impl ProviderKeys {
    /// Each, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &ProviderKey> {
        self.0.iter()
    }

    /// The key that signs now: the latest that was published long enough, or the only one.
    pub fn signing(&self, algorithm: Algorithm, now: Instant) -> Option<&ProviderKey> {
        let fit = || self.0.iter().filter(|key| key.key.public_key().algorithm() == algorithm);
        fit().rfind(|key| now.micros_since(key.made_at) >= AHEAD_US).or_else(|| fit().next())
    }

    /// The algorithms that need a new key: none of theirs was made within the last 90 days.
    fn missing(&self, now: Instant) -> Vec<Algorithm> {
        let has_fresh = |algorithm: &Algorithm| {
            let mut fit = self.0.iter().filter(|key| key.key.public_key().algorithm() == *algorithm);
            fit.any(|key| now.micros_since(key.made_at) < SIGNS_US)
        };
        [Algorithm::EdDsa, Algorithm::Es256].into_iter().filter(|algorithm| !has_fresh(algorithm)).collect()
    }
}

fn name_of(kid: &str) -> Vec<u8> {
    format!("openid-key/{kid}").into_bytes()
}

fn holder(algorithm: Algorithm, secret: &[u8; 32]) -> Option<HolderKey> {
    match algorithm {
        Algorithm::EdDsa => Some(HolderKey::from_ed25519(secret)),
        Algorithm::Es256 => HolderKey::from_p256(secret).ok(),
    }
}

fn read(reader: &mut Reader, vault: &Vault) -> Result<ProviderKeys, StoreError> {
    let open = |row: OpenIdKeyRow| {
        let secret: [u8; 32] = decrypt(&vault.master, &row.sealed, &name_of(&row.kid))?.try_into().ok()?;
        let key = holder(Algorithm::find(&row.algorithm)?, &secret)?;
        Some(ProviderKey { kid: row.kid, key, made_at: row.created_at })
    };
    Ok(ProviderKeys(reader.list_openid_keys()?.into_iter().filter_map(open).collect()))
}

/// Forgets the keys that signed nothing that is still good.
pub(super) fn sweep(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.remove_openid_keys_before(now.plus_micros(-KEPT_US)).map(drop)
}

/// Makes the keys that are missing.
fn keep(tx: &mut Tx, vault: &Vault, now: Instant) -> Result<ProviderKeys, StoreError> {
    for algorithm in read(tx, vault)?.missing(now) {
        let (secret, key) = loop {
            let secret: [u8; 32] = tx.random_bytes();
            // One in 2³² P-256 secrets is not below the order of the curve.
            if let Some(key) = holder(algorithm, &secret) {
                break (secret, key);
            }
        };
        let kid = key.public_key().thumbprint();
        let sealed = encrypt(&vault.master, tx.random_bytes(), &secret, &name_of(&kid));
        let row = OpenIdKeyRow { kid, algorithm: algorithm.as_str().to_owned(), sealed, created_at: now };
        tx.record_openid_key(&row)?;
    }
    read(tx, vault)
}

/// Keys read a moment ago.
#[derive(Debug, Default)]
pub(super) struct KeptKeys(Mutex<Option<(Instant, Arc<ProviderKeys>)>>);

impl KeptKeys {
    /// The keys now: from memory, from the store, or made.
    pub(super) async fn get(
        &self,
        store: &store::Store,
        vault: &Arc<Vault>,
        now: Instant,
    ) -> Result<Arc<ProviderKeys>, StoreError> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, keys)) = remembered.filter(|(at, _)| (0..BELIEVED_US).contains(&now.micros_since(*at))) {
            return Ok(keys);
        }
        let reading = Arc::clone(vault);
        let mut keys = store.read(move |reader| read(reader, &reading)).await?;
        if !keys.missing(now).is_empty() {
            let vault = Arc::clone(vault);
            keys = store.write(move |tx: &mut Tx| keep(tx, &vault, now)).await?;
        }
        let keys = Arc::new(keys);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(days: &[i64]) -> ProviderKeys {
        let key = |day: &i64| ProviderKey {
            kid: day.to_string(),
            key: HolderKey::from_ed25519(&[1; 32]),
            made_at: Instant::from_micros(day * DAY_US),
        };
        ProviderKeys(days.iter().map(key).collect())
    }

    #[test]
    fn a_key_signs_a_day_after_it_was_published_and_until_the_next_does() {
        for (made, today, expect, is_missing) in [
            (&[][..], 0, None, true),
            (&[0], 0, Some("0"), false),
            (&[0], 89, Some("0"), false),
            (&[0], 90, Some("0"), true),
            (&[0, 90], 90, Some("0"), false),
            (&[0, 90], 91, Some("90"), false),
        ] {
            let (keys, now) = (keys(made), Instant::from_micros(today * DAY_US));
            let signing = keys.signing(Algorithm::EdDsa, now).map(|key| key.kid.as_str());
            assert_eq!(
                (signing, keys.missing(now).contains(&Algorithm::EdDsa)),
                (expect, is_missing),
                "{made:?} {today}"
            );
        }
    }
}
