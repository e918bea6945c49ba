//! A service request as published, and `GET requests/{id}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use pack::City;
use serde::Deserialize;
use store::{CaseRow, Reader, StoreError};

use super::record::{Document, Format, Record, Value};
use super::{Errors, check_jurisdiction, locale, no_such_resource, respond, service};
use crate::app::App;
use crate::extract::Params;

/// Ways in whose descriptions, addresses and places are public: their senders knew, or the city published them before.
const PUBLISHED: [&str; 2] = ["open311", "import"];

/// Characters of the description that a row holds; the rest is read from the case.
const EXCERPT: usize = 120;

/// What one request is asked with.
#[derive(Debug, Deserialize)]
pub struct RequestQuery {
    /// This city's, or nothing.
    jurisdiction_id: Option<String>,
    /// `true` for attributes beyond the specification.
    extensions: Option<String>,
}

/// `GET /open311/v2/requests/{service_request_id}.{format}`.
pub async fn get_request(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    Params(query): Params<RequestQuery>,
    headers: HeaderMap,
) -> Response {
    let Some((id, format)) = Format::split(&file) else { return no_such_resource() };
    respond(format, find(&app, id, &query, &headers).await)
}

async fn find(app: &Arc<App>, id: &str, query: &RequestQuery, headers: &HeaderMap) -> Result<Document, Errors> {
    let compiled = app.current();
    check_jurisdiction(&compiled, query.jurisdiction_id.as_deref())?;
    let not_found = || Errors::not_found("service_request_id");
    let no: model::CaseNo = id.parse().map_err(|_| not_found())?;
    let is_extended = query.extensions.as_deref() == Some("true");
    let words = Words { app: Arc::clone(app), locale: locale(&compiled.city, headers).to_owned(), is_extended };
    let record = app.store.read(move |reader| {
        let Some(row) = reader.find_case_row_by_no(&no)? else { return Ok(None) };
        if service(&words.app.current().city, row.category.as_str()).is_none() {
            return Ok(None);
        }
        words.record(reader, &row).map(Some)
    });
    let record = record.await.map_err(|error: StoreError| Errors::from(error))?.ok_or_else(not_found)?;
    Ok(Document::List("service_requests", "request", vec![record]))
}

/// In which words requests are told.
pub struct Words {
    /// For the packs that cases began under.
    pub app: Arc<App>,
    /// The language.
    pub locale: String,
    /// With attributes beyond the specification.
    pub is_extended: bool,
}

impl Words {
    /// A request as published.
    ///
    /// # Errors
    /// [`StoreError`] when its description cannot be read.
    pub fn record(&self, reader: &mut Reader, row: &CaseRow) -> Result<Record, StoreError> {
        let compiled = self.app.packs.get(&row.pack).unwrap_or_else(|| self.app.current());
        let (city, locale) = (&*compiled.city, self.locale.as_str());
        let is_published = PUBLISHED.contains(&row.channel.as_str());
        let description = if is_published { description(reader, row)? } else { None };
        let category = city.categories.get(&row.category);
        let process = city.processes.get(&row.process);
        let state = process.and_then(|process| process.states.get(&row.state));
        let agency = row.handler.as_ref().and_then(|handler| city.offices.get(handler));
        let place = |degrees: Option<f64>| {
            degrees
                .map_or(Value::Absent, |degrees| Value::Number(if is_published { degrees } else { rounded(degrees) }))
        };
        let record = Record::default()
            .with("service_request_id", row.no.as_str())
            .with("status", if row.outcome.is_none() { "open" } else { "closed" })
            .with("status_notes", state.map(|state| state.public_title.in_locale(locale).to_owned()))
            .with("service_name", category.map(|category| category.title.in_locale(locale).to_owned()))
            .with("service_code", row.category.as_str())
            .with("description", description)
            .with("agency_responsible", agency.map(|office| office.title.in_locale(locale).to_owned()))
            .with("service_notice", Value::Absent)
            .with("requested_datetime", row.opened_at.to_string())
            .with("updated_datetime", row.closed_at.unwrap_or(row.updated_at).to_string())
            .with("expected_datetime", row.promised_at.map(|at| at.to_string()))
            .with("address", row.address.clone().filter(|_| is_published))
            .with("address_id", Value::Absent)
            .with("zipcode", Value::Absent)
            .with("lat", place(row.lat))
            .with("long", place(row.lon))
            .with("media_url", Value::Absent);
        Ok(if self.is_extended {
            record.with("extended_attributes", Value::One(self.extended(city, row)))
        } else {
            record
        })
    }

    fn extended(&self, city: &City, row: &CaseRow) -> Record {
        let process = city.processes.get(&row.process);
        let stage = process.and_then(|process| process.stages.iter().find(|stage| stage.id == row.stage));
        let region = city.regions.get(&row.region);
        Record::default()
            .with("stage", stage.map(|stage| stage.title.in_locale(&self.locale).to_owned()))
            .with("outcome", row.outcome.map(|outcome| outcome.as_str().to_owned()))
            .with("region", region.map(|region| region.title.in_locale(&self.locale).to_owned()))
            .with("joined_count", Value::Whole(row.joined_count.into()))
    }
}

fn description(reader: &mut Reader, row: &CaseRow) -> Result<Option<String>, StoreError> {
    if row.excerpt.chars().count() < EXCERPT {
        return Ok(Some(row.excerpt.clone()).filter(|text| !text.is_empty()));
    }
    Ok(reader.load_case(row.id)?.map(|case| case.description))
}

/// To 4 decimals, about 10 m.
fn rounded(degrees: f64) -> f64 {
    (degrees * 10_000.0).round() / 10_000.0
}
