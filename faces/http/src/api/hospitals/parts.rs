//! What the endpoints of hospitals share.

use act::hospital::{Agreement, Context, HospitalError, Visit};
use axum::http::StatusCode;
use axum::response::Response;
use model::{HospitalVisitId, SourceId};

use crate::api::applications::parts::{private, vault_refused};
use crate::app::App;
use crate::convert::hospitals::visit;
use crate::convert::prefill::level;
use crate::convert::time;
use crate::error::Refused;
use crate::wire;

/// What the journey needs.
///
/// # Errors
/// 404 where no hospitals are connected.
pub fn connected(app: &App) -> Result<Context, Refused> {
    let words = "no hospitals are connected here; register at the hospital itself";
    app.hospitals().ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "not_connected", words))
}

/// The hospital of a path.
///
/// # Errors
/// 404 when the word is none.
pub fn hospital_id(id: &str) -> Result<SourceId, Refused> {
    id.parse().map_err(|_| Refused::not_found("hospital"))
}

/// The visit of a path.
///
/// # Errors
/// 404 when the word is none.
pub fn visit_id(id: &str) -> Result<HospitalVisitId, Refused> {
    id.parse().map_err(|_| Refused::not_found("visit"))
}

/// How somebody stands to a hospital.
pub fn agreement(found: &Agreement) -> wire::HospitalAgreement {
    wire::HospitalAgreement { level: level(found.level), agreed_at: found.agreed_at.map(time) }
}

/// A visit, which nothing on the way keeps.
pub fn answer(app: &App, status: StatusCode, found: &Visit) -> Response {
    private(status, &visit(&app.current().city, found, app.gateway.is_some()))
}

/// Why something was not done at a hospital.
pub fn refused(error: HospitalError) -> Refused {
    let words = error.to_string();
    let conflict = |code: &str| Refused::new(StatusCode::CONFLICT, code, words.clone());
    let away = |code: &str| Refused::new(StatusCode::SERVICE_UNAVAILABLE, code, words.clone()).retry_after(30);
    match error {
        HospitalError::NotFound(what) => Refused::not_found(what),
        HospitalError::NotIdentified => Refused::new(StatusCode::FORBIDDEN, "not_identified", words),
        HospitalError::NotAgreed => Refused::new(StatusCode::FORBIDDEN, "not_agreed", words),
        HospitalError::SlotTaken => conflict("time_taken"),
        HospitalError::Away => away("hospital_away"),
        HospitalError::Refused => Refused::new(StatusCode::BAD_GATEWAY, "hospital_refused", words),
        HospitalError::Denied { .. } => conflict("hospital_denied"),
        HospitalError::NotNow(_) => conflict("not_now"),
        HospitalError::Message => Refused::field("text", words),
        HospitalError::NothingDue => conflict("nothing_due"),
        HospitalError::InvoiceChanged => conflict("invoice_changed"),
        HospitalError::GatewayAway => away("payments_away"),
        HospitalError::Vault(error) => vault_refused(error),
        HospitalError::Store(error) => error.into(),
    }
}
