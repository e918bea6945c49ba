//! Notifications (通知): by which way somebody is told, and how far a message is.

use serde::{Deserialize, Serialize};

/// A way to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The list in the resident face (站内消息).
    InApp,
    /// E-mail.
    Email,
    /// Text message (短信).
    Sms,
    /// A push message of the city's phone application.
    Push,
    /// A signed call to a program.
    Webhook,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 5] = [Self::InApp, Self::Email, Self::Sms, Self::Push, Self::Webhook];

    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits to be sent.
    Queued,
    /// Waits for the end of quiet hours, or until the person may be sent something again.
    Held,
    /// A worker has it.
    Sending,
    /// The channel took it.
    Delivered,
    /// The channel did not take it; it is tried again.
    Failed,
    /// It was tried as often as is sensible, or can never be taken.
    GivenUp,
    /// Beyond what one person is sent in a while: told together with others, in one message that has a row of its own.
    Merged,
    /// Not sent: the person does not want it there.
    Suppressed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Held,
        Self::Sending,
        Self::Delivered,
        Self::Failed,
        Self::GivenUp,
        Self::Merged,
        Self::Suppressed,
    ];

    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
            Self::Merged => "merged",
            Self::Suppressed => "suppressed",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
