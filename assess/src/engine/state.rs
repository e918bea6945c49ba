//! What the engine remembers, as small records: the caller stores those that changed, beside how far it has read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grid::LonLat;
use model::{DeviceId, Instant, SeriesNo};

use super::device::{Latest, NEVER};
use super::plan::Kind;
use super::quiet::{Matcher, Silence};
use super::{Engine, Waiting};
use crate::codec::{Reader, Torn, Writer};
use crate::effect::{AlarmKey, ClearedBy, Effect};
use crate::machine::{Machine, Phase};
use crate::rule::Severity;
use crate::span::Span;
use crate::subject::{Selector, Subject};
use crate::window::Window;

/// Version of the records.
const VERSION: u8 = 1;

/// Which record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKey {
    /// How far time has come.
    Time,
    /// What a device is.
    Device(DeviceId),
    /// What it last measured.
    Samples(DeviceId),
    /// An alarm that is not idle.
    Alarm(AlarmKey),
    /// A silence.
    Silence(Arc<str>),
}

/// Everything the engine remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State(pub BTreeMap<StateKey, Vec<u8>>);

impl State {
    /// Takes what changed.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = (StateKey, Option<Vec<u8>>)>) {
        for (key, record) in changes {
            match record {
                Some(record) => drop(self.0.insert(key, record)),
                None => drop(self.0.remove(&key)),
            }
        }
    }
}

/// What was touched since it was last asked.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) subjects: BTreeSet<u32>,
    pub(super) samples: BTreeSet<u32>,
    pub(super) alarms: BTreeSet<(u32, u16)>,
    /// Alarms that have no binding any more.
    pub(super) gone: BTreeSet<AlarmKey>,
    pub(super) silences: BTreeSet<Arc<str>>,
}

impl Engine {
    /// The whole state.
    pub fn save(&self) -> State {
        let mut state = State::default();
        state.0.insert(StateKey::Time, self.time_record());
        let waiting = self.waiting();
        for (number, device) in (0_u32..).zip(&self.devices) {
            let name = &device.subject.device;
            state.0.insert(StateKey::Device(name.clone()), self.device_record(number));
            state.0.insert(StateKey::Samples(name.clone()), self.samples_record_with(number, &waiting));
            for binding in (0..).zip(&device.machines).filter_map(|(at, machine)| machine.as_ref().map(|_| at)) {
                let record = self.alarm_record(number, binding);
                state.apply([(StateKey::Alarm(self.key(number, binding)), record)]);
            }
        }
        for silence in self.silences.values() {
            state.0.insert(StateKey::Silence(Arc::clone(&silence.id)), silence_record(silence));
        }
        state
    }

    /// The records that changed since this was last asked; without a record, it is to be deleted.
    pub fn changes(&mut self) -> Vec<(StateKey, Option<Vec<u8>>)> {
        let dirty = std::mem::take(&mut self.dirty);
        let mut changes = vec![(StateKey::Time, Some(self.time_record()))];
        let name = |number: u32| self.devices[number as usize].subject.device.clone();
        changes.extend(dirty.gone.into_iter().map(|alarm| (StateKey::Alarm(alarm), None)));
        for number in dirty.subjects {
            changes.push((StateKey::Device(name(number)), Some(self.device_record(number))));
        }
        let waiting = if dirty.samples.is_empty() { BTreeMap::new() } else { self.waiting() };
        for number in &dirty.samples {
            let record = self.samples_record_with(*number, &waiting);
            changes.push((StateKey::Samples(name(*number)), Some(record)));
        }
        for (number, binding) in dirty.alarms {
            changes.push((StateKey::Alarm(self.key(number, binding)), self.alarm_record(number, binding)));
        }
        for id in dirty.silences {
            let record = self.silences.get(&id).map(silence_record);
            changes.push((StateKey::Silence(id), record));
        }
        for number in dirty.samples {
            self.devices[number as usize].dirty = false;
        }
        changes
    }

    pub(super) fn restore(&mut self, state: &State) -> Result<(), Torn> {
        if let Some(record) = state.0.get(&StateKey::Time) {
            self.read_time(record)?;
        }
        let mut timers = Vec::new();
        for (key, record) in &state.0 {
            match key {
                StateKey::Device(name) => {
                    let (subject, known_since) = read_device(name, record)?;
                    self.install(&subject, known_since);
                }
                StateKey::Samples(name) => {
                    let number = *self.by_name.get(name).ok_or(Torn)?;
                    timers.push((number, self.fill(number, record, true)?));
                }
                StateKey::Silence(id) => {
                    let silence = read_silence(id, record)?;
                    self.edges.extend([silence.from, silence.until]);
                    self.silences.insert(Arc::clone(id), silence);
                }
                StateKey::Alarm(_) | StateKey::Time => {}
            }
        }
        for (key, record) in &state.0 {
            let StateKey::Alarm(alarm) = key else { continue };
            match self.find(alarm) {
                Some((number, binding)) => self.revive(number, binding, record)?,
                None => {
                    self.dirty.gone.insert(alarm.clone());
                    if Self::is_open_record(record) {
                        let at = self.now;
                        self.effects.push(Effect::Cleared { alarm: alarm.clone(), at, by: ClearedBy::Scope });
                    }
                }
            }
        }
        for number in 0..u32::try_from(self.devices.len()).unwrap_or(u32::MAX) {
            self.queue_all(number);
        }
        for (number, timers) in timers {
            self.set_timers(number, timers);
        }
        // Not those that time has passed already: they were seen.
        self.edges = self.edges.split_off(&self.now.plus_micros(1));
        self.hush_all();
        Ok(())
    }

    /// Sets the timers of a lane without lateness as they were: what is due may be older than what was seen last.
    pub(super) fn set_timers(&mut self, number: u32, timers: Vec<ReadTimer>) {
        let mut from = 0;
        for (rule, part, clock, queued) in timers {
            // They were written in the order of the bindings, which seldom changes.
            let bindings = &self.devices[number as usize].plan.bindings;
            let is_it = |place: &usize| {
                let bound = &bindings[*place % bindings.len()];
                bound.part == part && self.watches[bound.rule as usize].rule.id == rule
            };
            let Some(place) = (from..from + bindings.len()).find(is_it) else { continue };
            from = place % bindings.len();
            let Ok(binding) = u16::try_from(from) else { continue };
            let lane = self.devices[number as usize].plan.bindings[usize::from(binding)].lane;
            if self.lanes[lane].lateness_us == 0 {
                if let Some(queued) = queued {
                    self.queue(number, binding, queued);
                }
                let machine = &mut self.devices[number as usize].machines[usize::from(binding)];
                if let (Some(machine), Some(clock)) = (machine, clock) {
                    machine.move_clock(clock);
                }
            }
        }
    }

    fn time_record(&self) -> Vec<u8> {
        let mut out = Writer::versioned(VERSION);
        out.instant(self.now);
        out.list(&self.lanes, |out, lane| {
            out.signed(lane.lateness_us);
            out.instant(lane.cursor);
        });
        out.done()
    }

    fn read_time(&mut self, record: &[u8]) -> Result<(), Torn> {
        let mut from = Reader::versioned(record, VERSION)?;
        self.now = from.instant()?;
        for (lateness, cursor) in from.list(|from| Ok((from.signed()?, from.instant()?)))? {
            if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.lateness_us == lateness) {
                lane.cursor = cursor;
            }
        }
        from.end()
    }

    /// What waits, by device and lane.
    fn waiting(&self) -> BTreeMap<(u32, usize), Vec<Waiting>> {
        let mut waiting: BTreeMap<_, Vec<Waiting>> = BTreeMap::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            for std::cmp::Reverse(one) in &lane.readings {
                waiting.entry((one.device, number)).or_default().push(*one);
            }
        }
        waiting.values_mut().for_each(|list| list.sort_unstable());
        waiting
    }

    pub(super) fn samples_record(&self, number: u32) -> Vec<u8> {
        self.samples_record_with(number, &BTreeMap::new())
    }

    fn samples_record_with(&self, number: u32, waiting: &BTreeMap<(u32, usize), Vec<Waiting>>) -> Vec<u8> {
        let device = &self.devices[number as usize];
        let mut out = Writer::versioned(VERSION);
        out.count(self.lanes.len());
        for (number_of, lane) in self.lanes.iter().enumerate() {
            out.signed(lane.lateness_us);
            let known: Vec<_> = device.subject.series.iter().zip(&device.latest[number_of]).collect();
            let known: Vec<_> = known.into_iter().filter(|(_, latest)| latest.at != NEVER).collect();
            out.list(&known, |out, ((_, name), latest)| {
                out.text(name);
                out.instant(latest.at);
                out.float(latest.value);
            });
            let waits = waiting.get(&(number, number_of)).map_or(&[][..], Vec::as_slice);
            out.list(waits, |out, one| {
                out.instant(one.at);
                out.unsigned(one.series.0.into());
                out.instant(one.received_at);
                out.float(f64::from_bits(one.value));
            });
            let kept: Vec<_> = device.plan.windows.iter().zip(&device.windows).collect();
            let kept: Vec<_> = kept.into_iter().filter(|(kept, _)| kept.lane == number_of).collect();
            out.list(&kept, |out, (kept, window)| {
                out.text(&device.subject.series[usize::from(kept.prop)].1);
                out.signed(kept.span.micros());
                window.write(out);
            });
            // With a lateness they follow from all the rest.
            let timers = if lane.lateness_us == 0 { self.timers_of(number, number_of) } else { Vec::new() };
            out.list(&timers, |out, (alarm, clock, queued)| {
                out.text(&alarm.rule);
                out.text(&alarm.part);
                out.maybe(*clock, Writer::instant);
                out.maybe(*queued, Writer::instant);
            });
        }
        out.done()
    }

    fn timers_of(&self, number: u32, lane: usize) -> Vec<(AlarmKey, Option<Instant>, Option<Instant>)> {
        let device = &self.devices[number as usize];
        let machines = (0..).zip(&device.machines).zip(&device.plan.bindings);
        let mine = machines.filter(|(_, bound)| bound.lane == lane);
        let timers = mine.map(|((at, machine), _)| {
            let clock = machine.as_ref().filter(|machine| !machine.is_blank()).map(|machine| machine.clock());
            (at, clock, device.queued(at))
        });
        let some = timers.filter(|(_, clock, queued)| clock.is_some() || queued.is_some());
        some.map(|(at, clock, queued)| (self.key(number, at), clock, queued)).collect()
    }

    /// Reads back what a device measured. A lane that is new takes what another one has seen.
    pub(super) fn fill(&mut self, number: u32, record: &[u8], with_waiting: bool) -> Result<Vec<ReadTimer>, Torn> {
        let mut from = Reader::versioned(record, VERSION)?;
        let mut read = Vec::new();
        for _ in 0..from.count()? {
            read.push(read_lane(&mut from)?);
        }
        from.end()?;
        let device = &mut self.devices[number as usize];
        let prop = |name: &str| device.subject.series.iter().position(|(_, known)| **known == *name);
        for (lane_number, lane) in self.lanes.iter_mut().enumerate() {
            let same = read.iter().find(|one| one.lateness_us == lane.lateness_us);
            for (name, latest) in same.or(read.first()).into_iter().flat_map(|one| &one.latest) {
                if let Some(prop) = prop(name) {
                    device.latest[lane_number][prop] = *latest;
                }
            }
            for (at, series, received_at, value) in same.iter().flat_map(|one| &one.waiting).filter(|_| with_waiting) {
                let (at, series, received_at, value) = (*at, *series, *received_at, value.to_bits());
                let one = Waiting { at, order: device.order, device: number, series, received_at, value };
                lane.readings.push(std::cmp::Reverse(one));
            }
        }
        self.fill_windows(number, &read);
        Ok(read.into_iter().flat_map(|one| one.timers).collect())
    }

    fn fill_windows(&mut self, number: u32, read: &[ReadLane]) {
        let device = &mut self.devices[number as usize];
        for (kept, window) in device.plan.windows.iter().zip(&mut device.windows) {
            let name = &device.subject.series[usize::from(kept.prop)].1;
            let lateness = self.lanes[kept.lane].lateness_us;
            let fits = |one: &&(i64, Box<str>, Span, Window)| one.1 == *name && one.2 == kept.span;
            let all = || read.iter().flat_map(|one| &one.windows);
            let same = all().find(|one| fits(one) && one.0 == lateness).or_else(|| all().find(fits));
            if let Some((.., found)) = same {
                *window = found.clone();
            }
        }
    }

    fn device_record(&self, number: u32) -> Vec<u8> {
        let device = &self.devices[number as usize];
        let subject = &device.subject;
        let mut out = Writer::versioned(VERSION);
        out.instant(device.known_since);
        out.unsigned(subject.revision.into());
        out.text(&subject.class);
        out.list(&subject.areas, |out, area| out.text(area));
        out.maybe(subject.group.as_deref(), Writer::text);
        out.list(&subject.tags, |out, tag| out.text(tag));
        out.maybe(subject.parent.as_ref(), |out, parent| out.text(parent.as_str()));
        out.maybe(subject.point, |out, point| {
            out.float(point.lon_deg());
            out.float(point.lat_deg());
        });
        out.list(&subject.series, |out, (series, name)| {
            out.unsigned(series.0.into());
            out.text(name);
        });
        out.done()
    }

    /// The record of an alarm; none when there is nothing to remember.
    pub(super) fn alarm_record(&self, number: u32, binding: u16) -> Option<Vec<u8>> {
        let machine = self.machine(number, binding).filter(|machine| !machine.is_blank())?;
        let bound = &self.devices[number as usize].plan.bindings[usize::from(binding)];
        let mut out = Writer::versioned(VERSION);
        out.flag(machine.is_open());
        out.unsigned(self.watches[bound.rule as usize].rule.fingerprint);
        out.byte(self.severity(number, binding, machine.level) as u8);
        machine.write(&mut out);
        Some(out.done())
    }

    pub(super) fn is_open_record(record: &[u8]) -> bool {
        record.get(1) == Some(&1)
    }

    /// Reads an alarm back; under a changed rule what was pending is forgotten and the severity finds its new level.
    pub(super) fn revive(&mut self, number: u32, binding: u16, record: &[u8]) -> Result<(), Torn> {
        let mut from = Reader::versioned(record, VERSION)?;
        from.flag()?;
        let (fingerprint, severity) = (from.unsigned()?, from.byte()?);
        let mut machine = Machine::read(&mut from)?;
        from.end()?;
        let device = &mut self.devices[number as usize];
        let bound = &device.plan.bindings[usize::from(binding)];
        let rule = &self.watches[bound.rule as usize].rule;
        if rule.fingerprint != fingerprint {
            machine.forget_pending();
            let levels = rule.levels.iter().map(|level| level.severity as u8);
            let level = levels.take_while(|level| *level <= severity).count().saturating_sub(1);
            machine.level = if bound.kind == Kind::Levels { u8::try_from(level).unwrap_or(0) } else { 0 };
            self.dirty.alarms.insert((number, binding));
        }
        if machine.level > 0 && usize::from(machine.level) >= rule.levels.len() {
            return Err(Torn);
        }
        if machine.is_open() {
            self.open.insert((device.order, number, binding));
        }
        self.edges.extend(machine.shelved_until);
        let keep = machine.phase != Phase::Idle || !machine.is_blank();
        device.machines[usize::from(binding)] = keep.then(|| Box::new(machine));
        Ok(())
    }
}

/// One lane of a record of samples.
struct ReadLane {
    lateness_us: i64,
    latest: Vec<(Box<str>, Latest)>,
    waiting: Vec<(Instant, SeriesNo, Instant, f64)>,
    windows: Vec<(i64, Box<str>, Span, Window)>,
    timers: Vec<ReadTimer>,
}

/// What an alarm of a lane without lateness waits for: rule, part, how far its time has come, when it is due.
type ReadTimer = (Arc<str>, Arc<str>, Option<Instant>, Option<Instant>);

fn series(from: &mut Reader) -> Result<SeriesNo, Torn> {
    u32::try_from(from.unsigned()?).map(SeriesNo).map_err(|_| Torn)
}

fn read_lane(from: &mut Reader) -> Result<ReadLane, Torn> {
    let lateness_us = from.signed()?;
    let latest = from.list(|from| {
        let name: Box<str> = from.text()?.into();
        Ok((name, Latest { at: from.instant()?, value: from.float()? }))
    })?;
    let waiting = from.list(|from| Ok((from.instant()?, series(from)?, from.instant()?, from.float()?)))?;
    let windows = from.list(|from| {
        let name: Box<str> = from.text()?.into();
        let span = Span::from_micros(from.signed()?).ok_or(Torn)?;
        Ok((lateness_us, name, span, Window::read(span, from)?))
    })?;
    let timers = from.list(|from| {
        Ok((from.text()?.into(), from.text()?.into(), from.maybe(Reader::instant)?, from.maybe(Reader::instant)?))
    })?;
    Ok(ReadLane { lateness_us, latest, waiting, windows, timers })
}

fn words(from: &mut Reader) -> Result<Vec<Box<str>>, Torn> {
    from.list(|from| from.text().map(Into::into))
}

fn read_device(name: &DeviceId, record: &[u8]) -> Result<(Subject, Instant), Torn> {
    let mut from = Reader::versioned(record, VERSION)?;
    let known_since = from.instant()?;
    let subject = Subject {
        device: name.clone(),
        revision: u32::try_from(from.unsigned()?).map_err(|_| Torn)?,
        class: from.text()?.into(),
        areas: words(&mut from)?,
        group: from.maybe(|from| from.text().map(Into::into))?,
        tags: words(&mut from)?,
        parent: from.maybe(Reader::device)?,
        point: from.maybe(|from| LonLat::new(from.float()?, from.float()?).map_err(|_| Torn))?,
        series: from.list(|from| Ok((series(from)?, from.text()?.into())))?,
    };
    from.end()?;
    Ok((subject, known_since))
}

fn silence_record(silence: &Silence) -> Vec<u8> {
    let mut out = Writer::versioned(VERSION);
    out.instant(silence.from);
    out.instant(silence.until);
    out.text(&silence.reason);
    let Matcher { rules, selector } = &silence.matcher;
    let Selector { classes, properties, areas, groups, tags, devices } = selector;
    for list in [rules, classes, properties, areas, groups, tags, devices] {
        out.list(list, |out, word| out.text(word));
    }
    out.done()
}

fn read_silence(id: &Arc<str>, record: &[u8]) -> Result<Silence, Torn> {
    let mut from = Reader::versioned(record, VERSION)?;
    let (begins, until) = (from.instant()?, from.instant()?);
    let reason = from.text()?.to_owned();
    let rules = words(&mut from)?;
    let selector = Selector {
        classes: words(&mut from)?,
        properties: words(&mut from)?,
        areas: words(&mut from)?,
        groups: words(&mut from)?,
        tags: words(&mut from)?,
        devices: words(&mut from)?,
    };
    from.end()?;
    Ok(Silence { id: Arc::clone(id), matcher: Matcher { rules, selector }, from: begins, until, reason })
}

/// How bad, from a record.
pub(crate) fn severity_of(byte: u8) -> Result<Severity, Torn> {
    [Severity::Info, Severity::Minor, Severity::Major, Severity::Critical].get(usize::from(byte)).copied().ok_or(Torn)
}
