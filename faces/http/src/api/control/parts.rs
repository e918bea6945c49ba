//! What the endpoints of commands share.

use std::collections::BTreeMap;

use act::control::ControlError;
use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::{DeviceClassId, Instant, PartyId, RegionId};
use pack::{City, DeviceCommand, Scene};
use serde_json::Value;
use store::{CommandState, DeviceCommandRow, Reader, StoreError};

use crate::api::devices::parts::{intake, kind_view, value_view};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{plain, text, time};
use crate::error::Refused;
use crate::wire::*;

/// Who may do what with commands, and what people are called.
pub struct Asking<'a> {
    pub app: &'a App,
    pub city: &'a City,
    pub caller: &'a Caller,
    pub names: BTreeMap<PartyId, String>,
}

/// Names of whoever stands in commands.
///
/// # Errors
/// [`StoreError`].
pub fn names_in(reader: &mut Reader, rows: &[DeviceCommandRow]) -> Result<BTreeMap<PartyId, String>, StoreError> {
    let mut people: Vec<_> = rows.iter().flat_map(|row| row.asked_by.into_iter().chain(row.confirmed_by)).collect();
    people.sort_unstable();
    people.dedup();
    reader.display_names(&people)
}

/// Whether the caller may tell devices of a region what to do.
pub fn may_control(app: &App, city: &City, caller: &Caller, region: &RegionId) -> bool {
    let there = Subject::Region(region.clone()).into();
    app.policy.decide(city, &caller.principal, Permission::DeviceControl, &there).is_allowed()
}

impl Asking<'_> {
    /// A command as staff see it.
    ///
    /// # Errors
    /// 404 where the city has no devices.
    pub fn view(&self, row: &DeviceCommandRow) -> Result<DeviceCommandView, Refused> {
        let member = intake(self.app)?.fleet.find(&row.device);
        let command = member.as_ref().and_then(|member| member.class.command(&row.command));
        let named = |party: Option<PartyId>| party.map(|party| self.names.get(&party).cloned().unwrap_or_default());
        Ok(DeviceCommandView {
            id: row.id.to_string(),
            device: row.device.to_string(),
            device_title: member.as_ref().map_or_else(|| row.device.to_string(), |member| member.row.title.clone()),
            command: row.command.clone(),
            title: command.map_or_else(|| plain(&row.command), |command| text(&command.title)),
            arguments: command.map_or_else(Vec::new, |command| {
                arguments_view(command, &serde_json::from_str(&row.arguments).unwrap_or_default())
            }),
            is_dangerous: command.is_some_and(|command| command.is_dangerous),
            reason: row.reason.clone(),
            is_of_scene: row.scene_run.is_some(),
            state: state_view(row.state),
            asked_by: named(row.asked_by),
            asked_at: time(row.asked_at),
            confirmed_by: named(row.confirmed_by),
            confirmed_at: row.confirmed_at.map(time),
            sent_at: row.sent_at.map(time),
            sendings: row.sendings,
            received_at: row.received_at.map(time),
            ended_at: row.ended_at.map(time),
            outcome: row.outcome.clone(),
            expires_at: time(row.expires_at),
            may: member.map_or_else(Vec::new, |member| self.may(row, &member.row.region)),
        })
    }

    fn may(&self, row: &DeviceCommandRow, region: &RegionId) -> Vec<DeviceCommandDeedWord> {
        let is_open = matches!(row.state, CommandState::Unconfirmed | CommandState::Queued);
        if !is_open || !may_control(self.app, self.city, self.caller, region) {
            return Vec::new();
        }
        let is_confirmed_by_caller =
            row.state == CommandState::Unconfirmed && row.asked_by != self.caller.principal.party();
        let confirm = is_confirmed_by_caller.then_some(DeviceCommandDeedWord::Confirm);
        confirm.into_iter().chain([DeviceCommandDeedWord::Withdraw]).collect()
    }
}

/// A command of a class as people see it.
pub fn command_kind_view(command: &DeviceCommand) -> DeviceCommandKind {
    let parameter = |one: &pack::Property| DeviceParameter {
        id: one.id.to_string(),
        title: text(&one.title),
        kind: kind_view(one.kind),
        symbol: one.unit.map(|unit| unit.symbol().to_owned()),
        min: one.min,
        max: one.max,
    };
    DeviceCommandKind {
        id: command.id.to_string(),
        title: text(&command.title),
        parameters: command.parameters.iter().map(parameter).collect(),
        is_dangerous: command.is_dangerous,
        expires_seconds: command.expires_seconds,
    }
}

/// The values of a command, in the order in which it takes them.
pub fn arguments_view(command: &DeviceCommand, given: &BTreeMap<String, Value>) -> Vec<DeviceValue> {
    let number = |value: &Value| value.as_bool().map(f64::from).or_else(|| value.as_f64());
    let view = |parameter: &pack::Property| {
        let value = given.get(parameter.id.as_str()).and_then(number);
        DeviceValue { value, ..value_view(parameter, None) }
    };
    command.parameters.iter().map(view).collect()
}

/// The class and the command of a scene; the pack was checked.
pub fn command_of<'a>(city: &'a City, scene: &Scene) -> Option<(&'a DeviceClassId, &'a DeviceCommand)> {
    let (id, class) = city.devices.get_key_value(&scene.class)?;
    Some((id, class.command(scene.command.as_str())?))
}

/// Whether the caller may run a scene: everywhere where it tells devices what to do.
pub fn may_run(app: &App, city: &City, caller: &Caller, scene: &Scene) -> bool {
    let whole = [city.root.clone()];
    let regions = if scene.regions.is_empty() { &whole[..] } else { &scene.regions };
    regions.iter().all(|region| may_control(app, city, caller, region))
}

/// The time at which nothing was planned yet counts from now.
pub fn next_view(city: &City, scene: &Scene, now: Instant) -> Option<Time> {
    act::scenes::next_planned(city, scene, now).map(time)
}

const fn state_view(state: CommandState) -> DeviceCommandState {
    match state {
        CommandState::Unconfirmed => DeviceCommandState::Unconfirmed,
        CommandState::Queued => DeviceCommandState::Queued,
        CommandState::Received => DeviceCommandState::Received,
        CommandState::Done => DeviceCommandState::Done,
        CommandState::Failed => DeviceCommandState::Failed,
        CommandState::Expired => DeviceCommandState::Expired,
        CommandState::Withdrawn => DeviceCommandState::Withdrawn,
    }
}

/// The store's word for how far a command has come.
pub const fn state_of(state: DeviceCommandState) -> CommandState {
    match state {
        DeviceCommandState::Unconfirmed => CommandState::Unconfirmed,
        DeviceCommandState::Queued => CommandState::Queued,
        DeviceCommandState::Received => CommandState::Received,
        DeviceCommandState::Done => CommandState::Done,
        DeviceCommandState::Failed => CommandState::Failed,
        DeviceCommandState::Expired => CommandState::Expired,
        DeviceCommandState::Withdrawn => CommandState::Withdrawn,
    }
}

/// Why a command was not taken, or not changed.
pub fn control_refused(error: ControlError) -> Refused {
    match error {
        ControlError::Field { field, message } => Refused::field(&field, message),
        ControlError::Unknown => Refused::not_found("command"),
        ControlError::State { .. } => Refused::new(StatusCode::CONFLICT, "command_state", error.to_string()),
        ControlError::Device { .. } => Refused::new(StatusCode::CONFLICT, "device_state", error.to_string()),
        ControlError::SamePerson => Refused::new(StatusCode::CONFLICT, "same_person", error.to_string()),
        ControlError::Store(error) => error.into(),
    }
}
