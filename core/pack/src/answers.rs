//! Answers to the fields of a form or an action, parsed at the door into what they mean.

use std::collections::BTreeMap;

use crate::city::{Choice, City, Field, FieldKind};
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
        FieldKind::Text { max } => {
            let text = parse_text(answer, *max)?;
            if id == "note" {
                parsed.note = Some(text);
            } else {
                parsed.others.insert(id.to_owned(), text.into());
            }
        }
        FieldKind::Number { min, max } => {
            let number = answer.as_i64().filter(|number| (*min..=*max).contains(number));
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
            let items = answer.as_array().ok_or("must be a list")?;
            let chosen =
                items.iter().map(|item| parse_choice(item, options).map(Value::from)).collect::<Result<Vec<_>, _>>()?;
            parsed.others.insert(id.to_owned(), chosen.into());
        }
        FieldKind::Datetime => {
            let at = answer.as_str().and_then(|text| text.parse::<Instant>().ok());
            let at = at.ok_or("must be a date and time with a zone, such as 2026-11-23T08:00:00+08:00")?;
            parsed.others.insert(id.to_owned(), at.to_string().into());
        }
        FieldKind::Office { kinds } => parsed.handler = Some(parse_office(city, answer, kinds)?),
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

fn parse_text(answer: &Value, max: u32) -> Result<String, String> {
    let text = answer.as_str().ok_or("must be text")?.trim();
    let count = text.chars().count();
    if count > max as usize {
        return Err(format!("must be at most {max} characters, has {count}"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("must be plain text without control characters".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_choice(answer: &Value, options: &[Choice]) -> Result<String, String> {
    let id = answer.as_str().ok_or("must be one of the listed values")?;
    if options.iter().any(|option| option.id == id) {
        return Ok(id.to_owned());
    }
    let known: Vec<_> = options.iter().map(|option| option.id.as_str()).collect();
    Err(format!("must be one of: {}", known.join(", ")))
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
