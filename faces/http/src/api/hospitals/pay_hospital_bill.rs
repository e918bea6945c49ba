//! `POST /hospital-visits/{id}/payment`.

use std::sync::Arc;

use act::hospital::{PayCommand, pay_invoice};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::parts::{connected, refused, visit_id};
use crate::api::applications::parts::{applicant, private};
use crate::api::payments::begin_payment::return_url;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Begins the payment of the invoice that is due, or goes on with the one that is open.
#[utoipa::path(
    post,
    path = "/hospital-visits/{id}/payment",
    tag = "hospitals",
    params(("id" = String, Path, description = "The visit's id")),
    responses((status = 200, description = "Done", body = PaymentBegun), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn pay_hospital_bill(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (party, visit) = (applicant(&app, &caller)?, visit_id(&id)?);
    caller.limit(&app, &app.limits.reports)?;
    let return_url = return_url(&app, &headers, &format!("hospital-visits/{visit}"));
    let begun = pay_invoice(&connected(&app)?, PayCommand { party, visit, return_url }).await.map_err(refused)?;
    let (payment, amount, pay_url) = (begun.payment.to_string(), begun.amount, begun.pay_url);
    Ok(private(StatusCode::OK, &PaymentBegun { payment, amount, pay_url }))
}
