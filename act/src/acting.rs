//! Who acts, and whether an action's `by` list admits them.

use model::{Actor, Case, Grant, MandateId, PartyId, Reporter};
use pack::{Action, City, Who};

/// Who wants to act on a case, already authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acting {
    /// A member of staff with the posts they hold.
    Staff {
        /// The person.
        party: PartyId,
        /// Their posts.
        grants: Vec<Grant>,
    },
    /// A signed-in resident.
    Resident {
        /// The person.
        party: PartyId,
    },
    /// A signed-in resident who acts for the applicant.
    Agent {
        /// Who acts.
        party: PartyId,
        /// For whom.
        on_behalf_of: PartyId,
        /// Under which mandate.
        mandate: MandateId,
    },
    /// Somebody who proved by the report's secret that they reported or joined it.
    SecretHolder,
}

impl Acting {
    /// The person, when there is one.
    pub fn party(&self) -> Option<PartyId> {
        match self {
            Self::Staff { party, .. } | Self::Resident { party } | Self::Agent { party, .. } => Some(*party),
            Self::SecretHolder => None,
        }
    }
}

/// The actor an action would be recorded under, or `None` when its `by` list does not admit this person.
///
/// A post admits only within its region; a task admits only its own office, and only the assignee once there is one.
pub fn admitted(case: &Case, city: &City, action: &Action, acting: &Acting) -> Option<Actor> {
    action.by.iter().find_map(|who| match who {
        Who::Task => as_task_holder(case, city, acting),
        Who::Role(role) => as_post(case, city, acting, |grant| grant.role == *role),
        Who::OfficeRole(role) => {
            let task = case.task.as_ref()?;
            as_post(case, city, acting, |grant| grant.role == *role && grant.office == task.office)
        }
        Who::Reporter => as_reporter(case, acting),
    })
}

fn as_task_holder(case: &Case, city: &City, acting: &Acting) -> Option<Actor> {
    let task = case.task.as_ref()?;
    if task.assignee.is_some() && task.assignee != acting.party() {
        return None;
    }
    as_post(case, city, acting, |grant| grant.role == task.role && grant.office == task.office)
}

fn as_post(case: &Case, city: &City, acting: &Acting, fits: impl Fn(&Grant) -> bool) -> Option<Actor> {
    let Acting::Staff { party, grants } = acting else { return None };
    let grant = grants.iter().find(|grant| fits(grant) && city.is_within(&case.place.region, &grant.region))?;
    Some(Actor::Staff { party: *party, role: grant.role.clone(), office: grant.office.clone() })
}

fn as_reporter(case: &Case, acting: &Acting) -> Option<Actor> {
    match acting {
        Acting::SecretHolder => Some(Actor::Anonymous),
        Acting::Resident { party } => {
            let mut reporters = std::iter::once(&case.reporter).chain(&case.joined);
            let is_theirs = |reporter: &Reporter| reporter.party == Some(*party);
            reporters.any(is_theirs).then_some(Actor::Resident { party: *party })
        }
        Acting::Agent { party, on_behalf_of, mandate } => {
            let is_theirs = case.application.is_some() && case.reporter.party == Some(*on_behalf_of);
            let (party, on_behalf_of, mandate) = (*party, *on_behalf_of, *mandate);
            is_theirs.then_some(Actor::Agent { party, on_behalf_of, mandate })
        }
        Acting::Staff { .. } => None,
    }
}
