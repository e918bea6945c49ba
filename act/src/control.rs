//! Control (远程调度): devices are told to do something, once, in time, and somebody answers for it.
//!
//! A command is written down before it is sent, and sent again until the device has it or its time is over. A dangerous one
//! waits for a second person. What the device says of it is the end of it; whatever comes later changes nothing. That it was
//! asked for, confirmed and ended are records of the log: the ledger seals who switched what, and why.

use std::collections::BTreeMap;

use model::{Actor, CommandAsked, DeviceId, EventId, Instant, NewRecord, RecordBody};
use pack::{DeviceClass, DeviceCommand};
use serde::Deserialize;
use serde_json::Value;
use store::{CommandState, DeviceCommandRow, DeviceRow, DeviceState, StoreError, Tx};

use crate::perform::Context;

/// Longest reason and outcome, in characters.
const WORDS_MAX: usize = 200;

/// A command that was sent and not acknowledged is sent again after this, microseconds.
const AGAIN_US: i64 = 30_000_000;

/// The part of the platform that hears devices and ends what nobody did.
const PART: &str = "courier";

/// Most commands that are looked at in a round.
const ROUND: u32 = 10_000;

/// A command that somebody asks for. Whether they may was asked before.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The device.
    pub device: DeviceId,
    /// Which command of its class.
    pub command: String,
    /// The values it takes.
    pub arguments: BTreeMap<String, Value>,
    /// Why.
    pub reason: String,
    /// Who asks, and in which post.
    pub by: Actor,
}

/// Why a command was not taken, or not changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// One of its parts does not fit.
    #[error("{field}: {message}")]
    Field {
        /// Which.
        field: String,
        /// Why, and what would fit.
        message: String,
    },
    /// There is no such command.
    #[error("there is no such command")]
    Unknown,
    /// What is asked for does not follow from how far it has come.
    #[error("the command is {}; {wanted}", state.as_str())]
    State {
        /// How far it has come.
        state: CommandState,
        /// What would be needed.
        wanted: &'static str,
    },
    /// The device may not be told anything.
    #[error("the device is {}; only active ones are told what to do", state.as_str())]
    Device {
        /// How it stands.
        state: DeviceState,
    },
    /// A second person is one who did not ask for it.
    #[error("a dangerous command is confirmed by somebody else than who asked for it")]
    SamePerson,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks for a command. It is on its way when this answers, or waits for a second person.
///
/// # Errors
/// [`ControlError`]; nothing is written then.
pub async fn ask(ctx: &Context, class: &DeviceClass, asked: Asked) -> Result<DeviceCommandRow, ControlError> {
    let command = class.command(&asked.command).ok_or_else(|| {
        let known: Vec<_> = class.commands.iter().map(|known| known.id.as_str()).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        field("command", format!("the device can be told {known}"))
    })?;
    command.check(&asked.arguments).map_err(|fault| field(format!("arguments.{}", fault.name), fault.message))?;
    let order = Order { command: command.clone(), arguments: asked.arguments, reason: words("reason", &asked.reason)? };
    let (device, by, now) = (asked.device, asked.by, ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let device = tx.find_device(&device)?.ok_or(ControlError::Unknown)?;
            if device.state != DeviceState::Active {
                return Err(ControlError::Device { state: device.state });
            }
            Ok(tell(tx, &device, &order, &by, None, now)?)
        })
        .await
}

/// What devices are told.
pub(crate) struct Order {
    pub command: DeviceCommand,
    pub arguments: BTreeMap<String, Value>,
    pub reason: String,
}

/// Writes a command down.
pub(crate) fn tell(
    tx: &mut Tx,
    device: &DeviceRow,
    order: &Order,
    by: &Actor,
    scene_run: Option<EventId>,
    now: Instant,
) -> Result<DeviceCommandRow, StoreError> {
    let Order { command, arguments, reason } = order;
    let arguments: serde_json::Map<String, Value> =
        arguments.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let expires_at = now.plus_micros(i64::from(command.expires_seconds) * 1_000_000);
    let row = DeviceCommandRow {
        id: tx.new_event_id(now),
        device: device.id.clone(),
        region_path: device.region_path.clone(),
        command: command.id.to_string(),
        arguments: Value::Object(arguments.clone()).to_string(),
        reason: reason.clone(),
        scene_run,
        state: if command.is_dangerous { CommandState::Unconfirmed } else { CommandState::Queued },
        asked_by: by.party(),
        asked_at: now,
        confirmed_by: None,
        confirmed_at: None,
        sent_at: None,
        sendings: 0,
        received_at: None,
        ended_at: None,
        outcome: None,
        expires_at,
    };
    tx.record_device_command(&row)?;
    let asked = CommandAsked {
        command: row.id,
        device: row.device.clone(),
        name: row.command.clone(),
        arguments,
        reason: row.reason.clone(),
        scene_run,
        is_dangerous: command.is_dangerous,
        expires_at,
    };
    tx.append_record(NewRecord { at: now, actor: by.clone(), body: RecordBody::CommandAsked(Box::new(asked)) }, now)?;
    Ok(row)
}

/// A second person confirms a dangerous command.
///
/// # Errors
/// [`ControlError`].
pub async fn confirm(ctx: &Context, id: EventId, by: Actor) -> Result<DeviceCommandRow, ControlError> {
    let (now, party) = (ctx.clock.now(), by.party());
    change(ctx, id, by, move |row| {
        if row.state != CommandState::Unconfirmed {
            return Err(ControlError::State { state: row.state, wanted: "only one that waits for it is confirmed" });
        }
        if party.is_none() || row.asked_by == party {
            return Err(ControlError::SamePerson);
        }
        if row.expires_at < now {
            return Ok(over(row, CommandState::Expired, now));
        }
        Ok(DeviceCommandRow { state: CommandState::Queued, confirmed_by: party, confirmed_at: Some(now), ..row })
    })
    .await
}

/// Takes back a command that the device does not have yet.
///
/// # Errors
/// [`ControlError`].
pub async fn withdraw(ctx: &Context, id: EventId, by: Actor) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    change(ctx, id, by, move |row| match row.state {
        CommandState::Unconfirmed | CommandState::Queued => Ok(over(row, CommandState::Withdrawn, now)),
        state => Err(ControlError::State { state, wanted: "one that the device has cannot be taken back" }),
    })
    .await
}

/// The device has a command: it acknowledged the message.
///
/// # Errors
/// [`ControlError`].
pub async fn received(ctx: &Context, id: EventId) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    change(ctx, id, Actor::system(PART), move |row| match row.state {
        CommandState::Queued => Ok(DeviceCommandRow { state: CommandState::Received, received_at: Some(now), ..row }),
        _ => Ok(row),
    })
    .await
}

/// The device says what became of a command of its own.
///
/// # Errors
/// [`ControlError`]; [`ControlError::Unknown`] for a command to another device.
pub async fn answered(ctx: &Context, device: DeviceId, answer: Answer) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    let Answer { id, done, message } = answer;
    let message = message.map(|said| said.chars().filter(|one| !one.is_control()).take(WORDS_MAX).collect());
    change(ctx, id, Actor::system(PART), move |row| {
        // One that waits for a second person was not told to anybody.
        if row.device != device || row.state == CommandState::Unconfirmed {
            return Err(ControlError::Unknown);
        }
        // An answer that comes twice, or too late, changes nothing.
        if row.state.is_over() {
            return Ok(row);
        }
        let state = if done { CommandState::Done } else { CommandState::Failed };
        let received_at = row.received_at.or(Some(now));
        Ok(DeviceCommandRow { outcome: message, received_at, ..over(row, state, now) })
    })
    .await
}

/// Commands that are to be sent now, the soonest to expire first. Those whose time is over are ended before.
///
/// # Errors
/// [`ControlError`].
pub async fn due(ctx: &Context) -> Result<Vec<DeviceCommandRow>, ControlError> {
    let now = ctx.clock.now();
    let open = ctx.store.read(|db| db.list_open_device_commands(ROUND)).await?;
    let (late, open): (Vec<_>, Vec<_>) = open.into_iter().partition(|row| row.expires_at < now);
    if !late.is_empty() {
        // All at once: a scene that nobody heard ends for thousands of devices in the same moment.
        let ids: Vec<_> = late.into_iter().map(|row| row.id).collect();
        ctx.store.write(move |tx: &mut Tx| expire(tx, &ids, now)).await?;
    }
    Ok(open.into_iter().filter(|row| is_due(row, now)).collect())
}

fn expire(tx: &mut Tx, ids: &[EventId], now: Instant) -> Result<(), StoreError> {
    for id in ids {
        // One that was answered meanwhile is over already.
        if let Some(row) = tx.find_device_command(*id)?.filter(|row| !row.state.is_over()) {
            keep(tx, &row.clone(), &over(row, CommandState::Expired, now), Actor::system(PART), now)?;
        }
    }
    Ok(())
}

fn is_due(row: &DeviceCommandRow, now: Instant) -> bool {
    row.state == CommandState::Queued && row.sent_at.is_none_or(|sent_at| now.micros_since(sent_at) >= AGAIN_US)
}

/// The oldest command that waits for a device.
///
/// # Errors
/// [`ControlError`].
pub async fn next_for(ctx: &Context, device: DeviceId) -> Result<Option<DeviceCommandRow>, ControlError> {
    let now = ctx.clock.now();
    Ok(ctx.store.read(move |db| db.find_next_device_command(&device, now)).await?)
}

/// Commands were handed to the connections of their devices.
///
/// # Errors
/// [`ControlError`].
pub async fn sent(ctx: &Context, ids: Vec<EventId>) -> Result<(), ControlError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            for id in ids {
                // It may have been acknowledged, or taken back, meanwhile: that it was sent stays true.
                if let Some(row) = tx.find_device_command(id)? {
                    let sendings = row.sendings + 1;
                    tx.record_device_command(&DeviceCommandRow { sent_at: Some(now), sendings, ..row })?;
                }
            }
            Ok(())
        })
        .await
}

fn over(row: DeviceCommandRow, state: CommandState, now: Instant) -> DeviceCommandRow {
    DeviceCommandRow { state, ended_at: Some(now), ..row }
}

async fn change(
    ctx: &Context,
    id: EventId,
    by: Actor,
    change: impl FnOnce(DeviceCommandRow) -> Result<DeviceCommandRow, ControlError> + Send + 'static,
) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let row = tx.find_device_command(id)?.ok_or(ControlError::Unknown)?;
            let changed = change(row.clone())?;
            keep(tx, &row, &changed, by, now)?;
            Ok(changed)
        })
        .await
}

/// Writes down how a command stands, and in the log what the ledger is to keep of it.
fn keep(
    tx: &mut Tx,
    before: &DeviceCommandRow,
    row: &DeviceCommandRow,
    actor: Actor,
    now: Instant,
) -> Result<(), StoreError> {
    tx.record_device_command(row)?;
    let (command, device) = (row.id, row.device.clone());
    let body = if row.state.is_over() && !before.state.is_over() {
        RecordBody::CommandEnded { command, device, state: row.state.as_str().to_owned(), outcome: row.outcome.clone() }
    } else if row.confirmed_at.is_some() && before.confirmed_at.is_none() {
        RecordBody::CommandConfirmed { command, device }
    } else {
        return Ok(());
    };
    tx.append_record(NewRecord { at: now, actor, body }, now).map(drop)
}

/// What a device says of a command: `{"id": "…", "done": true, "message": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The command's id, as it was told.
    pub id: EventId,
    /// Whether it was done.
    pub done: bool,
    /// What else it says, at most 200 characters; the rest is cut off.
    #[serde(default)]
    pub message: Option<String>,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// What is wrong with it, and how it should be.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wanted = r#"an answer is {"id": "…", "done": true, "message": "…"}"#;
        serde_json::from_slice(bytes).map_err(|fault| format!("{wanted}: {fault}"))
    }
}

/// What a device is told: `{"id", "command", "arguments", "expires_at"}`.
pub fn message(row: &DeviceCommandRow) -> String {
    let arguments: Value = serde_json::from_str(&row.arguments).unwrap_or_default();
    let (id, expires_at) = (row.id.to_string(), row.expires_at.to_string());
    serde_json::json!({"id": id, "command": row.command, "arguments": arguments, "expires_at": expires_at}).to_string()
}

fn words(name: &str, text: &str) -> Result<String, ControlError> {
    let text = text.trim();
    let count = text.chars().count();
    if (1..=WORDS_MAX).contains(&count) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(field(name, format!("1 to {WORDS_MAX} characters without control characters, got {count}")))
}

fn field(field: impl Into<String>, message: impl Into<String>) -> ControlError {
    ControlError::Field { field: field.into(), message: message.into() }
}
