//! `DELETE /notification-addresses/{channel}`.

use std::sync::Arc;

use act::notifications::remove_address;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{addressed, settings_view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Takes an address away; nothing is sent there any more.
#[utoipa::path(
    delete,
    path = "/notification-addresses/{channel}",
    tag = "notifications",
    params(("channel" = String, Path, description = "`email` or `sms`")),
    responses((status = 200, description = "Taken away", body = NotificationSettings), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn remove_notification_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(channel): Segments<String>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let channel = addressed(&channel)?;
    remove_address(&app.notifications(), party, channel).await?;
    Ok(private(StatusCode::OK, &settings_view(&app, party).await?))
}
