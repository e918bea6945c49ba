//! The worker: leases messages whose time has come, sends each, and notes what became of it.

use std::sync::Arc;

use futures_util::future::join_all;
use identity::{Vault, VaultError};
use model::{Channel, DeliveryState, FormId, Instant, PartyId};
use pack::City;
use store::{ALARM_KIND, OutboxRow, Reader, StoreError, Tx, WebhookId};

use super::alarms::{self, ALARMS_GROUP};
use super::plan::retry_after_us;
use super::preferences::Preferences;
use super::webhook::{headers, webhook_key};
use super::words::{digest_words, message_words};
use super::{Caller, Context, Message, Recipient, SendError, Sender};

/// A worker that does not answer within this has died, microseconds. Longer than any channel waits.
const LEASE_US: i64 = 120_000_000;

/// Messages sent at the same time.
const AT_ONCE: u32 = 32;

/// Longest reason kept, characters.
const REASON_MAX: usize = 200;

/// What is to be done about a leased message.
enum Task {
    /// Sent to a person.
    Send(Arc<dyn Sender>, Message),
    /// Told to a program.
    Call(Arc<dyn Caller>, Call),
    /// Not sent now, or never.
    Settle(DeliveryState, Option<Instant>, &'static str),
}

struct Call {
    url: String,
    id: String,
    key: Vec<u8>,
    body: Vec<u8>,
}

/// Sends everything whose time has come; how many messages were tried.
///
/// # Errors
/// [`StoreError`] when the store does not answer. What a channel answers is no error: it is noted and tried again.
pub async fn deliver_due(ctx: &Context) -> Result<usize, StoreError> {
    let mut tried = 0;
    loop {
        let now = ctx.clock.now();
        if !ctx.store.read(move |reader| reader.has_due_message(now)).await? {
            return Ok(tried);
        }
        let leased = ctx.store.write(move |tx: &mut Tx| tx.lease_messages(now, LEASE_US, AT_ONCE)).await?;
        if leased.is_empty() {
            return Ok(tried);
        }
        tried += leased.len();
        for outcome in join_all(leased.into_iter().map(|row| deliver(ctx, row))).await {
            outcome?;
        }
    }
}

async fn deliver(ctx: &Context, row: OutboxRow) -> Result<(), StoreError> {
    let (here, this, now) = (ctx.clone(), row.clone(), ctx.clock.now());
    let outcome = match ctx.store.read(move |reader| prepare(&here, reader, &this, now)).await {
        Ok(Task::Settle(state, next_at, reason)) => {
            return settle(ctx, row, state, next_at, Some(reason.to_owned())).await;
        }
        Ok(Task::Send(sender, message)) => blocking(move || sender.send(&message)).await,
        Ok(Task::Call(caller, call)) => blocking(move || tell(&*caller, &call, now)).await,
        Err(VaultError::Store(error)) => return Err(error),
        Err(VaultError::Erased | VaultError::NotFound) => Err(SendError::Final("no_address".to_owned())),
        Err(error) => Err(SendError::Final(error.to_string())),
    };
    match outcome {
        Ok(()) => settle(ctx, row, DeliveryState::Delivered, None, None).await,
        Err(SendError::Final(reason)) => settle(ctx, row, DeliveryState::GivenUp, None, Some(reason)).await,
        Err(SendError::Passing(reason)) => retry(ctx, row, reason).await,
    }
}

/// Channels block: each call has a thread of its own.
async fn blocking(send: impl FnOnce() -> Result<(), SendError> + Send + 'static) -> Result<(), SendError> {
    let sent = tokio::task::spawn_blocking(send).await;
    sent.unwrap_or_else(|_| Err(SendError::Passing("the channel failed".to_owned())))
}

/// Looks at a message as it is sent: what the person wants may have changed since it was written.
fn prepare(ctx: &Context, reader: &mut Reader, row: &OutboxRow, now: Instant) -> Result<Task, VaultError> {
    let never = |reason| Ok(Task::Settle(DeliveryState::Suppressed, None, reason));
    let message = &row.message;
    if message.channel == Channel::Webhook {
        return prepare_call(ctx, reader, row);
    }
    let Some(sender) = ctx.senders.of(message.channel) else { return never("channel") };
    let Ok(party) = message.recipient.parse::<PartyId>() else { return never("recipient") };
    let wants = Preferences::load(reader, party)?;
    let city = &ctx.packs.current().city;
    if !wants_kind(&wants, city, &message.kind, message.channel) {
        return never("preference");
    }
    let quiet = wants.quiet_hours().filter(|_| !is_urgent(city, row));
    if let Some(until) = quiet.and_then(|quiet| quiet.end(now, &city.zone())) {
        return Ok(Task::Settle(DeliveryState::Held, Some(until), "quiet_hours"));
    }
    let Some(to) = address(&ctx.vault, reader, party, message.channel)? else { return never("no_address") };
    let locale = wants.locale().or(city.locales.first().map(String::as_str)).unwrap_or_default();
    let words = match row.digest() {
        Some(mut digest) => {
            digest.items.retain(|item| wants_kind(&wants, city, &item.kind, message.channel));
            if digest.items.is_empty() {
                return never("preference");
            }
            digest_words(&ctx.packs, &digest, locale)
        }
        None => message_words(&ctx.packs, row, locale),
    };
    let Some(words) = words else { return never("words") };
    let link = ctx.base_url.as_ref().map(|base| format!("{}{}", base.trim_end_matches('/'), words.path));
    let message = Message { id: row.id.to_string(), to: Recipient(to), subject: words.title, text: words.body, link };
    Ok(Task::Send(Arc::clone(sender), message))
}

/// Whether a person takes messages of a kind by a channel; those of no pack are not switched off.
fn wants_kind(wants: &Preferences, city: &City, kind: &str, channel: Channel) -> bool {
    if kind == ALARM_KIND {
        return wants.takes(ALARMS_GROUP, channel);
    }
    let kind = FormId::new(kind).ok().and_then(|id| city.notifications.kinds.get(&id));
    kind.is_none_or(|kind| wants.takes(kind.group.as_str(), channel))
}

/// Whether a message is sent at night too.
fn is_urgent(city: &City, row: &OutboxRow) -> bool {
    let kind = FormId::new(row.message.kind.as_str()).ok().and_then(|id| city.notifications.kinds.get(&id));
    kind.map_or_else(|| row.facts().is_some_and(|facts| alarms::is_urgent(&facts)), |kind| kind.urgent)
}

/// Where a channel reaches a person; `None` when it does not any more.
fn address(vault: &Vault, reader: &mut Reader, party: PartyId, channel: Channel) -> Result<Option<String>, VaultError> {
    if channel == Channel::Push {
        return Ok(Some(party.to_string()));
    }
    let is_confirmed = reader.find_address(party, channel)?.is_some_and(|row| row.confirmed_at.is_some());
    if !is_confirmed {
        return Ok(None);
    }
    Ok(vault.find_address(reader, party, channel)?.map(|sealed| sealed.address.reveal().to_owned()))
}

fn prepare_call(ctx: &Context, reader: &mut Reader, row: &OutboxRow) -> Result<Task, VaultError> {
    let never = |reason| Ok(Task::Settle(DeliveryState::GivenUp, None, reason));
    let Some(caller) = &ctx.senders.caller else { return never("channel") };
    let Ok(id) = row.message.recipient.parse::<WebhookId>() else { return never("recipient") };
    let Some(webhook) = reader.find_webhook(id)? else { return never("webhook removed") };
    let Some(key) = webhook_key(&ctx.vault.webhook_secret(reader, id)?) else { return never("secret") };
    let body = row.message.body.to_string().into_bytes();
    let call = Call { url: webhook.url, id: format!("msg_{}", row.id), key, body };
    Ok(Task::Call(Arc::clone(caller), call))
}

/// Calls a program. 2xx is taken; 410 says never again; everything else is tried again, redirects too.
fn tell(caller: &dyn Caller, call: &Call, now: Instant) -> Result<(), SendError> {
    let headers = headers(&call.key, &call.id, now, &call.body);
    match caller.call(&call.url, &headers, &call.body)? {
        200..=299 => Ok(()),
        410 => Err(SendError::Final("status 410".to_owned())),
        status => Err(SendError::Passing(format!("status {status}"))),
    }
}

async fn settle(
    ctx: &Context,
    row: OutboxRow,
    state: DeliveryState,
    next_at: Option<Instant>,
    reason: Option<String>,
) -> Result<(), StoreError> {
    let now = ctx.clock.now();
    let reason = reason.map(|reason| reason.chars().take(REASON_MAX).collect::<String>());
    if state == DeliveryState::GivenUp {
        tracing::warn!(message = %row.id, channel = row.message.channel.as_str(), reason, "a message is given up");
    }
    ctx.store.write(move |tx: &mut Tx| tx.settle_message(&row, state, next_at, reason.as_deref(), now).map(drop)).await
}

/// Notes a failure that may pass, with the time of the next attempt; after the last it is given up.
async fn retry(ctx: &Context, row: OutboxRow, reason: String) -> Result<(), StoreError> {
    let now = ctx.clock.now();
    let reason: String = reason.chars().take(REASON_MAX).collect();
    tracing::info!(message = %row.id, channel = row.message.channel.as_str(), attempt = row.attempts, reason, "a message was not taken");
    ctx.store
        .write(move |tx: &mut Tx| {
            let jitter = u32::from_le_bytes(tx.random_bytes());
            let (state, next_at) = match retry_after_us(row.attempts, jitter) {
                Some(wait_us) => (DeliveryState::Failed, Some(now.plus_micros(wait_us))),
                None => (DeliveryState::GivenUp, None),
            };
            tx.settle_message(&row, state, next_at, Some(&reason), now).map(drop)
        })
        .await
}
