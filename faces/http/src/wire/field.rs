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
    /// When it is asked at all; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub show_if: Option<ShowIf>,
    /// What kind of answer.
    #[serde(flatten)]
    pub kind: FieldKind,
}

/// A field is asked after one of these answers to an earlier choice, and must be left out after all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowIf {
    /// The earlier field.
    pub field: String,
    /// The answers that bring it up.
    pub is: Vec<String>,
}

/// The shape of a text; the schema of a form says it as a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// 居民身份证号码 of 18 characters.
    IdCard,
    /// 统一社会信用代码 of 18 characters.
    CreditCode,
    /// 邮政编码 of six digits.
    Postcode,
    /// An amount of money in the city's unit, such as 12.50.
    Money,
}

/// What kind of answer a field takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// Plain text.
    Text {
        /// Longest text, characters.
        max: u32,
        /// Its shape; any when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        format: Option<TextFormat>,
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
    /// A day, `2026-11-23`.
    Date,
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
        /// The licence that may be given instead: the answer is `{"presentation": …}` then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        licence: Option<super::FieldLicence>,
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
