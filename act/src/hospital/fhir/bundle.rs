//! Bundles: what a search found, a page at a time.

use serde_json::Value;

use super::element::{Faulty, faulty, of_type};

/// A `Bundle` of a search.
#[derive(Clone, PartialEq)]
pub struct Bundle {
    /// What was found, and what was asked to come along, in order.
    pub entries: Vec<Value>,
    /// How many there are, where the server says so.
    pub total: Option<u32>,
    /// The address of the next page.
    pub next: Option<Page>,
}

/// The address of a page, as the server wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Page(pub String);

impl Bundle {
    /// Reads a search's answer.
    ///
    /// # Errors
    /// [`Faulty`] when it is none.
    pub fn read(value: Value) -> Result<Self, Faulty> {
        of_type(&value, "Bundle")?;
        if value["type"] != "searchset" {
            return Err(faulty("Bundle.type"));
        }
        let total = value["total"].as_u64().and_then(|total| u32::try_from(total).ok());
        let links = value["link"].as_array().map(Vec::as_slice).unwrap_or_default();
        let next = links.iter().find(|link| link["relation"] == "next");
        let next = next.map(|link| link["url"].as_str().ok_or(faulty("Bundle.link.url"))).transpose()?;
        let next = next.map(|url| Page(url.to_owned()));
        let Value::Object(mut object) = value else { return Err(faulty("Bundle")) };
        let entries = match object.remove("entry") {
            None => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(faulty("Bundle.entry")),
        };
        let resource = |entry: Value| match entry {
            Value::Object(mut entry) => entry.remove("resource").ok_or(faulty("Bundle.entry.resource")),
            _ => Err(faulty("Bundle.entry")),
        };
        Ok(Self { entries: entries.into_iter().map(resource).collect::<Result<_, _>>()?, total, next })
    }
}
