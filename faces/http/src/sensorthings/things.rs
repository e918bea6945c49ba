//! Creating Things: a device is registered, by a deep insert that names where it stands and what it measures.
//!
//! What can be measured is said by the classes of the pack, so that rules and cases know of it: the Datastreams of a Thing have
//! to be those of one class, and everything that would not be kept is refused. All of it is created or nothing.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::DeviceClassId;
use pack::{DeviceClass, Property, Unit};
use sense::devices::{DeviceError, NewDevice};
use sense::report::region_of;
use serde_json::{Map, Value as Json, json};

use super::door;
use super::fault::Fault;
use super::options::encode;
use super::world::{Entity, Sight, World};
use crate::app::App;
use crate::error::failed;
use crate::names::{parse, parse_some, point};

/// What is read of a Thing.
const FIELDS: [&str; 7] =
    ["@iot.id", "name", "description", "properties", "Locations", "Datastreams", "HistoricalLocations"];
/// What is read of its properties.
const PROPERTIES: [&str; 5] = ["class", "office", "gateway", "height_m", "id"];

/// Registers a device. Its password is in the answer, as `@dipper.password`, and never shown again.
///
/// # Errors
/// 400 for what cannot be read or would not be kept, 403 for whoever may not register devices there, 409 for a device that is
/// there already.
pub async fn create(app: &App, world: &World, body: &[u8]) -> Result<Response, Fault> {
    if matches!(world.sight, Sight::Own(_)) {
        return Err(Fault::new(StatusCode::FORBIDDEN, "a device registers no other one"));
    }
    let thing: Json = serde_json::from_slice(body).map_err(|error| bad(format!("the body is not JSON: {error}")))?;
    let new = read(world, &thing)?;
    let place = new.point;
    let city = &world.compiled.city;
    // Outside the city it is refused for its place; inside, whoever may not register devices there is told so.
    let region = region_of(&world.compiled, place).unwrap_or_else(|| city.root.clone());
    let (by, through) = door::registrar(app, world, &region)?;
    let registered = world.intake.register(by, NewDevice { through, ..new }).await.map_err(refused)?;
    let member = world.intake.fleet.find(&registered.device.id).ok_or_else(failed)?;
    let entity = Entity::Thing(member);
    let link = world.self_link(&entity);
    let mut view = Map::new();
    view.insert("@iot.id".to_owned(), world.id(&entity).json());
    view.insert("@iot.selfLink".to_owned(), json!(link));
    for property in ["name", "description", "properties"] {
        view.insert(property.to_owned(), world.json(&entity, property)?);
    }
    view.insert("@dipper.password".to_owned(), json!(registered.secret.reveal()));
    let link = HeaderValue::try_from(link).map_err(|_| failed())?;
    let about = [(header::LOCATION, link), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, about, axum::Json(view)).into_response())
}

fn bad(words: impl Into<String>) -> Fault {
    Fault::bad(words.into())
}

fn refused(error: DeviceError) -> Fault {
    let words = error.to_string();
    match error {
        DeviceError::Exists(_) => Fault::new(StatusCode::CONFLICT, words),
        DeviceError::Store(error) => crate::error::Refused::from(error).into(),
        _ => bad(words),
    }
}

fn read(world: &World, thing: &Json) -> Result<NewDevice, Fault> {
    let Json::Object(fields) = thing else { return Err(bad("a Thing is an object")) };
    only(fields, &FIELDS, "a Thing")?;
    if fields.contains_key("HistoricalLocations") {
        return Err(bad("HistoricalLocations are made by moving a Thing, not handed in"));
    }
    let name = fields.get("name").and_then(Json::as_str).ok_or_else(|| bad("name: a Thing has a name"))?;
    let nothing = Map::new();
    let properties = match fields.get("properties") {
        Some(Json::Object(properties)) => properties,
        None | Some(Json::Null) => &nothing,
        Some(_) => return Err(bad("properties: has to be an object")),
    };
    only(properties, &PROPERTIES, "properties of a Thing")?;
    let word = |name: &str| properties.get(name).and_then(Json::as_str);
    let datastreams = list(fields, "Datastreams")?;
    let class = class_of(world, word("class"), datastreams)?;
    let id = fields.get("@iot.id").or_else(|| properties.get("id")).and_then(Json::as_str);
    let id = id.ok_or_else(|| bad("@iot.id: the name of the device in the field, such as air-0042"))?;
    let (lon, lat) = place(list(fields, "Locations")?)?;
    Ok(NewDevice {
        id: parse("@iot.id", id)?,
        class,
        title: name.to_owned(),
        parent: parse_some("gateway", word("gateway"))?,
        point: point(lon, lat)?,
        height_m: properties.get("height_m").and_then(Json::as_f64),
        office: parse_some("office", word("office"))?,
        through: None,
    })
}

fn only(fields: &Map<String, Json>, known: &[&str], of: &str) -> Result<(), Fault> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(bad(format!("{name}: is not kept; {of} has {}", known.join(", ")))),
        None => Ok(()),
    }
}

fn list<'a>(fields: &'a Map<String, Json>, name: &str) -> Result<&'a [Json], Fault> {
    match fields.get(name) {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::Array(items)) => Ok(items),
        Some(_) => Err(bad(format!("{name}: has to be a list"))),
    }
}

/// The one place of a Thing.
fn place(locations: &[Json]) -> Result<(f64, f64), Fault> {
    let [location] = locations else {
        return Err(bad("Locations: exactly one, with encodingType application/geo+json and a Point as location"));
    };
    let encoding = location.get("encodingType").and_then(Json::as_str).unwrap_or_default();
    if !matches!(encoding, "application/geo+json" | "application/vnd.geo+json") {
        return Err(bad("Locations: encodingType has to be application/geo+json"));
    }
    let found = location.get("location").unwrap_or(&Json::Null);
    let shape = if found["type"] == "Feature" { &found["geometry"] } else { found };
    let at = |place: usize| shape["coordinates"].get(place).and_then(Json::as_f64);
    match (shape["type"] == "Point", at(0), at(1)) {
        (true, Some(lon), Some(lat)) => Ok((lon, lat)),
        _ => Err(bad("Locations: location has to be a Point of longitude and latitude")),
    }
}

/// The class that a Thing names, or the only one that has all its Datastreams.
fn class_of(world: &World, named: Option<&str>, datastreams: &[Json]) -> Result<DeviceClassId, Fault> {
    let wanted: Vec<Wanted<'_>> = datastreams.iter().map(wanted).collect::<Result<_, _>>()?;
    if let Some(id) = named.or_else(|| wanted.iter().find_map(|wanted| wanted.class)) {
        let known = || world.classes().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(", ");
        let id = DeviceClassId::new(id).map_err(|error| bad(format!("class: {error}")))?;
        let class = world.class(&id);
        let class = class.ok_or_else(|| bad(format!("class: the city has no class {id}; known are {}", known())))?;
        return match wanted.iter().find(|wanted| !wanted.fits(&id, class)) {
            Some(other) => Err(bad(format!("Datastreams: {id} has none like {}", other.words()))),
            None => Ok(id),
        };
    }
    if wanted.is_empty() {
        return Err(bad("properties.class: the class of the device, or Datastreams that tell it"));
    }
    let mut fitting = world.classes().filter(|(id, class)| wanted.iter().all(|wanted| wanted.fits(id, class)));
    match (fitting.next(), fitting.next()) {
        (Some((id, _)), None) => Ok(id.clone()),
        (None, _) => Err(bad(format!(
            "Datastreams: no class of the city has all of {}",
            wanted.iter().map(Wanted::words).collect::<Vec<_>>().join(", ")
        ))),
        (Some(_), Some(_)) => Err(bad("Datastreams: several classes have these; name one in properties.class")),
    }
}

/// A Datastream as it is wanted.
struct Wanted<'a> {
    /// The class that its Sensor names.
    class: Option<&'a str>,
    /// The id, name or definition of its ObservedProperty.
    property: &'a str,
    /// Its unit, where it says one: UCUM, a symbol, or an address that ends with either.
    unit: Option<&'a str>,
}

fn wanted(datastream: &Json) -> Result<Wanted<'_>, Fault> {
    if datastream.get("Observations").is_some_and(|found| found.as_array().is_none_or(|list| !list.is_empty())) {
        return Err(bad("Datastreams: Observations are handed in by the device itself, with its password"));
    }
    let text = |of: &str, names: &[&str]| {
        let found = datastream.get(of)?;
        names.iter().find_map(|name| found.get(*name).and_then(Json::as_str).filter(|text| !text.is_empty()))
    };
    let property = text("ObservedProperty", &["@iot.id", "definition", "name"]);
    let property = property.ok_or_else(|| bad("Datastreams: each has an ObservedProperty, by its id or its name"))?;
    Ok(Wanted {
        class: text("Sensor", &["@iot.id", "name"]),
        property,
        unit: text("unitOfMeasurement", &["definition", "symbol", "name"]),
    })
}

impl Wanted<'_> {
    fn fits(&self, id: &DeviceClassId, class: &DeviceClass) -> bool {
        class.properties.iter().any(|property| self.is(id, property) && self.has_unit(property.unit))
    }

    fn is(&self, class: &DeviceClassId, property: &Property) -> bool {
        let last = self.property.rsplit(['/', '#']).next().unwrap_or_default();
        let own = property.id.as_str();
        self.property == format!("{class}.{own}")
            || [self.property, last].contains(&own)
            || property.title.0.values().any(|text| text == self.property)
    }

    fn has_unit(&self, unit: Option<Unit>) -> bool {
        let Some(wanted) = self.unit else { return true };
        let last = wanted.rsplit('/').next().unwrap_or_default();
        unit.is_some_and(|unit| {
            let (code, symbol) = (unit.ucum(), unit.symbol());
            [code, symbol].contains(&wanted) || [code, symbol].contains(&last) || encode(code) == last
        })
    }

    fn words(&self) -> String {
        self.unit.map_or_else(|| self.property.to_owned(), |unit| format!("{} ({unit})", self.property))
    }
}
