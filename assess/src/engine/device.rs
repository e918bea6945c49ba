//! Devices: what is known of each, and who its neighbours are.

use std::collections::HashMap;
use std::sync::Arc;

use grid::distance_m;
use model::{DeviceId, Instant};

use super::Engine;
use super::plan::Plan;
use crate::effect::{ClearedBy, Effect};
use crate::machine::Machine;
use crate::rule::{NeighboursConfig, fnv};
use crate::subject::Subject;
use crate::window::Window;

/// Neighbours that are asked: the nearest.
const NEAR_MAX: usize = 64;
/// Squares of the index of places, in degrees: about a kilometre.
const SQUARE_DEG: f64 = 0.01;
/// Shortest length of a degree of latitude, in metres, rounded down.
const DEGREE_M: f64 = 110_000.0;
/// Nothing was measured yet.
pub(super) const NEVER: Instant = Instant::from_micros(i64::MIN);

/// The newest reading of a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Latest {
    pub(super) at: Instant,
    pub(super) value: f64,
}

/// One device.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) subject: Subject,
    /// The same in every run: ties are broken by it.
    pub(super) order: u64,
    pub(super) known_since: Instant,
    pub(super) plan: Arc<Plan>,
    /// For each lane, then each property.
    pub(super) latest: Box<[Box<[Latest]>]>,
    pub(super) windows: Box<[Window]>,
    pub(super) machines: Box<[Option<Box<Machine>>]>,
    /// Times that wait in the queue, by binding: an alarm that remembers nothing needs no machine to wait.
    pub(super) queued: Vec<(u16, Instant)>,
    /// For rules that compare: when it was looked up, and who they are.
    pub(super) near: Vec<(u32, u64, Box<[u32]>)>,
    pub(super) dirty: bool,
}

/// Who stands where and belongs to what.
#[derive(Debug, Default)]
pub(super) struct Places {
    squares: HashMap<(i32, i32), Vec<u32>>,
    groups: HashMap<Box<str>, Vec<u32>>,
    children: HashMap<DeviceId, Vec<u32>>,
    generation: u64,
}

impl Device {
    /// The time that waits in the queue for a binding.
    pub(super) fn queued(&self, binding: u16) -> Option<Instant> {
        let place = self.queued.binary_search_by_key(&binding, |(known, _)| *known);
        place.ok().map(|place| self.queued[place].1)
    }

    pub(super) fn set_queued(&mut self, binding: u16, due: Option<Instant>) {
        let place = self.queued.binary_search_by_key(&binding, |(known, _)| *known);
        match (place, due) {
            (Ok(place), Some(due)) => self.queued[place].1 = due,
            (Ok(place), None) => drop(self.queued.remove(place)),
            (Err(place), Some(due)) => self.queued.insert(place, (binding, due)),
            (Err(_), None) => {}
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let windows: usize = self.windows.iter().map(|window| size_of::<Window>() + window.heap_bytes()).sum();
        let machines = self.machines.iter().flatten().count() * size_of::<Machine>();
        let latest: usize = self.latest.iter().map(|lane| lane.len() * size_of::<Latest>() + 16).sum();
        let queued = self.queued.capacity() * size_of::<(u16, Instant)>();
        size_of::<Self>() + windows + machines + self.machines.len() * 8 + latest + queued
    }
}

#[allow(clippy::cast_possible_truncation, reason = "degrees over a hundredth fit")]
fn square(degrees: f64) -> i32 {
    (degrees / SQUARE_DEG).floor() as i32
}

impl Places {
    fn change(&mut self, subject: &Subject, number: u32, there: bool) {
        self.generation += 1;
        let change = |list: &mut Vec<u32>| {
            list.retain(|known| *known != number);
            if there {
                list.push(number);
            }
        };
        if let Some(point) = subject.point {
            change(self.squares.entry((square(point.lon_deg()), square(point.lat_deg()))).or_default());
        }
        if let Some(group) = &subject.group {
            change(self.groups.entry(group.clone()).or_default());
        }
        if let Some(parent) = &subject.parent {
            change(self.children.entry(parent.clone()).or_default());
        }
    }

    pub(super) fn group(&self, group: &str) -> &[u32] {
        self.groups.get(group).map_or(&[], Vec::as_slice)
    }

    pub(super) fn children(&self, parent: &DeviceId) -> &[u32] {
        self.children.get(parent).map_or(&[], Vec::as_slice)
    }

    fn around(&self, point: grid::LonLat, within_m: f64) -> Vec<u32> {
        let high = within_m / DEGREE_M;
        let wide = high / point.lat_deg().to_radians().cos().max(0.02);
        let mut found = Vec::new();
        for column in square(point.lon_deg() - wide)..=square(point.lon_deg() + wide) {
            for row in square(point.lat_deg() - high)..=square(point.lat_deg() + high) {
                found.extend(self.squares.get(&(column, row)).into_iter().flatten());
            }
        }
        found
    }
}

impl Engine {
    /// The number of a device, known from now on as it is described.
    pub(super) fn admit(&mut self, subject: &Subject, now: Instant) -> u32 {
        match self.by_name.get(&subject.device) {
            Some(number) if self.devices[*number as usize].subject.revision == subject.revision => *number,
            Some(number) => {
                let number = *number;
                self.describe_anew(number, subject, now);
                number
            }
            None => {
                let number = self.install(subject, now);
                self.dirty.subjects.insert(number);
                self.queue_all(number);
                self.touch(number);
                number
            }
        }
    }

    /// Adds a device with nothing remembered.
    pub(super) fn install(&mut self, subject: &Subject, known_since: Instant) -> u32 {
        let number = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        self.by_name.insert(subject.device.clone(), number);
        self.places.change(subject, number, true);
        let device = self.blank(subject, known_since);
        self.devices.push(device);
        number
    }

    fn blank(&mut self, subject: &Subject, known_since: Instant) -> Device {
        let rules: Vec<_> = self.watches.iter().map(|watch| (&watch.rule, watch.lane)).collect();
        let plan = self.plans.find_or_make(subject, &rules, self.lanes.len());
        let never = Latest { at: NEVER, value: 0.0 };
        Device {
            subject: subject.clone(),
            order: fnv(subject.device.as_str().as_bytes()),
            known_since,
            latest: vec![vec![never; subject.series.len()].into(); self.lanes.len()].into(),
            windows: plan.windows.iter().map(|kept| Window::new(kept.span)).collect(),
            machines: plan.bindings.iter().map(|_| None).collect(),
            queued: Vec::new(),
            near: Vec::new(),
            dirty: false,
            plan,
        }
    }

    /// The device is another than it was: what still fits is kept, alarms of rules that no longer mean it are closed.
    fn describe_anew(&mut self, number: u32, subject: &Subject, now: Instant) {
        let samples = self.samples_record(number);
        let mut alarms = Vec::new();
        for binding in
            (0..).zip(&self.devices[number as usize].machines).filter_map(|(at, one)| one.as_ref().map(|_| at))
        {
            alarms.push((self.key(number, binding), self.alarm_record(number, binding)));
        }
        let explained = self.open_on(number).any(|binding| {
            let rule = self.devices[number as usize].plan.bindings[usize::from(binding)].rule;
            self.watches[rule as usize].explains
        });
        let (old, known_since, order) = {
            let device = &self.devices[number as usize];
            (device.subject.clone(), device.known_since, device.order)
        };
        self.places.change(&old, number, false);
        self.places.change(subject, number, true);
        self.open.retain(|open| (open.0, open.1) != (order, number));
        let stale = self.dirty.alarms.split_off(&(number, 0));
        for (other, binding) in stale {
            if other == number {
                self.dirty.gone.insert(self.key(number, binding));
            } else {
                self.dirty.alarms.insert((other, binding));
            }
        }
        self.dirty.gone.extend(alarms.iter().map(|(alarm, _)| alarm.clone()));
        self.devices[number as usize] = self.blank(subject, known_since);
        self.dirty.subjects.insert(number);
        self.touch(number);
        // Records that were written a moment ago read well.
        let timers = self.fill(number, &samples, false).unwrap_or_default();
        for (alarm, record) in alarms.into_iter().filter_map(|(alarm, record)| Some((alarm, record?))) {
            match self.find(&alarm) {
                Some((number, binding)) => {
                    let _ = self.revive(number, binding, &record);
                    self.dirty.alarms.insert((number, binding));
                }
                None if Self::is_open_record(&record) => {
                    self.effects.push(Effect::Cleared { alarm, at: now, by: ClearedBy::Scope });
                }
                None => {}
            }
        }
        self.queue_all(number);
        self.set_timers(number, timers);
        // It may be explained by another now, and others by it no longer.
        if explained || !self.places.children(&subject.device).is_empty() {
            self.hush_all();
        }
        for binding in self.open_on(number).collect::<Vec<_>>() {
            self.hush(number, binding);
        }
    }

    /// Looks up whom a rule compares a device with, unless that is known.
    pub(super) fn look_around(&mut self, number: u32, rule: u32, config: NeighboursConfig) {
        let generation = self.places.generation;
        let device = &self.devices[number as usize];
        let known = device.near.iter().position(|(known, ..)| *known == rule);
        if known.is_some_and(|place| device.near[place].1 == generation) {
            return;
        }
        let mut found: Vec<(f64, u64, u32)> = Vec::new();
        let mut add = |other: u32, metres: f64| {
            if other != number {
                found.push((metres, self.devices[other as usize].order, other));
            }
        };
        match (config.within_m, device.subject.point, &device.subject.group) {
            (Some(within_m), Some(point), _) => {
                for other in self.places.around(point, within_m) {
                    let there = self.devices[other as usize].subject.point;
                    let metres = there.map_or(f64::INFINITY, |there| distance_m(point, there));
                    if metres <= within_m {
                        add(other, metres);
                    }
                }
            }
            (None, _, Some(group)) => self.places.group(group).iter().for_each(|other| add(*other, 0.0)),
            _ => {}
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let near: Box<[u32]> = found.into_iter().take(NEAR_MAX).map(|(.., other)| other).collect();
        let device = &mut self.devices[number as usize];
        match known {
            Some(place) => device.near[place] = (rule, generation, near),
            None => device.near.push((rule, generation, near)),
        }
    }
}
