//! Inspections (巡检): what is looked at regularly, stop by stop, and what of it is a fault.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use model::{CategoryId, CheckId, InspectionId, RegionId, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Unit;

/// Inspections by id.
pub type Inspections = BTreeMap<InspectionId, Inspection>;

/// What is looked at regularly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Its name.
    pub title: Text,
    /// People of this region, and of those above, do it and read of it.
    pub region: RegionId,
    /// Due again after so many days; when wanted, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u16>,
    /// In the order they are walked.
    pub stops: Vec<Stop>,
}

/// A place (巡检点) where something is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// Its id in the inspection.
    pub id: CheckId,
    /// Its name.
    pub title: Text,
    /// Longitude and latitude, degrees, CGCS2000.
    pub point: (f64, f64),
    /// In the order they are done.
    pub checks: Vec<Check>,
}

/// One thing to look at (检查项).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its id in the inspection.
    pub id: CheckId,
    /// The question, or what is measured.
    pub title: Text,
    /// How to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
    /// What an answer is, and when it is a fault.
    #[serde(flatten)]
    pub kind: CheckKind,
    /// The category of the case that a fault opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryId>,
    /// Whether it may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// What an answer is, and when it is a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CheckKind {
    /// Yes or no.
    YesNo {
        /// The answer that is no fault.
        expected: bool,
    },
    /// A number that is read off.
    Number {
        /// Its unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<Unit>,
        /// Less is a fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// More is a fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// One of several.
    Choice {
        /// What there is to choose, in order.
        options: Vec<CheckOption>,
    },
    /// A photograph, for the record.
    Photo,
    /// A photograph that is compared with a baseline; the person says whether what is seen is in order.
    Panel,
}

/// One of several answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckOption {
    /// Its id.
    pub id: CheckId,
    /// What people read.
    pub title: Text,
    /// Whether it is a fault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_fault: bool,
}

/// The word of a kind of check, in the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckWord {
    /// [`CheckKind::YesNo`].
    YesNo,
    /// [`CheckKind::Number`].
    Number,
    /// [`CheckKind::Choice`].
    Choice,
    /// [`CheckKind::Photo`].
    Photo,
    /// [`CheckKind::Panel`].
    Panel,
}

/// The text is no kind of check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use yes_no, number, choice, photo or panel")]
pub struct CheckWordError;

impl FromStr for CheckWord {
    type Err = CheckWordError;

    fn from_str(text: &str) -> Result<Self, CheckWordError> {
        Ok(match text {
            "yes_no" => Self::YesNo,
            "number" => Self::Number,
            "choice" => Self::Choice,
            "photo" => Self::Photo,
            "panel" => Self::Panel,
            _ => return Err(CheckWordError),
        })
    }
}

/// Why a value is no answer to a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is something else.
    #[error("expected {expected}, got {got}")]
    Kind {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// It is not among the answers.
    #[error("{got} is not among the answers: {known}")]
    Unknown {
        /// What was chosen.
        got: String,
        /// What there is.
        known: String,
    },
}

impl Check {
    /// Whether an answer is a fault; absent where only the comparison of pictures can say.
    ///
    /// # Errors
    /// [`AnswerError`] when the value is no answer to the check.
    pub fn is_fault(&self, value: &Value) -> Result<Option<bool>, AnswerError> {
        let kind = |expected| AnswerError::Kind { expected, got: value.to_string() };
        match &self.kind {
            CheckKind::YesNo { expected } => {
                let said = value.as_bool().ok_or_else(|| kind("true or false"))?;
                Ok(Some(said != *expected))
            }
            CheckKind::Number { min, max, .. } => {
                let read = value.as_f64().filter(|read| read.is_finite()).ok_or_else(|| kind("a number"))?;
                Ok(Some(min.is_some_and(|min| read < min) || max.is_some_and(|max| read > max)))
            }
            CheckKind::Choice { options } => {
                let chosen = value.as_str().ok_or_else(|| kind("the id of an answer"))?;
                let found = options.iter().find(|option| option.id.as_str() == chosen);
                let known = || options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(", ");
                let unknown = || AnswerError::Unknown { got: chosen.to_owned(), known: known() };
                found.map(|option| Some(option.is_fault)).ok_or_else(unknown)
            }
            CheckKind::Photo if value.is_null() => Ok(Some(false)),
            CheckKind::Photo => Err(kind("a picture and no value")),
            CheckKind::Panel if value.is_null() => Ok(None),
            CheckKind::Panel => {
                let in_order = value.as_bool().ok_or_else(|| kind("whether it is in order, or nothing"))?;
                Ok(Some(!in_order))
            }
        }
    }

    /// Whether an answer has to come with a picture.
    pub const fn needs_picture(&self) -> bool {
        matches!(self.kind, CheckKind::Photo | CheckKind::Panel)
    }
}

impl Inspection {
    /// A check and the stop it is at.
    pub fn check(&self, id: &str) -> Option<(&Stop, &Check)> {
        self.checks().find(|(_, check)| check.id.as_str() == id)
    }

    /// Every check, with the stop it is at, in order.
    pub fn checks(&self) -> impl Iterator<Item = (&Stop, &Check)> {
        self.stops.iter().flat_map(|stop| stop.checks.iter().map(move |check| (stop, check)))
    }

    /// Whether it is due on a day of the city, when it was last done to its end on another.
    pub fn is_due(&self, last: Option<Date>, today: Date) -> bool {
        let Some(every) = self.every_days else { return false };
        last.is_none_or(|last| (today - last).get_days() >= i32::from(every))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn check(kind: CheckKind) -> Check {
        let title = Text::from([("en", "x")]);
        Check { id: "x".parse().unwrap(), title, help: None, kind, category: None, optional: false }
    }

    #[test]
    fn answers_are_faults_by_the_kind_of_check() {
        let option =
            |id: &str, is_fault| CheckOption { id: id.parse().unwrap(), title: Text::from([("en", id)]), is_fault };
        let choice = CheckKind::Choice { options: vec![option("dry", false), option("wet", true)] };
        let number = CheckKind::Number { unit: None, min: Some(-5.0), max: Some(85.0) };
        for (kind, value, expect) in [
            (CheckKind::YesNo { expected: true }, json!(true), Ok(Some(false))),
            (CheckKind::YesNo { expected: true }, json!(false), Ok(Some(true))),
            (CheckKind::YesNo { expected: false }, json!(false), Ok(Some(false))),
            (CheckKind::YesNo { expected: true }, json!("yes"), Err(())),
            (CheckKind::YesNo { expected: true }, json!(null), Err(())),
            (number.clone(), json!(85.0), Ok(Some(false))),
            (number.clone(), json!(85.1), Ok(Some(true))),
            (number.clone(), json!(-6), Ok(Some(true))),
            (number, json!("85"), Err(())),
            (choice.clone(), json!("dry"), Ok(Some(false))),
            (choice.clone(), json!("wet"), Ok(Some(true))),
            (choice, json!("damp"), Err(())),
            (CheckKind::Photo, json!(null), Ok(Some(false))),
            (CheckKind::Photo, json!(true), Err(())),
            (CheckKind::Panel, json!(null), Ok(None)),
            (CheckKind::Panel, json!(true), Ok(Some(false))),
            (CheckKind::Panel, json!(false), Ok(Some(true))),
            (CheckKind::Panel, json!(1), Err(())),
        ] {
            assert_eq!(check(kind.clone()).is_fault(&value).map_err(|_| ()), expect, "{kind:?} {value}");
        }
    }

    #[test]
    fn an_inspection_is_due_after_its_days() {
        let every = |every_days| Inspection {
            title: Text::from([("en", "x")]),
            region: "city".parse().unwrap(),
            every_days,
            stops: Vec::new(),
        };
        let today = date(2026, 3, 1);
        for (days, last, expect) in [
            (None, None, false),
            (Some(1), None, true),
            (Some(1), Some(today), false),
            (Some(1), Some(date(2026, 2, 28)), true),
            (Some(7), Some(date(2026, 2, 23)), false),
            (Some(7), Some(date(2026, 2, 22)), true),
        ] {
            assert_eq!(every(days).is_due(last, today), expect, "{days:?} {last:?}");
        }
    }
}
