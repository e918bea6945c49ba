//! What the endpoints of applications share.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::{Given, Permission, Principal, Subject, VaultError};
use model::{Instant, PartyId, ServiceId};
use sense::apply::{ApplyError, draft_kept_until};
use sense::correct::is_correctable;
use serde::Serialize;

use crate::access::{Loaded, authorise};
use crate::api::cases::parts::field_problems;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::corrections::corrections;
use crate::convert::fields::field;
use crate::convert::prefill::provenances;
use crate::convert::{text, time};
use crate::error::{Refused, failed};
use crate::wire;

/// The service of a path.
///
/// # Errors
/// 404 when the word is none.
pub fn service_id(id: &str) -> Result<ServiceId, Refused> {
    id.parse().map_err(|_| Refused::not_found("service"))
}

/// The resident who applies.
///
/// # Errors
/// 401 for a visitor, 403 for anybody but a resident.
pub fn applicant(app: &App, caller: &Caller) -> Result<PartyId, Refused> {
    authorise(app, &caller.principal, Permission::ServiceApply, &Subject::City.into())?;
    match caller.principal {
        Principal::Resident { party } => Ok(party),
        _ => Err(Refused::forbidden()),
    }
}

/// When a draft will be forgotten.
pub fn kept_until(updated_at: Instant) -> wire::Time {
    time(draft_kept_until(updated_at))
}

/// Personal data: never kept by anything on the way.
pub fn private(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answers of an application with the questions as they were asked.
///
/// # Errors
/// 404 when the case is none or its pack has lost the service.
pub fn answers_view(
    loaded: &Loaded,
    given: Given,
    reader: Option<PartyId>,
) -> Result<wire::ApplicationAnswers, Refused> {
    let application = loaded.case.application.as_ref().ok_or_else(|| Refused::not_found("application"))?;
    let city = &loaded.compiled.city;
    let (service, form) = sense::apply::find_form(city, &application.service).map_err(apply_refused)?;
    Ok(wire::ApplicationAnswers {
        service: application.service.to_string(),
        title: text(&service.title),
        fields: form.iter().map(|asked| field(city, asked, None)).collect(),
        provenance: provenances(city, &given.provenance),
        answers: given.answers,
        commitment: application.commitment.to_string(),
        version: loaded.case.version,
        correctable: is_correctable(&loaded.case, city),
        corrections: corrections(&loaded.case, &loaded.events, city, reader),
    })
}

/// Why an application or its draft was not taken.
pub fn apply_refused(error: ApplyError) -> Refused {
    match error {
        ApplyError::NotHere(_) => Refused::new(StatusCode::NOT_FOUND, "not_here", error.to_string()),
        ApplyError::Answers(faults) => Refused::fields(field_problems(faults)),
        ApplyError::KeyUsed => Refused::parameter("idempotency-key", error.to_string()),
        ApplyError::DraftMoved { .. } => Refused::new(StatusCode::CONFLICT, "draft_moved", error.to_string()),
        ApplyError::Pack(error) => {
            tracing::error!(%error, "the pack cannot open a case for an application");
            Refused::new(
                StatusCode::CONFLICT,
                "pack_fault",
                "the city's rules cannot take this application; the operator has been told",
            )
        }
        ApplyError::Vault(error) => vault_refused(error),
        ApplyError::Store(error) => error.into(),
    }
}

/// Why sealed data was not opened.
pub fn vault_refused(error: VaultError) -> Refused {
    match error {
        VaultError::NotFound | VaultError::Erased => Refused::not_found("record"),
        VaultError::Purpose => Refused::parameter("purpose", error.to_string()),
        VaultError::Store(error) => error.into(),
        VaultError::Damaged | VaultError::File { .. } | VaultError::Shape { .. } | VaultError::Open { .. } => {
            tracing::error!(%error, "a sealed record could not be opened");
            failed()
        }
    }
}
