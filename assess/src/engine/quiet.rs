//! What people do with alarms, and what keeps them quiet: shelves, silences, and alarms that explain others.
//!
//! An alarm that is kept quiet stays an alarm: it is open, moves and clears; only nobody is told.

use std::sync::Arc;

use model::{DeviceId, Instant};
use serde::Deserialize;

use super::Engine;
use super::device::Device;
use crate::effect::{AlarmKey, ClearedBy, Effect, Suppressor};
use crate::subject::Selector;

/// Links from a device up to what it speaks through.
const PARENTS_MAX: usize = 8;

/// Which alarms: those of some rules on some devices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// Ids of rules; none means all.
    pub rules: Vec<Box<str>>,
    /// Devices.
    pub selector: Selector,
}

/// Alarms that are expected: works, a test, a festival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its id.
    pub id: Arc<str>,
    /// Which alarms.
    pub matcher: Matcher,
    /// From when.
    pub from: Instant,
    /// Until when, not included.
    pub until: Instant,
    /// Why: for whoever asks later.
    pub reason: String,
}

/// How an alarm is bound to those it explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The explained speak through the device of the source.
    Parent,
    /// They are of its group.
    Group,
}

/// An open alarm of one rule explains those of others: a gateway that is down mutes its children.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inhibition {
    /// The rule that explains.
    pub source: Box<str>,
    /// Rules that are explained; none means all but the source.
    #[serde(default)]
    pub targets: Vec<Box<str>>,
    /// How they are bound.
    pub via: Via,
}

/// Why a command does nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such alarm is open.
    #[error("alarm {0} is not open")]
    NotOpen(AlarmKey),
    /// An end before the beginning.
    #[error("ends at {until}, which is not after {from}")]
    Ends {
        /// The beginning.
        from: Instant,
        /// The end.
        until: Instant,
    },
    /// No such silence.
    #[error("no silence {0:?}")]
    NoSilence(Arc<str>),
}

impl Engine {
    /// Somebody has taken note of an alarm.
    ///
    /// # Errors
    /// [`CommandError::NotOpen`].
    pub fn acknowledge(&mut self, alarm: &AlarmKey, now: Instant) -> Result<Vec<Effect>, CommandError> {
        let (number, binding) = self.open_one(alarm, now)?;
        let machine = self.devices[number as usize].machines[usize::from(binding)].as_mut();
        if let Some(machine) = machine.filter(|machine| !machine.acknowledged) {
            machine.acknowledged = true;
            self.dirty.alarms.insert((number, binding));
            self.effects.push(Effect::Acknowledged { alarm: alarm.clone(), at: now });
        }
        Ok(std::mem::take(&mut self.effects))
    }

    /// Puts an alarm aside until then.
    ///
    /// # Errors
    /// [`CommandError`] when it is not open or the end is past.
    pub fn shelve(&mut self, alarm: &AlarmKey, until: Instant, now: Instant) -> Result<Vec<Effect>, CommandError> {
        if until <= now {
            return Err(CommandError::Ends { from: now, until });
        }
        let (number, binding) = self.open_one(alarm, now)?;
        if let Some(machine) = &mut self.devices[number as usize].machines[usize::from(binding)] {
            machine.shelved_until = Some(until);
        }
        self.dirty.alarms.insert((number, binding));
        self.edges.insert(until);
        self.hush(number, binding);
        Ok(std::mem::take(&mut self.effects))
    }

    /// Closes an alarm by hand. It is not raised again before its condition has ended once.
    ///
    /// # Errors
    /// [`CommandError::NotOpen`].
    pub fn clear(&mut self, alarm: &AlarmKey, now: Instant) -> Result<Vec<Effect>, CommandError> {
        let (number, binding) = self.open_one(alarm, now)?;
        let device = &mut self.devices[number as usize];
        if let Some(machine) = &mut device.machines[usize::from(binding)] {
            machine.clear_by_hand();
        }
        self.open.remove(&(device.order, number, binding));
        self.dirty.alarms.insert((number, binding));
        self.effects.push(Effect::Cleared { alarm: alarm.clone(), at: now, by: ClearedBy::Hand });
        self.explain(number, binding);
        Ok(std::mem::take(&mut self.effects))
    }

    /// Begins a silence, or changes the one of the same id.
    ///
    /// # Errors
    /// [`CommandError::Ends`] when it ends before it begins, or is over.
    pub fn silence(&mut self, silence: Silence, now: Instant) -> Result<Vec<Effect>, CommandError> {
        let begins = silence.from.max(now);
        if silence.until <= silence.from || silence.until <= now {
            return Err(CommandError::Ends { from: begins, until: silence.until });
        }
        self.pass_edges(now);
        self.edges.extend([silence.from, silence.until].into_iter().filter(|edge| *edge > now));
        self.dirty.silences.insert(Arc::clone(&silence.id));
        self.silences.insert(Arc::clone(&silence.id), silence);
        self.hush_all();
        Ok(std::mem::take(&mut self.effects))
    }

    /// Ends a silence before its time.
    ///
    /// # Errors
    /// [`CommandError::NoSilence`].
    pub fn end_silence(&mut self, id: &str, now: Instant) -> Result<Vec<Effect>, CommandError> {
        self.pass_edges(now);
        let silence = self.silences.remove(id).ok_or_else(|| CommandError::NoSilence(id.into()))?;
        self.dirty.silences.insert(silence.id);
        self.hush_all();
        Ok(std::mem::take(&mut self.effects))
    }

    fn open_one(&mut self, alarm: &AlarmKey, now: Instant) -> Result<(u32, u16), CommandError> {
        self.pass_edges(now);
        let found = self.find(alarm);
        let open = found.filter(|(number, binding)| self.machine(*number, *binding).is_some_and(|one| one.is_open()));
        open.ok_or_else(|| CommandError::NotOpen(alarm.clone()))
    }

    /// Time has come to `now`: silences and shelves begin and end.
    pub(super) fn pass_edges(&mut self, now: Instant) {
        self.now = now.max(self.now);
        let mut passed = false;
        while self.edges.first().is_some_and(|edge| *edge <= self.now) {
            self.edges.pop_first();
            passed = true;
        }
        if passed {
            let now = self.now;
            let over: Vec<_> =
                self.silences.values().filter(|one| one.until <= now).map(|one| Arc::clone(&one.id)).collect();
            for id in over {
                self.silences.remove(&id);
                self.dirty.silences.insert(id);
            }
            self.hush_all();
        }
    }

    pub(super) fn hush_all(&mut self) {
        let open: Vec<_> = self.open.iter().copied().collect();
        for (_, number, binding) in open {
            self.hush(number, binding);
        }
    }

    /// An alarm was raised or closed: what it explains is looked at again.
    pub(super) fn explain(&mut self, number: u32, binding: u16) {
        let device = &self.devices[number as usize];
        let rule = device.plan.bindings[usize::from(binding)].rule;
        if !self.watches[rule as usize].explains {
            return;
        }
        let id = &self.watches[rule as usize].rule.id;
        let by_group = self.inhibitions.iter().any(|one| one.via == Via::Group && *one.source == **id);
        let mut told = vec![number];
        if let Some(group) = device.subject.group.as_ref().filter(|_| by_group) {
            told.extend(self.places.group(group));
        }
        let mut layer = vec![number];
        for _ in 0..PARENTS_MAX {
            let names = layer.iter().map(|number| &self.devices[*number as usize].subject.device);
            layer = names.flat_map(|name| self.places.children(name).iter().copied()).collect();
            told.extend(&layer);
        }
        told.sort_unstable_by_key(|number| (self.devices[*number as usize].order, *number));
        told.dedup();
        for number in told {
            for binding in self.open_on(number).collect::<Vec<_>>() {
                self.hush(number, binding);
            }
        }
    }

    pub(super) fn open_on(&self, number: u32) -> impl Iterator<Item = u16> {
        let order = self.devices[number as usize].order;
        self.open.range((order, number, 0)..=(order, number, u16::MAX)).map(|(.., binding)| *binding)
    }

    /// Says so when an open alarm begins or ends to be kept quiet.
    pub(super) fn hush(&mut self, number: u32, binding: u16) {
        let by = self.suppressor(number, binding);
        let alarm = self.key(number, binding);
        let Some(machine) = &mut self.devices[number as usize].machines[usize::from(binding)] else { return };
        if machine.suppressed.as_deref() == by.as_ref() {
            return;
        }
        machine.suppressed = by.clone().map(Box::new);
        self.dirty.alarms.insert((number, binding));
        self.effects.push(match by {
            Some(by) => Effect::Suppressed { alarm, by },
            None => Effect::Resumed { alarm },
        });
    }

    fn suppressor(&self, number: u32, binding: u16) -> Option<Suppressor> {
        let machine = self.machine(number, binding)?;
        if let Some(until) = machine.shelved_until.filter(|until| *until > self.now) {
            return Some(Suppressor::Shelf(until));
        }
        let device = &self.devices[number as usize];
        let rule = device.plan.bindings[usize::from(binding)].rule;
        let id = &*self.watches[rule as usize].rule.id;
        let silenced = |one: &&Silence| one.from <= self.now && self.now < one.until && one.matcher.matches(id, device);
        if let Some(silence) = self.silences.values().find(silenced) {
            return Some(Suppressor::Silence(Arc::clone(&silence.id)));
        }
        let explains = |inhibition: &&Inhibition| {
            let named = inhibition.targets.iter().any(|target| **target == *id);
            *inhibition.source != *id && (inhibition.targets.is_empty() || named)
        };
        let mut sources = self.inhibitions.iter().filter(explains);
        sources.find_map(|inhibition| self.explained_by(number, inhibition)).map(Suppressor::Alarm)
    }

    fn explained_by(&self, number: u32, inhibition: &Inhibition) -> Option<AlarmKey> {
        let source_on = |number: u32| {
            let bindings = &self.devices[number as usize].plan.bindings;
            let is_source = |binding: &u16| {
                let rule = bindings[usize::from(*binding)].rule;
                *self.watches[rule as usize].rule.id == *inhibition.source
            };
            self.open_on(number).find(is_source).map(|binding| self.key(number, binding))
        };
        let device = &self.devices[number as usize];
        if inhibition.via == Via::Group {
            let group = self.places.group(device.subject.group.as_deref()?);
            return group.iter().copied().filter_map(source_on).min();
        }
        let mut parent: Option<&DeviceId> = device.subject.parent.as_ref();
        for _ in 0..PARENTS_MAX {
            let number = *self.by_name.get(parent?)?;
            if let Some(source) = source_on(number) {
                return Some(source);
            }
            parent = self.devices[number as usize].subject.parent.as_ref();
        }
        None
    }
}

impl Matcher {
    fn matches(&self, rule: &str, device: &Device) -> bool {
        (self.rules.is_empty() || self.rules.iter().any(|known| **known == *rule))
            && self.selector.matches(&device.subject)
    }
}
