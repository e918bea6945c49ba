//! Which rules watch which device, worked out once for all devices of one shape.

use std::collections::HashMap;
use std::sync::Arc;

use crate::rule::Rule;
use crate::span::Span;
use crate::subject::Subject;

/// No such property on this device.
pub(super) const NONE: u16 = u16::MAX;

/// What a binding watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The levels of the rule.
    Levels,
    /// That something is heard.
    Silence,
}

/// One rule on one device, or on one property of it: what can have one open alarm.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) rule: u32,
    pub(super) kind: Kind,
    pub(super) lane: usize,
    pub(super) part: Arc<str>,
    /// Properties of the device for the names of the rule, by place.
    pub(super) slots: Box<[u16]>,
    /// Windows of the device for the windows of the rule.
    pub(super) windows: Box<[u16]>,
    /// Moved by time even when nothing holds.
    pub(super) timed: bool,
}

/// A window that the device keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) lane: usize,
    pub(super) prop: u16,
    pub(super) span: Span,
}

/// All that watches devices of one shape.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) bindings: Vec<Binding>,
    /// For each lane and property, the bindings that look at it.
    pub(super) by: Vec<Vec<Box<[u16]>>>,
    pub(super) windows: Vec<Kept>,
    /// For each lane and property, the windows over it.
    pub(super) fills: Vec<Vec<Box<[u16]>>>,
}

impl Plan {
    /// The plan of a device under rules, each with its lane.
    pub(super) fn make(subject: &Subject, rules: &[(&Rule, usize)], lanes: usize) -> Self {
        let mut plan = Self::default();
        let prop = |name: &str| subject.series.iter().position(|(_, known)| **known == *name);
        let prop = |name: &str| prop(name).and_then(|place| u16::try_from(place).ok()).unwrap_or(NONE);
        for (number, (rule, lane)) in (0..).zip(rules) {
            if !rule.selector.matches(subject) {
                continue;
            }
            let chosen: Vec<&str> = rule.selector.properties.iter().map(|name| &**name).collect();
            let chosen: Vec<&str> = chosen.into_iter().filter(|name| prop(name) != NONE).collect();
            let owns: Vec<Option<&str>> =
                if rule.per_property { chosen.iter().copied().map(Some).collect() } else { vec![None] };
            for own in owns.into_iter().filter(|_| !rule.levels.is_empty()) {
                let slots: Box<[u16]> = rule
                    .scope
                    .names
                    .iter()
                    .map(|name| if **name == *"value" { own.map_or(NONE, prop) } else { prop(name) })
                    .collect();
                if slots.iter().any(|slot| *slot != NONE) || slots.is_empty() {
                    plan.bind(rule, number, *lane, slots, own.unwrap_or_default());
                }
            }
            if rule.no_data.is_some() {
                plan.bind_silence(number, *lane, subject, &chosen, prop);
            }
        }
        plan.index(subject.series.len(), lanes);
        plan
    }

    fn bind(&mut self, rule: &Rule, number: u32, lane: usize, slots: Box<[u16]>, part: &str) {
        let mut windows = Vec::new();
        for (name, span) in &rule.scope.windows {
            let prop = slots[usize::from(*name)];
            let kept = Kept { lane, prop, span: *span };
            if prop == NONE {
                windows.push(NONE);
                continue;
            }
            let place = self.windows.iter().position(|known| *known == kept).unwrap_or_else(|| {
                self.windows.push(kept);
                self.windows.len() - 1
            });
            windows.push(u16::try_from(place).unwrap_or(NONE));
        }
        let timed = !windows.is_empty() || rule.schedule.is_some();
        let binding = Binding {
            rule: number,
            kind: Kind::Levels,
            lane,
            part: part.into(),
            slots,
            windows: windows.into(),
            timed,
        };
        self.bindings.push(binding);
    }

    fn bind_silence(&mut self, rule: u32, lane: usize, subject: &Subject, chosen: &[&str], prop: impl Fn(&str) -> u16) {
        let mut bind = |part: String, slots: Box<[u16]>| {
            let (windows, kind) = (Box::default(), Kind::Silence);
            self.bindings.push(Binding { rule, kind, lane, part: part.into(), slots, windows, timed: true });
        };
        if chosen.is_empty() {
            bind("no_data".to_owned(), subject.series.iter().map(|(_, name)| prop(name)).collect());
        }
        for name in chosen {
            bind(format!("no_data/{name}"), [prop(name)].into());
        }
    }

    fn index(&mut self, props: usize, lanes: usize) {
        let empty = || vec![vec![Vec::new(); props]; lanes];
        let (mut by, mut fills) = (empty(), empty());
        for (number, binding) in (0_u16..).zip(&self.bindings) {
            for slot in &binding.slots {
                if let Some(list) =
                    by[binding.lane].get_mut(usize::from(*slot)).filter(|list| list.last() != Some(&number))
                {
                    list.push(number);
                }
            }
        }
        for (number, kept) in (0_u16..).zip(&self.windows) {
            fills[kept.lane][usize::from(kept.prop)].push(number);
        }
        let boxed = |lists: Vec<Vec<Vec<u16>>>| {
            lists.into_iter().map(|lane| lane.into_iter().map(Into::into).collect()).collect()
        };
        self.by = boxed(by);
        self.fills = boxed(fills);
    }
}

/// Plans by the shape of device: what it measures, and which rules mean it.
#[derive(Debug, Default)]
pub(super) struct Plans(HashMap<Shape, Arc<Plan>>);

/// Names of series, and for each rule whether it means the device.
type Shape = (Vec<Box<str>>, Vec<u32>);

impl Plans {
    pub(super) fn find_or_make(&mut self, subject: &Subject, rules: &[(&Rule, usize)], lanes: usize) -> Arc<Plan> {
        let meant = (0..).zip(rules).filter(|(_, (rule, _))| rule.selector.matches(subject)).map(|(number, _)| number);
        let shape = (subject.series.iter().map(|(_, name)| name.clone()).collect(), meant.collect());
        Arc::clone(self.0.entry(shape).or_insert_with(|| Arc::new(Plan::make(subject, rules, lanes))))
    }
}
