//! What entities are called and what they have: the properties of OGC 18-088, from the register, the pack and the lake.

use model::{Instant, Reading};
use pack::{Property, PropertyKind, Unit};
use sense::telemetry::SeriesOf;
use serde_json::{Map, Value as Json, json};

use super::fault::Fault;
use super::kinds::Kind;
use super::shapes::Shape;
use super::value::Value;
use super::world::{Entity, Id, World, number};

/// How places are written.
const GEOJSON: &str = "application/geo+json";

/// Sensors and Actuators are described by the pack, in JSON.
pub const JSON: &str = "application/json";

impl Entity {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Thing(_) => Kind::Thing,
            Self::Location(_) => Kind::Location,
            Self::HistoricalLocation(_) => Kind::HistoricalLocation,
            Self::FeatureOfInterest(_) => Kind::FeatureOfInterest,
            Self::Datastream(_) => Kind::Datastream,
            Self::Sensor(_) => Kind::Sensor,
            Self::ObservedProperty(..) => Kind::ObservedProperty,
            Self::Observation(..) => Kind::Observation,
            Self::Actuator(_) => Kind::Actuator,
            Self::Capability(..) => Kind::TaskingCapability,
            Self::Task(..) => Kind::Task,
        }
    }
}

impl Id {
    /// As it stands in JSON.
    pub fn json(&self) -> Json {
        match self {
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

/// An id as it stands in a path.
pub fn written(id: &Id) -> String {
    match id {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => format!("'{}'", super::options::encode(&text.replace('\'', "''"))),
    }
}

const fn kind_word(kind: PropertyKind) -> &'static str {
    match kind {
        PropertyKind::Measurement => "measurement",
        PropertyKind::Count => "count",
        PropertyKind::Truth => "truth",
    }
}

/// The observation type of O&M, as OGC 18-088 names it.
fn observation_type(kind: PropertyKind) -> String {
    let word = match kind {
        PropertyKind::Measurement => "OM_Measurement",
        PropertyKind::Count => "OM_CountObservation",
        PropertyKind::Truth => "OM_TruthObservation",
    };
    format!("http://www.opengis.net/def/observationType/OGC-OM/2.0/{word}")
}

/// The unit by its UCUM code; what has no unit has all three keys, with nothing.
fn unit_of(unit: Option<Unit>) -> Json {
    let Some(unit) = unit else { return json!({"name": null, "symbol": null, "definition": null}) };
    let code = unit.ucum();
    let definition = format!("http://www.opengis.net/def/uom/UCUM/{}", super::options::encode(code));
    let symbol = if unit.symbol().is_empty() { code } else { unit.symbol() };
    json!({"name": code, "symbol": symbol, "definition": definition})
}

/// Without the keys that have nothing.
pub fn compact(json: Json) -> Json {
    match json {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn point((lon, lat): (f64, f64)) -> Json {
    json!({"type": "Point", "coordinates": [lon, lat]})
}

fn span((from, to): (Instant, Instant)) -> Json {
    json!(format!("{from}/{to}"))
}

/// The id of a reading: its series and its instant in microseconds since 1970.
pub fn reading_name(series: &SeriesOf, reading: &Reading) -> String {
    format!("{}-{}", number(series), reading.at.as_micros())
}

/// What a reading says, in the form of its property.
pub fn result(property: &Property, value: f64) -> Json {
    match property.kind {
        PropertyKind::Truth => json!(value != 0.0),
        // Whole numbers up to 2^53 are exact.
        PropertyKind::Count if value.abs() <= 9e15 => json!(value as i64),
        PropertyKind::Count | PropertyKind::Measurement => json!(value),
    }
}

impl World {
    /// The id of an entity: a number for Datastreams, a text for all others.
    pub fn id(&self, entity: &Entity) -> Id {
        match entity {
            Entity::Thing(member)
            | Entity::Location(member)
            | Entity::HistoricalLocation(member)
            | Entity::FeatureOfInterest(member) => Id::Text(member.row.id.to_string()),
            Entity::Datastream(series) => Id::Number(number(series).0.into()),
            Entity::Sensor(class) | Entity::Actuator(class) => Id::Text(class.to_string()),
            Entity::Capability(capability) => Id::Text(capability.id()),
            Entity::Task(_, row) => Id::Text(row.id.to_string()),
            Entity::Observation(series, reading) => Id::Text(reading_name(series, reading)),
            Entity::ObservedProperty(class, place) => {
                let property = self.class(class).and_then(|class| class.properties.get(*place));
                let property = property.map_or("", |property| property.id.as_str());
                Id::Text(format!("{class}.{property}"))
            }
        }
    }

    /// The address of an entity.
    pub fn self_link(&self, entity: &Entity) -> String {
        format!("{}/{}({})", self.base, entity.kind().set(), written(&self.id(entity)))
    }

    /// A property of an entity as JSON; `Null` where it has none.
    ///
    /// # Errors
    /// As [`World::range`], for the times of a Datastream.
    pub fn json(&self, entity: &Entity, property: &str) -> Result<Json, Fault> {
        match property {
            "id" => return Ok(self.id(entity).json()),
            "selfLink" => return Ok(json!(self.self_link(entity))),
            _ => {}
        }
        Ok(match entity {
            Entity::Thing(_) | Entity::Location(_) | Entity::HistoricalLocation(_) | Entity::FeatureOfInterest(_) => {
                self.of_member(entity, property)
            }
            Entity::Datastream(series) if property == "phenomenonTime" => {
                self.span_of(series)?.map_or(Json::Null, span)
            }
            Entity::Datastream(series) => self.of_series(series, property),
            Entity::Sensor(class) => self.of_class(class, property),
            Entity::Actuator(class) => self.of_actuator(class, property),
            Entity::Capability(capability) => self.of_capability(capability, property),
            Entity::Task(_, row) => self.of_task(row, property),
            Entity::ObservedProperty(class, place) => {
                let found = self.class(class).and_then(|class| class.properties.get(*place));
                found.map_or(Json::Null, |found| self.of_property(entity, found, property))
            }
            Entity::Observation(series, reading) => match property {
                "phenomenonTime" => json!(reading.at.to_string()),
                "resultTime" => json!(reading.received_at.to_string()),
                "result" => result(&series.member.class.properties[series.property], reading.value),
                _ => Json::Null,
            },
        })
    }

    /// A text in the caller's language.
    pub fn text(&self, text: &model::Text) -> Json {
        json!(text.in_locale(&self.locale))
    }

    fn of_member(&self, entity: &Entity, property: &str) -> Json {
        let (Entity::Thing(member)
        | Entity::Location(member)
        | Entity::HistoricalLocation(member)
        | Entity::FeatureOfInterest(member)) = entity
        else {
            return Json::Null;
        };
        let row = &member.row;
        match (entity, property) {
            (_, "name") => json!(row.title),
            (Entity::Thing(_), "description") => self.text(&member.class.title),
            (Entity::Thing(_), "properties") => compact(json!({
                "class": row.class.as_str(),
                "office": row.office.as_str(),
                "region": row.region.as_str(),
                "state": row.state.as_str(),
                "gateway": row.parent.as_ref().map(ToString::to_string),
                "registered_at": row.registered_at.to_string(),
            })),
            (_, "description") => {
                let region = self.compiled.city.regions.get(&row.region);
                region.map_or(json!(row.region.as_str()), |region| self.text(&region.title))
            }
            (_, "encodingType") => json!(GEOJSON),
            (_, "location" | "feature") => point(row.point),
            (_, "time") => json!(row.registered_at.to_string()),
            (_, "properties") => compact(json!({
                "region": row.region.as_str(),
                "cell": row.cell.to_string(),
                "height_m": row.height_m,
            })),
            _ => Json::Null,
        }
    }

    fn of_series(&self, series: &SeriesOf, property: &str) -> Json {
        let (member, measured) = (&series.member, &series.member.class.properties[series.property]);
        let title = measured.title.in_locale(&self.locale);
        match property {
            "name" => json!(format!("{} · {title}", member.row.title)),
            "description" => json!(format!("{} · {title}", member.class.title.in_locale(&self.locale))),
            "observationType" => json!(observation_type(measured.kind)),
            "unitOfMeasurement" => unit_of(measured.unit),
            "observedArea" => point(member.row.point),
            "properties" => compact(json!({
                "property": measured.id.as_str(),
                "interval_seconds": member.class.interval_seconds,
                "min": measured.min,
                "max": measured.max,
            })),
            _ => Json::Null,
        }
    }

    fn of_class(&self, id: &model::DeviceClassId, property: &str) -> Json {
        let Some(class) = self.class(id) else { return Json::Null };
        match property {
            "name" => self.text(&class.title),
            "description" => {
                let titles = class.properties.iter().map(|property| property.title.in_locale(&self.locale));
                json!(titles.collect::<Vec<_>>().join(", "))
            }
            "encodingType" => json!(JSON),
            "metadata" => {
                let measured = class.properties.iter().map(|property| {
                    let unit = property.unit.map(Unit::ucum);
                    let (id, kind) = (property.id.as_str(), kind_word(property.kind));
                    compact(json!({"id": id, "kind": kind, "unit": unit, "min": property.min, "max": property.max}))
                });
                json!({"interval_seconds": class.interval_seconds, "properties": measured.collect::<Vec<_>>()})
            }
            "properties" => json!({"class": id.as_str(), "office": class.office.as_str()}),
            _ => Json::Null,
        }
    }

    fn of_property(&self, entity: &Entity, measured: &Property, property: &str) -> Json {
        match property {
            "name" | "description" => self.text(&measured.title),
            // A URI is asked for; where the pack names none, the property's own address is one.
            "definition" => json!(measured.definition.clone().unwrap_or_else(|| self.self_link(entity))),
            "properties" => json!({"property": measured.id.as_str(), "kind": kind_word(measured.kind)}),
            _ => Json::Null,
        }
    }

    /// A property of an entity, to reckon with.
    ///
    /// # Errors
    /// As [`World::json`].
    pub fn value(&self, entity: &Entity, property: &str) -> Result<Value, Fault> {
        Ok(match (entity, property) {
            (Entity::Observation(_, reading), "phenomenonTime") => Value::Time(reading.at),
            (Entity::Observation(_, reading), "resultTime") => Value::Time(reading.received_at),
            (Entity::Observation(series, reading), "result") => {
                match series.member.class.properties[series.property].kind {
                    PropertyKind::Truth => Value::Truth(reading.value != 0.0),
                    PropertyKind::Count | PropertyKind::Measurement => Value::Number(reading.value),
                }
            }
            (Entity::HistoricalLocation(member), "time") => Value::Time(member.row.registered_at),
            (Entity::Task(_, row), "creationTime") => Value::Time(row.asked_at),
            (Entity::Location(member), "location") | (Entity::FeatureOfInterest(member), "feature") => {
                shape(member.row.point)
            }
            (Entity::Datastream(series), "observedArea") => shape(series.member.row.point),
            (Entity::Datastream(series), "phenomenonTime") => {
                self.span_of(series)?.map_or(Value::Null, |(from, to)| Value::Span(from, to))
            }
            _ => self.json(entity, property)?.into(),
        })
    }
}

const fn shape((lon, lat): (f64, f64)) -> Value {
    Value::Shape(Shape::Point([lon, lat]))
}
