//! Control (远程调度): devices are told to do something, once, in time, and somebody answers for it.
//!
//! A command is written down before it is sent, and sent again until the device has it or its time is over. A dangerous one
//! waits for a second person. What the device says of it is the end of it; whatever comes later changes nothing.

use std::collections::BTreeMap;

use model::{DeviceId, EventId, Instant, PartyId};
use pack::{DeviceClass, DeviceCommand, Property, PropertyKind};
use serde_json::{Map, Value};
use store::{CommandState, DeviceCommandRow, StoreError, Tx};

use crate::perform::Context;

/// Longest reason and outcome, in characters.
const WORDS_MAX: usize = 200;

/// A command that the device does not have is sent again after this, microseconds.
const AGAIN_US: i64 = 10_000_000;

/// Most commands that are looked at in a round.
const ROUND: u32 = 1_000;

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
    /// Who asks.
    pub by: PartyId,
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
    let command = class.commands.iter().find(|known| known.id.as_str() == asked.command).ok_or_else(|| {
        let known: Vec<_> = class.commands.iter().map(|known| known.id.as_str()).collect();
        field("command", format!("the device does {}; {:?} is none of it", known.join(", "), asked.command))
    })?;
    let arguments = arguments_of(command, &asked.arguments)?;
    let reason = words("reason", &asked.reason)?;
    let now = ctx.clock.now();
    let expires_at = now.plus_micros(i64::from(command.expires_seconds) * 1_000_000);
    let state = if command.is_dangerous { CommandState::Unconfirmed } else { CommandState::Queued };
    let (device, by, name) = (asked.device, asked.by, asked.command);
    ctx.store
        .write(move |tx: &mut Tx| {
            let row = DeviceCommandRow {
                id: tx.new_event_id(now),
                device,
                command: name,
                arguments,
                reason,
                state,
                asked_by: by,
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
            Ok(row)
        })
        .await
}

/// A second person confirms a dangerous command.
///
/// # Errors
/// [`ControlError`].
pub async fn confirm(ctx: &Context, id: EventId, by: PartyId) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    change(ctx, id, move |row| {
        if row.state != CommandState::Unconfirmed {
            return Err(ControlError::State { state: row.state, wanted: "only one that waits for it is confirmed" });
        }
        if row.asked_by == by {
            return Err(ControlError::SamePerson);
        }
        if row.expires_at < now {
            return Ok(over(row, CommandState::Expired, now));
        }
        Ok(DeviceCommandRow { state: CommandState::Queued, confirmed_by: Some(by), confirmed_at: Some(now), ..row })
    })
    .await
}

/// Takes back a command that the device does not have yet.
///
/// # Errors
/// [`ControlError`].
pub async fn withdraw(ctx: &Context, id: EventId) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    change(ctx, id, move |row| match row.state {
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
    change(ctx, id, move |row| match row.state {
        CommandState::Queued => Ok(DeviceCommandRow { state: CommandState::Received, received_at: Some(now), ..row }),
        _ => Ok(row),
    })
    .await
}

/// The device says what became of a command of its own.
///
/// # Errors
/// [`ControlError`]; [`ControlError::Unknown`] for a command to another device.
pub async fn answered(
    ctx: &Context,
    device: DeviceId,
    id: EventId,
    done: bool,
    said: Option<String>,
) -> Result<DeviceCommandRow, ControlError> {
    let now = ctx.clock.now();
    let said = said.map(|said| said.chars().filter(|one| !one.is_control()).take(WORDS_MAX).collect());
    change(ctx, id, move |row| {
        if row.device != device {
            return Err(ControlError::Unknown);
        }
        // An answer that comes twice, or too late, changes nothing.
        if row.state.is_over() {
            return Ok(row);
        }
        let state = if done { CommandState::Done } else { CommandState::Failed };
        let received_at = row.received_at.or(Some(now));
        Ok(DeviceCommandRow { outcome: said, received_at, ..over(row, state, now) })
    })
    .await
}

/// Ends commands whose time is over, and gives those that are to be sent now; each is marked as sent.
///
/// # Errors
/// [`ControlError`].
pub async fn due(ctx: &Context) -> Result<Vec<DeviceCommandRow>, ControlError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let mut due = Vec::new();
            for row in tx.list_open_device_commands(ROUND)? {
                match next(row, now) {
                    Next::Wait => {}
                    Next::Over(row) => tx.record_device_command(&row)?,
                    Next::Send(row) => {
                        tx.record_device_command(&row)?;
                        due.push(row);
                    }
                }
            }
            Ok(due)
        })
        .await
}

/// What a command that is not over needs now.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Wait,
    Send(DeviceCommandRow),
    Over(DeviceCommandRow),
}

fn next(row: DeviceCommandRow, now: Instant) -> Next {
    if row.expires_at < now {
        return Next::Over(over(row, CommandState::Expired, now));
    }
    let is_due = row.sent_at.is_none_or(|sent_at| now.micros_since(sent_at) >= AGAIN_US);
    if row.state == CommandState::Queued && is_due {
        return Next::Send(DeviceCommandRow { sent_at: Some(now), sendings: row.sendings + 1, ..row });
    }
    Next::Wait
}

fn over(row: DeviceCommandRow, state: CommandState, now: Instant) -> DeviceCommandRow {
    DeviceCommandRow { state, ended_at: Some(now), ..row }
}

async fn change(
    ctx: &Context,
    id: EventId,
    change: impl FnOnce(DeviceCommandRow) -> Result<DeviceCommandRow, ControlError> + Send + 'static,
) -> Result<DeviceCommandRow, ControlError> {
    ctx.store
        .write(move |tx: &mut Tx| {
            let row = tx.find_device_command(id)?.ok_or(ControlError::Unknown)?;
            let changed = change(row)?;
            tx.record_device_command(&changed)?;
            Ok(changed)
        })
        .await
}

/// The values of a command as JSON, each of its kind and within its bounds.
fn arguments_of(command: &DeviceCommand, given: &BTreeMap<String, Value>) -> Result<String, ControlError> {
    let known = |name: &String| command.parameters.iter().any(|parameter| parameter.id.as_str() == name);
    if let Some(name) = given.keys().find(|name| !known(name)) {
        return Err(field(format!("arguments.{name}"), "the command takes no such value"));
    }
    let mut arguments = Map::new();
    for parameter in &command.parameters {
        let name = parameter.id.as_str();
        let value = given.get(name).ok_or_else(|| field(format!("arguments.{name}"), "is missing"))?;
        check_value(parameter, value).map_err(|message| field(format!("arguments.{name}"), message))?;
        arguments.insert(name.to_owned(), value.clone());
    }
    Ok(Value::Object(arguments).to_string())
}

fn check_value(parameter: &Property, value: &Value) -> Result<(), String> {
    let number = match (parameter.kind, value) {
        (PropertyKind::Truth, Value::Bool(_)) => return Ok(()),
        (PropertyKind::Truth, _) => return Err("must be true or false".to_owned()),
        (_, value) => value.as_f64().ok_or("must be a number")?,
    };
    if parameter.kind == PropertyKind::Count && number.fract() != 0.0 {
        return Err("must be a whole number".to_owned());
    }
    let is_out = parameter.min.is_some_and(|min| number < min) || parameter.max.is_some_and(|max| number > max);
    if is_out {
        let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
        return Err(format!("must be {}..{}, got {number}", bound(parameter.min), bound(parameter.max)));
    }
    Ok(())
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
