//! Where a person wants to be told: an address counts once a code that was sent there came back.

use std::sync::Arc;

use identity::{Address, AddressError, SealedAddress, VaultError};
use model::{Channel, Instant, PartyId};
use store::{AddressRow, StoreError, Tx};

use super::words::code_words;
use super::{Context, Message, Recipient, SendError};

/// A code counts this long, minutes.
pub const CODE_LASTS_MIN: i64 = 10;

/// Wrong codes before another one must be sent: five guesses of a million.
const GUESSES_MAX: u32 = 5;

/// Codes sent to one person by one channel a day.
const CODES_PER_DAY: u32 = 8;

/// Seconds between two codes.
const CODE_EVERY_S: i64 = 60;

/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;

/// Microseconds of a day.
const DAY_US: i64 = 86_400 * SECOND_US;

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The channel is not set up.
    #[error("this city does not send by this channel")]
    NoChannel,
    /// It is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Another one was sent just now, or many today.
    #[error("another code can be sent in {wait_s} s")]
    TooMany {
        /// Seconds to wait.
        wait_s: u64,
    },
    /// The channel does not take messages at present.
    #[error("the message could not be sent; try again in a while")]
    Away,
    /// The channel says that there is no such address.
    #[error("nothing can be sent to this address; look at it again")]
    Refused,
    /// The address cannot be kept.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<StoreError> for CodeError {
    fn from(error: StoreError) -> Self {
        Self::Vault(error.into())
    }
}

/// What became of a code that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The address counts from now on.
    Yes,
    /// It is not the code.
    Wrong {
        /// Guesses left.
        left: u32,
    },
    /// No code is out: it is too old, was guessed at too often, or none was sent.
    NoCode,
}

/// An address, for the person whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAddress {
    /// Of which channel.
    pub channel: Channel,
    /// The address.
    pub address: Address,
    /// Whether a code came back.
    pub is_confirmed: bool,
    /// Until when a code that was sent counts.
    pub code_until: Option<Instant>,
}

/// Keeps an address and sends a code there. Nothing else is sent to it before the code comes back.
///
/// # Errors
/// [`CodeError`]; when the channel is away the address is kept, and another code can be asked for.
pub async fn ask_code(
    ctx: &Context,
    party: PartyId,
    channel: Channel,
    text: &str,
    locale: &str,
) -> Result<(), CodeError> {
    let sender = Arc::clone(ctx.senders.of(channel).ok_or(CodeError::NoChannel)?);
    let address = Address::parse(channel, text)?;
    let (vault, now, to) = (Arc::clone(&ctx.vault), ctx.clock.now(), address.clone());
    let (id, code) = ctx
        .store
        .write(move |tx: &mut Tx| {
            let before = tx.find_address(party, channel)?;
            let (codes_sent, codes_since) = count_code(before.as_ref(), now)?;
            let code = format!("{:06}", u64::from_le_bytes(tx.random_bytes()) % 1_000_000);
            let sealed = SealedAddress { address, code: Some(code.clone()) };
            let (key_id, sealed) = vault.seal_address(tx, party, channel, &sealed)?;
            tx.save_address(&AddressRow {
                party,
                channel,
                key_id,
                sealed: Some(sealed),
                confirmed_at: None,
                code_expires_at: Some(now.plus_micros(CODE_LASTS_MIN * 60 * SECOND_US)),
                code_attempts: 0,
                codes_sent,
                codes_since,
                code_sent_at: now,
            })?;
            Ok::<_, CodeError>((tx.new_event_id(now), code))
        })
        .await?;
    let (subject, text) = code_words(&ctx.packs.current().city, &code, CODE_LASTS_MIN, locale);
    let message = Message { id: id.to_string(), to: Recipient(to.reveal().to_owned()), subject, text, link: None };
    let sent = tokio::task::spawn_blocking(move || sender.send(&message)).await;
    match sent.unwrap_or_else(|_| Err(SendError::Passing("the channel failed".to_owned()))) {
        Ok(()) => Ok(()),
        Err(SendError::Passing(reason)) => {
            tracing::warn!(channel = channel.as_str(), reason, "a code could not be sent");
            Err(CodeError::Away)
        }
        Err(SendError::Final(reason)) => {
            tracing::info!(channel = channel.as_str(), reason, "a code was refused by the channel");
            Err(CodeError::Refused)
        }
    }
}

/// The count of codes with this one, and since when; refused when it is one too many.
fn count_code(before: Option<&AddressRow>, now: Instant) -> Result<(u32, Instant), CodeError> {
    let Some(before) = before else { return Ok((1, now)) };
    let wait_until = |until: Instant| {
        let wait_us = until.micros_since(now);
        let wait_s = wait_us.max(0).unsigned_abs().div_ceil(SECOND_US.unsigned_abs());
        if wait_us > 0 { Err(CodeError::TooMany { wait_s }) } else { Ok(()) }
    };
    wait_until(before.code_sent_at.plus_micros(CODE_EVERY_S * SECOND_US))?;
    if now.micros_since(before.codes_since) >= DAY_US {
        return Ok((1, now));
    }
    if before.codes_sent >= CODES_PER_DAY {
        wait_until(before.codes_since.plus_micros(DAY_US))?;
    }
    Ok((before.codes_sent + 1, before.codes_since))
}

/// Takes a code back. Wrong ones are counted; after five the code is void.
///
/// # Errors
/// [`VaultError`] when the address does not open, or the store's.
pub async fn confirm_address(
    ctx: &Context,
    party: PartyId,
    channel: Channel,
    code: &str,
) -> Result<Confirmed, VaultError> {
    let (vault, now, code) = (Arc::clone(&ctx.vault), ctx.clock.now(), code.trim().to_owned());
    ctx.store
        .write(move |tx: &mut Tx| {
            let Some(row) = tx.find_address(party, channel)? else { return Ok(Confirmed::NoCode) };
            let is_out = row.code_expires_at.is_some_and(|until| now < until) && row.code_attempts < GUESSES_MAX;
            let Some(sealed) = vault.find_address(tx, party, channel)?.filter(|_| is_out) else {
                return Ok(Confirmed::NoCode);
            };
            if !sealed.has_code(&code) {
                let code_attempts = row.code_attempts + 1;
                tx.save_address(&AddressRow { code_attempts, ..row })?;
                return Ok(Confirmed::Wrong { left: GUESSES_MAX - code_attempts });
            }
            let sealed = SealedAddress { code: None, ..sealed };
            let (key_id, sealed) = vault.seal_address(tx, party, channel, &sealed)?;
            tx.save_address(&AddressRow {
                key_id,
                sealed: Some(sealed),
                confirmed_at: Some(now),
                code_expires_at: None,
                ..row
            })?;
            Ok(Confirmed::Yes)
        })
        .await
}

/// Takes an address away; nothing is sent there any more. True when there was one.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn remove_address(ctx: &Context, party: PartyId, channel: Channel) -> Result<bool, StoreError> {
    ctx.store
        .write(move |tx: &mut Tx| {
            let Some(row) = tx.find_address(party, channel)?.filter(|row| row.sealed.is_some()) else {
                return Ok(false);
            };
            tx.save_address(&AddressRow { sealed: None, confirmed_at: None, code_expires_at: None, ..row })?;
            Ok(true)
        })
        .await
}

/// A person's own addresses.
///
/// # Errors
/// [`VaultError`] when one does not open, or the store's.
pub async fn list_addresses(ctx: &Context, party: PartyId) -> Result<Vec<OwnAddress>, VaultError> {
    let (vault, now) = (Arc::clone(&ctx.vault), ctx.clock.now());
    ctx.store
        .read(move |reader| {
            let mut own = Vec::new();
            for row in reader.list_addresses(party)? {
                let Some(sealed) = vault.find_address(reader, party, row.channel)? else { continue };
                own.push(OwnAddress {
                    channel: row.channel,
                    address: sealed.address,
                    is_confirmed: row.confirmed_at.is_some(),
                    code_until: row.code_expires_at.filter(|until| now < *until && row.code_attempts < GUESSES_MAX),
                });
            }
            Ok(own)
        })
        .await
}
