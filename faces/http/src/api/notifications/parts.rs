//! What the endpoints of messages share.

use act::notifications::{CodeError, Preferences, find_preferences, list_addresses};
use axum::http::StatusCode;
use model::{Channel, PartyId};

use crate::api::applications::parts::vault_refused;
use crate::app::App;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire::*;

/// The channel of a path, which takes an address.
///
/// # Errors
/// 404 when it is none.
pub fn addressed(word: &str) -> Result<Channel, Refused> {
    let channel = Channel::from_word(word).filter(|channel| needs_address(*channel));
    channel.ok_or_else(|| Refused::not_found("channel"))
}

/// A language of the city: the one asked for, or its first.
pub fn locale(app: &App, asked: &str) -> String {
    let city = &app.current().city;
    let known = city.locales.iter().find(|locale| *locale == asked).or_else(|| city.locales.first());
    known.cloned().unwrap_or_default()
}

/// A channel as the wire has it; `None` for those of programs.
pub const fn channel_view(channel: Channel) -> Option<NotificationChannel> {
    match channel {
        Channel::InApp => Some(NotificationChannel::InApp),
        Channel::Email => Some(NotificationChannel::Email),
        Channel::Sms => Some(NotificationChannel::Sms),
        Channel::Push => Some(NotificationChannel::Push),
        Channel::Webhook => None,
    }
}

const fn needs_address(channel: Channel) -> bool {
    matches!(channel, Channel::Email | Channel::Sms)
}

/// How somebody wants to be told, with the channels of this city.
///
/// # Errors
/// When an address does not open or the store does not answer.
pub async fn settings_view(app: &App, party: PartyId) -> Result<NotificationSettings, Refused> {
    let ctx = app.notifications();
    let wants = find_preferences(&ctx, party).await?;
    let addresses = list_addresses(&ctx, party).await.map_err(vault_refused)?;
    let channels = ctx.senders.channels();
    let view = |channel: &Channel| {
        let own = addresses.iter().find(|own| own.channel == *channel);
        Some(NotificationChannelView {
            channel: channel_view(*channel)?,
            needs_address: needs_address(*channel),
            address: own.map(|own| own.address.reveal().to_owned()),
            confirmed: !needs_address(*channel) || own.is_some_and(|own| own.is_confirmed),
            code_until: own.and_then(|own| own.code_until).map(time),
        })
    };
    Ok(NotificationSettings {
        channels: channels.iter().filter_map(view).collect(),
        groups: groups(app, &wants, &channels),
        quiet: wants.quiet_hours().map(|quiet| QuietHoursView { from: quiet.from(), to: quiet.to() }),
    })
}

fn groups(app: &App, wants: &Preferences, channels: &[Channel]) -> Vec<NotificationGroupView> {
    let compiled = app.current();
    let groups = compiled.city.notifications.groups.iter();
    let view = |group: &pack::NotificationGroup| {
        let on = |channel: &&Channel| **channel != Channel::InApp && wants.takes(group.id.as_str(), **channel);
        let channels = channels.iter().filter(on).filter_map(|channel| channel_view(*channel)).collect();
        NotificationGroupView { id: group.id.to_string(), title: text(&group.title), channels }
    };
    groups.map(view).collect()
}

/// Why no code was sent.
pub fn code_refused(error: CodeError) -> Refused {
    match error {
        CodeError::NoChannel => Refused::not_found("channel"),
        CodeError::Address(error) => Refused::field("address", error.to_string()),
        CodeError::TooMany { wait_s } => Refused::too_many(wait_s),
        CodeError::Away => {
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "channel_away", error.to_string()).retry_after(60)
        }
        CodeError::Refused => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "address_refused", error.to_string()),
        CodeError::Vault(error) => vault_refused(error),
    }
}
