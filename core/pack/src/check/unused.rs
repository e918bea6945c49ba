//! What is declared and never used: a warning, since a pack may be written ahead of its use.

use std::collections::BTreeSet;

use crate::city::{LimitRule, Who};
use crate::faults::Report;
use crate::source::files::Folder;
use crate::source::services::ServiceSource;

/// Warns of roles, stages, processes, calendars and forms that nothing uses.
pub(super) fn check(folder: &Folder, report: &mut Report) {
    let mut roles = BTreeSet::new();
    let mut calendars = BTreeSet::new();
    for (_, (process, _)) in folder.processes.iter() {
        let mut stages = BTreeSet::new();
        for state in process.states.items.iter().filter_map(|(_, state)| state.as_ref()) {
            stages.insert(&state.stage.value);
            let Some(task) = &state.task else { continue };
            roles.insert(&task.role.value);
            if let LimitRule::Fixed { calendar, .. } | LimitRule::Category { calendar } = &task.limit.value {
                calendars.insert(calendar);
            }
        }
        for action in &process.actions {
            roles.extend(action.by.0.iter().filter_map(|who| match &who.value {
                Who::Role(role) | Who::OfficeRole(role) => Some(role),
                Who::Task | Who::Reporter => None,
            }));
            calendars.extend(action.within.iter().chain(&action.not_again_before).map(|within| &within.calendar));
        }
        calendars.extend(process.escalation.iter().map(|escalation| &escalation.every.calendar));
        for stage in process.stages.iter().filter(|stage| !stages.contains(&stage.id.value)) {
            report.warn(stage.id.at, format!("no state is of stage {}", stage.id.value));
        }
    }
    for (id, role) in folder.roles.iter() {
        // A role that only reads has permissions and no action.
        if role.permissions.is_empty() && !roles.contains(&id.value) {
            report.warn(id.at, format!("role {} is declared, but no task, action or permission uses it", id.value));
        }
    }
    for (id, _) in folder.calendars.iter().filter(|(id, _)| !calendars.contains(&id.value)) {
        report.warn(id.at, format!("no limit counts by calendar {}", id.value));
    }
    for (id, _) in folder.processes.iter() {
        let applied =
            |service: &ServiceSource| service.apply.as_ref().is_some_and(|apply| apply.value.process.value == id.value);
        if !folder.categories.iter().any(|(_, category)| category.process.value == id.value)
            && !folder.services.iter().any(|(_, service)| applied(service))
        {
            report.warn(id.at, format!("no category or service follows process {}", id.value));
        }
    }
    for (id, _) in folder.forms.iter() {
        let used = |form: &crate::faults::At<model::FormId>| form.value == id.value;
        let applied = |service: &ServiceSource| service.apply.as_ref().is_some_and(|apply| used(&apply.value.form));
        if !folder.categories.iter().any(|(_, category)| category.form.as_ref().is_some_and(used))
            && !folder.services.iter().any(|(_, service)| applied(service))
        {
            report.warn(id.at, format!("no category or service asks form {}", id.value));
        }
    }
}
