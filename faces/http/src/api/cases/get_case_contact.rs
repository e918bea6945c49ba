//! `GET /cases/{id}/contact`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use identity::{Access, Permission, Resource, VaultError};
use sense::looks::open_contact;

use super::sealing::sealing;
use crate::access::{authorise, case_subject, load_for_staff};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::{Params, Segments};
use crate::wire::*;

/// Opens the sealed contact of a reporter; the reading is recorded.
#[utoipa::path(
    get,
    path = "/cases/{id}/contact",
    tag = "cases",
    params(("id" = String, Path, description = "A case id or a case number"), PurposeQuery),
    responses((status = 200, description = "As asked", body = Contact), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_case_contact(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Params(query): Params<PurposeQuery>,
) -> Result<Response, Refused> {
    let party = caller.staff()?.party;
    let loaded = load_for_staff(&app, &caller.principal, &id).await?;
    let resource =
        Resource { purpose: query.purpose.clone(), ..case_subject(&loaded.case, &loaded.compiled.city).into() };
    let grant =
        authorise(&app, &caller.principal, Permission::ContactRead, &resource)?.ok_or_else(Refused::forbidden)?;
    let contact = loaded.case.reporter.contact.ok_or_else(|| Refused::not_found("contact"))?;
    let subject = loaded.case.reporter.party;
    let sealed = sealing(&app, &caller.principal, &resource, &query)?;
    let case = loaded.case.id;
    let access =
        Access { party, grant, case, subject, purpose: query.purpose, basis: String::new(), sealed, event: None };
    let opened = open_contact(&app.sense(), contact, access).await.map_err(refused)?;
    let mut response = Json(Contact { name: opened.name, phone: opened.phone, email: opened.email }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn refused(error: VaultError) -> Refused {
    match error {
        VaultError::NotFound | VaultError::Erased => Refused::not_found("contact"),
        VaultError::Purpose => Refused::parameter("purpose", error.to_string()),
        VaultError::Store(error) => error.into(),
        VaultError::Damaged | VaultError::File { .. } | VaultError::Shape { .. } | VaultError::Open { .. } => {
            tracing::error!(%error, "a contact could not be opened");
            failed()
        }
    }
}
