//! Data runs instead of people (数据跑腿): fields of a form are filled in by departments, once the resident has agreed, and
//! stay as the departments gave them.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{
    Answers, Asked, CreditCode, Fetched, Given, Identity, Level, Prefill, Provenance, Vault, VaultError, find_level,
};
use model::{PartyId, RequestId, ServiceId, SourceId};
use pack::answers::FieldFault;
use pack::{City, DataSource, Field, FieldFrom};
use serde_json::Value;
use store::{FetchRow, Reader, StoreError, Tx};

use crate::apply::{ApplyError, find_form};
use crate::departments::{Context, Outcome, Question, ask_all, end, question_of, row_of};

/// What a form needs of one source: the fields that are bound to it.
pub type Need<'a> = (SourceId, Vec<(&'a Field, &'a FieldFrom)>);

/// Fields that are filled in from a source for such an applicant: registers of people are asked about people, those of
/// organisations about organisations.
fn bound<'a>(
    city: &'a City,
    form: &'a [Field],
    is_organisation: bool,
) -> impl Iterator<Item = (&'a Field, &'a FieldFrom)> {
    let fits = move |from: &&FieldFrom| {
        let fits = |source: &DataSource| source.organisations == is_organisation && !source.guardianship;
        city.sources.get(&from.source).is_some_and(fits)
    };
    form.iter().filter_map(move |field| Some((field, field.from.as_ref().filter(fits)?)))
}

/// What a form needs of each source for such an applicant, in the order of its questions.
pub fn needs<'a>(city: &'a City, form: &'a [Field], is_organisation: bool) -> Vec<Need<'a>> {
    let mut needs: Vec<Need<'_>> = Vec::new();
    for (field, from) in bound(city, form, is_organisation) {
        match needs.iter_mut().find(|(source, _)| *source == from.source) {
            Some((_, fields)) => fields.push((field, from)),
            None => needs.push((from.source.clone(), vec![(field, from)])),
        }
    }
    needs
}

/// Why departments were not asked.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The service has no form, or nothing of it comes from such a source.
    #[error("the form needs nothing from {0}")]
    NotNeeded(String),
    /// It is not known who the person is.
    #[error("prove who you are first: departments are asked by name and identity number")]
    NotIdentified,
    /// The form could not be found.
    #[error(transparent)]
    Form(#[from] ApplyError),
    /// Something sealed did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The question could not be written down, so it was not asked; or the answer could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Consent to ask departments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchCommand {
    /// For which service.
    pub service: ServiceId,
    /// Whom it is about: who agrees, or whose mandate lets another have them asked.
    pub party: PartyId,
    /// Who has them asked for another: an agent, or the official at a window.
    pub asked_by: Option<PartyId>,
    /// The sources they agree to ask.
    pub sources: Vec<SourceId>,
}

/// Asks the departments that a resident agreed to ask, and keeps their answers with the draft.
///
/// # Errors
/// [`FetchError`]. When a question cannot be written down nothing is asked. Departments that do not answer are no error:
/// what became of each is in the answer.
pub async fn fetch(ctx: &Context, command: FetchCommand) -> Result<Prefill, FetchError> {
    let compiled = ctx.sense.packs.current();
    let (_, form) = find_form(&compiled.city, &command.service)?;
    let party = command.party;
    let organisation = ctx.sense.store.read(move |reader| reader.find_organisation(party)).await?;
    let is_organisation = organisation.is_some();
    let mut needs = needs(&compiled.city, form, is_organisation);
    if let Some(unneeded) = command.sources.iter().find(|source| !needs.iter().any(|(need, _)| need == *source)) {
        return Err(FetchError::NotNeeded(unneeded.to_string()));
    }
    needs.retain(|(source, _)| command.sources.contains(source));
    if needs.is_empty() {
        return Err(FetchError::NotNeeded("no source".to_owned()));
    }
    let questions = record(ctx, &compiled.city, &command, &needs).await?;
    let outcomes = ask_all(ctx, &compiled.city, questions).await;
    let city = Arc::clone(&compiled.city);
    let (vault, now) = (Arc::clone(&ctx.sense.vault), ctx.sense.clock.now());
    ctx.sense
        .store
        .write(move |tx: &mut Tx| {
            end(tx, &outcomes, now)?;
            let (_, form) = find_form(&city, &command.service)?;
            let mut prefill = vault.find_prefill(tx, command.party, &command.service)?;
            for (question, outcome) in outcomes {
                take(&city, form, &mut prefill, &question, outcome, now);
            }
            vault.save_prefill(tx, command.party, &command.service, &prefill, now)?;
            Ok(prefill)
        })
        .await
}

/// Writes the questions down. They are durable when this returns.
async fn record(
    ctx: &Context,
    city: &Arc<City>,
    command: &FetchCommand,
    needs: &[Need<'_>],
) -> Result<Vec<Question>, FetchError> {
    let (city, vault, now) = (Arc::clone(city), Arc::clone(&ctx.sense.vault), ctx.sense.clock.now());
    let (party, asked_by, service) = (command.party, command.asked_by, command.service.clone());
    let asked = |(source, fields): &Need<'_>| {
        let mut fields: Vec<_> = fields.iter().map(|(_, from)| from.field.clone()).collect();
        fields.sort_unstable();
        fields.dedup();
        (source.clone(), fields)
    };
    let asked: Vec<_> = needs.iter().map(asked).collect();
    ctx.sense
        .store
        .write(move |tx: &mut Tx| {
            let (subject, organisation) = subject_of(tx, &vault, party)?.ok_or(FetchError::NotIdentified)?;
            let consent = tx.new_request_id(now);
            let mut questions = Vec::with_capacity(asked.len());
            for (id, fields) in asked {
                let Some(source) = city.sources.get(&id) else { continue };
                let question = question_of(tx, &city, (&id, source), &subject, consent, now);
                let organisation = organisation.clone();
                let question = Question { service: Some(service.clone()), fields, organisation, ..question };
                tx.record_fetch(&FetchRow { asked_by, ..row_of(&question, source, party, now) })?;
                questions.push(question);
            }
            Ok(questions)
        })
        .await
}

/// Whom departments are asked about: a person, a child under its own number, or the legal representative of an organisation with its number. `None`
/// when it is not known who that is.
fn subject_of(
    reader: &mut Reader,
    vault: &Vault,
    party: PartyId,
) -> Result<Option<(Identity, Option<CreditCode>)>, VaultError> {
    if let Some(child) = vault.find_child(reader, party)? {
        return Ok(Some((child, None)));
    }
    let organisation = reader.find_organisation(party)?;
    let person = organisation.as_ref().map_or(party, |organisation| organisation.representative);
    let number = organisation.map(|organisation| CreditCode::parse(&organisation.number)).transpose();
    let number = number.map_err(|_| VaultError::Damaged)?;
    let verified = vault.find_identity(reader, person)?.filter(|verified| Level::L2 <= verified.level);
    Ok(verified.map(|verified| (verified.identity, number)))
}

/// Takes an answer into the fields that are bound to it. What an earlier question brought stays when this one failed.
fn take(
    city: &City,
    form: &[Field],
    prefill: &mut Prefill,
    question: &Question,
    outcome: Outcome,
    now: model::Instant,
) {
    prefill.asked.insert(question.source.clone(), Asked::new(now, outcome.word()));
    let Outcome::Answered { as_of, values } = outcome else { return };
    let Some(source) = city.sources.get(&question.source) else { return };
    for (field, from) in form.iter().filter_map(|field| Some((field, field.from.as_ref()?))) {
        let value = values.get(&from.field).filter(|_| from.source == question.source);
        let Some(value) = value.cloned() else { continue };
        let (source, office) = (question.source.clone(), source.office.clone());
        prefill.fetched.insert(field.id.clone(), Fetched { value, source, office, as_of, request: question.request });
    }
}

/// What is known before a form is filled in.
pub struct Known {
    /// How sure the city is of who applies; of an organisation, of its legal representative.
    pub level: Level,
    /// Whether an organisation applies.
    pub is_organisation: bool,
    /// What departments have answered.
    pub prefill: Prefill,
}

/// How sure the city is of who somebody is, and what departments have answered for a service.
///
/// # Errors
/// [`VaultError`] when it does not open, or the store's.
pub async fn find_prefill(ctx: &crate::Context, party: PartyId, service: ServiceId) -> Result<Known, VaultError> {
    let vault = Arc::clone(&ctx.vault);
    ctx.store
        .read(move |reader| {
            let organisation = reader.find_organisation(party)?;
            let person = organisation.as_ref().map_or(party, |organisation| organisation.representative);
            // A register has named a child.
            let is_child = reader.find_child(party)?.is_some();
            let level = if is_child { Level::L2 } else { find_level(reader, person)? };
            let prefill = vault.find_prefill(reader, party, &service)?;
            Ok(Known { level, is_organisation: organisation.is_some(), prefill })
        })
        .await
}

/// Puts what departments answered into an application, with where every bound answer comes from, and names the questions
/// it rests on. The applicant's own answer stands only where nothing was fetched and the pack lets them.
///
/// # Errors
/// One fault a field: an answer other than the department's, or one that only the department can give.
pub(crate) fn merge(
    city: &City,
    form: &[Field],
    mut answers: Answers,
    prefill: &Prefill,
    is_organisation: bool,
) -> Result<(Given, Vec<RequestId>), Vec<FieldFault>> {
    let (mut provenance, mut requests, mut faults) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (field, from) in bound(city, form, is_organisation) {
        let id = field.id.as_str();
        let answer = answers.get(id);
        let title = || city.sources.get(&from.source).map_or("", |source| source.title.in_locale("en"));
        let mut fault = |message: String| faults.push(FieldFault { field: id.to_owned(), message });
        match prefill.fetched.get(&field.id) {
            Some(fetched) if answer.is_some_and(|answer| !same(answer, &fetched.value)) => {
                fault(format!("was given by the {}, and cannot be changed; leave it as it is", title()));
            }
            Some(fetched) => {
                answers.insert(id.to_owned(), fetched.value.clone());
                provenance.insert(id.to_owned(), fetched.provenance());
                requests.push(fetched.request);
            }
            None if from.self_declared && answer.is_some() => {
                provenance.insert(id.to_owned(), Provenance::SelfDeclared { source: from.source.clone() });
            }
            // What is missing is told with the rest of the form.
            None if from.self_declared => {}
            None if answer.is_some() || field.required => {
                fault(format!("is given by the {} alone; agree that it is asked, then go on", title()));
            }
            None => {}
        }
    }
    requests.sort_unstable();
    requests.dedup();
    if faults.is_empty() { Ok((Given { answers, provenance }, requests)) } else { Err(faults) }
}

/// Whether two answers are one, however JSON spells a number.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use model::{FormId, Instant, OfficeId};
    use serde_json::json;

    #[test]
    fn what_a_department_gave_stands_whatever_was_sent() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo");
        let city = pack::load(std::path::Path::new(folder)).unwrap_or_else(|faults| panic!("{faults}")).city;
        let form = &city.forms["fund_rent_withdrawal"];
        let (at, source) = (Instant::from_micros(0), SourceId::new("housing_fund").unwrap());
        let fetched = |value: Value, request: u128| Fetched {
            value,
            source: source.clone(),
            office: OfficeId::new("housing_fund_centre").unwrap(),
            as_of: at,
            request: RequestId::new(at, request),
        };
        let id = |field: &str| FormId::new(field).unwrap();
        let full = Prefill {
            fetched: BTreeMap::from([
                (id("fund_account"), fetched(json!("F1"), 1)),
                (id("fund_balance"), fetched(json!(5), 1)),
            ]),
            ..Prefill::default()
        };
        let none = Prefill::default();
        let kinds = |given: &Given| {
            let kind = |(field, from): (&String, &Provenance)| match from {
                Provenance::Fetched { .. } => format!("{field} fetched"),
                Provenance::SelfDeclared { .. } => format!("{field} declared"),
            };
            given.provenance.iter().map(kind).collect::<Vec<_>>().join(", ")
        };
        for (prefill, sent, expect) in [
            (&full, json!({}), "fund_account fetched, fund_balance fetched"),
            (&full, json!({"fund_account": "F1", "fund_balance": 5.0}), "fund_account fetched, fund_balance fetched"),
            (&full, json!({"name": "李"}), "fund_account fetched, fund_balance fetched, name declared"),
            (&full, json!({"fund_account": "F2"}), "refused fund_account"),
            (&full, json!({"fund_balance": 6}), "refused fund_balance"),
            (&full, json!({"fund_account": ""}), "refused fund_account"),
            (&none, json!({"name": "李"}), "refused fund_account"),
            (&none, json!({"fund_account": "F1", "fund_balance": 5}), "refused fund_account, fund_balance"),
        ] {
            let found = match merge(&city, form, serde_json::from_value(sent.clone()).unwrap(), prefill, false) {
                Ok((given, requests)) => {
                    assert_eq!((&given.answers["fund_account"], requests.len()), (&json!("F1"), 1));
                    kinds(&given)
                }
                Err(faults) => {
                    let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
                    format!("refused {}", fields.join(", "))
                }
            };
            assert_eq!(found, expect, "{sent}");
        }
    }
}
