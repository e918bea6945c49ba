//! Tasking (OGC 17-079r1): a command of a class is a TaskingCapability of each of its devices, a command that was given
//! is a Task.
//!
//! A Task is asked for as every other command is: checked against the pack, written in the log with who asked and why, and,
//! where it is dangerous, confirmed by a second person. The standard has no word for how far it has come; here that stands
//! in the Task's `properties`.

use std::collections::BTreeMap;
use std::sync::Arc;

use act::control::{Asked, ask};
use axum::Json as Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::Principal;
use model::{DeviceClassId, EventId};
use pack::{DeviceCommand, Property, PropertyKind};
use sense::telemetry::Member;
use serde_json::{Map, Value as Json, json};
use store::{DeviceCommandFilter, DeviceCommandRow, StoreError};

use super::entities::{JSON, compact};
use super::fault::Fault;
use super::kinds::Kind;
use super::path::{Part, Target};
use super::world::{Collection, Entity, Sight, World};
use super::{door, options};
use crate::api::control::parts::control_refused;
use crate::app::App;
use crate::error::Refused;

/// Commands read from the register at a time.
const CHUNK: u32 = 1_000;

/// Commands that one question looks at.
const TASKS_MAX: usize = 20_000;

/// A command that a device takes.
#[derive(Debug, Clone)]
pub struct Capability {
    /// The device.
    pub member: Arc<Member>,
    /// The place of the command in its class.
    pub place: usize,
}

/// Whose Tasks are meant.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Those of this capability; all that are seen without.
    pub of: Option<Capability>,
}

impl Capability {
    fn command(&self) -> &DeviceCommand {
        &self.member.class.commands[self.place]
    }

    /// Whether a command was given to it.
    pub fn is_of(&self, row: &DeviceCommandRow) -> bool {
        row.device == self.member.row.id && row.command == self.command().id.as_str()
    }

    /// Its id: `lamp-1.switch`. Commands have no dot in their names.
    pub fn id(&self) -> String {
        format!("{}.{}", self.member.row.id, self.command().id)
    }
}

impl Scope {
    /// Whether Tasks of a capability are meant.
    pub fn has(&self, capability: &Capability) -> bool {
        self.of.as_ref().is_none_or(|of| of.id() == capability.id())
    }
}

impl World {
    /// Classes of devices that can be told to do something.
    pub fn actuators(&self) -> Vec<Entity> {
        let classes = self.classes().filter(|(_, class)| !class.commands.is_empty());
        classes.map(|(id, _)| Entity::Actuator(id.clone())).collect()
    }

    /// A class by its id, where it can be told something.
    pub fn find_actuator(&self, id: &str) -> Option<DeviceClassId> {
        let id = DeviceClassId::new(id).ok()?;
        self.class(&id).is_some_and(|class| !class.commands.is_empty()).then_some(id)
    }

    /// What devices take.
    pub fn capabilities(&self, of: impl Fn(&Member) -> bool) -> Vec<Entity> {
        self.members().iter().filter(|member| of(member)).flat_map(|member| self.capabilities_of(member)).collect()
    }

    /// What a device takes.
    pub fn capabilities_of(&self, member: &Arc<Member>) -> Vec<Entity> {
        let of = |place| Entity::Capability(Capability { member: Arc::clone(member), place });
        (0..member.class.commands.len()).map(of).collect()
    }

    /// A capability by its id.
    pub fn find_capability(&self, id: &str) -> Option<Capability> {
        let (device, command) = id.rsplit_once('.')?;
        capability(self.find_member(device)?, command)
    }

    /// A Task by its id.
    ///
    /// # Errors
    /// 500 when the register cannot be read.
    pub fn find_task(&self, id: &str) -> Result<Option<Entity>, Fault> {
        let Ok(id) = id.parse::<EventId>() else { return Ok(None) };
        let row = self.intake.ctx.store.read_blocking(move |db| db.find_device_command(id)).map_err(unread)?;
        Ok(row.and_then(|row| self.task(row)))
    }

    /// A command as a Task, where its device is seen. One that the class no longer has is none.
    fn task(&self, row: DeviceCommandRow) -> Option<Entity> {
        let capability = capability(self.find_member(row.device.as_str())?, &row.command)?;
        Some(Entity::Task(capability, Arc::new(row)))
    }

    /// Tasks, the newest first.
    ///
    /// # Errors
    /// 400 when the question is too large, 500 when the register cannot be read.
    pub fn tasks(&self, scope: &Scope, most: usize) -> Result<Vec<Entity>, Fault> {
        let device = match (&scope.of, &self.sight) {
            (Some(of), _) => Some(of.member.row.id.clone()),
            (None, Sight::Own(own)) => Some(own.row.id.clone()),
            (None, Sight::Regions(_)) => None,
        };
        let within = match &self.sight {
            Sight::Own(_) => Vec::new(),
            Sight::Regions(regions) => regions.iter().map(|region| self.city().region_path(region)).collect(),
        };
        let mut filter = DeviceCommandFilter { device, within, ..DeviceCommandFilter::default() };
        let mut tasks = Vec::new();
        while tasks.len() < most {
            let asked = filter.clone();
            let read = move |db: &mut store::Reader| db.list_device_commands(&asked, CHUNK);
            let rows = self.intake.ctx.store.read_blocking(read).map_err(unread)?;
            self.budget.command(rows.len(), TASKS_MAX)?;
            let is_last = rows.len() < CHUNK as usize;
            filter.before = rows.last().map(|row| row.id);
            let seen = rows.into_iter().filter_map(|row| self.task(row));
            tasks.extend(seen.filter(|task| matches!(task, Entity::Task(of, _) if scope.has(of))));
            if is_last {
                break;
            }
        }
        tasks.truncate(most);
        Ok(tasks)
    }

    /// A property of an Actuator.
    pub fn of_actuator(&self, id: &DeviceClassId, property: &str) -> Json {
        let Some(class) = self.class(id) else { return Json::Null };
        match property {
            "name" => self.text(&class.title),
            "description" => {
                let titles = class.commands.iter().map(|command| command.title.in_locale(&self.locale));
                json!(titles.collect::<Vec<_>>().join(", "))
            }
            "encodingType" => json!(JSON),
            "metadata" => {
                let command = |command: &DeviceCommand| {
                    json!({
                        "id": command.id.as_str(),
                        "dangerous": command.is_dangerous,
                        "expires_seconds": command.expires_seconds,
                        "taskingParameters": self.parameters(command),
                    })
                };
                json!({"commands": class.commands.iter().map(command).collect::<Vec<_>>()})
            }
            "properties" => json!({"class": id.as_str(), "office": class.office.as_str()}),
            _ => Json::Null,
        }
    }

    /// A property of a TaskingCapability.
    pub fn of_capability(&self, capability: &Capability, property: &str) -> Json {
        let (member, command) = (&capability.member, capability.command());
        let title = command.title.in_locale(&self.locale);
        match property {
            "name" => json!(format!("{} · {title}", member.row.title)),
            "description" => json!(format!("{} · {title}", member.class.title.in_locale(&self.locale))),
            "taskingParameters" => self.parameters(command),
            "properties" => json!({
                "command": command.id.as_str(),
                "dangerous": command.is_dangerous,
                "expires_seconds": command.expires_seconds,
            }),
            _ => Json::Null,
        }
    }

    /// What a command takes, as a DataRecord of SWE Common (OGC 08-094r1, in JSON).
    fn parameters(&self, command: &DeviceCommand) -> Json {
        let fields = command.parameters.iter().map(|parameter| self.field(parameter));
        json!({"type": "DataRecord", "field": fields.collect::<Vec<_>>()})
    }

    fn field(&self, parameter: &Property) -> Json {
        let kind = match parameter.kind {
            PropertyKind::Measurement => "Quantity",
            PropertyKind::Count => "Count",
            PropertyKind::Truth => "Boolean",
        };
        let constraint = (parameter.min.is_some() || parameter.max.is_some()).then(|| {
            // A missing end is open, as SWE Common writes it.
            let end = |value: Option<f64>, open: &str| value.map_or(json!(open), |value| json!(value));
            let interval = json!([end(parameter.min, "-INF"), end(parameter.max, "INF")]);
            json!({"type": "AllowedValues", "interval": [interval]})
        });
        compact(json!({
            "type": kind,
            "name": parameter.id.as_str(),
            "label": parameter.title.in_locale(&self.locale),
            "definition": parameter.definition,
            "uom": parameter.unit.map(|unit| json!({"code": unit.ucum()})),
            "constraint": constraint,
            "use": "Mandatory",
        }))
    }

    /// A property of a Task.
    pub fn of_task(&self, row: &DeviceCommandRow, property: &str) -> Json {
        let time = |at: Option<model::Instant>| at.map(|at| at.to_string());
        match property {
            "creationTime" => json!(row.asked_at.to_string()),
            "taskingParameters" => serde_json::from_str(&row.arguments).unwrap_or_default(),
            "properties" => compact(json!({
                "state": row.state.as_str(),
                "outcome": row.outcome,
                "reason": row.reason,
                "confirmedTime": time(row.confirmed_at),
                "receivedTime": time(row.received_at),
                "endTime": time(row.ended_at),
                "expirationTime": row.expires_at.to_string(),
            })),
            _ => Json::Null,
        }
    }
}

fn capability(member: Arc<Member>, command: &str) -> Option<Capability> {
    let place = member.class.commands.iter().position(|known| known.id.as_str() == command)?;
    Some(Capability { member, place })
}

fn unread(error: StoreError) -> Fault {
    Refused::from(error).into()
}

/// Takes a Task: the device is told what to do, or a second person is asked.
///
/// # Errors
/// 400 for what does not fit the capability, 403 for whoever may not, 404 for what may not be seen, 409 where the device is
/// not told anything.
pub async fn create(app: &App, world: &World, parts: &[Part], body: &[u8]) -> Result<Response, Fault> {
    let json: Json =
        serde_json::from_slice(body).map_err(|error| Fault::bad(format!("the body is not JSON: {error}")))?;
    let Json::Object(mut fields) = json else { return Err(Fault::bad("a Task is an object")) };
    let capability = meant(world, parts, &mut fields)?;
    let by = door::controller(app, world, &capability.member.row.region)?;
    let arguments: BTreeMap<String, Json> = match fields.remove("taskingParameters") {
        None | Some(Json::Null) => BTreeMap::new(),
        Some(Json::Object(given)) => given.into_iter().collect(),
        Some(_) => return Err(Fault::bad("taskingParameters is an object of the values that the capability names")),
    };
    let reason = reason(world, fields.remove("properties"))?;
    // The server says when it was created; what is given has nothing to say.
    fields.remove("creationTime");
    if let Some((name, _)) = fields.iter().find(|(name, json)| !name.starts_with("@iot.") && !json.is_null()) {
        let name: String = name.chars().take(40).collect();
        let words =
            format!("{name:?} is not kept here; a Task has taskingParameters, TaskingCapability and properties");
        return Err(Fault::bad(words));
    }
    let command = capability.command().id.to_string();
    let asked = Asked { device: capability.member.row.id.clone(), command, arguments, reason, by };
    let row = ask(&app.act(), &capability.member.class, asked).await.map_err(refused)?;
    let task = Entity::Task(capability, Arc::new(row));
    let link = world.self_link(&task);
    let location = HeaderValue::try_from(&link).map_err(|_| Fault::bad("the address has no name"))?;
    let options = options::parse(Kind::Task, false, Vec::new(), world.now)?;
    let body = world.entity(&task, &options)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Body(body)).into_response())
}

/// What is wrong with a Task, in the words of the standard.
fn refused(error: act::control::ControlError) -> Fault {
    match error {
        act::control::ControlError::Field { field, message } => {
            let field = field.strip_prefix("arguments.").map_or_else(
                || field.replace("reason", "properties.reason"),
                |name| format!("taskingParameters.{name}"),
            );
            Fault::bad(format!("{field}: {message}"))
        }
        error => control_refused(error).into(),
    }
}

/// The capability that the path goes over, or that the Task links to.
fn meant(world: &World, parts: &[Part], fields: &mut Map<String, Json>) -> Result<Capability, Fault> {
    let link = fields.remove("TaskingCapability").filter(|link| !link.is_null());
    let linked = match &link {
        Some(link) => {
            let words = "TaskingCapability is a link to one that you may see: {\"@iot.id\": \"lamp-1.switch\"}";
            let id = link.get("@iot.id").and_then(Json::as_str);
            Some(id.and_then(|id| world.find_capability(id)).ok_or_else(|| Fault::bad(words))?)
        }
        None => None,
    };
    let of_path = match world.resolve(parts)? {
        Target::Many(Collection::Tasks(scope)) => scope.of,
        Target::One(_) => {
            return Err(Fault::method("a Task stays as it was asked for; withdraw it as a device command"));
        }
        Target::Many(_) => return Err(Fault::not_found()),
    };
    match (of_path, linked) {
        (Some(of), Some(linked)) if of.id() != linked.id() => {
            Err(Fault::bad("TaskingCapability is another than the one of the path"))
        }
        (Some(capability), _) | (None, Some(capability)) => Ok(capability),
        (None, None) => Err(Fault::bad("a Task names its TaskingCapability, or is created below it")),
    }
}

/// Why: a program that does not say is named itself, people always say.
fn reason(world: &World, properties: Option<Json>) -> Result<String, Fault> {
    let mut given = match properties {
        None | Some(Json::Null) => Map::new(),
        Some(Json::Object(given)) => given,
        Some(_) => return Err(Fault::bad("properties is an object: {\"reason\": \"why\"}")),
    };
    let reason = given.remove("reason");
    if let Some(name) = given.keys().next() {
        let name: String = name.chars().take(40).collect();
        return Err(Fault::bad(format!("properties.{name}: only the reason is given with a Task")));
    }
    match (reason, &world.who) {
        (Some(Json::String(reason)), _) => Ok(reason),
        (None | Some(Json::Null), Principal::Client { client, .. }) => Ok(format!("SensorThings: {client}")),
        _ => Err(Fault::bad("properties.reason says why, in 1 to 200 characters")),
    }
}
