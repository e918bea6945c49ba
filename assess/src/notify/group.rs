//! One group of alarms and when it speaks.

use std::collections::BTreeMap;

use model::Instant;

use super::{NAMED_MAX, Notice, NoticeKind, Route};
use crate::effect::{AlarmKey, Effect};
use crate::rule::Severity;

/// One alarm of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) severity: Severity,
    pub(super) since: Instant,
    /// A notice has told of it as open.
    pub(super) told: bool,
    pub(super) muted: bool,
    pub(super) acknowledged: bool,
    pub(super) closed: bool,
}

/// Alarms with labels in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) members: BTreeMap<AlarmKey, Member>,
    pub(super) since: Instant,
    /// Since when something that was told of waits for somebody to take note.
    pub(super) waits_since: Option<Instant>,
    pub(super) last_at: Option<Instant>,
    /// Something happened that has not been told.
    pub(super) news: bool,
    pub(super) climbed: usize,
    pub(super) queued: Option<Instant>,
    /// Kept beside the members: a group of thousands is asked at every alarm.
    counts: Counts,
}

/// How many of the members are what.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counts {
    loud: usize,
    closed: usize,
    /// Told of, and nobody has taken note.
    waiting: usize,
}

impl Counts {
    fn add(&mut self, member: &Member) {
        self.loud += usize::from(member.loud());
        self.closed += usize::from(member.closed);
        self.waiting += usize::from(member.waits());
    }

    fn take(&mut self, member: &Member) {
        self.loud -= usize::from(member.loud());
        self.closed -= usize::from(member.closed);
        self.waiting -= usize::from(member.waits());
    }
}

impl Member {
    pub(super) fn new(severity: Severity, since: Instant) -> Self {
        Self { severity, since, told: false, muted: false, acknowledged: false, closed: false }
    }

    /// Open, and nothing keeps it quiet.
    fn loud(&self) -> bool {
        !self.closed && !self.muted
    }

    fn waits(&self) -> bool {
        self.loud() && self.told && !self.acknowledged
    }
}

impl Group {
    pub(super) fn new(now: Instant) -> Self {
        let (members, counts) = (BTreeMap::new(), Counts::default());
        Self { members, since: now, waits_since: None, last_at: None, news: false, climbed: 0, queued: None, counts }
    }

    /// Takes an alarm in, unless it is in and open.
    pub(super) fn join(&mut self, alarm: &AlarmKey, member: Member) {
        if self.members.get(alarm).is_some_and(|known| !known.closed) {
            return;
        }
        self.begin_anew(member.since);
        self.news = true;
        self.put(alarm, member);
    }

    pub(super) fn put(&mut self, alarm: &AlarmKey, member: Member) {
        self.counts.add(&member);
        if let Some(before) = self.members.insert(alarm.clone(), member) {
            self.counts.take(&before);
        }
    }

    /// The first wait counts from when something is loud.
    fn begin_anew(&mut self, now: Instant) {
        if self.counts.loud == 0 && self.last_at.is_none() {
            self.since = now;
        }
    }

    pub(super) fn happened(&mut self, alarm: &AlarmKey, effect: &Effect, severity: Option<Severity>, now: Instant) {
        let Some(mut member) = self.members.get(alarm).cloned() else { return };
        if let Some(severity) = severity {
            self.news |= severity > member.severity && member.loud();
            member.severity = severity;
        }
        match effect {
            Effect::Suppressed { .. } => member.muted = true,
            Effect::Resumed { .. } => {
                self.begin_anew(now);
                member.muted = false;
                self.news |= !member.told;
            }
            Effect::Acknowledged { .. } => member.acknowledged = true,
            Effect::Cleared { .. } if member.told => {
                member.closed = true;
                self.news = true;
            }
            Effect::Cleared { .. } => {
                // Nobody has heard of it: nobody hears of its end.
                self.counts.take(&member);
                self.members.remove(alarm);
                self.watch(now);
                return;
            }
            _ => {}
        }
        self.put(alarm, member);
        self.watch(now);
    }

    /// Once everybody has taken note, the next one that waits climbs from the beginning.
    fn watch(&mut self, now: Instant) {
        if self.counts.waiting == 0 {
            (self.waits_since, self.climbed) = (None, 0);
        } else {
            self.waits_since.get_or_insert(now);
        }
    }

    pub(super) fn count_open(&self) -> usize {
        self.members.len() - self.counts.closed
    }

    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether there is something new to say.
    fn has_news(&self, route: &Route) -> bool {
        self.news && (self.counts.loud > 0 || self.counts.closed > 0 && route.resolved)
    }

    fn step<'r>(&self, route: &'r Route) -> Option<(Instant, &'r str)> {
        let step = route.escalation.get(self.climbed).filter(|_| self.counts.waiting > 0)?;
        Some((self.waits_since?.plus_micros(step.after.micros()), &step.to))
    }

    /// When it next speaks.
    pub(super) fn due(&self, route: &Route) -> Option<Instant> {
        let news = match self.last_at {
            None => self.since.plus_micros(route.group_wait.micros()),
            Some(last) => last.plus_micros(route.group_interval.micros()),
        };
        // What is closed and of no interest is put away at the same time.
        let news = Some(news).filter(|_| self.has_news(route) || self.counts.closed > 0);
        let loud = self.counts.loud > 0;
        let repeat = route.repeat_interval.filter(|_| loud);
        let repeat = repeat.and_then(|span| Some(self.last_at?.plus_micros(span.micros())));
        [news, repeat, self.step(route).map(|(at, _)| at)].into_iter().flatten().min()
    }

    /// What it has to say at an instant.
    pub(super) fn tell(&mut self, route: &Route, labels: &[Box<str>], now: Instant) -> Vec<Notice> {
        let mut notices = Vec::new();
        let interval = self.last_at.is_none_or(|last| now.micros_since(last) >= route.group_interval.micros());
        let loud = self.counts.loud > 0;
        if self.has_news(route) && interval {
            let kind = match (loud, self.last_at) {
                (false, _) => NoticeKind::Resolved,
                (true, None) => NoticeKind::First,
                (true, Some(_)) => NoticeKind::Update,
            };
            notices.push(self.notice(route, labels, kind, now));
        } else if let Some(span) = route.repeat_interval.filter(|_| loud)
            && self.last_at.is_some_and(|last| now.micros_since(last) >= span.micros())
        {
            notices.push(self.notice(route, labels, NoticeKind::Repeat, now));
        }
        if interval && (!notices.is_empty() || !self.has_news(route)) {
            self.told();
            self.watch(now);
        }
        if let Some((at, to)) = self.step(route)
            && at <= now
        {
            let notice = self.notice(route, labels, NoticeKind::Escalation(self.climbed), now);
            notices.push(Notice { to: to.to_owned(), ..notice });
            self.climbed += 1;
        }
        if notices.iter().any(|notice| !matches!(notice.kind, NoticeKind::Escalation(_))) {
            self.last_at = Some(now);
        }
        notices
    }

    /// What was said is said.
    fn told(&mut self) {
        self.news = false;
        self.members.retain(|_, member| !member.closed);
        for member in self.members.values_mut().filter(|member| member.loud()) {
            member.told = true;
        }
        self.counts = Counts::default();
        self.members.values().for_each(|member| self.counts.add(member));
    }

    fn notice(&self, route: &Route, labels: &[Box<str>], kind: NoticeKind, at: Instant) -> Notice {
        let mut shown: Vec<_> = if kind == NoticeKind::Resolved {
            self.members.iter().filter(|(_, member)| member.closed).collect()
        } else {
            self.members.iter().filter(|(_, member)| member.loud()).collect()
        };
        let order =
            |(key, member): &(&AlarmKey, &Member)| (std::cmp::Reverse(member.severity), member.since, (*key).clone());
        let keys = |wanted: &dyn Fn(&Member) -> bool| {
            shown.iter().filter(|(_, member)| wanted(member)).map(|(key, _)| (*key).clone()).collect()
        };
        let (about, fresh) = (keys(&|_| true), keys(&|member| !member.told));
        let worst = shown.iter().map(|(_, member)| member.severity).max().unwrap_or(Severity::Info);
        if shown.len() > NAMED_MAX {
            shown.select_nth_unstable_by_key(NAMED_MAX, order);
            shown.truncate(NAMED_MAX);
        }
        shown.sort_by_cached_key(order);
        Notice {
            route: route.id.clone(),
            to: route.to.clone(),
            labels: labels.to_vec(),
            kind,
            open: self.counts.loud,
            closed: self.counts.closed,
            worst,
            named: shown.into_iter().map(|(key, _)| key.clone()).collect(),
            about,
            fresh,
            at,
        }
    }
}
