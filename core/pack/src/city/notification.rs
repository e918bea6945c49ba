//! What people are told of their cases, and in which words.

use std::collections::BTreeMap;

use model::{ActionId, FormId, ProcessId, Text};
use serde::{Deserialize, Serialize};

/// Everything a city tells its residents by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    /// What a person may switch on and off as one, in the order shown.
    pub groups: Vec<NotificationGroup>,
    /// Kinds of message by id.
    pub kinds: BTreeMap<FormId, NotificationKind>,
    /// The words around the code that confirms an address; placeholders `{code}` and `{minutes}`.
    pub code: MessageWords,
    /// The words of one message that tells of several; placeholders `{count}` and `{list}`.
    #[serde(default)]
    pub digest: MessageWords,
}

/// The words of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageWords {
    /// One line.
    pub title: Text,
    /// A few sentences.
    pub body: Text,
}

/// The placeholders of the words around a code.
pub const CODE_PLACEHOLDERS: &[&str] = &["code", "minutes"];

/// The placeholders of the words of a message that tells of several.
pub const DIGEST_PLACEHOLDERS: &[&str] = &["count", "list"];

impl Notifications {
    /// Whether the city tells nothing by itself.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.kinds.is_empty()
    }
}

/// Kinds of message that are switched on and off together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationGroup {
    /// Its id.
    pub id: FormId,
    /// Name.
    pub title: Text,
}

/// A kind of message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationKind {
    /// The group it belongs to.
    pub group: FormId,
    /// What it tells of.
    pub on: Trigger,
    /// The process whose cases it tells of; every one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessId>,
    /// The actions it tells of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionId>,
    /// Hours before a visit or the end of a mandate, or after the end of a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u16>,
    /// Whether it is sent in quiet hours too, and beyond the limits of a day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// One line, with placeholders.
    pub title: Text,
    /// A few sentences, with placeholders.
    pub body: Text,
}

impl NotificationKind {
    /// Whether it tells of cases of a process.
    pub fn is_of(&self, process: &ProcessId) -> bool {
        self.process.as_ref().is_none_or(|only| only == process)
    }
}

/// What a message tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// An action was taken on the case.
    Action,
    /// Somebody who acts for the applicant handed an application in for them.
    FiledFor,
    /// A time at a window was booked.
    VisitBooked,
    /// A booked time comes near.
    VisitSoon,
    /// A fee can be paid from now on.
    FeeDue,
    /// A fee was given back.
    Refunded,
    /// A licence was issued.
    LicenceIssued,
    /// A case ended a while ago and nobody rated it.
    Unrated,
    /// Somebody took a mandate, and waits to be confirmed.
    MandateTaken,
    /// A mandate is in force.
    MandateConfirmed,
    /// The other side ended a mandate.
    MandateEnded,
    /// A mandate ends soon by itself.
    MandateEnding,
    /// A register names somebody as a guardian.
    GuardianFound,
    /// A register names somebody as a guardian no longer.
    GuardianEnded,
}

impl Trigger {
    /// The placeholders of its words.
    pub const fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::Action | Self::FiledFor | Self::LicenceIssued | Self::Unrated => &["case_no", "title"],
            Self::VisitBooked | Self::VisitSoon => &["case_no", "title", "time"],
            Self::MandateTaken
            | Self::MandateConfirmed
            | Self::MandateEnded
            | Self::MandateEnding
            | Self::GuardianFound
            | Self::GuardianEnded => &["until"],
            Self::FeeDue | Self::Refunded => &["case_no", "title", "amount"],
        }
    }

    /// Whether it needs a number of hours.
    pub const fn is_timed(self) -> bool {
        matches!(self, Self::VisitSoon | Self::Unrated | Self::MandateEnding)
    }

    /// Whether it tells of a case; the others tell of mandates.
    pub fn is_of_case(self) -> bool {
        self.placeholders().contains(&"case_no")
    }
}

/// The names between braces in a text, in order; an error in words for a brace without its other one.
///
/// # Errors
/// Words for the author of the pack.
pub fn placeholders(text: &str) -> Result<Vec<&str>, String> {
    let (mut names, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let Some((name, after)) = rest[at..].strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            return Err("a brace stands alone; placeholders are written {case_no}".to_owned());
        };
        if name.contains('{') {
            return Err("a brace stands alone; placeholders are written {case_no}".to_owned());
        }
        names.push(name);
        rest = after;
    }
    Ok(names)
}

/// A text with its placeholders filled, once: what a value brings in is never looked at again.
pub fn fill(text: &str, values: &BTreeMap<&str, String>) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len() + 32), text);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        filled.push_str(values.get(name).map_or("", String::as_str));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_names_between_braces() {
        let alone = || Err("a brace stands alone; placeholders are written {case_no}".to_owned());
        for (text, expect) in [
            ("no words", Ok(vec![])),
            ("{case_no}: {title}", Ok(vec!["case_no", "title"])),
            ("{a}{a}", Ok(vec!["a", "a"])),
            ("{", alone()),
            ("}", alone()),
            ("{a", alone()),
            ("{a{b}}", alone()),
        ] {
            assert_eq!(placeholders(text), expect, "{text}");
        }
    }

    #[test]
    fn values_fill_their_places_and_nothing_else() {
        let values = BTreeMap::from([("title", "{case_no}".to_owned()), ("case_no", "YG1".to_owned())]);
        assert_eq!(fill("{title} of {case_no}.", &values), "{case_no} of YG1.");
    }
}
