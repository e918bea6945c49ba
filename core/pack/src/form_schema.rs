//! Forms as JSON Schema (draft 2020-12): what [`crate::answers::parse_form`] accepts, for validators that are not ours.
//!
//! Agreement is tested with two foreign validators. Patterns keep to what ECMA-262, Python and the crate `regex` read
//! alike, and `format` is not used: by the standard it need not be checked.

use std::sync::LazyLock;

use model::Text;
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::answers::PRESENTATION_MAX;
use crate::city::{Choice, Field, FieldKind, ShowIf, TextFormat};

/// White space that may stand in a text (Unicode `White_Space` without control characters but tab and line feed).
const SPACE: &str = r"[ \t\n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]";

/// No control characters but tab and line feed.
const PLAIN: &str = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$";

/// A day of the proleptic Gregorian calendar, leap years and all.
const DAY: &str = concat!(
    r"^(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))",
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)$"
);

impl TextFormat {
    /// The pattern of a text without white space around it.
    const fn pattern(self) -> &'static str {
        match self {
            Self::Phone => r"[0-9+(][0-9 ()+-]{3,18}[0-9)]",
            Self::Email => r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
            Self::IdCard => {
                r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
            }
            Self::CreditCode => r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}",
            Self::Postcode => r"[0-9]{6}",
            Self::Money => r"(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,2})?",
        }
    }

    /// What a text of this format is, for error messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Phone => "a telephone number of 5 to 20 digits, spaces and + - ( )",
            Self::Email => "an e-mail address such as name@example.org",
            Self::IdCard => "an identity number of 18 characters",
            Self::CreditCode => "a unified social credit code of 18 characters",
            Self::Postcode => "a postcode of six digits",
            Self::Money => "an amount such as 12.50, at most 9999999.99",
        }
    }

    /// Whether a text, trimmed, has this format.
    pub fn fits(self, text: &str) -> bool {
        static SHAPES: LazyLock<[(TextFormat, Regex); 6]> = LazyLock::new(|| {
            use TextFormat::{CreditCode, Email, IdCard, Money, Phone, Postcode};
            [Phone, Email, IdCard, CreditCode, Postcode, Money].map(|format| {
                let whole = format!("^(?:{})$", format.pattern());
                (format, Regex::new(&whole).expect("the patterns above are regular expressions"))
            })
        });
        SHAPES.iter().any(|(format, shape)| *format == self && shape.is_match(text))
    }
}

/// The JSON Schema of the answers to a form. Titles are in `locale`; fields that applicants cannot answer are left out.
pub fn form_schema(fields: &[Field], locale: &str) -> Value {
    let title = |text: &Text| text.in_locale(locale).to_owned();
    let (mut properties, mut required, mut rules) = (Map::new(), Vec::new(), Vec::new());
    for field in fields {
        let is_required = field.required || matches!(field.kind, FieldKind::Evidence { min, .. } if min > 0);
        let Some(mut schema) = kind_schema(&field.kind, is_required) else { continue };
        if field.licence.is_some() {
            schema = json!({"anyOf": [schema, presentation()]});
        }
        schema["title"] = title(&field.title).into();
        if let Some(help) = &field.help {
            schema["description"] = title(help).into();
        }
        let id = field.id.as_str();
        properties.insert(id.to_owned(), schema);
        match &field.show_if {
            Some(show_if) => rules.push(rule(id, show_if, is_required)),
            None if is_required => required.push(id),
            None => {}
        }
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if !rules.is_empty() {
        schema["allOf"] = rules.into();
    }
    schema
}

/// A field is asked after some answers only, and must be left out after all others.
fn rule(id: &str, show_if: &ShowIf, is_required: bool) -> Value {
    let asked = json!({
        "properties": {show_if.field.as_str(): {"anyOf": [
            {"enum": show_if.is},
            {"type": "array", "contains": {"enum": show_if.is}},
        ]}},
        "required": [show_if.field],
    });
    let then = if is_required { json!({"required": [id]}) } else { json!(true) };
    json!({"if": asked, "then": then, "else": {"properties": {id: false}}})
}

/// `None` for what only staff can answer.
fn kind_schema(kind: &FieldKind, is_required: bool) -> Option<Value> {
    let ids = |options: &[Choice]| options.iter().map(|option| option.id.clone()).collect::<Vec<_>>();
    let least = |count: u32| if is_required { count.max(1) } else { count };
    Some(match kind {
        FieldKind::Text { max, format } => text_schema(*max, *format, is_required),
        FieldKind::Number { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        FieldKind::Choice { options } if is_required => json!({"enum": ids(options)}),
        // Blank is no answer.
        FieldKind::Choice { options } => json!({"anyOf": [{"enum": ids(options)}, blank()]}),
        FieldKind::Choices { options } => {
            json!({"type": "array", "items": {"enum": ids(options)}, "uniqueItems": true, "minItems": least(0)})
        }
        FieldKind::Date if is_required => json!({"type": "string", "pattern": DAY}),
        FieldKind::Date => json!({"anyOf": [{"type": "string", "pattern": DAY}, blank()]}),
        FieldKind::Evidence { min, max } => {
            let file = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
            json!({"type": "array", "items": file, "uniqueItems": true, "minItems": least(*min), "maxItems": max})
        }
        FieldKind::Datetime
        | FieldKind::Office { .. }
        | FieldKind::Limit { .. }
        | FieldKind::Condition
        | FieldKind::Stars
        | FieldKind::Person => return None,
    })
}

/// A licence given instead of files.
fn presentation() -> Value {
    let text = json!({"type": "string", "maxLength": PRESENTATION_MAX, "pattern": "^[A-Za-z0-9._~-]+$"});
    json!({
        "type": "object",
        "properties": {"presentation": text},
        "required": ["presentation"],
        "additionalProperties": false,
    })
}

/// A text of white space alone.
fn blank() -> Value {
    json!({"type": "string", "pattern": format!("^{SPACE}*$")})
}

fn text_schema(max: u32, format: Option<TextFormat>, is_required: bool) -> Value {
    let mut patterns = vec![json!({"pattern": PLAIN})];
    match (format, is_required) {
        (Some(format), true) => patterns.push(json!({"pattern": format!("^{SPACE}*{}{SPACE}*$", format.pattern())})),
        (Some(format), false) => {
            patterns.push(json!({"pattern": format!("^{SPACE}*(?:{})?{SPACE}*$", format.pattern())}));
        }
        (None, true) => patterns.push(json!({"pattern": format!("[^{}", &SPACE[1..])})),
        (None, false) => {}
    }
    json!({"type": "string", "maxLength": max, "allOf": patterns})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_format_asked_for() {
        for (format, fits, fails) in [
            (TextFormat::Phone, "+86 138-0000-0000", "call me"),
            (TextFormat::Email, "li.wei@mail.example.org", "li@wei@example"),
            (TextFormat::IdCard, "11010519491231002X", "110105194913310023"),
            (TextFormat::CreditCode, "91350100M000100Y43", "91350100m000100y43"),
            (TextFormat::Postcode, "570100", "5701000"),
            (TextFormat::Money, "12.50", "012.50"),
            (TextFormat::Money, "0.5", "12."),
        ] {
            assert!(format.fits(fits) && !format.fits(fails), "{format:?}");
        }
    }
}
