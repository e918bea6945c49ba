//! Client programs: Open311 applications that hold an API key, of which only the SHA-256 is kept.

use model::{ClientId, Instant};
use store::{ApiKeyRow, Reader, StoreError, Tx};

use crate::principal::Principal;
use crate::token::{Secret, sha256};

/// Registers a client program and gives its key, in clear this once.
///
/// # Errors
/// [`StoreError`] when the store does not take it.
pub fn record_client(tx: &mut Tx, client: &ClientId, title: &str, now: Instant) -> Result<Secret, StoreError> {
    let key = Secret::from_random(tx.random_bytes());
    record_client_key(tx, client, title, key.reveal(), now)?;
    Ok(key)
}

/// Registers a client program under a key made elsewhere, such as that of a demonstration.
///
/// # Errors
/// [`StoreError`] when the store does not take it.
pub fn record_client_key(
    tx: &mut Tx,
    client: &ClientId,
    title: &str,
    key: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let row = ApiKeyRow {
        key_hash: sha256(key),
        client: client.clone(),
        title: title.to_owned(),
        disabled: false,
        created_at: now,
    };
    tx.record_api_key(&row)
}

/// Takes back every key of a client program; how many worked until now.
///
/// # Errors
/// [`StoreError`] when the store does not take it.
pub fn end_client(tx: &mut Tx, client: &ClientId) -> Result<usize, StoreError> {
    let keys = tx.list_api_keys()?;
    let working: Vec<_> = keys.into_iter().filter(|key| key.client == *client && !key.disabled).collect();
    let count = working.len();
    working.into_iter().try_for_each(|key| tx.record_api_key(&ApiKeyRow { disabled: true, ..key }))?;
    Ok(count)
}

/// The client program of a key; `None` for an unknown or disabled one.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub fn find_client(reader: &mut Reader, key: &str) -> Result<Option<ClientId>, StoreError> {
    let found = reader.find_api_key(&sha256(key))?;
    Ok(found.filter(|key| !key.disabled).map(|key| key.client))
}

/// The client program of a key with the regions whose devices it may read; `None` for an unknown or disabled key. That it
/// may also tell devices what to do is the configuration's to say.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub fn find_client_principal(reader: &mut Reader, key: &str) -> Result<Option<Principal>, StoreError> {
    let Some(client) = find_client(reader, key)? else { return Ok(None) };
    let regions = reader.list_client_regions(&client)?;
    Ok(Some(Principal::Client { client, regions, controls: false, registers: false }))
}
