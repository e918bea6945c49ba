//! From alarms to notices: what belongs together is told together, and not again too soon.
//!
//! Alarms that share labels form a group. A group waits a little for its first notice, then tells changes at intervals,
//! repeats while something is open, climbs while nobody has taken note, and says when all is well. However many alarms
//! come, a group gives one notice an interval, and a route has a bounded number of groups.

mod group;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::Instant;
use serde::Deserialize;

use crate::effect::{AlarmKey, Effect};
use crate::rule::Severity;
use crate::span::Span;
use group::{Group, Member};
pub use state::{NotifyKey, NotifyState};

/// Most groups of one route; alarms beyond share one group.
pub const GROUPS_MAX: usize = 500;
/// Alarms named in one notice.
pub const NAMED_MAX: usize = 10;
/// Most steps of escalation.
const STEPS_MAX: usize = 8;

/// What alarms of one group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The rule.
    Rule,
    /// The smallest area.
    Area,
    /// The class of device.
    Class,
    /// What the device hangs on: a feeder, a gateway.
    Parent,
    /// The device.
    Device,
}

/// Somebody else is told when nobody took note.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// How long after the first notice of what nobody took note of.
    pub after: Span,
    /// Who is told.
    pub to: String,
}

/// A way from alarms to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its word.
    pub id: String,
    /// Who is told.
    pub to: String,
    /// Ids of rules; none means all.
    #[serde(default)]
    pub rules: Vec<Box<str>>,
    /// Areas; none means all.
    #[serde(default)]
    pub areas: Vec<Box<str>>,
    /// Classes of device; none means all.
    #[serde(default)]
    pub classes: Vec<Box<str>>,
    /// The least severity.
    #[serde(default)]
    pub at_least: Option<Severity>,
    /// What a group has in common; nothing means that all is one group.
    #[serde(default)]
    pub group_by: Vec<GroupBy>,
    /// Which kind of area a group has in common, with [`GroupBy::Area`]; the smallest when left out.
    #[serde(default)]
    pub area_level: Option<Box<str>>,
    /// How long the first notice of a group waits for more.
    #[serde(default = "thirty_seconds")]
    pub group_wait: Span,
    /// How long changes wait after a notice.
    #[serde(default = "five_minutes")]
    pub group_interval: Span,
    /// After how long what is still open is told again; never when left out.
    #[serde(default)]
    pub repeat_interval: Option<Span>,
    /// Whether the end is told.
    #[serde(default = "yes")]
    pub resolved: bool,
    /// Who is told when nobody takes note, in the order of time.
    #[serde(default)]
    pub escalation: Vec<Escalation>,
}

fn thirty_seconds() -> Span {
    Span::from_secs(30)
}

fn five_minutes() -> Span {
    Span::from_secs(300)
}

fn yes() -> bool {
    true
}

/// A route that cannot be: which one, which field, why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("route {route:?}: {field} {fault}")]
pub struct RouteError {
    /// The route's id.
    pub route: String,
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub fault: &'static str,
}

/// Why there is no grouping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// A route cannot be.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The state was not written by this version.
    #[error(transparent)]
    State(#[from] crate::Torn),
}

/// What a route looks at beside the alarm's key: the caller knows the device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmFacts {
    /// Class of the device.
    pub class: Box<str>,
    /// Its areas, from the smallest.
    pub areas: Vec<Box<str>>,
    /// What kind of area each of them is.
    pub levels: Vec<Box<str>>,
    /// What it hangs on.
    pub parent: Option<Box<str>>,
}

impl AlarmFacts {
    /// The area of a level; the smallest where there is none of it, or none is asked for.
    fn area(&self, level: Option<&str>) -> Option<Box<str>> {
        let place = self.levels.iter().position(|known| Some(&**known) == level).unwrap_or_default();
        self.areas.get(place).cloned()
    }
}

/// What a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something is open.
    First,
    /// Something has changed.
    Update,
    /// It is still open.
    Repeat,
    /// Nobody has taken note; the step, from 0.
    Escalation(usize),
    /// All is well again.
    Resolved,
}

/// One message to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// By which route.
    pub route: String,
    /// To whom.
    pub to: String,
    /// What the alarms have in common, in the order of `group_by`; `*` where there were too many groups.
    pub labels: Vec<Box<str>>,
    /// What it says.
    pub kind: NoticeKind,
    /// How many are open.
    pub open: usize,
    /// How many have closed since the last notice.
    pub closed: usize,
    /// The worst that is open, or was.
    pub worst: Severity,
    /// Some of them: the worst, then the oldest.
    pub named: Vec<AlarmKey>,
    /// All of them, in the order of their keys.
    pub about: Vec<AlarmKey>,
    /// Those of them that no notice of the group has told of before.
    pub fresh: Vec<AlarmKey>,
    /// When.
    pub at: Instant,
}

/// Which group: number of the route, and labels.
type GroupKey = (u32, Vec<Box<str>>);

/// The grouping of notices. Pure, as the engine is.
#[derive(Debug)]
pub struct Notifier {
    routes: Vec<Route>,
    groups: BTreeMap<GroupKey, Group>,
    /// Groups of each route.
    counts: HashMap<u32, usize>,
    /// In which groups an alarm is.
    member_of: HashMap<AlarmKey, Vec<GroupKey>>,
    due: BTreeSet<(Instant, GroupKey)>,
    dirty: BTreeSet<GroupKey>,
}

impl Notifier {
    /// Begins where a state ended. Groups of routes that are gone are forgotten.
    ///
    /// # Errors
    /// [`NotifyError`]: a route that cannot be, or a state that was not written by this version.
    pub fn new(routes: Vec<Route>, state: &NotifyState) -> Result<Self, NotifyError> {
        let mut ids = BTreeSet::new();
        for route in &routes {
            check(route, ids.insert(&route.id))?;
        }
        let mut notifier = Self {
            routes,
            groups: BTreeMap::new(),
            counts: HashMap::new(),
            member_of: HashMap::new(),
            due: BTreeSet::new(),
            dirty: BTreeSet::new(),
        };
        notifier.restore(state)?;
        Ok(notifier)
    }

    /// Takes what happened to an alarm. Notices come from [`Notifier::tick`].
    pub fn take(&mut self, effect: &Effect, facts: &AlarmFacts, now: Instant) {
        let Some(alarm) = effect.alarm() else { return };
        if let Effect::Raised { severity, .. } = effect {
            for key in self.groups_for(alarm, *severity, facts) {
                self.join(key, alarm, *severity, now);
            }
            return;
        }
        if let Effect::Changed { severity, .. } | Effect::Relapsed { severity, .. } = effect {
            // A worse alarm may be one for more people.
            for key in self.groups_for(alarm, *severity, facts) {
                self.join(key, alarm, *severity, now);
            }
        }
        let severity = match effect {
            Effect::Changed { severity, .. } | Effect::Relapsed { severity, .. } => Some(*severity),
            _ => None,
        };
        for key in self.member_of.get(alarm).cloned().unwrap_or_default() {
            self.with(&key, |group| group.happened(alarm, effect, severity, now));
        }
        if matches!(effect, Effect::Cleared { .. }) {
            self.member_of.remove(alarm);
        }
    }

    /// Notices that are due.
    pub fn tick(&mut self, now: Instant) -> Vec<Notice> {
        let mut notices = Vec::new();
        while self.due.first().is_some_and(|(due, _)| *due <= now) {
            let Some((due, key)) = self.due.pop_first() else { break };
            let Some(group) = self.groups.get_mut(&key).filter(|group| group.queued == Some(due)) else { continue };
            group.queued = None;
            let route = &self.routes[key.0 as usize];
            notices.extend(group.tell(route, &key.1, now));
            self.dirty.insert(key.clone());
            self.queue(&key);
        }
        notices
    }

    /// When [`Notifier::tick`] next has something to do.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// How many alarms are open in all groups together.
    pub fn count_open(&self) -> usize {
        self.groups.values().map(Group::count_open).sum()
    }

    fn groups_for(&self, alarm: &AlarmKey, severity: Severity, facts: &AlarmFacts) -> Vec<GroupKey> {
        let among = |list: &[Box<str>], word: &str| list.is_empty() || list.iter().any(|known| **known == *word);
        let meant = |route: &Route| {
            route.at_least.is_none_or(|least| severity >= least)
                && among(&route.rules, &alarm.rule)
                && among(&route.classes, &facts.class)
                && (route.areas.is_empty() || facts.areas.iter().any(|area| route.areas.contains(area)))
        };
        let routes = (0..).zip(&self.routes).filter(|(_, route)| meant(route));
        routes.map(|(number, route)| self.place(number, route, alarm, facts)).collect()
    }

    fn place(&self, number: u32, route: &Route, alarm: &AlarmKey, facts: &AlarmFacts) -> GroupKey {
        let label = |by: &GroupBy| -> Box<str> {
            match by {
                GroupBy::Rule => (*alarm.rule).into(),
                GroupBy::Area => facts.area(route.area_level.as_deref()).unwrap_or_default(),
                GroupBy::Class => facts.class.clone(),
                GroupBy::Parent => facts.parent.clone().unwrap_or_default(),
                GroupBy::Device => alarm.device.as_str().into(),
            }
        };
        let key = (number, route.group_by.iter().map(label).collect());
        let full = self.counts.get(&number).is_some_and(|count| *count >= GROUPS_MAX);
        // An alarm that is in the shared group already stays there.
        let shared = (number, vec!["*".into(); route.group_by.len()]);
        let there = self.member_of.get(alarm).is_some_and(|keys| keys.contains(&shared));
        if there || full && !self.groups.contains_key(&key) { shared } else { key }
    }

    fn join(&mut self, key: GroupKey, alarm: &AlarmKey, severity: Severity, now: Instant) {
        if !self.groups.contains_key(&key) {
            *self.counts.entry(key.0).or_default() += 1;
            self.groups.insert(key.clone(), Group::new(now));
        }
        let keys = self.member_of.entry(alarm.clone()).or_default();
        if !keys.contains(&key) {
            keys.push(key.clone());
        }
        self.with(&key, |group| group.join(alarm, Member::new(severity, now)));
    }

    fn with(&mut self, key: &GroupKey, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(key) {
            change(group);
            self.dirty.insert(key.clone());
            self.queue(key);
        }
    }

    /// Queues a group for its next notice, or forgets it when it has nothing more to say.
    fn queue(&mut self, key: &GroupKey) {
        let Some(group) = self.groups.get_mut(key) else { return };
        let due = group.due(&self.routes[key.0 as usize]);
        if group.queued == due && due.is_some() {
            return;
        }
        if let Some(queued) = group.queued.take() {
            self.due.remove(&(queued, key.clone()));
        }
        group.queued = due;
        match due {
            Some(due) => drop(self.due.insert((due, key.clone()))),
            None if group.is_over() => {
                self.groups.remove(key);
                self.counts.entry(key.0).and_modify(|count| *count -= 1);
            }
            None => {}
        }
    }
}

fn check(route: &Route, fresh: bool) -> Result<(), RouteError> {
    let rises = route.escalation.windows(2).all(|pair| pair[0].after < pair[1].after);
    let distinct: BTreeSet<_> = route.group_by.iter().collect();
    let second = Span::from_secs(1);
    let faults = [
        ("id", !fresh, "is that of another route"),
        ("id", route.id.is_empty() || route.id.len() > 64, "must have 1 to 64 bytes"),
        ("to", route.to.is_empty() || route.to.len() > 64, "must have 1 to 64 bytes"),
        ("group_by", distinct.len() != route.group_by.len(), "names something twice"),
        ("group_interval", route.group_interval < second, "must be at least 1s"),
        ("repeat_interval", route.repeat_interval.is_some_and(|span| span < second), "must be at least 1s"),
        ("escalation", route.escalation.len() > STEPS_MAX, "has at most 8 steps"),
        ("escalation", !rises, "must go from the earliest step to the latest"),
    ];
    match faults.into_iter().find(|(_, wrong, _)| *wrong) {
        Some((field, _, fault)) => Err(RouteError { route: route.id.clone(), field, fault }),
        None => Ok(()),
    }
}
