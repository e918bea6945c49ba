//! `GET services` and `GET services/{code}`: what can be reported, and what is asked about it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use pack::{Choice, City, FieldKind, Intake};
use serde::Deserialize;

use super::record::{Document, Format, Record, Value};
use super::{Errors, check_jurisdiction, locale, no_such_resource, respond, service};
use crate::app::App;
use crate::extract::Params;

/// A text longer than this is asked for in a larger box.
const SHORT_TEXT: u32 = 200;

/// Which jurisdiction.
#[derive(Debug, Deserialize)]
pub struct Jurisdiction {
    /// This city's, or nothing.
    pub jurisdiction_id: Option<String>,
}

/// The list of services.
pub fn list_services(app: &App, query: &Jurisdiction, headers: &HeaderMap) -> Result<Document, Errors> {
    let compiled = app.current();
    check_jurisdiction(&compiled, query.jurisdiction_id.as_deref())?;
    let (city, locale) = (&*compiled.city, locale(&compiled.city, headers));
    let public = city.categories.iter().filter(|(_, category)| category.public);
    let record = |(id, category): (&model::CategoryId, &pack::Category)| {
        Record::default()
            .with("service_code", id.as_str())
            .with("service_name", category.title.in_locale(locale))
            .with("description", category.description.in_locale(locale))
            .with("metadata", Value::Truth(attributes(city, category, locale).is_some()))
            .with("type", if category.intake == Intake::Batch { "batch" } else { "realtime" })
            .with("keywords", category.keywords.join(","))
            .with("group", category.group.in_locale(locale))
    };
    Ok(Document::List("services", "service", public.map(record).collect()))
}

/// `GET /open311/v2/services/{code}.{format}`.
pub async fn get_service(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    Params(query): Params<Jurisdiction>,
    headers: HeaderMap,
) -> Response {
    let Some((code, format)) = Format::split(&file) else { return no_such_resource() };
    respond(format, definition(&app, code, &query, &headers))
}

fn definition(app: &App, code: &str, query: &Jurisdiction, headers: &HeaderMap) -> Result<Document, Errors> {
    let compiled = app.current();
    check_jurisdiction(&compiled, query.jurisdiction_id.as_deref())?;
    let locale = locale(&compiled.city, headers);
    let (id, category) = service(&compiled.city, code).ok_or_else(|| Errors::not_found("service_code"))?;
    let attributes = attributes(&compiled.city, category, locale)
        .ok_or_else(|| Errors::not_found("a definition of this service_code"))?;
    let definition =
        Record::default().with("service_code", id.as_str()).with("attributes", Value::Records("attribute", attributes));
    Ok(Document::One("service_definition", definition))
}

/// The questions of a category; `None` when it has none that this interface can ask.
fn attributes(city: &City, category: &pack::Category, locale: &str) -> Option<Vec<Record>> {
    let fields = city.forms.get(category.form.as_ref()?)?;
    let askable = fields.iter().filter_map(|field| Some((field, datatype(&field.kind)?)));
    let attributes: Vec<Record> =
        (1..).zip(askable).map(|(order, (field, datatype))| attribute(field, datatype, order, locale)).collect();
    (!attributes.is_empty()).then_some(attributes)
}

/// The specification's word for a kind of answer; `None` for what it cannot ask.
pub const fn datatype(kind: &FieldKind) -> Option<&'static str> {
    Some(match kind {
        FieldKind::Text { max, .. } if *max > SHORT_TEXT => "text",
        FieldKind::Text { .. } => "string",
        FieldKind::Number { .. } | FieldKind::Stars => "number",
        FieldKind::Datetime => "datetime",
        FieldKind::Date => "string",
        FieldKind::Choice { .. } => "singlevaluelist",
        FieldKind::Choices { .. } => "multivaluelist",
        FieldKind::Office { .. }
        | FieldKind::Evidence { .. }
        | FieldKind::Limit { .. }
        | FieldKind::Condition
        | FieldKind::Person => return None,
    })
}

fn attribute(field: &pack::Field, datatype: &'static str, order: i64, locale: &str) -> Record {
    let record = Record::default()
        .with("variable", Value::Truth(true))
        .with("code", field.id.as_str())
        .with("datatype", datatype)
        .with("required", Value::Truth(field.required))
        .with("datatype_description", shape(&field.kind, field.help.as_ref().map(|help| help.in_locale(locale))))
        .with("order", Value::Whole(order))
        .with("description", field.title.in_locale(locale));
    match &field.kind {
        FieldKind::Choice { options } | FieldKind::Choices { options } => {
            record.with("values", values(options, locale))
        }
        _ => record,
    }
}

/// The pack's help, or the limits of the answer.
fn shape(kind: &FieldKind, help: Option<&str>) -> Value {
    match (help, kind) {
        (Some(help), _) => help.into(),
        (None, FieldKind::Text { max, .. }) => format!("at most {max} characters").into(),
        (None, FieldKind::Number { min, max }) => format!("{min} to {max}").into(),
        (None, FieldKind::Stars) => "1 to 5".into(),
        (None, FieldKind::Date) => "a day, such as 2026-11-23".into(),
        (None, FieldKind::Datetime) => "RFC 3339, such as 2026-11-23T08:00:00Z".into(),
        (None, _) => Value::Absent,
    }
}

fn values(options: &[Choice], locale: &str) -> Value {
    let value = |choice: &Choice| {
        Record::default().with("key", choice.id.as_str()).with("name", choice.title.in_locale(locale))
    };
    Value::Records("value", options.iter().map(value).collect())
}
