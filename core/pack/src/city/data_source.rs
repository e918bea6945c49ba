//! Sources (数据来源): registers of departments that forms are filled in from, so that data runs instead of people.

use model::{FormId, OfficeId, SourceId, Text};
use serde::{Deserialize, Serialize};

use super::{Field, FieldKind};

/// A register of a department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSource {
    /// Name of the register.
    pub title: Text,
    /// The office that keeps it.
    pub office: OfficeId,
    /// Why it is asked, in words for the person it is about.
    pub purpose: Text,
    /// The law that lets the city ask.
    pub basis: Text,
    /// How long it may take to answer, seconds.
    pub timeout_seconds: u8,
    /// Whether people are matched with it by name and identity number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity: bool,
    /// Whether it is a register of organisations: asked by their number and the legal representative it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organisations: bool,
    /// Whether it is a register of guardians: asked by a guardian's number, it lists the children.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guardianship: bool,
    /// What it answers, in the order declared.
    pub fields: Vec<Field>,
}

/// The field by which a register of organisations names them.
pub const ORGANISATION_NAME: &str = "name";

/// The fields by which a register of guardians names a child: name, identity number and day of birth.
pub const CHILD_FIELDS: [&str; 3] = ["name", "id_number", "birth_date"];

impl DataSource {
    /// What it answers under that id.
    pub fn field(&self, id: &FormId) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == *id)
    }
}

/// Where a field of a form is filled in from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFrom {
    /// The source.
    pub source: SourceId,
    /// What it answers, one of its fields.
    pub field: FormId,
    /// Whether the applicant may answer themselves when it was not fetched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_declared: bool,
}

impl FieldKind {
    /// Why an answer of kind `other` may not fit here; `None` when every one does.
    pub fn refuses(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Text { max, format }, Self::Text { max: longest, format: given }) => {
                if longest > max {
                    return Some(format!("may have {longest} characters, and {max} fit here"));
                }
                (format.is_some() && format != given).then(|| "has not the format asked for here".to_owned())
            }
            (Self::Number { min, max }, Self::Number { min: least, max: most }) => {
                (least < min || max < most).then(|| format!("may be {least} to {most}, and {min} to {max} fit here"))
            }
            (Self::Choice { options }, Self::Choice { options: given }) => given
                .iter()
                .find(|choice| !options.iter().any(|known| known.id == choice.id))
                .map(|choice| format!("may be {:?}, which is no choice here", choice.id)),
            (Self::Date, Self::Date) => None,
            _ => Some("is of another type".to_owned()),
        }
    }
}
