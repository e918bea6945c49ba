//! Reading typed values out of YAML nodes, noting every fault on the way instead of stopping at the first.

use std::collections::BTreeMap;
use std::str::FromStr;

use model::Text;
use serde_json::{Value as Json, json};

use super::yaml::{Node, Value};
use crate::faults::{At, Pos, Report};

/// What reading needs beside the node.
pub(crate) struct Reader<'a> {
    /// Where faults go.
    pub report: &'a mut Report,
    /// The file being read.
    pub file: u32,
    /// Languages the city declares; empty when `pack.yaml` could not say.
    pub locales: &'a [String],
}

impl Reader<'_> {
    /// The place of a node.
    pub fn pos(&self, node: &Node) -> Pos {
        Pos { file: self.file, line: node.line }
    }

    /// Notes a fault at a node.
    pub fn fault(&mut self, node: &Node, message: impl Into<String>) {
        let at = self.pos(node);
        self.report.fault(at, message);
    }

    /// The entries of a mapping; a fault for anything else, for keys that are not plain and for keys that stand twice.
    pub fn entries<'n>(&mut self, node: &'n Node) -> Option<Vec<(&'n str, &'n Node, &'n Node)>> {
        let Value::Map(entries) = &node.value else {
            self.fault(node, format!("expected a mapping, got {}", node.kind()));
            return None;
        };
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        let mut read = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(text) = key.text() else {
                self.fault(key, format!("a key must be a plain word, got {}", key.kind()));
                continue;
            };
            if let Some(line) = seen.insert(text, key.line) {
                self.fault(key, format!("{text:?} stands twice, first on line {line}"));
                continue;
            }
            read.push((text, key, value));
        }
        Some(read)
    }
}

/// A type that the pack's YAML spells.
pub(crate) trait Source: Sized {
    /// Reads a node; every fault is noted, and `None` says that there was one.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// The value when the key is absent; `None` when it must be there.
    fn absent() -> Option<Self> {
        None
    }

    /// What to go on with when a key that must be there is absent; the fault is noted before.
    fn missing() -> Option<Self> {
        None
    }

    /// JSON Schema of the spelling.
    fn schema() -> Json;
}

/// A value that must be there, though the rest is read and checked without it.
#[derive(Debug, Clone)]
pub(crate) struct Needed<T>(pub Option<T>);

impl<T: Source> Source for Needed<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self(T::read(node, reader)))
    }

    fn missing() -> Option<Self> {
        Some(Self(None))
    }

    fn schema() -> Json {
        T::schema()
    }
}

impl<T: Source> Source for At<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(|value| Self { value, at: reader.pos(node) })
    }

    fn schema() -> Json {
        T::schema()
    }
}

impl<T: Source> Source for Option<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.is_empty() { Some(None) } else { T::read(node, reader).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema() -> Json {
        T::schema()
    }
}

/// A list; absent means empty. Entries with faults are left out, their faults are noted.
impl<T: Source> Source for Vec<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            _ if node.is_empty() => Some(Self::new()),
            Value::List(items) => Some(items.iter().filter_map(|item| T::read(item, reader)).collect()),
            _ => {
                reader.fault(node, format!("expected a list, got {}", node.kind()));
                None
            }
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn schema() -> Json {
        json!({"type": "array", "items": T::schema()})
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone)]
pub(crate) struct Many<T>(pub Vec<T>);

impl<T: Source> Source for Many<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::read(node, reader).map(Self),
            _ if node.is_empty() => Some(Self(Vec::new())),
            _ => T::read(node, reader).map(|value| Self(vec![value])),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }

    fn schema() -> Json {
        json!({"anyOf": [T::schema(), {"type": "array", "items": T::schema()}]})
    }
}

/// A mapping from ids to things. A thing with faults stays as `None`, so that references to it are not faults as well.
#[derive(Debug, Clone)]
pub(crate) struct Table<K, V> {
    /// In the order written.
    pub items: Vec<(At<K>, Option<V>)>,
    /// False when a key could not be read, so that an id may be missing.
    pub whole: bool,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { items: Vec::new(), whole: true }
    }
}

impl<K: Source, V: Source> Source for Table<K, V> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut table = Self::default();
        if node.is_empty() {
            return Some(table);
        }
        for (_, key, value) in reader.entries(node)? {
            let key = At::<K>::read(key, reader);
            let value = V::read(value, reader);
            table.whole &= key.is_some();
            table.items.extend(key.map(|key| (key, value)));
        }
        Some(table)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn schema() -> Json {
        json!({"type": "object", "propertyNames": K::schema(), "additionalProperties": V::schema()})
    }
}

impl Source for String {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.text().map(str::to_owned);
        if text.is_none() {
            reader.fault(node, format!("expected a text, got {}", node.kind()));
        }
        text
    }

    fn schema() -> Json {
        json!({"type": ["string", "number"]})
    }
}

impl Source for bool {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(true),
            Value::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                reader.fault(node, format!("expected true or false, got {}", shown(node)));
                None
            }
        }
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn schema() -> Json {
        json!({"type": "boolean"})
    }
}

/// Reads a plain value with its own parser.
pub(crate) fn read_parsed<T: FromStr<Err: std::fmt::Display>>(
    node: &Node,
    reader: &mut Reader<'_>,
    what: &str,
) -> Option<T> {
    let Some(text) = node.text() else {
        reader.fault(node, format!("expected {what}, got {}", node.kind()));
        return None;
    };
    text.parse().map_err(|error| reader.fault(node, format!("{text:?} is not {what}: {error}"))).ok()
}

/// What a node says, for messages.
pub(crate) fn shown(node: &Node) -> String {
    node.text().map_or_else(|| node.kind().to_owned(), |text| format!("{text:?}"))
}

macro_rules! parsed_source {
    ($($ty:ty, $what:literal, $schema:tt;)*) => {
        $(impl Source for $ty {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                $crate::source::read::read_parsed(node, reader, $what)
            }

            fn schema() -> Json {
                json!($schema)
            }
        })*
    };
}
pub(crate) use parsed_source;

parsed_source! {
    f64, "a number", {"type": "number"};
    u8, "a whole number from 0 to 255", {"type": "integer", "minimum": 0, "maximum": 255};
    u16, "a whole number from 0 to 65535", {"type": "integer", "minimum": 0, "maximum": 65535};
    i8, "a whole number from -128 to 127", {"type": "integer", "minimum": -128, "maximum": 127};
    i16, "a year", {"type": "integer"};
    i64, "a whole number", {"type": "integer"};
}

/// A text in every language of the city; a plain text when the city has only one.
impl Source for Text {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let locales = reader.locales;
        if let Some(text) = node.text() {
            let Some(first) = locales.first() else { return Some(Self::from([("", text)])) };
            if locales.len() > 1 {
                reader.fault(node, format!("a text in each of {} is needed, got a plain one", locales.join(", ")));
            }
            return Some(Self::from([(first.as_str(), text)]));
        }
        let mut texts = BTreeMap::new();
        let mut given = Vec::new();
        for (locale, key, value) in reader.entries(node)? {
            if !locales.is_empty() && !locales.iter().any(|known| known == locale) {
                reader.fault(
                    key,
                    format!("text in {locale:?}, which is not a language of the city ({})", locales.join(", ")),
                );
            }
            given.push(locale);
            if let Some(text) = String::read(value, reader) {
                if text.trim().is_empty() {
                    reader.fault(value, format!("the text in {locale} is empty"));
                }
                texts.insert(locale.to_owned(), text);
            }
        }
        let missing: Vec<&str> = locales.iter().map(String::as_str).filter(|locale| !given.contains(locale)).collect();
        if !missing.is_empty() {
            reader.fault(node, format!("the text is missing in {}", missing.join(", ")));
        }
        Some(Self(texts))
    }

    fn schema() -> Json {
        json!({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]})
    }
}

/// Declares a struct with its reader and its JSON Schema: one list of fields, so that none of the three can drift.
macro_rules! source {
    ($($(#[doc = $doc:literal])* struct $name:ident { $($(#[doc = $field_doc:literal])* $field:ident $(as $key:literal)?: $ty:ty,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone)]
            pub(crate) struct $name { $($(#[doc = $field_doc])* pub $field: $ty,)* }

            impl $crate::source::read::Source for $name {
                fn read(node: &$crate::source::yaml::Node, reader: &mut $crate::source::read::Reader<'_>) -> Option<Self> {
                    use $crate::source::read::{Source, field_key};
                    const KEYS: &[&str] = &[$(field_key!($field $($key)?)),*];
                    let entries = reader.entries(node)?;
                    $(let mut $field: Option<Option<$ty>> = None;)*
                    for (text, key, value) in entries {
                        match text {
                            $(field_key!($field $($key)?) => $field = Some(<$ty as Source>::read(value, reader)),)*
                            _ => reader.fault(key, format!("unknown key {text:?}; known are {}", KEYS.join(", "))),
                        }
                    }
                    $(let $field = match $field {
                        Some(read) => read,
                        None => {
                            let absent = <$ty as Source>::absent();
                            if absent.is_none() {
                                reader.fault(node, concat!("the key \"", field_key!($field $($key)?), "\" is missing"));
                                <$ty as Source>::missing()
                            } else {
                                absent
                            }
                        }
                    };)*
                    Some(Self { $($field: $field?,)* })
                }

                fn schema() -> serde_json::Value {
                    use $crate::source::read::{Source, described, field_key};
                    let mut properties = serde_json::Map::new();
                    let mut required: Vec<&str> = Vec::new();
                    $(
                        properties.insert(field_key!($field $($key)?).to_owned(), described(<$ty as Source>::schema(), &[$($field_doc),*]));
                        if <$ty as Source>::absent().is_none() {
                            required.push(field_key!($field $($key)?));
                        }
                    )*
                    let schema = serde_json::json!({
                        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
                    });
                    described(schema, &[$($doc),*])
                }
            }
        )*
    };
}
pub(crate) use source;

macro_rules! field_key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}
pub(crate) use field_key;

/// A schema with the doc comment of what it is for.
pub(crate) fn described(mut schema: Json, docs: &[&str]) -> Json {
    let text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    if let (Json::Object(map), false) = (&mut schema, text.is_empty()) {
        map.insert("description".to_owned(), Json::String(text));
    }
    schema
}
