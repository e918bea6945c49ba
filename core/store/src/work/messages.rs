//! What the words of a message are made of: the body of a row of the outbox. It names a case or a mandate, and nobody.

use model::{Case, CategoryId, EventId, FormId, Instant, MandateId, PackHash};

use crate::alarm_notices::GroupLabels;
use serde::{Deserialize, Serialize};

/// The kind of a message that tells of several: no word of a pack.
pub const DIGEST_KIND: &str = "+digest";

/// The kind of a message that tells of alarms: no word of a pack.
pub const ALARM_KIND: &str = "+alarm";

/// Messages that a digest names; of the others it gives the number.
const DIGEST_NAMED: usize = 10;

/// What the words of a message to a person are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Facts {
    /// It is about a case.
    Case(MessageFacts),
    /// It is about a mandate.
    Mandate(MandateFacts),
    /// It is about alarms.
    Alarms(AlarmNoticeFacts),
}

impl Facts {
    /// As the body of a message.
    ///
    /// # Panics
    /// Never: facts are plain data.
    pub fn to_body(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("facts are plain data")
    }
}

/// What the words of a message about a case are made of. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFacts {
    /// The number of the case.
    pub case_no: String,
    /// The pack it began under.
    pub pack: PackHash,
    /// What it is about.
    pub category: CategoryId,
    /// When a visit begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Instant>,
    /// An amount, in the smallest unit of the currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

impl MessageFacts {
    /// Those of a case, without time and amount.
    pub fn of(case: &Case) -> Self {
        let (pack, category) = (case.pack, case.category.clone());
        Self { case_no: case.no.to_string(), pack, category, time: None, amount: None }
    }
}

/// What the words of a message about a mandate are made of. No personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateFacts {
    /// Which mandate.
    pub mandate: MandateId,
    /// Until when it is in force.
    pub until: Instant,
    /// Whether it is that of a guardian.
    pub guardian: bool,
}

/// What the words of a notice of alarms are made of: devices, places and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmNoticeFacts {
    /// The group that it tells of.
    pub alarm_group: EventId,
    /// The route of the pack.
    pub route: FormId,
    /// What the alarms have in common.
    pub labels: GroupLabels,
    /// What it says: `first`, `update`, `repeat`, `escalation`, `resolved`.
    pub says: String,
    /// How many are open.
    pub open: u32,
    /// How many have closed since the notice before.
    pub closed: u32,
    /// The worst of them.
    pub severity: String,
    /// Names of some of the devices.
    pub devices: Vec<String>,
}

/// A message that a digest tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestItem {
    /// Its kind.
    pub kind: String,
    /// What its words are made of.
    pub facts: Facts,
}

/// What the words of a digest are made of: its body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The first messages.
    pub items: Vec<DigestItem>,
    /// How many more there are.
    pub more: u32,
}

impl Digest {
    /// With one more message.
    #[must_use]
    pub fn with(mut self, item: DigestItem) -> Self {
        if self.items.len() < DIGEST_NAMED {
            self.items.push(item);
        } else {
            self.more += 1;
        }
        self
    }

    /// As the body of a message.
    ///
    /// # Panics
    /// Never: a digest is plain data.
    pub fn to_body(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("a digest is plain data")
    }
}
