//! Taking an action: load, decide, append, in one transaction with a version check.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ActionId, Case, CaseId, CaseNo, Clock, Event, EvidenceId, Instant, PartyId};
use pack::{Action, City, Compiled, Effect, Packs};
use serde_json::Value;
use store::{Append, Reader, Store, StoreError, Tx};

use crate::acting::Acting;
use crate::available::{available, own_work_of};
use crate::decide::{ActionInput, Refusal, decide};
use pack::answers::FieldFault;

/// What every use-case of this crate needs.
#[derive(Clone)]
pub struct Context {
    /// Where events are.
    pub store: Store,
    /// Every pack a case may have begun under.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A case by either of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseRef {
    /// By id.
    Id(CaseId),
    /// By the number people see.
    No(CaseNo),
}

/// An action to take.
#[derive(Debug, Clone, PartialEq)]
pub struct PerformCommand {
    /// On which case.
    pub case: CaseRef,
    /// Which action.
    pub action: ActionId,
    /// The version the person saw; the action is refused when the case has moved on since.
    pub version: Option<u32>,
    /// Answers by field id.
    pub answers: BTreeMap<String, Value>,
    /// Who.
    pub acting: Acting,
}

/// Why an action was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PerformError {
    /// There is no such case (or none this person may know of).
    #[error("there is no such case")]
    NotFound,
    /// The case moved on.
    #[error("the case has changed: it is at version {current}, the action was for version {expected}; read it again")]
    VersionConflict {
        /// The version named.
        expected: u32,
        /// The version now.
        current: u32,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case began under a pack that is not at hand.
    #[error("the pack {0} the case began under is not in the archive")]
    PackMissing(model::PackHash),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A case after an action, with the events it added.
#[derive(Debug, Clone, PartialEq)]
pub struct Performed {
    /// The case now.
    pub case: Case,
    /// What was added.
    pub events: Vec<Event>,
}

/// Takes an action.
///
/// # Errors
/// [`PerformError`]; nothing is written then.
pub async fn perform(ctx: &Context, command: PerformCommand) -> Result<Performed, PerformError> {
    let now = ctx.clock.now();
    let packs = Arc::clone(&ctx.packs);
    let taken = ctx.store.write(move |tx: &mut Tx| {
        let id = find_case(tx, &command.case)?.ok_or(PerformError::NotFound)?;
        let case = tx.load_case(id)?.ok_or(PerformError::NotFound)?;
        let compiled = packs.get(&case.pack).ok_or(PerformError::PackMissing(case.pack))?;
        if let Some(expected) = command.version
            && !is_as_seen(tx, &case, expected)?
        {
            let allowed = available(&case, &compiled, &command.acting, now).into_iter().map(|action| action.id.clone());
            return Err(PerformError::VersionConflict { expected, current: case.version, allowed: allowed.collect() });
        }
        let input = ActionInput { action: command.action, answers: command.answers };
        let events = decide(&case, &compiled, &command.acting, &input, now)?;
        check_evidence(tx, &events)?;
        check_materials(tx, &case, &compiled, &command.acting, &events, now)?;
        check_assignee(tx, &compiled.city, &case, &events)?;
        let region_path = compiled.city.region_path(&case.place.region);
        let append = Append { case_id: id, before: Some(&case), events, recorded_at: now, region_path: &region_path };
        let (case, events) = tx.append(append)?;
        Ok(Performed { case, events })
    });
    taken.await
}

/// Whether a case is as it was at a version: nothing but looks at its data has been added since.
fn is_as_seen(tx: &mut Tx, case: &Case, expected: u32) -> Result<bool, StoreError> {
    if expected >= case.version {
        return Ok(expected == case.version);
    }
    let events = tx.load_events(case.id)?;
    let mut since = events.iter().filter(|event| event.version > expected);
    Ok(since.all(|event| matches!(event.body, model::EventBody::Looked { .. })))
}

pub(crate) fn find_case(tx: &mut Tx, case: &CaseRef) -> Result<Option<CaseId>, StoreError> {
    match case {
        CaseRef::Id(id) => Ok(Some(*id)),
        CaseRef::No(no) => tx.find_case_id(no),
    }
}

/// Somebody who may be given the present task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignable {
    /// Who.
    pub party: PartyId,
    /// The name shown to colleagues.
    pub display_name: String,
}

/// The people who may be given the present task by an action, by name: those who hold its role in its office, for its
/// region, and did none of the work the action is separate from.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub fn list_assignable(
    reader: &mut Reader,
    city: &City,
    case: &Case,
    action: &Action,
) -> Result<Vec<Assignable>, StoreError> {
    let Some(task) = &case.task else { return Ok(Vec::new()) };
    let mut holders = reader.list_holders(&task.role, &task.office)?;
    holders.retain(|holder| {
        city.is_within(&case.place.region, &holder.region) && own_work_of(case, action, holder.party).is_none()
    });
    holders.dedup_by_key(|holder| holder.party);
    Ok(holders
        .into_iter()
        .map(|holder| Assignable { party: holder.party, display_name: holder.display_name })
        .collect())
}

/// A task newly given to somebody is given to one who may do it.
fn check_assignee(tx: &mut Tx, city: &City, case: &Case, events: &[model::NewEvent]) -> Result<(), PerformError> {
    let given = events.iter().find_map(|event| {
        let model::EventBody::Moved(moved) = &event.body else { return None };
        let action = city.processes.get(&case.process)?.action(&moved.action)?;
        let is_given = action.effect == Some(Effect::Assign);
        Some((action, moved.task.as_ref()?.assignee?)).filter(|_| is_given)
    });
    let Some((action, given)) = given else { return Ok(()) };
    if list_assignable(tx, city, case, action)?.iter().any(|person| person.party == given) {
        return Ok(());
    }
    let message = "must be one of the people offered: those who hold the task's role in its office".to_owned();
    Err(Refusal::Answers(vec![FieldFault { field: "person".to_owned(), message }]).into())
}

/// What grants an application looks once more at the licences it rests on. One whose time ran out since counts: it stood
/// when the application was handed in.
fn check_materials(
    tx: &mut Tx,
    case: &Case,
    compiled: &Compiled,
    acting: &Acting,
    events: &[model::NewEvent],
    now: Instant,
) -> Result<(), PerformError> {
    let process = compiled.city.processes.get(&case.process);
    let granted = events.iter().find_map(|event| match &event.body {
        model::EventBody::Moved(moved) => {
            process?.action(&moved.action).filter(|action| action.effect == Some(Effect::Issue))
        }
        _ => None,
    });
    let (Some(action), Some(application)) = (granted, &case.application) else { return Ok(()) };
    for licence in &application.licences {
        if tx.find_licence(*licence)?.is_some_and(|row| row.revoked_at.is_some()) {
            let allowed = available(case, compiled, acting, now).into_iter().map(|action| action.id.clone()).collect();
            return Err(Refusal::MaterialRevoked { action: action.id.clone(), licence: *licence, allowed }.into());
        }
    }
    Ok(())
}

/// Every file an action names must have been uploaded.
fn check_evidence(tx: &mut Tx, events: &[model::NewEvent]) -> Result<(), PerformError> {
    let moved = events.iter().filter_map(|event| match &event.body {
        model::EventBody::Moved(moved) => Some(moved),
        _ => None,
    });
    let files: Vec<(String, EvidenceId)> = moved
        .flat_map(|moved| &moved.evidence)
        .flat_map(|(field, files)| files.iter().map(move |file| (field.clone(), *file)))
        .collect();
    for (field, file) in files {
        if tx.find_evidence(&file)?.is_none() {
            let message = format!("there is no uploaded file {file}; upload it first");
            return Err(Refusal::Answers(vec![FieldFault { field, message }]).into());
        }
    }
    Ok(())
}
