//! `GET tokens/{token}`: the number of a request that was answered with a token.
//!
//! The token is the case's own id: 80 random bits that nothing else of this interface shows.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use model::CaseId;
use pack::Intake;

use super::record::{Document, Format, Record};
use super::services::Jurisdiction;
use super::{Errors, check_jurisdiction, no_such_resource, respond};
use crate::app::App;
use crate::extract::Params;

/// `GET /open311/v2/tokens/{token}.{format}`.
pub async fn get_token(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    Params(query): Params<Jurisdiction>,
) -> Response {
    let Some((token, format)) = Format::split(&file) else { return no_such_resource() };
    respond(format, find(&app, token, &query).await)
}

async fn find(app: &App, token: &str, query: &Jurisdiction) -> Result<Document, Errors> {
    check_jurisdiction(&app.current(), query.jurisdiction_id.as_deref())?;
    let not_found = || Errors::not_found("token");
    let id: CaseId = token.parse().map_err(|_| not_found())?;
    let row = app
        .store
        .read(move |reader| reader.find_case_row(id))
        .await
        .map_err(|error: store::StoreError| Errors::from(error))?;
    let row = row.ok_or_else(not_found)?;
    let compiled = app.packs.get(&row.pack).unwrap_or_else(|| app.current());
    let category = compiled.city.categories.get(&row.category);
    let is_ours = row.channel == "open311" && category.is_some_and(|category| category.intake == Intake::Batch);
    if !is_ours {
        return Err(not_found());
    }
    let record = Record::default().with("service_request_id", row.no.as_str()).with("token", token);
    Ok(Document::List("service_requests", "request", vec![record]))
}
