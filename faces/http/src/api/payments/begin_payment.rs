//! `POST /reports/{case_no}/payment`.

use std::sync::Arc;

use act::payments::{PayCommand, PayError, begin_payment as begin};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};

use crate::api::applications::parts::acting_on;
use crate::api::visits::parts::case_ref;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Segments;
use crate::wire::*;

/// Begins the payment of the fee, or goes on with the one that is open.
#[utoipa::path(
    post,
    path = "/reports/{case_no}/payment",
    tag = "payments",
    params(("case_no" = String, Path, description = "The number people see")),
    responses((status = 200, description = "Begun", body = PaymentBegun), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn begin_payment(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
    headers: HeaderMap,
) -> Result<Json<PaymentBegun>, Refused> {
    let applicant = acting_on(&app, &caller, &case_no).await?;
    let party = applicant.party;
    caller.limit(&app, &app.limits.reports)?;
    let context = app.payments().ok_or_else(away)?;
    let by = applicant.actor();
    let return_url = return_url(&app, &headers, &format!("reports/{case_no}"));
    let command = PayCommand { case: case_ref(&case_no)?, party, by, return_url };
    let begun = begin(&context, command).await.map_err(refused)?;
    Ok(Json(PaymentBegun { payment: begun.payment.to_string(), amount: begun.amount, pay_url: begun.pay_url }))
}

/// The page that the payer goes back to: under the configured address, or under the one that was asked.
pub fn return_url(app: &App, headers: &HeaderMap, page: &str) -> String {
    let host = || {
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    };
    let base = app.settings.base_url.as_ref().map_or_else(host, |base| base.trim_end_matches('/').to_owned());
    format!("{base}/{page}")
}

fn away() -> Refused {
    let words = "the payment service does not answer; nothing was taken, try again in a while";
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "payments_away", words).retry_after(30)
}

fn refused(error: PayError) -> Refused {
    let conflict = |code: &str| Refused::new(StatusCode::CONFLICT, code, error.to_string());
    match error {
        PayError::NotFound => Refused::not_found("report"),
        PayError::NothingDue => conflict("nothing_due"),
        PayError::Paid => conflict("paid"),
        PayError::Away(why) => {
            tracing::warn!(why, "the payment gateway does not answer");
            away()
        }
        PayError::PackMissing(_) => failed(),
        PayError::Store(error) => error.into(),
    }
}
