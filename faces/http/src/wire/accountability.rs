//! How personal data is used in this city, for everybody to read: counts, never people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, Time};

/// How personal data is used, and whether the logs of it agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Accountability {
    /// The first day counted, `YYYY-MM-DD` in the city's time.
    pub from: String,
    /// The last day that is over.
    pub until: String,
    /// Looks of staff at personal data, by office, most first.
    pub looks: Vec<UseCount>,
    /// Questions to registers, by the office that keeps them, most first.
    pub fetches: Vec<UseCount>,
    /// What other programs were told, by program, most first.
    pub disclosures: Vec<UseCount>,
    /// Each register with its days, where registers are connected.
    pub registers: Vec<RegisterDays>,
    /// Alarms, latest first, 50 at most.
    pub alarms: Vec<PublicAlarm>,
}

/// How often somebody used personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UseCount {
    /// Who.
    pub title: Text,
    /// How often.
    pub count: u32,
}

/// A register, and whether its log and the city's agreed on each day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterDays {
    /// Which register.
    pub source: Text,
    /// The office that keeps it.
    pub office: Text,
    /// Days that were compared, latest first. A day that is missing was not compared yet.
    pub days: Vec<RegisterDay>,
}

/// What the comparison of a day found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterDay {
    /// The day.
    pub day: String,
    /// Questions that stand on both sides alike.
    pub matched: u32,
    /// Questions that nobody answered.
    pub unanswered: u32,
    /// Questions that the department saw and the city has no record of.
    pub not_recorded: u32,
    /// Answers that the city has and the department has no record of.
    pub not_seen: u32,
    /// Questions for other fields than were written down.
    pub other_fields: u32,
    /// When it was compared.
    pub compared_at: Time,
}

/// An alarm as everybody may know of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublicAlarm {
    /// The number of its case.
    pub no: String,
    /// What happened.
    pub title: Text,
    /// The program or register; absent where naming it would warn who is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Text>,
    /// How far it is.
    pub state: Text,
    /// When it was raised.
    pub raised_at: Time,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
}
