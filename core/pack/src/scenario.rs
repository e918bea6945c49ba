//! Scenario tests of a pack: stories in YAML of what must happen to a case. Only the format lives here; the case
//! engine plays them.

use model::{ActionId, CategoryId, ConditionId, Instant, OfficeId, Outcome, RegionId, RoleId, StateId};
use serde_json::{Value as Json, json};

use crate::faults::At;
use crate::source::read::{Reader, Source, read_parsed, source};
use crate::source::yaml::{Node, Value};

source! {
    /// A story: one report, then what people do with it.
    struct ScenarioSource {
        /// What the story shows, one sentence.
        story: String,
        /// The report that begins it.
        report: ReportSource,
        /// What happens after it, in order of time.
        steps: Vec<StepSource>,
    }

    /// The report that begins a story.
    struct ReportSource {
        /// When, RFC 3339 with an offset.
        at: At<Instant>,
        /// The category.
        category: At<CategoryId>,
        /// The filing condition.
        condition: Option<At<ConditionId>>,
        /// Where, as a region; the whole city when neither this nor a point is given.
        region: Option<At<RegionId>>,
        /// Where, as longitude and latitude in degrees.
        point: Option<At<Vec<f64>>>,
        /// What must hold afterwards.
        expect: Option<ExpectSource>,
    }

    /// One thing that happens; without an action only time passes, and deadlines fire.
    struct StepSource {
        /// When, RFC 3339 with an offset.
        at: At<Instant>,
        /// Who: reporter, or a role in an office.
        actor as "as": Option<ActorSource>,
        /// The action taken.
        action as "do": Option<At<ActionId>>,
        /// Answers to the action's fields.
        answers as "with": Answers,
        /// True when the action must be refused.
        refused: bool,
        /// True when the applicant pays what is due; nobody acts in such a step.
        pay: bool,
        /// What must hold afterwards.
        expect: Option<ExpectSource>,
    }

    /// A member of staff.
    struct StaffSource {
        /// The role.
        role: At<RoleId>,
        /// The office.
        office: At<OfficeId>,
        /// A word for the person; the same word is the same person. The role's own word when absent.
        person: Option<String>,
    }

    /// What must hold.
    struct ExpectSource {
        /// The state the case is in.
        state: Option<At<StateId>>,
        /// The office that owes the present task.
        office: Option<At<OfficeId>>,
        /// The department that handles the case.
        handler: Option<At<OfficeId>>,
        /// When the present task is due, RFC 3339; none when it has no running deadline.
        due_at: Option<At<DueAt>>,
        /// When the law's time is over, RFC 3339; none when that clock does not run.
        legal_due_at: Option<At<DueAt>>,
        /// Whether it was told that the law's time passed.
        legal_passed: Option<bool>,
        /// How the case ended.
        outcome: Option<Outcome>,
        /// Escalation level.
        level: Option<u8>,
    }
}

/// A story of what must happen to a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The line of its file it begins on.
    pub line: usize,
    /// What the story shows.
    pub story: String,
    /// The report that begins it.
    pub report: ReportStep,
    /// What happens after it, in order of time.
    pub steps: Vec<Step>,
    pub(crate) file: u32,
}

/// The report that begins a story.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportStep {
    /// The line it stands on.
    pub line: usize,
    /// When.
    pub at: Instant,
    /// The category.
    pub category: CategoryId,
    /// The filing condition.
    pub condition: Option<ConditionId>,
    /// Where, as a region.
    pub region: Option<RegionId>,
    /// Where, as longitude and latitude in degrees.
    pub point: Option<[f64; 2]>,
    /// What must hold afterwards.
    pub expect: Expect,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The line it stands on.
    pub line: usize,
    /// When; deadlines up to then have fired.
    pub at: Instant,
    /// Who acts, and what they do; absent when only time passes.
    pub act: Option<(StoryActor, ActionId)>,
    /// Answers to the action's fields, by field id.
    pub answers: serde_json::Map<String, Json>,
    /// True when the action must be refused.
    pub refused: bool,
    /// True when the applicant pays what is due.
    pub pays: bool,
    /// What must hold afterwards.
    pub expect: Expect,
}

/// Who acts in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoryActor {
    /// Whoever reported.
    Reporter,
    /// A member of staff.
    Staff {
        /// The role they use.
        role: RoleId,
        /// The office they act for.
        office: OfficeId,
        /// A word for the person; the same word is the same person.
        person: String,
    },
}

/// What must hold; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// The state the case is in.
    pub state: Option<StateId>,
    /// The office that owes the present task.
    pub office: Option<OfficeId>,
    /// The department that handles the case.
    pub handler: Option<OfficeId>,
    /// When the present task is due; `Some(None)` when it has no running deadline.
    pub due_at: Option<Option<Instant>>,
    /// When the law's time is over.
    pub legal_due_at: Option<Option<Instant>>,
    /// Whether it was told that the law's time passed.
    pub legal_passed: Option<bool>,
    /// How the case ended.
    pub outcome: Option<Outcome>,
    /// Escalation level.
    pub level: Option<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct DueAt(Option<Instant>);

#[derive(Debug, Clone)]
pub(crate) enum ActorSource {
    Reporter,
    Staff(Box<StaffSource>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(serde_json::Map<String, Json>);

impl Source for Instant {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read_parsed(node, reader, "an instant such as 2026-11-23T09:00:00+08:00")
    }

    fn schema() -> Json {
        json!({"type": "string", "format": "date-time"})
    }
}

impl Source for DueAt {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("none") {
            Some(Self(None))
        } else {
            Instant::read(node, reader).map(|at| Self(Some(at)))
        }
    }

    fn schema() -> Json {
        json!({"anyOf": [Instant::schema(), {"const": "none"}]})
    }
}

impl Source for ActorSource {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("reporter") {
            return Some(Self::Reporter);
        }
        StaffSource::read(node, reader).map(|staff| Self::Staff(Box::new(staff)))
    }

    fn schema() -> Json {
        json!({"anyOf": [{"const": "reporter"}, StaffSource::schema()]})
    }
}

impl Source for Answers {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.entries(node)?;
        match node.to_json() {
            Json::Object(map) => Some(Self(map)),
            _ => None,
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn schema() -> Json {
        json!({"type": "object"})
    }
}

impl Source for Scenario {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let source = ScenarioSource::read(node, reader)?;
        let mut faults = Vec::new();
        let steps = source.steps.into_iter().filter_map(|step| lower_step(step, &mut faults)).collect::<Vec<_>>();
        let mut before = source.report.at.value;
        for step in &steps {
            if step.at < before {
                faults.push((step.line, "a step must not be earlier than the one before it".to_owned()));
            }
            before = before.max(step.at);
        }
        let report = lower_report(source.report, &mut faults);
        for (line, message) in faults {
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            reader.fault(&Node { line, value: Value::List(Vec::new()) }, message);
        }
        Some(Self { line: node.line as usize, story: source.story, report: report?, steps, file: reader.file })
    }

    fn schema() -> Json {
        ScenarioSource::schema()
    }
}

type LineFaults = Vec<(usize, String)>;

fn lower_report(source: ReportSource, faults: &mut LineFaults) -> Option<ReportStep> {
    let point = match source.point.as_ref().map(|point| (&point.value[..], point.at)) {
        None => None,
        Some((&[lon, lat], _)) if grid::LonLat::new(lon, lat).is_ok() => Some([lon, lat]),
        Some((_, at)) => {
            faults.push((at.line as usize, "a point is [longitude, latitude] in degrees".to_owned()));
            return None;
        }
    };
    Some(ReportStep {
        line: source.at.at.line as usize,
        at: source.at.value,
        category: source.category.value,
        condition: source.condition.map(|at| at.value),
        region: source.region.map(|at| at.value),
        point,
        expect: lower_expect(source.expect),
    })
}

fn lower_step(source: StepSource, faults: &mut LineFaults) -> Option<Step> {
    let line = source.at.at.line as usize;
    let act = match (source.actor, source.action) {
        (None, None) => None,
        (Some(actor), Some(action)) => Some((lower_actor(actor), action.value)),
        _ => {
            faults.push((line, "\"as\" and \"do\" belong together: who does what".to_owned()));
            return None;
        }
    };
    if source.refused && act.is_none() {
        faults.push((line, "\"refused\" needs an action that can be refused".to_owned()));
    }
    if source.pay && act.is_some() {
        faults.push((line, "\"pay\" is a step of its own: nobody acts in it".to_owned()));
    }
    Some(Step {
        line,
        at: source.at.value,
        act,
        answers: source.answers.0,
        refused: source.refused,
        pays: source.pay,
        expect: lower_expect(source.expect),
    })
}

fn lower_actor(source: ActorSource) -> StoryActor {
    match source {
        ActorSource::Reporter => StoryActor::Reporter,
        ActorSource::Staff(staff) => StoryActor::Staff {
            person: staff.person.unwrap_or_else(|| staff.role.value.to_string()),
            role: staff.role.value,
            office: staff.office.value,
        },
    }
}

fn lower_expect(source: Option<ExpectSource>) -> Expect {
    source.map_or_else(Expect::default, |source| Expect {
        state: source.state.map(|at| at.value),
        office: source.office.map(|at| at.value),
        handler: source.handler.map(|at| at.value),
        due_at: source.due_at.map(|at| at.value.0),
        legal_due_at: source.legal_due_at.map(|at| at.value.0),
        legal_passed: source.legal_passed,
        outcome: source.outcome,
        level: source.level,
    })
}
