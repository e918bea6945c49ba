//! Answers: entities, collections with the link to their next page, properties, and arrays of readings (OGC 18-088).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Reading;
use sense::telemetry::SeriesOf;
use serde_json::{Map, Value as Json, json};

use super::fault::Fault;
use super::kinds::Kind;
use super::options::{Options, Selected, encode};
use super::path::{Part, Tail, Target, written_path};
use super::readings::{Next, compare_keys};
use super::value::Value;
use super::world::{Collection, Entity, Related, World, number};

/// Entities of a page without `$top`.
const PAGE: usize = 100;

/// Observations within another entity without `$top`: they are many, and one of them is mostly enough.
const INNER_READINGS: usize = 20;

/// Most entities of a page; `$top` beyond it is read as it.
const PAGE_MAX: usize = 1_000;

/// Most Observations of a page of arrays.
const ARRAY_MAX: usize = 10_000;

/// A page of a collection.
struct Page {
    values: Vec<Json>,
    count: Option<u64>,
    next: Option<String>,
}

/// The entities of a page before they are written.
struct Listed {
    entities: Vec<Entity>,
    count: Option<u64>,
    next: Option<Next>,
}

/// What is answered.
pub enum Answer {
    /// JSON.
    Json(Json),
    /// A text alone.
    Text(String),
    /// Nothing: the property is null.
    Nothing,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, kind, body) = match self {
            Self::Json(json) => (StatusCode::OK, "application/json", json.to_string()),
            Self::Text(text) => (StatusCode::OK, "text/plain; charset=utf-8", text),
            Self::Nothing => {
                return (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
            }
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::VARY, HeaderValue::from_static("authorization, cookie, accept-language")),
        ];
        (status, headers, body).into_response()
    }
}

/// What of OGC 18-088 works here.
const SENSING: [&str; 4] =
    ["datamodel", "resource-path/resource-path-to-entities", "request-data", "data-array/data-array"];

/// What of it works where there is a broker.
const BY_MQTT: [&str; 2] =
    ["create-observations-via-mqtt/observations-creation", "receive-updates-via-mqtt/receive-updates"];

/// What of OGC 17-079r1 works here.
const TASKING: [&str; 4] = ["tasking-capability", "task", "actuator", "create-tasks"];

/// The list of sets, with the addresses of the broker where there is one, and what of the standard works here.
pub fn root(base: &str, broker: &[String]) -> Json {
    let set = |kind: Kind| json!({"name": kind.set(), "url": format!("{base}/{}", kind.set())});
    let sensing = |class: &str| format!("http://www.opengis.net/spec/iot_sensing/1.1/req/{class}");
    let tasking = |class: &str| format!("http://www.opengis.net/spec/iot_tasking/1.0/req/{class}");
    let mut conformance: Vec<String> = SENSING.iter().map(|class| sensing(class)).collect();
    conformance.extend(TASKING.iter().map(|class| tasking(class)));
    let mut settings = Map::new();
    if !broker.is_empty() {
        for class in BY_MQTT {
            conformance.push(sensing(class));
            settings.insert(sensing(class), json!({"endpoints": broker}));
        }
        conformance.push(tasking("receive-updates-via-mqtt"));
    }
    settings.insert("conformance".to_owned(), json!(conformance));
    json!({"value": Kind::ALL.map(set), "serverSettings": settings})
}

/// Whether a path leads to a collection.
pub fn is_many(target: &Target) -> bool {
    matches!(target, Target::Many(_))
}

impl World {
    /// Answers a question.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn answer(&self, parts: &[Part], tail: &Tail, target: Target, options: &Options) -> Result<Answer, Fault> {
        let link = format!("{}/{}", self.base, written_path(parts));
        match (target, tail) {
            (Target::One(entity), Tail::Property { name, inside, is_raw }) => {
                self.property(&entity, name, inside, *is_raw)
            }
            (Target::One(entity), Tail::Links) => Ok(Answer::Json(json!({"@iot.selfLink": self.self_link(&entity)}))),
            (Target::One(entity), Tail::Whole) => self.entity(&entity, options).map(Json::Object).map(Answer::Json),
            (Target::Many(Collection::Readings(series)), Tail::Whole) if options.is_array => {
                self.arrays(series, options, &link).map(Answer::Json)
            }
            (Target::Many(collection), Tail::Whole) => {
                let page = self.page(collection, options, &link, false)?;
                let mut body = Map::new();
                put_some(&mut body, "@iot.count", page.count.map(Json::from));
                put_some(&mut body, "@iot.nextLink", page.next.map(Json::from));
                body.insert("value".to_owned(), Json::Array(page.values));
                Ok(Answer::Json(Json::Object(body)))
            }
            (Target::Many(collection), Tail::Links) => {
                let options =
                    Options { select: Some(vec![Selected::Property("selfLink", Vec::new())]), ..options.clone() };
                let page = self.page(collection, &options, &format!("{link}/$ref"), false)?;
                let mut body = Map::new();
                put_some(&mut body, "@iot.nextLink", page.next.map(Json::from));
                body.insert("value".to_owned(), Json::Array(page.values));
                Ok(Answer::Json(Json::Object(body)))
            }
            (Target::Many(_), Tail::Property { .. }) => Err(Fault::not_found()),
        }
    }

    fn property(&self, entity: &Entity, name: &str, inside: &[String], is_raw: bool) -> Result<Answer, Fault> {
        let mut json = self.json(entity, name)?;
        for name in inside {
            json = json.get_mut(name).map(Json::take).ok_or_else(Fault::not_found)?;
        }
        let last = inside.last().map_or(name, String::as_str);
        Ok(match (json, is_raw) {
            (Json::Null, _) => Answer::Nothing,
            (Json::String(text), true) => Answer::Text(text),
            (json @ (Json::Number(_) | Json::Bool(_)), true) => Answer::Text(json.to_string()),
            (json, true) => Answer::Json(json),
            (json, false) => Answer::Json(json!({key_of(last): json})),
        })
    }

    fn page(&self, collection: Collection, options: &Options, link: &str, is_inner: bool) -> Result<Page, Fault> {
        let is_readings = matches!(collection, Collection::Readings(_));
        let usual = if is_inner && is_readings { INNER_READINGS } else { PAGE };
        let want = options.top.unwrap_or(usual).min(PAGE_MAX);
        let Listed { entities, count, next } = match collection {
            Collection::Readings(series) => {
                let found = self.readings(series, options, want)?;
                let observation = |(series, reading)| Entity::Observation(series, reading);
                Listed {
                    entities: found.readings.into_iter().map(observation).collect(),
                    count: found.count,
                    next: found.next,
                }
            }
            Collection::Listed(entities) => self.list(entities, options, want)?,
            Collection::Tasks(scope) => {
                let is_plain = options.filter.is_none() && options.orderby.is_empty() && !options.count;
                let most = options.skip.saturating_add(want).saturating_add(1);
                self.list(self.tasks(&scope, if is_plain { most } else { usize::MAX })?, options, want)?
            }
        };
        let values = entities.iter().map(|entity| self.entity(entity, options).map(Json::Object));
        let next = next.map(|next| next_link(link, options, &next));
        Ok(Page { values: values.collect::<Result<_, _>>()?, count, next })
    }

    /// Entities that are listed: filtered, counted, ordered, cut.
    fn list(&self, entities: Vec<Entity>, options: &Options, want: usize) -> Result<Listed, Fault> {
        let mut kept: Vec<(Vec<Value>, Entity)> = Vec::new();
        for entity in entities {
            let is_wanted = options.filter.as_ref().map_or(Ok(true), |filter| self.holds(filter, &entity))?;
            if is_wanted {
                let keys = options.orderby.iter().map(|(node, _)| self.evaluate(node, &entity));
                kept.push((keys.collect::<Result<_, _>>()?, entity));
            }
        }
        let count = options.count.then_some(kept.len() as u64);
        // What is alike stays in the order of ids.
        kept.sort_by(|(one, _), (other, _)| compare_keys(options, one, other));
        let end = options.skip.saturating_add(want);
        let next = (want > 0 && kept.len() > end).then_some(Next::Skip(end));
        let page = kept.into_iter().skip(options.skip).take(want).map(|(_, entity)| entity);
        Ok(Listed { entities: page.collect(), count, next })
    }

    /// An entity with what is selected of it and what stands within it.
    ///
    /// # Errors
    /// 400 when the answer is too large.
    pub fn entity(&self, entity: &Entity, options: &Options) -> Result<Map<String, Json>, Fault> {
        self.budget.entity()?;
        let mut body = Map::new();
        let kind = entity.kind();
        match &options.select {
            None => {
                for name in ["id", "selfLink"].iter().chain(kind.properties()) {
                    put_some(&mut body, key_of(name), Some(self.json(entity, name)?).filter(|json| !json.is_null()));
                }
                for relation in kind.relations() {
                    if !options.expand.iter().any(|expansion| expansion.relation == relation) {
                        self.put_link(&mut body, entity, relation.name);
                    }
                }
            }
            Some(selected) => {
                for one in selected {
                    match one {
                        Selected::Relation(relation) => self.put_link(&mut body, entity, relation.name),
                        Selected::Property(name, inside) => put_part(&mut body, self.json(entity, name)?, name, inside),
                    }
                }
            }
        }
        for expansion in &options.expand {
            let name = expansion.relation.name;
            match self.follow(entity, expansion.relation)? {
                Related::One(other) => {
                    body.insert(name.to_owned(), Json::Object(self.entity(&other, &expansion.options)?));
                }
                Related::Many(collection) => {
                    let link = format!("{}/{name}", self.self_link(entity));
                    let page = self.page(collection, &expansion.options, &link, true)?;
                    body.remove(&format!("{name}@iot.navigationLink"));
                    put_some(&mut body, &format!("{name}@iot.count"), page.count.map(Json::from));
                    body.insert(name.to_owned(), Json::Array(page.values));
                    put_some(&mut body, &format!("{name}@iot.nextLink"), page.next.map(Json::from));
                }
            }
        }
        Ok(body)
    }

    fn put_link(&self, body: &mut Map<String, Json>, entity: &Entity, name: &str) {
        body.insert(format!("{name}@iot.navigationLink"), json!(format!("{}/{name}", self.self_link(entity))));
    }

    /// `$resultFormat=dataArray`: rows by Datastream.
    fn arrays(&self, series: Vec<SeriesOf>, options: &Options, link: &str) -> Result<Json, Fault> {
        if !options.expand.is_empty() {
            return Err(Fault::bad("$expand: arrays of readings have nothing within them"));
        }
        let want = options.top.unwrap_or(PAGE).min(ARRAY_MAX);
        let found = self.readings(series, options, want)?;
        let components = components(options)?;
        let mut groups: Vec<(SeriesOf, Vec<Json>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for (series, reading) in found.readings {
            let place = *places.entry(number(&series)).or_insert_with(|| {
                groups.push((series.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(self.row(series, reading, &components)?);
        }
        let group = |(series, rows): (SeriesOf, Vec<Json>)| {
            let datastream = Entity::Datastream(series);
            json!({
                "Datastream@iot.navigationLink": self.self_link(&datastream),
                "components": components,
                "dataArray@iot.count": rows.len(),
                "dataArray": rows,
            })
        };
        let mut body = Map::new();
        put_some(&mut body, "@iot.count", found.count.map(Json::from));
        put_some(&mut body, "@iot.nextLink", found.next.map(|next| json!(next_link(link, options, &next))));
        body.insert("value".to_owned(), Json::Array(groups.into_iter().map(group).collect()));
        Ok(Json::Object(body))
    }

    fn row(&self, series: SeriesOf, reading: Reading, components: &[&str]) -> Result<Json, Fault> {
        let entity = Entity::Observation(series, reading);
        let cells = components.iter().map(|name| match *name {
            "FeatureOfInterest/id" => match &entity {
                Entity::Observation(series, _) => Ok(json!(series.member.row.id.to_string())),
                _ => Ok(Json::Null),
            },
            name => self.json(&entity, name),
        });
        cells.collect::<Result<_, _>>().map(Json::Array)
    }
}

/// The columns of arrays.
fn components(options: &Options) -> Result<Vec<&'static str>, Fault> {
    let Some(selected) = &options.select else { return Ok(vec!["id", "phenomenonTime", "resultTime", "result"]) };
    let one = |selected: &Selected| match selected {
        Selected::Property(name, inside) if inside.is_empty() && *name != "selfLink" => Ok(*name),
        Selected::Relation(relation) if relation.kind == Kind::FeatureOfInterest => Ok("FeatureOfInterest/id"),
        _ => Err(Fault::bad("$select: arrays of readings have columns of properties, id and FeatureOfInterest")),
    };
    selected.iter().map(one).collect()
}

/// The key of a property in JSON.
fn key_of(name: &str) -> &str {
    match name {
        "id" => "@iot.id",
        "selfLink" => "@iot.selfLink",
        name => name,
    }
}

fn put_some(body: &mut Map<String, Json>, key: &str, value: Option<Json>) {
    if let Some(value) = value {
        body.insert(key.to_owned(), value);
    }
}

/// A property, or a part of it in the objects around it.
fn put_part(body: &mut Map<String, Json>, mut json: Json, name: &str, inside: &[String]) {
    for name in inside {
        json = json.get_mut(name).map_or(Json::Null, Json::take);
    }
    if json.is_null() {
        return;
    }
    let Some((last, between)) = inside.split_last() else {
        body.insert(key_of(name).to_owned(), json);
        return;
    };
    let mut here = body.entry(name.to_owned()).or_insert_with(|| json!({}));
    for name in between {
        let Json::Object(fields) = here else { return };
        here = fields.entry(name.clone()).or_insert_with(|| json!({}));
    }
    if let Json::Object(fields) = here {
        fields.insert(last.clone(), json);
    }
}

/// The address of the next page, with every option of this one.
fn next_link(link: &str, options: &Options, next: &Next) -> String {
    let kept = options.raw.iter().filter(|(name, _)| !matches!(name.as_str(), "$skip" | "$skiptoken"));
    let mut pairs: Vec<String> = kept.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.push(match next {
        Next::After(id) => format!("$skiptoken={id}"),
        Next::Skip(count) => format!("$skip={count}"),
    });
    format!("{link}?{}", pairs.join("&"))
}
