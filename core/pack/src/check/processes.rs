//! Processes: references, tasks, actions and what they need. How states hang together is checked in `flow`.

use std::collections::{BTreeMap, BTreeSet};

use model::{ActionId, CalendarId, ProcessId, RoleId, StageId};

use super::flow;
use crate::city::{City, ClockEffect, Effect, LimitRule, OfficeRule, Target, Who, Within};
use crate::faults::{At, Report};
use crate::source::files::Folder;
use crate::source::types::{ActionSource, FieldSource, PoorSource, ProcessSource, StateSource, TaskSource};
use crate::source::words::FieldType;

/// What the checks of one process look things up in.
struct Checker<'a> {
    id: &'a At<ProcessId>,
    process: &'a ProcessSource,
    /// False when faults of the file itself may hide stages and actions.
    clean: bool,
    folder: &'a Folder,
    city: Option<&'a City>,
    report: &'a mut Report,
}

/// Checks one process.
pub(super) fn check_process(
    id: &At<ProcessId>,
    process: &ProcessSource,
    clean: bool,
    folder: &Folder,
    city: Option<&City>,
    report: &mut Report,
) {
    let mut checker = Checker { id, process, clean, folder, city, report };
    checker.check_ids();
    for (state_id, state) in &process.states.items {
        if let Some(state) = state {
            checker.check_state(state_id.value.as_str(), state_id.at, state);
        }
    }
    for action in &process.actions {
        checker.check_action(action);
        check_kinds(&action.fields, folder, checker.report);
    }
    if let Some(escalation) = &process.escalation {
        checker.check_within(&escalation.every);
        if !(1..=9).contains(&escalation.levels.value) {
            checker
                .report
                .fault(escalation.levels.at, format!("levels must be 1 to 9, got {}", escalation.levels.value));
        }
    }
    checker.check_limits();
    if clean {
        flow::check_flow(id, process, report);
    }
}

/// Kinds of office that a field offers must exist.
pub(super) fn check_kinds(fields: &[FieldSource], folder: &Folder, report: &mut Report) {
    for kind in fields.iter().filter_map(|field| field.kinds.as_ref()).flat_map(|kinds| kinds.iter()) {
        if folder.offices.whole && !folder.offices.iter().any(|(_, office)| office.kind.value == kind.value) {
            report.fault(kind.at, format!("no office is of kind {}", kind.value));
        }
    }
}

/// People are named only to be given the present task.
pub(super) fn check_people(fields: &[FieldSource], is_assigning: bool, report: &mut Report) {
    for field in fields.iter().filter(|field| field.kind.value == FieldType::Person && !is_assigning) {
        let message = format!("field {} of type person belongs to an action that assigns", field.id.value);
        report.fault(field.id.at, message);
    }
}

impl Checker<'_> {
    fn check_ids(&mut self) {
        let mut stages: BTreeSet<&StageId> = BTreeSet::new();
        for stage in &self.process.stages {
            if !stages.insert(&stage.id.value) {
                self.report.fault(stage.id.at, format!("stage {} stands twice", stage.id.value));
            }
        }
        let mut actions: BTreeMap<&ActionId, u32> = BTreeMap::new();
        for action in &self.process.actions {
            if let Some(line) = actions.insert(&action.id.value, action.id.at.line) {
                self.report
                    .fault(action.id.at, format!("action {} stands twice, first on line {line}", action.id.value));
            }
        }
        if self.process.states.items.is_empty() {
            self.report.fault(self.process.first.at, format!("process {} has no states", self.id.value));
        } else {
            self.check_target(&self.process.first, "the first state");
        }
    }

    fn check_target(&mut self, state: &At<model::StateId>, what: &str) {
        if !self.process.states.items.iter().any(|(id, _)| id.value == state.value) {
            self.report.fault(state.at, format!("{what} names an unknown state {}", state.value));
        }
    }

    fn check_state(&mut self, name: &str, at: crate::faults::Pos, state: &StateSource) {
        if matches!(name, "stay" | "previous") {
            self.report.fault(at, format!("no state may be called {name}: the word means something else in \"to\""));
        }
        if self.clean && !self.process.stages.iter().any(|stage| stage.id.value == state.stage.value) {
            self.report.fault(state.stage.at, format!("state {name}: unknown stage {}", state.stage.value));
        }
        if let (Some(correctable), Some(_)) = (&state.correctable, &state.outcome)
            && correctable.value
        {
            let words = format!("state {name} is final: an application that is decided is not corrected any more");
            self.report.fault(correctable.at, words);
        }
        match (&state.task, &state.outcome) {
            (Some(task), None) => self.check_task(name, task),
            (Some(_), Some(outcome)) => {
                self.report.fault(
                    outcome.at,
                    format!("state {name} has both a task and an outcome: a final state owes nothing"),
                );
            }
            (None, None) => {
                self.report.fault(
                    at,
                    format!("state {name} has no task: say who owes the next move and by when, or give its outcome"),
                );
            }
            (None, Some(_)) => {}
        }
    }

    fn check_task(&mut self, name: &str, task: &TaskSource) {
        self.check_role(&task.role, &format!("state {name}"));
        match &task.office.value {
            OfficeRule::Handler => {}
            OfficeRule::Id(id) if self.folder.offices.may_have(id) => {}
            OfficeRule::Id(id) => self.report.fault(task.office.at, format!("state {name}: unknown office {id}")),
            OfficeRule::Kind(kind) => self.check_office_kind(name, kind, task),
        }
        match &task.limit.value {
            LimitRule::Fixed { calendar, .. } | LimitRule::Category { calendar } => {
                self.check_calendar(calendar, task.limit.at)
            }
            LimitRule::None { .. } => {}
        }
    }

    /// Everywhere in the city some office of the kind answers.
    fn check_office_kind(&mut self, name: &str, kind: &str, task: &TaskSource) {
        let Some(city) = self.city.filter(|_| self.folder.offices.whole && self.folder.regions.whole) else { return };
        if !city.offices.values().any(|office| office.kind == kind) {
            self.report.fault(task.office.at, format!("state {name}: no office is of kind {kind}"));
            return;
        }
        let without: Vec<_> =
            city.regions.keys().filter(|region| city.nearest_office(kind, region).is_none()).collect();
        if let Some(region) = without.first() {
            let message = format!(
                "state {name}: no office of kind {kind} answers for region {region} ({} regions in all)",
                without.len()
            );
            self.report.fault(task.office.at, message);
        }
    }

    fn check_role(&mut self, role: &At<RoleId>, what: &str) {
        if !self.folder.roles.may_have(&role.value) {
            self.report.fault(role.at, format!("{what}: unknown role {}", role.value));
        }
    }

    fn check_calendar(&mut self, calendar: &CalendarId, at: crate::faults::Pos) {
        if !self.folder.calendars.may_have(calendar) {
            self.report.fault(at, format!("unknown calendar {calendar}"));
        }
    }

    fn check_within(&mut self, within: &At<Within>) {
        self.check_calendar(&within.calendar, within.at);
    }

    fn check_action(&mut self, action: &ActionSource) {
        let id = &action.id.value;
        if action.from.0.is_empty() {
            self.report.fault(action.id.at, format!("action {id} can be taken nowhere: name its states in \"from\""));
        }
        if action.by.0.is_empty() {
            self.report.fault(action.id.at, format!("action {id} can be taken by nobody: name who in \"by\""));
        }
        for from in &action.from.0 {
            self.check_target(from, &format!("action {id}"));
        }
        if let Target::State(state) = &action.to.value {
            self.check_target(&At { value: state.clone(), at: action.to.at }, &format!("action {id}"));
        }
        for who in &action.by.0 {
            if let Who::Role(role) | Who::OfficeRole(role) = &who.value {
                self.check_role(&At { value: role.clone(), at: who.at }, &format!("action {id}"));
            }
        }
        for other in &action.separate_from.0 {
            if self.clean && !self.process.actions.iter().any(|action| action.id.value == other.value) {
                self.report.fault(other.at, format!("action {id} is separate from an unknown action {}", other.value));
            }
        }
        for within in action.within.iter().chain(&action.not_again_before) {
            self.check_within(within);
        }
        if let Some(tone) = action.tone.as_ref().filter(|tone| !matches!(tone.as_str(), "primary" | "danger")) {
            self.report.fault(tone.at, format!("{:?} is not a tone: use primary or danger", tone.value));
        }
        if let Some(poor) = &action.poor {
            self.check_poor(action, poor);
        }
        self.check_effects(action);
    }

    fn check_poor(&mut self, action: &ActionSource, poor: &At<PoorSource>) {
        let id = &action.id.value;
        self.check_target(&poor.value.to, &format!("action {id}"));
        if !(1..=4).contains(&poor.value.stars.value) {
            self.report.fault(poor.value.stars.at, format!("action {id}: a poor rating has 1 to 4 stars at most"));
        }
        if action.effect.as_ref().is_none_or(|effect| effect.value != Effect::Rate) {
            self.report.fault(poor.at, format!("action {id}: \"poor\" belongs to an action that rates"));
        }
    }

    /// Effects have the fields they read, and a meaning where they stand.
    fn check_effects(&mut self, action: &ActionSource) {
        let id = &action.id.value;
        let has = |action: &ActionSource, name: &str, kind: FieldType| {
            action.fields.iter().any(|field| field.id.as_str() == name && field.kind.value == kind)
        };
        match &action.effect {
            Some(At { value: Effect::Reclassify, at }) if !has(action, "condition", FieldType::Condition) => {
                self.report.fault(
                    *at,
                    format!("action {id} reclassifies, so it needs a field \"condition\" of type condition"),
                );
            }
            Some(At { value: Effect::Rate, at }) if !has(action, "stars", FieldType::Stars) => {
                self.report.fault(*at, format!("action {id} rates, so it needs a field \"stars\" of type stars"));
            }
            Some(At { value: Effect::Assign, at }) if !has(action, "person", FieldType::Person) => {
                self.report.fault(*at, format!("action {id} assigns, so it needs a field \"person\" of type person"));
            }
            Some(At { value: Effect::Refund, at }) if !has(action, "refund_amount", FieldType::Text) => {
                let message =
                    format!("action {id} gives money back, so it needs a field \"refund_amount\" of type text");
                self.report.fault(*at, message);
            }
            Some(At { value: Effect::Claim | Effect::Release | Effect::Assign, at })
                if action.to.value != Target::Stay =>
            {
                let message = format!("action {id} is about who has the present task, so it must stay in its state");
                self.report.fault(*at, message);
            }
            _ => {}
        }
        let is_assigning = action.effect.as_ref().is_some_and(|effect| effect.value == Effect::Assign);
        check_people(&action.fields, is_assigning, self.report);
        let asks_limit = |action: &&ActionSource| has(action, "limit", FieldType::Limit);
        for effect in action.disposal.iter().chain(&action.task) {
            if effect.value == ClockEffect::Extend
                && self.clean
                && !self.process.actions.iter().any(|action| asks_limit(&action))
            {
                let message =
                    format!("action {id} extends a clock, but no action asks for a field \"limit\" of type limit");
                self.report.fault(effect.at, message);
            }
        }
        if let Some(effect) = action.task.as_ref().filter(|_| action.to.value != Target::Stay) {
            self.report.fault(
                effect.at,
                format!("action {id} moves the case, which always begins a new task clock: \"task\" has no meaning"),
            );
        }
        let is_final = |from: &At<model::StateId>| {
            let state = self.process.states.items.iter().find(|(state, _)| state.value == from.value);
            state.is_some_and(|(_, state)| state.as_ref().is_none_or(|state| state.outcome.is_some()))
        };
        if let Some(within) = action.within.as_ref().filter(|_| !action.from.0.iter().all(is_final)) {
            self.report.fault(
                within.at,
                format!("action {id}: \"within\" counts from the closing, so it belongs to final states only"),
            );
        }
    }

    /// Filing conditions without a limit leave a category-limited state without a deadline: allowed, but said.
    fn check_limits(&mut self) {
        let limited = self.process.states.items.iter().find_map(|(id, state)| {
            let task = state.as_ref()?.task.as_ref()?;
            matches!(task.limit.value, LimitRule::Category { .. }).then_some((id, task.limit.at))
        });
        let Some((state, at)) = limited else { return };
        let followers = self.folder.categories.iter().filter(|(_, category)| category.process.value == self.id.value);
        let without: Vec<&str> = followers
            .filter(|(_, category)| category.conditions.iter().any(|condition| condition.limit.is_none()))
            .map(|(id, _)| id.as_str())
            .collect();
        if let Some(first) = without.first() {
            let message = format!(
                "{} categories have a filing condition without a limit, such as {first}: their cases wait in {} without a deadline",
                without.len(),
                state.value
            );
            self.report.warn(at, message);
        }
    }
}
