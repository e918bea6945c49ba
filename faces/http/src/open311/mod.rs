//! Open311 GeoReport v2 at `/open311/`: for other cities' programs, in XML and JSON, exactly as specified.
//!
//! Only categories open to the public are services. What residents wrote through our own faces is not published here:
//! descriptions and addresses are given for requests that came in through this very interface or with the city's open
//! data, other places are rounded to about 10 m.

pub mod discovery;
pub mod form;
pub mod list_requests;
pub mod post_request;
pub mod record;
pub mod request;
pub mod routes;
pub mod services;
pub mod tokens;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use pack::{City, Compiled};

use record::{Document, Format, Record, Value};

use crate::error::Refused;

/// A refusal of this interface: one or more errors with one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    status: StatusCode,
    descriptions: Vec<String>,
}

impl Errors {
    /// 400: everything but the two below.
    pub fn bad(description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, descriptions: vec![description.into()] }
    }

    /// 400 with several errors.
    pub const fn many(descriptions: Vec<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, descriptions }
    }

    /// 403: the key is missing or not valid.
    pub fn key(description: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, descriptions: vec![description.to_owned()] }
    }

    /// 404: a thing was not found.
    pub fn not_found(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, descriptions: vec![format!("{what} was not found")] }
    }

    /// The errors in the format asked for.
    pub fn respond(&self, format: Format) -> Response {
        let code = i64::from(self.status.as_u16());
        let error = |description: &String| {
            Record::default().with("code", Value::Whole(code)).with("description", description.as_str())
        };
        Document::List("errors", "error", self.descriptions.iter().map(error).collect()).respond(self.status, format)
    }
}

impl From<Refused> for Errors {
    fn from(refused: Refused) -> Self {
        // The specification knows 404, 403 and 400; 429 and 5xx tell a program to come back later.
        let status = match refused.status() {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT | StatusCode::UNAUTHORIZED => {
                StatusCode::BAD_REQUEST
            }
            status => status,
        };
        Self { status, descriptions: vec![refused.problem().message.clone()] }
    }
}

impl From<store::StoreError> for Errors {
    fn from(error: store::StoreError) -> Self {
        Refused::from(error).into()
    }
}

/// A result in the format asked for.
pub fn respond(format: Format, result: Result<Document, Errors>) -> Response {
    match result {
        Ok(document) => document.respond(StatusCode::OK, format),
        Err(errors) => errors.respond(format),
    }
}

/// The answer to an address that is no resource of this interface.
pub fn no_such_resource() -> Response {
    Errors::not_found("the resource (addresses end in .xml or .json)").respond(Format::Xml)
}

/// Refuses another city's jurisdiction; an empty one counts as absent.
///
/// # Errors
/// 404 when it is not this city's.
pub fn check_jurisdiction(compiled: &Compiled, given: Option<&str>) -> Result<(), Errors> {
    let given = given.map(str::trim).filter(|given| !given.is_empty());
    if given.is_none_or(|given| given == compiled.city.jurisdiction) {
        Ok(())
    } else {
        Err(Errors::not_found("jurisdiction_id"))
    }
}

/// The city's language that the caller likes best; the city's first one without a word from the caller.
pub fn locale<'a>(city: &'a City, headers: &HeaderMap) -> &'a str {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let primary = |tag: &str| tag.split('-').next().unwrap_or("").to_ascii_lowercase();
    let tags = wanted.split(',').map(|part| part.split(';').next().unwrap_or("").trim());
    let spoken =
        tags.filter_map(|tag| city.locales.iter().find(|locale| !tag.is_empty() && primary(locale) == primary(tag)));
    spoken.chain(&city.locales).next().map_or("en", String::as_str)
}

/// A public category by its service code.
pub fn service<'a>(city: &'a City, code: &str) -> Option<(&'a model::CategoryId, &'a pack::Category)> {
    let code = model::CategoryId::new(code).ok()?;
    city.categories.get_key_value(&code).filter(|(_, category)| category.public)
}
