//! One description of an answer, written as XML or as JSON by the same rules (the Spark convention of GeoReport v2).
//!
//! A list of resources is `<wrapper><item>…</item></wrapper>` in XML and a bare array in JSON. An absent value is an
//! empty element in XML and null in JSON.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde_json::{Map, Value as Json};

/// In which format to answer; the suffix of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.xml`, required by the specification.
    Xml,
    /// `.json`.
    Json,
}

impl Format {
    /// Splits `name.xml` or `name.json` into its name and format.
    pub fn split(file: &str) -> Option<(&str, Self)> {
        let (name, suffix) = file.rsplit_once('.')?;
        match suffix {
            "xml" => Some((name, Self::Xml)),
            "json" => Some((name, Self::Json)),
            _ => None,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// One value of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// True or false.
    Truth(bool),
    /// Nothing known.
    Absent,
    /// Several texts, each in an element of this name.
    Texts(&'static str, Vec<String>),
    /// Several records, each in an element of this name.
    Records(&'static str, Vec<Record>),
    /// One record.
    One(Record),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }
}

/// Named values in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record(pub Vec<(&'static str, Value)>);

impl Record {
    /// The record with one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// One record under a root element of this name.
    One(&'static str, Record),
    /// Records under a wrapper: wrapper, item, records.
    List(&'static str, &'static str, Vec<Record>),
}

impl Document {
    /// The answer in a format.
    pub fn respond(&self, status: StatusCode, format: Format) -> Response {
        let body = match format {
            Format::Xml => self.to_xml(),
            Format::Json => self.to_json().to_string().into_bytes(),
        };
        (status, [(header::CONTENT_TYPE, format.content_type())], body).into_response()
    }

    fn to_json(&self) -> Json {
        match self {
            Self::One(_, record) => json_record(record),
            Self::List(_, _, records) => Json::Array(records.iter().map(json_record).collect()),
        }
    }

    fn to_xml(&self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        let written =
            writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None))).and_then(|()| match self {
                Self::One(root, record) => xml_record(&mut writer, root, record),
                Self::List(wrapper, item, records) => xml_records(&mut writer, wrapper, item, records),
            });
        written.expect("writing to memory does not fail");
        writer.into_inner()
    }
}

fn json_record(record: &Record) -> Json {
    Json::Object(record.0.iter().map(|(name, value)| ((*name).to_owned(), json_value(value))).collect::<Map<_, _>>())
}

fn json_value(value: &Value) -> Json {
    match value {
        Value::Text(text) => Json::from(text.as_str()),
        Value::Number(number) => Json::from(*number),
        Value::Whole(number) => Json::from(*number),
        Value::Truth(truth) => Json::from(*truth),
        Value::Absent => Json::Null,
        Value::Texts(_, texts) => Json::from(texts.clone()),
        Value::Records(_, records) => Json::Array(records.iter().map(json_record).collect()),
        Value::One(record) => json_record(record),
    }
}

type Xml = Writer<Vec<u8>>;

fn xml_record(writer: &mut Xml, name: &str, record: &Record) -> std::io::Result<()> {
    let element = writer.create_element(name);
    element
        .write_inner_content(|writer| record.0.iter().try_for_each(|(name, value)| xml_value(writer, name, value)))?;
    Ok(())
}

fn xml_records(writer: &mut Xml, wrapper: &str, item: &str, records: &[Record]) -> std::io::Result<()> {
    let element = writer.create_element(wrapper);
    element.write_inner_content(|writer| records.iter().try_for_each(|record| xml_record(writer, item, record)))?;
    Ok(())
}

fn xml_value(writer: &mut Xml, name: &str, value: &Value) -> std::io::Result<()> {
    match value {
        Value::Text(text) => xml_text(writer, name, text),
        Value::Number(number) => xml_text(writer, name, &number.to_string()),
        Value::Whole(number) => xml_text(writer, name, &number.to_string()),
        Value::Truth(truth) => xml_text(writer, name, if *truth { "true" } else { "false" }),
        Value::Absent => writer.create_element(name).write_empty().map(drop),
        Value::Texts(item, texts) => {
            let element = writer.create_element(name);
            element
                .write_inner_content(|writer| texts.iter().try_for_each(|text| xml_text(writer, item, text)))
                .map(drop)
        }
        Value::Records(item, records) => xml_records(writer, name, item, records),
        Value::One(record) => xml_record(writer, name, record),
    }
}

fn xml_text(writer: &mut Xml, name: &str, text: &str) -> std::io::Result<()> {
    // XML 1.0 §2.2 has no place for most control characters, not even escaped.
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    writer.create_element(name).write_text_content(BytesText::new(&clean)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(document: &Document) -> (String, String) {
        (String::from_utf8(document.to_xml()).unwrap(), document.to_json().to_string())
    }

    #[test]
    fn a_list_is_wrapped_in_xml_and_bare_in_json() {
        let record = Record::default()
            .with("service_code", "001")
            .with("metadata", Value::Truth(true))
            .with("lat", Value::Number(1.5))
            .with("zipcode", Value::Absent);
        let (xml, json) = both(&Document::List("services", "service", vec![record]));
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><services><service><service_code>001</service_code><metadata>true</metadata><lat>1.5</lat><zipcode/></service></services>"
        );
        let json: Json = serde_json::from_str(&json).unwrap();
        assert_eq!(json, serde_json::json!([{"service_code": "001", "metadata": true, "lat": 1.5, "zipcode": null}]));
    }

    #[test]
    fn markup_in_texts_is_escaped_and_control_characters_are_dropped() {
        let (xml, _) = both(&Document::One("a", Record::default().with("b", "<i>&\u{0}\"井盖\"</i>\u{8}")));
        assert!(xml.ends_with("<a><b>&lt;i&gt;&amp;&quot;井盖&quot;&lt;/i&gt;</b></a>"), "{xml}");
    }

    #[test]
    fn formats_are_suffixes() {
        for (file, expect) in [
            ("services.xml", Some(("services", Format::Xml))),
            ("a.b.json", Some(("a.b", Format::Json))),
            ("services", None),
            ("services.html", None),
        ] {
            assert_eq!(Format::split(file), expect, "{file}");
        }
    }
}
