//! `GET /notification-settings`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::settings_view;
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// How one wants to be told, and by which channels this city tells.
#[utoipa::path(
    get,
    path = "/notification-settings",
    tag = "notifications",
    responses((status = 200, description = "As asked", body = NotificationSettings), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_notification_settings(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    Ok(private(StatusCode::OK, &settings_view(&app, party).await?))
}
