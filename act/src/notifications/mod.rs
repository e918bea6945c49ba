//! Notifications (通知): a consumer of the log that writes what people and programs are to be told into the outbox, and
//! the worker that sends it.
//!
//! Recording is exactly once: the rows and the consumer's position are one transaction, and the key of a row (event,
//! kind, recipient, channel) makes a second one impossible. Sending is at least once: a worker that dies between the
//! channel's answer and its own note sends again, under the same id, by which the receiver tells it is the same.
//! Messages name the case and what it is about; never answers, names or contacts.

mod addresses;
mod alarms;
mod deliver;
mod mandates;
mod place;
mod plan;
mod preferences;
mod quiet;
mod record;
mod remind;
mod webhook;
mod words;

use std::sync::Arc;

use identity::Vault;
use model::{Channel, Clock};
use pack::Packs;
use store::Store;

pub use addresses::{
    CODE_LASTS_MIN, CodeError, Confirmed, OwnAddress, ask_code, confirm_address, list_addresses, remove_address,
};
pub use alarms::{ALARMS_GROUP, AlarmNews, Delivery, list_deliveries, record_alarm_notice};
pub use deliver::deliver_due;
pub use plan::{ATTEMPTS_MAX, Asked, Limits, Plan, plan, retry_after_us};
pub use preferences::{Preferences, find_preferences, save_preferences};
pub use quiet::{QuietError, QuietHours};
pub use record::record_due;
pub use remind::remind_due;
pub use webhook::{check_webhook, sign_webhook, webhook_key};
pub use words::{Words, code_words, list_words, message_words};

/// A message as a channel sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the message; the same for every attempt.
    pub id: String,
    /// Where to.
    pub to: Recipient,
    /// One line.
    pub subject: String,
    /// What it says, plain text.
    pub text: String,
    /// The page it is about.
    pub link: Option<String>,
}

/// Where a message goes, hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub String);

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recipient(..)")
    }
}

/// Why a channel did not take a message, in words without addresses: they are kept and shown to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may take it later.
    #[error("{0}")]
    Passing(String),
    /// It never will.
    #[error("{0}")]
    Final(String),
}

/// A channel that sends to people. Blocks; every call ends by itself after a time.
pub trait Sender: Send + Sync {
    /// Sends one message.
    ///
    /// # Errors
    /// [`SendError`], saying whether it is worth trying again.
    fn send(&self, message: &Message) -> Result<(), SendError>;
}

/// Calls programs. Blocks; every call ends by itself after a time, and follows no redirect.
pub trait Caller: Send + Sync {
    /// Posts a body with headers; the status of the answer.
    ///
    /// # Errors
    /// [`SendError`] when there is no answer, or the address is one that must not be called.
    fn call(&self, url: &str, headers: &[(&str, String)], body: &[u8]) -> Result<u16, SendError>;
}

/// The channels that are set up.
#[derive(Clone, Default)]
pub struct Senders {
    /// E-mail.
    pub email: Option<Arc<dyn Sender>>,
    /// Text messages.
    pub sms: Option<Arc<dyn Sender>>,
    /// Push messages of the city's phone application, which knows people by the id of their account.
    pub push: Option<Arc<dyn Sender>>,
    /// Calls to programs.
    pub caller: Option<Arc<dyn Caller>>,
}

impl Senders {
    /// The sender of a channel to people; `None` where it is not set up.
    pub fn of(&self, channel: Channel) -> Option<&Arc<dyn Sender>> {
        match channel {
            Channel::Email => self.email.as_ref(),
            Channel::Sms => self.sms.as_ref(),
            Channel::Push => self.push.as_ref(),
            Channel::InApp | Channel::Webhook => None,
        }
    }

    /// The channels to people that are set up, the list in the resident face first.
    pub fn channels(&self) -> Vec<Channel> {
        let set_up = |channel: &Channel| *channel == Channel::InApp || self.of(*channel).is_some();
        Channel::ALL.into_iter().filter(set_up).collect()
    }
}

/// What notifications need.
#[derive(Clone)]
pub struct Context {
    /// Where events and messages are.
    pub store: Store,
    /// Every pack a case may have begun under.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Opens addresses.
    pub vault: Arc<Vault>,
    /// The channels.
    pub senders: Senders,
    /// Address under which people reach the resident face; without one messages have no link.
    pub base_url: Option<String>,
    /// Whether fees are taken online.
    pub takes_fees: bool,
    /// How much one person is sent.
    pub limits: Limits,
}
