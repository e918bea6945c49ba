//! What residents are told, and how they want to be told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Text, Time};

/// One's own messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationList {
    /// The latest first.
    pub items: Vec<NotificationItem>,
    /// How many of all are not read.
    pub unread: u32,
    /// What `before` must be for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationItem {
    /// Its id.
    pub id: String,
    /// What kind of message, a word of the pack.
    pub kind: String,
    /// One line.
    pub title: Text,
    /// A few sentences.
    pub body: Text,
    /// The case it is about; absent for what is about a mandate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_no: Option<String>,
    /// The page of the resident face it leads to.
    pub path: String,
    /// When it was written.
    pub at: Time,
    /// Whether it was read.
    pub read: bool,
}

/// Which messages.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// Those before a message; the latest when absent.
    pub before: Option<String>,
    /// At most so many; 30 when absent, 100 at most.
    pub limit: Option<u32>,
}

/// How many messages are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadCount {
    /// How many.
    pub unread: u32,
}

/// Messages that were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInput {
    /// Their ids, 100 at most; every message when empty.
    pub ids: Vec<String>,
}

/// A way to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationChannel {
    /// The list of messages.
    InApp,
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// Push message of the city's phone application.
    Push,
}

/// How one wants to be told.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationSettings {
    /// The channels of this city; one that it does not have is not here.
    pub channels: Vec<NotificationChannelView>,
    /// Kinds of message by group, with the channels that are switched on.
    pub groups: Vec<NotificationGroupView>,
    /// Quiet hours; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quiet: Option<QuietHoursView>,
}

/// A channel of the city.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationChannelView {
    /// Which.
    pub channel: NotificationChannel,
    /// Whether it needs an address.
    pub needs_address: bool,
    /// One's own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// Whether the address was confirmed; nothing is sent there before.
    pub confirmed: bool,
    /// Until when a code that was sent can be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code_until: Option<Time>,
}

/// Kinds of message that are switched as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationGroupView {
    /// Its id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Channels that are switched on, besides the list, which has everything.
    pub channels: Vec<NotificationChannel>,
}

/// Quiet hours, times of the day in the city's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHoursView {
    /// When they begin, `22:00`.
    pub from: String,
    /// When they end, `08:00`; on the next day when it is the earlier time.
    pub to: String,
}

/// How one wants to be told from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationSettingsInput {
    /// For each group the channels that are switched on; a group that is not named stays as it is.
    pub groups: BTreeMap<String, Vec<NotificationChannel>>,
    /// Quiet hours; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quiet: Option<QuietHoursView>,
    /// Language of what is sent, one of the city's.
    pub locale: String,
}

/// An address to be told at.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationAddressInput {
    /// An e-mail address or telephone number.
    pub address: String,
    /// Language of the message with the code, one of the city's.
    pub locale: String,
}

/// The code that was sent to an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationCodeInput {
    /// Six digits.
    pub code: String,
}

macro_rules! hidden_from_debug {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden_from_debug!(NotificationSettings, NotificationChannelView, NotificationAddressInput, NotificationCodeInput);
