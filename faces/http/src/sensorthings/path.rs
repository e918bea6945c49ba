//! Resource paths (OGC 18-088): `/Things('lamp-1')/Datastreams(3)/Observations`, to any depth.

use super::entities::written;
use super::fault::Fault;
use super::kinds::{Kind, Relation};
use super::world::{Collection, Entity, Id, Related, World};

/// Most parts of a path.
const PARTS_MAX: usize = 32;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The list of sets.
    Root,
    /// Where arrays of readings are handed in.
    CreateObservations,
    /// Entities, and what of them.
    Entities(Vec<Part>, Tail),
}

/// One step over entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The relation; absent for the first, which is a set.
    relation: Option<&'static Relation>,
    /// The kind it leads to.
    pub kind: Kind,
    /// The one that is meant.
    id: Option<Id>,
}

impl Part {
    /// Whether all of a set are meant.
    pub fn is_set(&self) -> bool {
        self.relation.is_none() && self.id.is_none()
    }
}

/// What of the entities is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// The entities.
    Whole,
    /// Their links alone.
    Links,
    /// A property, or what lies in it; raw when `is_raw`.
    Property {
        /// Which.
        name: &'static str,
        /// Into it.
        inside: Vec<String>,
        /// Without JSON around it.
        is_raw: bool,
    },
}

/// What a path leads to.
pub enum Target {
    /// One entity.
    One(Entity),
    /// A collection.
    Many(Collection),
}

impl Part {
    /// Whether a collection is meant.
    const fn is_many(&self) -> bool {
        match self.relation {
            Some(relation) => relation.is_many && self.id.is_none(),
            None => self.id.is_none(),
        }
    }

    /// Whether one entity is meant by its id.
    pub const fn is_one(&self) -> bool {
        self.id.is_some()
    }

    fn written(&self) -> String {
        let name = self.relation.map_or(self.kind.set(), |relation| relation.name);
        self.id.as_ref().map_or_else(|| name.to_owned(), |id| format!("{name}({})", written(id)))
    }
}

/// Reads a path below the address of this interface, as it stands in the request.
///
/// # Errors
/// 404 where no path can lead there, 501 for `$batch`.
pub fn parse(path: &str) -> Result<Resource, Fault> {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect::<Result<_, _>>()?;
    let mut parts = parts.iter().map(String::as_str);
    let Some(first) = parts.next() else { return Ok(Resource::Root) };
    match first {
        "CreateObservations" if parts.len() == 0 => return Ok(Resource::CreateObservations),
        "$batch" => return Err(Fault::not_offered("batch requests are not offered")),
        _ if parts.len() >= PARTS_MAX => return Err(Fault::not_found()),
        _ => {}
    }
    let (name, id) = divide(first)?;
    let kind = Kind::of_set(name).ok_or_else(Fault::not_found)?;
    let (mut last, mut steps) = (Part { relation: None, kind, id }, Vec::new());
    while let Some(text) = parts.next() {
        if text == "$ref" && parts.len() == 0 {
            steps.push(last);
            return Ok(Resource::Entities(steps, Tail::Links));
        }
        if last.is_many() {
            return Err(Fault::not_found());
        }
        let (name, id) = divide(text)?;
        if let Some(relation) = last.kind.relation(name) {
            if id.is_some() && !relation.is_many {
                return Err(Fault::not_found());
            }
            let next = Part { relation: Some(relation), kind: relation.kind, id };
            steps.push(std::mem::replace(&mut last, next));
            continue;
        }
        let name = last.kind.property(text).ok_or_else(Fault::not_found)?;
        steps.push(last);
        let mut inside: Vec<String> = parts.map(str::to_owned).collect();
        let is_raw = inside.last().is_some_and(|last| last == "$value");
        inside.truncate(inside.len() - usize::from(is_raw));
        return Ok(Resource::Entities(steps, Tail::Property { name, inside, is_raw }));
    }
    steps.push(last);
    Ok(Resource::Entities(steps, Tail::Whole))
}

/// Percent-decoding; a plus is a plus here.
fn decode(part: &str) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(Fault::bad("the path is not percent-encoded as RFC 3986 says"));
        };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_| Fault::bad("the path is not UTF-8"))
}

/// `Things('lamp-1')` into name and id.
fn divide(part: &str) -> Result<(&str, Option<Id>), Fault> {
    let Some((name, rest)) = part.split_once('(') else { return Ok((part, None)) };
    let inner = rest.strip_suffix(')').ok_or_else(Fault::not_found)?.trim();
    let quoted = inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
    let id = match quoted {
        Some(text) => Id::Text(text.replace("''", "'")),
        None if inner.bytes().all(|byte| byte.is_ascii_digit()) => {
            Id::Number(inner.parse().map_err(|_| Fault::not_found())?)
        }
        None => return Err(Fault::not_found()),
    };
    Ok((name, Some(id)))
}

/// The path as this server writes it.
pub fn written_path(parts: &[Part]) -> String {
    parts.iter().map(Part::written).collect::<Vec<_>>().join("/")
}

impl World {
    /// Goes along a path.
    ///
    /// # Errors
    /// 404 where an entity is not there, may not be seen, or is none of those before it.
    pub fn resolve(&self, parts: &[Part]) -> Result<Target, Fault> {
        let (first, rest) = parts.split_first().ok_or_else(Fault::not_found)?;
        let mut here = match &first.id {
            Some(id) => self.find(first.kind, id)?.ok_or_else(Fault::not_found)?,
            None => return self.set(first.kind).map(Target::Many),
        };
        for part in rest {
            let relation = part.relation.ok_or_else(Fault::not_found)?;
            here = match (self.follow(&here, relation)?, &part.id) {
                (Related::One(entity), _) => entity,
                (Related::Many(collection), Some(id)) => {
                    self.pick(&collection, part.kind, id)?.ok_or_else(Fault::not_found)?
                }
                (Related::Many(collection), None) => return Ok(Target::Many(collection)),
            };
        }
        Ok(Target::One(here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        for (path, expect) in [
            ("", Some("")),
            ("/", Some("")),
            ("/Things", Some("Things")),
            ("/Things('lamp-1')", Some("Things('lamp-1')")),
            ("/Things(%27lamp-1%27)/Datastreams(3)/Observations", Some("Things('lamp-1')/Datastreams(3)/Observations")),
            ("/Datastreams(3)/Thing/Locations/$ref", Some("Datastreams(3)/Thing/Locations")),
            ("/Datastreams(3)/unitOfMeasurement/symbol/$value", Some("Datastreams(3)")),
            ("/Datastreams(3)/@iot.id", Some("Datastreams(3)")),
            ("/Nothings", None),
            ("/Things('a'", None),
            ("/Things(a)", None),
            ("/Things(-1)", None),
            ("/Datastreams(99999999999999999999999)", None),
            ("/Things/Datastreams", None),
            ("/Things/name", None),
            ("/Things('a')/nme", None),
            ("/Datastreams(3)/Thing('a')", None),
            ("/Things('%zz')", None),
            ("/Things('%ff')", None),
            ("/$batch", None),
        ] {
            let found = parse(path).ok().map(|resource| match resource {
                Resource::Entities(parts, _) => written_path(&parts),
                _ => String::new(),
            });
            assert_eq!(found.as_deref(), expect, "{path}");
        }
        let Ok(Resource::Entities(_, tail)) = parse("/Datastreams(3)/properties/min/$value") else { panic!() };
        assert_eq!(tail, Tail::Property { name: "properties", inside: vec!["min".to_owned()], is_raw: true });
        let long = format!("/Datastreams(3){}", "/Thing/Datastreams(3)".repeat(40));
        assert!(parse(&long).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_read_or_refused(path in "[A-Za-z0-9()'/$%.-]{0,60}") {
            let _ = parse(&path);
        }
    }
}
