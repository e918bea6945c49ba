//! `PUT /notification-settings`.

use std::sync::Arc;

use act::notifications::{QuietHours, find_preferences, save_preferences};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::Channel;

use super::parts::{channel_view, locale, settings_view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Keeps how one wants to be told.
#[utoipa::path(
    put,
    path = "/notification-settings",
    tag = "notifications",
    request_body = NotificationSettingsInput,
    responses((status = 200, description = "As they are now", body = NotificationSettings), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn save_notification_settings(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<NotificationSettingsInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let ctx = app.notifications();
    let compiled = app.current();
    let mut wants = find_preferences(&ctx, party).await?;
    for (group, on) in &input.groups {
        if !compiled.city.notifications.groups.iter().any(|known| known.id.as_str() == group) {
            return Err(Refused::field("groups", format!("{group:?} is no group of this city")));
        }
        for channel in ctx.senders.channels().into_iter().filter(|channel| *channel != Channel::InApp) {
            wants.switch(group, channel, channel_view(channel).is_some_and(|view| on.contains(&view)));
        }
    }
    let quiet = input.quiet.as_ref().map(|quiet| QuietHours::parse(&quiet.from, &quiet.to)).transpose();
    wants.set_quiet_hours(quiet.map_err(|error| Refused::field("quiet", error.to_string()))?);
    wants.set_locale(locale(&app, &input.locale));
    save_preferences(&ctx, party, &wants).await?;
    Ok(private(StatusCode::OK, &settings_view(&app, party).await?))
}
