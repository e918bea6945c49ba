//! Asking departments about somebody. A question is written down before it is asked, names why and on which law, and asks
//! for nothing beyond what is needed; an answer is believed only when it fits the question in every part.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{CreditCode, Identity};
use model::{FormId, Instant, PartyId, RequestId, ServiceId, SourceId};
use pack::answers::parse_form;
use pack::{City, DataSource};
use serde_json::Value;
use store::{FetchOutcome, FetchRow, StoreError, Tx};

use crate::Context as Sense;

/// How far a register may say it is ahead of us, microseconds: clocks differ by seconds, never by minutes.
const AHEAD_US: i64 = 300_000_000;

/// The oldest state of a register that is taken, microseconds: 31 days.
const STALE_US: i64 = 31 * 86_400_000_000;

/// Children that a register may name for one guardian: more than anybody in the country is known to have.
const CHILDREN_MAX: usize = 20;

/// A question to a department about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its id, in both logs.
    pub request: RequestId,
    /// Which register.
    pub source: SourceId,
    /// Why, as the person read it.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// The consent it rests on.
    pub consent: RequestId,
    /// For which service; absent where somebody proves who they are.
    pub service: Option<ServiceId>,
    /// About whom; for an organisation its legal representative.
    pub subject: Identity,
    /// About which organisation, where the register is one of organisations.
    pub organisation: Option<CreditCode>,
    /// What is asked, and nothing else is to be answered.
    pub fields: Vec<FormId>,
    /// How long it may take, seconds.
    pub timeout_seconds: u8,
}

/// What a department says, its signature checked and nothing else yet.
#[derive(Clone, PartialEq)]
pub struct Reply {
    /// The question it answers.
    pub request: RequestId,
    /// The register it is from.
    pub source: SourceId,
    /// The state of the register it is from.
    pub as_of: Instant,
    /// Answers by field id; absent when there is nobody of that name and number.
    pub values: Option<BTreeMap<String, Value>>,
    /// Of a register of guardians: the answers for each child; absent when there is nobody of that name and number.
    pub records: Option<Vec<BTreeMap<String, Value>>>,
}

/// Why a reply is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// It is not signed by the department, or not now.
    #[error("the signature does not hold: {0}")]
    Signature(String),
    /// It is longer than any honest answer.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(u64),
    /// It is no answer of this protocol.
    #[error("the answer has not the form agreed on")]
    Form,
    /// It answers another question.
    #[error("the answer is to another question")]
    Request,
    /// It is of another register.
    #[error("the answer is of another register")]
    Source,
    /// Its register is of the future, or long out of date.
    #[error("the register is of the future, or older than 31 days")]
    Time,
    /// It leaves out what was asked.
    #[error("{0} was asked and not answered")]
    Missing(FormId),
    /// It tells what was not asked.
    #[error("it answers what was not asked")]
    Extra,
    /// An answer has not the type that was agreed on.
    #[error("{0} has not the type agreed on")]
    Value(String),
    /// It lists more children than anybody has.
    #[error("it lists {0} children")]
    TooMany(usize),
    /// It names a child that cannot be one of this guardian.
    #[error("it names a child that cannot be: {0}")]
    Child(&'static str),
}

/// Why a department gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It did not answer in time, or not at all. The words are for the log.
    #[error("no answer: {0}")]
    Away(String),
    /// It answered what cannot be believed.
    #[error(transparent)]
    Lied(#[from] Lie),
}

/// How departments are reached. Blocks; every call ends by itself within the question's time.
pub trait Departments: Send + Sync {
    /// Asks a department.
    ///
    /// # Errors
    /// [`AskError`] when nothing came, or it is not signed as agreed.
    fn ask(&self, question: &Question) -> Result<Reply, AskError>;
}

/// What asking departments needs.
#[derive(Clone)]
pub struct Context {
    /// What every use-case of this crate needs.
    pub sense: Sense,
    /// How departments are reached.
    pub departments: Arc<dyn Departments>,
}

/// What became of a question.
#[derive(Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Answers by the source's field ids.
    Answered { as_of: Instant, values: BTreeMap<FormId, Value> },
    /// Answers by the source's field ids, for each child of a guardian.
    Listed { records: Vec<BTreeMap<FormId, Value>> },
    /// There is nobody of that name and number.
    NoRecord,
    /// No answer in time.
    Away,
    /// The answer was thrown away.
    Refused,
}

impl Outcome {
    pub(crate) const fn word(&self) -> FetchOutcome {
        match self {
            Self::Answered { .. } | Self::Listed { .. } => FetchOutcome::Answered,
            Self::NoRecord => FetchOutcome::NoRecord,
            Self::Away => FetchOutcome::Away,
            Self::Refused => FetchOutcome::Refused,
        }
    }
}

/// The row that is written before a question is asked.
pub(crate) fn row_of(question: &Question, source: &DataSource, party: PartyId, at: Instant) -> FetchRow {
    FetchRow {
        id: question.request,
        at,
        party,
        asked_by: None,
        source: question.source.clone(),
        office: source.office.clone(),
        service: question.service.clone(),
        fields: question.fields.clone(),
        purpose: question.purpose.clone(),
        basis: question.basis.clone(),
        consent: question.consent,
        outcome: None,
        answered_at: None,
    }
}

/// A question about somebody to a source, in the words of the city's first language.
pub(crate) fn question_of(
    tx: &mut Tx,
    city: &City,
    (id, source): (&SourceId, &DataSource),
    subject: &Identity,
    consent: RequestId,
    now: Instant,
) -> Question {
    let locale = city.locales.first().map_or("", String::as_str);
    Question {
        request: tx.new_request_id(now),
        source: id.clone(),
        purpose: source.purpose.in_locale(locale).to_owned(),
        basis: source.basis.in_locale(locale).to_owned(),
        consent,
        service: None,
        subject: subject.clone(),
        organisation: None,
        fields: Vec::new(),
        timeout_seconds: source.timeout_seconds,
    }
}

/// Asks questions that are written down, all at once, each on a thread of its own.
pub(crate) async fn ask_all(ctx: &Context, city: &Arc<City>, questions: Vec<Question>) -> Vec<(Question, Outcome)> {
    let asking = questions.into_iter().map(|question| {
        let (departments, asked) = (Arc::clone(&ctx.departments), question.clone());
        (question, tokio::task::spawn_blocking(move || departments.ask(&asked)))
    });
    // All are on their way before the first is waited for.
    let asking: Vec<_> = asking.collect();
    let mut outcomes = Vec::with_capacity(asking.len());
    for (question, reply) in asking {
        let reply = reply.await.unwrap_or_else(|error| Err(AskError::Away(error.to_string())));
        let now = ctx.sense.clock.now();
        let checked = reply.and_then(|reply| Ok(check(city, &question, reply, now)?));
        let outcome = match checked {
            Ok(outcome) => outcome,
            Err(AskError::Away(why)) => {
                tracing::warn!(source = %question.source, request = %question.request, why, "a department does not answer");
                Outcome::Away
            }
            Err(AskError::Lied(lie)) => {
                tracing::error!(source = %question.source, request = %question.request, %lie, "a department's answer is refused");
                Outcome::Refused
            }
        };
        outcomes.push((question, outcome));
    }
    outcomes
}

/// Notes what became of questions.
pub(crate) fn end(tx: &mut Tx, outcomes: &[(Question, Outcome)], now: Instant) -> Result<(), StoreError> {
    outcomes.iter().try_for_each(|(question, outcome)| tx.end_fetch(question.request, outcome.word(), now))
}

/// Holds a reply against its question: the same request and register, a state of now, exactly the fields asked for, each
/// of its type.
fn check(city: &City, question: &Question, reply: Reply, now: Instant) -> Result<Outcome, Lie> {
    if reply.request != question.request {
        return Err(Lie::Request);
    }
    if reply.source != question.source {
        return Err(Lie::Source);
    }
    let age_us = now.micros_since(reply.as_of);
    if !(-AHEAD_US..=STALE_US).contains(&age_us) {
        return Err(Lie::Time);
    }
    let source = city.sources.get(&question.source).ok_or(Lie::Source)?;
    if source.guardianship {
        if reply.values.is_some() {
            return Err(Lie::Form);
        }
        let Some(records) = reply.records else { return Ok(Outcome::NoRecord) };
        if CHILDREN_MAX < records.len() {
            return Err(Lie::TooMany(records.len()));
        }
        let records = records.into_iter().map(|values| check_values(city, source, question, values));
        return Ok(Outcome::Listed { records: records.collect::<Result<_, _>>()? });
    }
    if reply.records.is_some() {
        return Err(Lie::Form);
    }
    let Some(values) = reply.values else { return Ok(Outcome::NoRecord) };
    Ok(Outcome::Answered { as_of: reply.as_of, values: check_values(city, source, question, values)? })
}

/// Exactly the fields asked for, each of its type.
fn check_values(
    city: &City,
    source: &DataSource,
    question: &Question,
    values: BTreeMap<String, Value>,
) -> Result<BTreeMap<FormId, Value>, Lie> {
    if let Some(missing) = question.fields.iter().find(|field| !values.contains_key(field.as_str())) {
        return Err(Lie::Missing(missing.clone()));
    }
    if values.len() != question.fields.len() {
        return Err(Lie::Extra);
    }
    let mut asked: Vec<_> = source.fields.iter().filter(|field| question.fields.contains(&field.id)).cloned().collect();
    // A department that has a record answers every field of it: an empty one would be no answer.
    asked.iter_mut().for_each(|field| field.required = true);
    parse_form(city, &asked, &values)
        .map_err(|faults| Lie::Value(faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>().join(", ")))?;
    let named = |(field, value): (String, Value)| FormId::new(&field).map(|field| (field, value));
    values.into_iter().map(named).collect::<Result<_, _>>().map_err(|_| Lie::Extra)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use serde_json::json;

    const NOW: Instant = Instant::from_micros(1_790_000_000_000_000);

    fn city() -> City {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo");
        pack::load(std::path::Path::new(folder)).unwrap_or_else(|faults| panic!("{faults}")).city
    }

    fn question() -> Question {
        Question {
            request: RequestId::new(NOW, 1),
            source: SourceId::new("school_roll").unwrap(),
            purpose: "填表".to_owned(),
            basis: "法".to_owned(),
            consent: RequestId::new(NOW, 2),
            service: None,
            subject: Identity::parse("李星河", "11010519491231002X").unwrap(),
            organisation: None,
            fields: ["school", "grade"].map(|field| FormId::new(field).unwrap()).to_vec(),
            timeout_seconds: 1,
        }
    }

    #[test]
    fn an_answer_is_believed_only_when_it_fits_its_question_in_every_part() {
        let city = city();
        let whole = json!({"school": "瑶光一小", "grade": 3});
        let day_us = 86_400_000_000;
        let missing = |field: &str| Some(Lie::Missing(FormId::new(field).unwrap()));
        let value = |field: &str| Some(Lie::Value(field.to_owned()));
        for (request, source, age_us, values, expect) in [
            (1, "school_roll", 0, whole.clone(), None),
            (1, "school_roll", 31 * day_us, whole.clone(), None),
            (1, "school_roll", 31 * day_us + 1, whole.clone(), Some(Lie::Time)),
            (1, "school_roll", -AHEAD_US, whole.clone(), None),
            (1, "school_roll", -AHEAD_US - 1, whole.clone(), Some(Lie::Time)),
            (3, "school_roll", 0, whole.clone(), Some(Lie::Request)),
            (1, "population", 0, whole, Some(Lie::Source)),
            (1, "school_roll", 0, json!({"school": "瑶光一小"}), missing("grade")),
            (1, "school_roll", 0, json!({}), missing("school")),
            (1, "school_roll", 0, json!({"school": "瑶光一小", "grade": 3, "pupil_no": "G1"}), Some(Lie::Extra)),
            (1, "school_roll", 0, json!({"school": "瑶光一小", "grade": "3"}), value("grade")),
            (1, "school_roll", 0, json!({"school": "瑶光一小", "grade": 13}), value("grade")),
            (1, "school_roll", 0, json!({"school": "瑶光一小", "grade": null}), value("grade")),
            (1, "school_roll", 0, json!({"school": " ", "grade": 3}), value("school")),
            (1, "school_roll", 0, json!({"school": "长".repeat(61), "grade": 3}), value("school")),
        ] {
            let reply = Reply {
                request: RequestId::new(NOW, request),
                source: SourceId::new(source).unwrap(),
                as_of: NOW.plus_micros(-age_us),
                values: serde_json::from_value(values.clone()).unwrap(),
                records: None,
            };
            assert_eq!(check(&city, &question(), reply, NOW).err(), expect, "{source} {age_us} {values}");
        }
    }
}
