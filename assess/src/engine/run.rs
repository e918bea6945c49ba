//! Moves readings and timers in the order of event time, and alarms by them.
//!
//! A lane settles everything before its watermark (now less its lateness) in one order, whatever the order of arrival:
//! at one instant first readings, then timers. Without lateness a reading counts when it comes, and timers that were
//! due before it was measured go first.

use std::cmp::Reverse;
use std::sync::Arc;

use model::{Instant, Reading, SeriesNo};

use super::device::{Device, Latest, NEVER};
use super::plan::{Kind, NONE};
use super::{Engine, Waiting};
use crate::effect::{ClearedBy, Effect, Evidence};
use crate::machine::{Change, Machine};

/// Readings of evidence with one alarm.
const EVIDENCE_MAX: usize = 8;

impl Engine {
    /// Takes a reading into a lane; false when it comes too late.
    pub(super) fn take(&mut self, lane: usize, number: u32, prop: usize, reading: &Reading, now: Instant) -> bool {
        let device = &self.devices[number as usize];
        let (order, at) = (device.order, reading.at);
        let ordered = self.lanes[lane].lateness_us == 0;
        if ordered && at <= device.latest[lane][prop].at || !ordered && at < self.lanes[lane].cursor {
            return false;
        }
        self.touch(number);
        if ordered && at <= now {
            self.run_timers(lane, at);
            self.apply(lane, number, &[(prop, reading.value)], at);
            return true;
        }
        let Reading { series, received_at, .. } = *reading;
        let value = reading.value.to_bits();
        let waiting = Waiting { at, order, device: number, series, received_at, value };
        self.lanes[lane].readings.push(Reverse(waiting));
        if !ordered {
            self.run(lane, now.plus_micros(-self.lanes[lane].lateness_us));
        }
        true
    }

    /// What a device measured, or waits for, is to be written.
    pub(super) fn touch(&mut self, number: u32) {
        let device = &mut self.devices[number as usize];
        if !device.dirty {
            device.dirty = true;
            self.dirty.samples.insert(number);
        }
    }

    /// Settles a lane up to a watermark.
    pub(super) fn run(&mut self, lane: usize, until: Instant) {
        let ordered = self.lanes[lane].lateness_us == 0;
        let ripe = |at: Instant| at < until || ordered && at == until;
        while let Some(at) = self.lanes[lane].readings.peek().map(|Reverse(first)| first.at).filter(|at| ripe(*at)) {
            self.run_timers(lane, at);
            self.apply_next(lane);
        }
        self.run_timers(lane, until);
    }

    /// Lets all timers of a lane go that are due before an instant.
    fn run_timers(&mut self, lane: usize, before: Instant) {
        while let Some(Reverse((due, _, number, binding))) = self.lanes[lane].timers.peek().copied() {
            if due >= before {
                break;
            }
            self.lanes[lane].timers.pop();
            self.go(number, binding, due);
        }
        let cursor = &mut self.lanes[lane].cursor;
        *cursor = before.max(*cursor);
    }

    fn go(&mut self, number: u32, binding: u16, due: Instant) {
        let device = &mut self.devices[number as usize];
        if device.queued(binding) != Some(due) {
            return;
        }
        device.set_queued(binding, None);
        self.touch(number);
        // What waited may have been put off since.
        match self.due(number, binding, due.plus_micros(-1)) {
            Some(later) if later > due => self.queue(number, binding, later),
            Some(_) => self.evaluate(number, binding, due, false),
            None => {}
        }
    }

    /// Applies the readings of the next device at the next instant; of one series the one received last.
    fn apply_next(&mut self, lane: usize) {
        let Some(Reverse(first)) = self.lanes[lane].readings.pop() else { return };
        let mut group = vec![(first.series, f64::from_bits(first.value))];
        while let Some(Reverse(next)) = self.lanes[lane].readings.peek().copied() {
            if (next.at, next.device) != (first.at, first.device) {
                break;
            }
            self.lanes[lane].readings.pop();
            if group.last().is_some_and(|(series, _)| *series == next.series) {
                group.pop();
            }
            group.push((next.series, f64::from_bits(next.value)));
        }
        self.touch(first.device);
        let device = &mut self.devices[first.device as usize];
        let place = |series: SeriesNo| device.subject.series.iter().position(|(known, _)| *known == series);
        let values = group.into_iter().filter_map(|(series, value)| Some((place(series)?, value)));
        let values: Vec<(usize, f64)> = values.filter(|(prop, _)| first.at > device.latest[lane][*prop].at).collect();
        self.apply(lane, first.device, &values, first.at);
    }

    fn apply(&mut self, lane: usize, number: u32, values: &[(usize, f64)], at: Instant) {
        let device = &mut self.devices[number as usize];
        for (prop, value) in values {
            device.latest[lane][*prop] = Latest { at, value: *value };
            for window in &device.plan.fills[lane][*prop] {
                device.windows[usize::from(*window)].push(at, *value);
            }
        }
        if let [(prop, _)] = values {
            let plan = Arc::clone(&device.plan);
            for binding in &plan.by[lane][*prop] {
                self.heard(number, *binding, at);
            }
            return;
        }
        let by = &device.plan.by[lane];
        let mut bindings: Vec<u16> = values.iter().flat_map(|(prop, _)| by[*prop].iter().copied()).collect();
        bindings.sort_unstable();
        bindings.dedup();
        for binding in bindings {
            self.heard(number, binding, at);
        }
    }

    /// A reading came for a binding.
    fn heard(&mut self, number: u32, binding: u16, at: Instant) {
        let device = &self.devices[number as usize];
        let bound = &device.plan.bindings[usize::from(binding)];
        // Silence that nobody noticed needs no look: its timer is put off when it comes.
        let unnoticed = device.machines[usize::from(binding)].is_none() && device.queued(binding).is_some();
        if bound.kind == Kind::Silence && unnoticed {
            return;
        }
        self.evaluate(number, binding, at, true);
    }

    /// Judges the conditions of a binding at an instant, and moves its alarm.
    pub(super) fn evaluate(&mut self, number: u32, binding: u16, at: Instant, counted: bool) {
        let bound = &self.devices[number as usize].plan.bindings[usize::from(binding)];
        let (rule, timed) = (bound.rule, bound.timed);
        if let Some(config) = self.watches[rule as usize].rule.neighbours {
            self.look_around(number, rule, config);
        }
        let mut input = self.judge(number, binding, at);
        input.counted = counted;
        let place = &mut self.devices[number as usize].machines[usize::from(binding)];
        // Most of the time nothing holds, and nothing did.
        if place.is_none() && !timed && input.holds.iter().all(|holds| *holds != Some(true)) {
            return;
        }
        let (mut known, mut fresh) = (place.take(), Machine::default());
        let machine = known.as_deref_mut().unwrap_or(&mut fresh);
        let change = machine.step(self.law(number, binding), &input, at);
        if std::mem::take(&mut machine.dirty) {
            self.dirty.alarms.insert((number, binding));
        }
        if !machine.is_blank() || change.is_some() {
            let machine = known.unwrap_or_else(|| Box::new(fresh));
            self.devices[number as usize].machines[usize::from(binding)] = Some(machine);
        }
        if let Some(change) = change {
            self.announce(number, binding, change, at);
        }
        if let Some(due) = self.due(number, binding, at) {
            self.queue(number, binding, due);
        }
        let place = &mut self.devices[number as usize].machines[usize::from(binding)];
        place.take_if(|machine| machine.is_blank());
    }

    /// When an alarm next moves by time alone, after an instant.
    pub(super) fn due(&self, number: u32, binding: u16, after: Instant) -> Option<Instant> {
        let device = &self.devices[number as usize];
        let bound = &device.plan.bindings[usize::from(binding)];
        let machine = self.machine(number, binding).and_then(|machine| machine.due(self.law(number, binding)));
        let silence = self.watches[bound.rule as usize].rule.no_data.filter(|_| bound.kind == Kind::Silence);
        let silence = silence.map(|(span, _)| self.silent_since(number, binding).plus_micros(span.micros()));
        let windows = bound.windows.iter().filter(|window| **window != NONE);
        let windows = windows.filter_map(|window| device.windows[usize::from(*window)].loses_at(after)).min();
        let hours = self.hours_until(bound.rule, after).map(|(_, until)| until);
        let hours = hours.filter(|until| until.as_micros() != i64::MAX);
        [machine, silence, windows, hours].into_iter().flatten().filter(|due| *due > after).min()
    }

    pub(super) fn queue(&mut self, number: u32, binding: u16, due: Instant) {
        let device = &mut self.devices[number as usize];
        let lane = device.plan.bindings[usize::from(binding)].lane;
        if device.queued(binding).is_none_or(|queued| due < queued) {
            device.set_queued(binding, Some(due));
            self.lanes[lane].timers.push(Reverse((due, device.order, number, binding)));
        }
    }

    /// Queues what a device waits for, after it was made known or remembered.
    pub(super) fn queue_all(&mut self, number: u32) {
        let Device { plan, known_since, .. } = &self.devices[number as usize];
        let (plan, known_since) = (Arc::clone(plan), *known_since);
        for (binding, bound) in (0..).zip(&plan.bindings) {
            if !bound.timed && self.machine(number, binding).is_none() {
                continue;
            }
            // Not from the beginning of time: schedules have had hours then, too.
            let after = self.lanes[bound.lane].cursor.max(known_since).plus_micros(-1);
            if let Some(due) = self.due(number, binding, after) {
                self.queue(number, binding, due);
            }
        }
    }

    fn announce(&mut self, number: u32, binding: u16, change: Change, at: Instant) {
        let alarm = self.key(number, binding);
        let order = self.devices[number as usize].order;
        let Some(machine) = self.machine(number, binding) else { return };
        let (since, severity) = (machine.since, self.severity(number, binding, machine.level));
        let effect = match change {
            Change::Pending => Effect::Pending { alarm, since, due: machine.raises_at(self.law(number, binding)) },
            Change::Passed => Effect::Passed { alarm, at },
            Change::Raised { flapping } => {
                let evidence = self.evidence(number, binding);
                Effect::Raised { alarm, severity, since, at, flapping, evidence }
            }
            Change::Changed { from } => {
                Effect::Changed { alarm, from: self.severity(number, binding, from), severity, at }
            }
            Change::Recovering { due } => Effect::Recovering { alarm, at, due },
            Change::Relapsed => Effect::Relapsed { alarm, severity, at },
            Change::Cleared => Effect::Cleared { alarm, at, by: ClearedBy::Condition },
        };
        self.effects.push(effect);
        match change {
            Change::Raised { .. } => {
                self.open.insert((order, number, binding));
                self.hush(number, binding);
                self.explain(number, binding);
            }
            Change::Cleared => {
                self.open.remove(&(order, number, binding));
                self.explain(number, binding);
            }
            _ => {}
        }
    }

    fn evidence(&self, number: u32, binding: u16) -> Vec<Evidence> {
        let device = &self.devices[number as usize];
        let bound = &device.plan.bindings[usize::from(binding)];
        let mut slots: Vec<u16> = bound.slots.iter().copied().filter(|slot| *slot != NONE).collect();
        slots.dedup();
        let reading = |slot: u16| {
            let latest = device.latest[bound.lane][usize::from(slot)];
            let (series, property) = &device.subject.series[usize::from(slot)];
            let (at, value) = (latest.at, latest.value);
            (at != NEVER).then(|| Evidence { series: *series, property: property.clone(), at, value })
        };
        slots.into_iter().filter_map(reading).take(EVIDENCE_MAX).collect()
    }
}
