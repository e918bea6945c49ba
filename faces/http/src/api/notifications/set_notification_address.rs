//! `PUT /notification-addresses/{channel}`.

use std::sync::Arc;

use act::notifications::ask_code;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{addressed, code_refused, locale, settings_view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Keeps an address and sends a code there; nothing else is sent to it before the code comes back.
#[utoipa::path(
    put,
    path = "/notification-addresses/{channel}",
    tag = "notifications",
    params(("channel" = String, Path, description = "`email` or `sms`")),
    request_body = NotificationAddressInput,
    responses((status = 200, description = "A code was sent", body = NotificationSettings), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn set_notification_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(channel): Segments<String>,
    Body(input): Body<NotificationAddressInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let channel = addressed(&channel)?;
    // Besides the limit per person: many accounts behind one address must not flood somebody's phone.
    app.limits.sign_in.take(caller.address.to_string(), app.now()).map_err(Refused::too_many)?;
    let locale = locale(&app, &input.locale);
    ask_code(&app.notifications(), party, channel, &input.address, &locale).await.map_err(code_refused)?;
    Ok(private(StatusCode::OK, &settings_view(&app, party).await?))
}
