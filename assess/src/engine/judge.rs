//! What the conditions of a rule come to on one device at one instant. Changes nothing.

use model::Instant;

use super::Engine;
use super::device::{Device, NEVER};
use super::plan::{Binding, Kind, NONE};
use crate::cel::{Env, Windowed};
use crate::machine::{Input, Law};
use crate::rule::Severity;
use crate::span::Span;

/// One device under one rule at one instant.
struct View<'e> {
    engine: &'e Engine,
    device: &'e Device,
    binding: &'e Binding,
    at: Instant,
}

impl Env for View<'_> {
    fn prop(&self, name: u16) -> Option<f64> {
        let slot = self.binding.slots[usize::from(name)];
        let latest = self.device.latest[self.binding.lane].get(usize::from(slot))?;
        (latest.at != NEVER).then_some(latest.value)
    }

    fn window(&self, window: u16, kind: Windowed) -> Option<f64> {
        let kept = self.binding.windows[usize::from(window)];
        if kept == NONE {
            return None;
        }
        self.device.windows[usize::from(kept)].ask(kind, self.at)
    }

    fn neighbours(&self, name: u16) -> Option<f64> {
        let slot = self.binding.slots[usize::from(name)];
        let (_, property) = self.device.subject.series.get(usize::from(slot))?;
        let config = self.engine.watches[self.binding.rule as usize].rule.neighbours?;
        let fresh_us = config.fresh.unwrap_or(Span::from_secs(3_600)).micros();
        let (.., near) = self.device.near.iter().find(|(rule, ..)| *rule == self.binding.rule)?;
        let mut values = Vec::with_capacity(near.len());
        for other in near {
            let other = &self.engine.devices[*other as usize];
            let Some(place) = other.subject.series.iter().position(|(_, name)| name == property) else { continue };
            let latest = other.latest[self.binding.lane][place];
            if latest.at != NEVER && self.at.micros_since(latest.at) <= fresh_us {
                values.push(latest.value);
            }
        }
        if values.len() < usize::from(config.at_least) { None } else { median(&mut values) }
    }
}

/// The middle value; of two, their mean.
fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, value, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| even);
    Some(lower.map_or(*value, |lower| f64::midpoint(lower, *value)))
}

impl Engine {
    /// What the conditions come to. Neighbours must have been looked up.
    pub(super) fn judge(&self, number: u32, at_binding: u16, at: Instant) -> Input {
        let device = &self.devices[number as usize];
        let binding = &device.plan.bindings[usize::from(at_binding)];
        let watch = &self.watches[binding.rule as usize];
        let mut input = Input::default();
        if !self.watches_at(binding.rule, at) {
            input.holds = [Some(false); crate::rule::LEVELS_MAX];
            return input;
        }
        if binding.kind == Kind::Silence {
            let after_us = watch.rule.no_data.map_or(i64::MAX, |(after, _)| after.micros());
            input.holds[0] = Some(at.micros_since(self.silent_since(number, at_binding)) >= after_us);
            return input;
        }
        let machine = self.machine(number, at_binding);
        let view = View { engine: self, device, binding, at };
        for (place, level) in watch.rule.levels.iter().enumerate() {
            let still = level.still.as_ref().filter(|_| machine.is_some_and(|machine| machine.fires(place)));
            input.holds[place] = still.unwrap_or(&level.when).eval(&view);
        }
        if let Some(clear) = watch.rule.clear.as_ref().filter(|_| machine.is_some_and(|machine| machine.is_open())) {
            input.kept = clear.eval(&view) != Some(true);
        }
        input
    }

    /// From when a silence counts. What is not called silent yet is not blamed for the time in which nobody listened.
    pub(super) fn silent_since(&self, number: u32, at_binding: u16) -> Instant {
        let heard_at = self.heard_at(number, &self.devices[number as usize].plan.bindings[usize::from(at_binding)]);
        let is_open = self.machine(number, at_binding).is_some_and(|machine| machine.is_open());
        if is_open { heard_at } else { heard_at.max(self.listening_since) }
    }

    /// When something was last heard of what a silence is about.
    fn heard_at(&self, number: u32, binding: &Binding) -> Instant {
        let device = &self.devices[number as usize];
        let latest = &device.latest[binding.lane];
        let heard = binding.slots.iter().filter_map(|slot| Some(latest.get(usize::from(*slot))?.at)).max();
        heard.filter(|at| *at != NEVER).unwrap_or(device.known_since)
    }

    /// Whether a rule watches by its schedule.
    fn watches_at(&self, rule: u32, at: Instant) -> bool {
        self.hours_until(rule, at).is_none_or(|(open, _)| open)
    }

    /// Whether a scheduled rule watches, and until when that stays so.
    pub(super) fn hours_until(&self, rule: u32, at: Instant) -> Option<(bool, Instant)> {
        let watch = &self.watches[rule as usize];
        let schedule = watch.rule.schedule.as_ref()?;
        let hours = watch.hours.get().filter(|hours| hours.covers(at)).unwrap_or_else(|| {
            let hours = schedule.at(at, &self.zone);
            watch.hours.set(Some(hours));
            hours
        });
        Some((hours.open, hours.until))
    }

    pub(super) fn law(&self, number: u32, binding: u16) -> &Law {
        let binding = &self.devices[number as usize].plan.bindings[usize::from(binding)];
        let watch = &self.watches[binding.rule as usize];
        match binding.kind {
            Kind::Levels => &watch.law,
            Kind::Silence => &watch.silence,
        }
    }

    pub(super) fn severity(&self, number: u32, binding: u16, level: u8) -> Severity {
        let binding = &self.devices[number as usize].plan.bindings[usize::from(binding)];
        let rule = &self.watches[binding.rule as usize].rule;
        let silence = rule.no_data.filter(|_| binding.kind == Kind::Silence).map(|(_, severity)| severity);
        let level = rule.levels.get(usize::from(level)).map(|level| level.severity);
        silence.or(level).unwrap_or(Severity::Minor)
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle() {
        for (values, expect) in
            [(vec![], None), (vec![3.0], Some(3.0)), (vec![9.0, 1.0], Some(5.0)), (vec![9.0, 1.0, 2.0], Some(2.0))]
        {
            assert_eq!(median(&mut values.clone()), expect, "{values:?}");
        }
    }
}
