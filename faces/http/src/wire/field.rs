//! Questions: the fields of forms and actions, as the faces draw them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Named, Text};

/// A question of a form or an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// Id, the key of the answer.
    pub id: String,
    /// The question.
    pub title: Text,
    /// Whether it must be answered.
    pub required: bool,
    /// Help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub help: Option<Text>,
    /// What kind of answer.
    #[serde(flatten)]
    pub kind: FieldKind,
}

/// What kind of answer a field takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// Plain text.
    Text {
        /// Longest text, characters.
        max: u32,
    },
    /// A whole number.
    Number {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// One of a list; the answer is its id.
    Choice {
        /// The list.
        options: Vec<Named>,
    },
    /// Several of a list; the answer is an array of ids.
    Choices {
        /// The list.
        options: Vec<Named>,
    },
    /// A date and time, RFC 3339.
    Datetime,
    /// An office; the answer is its id.
    Office {
        /// Only offices of these kinds.
        kinds: Vec<String>,
        /// The offices to choose from; empty in the pack's own description of an action.
        #[serde(default)]
        #[schema(required)]
        offices: Vec<Named>,
        /// The one that routing proposes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        suggested: Option<String>,
    },
    /// Files; the answer is an array of evidence ids.
    Evidence {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
    /// A limit, such as `3 working_day`.
    Limit {
        /// The longest that may be asked for.
        max: String,
    },
    /// A category and condition; the answer is `{"category": …, "condition": …}`.
    Condition,
    /// 1 to 5.
    Stars,
    /// A colleague; the answer is their id.
    Person {
        /// Who may be given the task; empty in the pack's own description of an action.
        #[serde(default)]
        #[schema(required)]
        people: Vec<Named>,
    },
}

/// An action that the caller may take now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    /// Its id, the last part of the address to send it to.
    pub id: String,
    /// Name on the button.
    pub title: Text,
    /// Look of the button: `primary`, `danger` or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tone: Option<String>,
    /// What is asked.
    pub fields: Vec<Field>,
}

/// An action, taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// The version of the case the caller saw; when given and no longer true, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<u32>,
    /// The answers, by field id.
    #[serde(default)]
    pub answers: std::collections::BTreeMap<String, serde_json::Value>,
}
