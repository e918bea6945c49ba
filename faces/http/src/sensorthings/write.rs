//! Creating Observations: the readings of a device, handed in by itself, under the rules of every other way in.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Instant, Reading, SeriesNo};
use sense::telemetry::{Format, IntakeError, Member, READINGS_MAX, SeriesOf};
use serde_json::{Map, Value as Json, json};

use super::entities::reading_name;
use super::fault::Fault;
use super::kinds::Kind;
use super::world::{Id, Sight, World, number};

/// What is shown in the place of a row that was not taken (OGC 18-088).
const ERROR: &str = "error";

/// A reading as the door of devices reads it.
struct Message {
    series: SeriesOf,
    at: Instant,
    body: Json,
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        self.body.to_string().into_bytes()
    }

    fn link(&self, world: &World) -> String {
        let reading = Reading {
            series: number(&self.series),
            cell: self.series.member.row.cell,
            at: self.at,
            received_at: self.at,
            value: 0.0,
        };
        format!("{}/{}('{}')", world.base, Kind::Observation.set(), reading_name(&self.series, &reading))
    }
}

/// Takes one Observation. It is on the disk when this answers.
///
/// # Errors
/// 400 for what cannot be read, 403 for whoever is not the device itself, 503 when it cannot be kept now.
pub async fn create(world: &World, series: Option<SeriesOf>, body: &[u8]) -> Result<Response, Fault> {
    let own = device(world)?;
    let Json::Object(fields) = json_of(body)? else { return Err(Fault::bad("an Observation is an object")) };
    let message = message(world, series, fields).map_err(Fault::bad)?;
    world.intake.take(&own.row.id, Format::Plain, &message.bytes()).await.map_err(refused)?;
    let link = HeaderValue::try_from(message.link(world)).map_err(|_| Fault::bad("the address has no name"))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, link)]).into_response())
}

/// Takes arrays of readings; for each row its link, or the word `error`. One bad row does not undo the others.
///
/// # Errors
/// As [`create`], where nothing can be taken of it.
pub async fn create_many(world: &World, body: &[u8]) -> Result<Response, Fault> {
    let own = device(world)?;
    let Json::Array(groups) = json_of(body)? else {
        return Err(Fault::bad("arrays of readings are a list of {Datastream, components, dataArray}"));
    };
    let mut rows = Vec::new();
    for group in &groups {
        rows.extend(rows_of(world, group)?);
    }
    if rows.is_empty() || rows.len() > READINGS_MAX {
        return Err(Fault::bad(format!("1 to {READINGS_MAX} readings are taken at once, got {}", rows.len())));
    }
    let (mut readings, mut links, mut seen, mut fault) = (Vec::new(), Vec::new(), HashSet::new(), None);
    for row in rows {
        let taken = row.and_then(|message| {
            // Of two readings of one instant the later would take the place of the first, unsaid.
            let is_new = seen.insert((number(&message.series), message.at));
            let read = own.read(Format::Plain, &message.bytes(), world.now).map_err(|error| error.to_string());
            match read.and_then(|read| if is_new { Ok(read) } else { Err("its time stands twice".to_owned()) }) {
                Ok(read) => {
                    readings.extend(read);
                    Ok(message.link(world))
                }
                Err(words) => {
                    fault.get_or_insert(message);
                    Err(words)
                }
            }
        });
        links.push(taken.map_or_else(|_| json!(ERROR), Json::String));
    }
    if !readings.is_empty() {
        world.intake.keep(Arc::clone(own), readings).await.map_err(refused)?;
    } else if let Some(message) = fault {
        // Nothing of it can be read: the door counts that, and shuts a device out that sends nothing else.
        match world.intake.take(&own.row.id, Format::Plain, &message.bytes()).await {
            Err(IntakeError::Payload(_)) | Ok(_) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Ok((StatusCode::CREATED, axum::Json(links)).into_response())
}

fn device(world: &World) -> Result<&Arc<Member>, Fault> {
    match &world.sight {
        Sight::Own(own) => Ok(own),
        Sight::Regions(_) => {
            let words = "Observations are created by the device itself, with its name and password (HTTP Basic)";
            Err(Fault::new(StatusCode::FORBIDDEN, words))
        }
    }
}

fn json_of(body: &[u8]) -> Result<Json, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::bad(format!("the body is not JSON: {error}")))
}

fn refused(error: IntakeError) -> Fault {
    let words = error.to_string();
    match error {
        IntakeError::Payload(_) => Fault::bad(words),
        IntakeError::ShutOut(_) | IntakeError::Gone => Fault::new(StatusCode::FORBIDDEN, words),
        IntakeError::Lake(_) => Fault::later(words),
    }
}

/// The rows of one Datastream, each as an Observation or with what is wrong.
fn rows_of(world: &World, group: &Json) -> Result<Vec<Result<Message, String>>, Fault> {
    let form = || Fault::bad("each part of the list has Datastream, components and dataArray");
    let list = |name: &str| group.get(name).and_then(Json::as_array).ok_or_else(form);
    let components: Vec<&str> = list("components")?.iter().map(|name| name.as_str().unwrap_or_default()).collect();
    let datastream = group.get("Datastream").ok_or_else(form)?;
    let row = |row: &Json| {
        let cells = row.as_array().filter(|cells| cells.len() == components.len());
        let cells = cells.ok_or_else(|| "a row has a value for each of components".to_owned())?;
        let mut fields = Map::new();
        for (name, cell) in components.iter().zip(cells) {
            match *name {
                "id" | "@iot.id" => {}
                "FeatureOfInterest/id" | "FeatureOfInterest/@iot.id" => {
                    fields.insert("FeatureOfInterest".to_owned(), json!({"@iot.id": cell}));
                }
                name => drop(fields.insert(name.to_owned(), cell.clone())),
            }
        }
        fields.insert("Datastream".to_owned(), datastream.clone());
        message(world, None, fields)
    };
    Ok(list("dataArray")?.iter().map(row).collect())
}

/// The Observation of a message to a topic, in the words of the door of devices.
///
/// # Errors
/// What is wrong with it.
pub fn told(world: &World, series: Option<SeriesOf>, payload: &[u8]) -> Result<Vec<u8>, String> {
    let json = serde_json::from_slice(payload).map_err(|error| format!("the message is not JSON: {error}"))?;
    let Json::Object(fields) = json else { return Err("an Observation is an object".to_owned()) };
    message(world, series, fields).map(|message| message.bytes())
}

/// An Observation in the words of the door of devices. What this server would not keep is refused, not dropped.
fn message(world: &World, series: Option<SeriesOf>, mut fields: Map<String, Json>) -> Result<Message, String> {
    let linked = fields.remove("Datastream").map(|link| linked_series(world, &link)).transpose()?;
    let series = match (series, linked) {
        (Some(one), Some(other)) if number(&one) != number(&other) => {
            return Err("the Datastream of the path is another than that of the body".to_owned());
        }
        (Some(series), _) | (None, Some(series)) => series,
        (None, None) => {
            return Err("an Observation needs its Datastream: {\"Datastream\": {\"@iot.id\": 1}}".to_owned());
        }
    };
    if let Some(feature) = fields.remove("FeatureOfInterest").filter(|feature| !feature.is_null()) {
        let own = json!(series.member.row.id.as_str());
        if feature.get("@iot.id") != Some(&own) {
            return Err(format!("the FeatureOfInterest of a device is its own place, {own}"));
        }
    }
    let at = match fields.remove("phenomenonTime") {
        None | Some(Json::Null) => world.now,
        Some(time) => instant(&time).ok_or("phenomenonTime is an instant such as 2026-11-23T08:00:00Z")?,
    };
    // When it came is known better here; what is given has to be a time all the same.
    if fields.remove("resultTime").is_some_and(|time| !time.is_null() && instant(&time).is_none()) {
        return Err("resultTime is an instant such as 2026-11-23T08:00:00Z".to_owned());
    }
    let result = fields.remove("result").filter(|result| !result.is_null()).ok_or("an Observation needs a result")?;
    let is_nothing = |json: &Json| json.is_null() || json.as_object().is_some_and(Map::is_empty);
    if let Some((name, _)) = fields.iter().find(|(name, json)| !name.starts_with("@iot.") && !is_nothing(json)) {
        let name: String = name.chars().take(40).collect();
        return Err(format!("{name:?} is not kept here; an Observation has phenomenonTime, result and Datastream"));
    }
    let property = &series.member.class.properties[series.property];
    let body = json!({"at": at.to_string(), property.id.as_str(): result});
    Ok(Message { series, at, body })
}

/// The Datastream that a link names, when the device may see it.
fn linked_series(world: &World, link: &Json) -> Result<SeriesOf, String> {
    let id = link.get("@iot.id").and_then(Json::as_u64).map(Id::Number);
    let found = match id {
        Some(Id::Number(id)) => u32::try_from(id).ok().and_then(|id| world.find_series(SeriesNo(id))),
        _ => None,
    };
    found.ok_or_else(|| "Datastream is a link to one of the device's own: {\"@iot.id\": 1}".to_owned())
}

/// An instant; a period of no length is one.
fn instant(time: &Json) -> Option<Instant> {
    let text = time.as_str()?;
    let (from, to) = text.split_once('/').unwrap_or((text, text));
    let (from, to): (Instant, Instant) = (from.parse().ok()?, to.parse().ok()?);
    (from == to).then_some(from)
}
