//! Cases as staff see them.

use std::collections::BTreeMap;

use model::{Case, Event, EvidenceId, Instant, OfficeId, PartyId, StageId};
use pack::{City, Compiled, Process};
use store::CaseRow;

use super::fields::{About, action_view};
use super::{picture_url, text, thumb_url, time};
use crate::wire;

/// A deadline is near when less than this is left: 1 h.
pub const SOON_US: i64 = 3_600_000_000;

/// Names of members of staff, looked up for one answer.
pub type Names = BTreeMap<PartyId, String>;

/// A case in a list. `city` is that of the case's own pack.
pub fn summary(row: &CaseRow, city: &City, names: &Names, now: Instant) -> wire::CaseSummary {
    let process = city.processes.get(&row.process);
    let state = process.and_then(|process| process.states.get(&row.state));
    wire::CaseSummary {
        id: row.id.to_string(),
        no: row.no.to_string(),
        version: row.version,
        category: row.category.to_string(),
        condition: row.condition.as_ref().map(ToString::to_string),
        title: category_title(city, &row.category),
        excerpt: row.excerpt.clone(),
        channel: row.channel.clone(),
        state: row.state.to_string(),
        state_title: state.map_or_else(|| super::plain(row.state.as_str()), |state| text(&state.title)),
        stage: row.stage.to_string(),
        region: row.region.to_string(),
        region_title: city
            .regions
            .get(&row.region)
            .map_or_else(|| super::plain(row.region.as_str()), |region| text(&region.title)),
        address: row.address.clone(),
        lon: row.lon,
        lat: row.lat,
        handler: row.handler.as_ref().map(ToString::to_string),
        handler_title: row.handler.as_ref().map(|handler| office_title(city, handler)),
        task: task(row, city, names),
        open: row.outcome.is_none(),
        opened_at: time(row.opened_at),
        updated_at: time(row.updated_at),
        closed_at: row.closed_at.map(time),
        due_at: row.due_at.map(time),
        due_state: due_state(row, now),
        level: row.level,
        tallies: tallies(row),
        thumb_url: row.picture.as_ref().map(|picture| thumb_url(picture, None)),
    }
}

fn task(row: &CaseRow, city: &City, names: &Names) -> Option<wire::TaskView> {
    let (role, office) = (row.task_role.as_ref()?, row.task_office.as_ref()?);
    Some(wire::TaskView {
        role: role.to_string(),
        role_title: role_title(city, role),
        office: office.to_string(),
        office_title: office_title(city, office),
        assignee: row.task_assignee.map(|party| party.to_string()),
        assignee_name: row.task_assignee.and_then(|party| names.get(&party).cloned()),
    })
}

/// How the present task's deadline stands at `now`.
pub fn due_state(row: &CaseRow, now: Instant) -> wire::DueState {
    match row.due_at {
        _ if row.outcome.is_some() => wire::DueState::None,
        _ if row.exempt => wire::DueState::Exempt,
        _ if row.paused => wire::DueState::Paused,
        None => wire::DueState::None,
        Some(due_at) if due_at < now => wire::DueState::Late,
        Some(due_at) if due_at.micros_since(now) < SOON_US => wire::DueState::Soon,
        Some(_) => wire::DueState::Ok,
    }
}

fn tallies(row: &CaseRow) -> BTreeMap<String, u32> {
    let counted = [
        ("rework", row.rework),
        ("returned", row.returned),
        ("suspended", row.suspended),
        ("extension_asked", row.extension_asked),
        ("extended", row.extended),
        ("appealed", row.appealed),
        ("appeal_upheld", row.appeal_upheld),
        ("supervised", row.supervised),
        ("urged", row.urged),
        ("reopened", row.reopened),
    ];
    counted.into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| (word.to_owned(), count)).collect()
}

/// The name of a category, or its id where the pack has dropped it.
pub fn category_title(city: &City, id: &model::CategoryId) -> wire::Text {
    city.categories.get(id).map_or_else(|| super::plain(id.as_str()), |category| text(&category.title))
}

/// The name of an office.
pub fn office_title(city: &City, id: &OfficeId) -> wire::Text {
    city.offices.get(id).map_or_else(|| super::plain(id.as_str()), |office| text(&office.title))
}

/// The name of a role.
pub fn role_title(city: &City, id: &model::RoleId) -> wire::Text {
    city.roles.get(id).map_or_else(|| super::plain(id.as_str()), |role| text(&role.title))
}

/// Every member of staff a case names: assignees and those whose action ended a step.
pub fn people_of(case: &Case) -> Vec<PartyId> {
    let assignee = case.task.as_ref().and_then(|task| task.assignee);
    let mut people: Vec<PartyId> = case.steps.iter().filter_map(|step| step.done_by).chain(assignee).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Every office that has or had a case in hand.
pub fn offices_of(case: &Case) -> Vec<OfficeId> {
    let tasks = case.steps.iter().filter_map(|step| step.task.as_ref()).chain(&case.task).map(|task| &task.office);
    let mut offices: Vec<OfficeId> = tasks.chain(&case.handler).chain(&case.watcher).cloned().collect();
    offices.sort_unstable();
    offices.dedup();
    offices
}

/// A case with everything, and the actions its reader may take.
pub struct Whole<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its events.
    pub events: &'a [Event],
    /// The pack it began under.
    pub compiled: &'a Compiled,
    /// Names of the staff it names.
    pub names: &'a Names,
    /// What the reader may do.
    pub actions: &'a [&'a pack::Action],
    /// Who reads it.
    pub reader: Option<PartyId>,
    /// Who may be given the present task, where one of the actions does that.
    pub assignable: &'a [act::Assignable],
    /// Licences given as materials.
    pub licences: &'a [store::LicenceRow],
    /// The present instant.
    pub now: Instant,
}

impl Whole<'_> {
    /// The case as its page shows it.
    pub fn view(&self) -> wire::CaseView {
        let (case, city) = (self.case, &*self.compiled.city);
        let row = CaseRow::from_case(case, &city.region_path(&case.place.region));
        let about = About {
            category: &case.category,
            region: &case.place.region,
            handler: case.handler.as_ref(),
            assignable: self.assignable,
        };
        wire::CaseView {
            summary: summary(&row, city, self.names, self.now),
            description: case.description.clone(),
            process: case.process.to_string(),
            service: case.application.as_ref().map(|application| application.service.to_string()),
            fee: super::payments::fee(case, city, false),
            licences: self.licences.iter().map(|row| super::materials::given(city, row, self.now)).collect(),
            corrections: super::corrections::corrections(case, self.events, city, self.reader),
            visit: super::visits::visit(case, city),
            stages: city.processes.get(&case.process).map_or_else(Vec::new, |process| stage_marks(case, process)),
            region_chain: super::city::region_chain(city, &case.place.region),
            cell: case.place.cell.map(|cell| cell.to_string()),
            reporter: self.reporter(),
            joined_count: row.joined_count,
            clocks: case.clocks.iter().map(|(name, clock)| clock_view(*name, clock, self.now)).collect(),
            evidence: evidence_links(&for_staff(case), None),
            answers: case.answers.clone(),
            actions: self.actions.iter().map(|action| action_view(city, action, about)).collect(),
            steps: case.steps.iter().map(|step| self.step(step)).collect(),
            outcome: case.outcome.map(super::city::outcome),
            rating: case.rating,
            watcher: case.watcher.as_ref().map(ToString::to_string),
            source_id: case.source_id.clone(),
        }
    }

    fn reporter(&self) -> wire::ReporterView {
        let actor =
            self.events.first().map(|event| super::events::actor(&event.actor, &self.compiled.city, self.names));
        wire::ReporterView {
            kind: actor.as_ref().map_or(wire::ReporterKind::System, |actor| actor.kind),
            name: actor.and_then(|actor| actor.name),
            has_contact: self.case.reporter.contact.is_some(),
        }
    }

    fn step(&self, step: &model::Step) -> wire::StepView {
        let city = &*self.compiled.city;
        let process = city.processes.get(&self.case.process);
        let state = process.and_then(|process| process.states.get(&step.state));
        let action = step.left_by.as_ref().and_then(|id| process?.actions.iter().find(|action| action.id == *id));
        let office = step.task.as_ref().map(|task| &task.office);
        wire::StepView {
            seq: step.seq,
            state: step.state.to_string(),
            state_title: state.map_or_else(|| super::plain(step.state.as_str()), |state| text(&state.title)),
            stage: step.stage.to_string(),
            office: office.map(ToString::to_string),
            office_title: office.map(|office| office_title(city, office)),
            entered_at: time(step.entered_at),
            left_at: step.left_at.map(time),
            left_by: step.left_by.as_ref().map(ToString::to_string),
            left_by_title: action.map(|action| text(&action.title)),
            done_by_name: step.done_by.and_then(|party| self.names.get(&party).cloned()),
            due_at: step.due_at.map(time),
            on_time: on_time(step, self.now),
            exempt: step.exempt,
        }
    }
}

/// Whether a step was done in time; `None` while it is open and not late, or without a limit.
fn on_time(step: &model::Step, now: Instant) -> Option<bool> {
    let due_at = step.due_at?;
    match step.left_at {
        Some(left_at) => Some(left_at <= due_at),
        None => (due_at < now).then_some(false),
    }
}

/// A clock.
pub fn clock_view(name: model::ClockName, clock: &model::ClockState, now: Instant) -> wire::ClockView {
    wire::ClockView {
        clock: match name {
            model::ClockName::Task => wire::ClockName::Task,
            model::ClockName::Disposal => wire::ClockName::Disposal,
            model::ClockName::Legal => wire::ClockName::Legal,
        },
        limit: clock.limit.map(|limit| limit.to_string()),
        began_at: time(clock.began_at),
        due_at: time(clock.due_at),
        paused: clock.paused_with_us.is_some() && clock.stopped_at.is_none(),
        exempt: clock.exempt,
        stopped_at: clock.stopped_at.map(time),
        on_time: clock.is_on_time(now),
    }
}

/// Files that whoever reads the case may see: those of an application come with its answers, for a purpose.
fn for_staff(case: &Case) -> BTreeMap<String, Vec<EvidenceId>> {
    let mut evidence = case.evidence.clone();
    if case.application.is_some() {
        evidence.remove("report");
    }
    evidence
}

/// Every picture, by purpose.
pub fn evidence_links(evidence: &BTreeMap<String, Vec<EvidenceId>>, secret: Option<&str>) -> Vec<wire::EvidenceLink> {
    let link = |purpose: &String, id: &EvidenceId| wire::EvidenceLink {
        id: id.to_string(),
        url: picture_url(id, secret),
        thumb_url: thumb_url(id, secret),
        purpose: purpose.clone(),
        taken_at: None,
    };
    evidence.iter().flat_map(|(purpose, files)| files.iter().map(move |id| link(purpose, id))).collect()
}

/// The way through the stages: what was passed, where it is, what is to come.
pub fn stage_marks(case: &Case, process: &Process) -> Vec<wire::StageMark> {
    let place = |stage: &StageId| process.stages.iter().position(|found| found.id == *stage);
    let here = place(&case.stage);
    let mark = |(at, stage): (usize, &pack::Stage)| wire::StageMark {
        id: stage.id.to_string(),
        title: text(&stage.title),
        state: match here {
            Some(here) if at == here && case.is_open() => wire::StageProgress::Current,
            Some(here) if at < here || (at == here && !case.is_open()) => wire::StageProgress::Done,
            _ => wire::StageProgress::Todo,
        },
    };
    process.stages.iter().enumerate().map(mark).collect()
}
