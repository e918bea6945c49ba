//! `POST /notification-addresses/{channel}/confirmation`.

use std::sync::Arc;

use act::notifications::{Confirmed, confirm_address};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{addressed, settings_view};
use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Gives a code back: the address counts from now on.
#[utoipa::path(
    post,
    path = "/notification-addresses/{channel}/confirmation",
    tag = "notifications",
    params(("channel" = String, Path, description = "`email` or `sms`")),
    request_body = NotificationCodeInput,
    responses((status = 200, description = "Confirmed", body = NotificationSettings), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn confirm_notification_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(channel): Segments<String>,
    Body(input): Body<NotificationCodeInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let channel = addressed(&channel)?;
    let confirmed = confirm_address(&app.notifications(), party, channel, &input.code).await.map_err(vault_refused)?;
    match confirmed {
        Confirmed::Yes => Ok(private(StatusCode::OK, &settings_view(&app, party).await?)),
        Confirmed::Wrong { left } => Err(Refused::field("code", format!("is not the code; {left} tries are left"))),
        Confirmed::NoCode => {
            let words = "no code is out for this address; have another one sent";
            Err(Refused::new(StatusCode::CONFLICT, "no_code", words))
        }
    }
}
