//! The engine: readings and time in, effects out.

mod device;
mod judge;
mod key;
mod plan;
mod quiet;
mod run;
pub(crate) mod state;

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use model::{DeviceId, Instant, Reading, SeriesNo};

use crate::codec::Torn;
use crate::effect::{AlarmKey, Effect, Ignored, Suppressor};
use crate::machine::{Law, Machine, Phase};
use crate::rule::{Rule, Severity};
use crate::schedule::Hours;
use crate::subject::Subject;

use device::{Device, Places};
use plan::Plans;
pub use quiet::{CommandError, Inhibition, Matcher, Silence, Via};
pub use state::{State, StateKey};

/// How far ahead of us a device's clock may be.
const AHEAD_MAX_US: i64 = 300_000_000;

/// What an engine is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The rules, compiled.
    pub rules: Vec<Rule>,
    /// Which alarms explain which others.
    pub inhibitions: Vec<Inhibition>,
    /// The city's time zone, for schedules.
    pub zone: TimeZone,
}

/// A rule with what follows from it.
#[derive(Debug)]
struct Watch {
    rule: Rule,
    law: Law,
    silence: Law,
    lane: usize,
    hours: Cell<Option<Hours>>,
    /// Explains others when its alarm is open.
    explains: bool,
}

/// A reading that waits for those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    at: Instant,
    order: u64,
    device: u32,
    series: SeriesNo,
    received_at: Instant,
    /// Bits of the value.
    value: u64,
}

/// A time that waits for an alarm.
type Timer = (Instant, u64, u32, u16);

/// Rules of one lateness: they see the same readings in the same order.
#[derive(Debug)]
struct Lane {
    lateness_us: i64,
    /// Everything before has been settled.
    cursor: Instant,
    readings: BinaryHeap<Reverse<Waiting>>,
    timers: BinaryHeap<Reverse<Timer>>,
    /// Some rule compares neighbours: readings of every device are kept.
    shared: bool,
}

/// The alarm engine of one city.
#[derive(Debug)]
pub struct Engine {
    watches: Vec<Watch>,
    inhibitions: Vec<Inhibition>,
    zone: TimeZone,
    lanes: Vec<Lane>,
    plans: Plans,
    devices: Vec<Device>,
    by_name: HashMap<DeviceId, u32>,
    places: Places,
    silences: BTreeMap<Arc<str>, Silence>,
    /// Times at which silences and shelves begin or end.
    edges: BTreeSet<Instant>,
    now: Instant,
    /// Before, nobody listened: see [`Engine::listen_from`].
    listening_since: Instant,
    /// Open alarms: order and number of the device, number of the binding.
    open: BTreeSet<(u64, u32, u16)>,
    dirty: state::Dirty,
    effects: Vec<Effect>,
}

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its condition holds, but not for long or often enough.
    Pending,
    /// It is open.
    Active,
    /// It is open and its condition has ended.
    Recovering,
}

/// One alarm as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmView {
    /// Which.
    pub alarm: AlarmKey,
    /// Where it stands.
    pub stage: Stage,
    /// How bad.
    pub severity: Severity,
    /// Since when its condition held.
    pub since: Instant,
    /// When it was raised; for a pending one, when it will be, as far as time alone decides.
    pub raised_at: Option<Instant>,
    /// Somebody has taken note.
    pub acknowledged: bool,
    /// What keeps it quiet.
    pub suppressed: Option<Suppressor>,
}

impl Engine {
    /// Begins where a state ended, under rules that may have changed since: what was pending under a changed rule is
    /// found anew, open alarms stay.
    ///
    /// # Errors
    /// [`Torn`] when a record was not written by this version.
    pub fn new(setup: Setup, state: &State) -> Result<Self, Torn> {
        let mut engine = Self::empty(setup);
        engine.restore(state)?;
        Ok(engine)
    }

    /// Begins with nothing remembered.
    pub fn empty(setup: Setup) -> Self {
        let mut latenesses: Vec<i64> = setup.rules.iter().map(|rule| rule.lateness.micros()).collect();
        latenesses.push(0);
        latenesses.sort_unstable();
        latenesses.dedup();
        let lane_of = |lateness: i64| latenesses.iter().position(|known| *known == lateness).unwrap_or(0);
        let inhibitions = setup.inhibitions;
        let explains = |id: &str| inhibitions.iter().any(|inhibition| *inhibition.source == *id);
        let mut shared = vec![false; latenesses.len()];
        let mut watches = Vec::with_capacity(setup.rules.len());
        for rule in setup.rules {
            let lane = lane_of(rule.lateness.micros());
            shared[lane] |= rule.neighbours.is_some();
            let (law, silence, explains) = (Law::of(&rule), Law::of_silence(&rule), explains(&rule.id));
            watches.push(Watch { rule, law, silence, lane, hours: Cell::new(None), explains });
        }
        let lane = |(lateness_us, shared)| Lane {
            lateness_us,
            cursor: Instant::from_micros(i64::MIN),
            readings: BinaryHeap::new(),
            timers: BinaryHeap::new(),
            shared,
        };
        Self {
            watches,
            inhibitions,
            zone: setup.zone,
            lanes: latenesses.into_iter().zip(shared).map(lane).collect(),
            plans: Plans::default(),
            devices: Vec::new(),
            by_name: HashMap::new(),
            places: Places::default(),
            silences: BTreeMap::new(),
            edges: BTreeSet::new(),
            now: Instant::from_micros(i64::MIN),
            listening_since: Instant::from_micros(i64::MIN),
            open: BTreeSet::new(),
            dirty: state::Dirty::default(),
            effects: Vec::new(),
        }
    }

    /// Takes one reading of a device.
    pub fn observe(&mut self, subject: &Subject, reading: &Reading, now: Instant) -> Vec<Effect> {
        self.pass_edges(now);
        let device = self.admit(subject, now);
        let why = self.place(device, reading, now).err();
        if let Some(why) = why {
            self.effects.push(Effect::Ignored { series: reading.series, at: reading.at, why });
        }
        std::mem::take(&mut self.effects)
    }

    fn place(&mut self, device: u32, reading: &Reading, now: Instant) -> Result<(), Ignored> {
        let Device { plan, subject, .. } = &self.devices[device as usize];
        let prop = subject.series.iter().position(|(series, _)| *series == reading.series).ok_or(Ignored::Series)?;
        if !reading.value.is_finite() {
            return Err(Ignored::Value);
        }
        if reading.at.micros_since(now) > AHEAD_MAX_US {
            return Err(Ignored::Future);
        }
        let plan = Arc::clone(plan);
        let (mut taken, mut late) = (false, false);
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].shared || !plan.by[lane][prop].is_empty() {
                let here = self.take(lane, device, prop, reading, now);
                taken |= here;
                late |= !here;
            }
        }
        if late && !taken { Err(Ignored::Late) } else { Ok(()) }
    }

    /// Makes a device known before it has said anything: silence counts from now.
    pub fn register(&mut self, subject: &Subject, now: Instant) -> Vec<Effect> {
        self.pass_edges(now);
        self.admit(subject, now);
        std::mem::take(&mut self.effects)
    }

    /// The program was away until now, and nothing could be heard: devices that were not silent before are given their
    /// whole time again. Say it after [`Engine::new`], before time passes.
    pub fn listen_from(&mut self, now: Instant) {
        self.listening_since = now;
        for number in 0..u32::try_from(self.devices.len()).unwrap_or(u32::MAX) {
            self.queue_all(number);
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Instant) -> Vec<Effect> {
        self.pass_edges(now);
        for lane in 0..self.lanes.len() {
            self.run(lane, now.plus_micros(-self.lanes[lane].lateness_us));
        }
        std::mem::take(&mut self.effects)
    }

    /// When [`Engine::tick`] next has something to do; now and then a little early.
    pub fn next_due(&self) -> Option<Instant> {
        let lanes = self.lanes.iter().flat_map(|lane| {
            let late = lane.lateness_us;
            let reading = lane.readings.peek().map(|Reverse(first)| first.at.plus_micros(late + i64::from(late > 0)));
            let timer = lane.timers.peek().map(|Reverse(first)| first.0.plus_micros(late + 1));
            [reading, timer]
        });
        lanes.flatten().chain(self.edges.first().copied()).min()
    }

    /// Every alarm that is pending or open.
    pub fn list_alarms(&self) -> Vec<AlarmView> {
        let numbers = (0_u32..).zip(&self.devices);
        numbers
            .flat_map(|(number, device)| (0..device.machines.len()).filter_map(move |at| self.view(number, at)))
            .collect()
    }

    fn view(&self, number: u32, at: usize) -> Option<AlarmView> {
        let device = &self.devices[number as usize];
        let machine = device.machines[at].as_deref()?;
        let stage = match machine.phase {
            Phase::Idle => return None,
            Phase::Pending => Stage::Pending,
            Phase::Active => Stage::Active,
            Phase::Recovering => Stage::Recovering,
        };
        let binding = u16::try_from(at).ok()?;
        let raised_at = Some(machine.raised_at).filter(|_| machine.is_open());
        Some(AlarmView {
            alarm: self.key(number, binding),
            stage,
            severity: self.severity(number, binding, machine.level),
            since: machine.since,
            raised_at: raised_at.or_else(|| machine.raises_at(self.law(number, binding))),
            acknowledged: machine.acknowledged,
            suppressed: machine.suppressed.as_deref().cloned(),
        })
    }

    fn key(&self, device: u32, binding: u16) -> AlarmKey {
        let device = &self.devices[device as usize];
        let binding = &device.plan.bindings[usize::from(binding)];
        AlarmKey {
            rule: Arc::clone(&self.watches[binding.rule as usize].rule.id),
            device: device.subject.device.clone(),
            part: Arc::clone(&binding.part),
        }
    }

    fn find(&self, alarm: &AlarmKey) -> Option<(u32, u16)> {
        let number = *self.by_name.get(&alarm.device)?;
        let bindings = &self.devices[number as usize].plan.bindings;
        let is_it = |binding: &plan::Binding| {
            binding.part == alarm.part && self.watches[binding.rule as usize].rule.id == alarm.rule
        };
        Some((number, u16::try_from(bindings.iter().position(is_it)?).ok()?))
    }

    fn machine(&self, device: u32, binding: u16) -> Option<&Machine> {
        self.devices[device as usize].machines[usize::from(binding)].as_deref()
    }

    /// Bytes that the devices take, without what all of one shape share: for capacity planning.
    pub fn heap_bytes(&self) -> usize {
        self.devices.iter().map(Device::heap_bytes).sum()
    }
}
