//! Scenario tests: every id they name is there. Whether the story holds is for the case engine.

use model::ProcessId;

use crate::city::City;
use crate::faults::{Pos, Report};
use crate::scenario::{Expect, Scenario, StoryActor};
use crate::source::files::Folder;

/// Checks the references of one story.
pub(super) fn check_scenario(scenario: &Scenario, folder: &Folder, city: Option<&City>, report: &mut Report) {
    let Some(city) = city else { return };
    let place = |line: usize| Pos { file: scenario.file, line: u32::try_from(line).unwrap_or(u32::MAX) };
    let story = &scenario.report;
    let Some(category) = city.category(&story.category) else {
        if folder.categories.may_have(&story.category) {
            return;
        }
        report.fault(place(story.line), format!("the story names an unknown category {}", story.category));
        return;
    };
    if let Some(condition) = story.condition.as_ref().filter(|condition| category.condition(condition).is_none()) {
        report.fault(place(story.line), format!("category {} has no condition {condition}", story.category));
    }
    if let Some(region) = story.region.as_ref().filter(|region| !folder.regions.may_have(region)) {
        report.fault(place(story.line), format!("the story names an unknown region {region}"));
    }
    // A process with faults of its own may lack states and actions that its author did write.
    let clean = |id: &ProcessId| folder.processes.iter().any(|(known, (_, clean))| known.value == *id && *clean);
    let process = city.process(&category.process).filter(|_| clean(&category.process));
    let check_expect = |expect: &Expect, at: Pos, report: &mut Report| {
        if let (Some(state), Some(process)) = (&expect.state, process)
            && process.state(state).is_none()
        {
            report.fault(at, format!("the story expects an unknown state {state}"));
        }
        for office in expect.office.iter().chain(&expect.handler).filter(|office| !folder.offices.may_have(office)) {
            report.fault(at, format!("the story expects an unknown office {office}"));
        }
    };
    check_expect(&story.expect, place(story.line), report);
    for step in &scenario.steps {
        let at = place(step.line);
        check_expect(&step.expect, at, report);
        let Some((actor, action)) = &step.act else { continue };
        if let StoryActor::Staff { role, office, .. } = actor {
            if !folder.roles.may_have(role) {
                report.fault(at, format!("the story names an unknown role {role}"));
            }
            if !folder.offices.may_have(office) {
                report.fault(at, format!("the story names an unknown office {office}"));
            }
        }
        if process.is_some_and(|process| process.action(action).is_none()) {
            report.fault(at, format!("the story names an unknown action {action}"));
        }
    }
}
