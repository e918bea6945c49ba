//! A process as declared: states, tasks, actions, questions, escalation.

use std::collections::BTreeMap;

use model::{
    ActionId, CalendarId, ClockName, FormId, Limit, OfficeId, Outcome, RoleId, ServiceId, StageId, StateId, Tally, Text,
};
use serde::{Deserialize, Serialize};

use super::FieldFrom;

/// A declared life-cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Name.
    pub title: Text,
    /// Stages in order, for progress bars and indicators.
    pub stages: Vec<Stage>,
    /// The state a case begins in.
    pub first: StateId,
    /// Every state.
    pub states: BTreeMap<StateId, State>,
    /// Every action, in the order shown.
    pub actions: Vec<Action>,
    /// How a missed deadline climbs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
}

/// A stage (环节) of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Id, such as `dispose`.
    pub id: StageId,
    /// Name.
    pub title: Text,
}

/// A state of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Name for staff.
    pub title: Text,
    /// Name for the reporter.
    pub public_title: Text,
    /// Its stage.
    pub stage: StageId,
    /// Who owes the next move; absent in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskRule>,
    /// How the case ends, in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether applicants may still correct what they answered: until the decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub correctable: bool,
}

/// Who owes the move out of a state, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRule {
    /// The role that may act.
    pub role: RoleId,
    /// Which office.
    pub office: OfficeRule,
    /// By when.
    pub limit: LimitRule,
}

/// How an office is found for a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeRule {
    /// The department that handles the case; before one is named, the one that routing suggests.
    Handler,
    /// The office of this kind whose region is the smallest that holds the case's region.
    Kind(String),
    /// This office.
    Id(OfficeId),
}

/// How long a task may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitRule {
    /// A fixed limit, on the task clock.
    Fixed {
        /// How long.
        limit: Limit,
        /// By which calendar.
        calendar: CalendarId,
    },
    /// The limit of the filing condition, on the disposal clock.
    Category {
        /// By which calendar.
        calendar: CalendarId,
    },
    /// No limit, for a stated reason (the checker refuses a wait without one).
    None {
        /// Why.
        because: String,
    },
}

impl LimitRule {
    /// The clock this rule counts on.
    pub const fn clock(&self) -> ClockName {
        match self {
            Self::Category { .. } => ClockName::Disposal,
            Self::Fixed { .. } | Self::None { .. } => ClockName::Task,
        }
    }
}

/// An action of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Id, such as `dispatch`.
    pub id: ActionId,
    /// Name on the button.
    pub title: Text,
    /// The states it may be taken in.
    pub from: Vec<StateId>,
    /// Where it leads.
    pub to: Target,
    /// Who may take it.
    pub by: Vec<Who>,
    /// Actions whose doer may not take this one (nobody checks or closes their own work).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub separate_from: Vec<ActionId>,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What happens to the disposal clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposal: Option<ClockEffect>,
    /// What happens to the task clock when the case stays in its state (a move always begins a new one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ClockEffect>,
    /// What it counts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    /// What it does beside moving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Where a poor rating leads instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poor: Option<Poor>,
    /// Only within this time after the case closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// Not again before this time has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_again_before: Option<Within>,
    /// What the reporter reads in the timeline; absent = the reporter does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_title: Option<Text>,
    /// Look of the button: `primary`, `danger` or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<String>,
}

/// A poor rating (差评) takes the case to where it is put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poor {
    /// At most so many stars, 1 to 4.
    pub stars: u8,
    /// The state it leads to.
    pub to: StateId,
}

/// A limit by a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Within {
    /// How long.
    pub limit: Limit,
    /// By which calendar.
    pub calendar: CalendarId,
}

/// Where an action leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// To this state.
    State(StateId),
    /// Nowhere: the case stays.
    Stay,
    /// To the state it came from.
    Previous,
}

/// Who may take an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Staff with the role of the present task, in the task's office (and only the assignee once there is one).
    Task,
    /// Staff with this role whose region holds the case's region, whatever the task.
    Role(RoleId),
    /// Staff with this role in the office that owes the present task: a chief among their own people.
    OfficeRole(RoleId),
    /// Whoever reported or joined the case.
    Reporter,
}

/// What an action does to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockEffect {
    /// Begins it; when the same handler is named again and it is paused, it resumes, else it begins anew.
    Start,
    /// Pauses it.
    Pause,
    /// Resumes it.
    Resume,
    /// Stops it: done.
    Stop,
    /// Gives it the time asked for in the `limit` field (of this action, or last answered), and exempts nothing.
    Extend,
    /// Exempts it: it counts for nobody from here on, and pauses.
    Exempt,
}

/// What an action does beside moving the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The actor takes the task.
    Claim,
    /// The task is put back: nobody in particular has it any more.
    Release,
    /// The task is given to the person named in the `person` field.
    Assign,
    /// The category or condition is put right from the `condition` field.
    Reclassify,
    /// The reporter's rating is taken from the `stars` field.
    Rate,
    /// The licence that the service declares is issued to the applicant.
    Issue,
    /// Licences issued on the case are revoked.
    Revoke,
    /// A part of what was paid goes back, as much as the `refund_amount` field says.
    Refund,
}

/// A question of a form or an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Id, the key of the answer.
    pub id: FormId,
    /// The question.
    pub title: Text,
    /// What kind of answer.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// Whether the reporter may read a member of staff's answer: only so marked remarks reach the public timeline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// Help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
    /// When it is asked at all; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_if: Option<ShowIf>,
    /// The source it is filled in from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<FieldFrom>,
    /// The licence that may be given instead of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<FieldLicence>,
}

/// A licence of this city may be given instead of files: shown with the facts named, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldLicence {
    /// The service whose licence it is.
    pub of: ServiceId,
    /// The facts that are needed, claims of the licence.
    pub facts: Vec<FormId>,
}

/// A field is asked when an earlier choice was answered with one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowIf {
    /// The earlier field, a choice or choices.
    pub field: FormId,
    /// The answers that bring it up.
    pub is: Vec<String>,
}

/// The shape of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// A telephone number: 5 to 20 digits with joiners.
    Phone,
    /// An e-mail address.
    Email,
    /// 居民身份证号码 of 18 characters (GB 11643-1999); its last one is not checked here.
    IdCard,
    /// 统一社会信用代码 of 18 characters (GB 32100-2015).
    CreditCode,
    /// 邮政编码 of six digits.
    Postcode,
    /// An amount of money in the city's unit, such as 12.50.
    Money,
}

/// What kind of answer a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// Plain text; becomes the event's note when the field's id is `note`.
    Text {
        /// Longest text, characters.
        max: u32,
        /// Its shape; any when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<TextFormat>,
    },
    /// A whole number.
    Number {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// One of a list; becomes the event's reason when the field's id is `reason`.
    Choice {
        /// The list.
        options: Vec<Choice>,
    },
    /// Several of a list.
    Choices {
        /// The list.
        options: Vec<Choice>,
    },
    /// A date and time, RFC 3339.
    Datetime,
    /// A day, `2026-11-23`.
    Date,
    /// An office: it becomes the handler.
    Office {
        /// Only offices of these kinds.
        kinds: Vec<String>,
    },
    /// Files, kept under the field's id as purpose (`before`, `after`, `scene`).
    Evidence {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
    /// A limit asked for or granted.
    Limit {
        /// The longest that may be asked for.
        max: Limit,
    },
    /// A category and condition: an object `{"category": …, "condition": …}`.
    Condition,
    /// 1 to 5.
    Stars,
    /// One of the people who may do the present task.
    Person,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Stored value.
    pub id: String,
    /// Name.
    pub title: Text,
}

/// How a missed deadline climbs (逐级上报).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// How long after one step the next is taken, while the deadline stays missed.
    pub every: Within,
    /// The highest step.
    pub levels: u8,
}
