//! What the endpoints of cases share: queues, pages, views, refusals.

use std::sync::Arc;

use act::{Acting, FieldFault, PerformError, Refusal, available};
use axum::http::StatusCode;
use identity::{Permission, Principal, Session};
use model::{ActionId, Instant, RoleId};
use pack::{City, Packs};
use store::{CaseFilter, CaseSort, Cursor, Reader, StoreError};

use crate::access::{Loaded, reach};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::cases::{Whole, people_of, summary};
use crate::convert::{text, words};
use crate::error::{Refused, failed};
use crate::names::parse_some;
use crate::wire;

/// Cases are counted up to this.
const COUNTED_MAX: u32 = 10_000;

/// The queues of somebody's roles, in the order to show.
pub fn queues_of(city: &City, session: &Session) -> Vec<(String, wire::Text)> {
    let mut queues = vec![("mine".to_owned(), words("我的任务", "My tasks"))];
    let mut roles: Vec<&RoleId> =
        session.grants.iter().map(|grant| &grant.role).filter(|role| owes_tasks(city, role)).collect();
    roles.sort_unstable();
    roles.dedup();
    for id in roles {
        if let Some(role) = city.role(id) {
            queues.push((format!("role:{id}"), text(&role.title)));
        }
    }
    queues.push(("watched".to_owned(), words("上报至本单位", "Escalated to us")));
    queues.push(("supervised".to_owned(), words("督办", "Supervised")));
    queues.push(("late".to_owned(), words("已超时", "Late")));
    queues.push(("all".to_owned(), words("全部在办", "All open")));
    queues
}

/// Which cases of the map somebody may see, narrowed by open or late, and by category and stage.
pub fn map_filter(
    app: &App,
    caller: &Caller,
    now: Instant,
    (open, late): (Option<bool>, Option<bool>),
    (category, stage): (Option<&str>, Option<&str>),
) -> Result<CaseFilter, Refused> {
    let within = reach(app, &caller.principal, Permission::CaseRead).within().ok_or_else(Refused::forbidden)?;
    Ok(CaseFilter {
        within,
        open,
        late_at: late.filter(|late| *late).map(|_| now),
        categories: parse_some("category", category)?.into_iter().collect(),
        stage: parse_some("stage", stage)?,
        ..CaseFilter::default()
    })
}

/// Whether a role owes the task of any state: only then is there a queue for it.
fn owes_tasks(city: &City, role: &RoleId) -> bool {
    let states = city.processes.values().flat_map(|process| process.states.values());
    states.filter_map(|state| state.task.as_ref()).any(|task| task.role == *role)
}

/// What a queue holds; `None` when there is no such queue for this person.
pub fn queue_filter(queue: &str, session: &Session, now: Instant) -> Option<CaseFilter> {
    let open = CaseFilter { open: Some(true), ..CaseFilter::default() };
    Some(match queue {
        "mine" => {
            let tasks: Vec<_> = session.grants.iter().map(|grant| (grant.role.clone(), grant.office.clone())).collect();
            CaseFilter { tasks, waiting_for: Some(session.party), ..open }
        }
        "watched" => {
            let mut watchers: Vec<_> = session.grants.iter().map(|grant| grant.office.clone()).collect();
            watchers.sort_unstable();
            watchers.dedup();
            (!watchers.is_empty()).then_some(CaseFilter { watchers, ..open })?
        }
        "supervised" => CaseFilter { supervised: true, ..open },
        "late" => CaseFilter { late_at: Some(now), ..open },
        "all" => open,
        queue => {
            let role = queue.strip_prefix("role:")?;
            let grants = session.grants.iter().filter(|grant| grant.role.as_str() == role);
            let tasks: Vec<_> = grants.map(|grant| (grant.role.clone(), grant.office.clone())).collect();
            (!tasks.is_empty()).then_some(CaseFilter { tasks, ..open })?
        }
    })
}

/// Which page of a list of cases.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The order.
    pub sort: CaseSort,
    /// Where it begins.
    pub cursor: Option<Cursor>,
    /// How many.
    pub limit: u32,
}

impl Page {
    /// Lists the page, with names of assignees and a bounded total.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub fn list(
        self,
        reader: &mut Reader,
        packs: &Packs,
        filter: &CaseFilter,
        now: Instant,
    ) -> Result<wire::CasePage, StoreError> {
        let page = reader.list_cases(filter, self.sort, self.cursor, self.limit)?;
        let total = reader.count_cases(filter, COUNTED_MAX)?;
        Ok(wire::CasePage {
            items: summaries(reader, packs, &page.items, now)?,
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            total: total.count.into(),
            total_is_bound: total.more,
        })
    }
}

/// Cases as a list shows them, with the names of their assignees.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub fn summaries(
    reader: &mut Reader,
    packs: &Packs,
    rows: &[store::CaseRow],
    now: Instant,
) -> Result<Vec<wire::CaseSummary>, StoreError> {
    let mut people: Vec<_> = rows.iter().filter_map(|row| row.task_assignee).collect();
    people.sort_unstable();
    people.dedup();
    let names = reader.display_names(&people)?;
    let item = |row: &store::CaseRow| {
        let compiled = packs.get(&row.pack).unwrap_or_else(|| packs.current());
        summary(row, &compiled.city, &names, now)
    };
    Ok(rows.iter().map(item).collect())
}

/// Staff, acting.
///
/// # Errors
/// 401 for a visitor, 403 for a resident or a program.
pub fn staff_acting(principal: &Principal) -> Result<Acting, Refused> {
    match principal {
        Principal::Staff { party, grants } => Ok(Acting::Staff { party: *party, grants: grants.clone() }),
        Principal::Visitor => Err(Refused::not_signed_in()),
        Principal::Agent(_) => Err(Refused::not_for_others()),
        Principal::Resident { .. } | Principal::Client { .. } => Err(Refused::forbidden()),
    }
}

/// A case as its page shows it to this member of staff.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn case_view(app: &Arc<App>, principal: &Principal, loaded: &Loaded) -> Result<wire::CaseView, Refused> {
    let mut people = people_of(&loaded.case);
    people.extend(loaded.events.first().and_then(|event| event.actor.party()));
    let acting = staff_acting(principal)?;
    let now = app.now();
    let actions = available(&loaded.case, &loaded.compiled, &acting, now);
    let assign = actions.iter().find(|action| action.effect == Some(pack::Effect::Assign));
    let assign = assign.map(|action| ((*action).clone(), loaded.case.clone()));
    let compiled = Arc::clone(&loaded.compiled);
    let given = loaded.case.application.as_ref().map(|application| application.licences.clone()).unwrap_or_default();
    let read = move |reader: &mut store::Reader| {
        let licences = given.iter().map(|licence| reader.find_licence(*licence)).collect::<Result<Vec<_>, _>>()?;
        let licences: Vec<_> = licences.into_iter().flatten().collect();
        let list = |(action, case)| act::list_assignable(reader, &compiled.city, &case, &action);
        let assignable = assign.map(list).transpose()?;
        Ok::<_, StoreError>((reader.display_names(&people)?, assignable.unwrap_or_default(), licences))
    };
    let (names, assignable, licences) = app.store.read(read).await?;
    let whole = Whole {
        case: &loaded.case,
        events: &loaded.events,
        compiled: &loaded.compiled,
        names: &names,
        actions: &actions,
        reader: principal.party(),
        assignable: &assignable,
        licences: &licences,
        now,
    };
    Ok(whole.view())
}

/// Faults of answers, for the wire.
pub fn field_problems(faults: Vec<FieldFault>) -> Vec<wire::FieldProblem> {
    faults.into_iter().map(|fault| wire::FieldProblem { field: fault.field, message: fault.message }).collect()
}

/// Why an action was not taken.
pub fn perform_refused(error: PerformError) -> Refused {
    let words = error.to_string();
    let conflict = |code: &str, allowed: Vec<ActionId>| {
        let allowed = allowed.iter().map(ToString::to_string).collect();
        Refused::new(StatusCode::CONFLICT, code, words.clone()).with_allowed(allowed)
    };
    match error {
        PerformError::NotFound => Refused::not_found("case"),
        PerformError::VersionConflict { allowed, .. } => conflict("version_conflict", allowed),
        PerformError::Refused(refusal) => match refusal {
            Refusal::NotAllowed { allowed, .. }
            | Refusal::NotYours { allowed, .. }
            | Refusal::OwnWork { allowed, .. }
            | Refusal::Expired { allowed, .. }
            | Refusal::TooSoon { allowed, .. } => conflict("not_allowed", allowed),
            Refusal::Unpaid { allowed, .. } => conflict("unpaid", allowed),
            Refusal::MaterialRevoked { allowed, .. } => conflict("material_revoked", allowed),
            Refusal::Answers(faults) => Refused::fields(field_problems(faults)),
            Refusal::Pack(_) | Refusal::Broken(_) => {
                tracing::error!(%words, "the pack cannot carry a case on");
                Refused::new(
                    StatusCode::CONFLICT,
                    "pack_fault",
                    "the city's rules cannot carry this case on; the operator has been told",
                )
            }
        },
        PerformError::PackMissing(_) => {
            tracing::error!(%words, "a pack is missing from the archive");
            failed()
        }
        PerformError::Store(error) => error.into(),
    }
}
