//! Answers to the fields of a form or an action, parsed at the door into what they mean.

use std::collections::BTreeMap;

use crate::city::{Choice, City, Field, FieldKind, ShowIf, TextFormat};
use model::{CategoryId, ConditionId, EvidenceId, Instant, Limit, OfficeId, PartyId};
use serde_json::Value;

/// One answer that does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's id.
    pub field: String,
    /// What is wrong and what would fit.
    pub message: String,
}

/// Parsed answers, sorted by what they do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// The text of the field `note`.
    pub note: Option<String>,
    /// The choice of the field `reason`.
    pub reason: Option<String>,
    /// The office that is to handle the case.
    pub handler: Option<OfficeId>,
    /// Files by purpose (the field's id).
    pub evidence: BTreeMap<String, Vec<EvidenceId>>,
    /// A limit asked for.
    pub limit: Option<Limit>,
    /// A category and its condition.
    pub condition: Option<(CategoryId, Option<ConditionId>)>,
    /// 1 to 5.
    pub stars: Option<u8>,
    /// A person who is to have the task.
    pub person: Option<PartyId>,
    /// Licences given instead of files, as they were shown; by field id.
    pub presentations: BTreeMap<String, String>,
    /// Everything else, by field id.
    pub others: BTreeMap<String, Value>,
}

/// Parses answers against fields; every fault is reported, not only the first.
///
/// # Errors
/// The faults, one a field: missing, unknown, out of range.
pub fn parse_answers(
    city: &City,
    fields: &[Field],
    answers: &BTreeMap<String, Value>,
) -> Result<Answers, Vec<FieldFault>> {
    let mut parsed = Answers::default();
    let mut faults = Vec::new();
    for key in answers.keys() {
        if !fields.iter().any(|field| field.id.as_str() == key) {
            let known: Vec<_> = fields.iter().map(|field| field.id.as_str()).collect();
            faults.push(FieldFault {
                field: key.clone(),
                message: format!("no such field; this action asks for: {}", known.join(", ")),
            });
        }
    }
    for field in fields {
        let answer = answers.get(field.id.as_str()).filter(|answer| !is_blank(answer));
        let outcome = match answer {
            _ if !is_asked(field, answers) => match answers.get(field.id.as_str()) {
                Some(_) => Err("is not asked after these answers; leave it out".to_owned()),
                None => Ok(()),
            },
            Some(answer) => parse_one(city, field, answer, &mut parsed),
            None if field.required || asks_for_files(field) => Err("an answer is required".to_owned()),
            None => Ok(()),
        };
        if let Err(message) = outcome {
            faults.push(FieldFault { field: field.id.to_string(), message });
        }
    }
    if faults.is_empty() { Ok(parsed) } else { Err(faults) }
}

/// Parses the answers to a form that people outside the offices fill in, by the letter of [`crate::form_schema`]: what
/// is not answered is left out, and what is there has the type of its field.
///
/// # Errors
/// As [`parse_answers`].
pub fn parse_form(
    city: &City,
    fields: &[Field],
    answers: &BTreeMap<String, Value>,
) -> Result<Answers, Vec<FieldFault>> {
    let asked = fields.iter().filter_map(|field| Some((field, answers.get(field.id.as_str())?)));
    let mistyped = asked.filter_map(|(field, answer)| Some((field, type_fault(field, answer)?)));
    let faults: Vec<FieldFault> = mistyped
        .map(|(field, message)| FieldFault { field: field.id.to_string(), message: message.to_owned() })
        .collect();
    if faults.is_empty() { parse_answers(city, fields, answers) } else { Err(faults) }
}

/// Why an answer has not the JSON type of its field.
fn type_fault(field: &Field, answer: &Value) -> Option<&'static str> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match (&field.kind, answer) {
        (_, Value::Null) => Some("must be left out when there is no answer"),
        (FieldKind::Evidence { .. }, Value::Object(_)) if field.licence.is_some() => None,
        (FieldKind::Number { .. }, answer) => (!answer.is_number()).then_some("must be a number"),
        (FieldKind::Choices { .. } | FieldKind::Evidence { .. }, answer) => {
            (!answer.is_array()).then_some("must be a list")
        }
        (_, Value::String(text)) => {
            text.contains(is_control).then_some("must be plain text without control characters")
        }
        _ => Some("must be text"),
    }
}

/// Whether a field is asked, after these answers. A field that was not asked was not answered, so what depends on it is
/// not asked either.
pub fn is_asked(field: &Field, answers: &BTreeMap<String, Value>) -> bool {
    field.show_if.as_ref().is_none_or(|show_if| show_if.holds(answers))
}

impl ShowIf {
    /// Whether the choice was answered so.
    pub fn holds(&self, answers: &BTreeMap<String, Value>) -> bool {
        let is_one = |answer: &Value| answer.as_str().is_some_and(|answer| self.is.iter().any(|one| one == answer));
        match answers.get(self.field.as_str()) {
            Some(Value::Array(chosen)) => chosen.iter().any(is_one),
            Some(answer) => is_one(answer),
            None => false,
        }
    }
}

fn is_blank(answer: &Value) -> bool {
    match answer {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn asks_for_files(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Evidence { min, .. } if min > 0)
}

fn parse_one(city: &City, field: &Field, answer: &Value, parsed: &mut Answers) -> Result<(), String> {
    let id = field.id.as_str();
    match &field.kind {
        FieldKind::Text { max, format } => {
            let text = parse_text(answer, *max, *format)?;
            if id == "note" {
                parsed.note = Some(text);
            } else {
                parsed.others.insert(id.to_owned(), text.into());
            }
        }
        FieldKind::Number { min, max } => {
            let number = whole(answer).filter(|number| (*min..=*max).contains(number));
            let number = number.ok_or_else(|| format!("must be a whole number from {min} to {max}"))?;
            parsed.others.insert(id.to_owned(), number.into());
        }
        FieldKind::Choice { options } => {
            let choice = parse_choice(answer, options)?;
            if id == "reason" {
                parsed.reason = Some(choice);
            } else {
                parsed.others.insert(id.to_owned(), choice.into());
            }
        }
        FieldKind::Choices { options } => {
            parsed.others.insert(id.to_owned(), parse_choices(answer, options)?.into());
        }
        FieldKind::Date => {
            let day = answer.as_str().filter(|day| is_day(day)).ok_or("must be a day such as 2026-11-23")?;
            parsed.others.insert(id.to_owned(), day.into());
        }
        FieldKind::Datetime => {
            let at = answer.as_str().and_then(|text| text.parse::<Instant>().ok());
            let at = at.ok_or("must be a date and time with a zone, such as 2026-11-23T08:00:00+08:00")?;
            parsed.others.insert(id.to_owned(), at.to_string().into());
        }
        FieldKind::Office { kinds } => parsed.handler = Some(parse_office(city, answer, kinds)?),
        FieldKind::Evidence { .. } if field.licence.is_some() && answer.is_object() => {
            parsed.presentations.insert(id.to_owned(), parse_presentation(answer)?);
        }
        FieldKind::Evidence { min, max } => {
            parsed.evidence.insert(id.to_owned(), parse_files(answer, *min, *max)?);
        }
        FieldKind::Limit { max } => {
            let limit = parse_limit(answer, *max)?;
            parsed.limit = Some(limit);
            // Kept by field id as well: the office that grants it reads what was asked.
            parsed.others.insert(id.to_owned(), limit.to_string().into());
        }
        FieldKind::Condition => parsed.condition = Some(parse_condition(city, answer)?),
        FieldKind::Stars => {
            let stars =
                answer.as_u64().and_then(|stars| u8::try_from(stars).ok()).filter(|stars| (1..=5).contains(stars));
            parsed.stars = Some(stars.ok_or("must be a whole number from 1 to 5")?);
        }
        FieldKind::Person => {
            let person = answer.as_str().and_then(|text| text.parse().ok());
            parsed.person = Some(person.ok_or("must be the id of one of the people offered")?);
        }
    }
    Ok(())
}

/// A whole number, however JSON spells it: 3 and 3.0 are one number.
fn whole(answer: &Value) -> Option<i64> {
    /// Beyond it a JSON number need not be exact (RFC 8259 §6).
    const EXACT: f64 = 9_007_199_254_740_991.0;
    let spelt = || answer.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT);
    answer.as_i64().or_else(|| spelt().map(|number| number as i64))
}

/// A day of the calendar, spelt `2026-11-23`.
fn is_day(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape) && text.parse::<jiff::civil::Date>().is_ok()
}

fn parse_text(answer: &Value, max: u32, format: Option<TextFormat>) -> Result<String, String> {
    let text = answer.as_str().ok_or("must be text")?;
    let count = text.chars().count();
    if count > max as usize {
        return Err(format!("must be at most {max} characters, has {count}"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("must be plain text without control characters".to_owned());
    }
    let text = text.trim();
    match format.filter(|format| !format.fits(text)) {
        Some(format) => Err(format!("must be {}", format.words())),
        None => Ok(text.to_owned()),
    }
}

fn parse_choice(answer: &Value, options: &[Choice]) -> Result<String, String> {
    let id = answer.as_str().ok_or("must be one of the listed values")?;
    if options.iter().any(|option| option.id == id) {
        return Ok(id.to_owned());
    }
    let known: Vec<_> = options.iter().map(|option| option.id.as_str()).collect();
    Err(format!("must be one of: {}", known.join(", ")))
}

fn parse_choices(answer: &Value, options: &[Choice]) -> Result<Vec<Value>, String> {
    let items = answer.as_array().ok_or("must be a list")?;
    let chosen =
        items.iter().map(|item| parse_choice(item, options).map(Value::from)).collect::<Result<Vec<_>, _>>()?;
    if chosen.iter().enumerate().any(|(place, one)| chosen[..place].contains(one)) {
        return Err("names the same choice twice".to_owned());
    }
    Ok(chosen)
}

fn parse_office(city: &City, answer: &Value, kinds: &[String]) -> Result<OfficeId, String> {
    let id = answer.as_str().and_then(|text| OfficeId::new(text).ok()).ok_or("must be the id of an office")?;
    let office = city.offices.get(&id).ok_or_else(|| format!("there is no office {id}"))?;
    if kinds.is_empty() || kinds.contains(&office.kind) {
        return Ok(id);
    }
    Err(format!("office {id} is a {}; this needs one of: {}", office.kind, kinds.join(", ")))
}

fn parse_files(answer: &Value, min: u32, max: u32) -> Result<Vec<EvidenceId>, String> {
    let items = answer.as_array().ok_or("must be a list of evidence ids")?;
    let files = items
        .iter()
        .map(|item| {
            item.as_str()
                .and_then(|text| text.parse().ok())
                .ok_or("must be a list of evidence ids, as given by the upload")
        })
        .collect::<Result<Vec<EvidenceId>, _>>()?;
    if files.iter().enumerate().any(|(place, file)| files[..place].contains(file)) {
        return Err("names the same file twice".to_owned());
    }
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    if (min..=max).contains(&count) { Ok(files) } else { Err(format!("needs {min} to {max} files, has {count}")) }
}

/// Longest presentation of a licence, characters: an SD-JWT of at most 64 KiB.
pub(crate) const PRESENTATION_MAX: usize = 64 * 1024;

/// A licence as it was shown. Whether it is genuine is for those who have keys.
fn parse_presentation(answer: &Value) -> Result<String, String> {
    let is_sound = |text: &&str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        !text.is_empty() && text.len() <= PRESENTATION_MAX && text.bytes().all(is_part)
    };
    let members = answer.as_object().filter(|members| members.len() == 1);
    let text = members.and_then(|members| members.get("presentation")).and_then(Value::as_str).filter(is_sound);
    text.map(str::to_owned).ok_or_else(|| "must be a list of files, or one licence as it was shown".to_owned())
}

fn parse_limit(answer: &Value, max: Limit) -> Result<Limit, String> {
    let limit: Limit = answer
        .as_str()
        .ok_or("must be a limit such as \"2 working_day\"")?
        .parse()
        .map_err(|error| format!("{error}"))?;
    if limit.unit() != max.unit() || limit.amount() > max.amount() {
        return Err(format!("must be at most {max}, in the same unit"));
    }
    Ok(limit)
}

fn parse_condition(city: &City, answer: &Value) -> Result<(CategoryId, Option<ConditionId>), String> {
    let shape = "must be an object with a category and, where known, a condition";
    let category =
        answer.get("category").and_then(Value::as_str).and_then(|text| CategoryId::new(text).ok()).ok_or(shape)?;
    let rules = city.categories.get(&category).ok_or_else(|| format!("there is no category {category}"))?;
    let Some(condition) = answer.get("condition").filter(|condition| !is_blank(condition)) else {
        return Ok((category, None));
    };
    let condition = condition.as_str().and_then(|text| ConditionId::new(text).ok()).ok_or(shape)?;
    if rules.conditions.iter().any(|known| known.id == condition) {
        Ok((category, Some(condition)))
    } else {
        Err(format!("category {category} has no filing condition {condition}"))
    }
}
