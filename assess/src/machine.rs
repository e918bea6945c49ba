//! One alarm: idle, pending, active, recovering. Moves by what its conditions came to and by time, and by nothing else.

use model::Instant;

use crate::codec::{Reader, Torn, Writer};
use crate::effect::{AlarmKey, Suppressor};
use crate::rule::{Flap, LEVELS_MAX, Repeat, Rule};

/// Where an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    Pending,
    Active,
    Recovering,
}

/// The times of a rule that one alarm goes by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Law {
    pub(crate) levels: usize,
    fors_us: [i64; LEVELS_MAX],
    keep_us: i64,
    repeat: Option<Repeat>,
    flap: Option<Flap>,
}

/// What the conditions came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Input {
    /// For each level; `None` when a value is missing: it stays as it was.
    pub(crate) holds: [Option<bool>; LEVELS_MAX],
    /// Whether an open alarm must not clear although no level holds.
    pub(crate) kept: bool,
    /// By a reading, not by time.
    pub(crate) counted: bool,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Pending,
    Passed,
    Raised { flapping: bool },
    Changed { from: u8 },
    Recovering { due: Instant },
    Relapsed,
    Cleared,
}

/// The state of one alarm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Machine {
    pub(crate) phase: Phase,
    pub(crate) level: u8,
    /// Cleared by hand while its condition held: quiet until that ends.
    pub(crate) latched: bool,
    pub(crate) acknowledged: bool,
    pub(crate) dirty: bool,
    pub(crate) since: Instant,
    pub(crate) raised_at: Instant,
    recovering_at: Instant,
    /// Never goes back.
    clock: Instant,
    held: [Option<Instant>; LEVELS_MAX],
    hits: Vec<Instant>,
    raises: Vec<Instant>,
    pub(crate) shelved_until: Option<Instant>,
    pub(crate) suppressed: Option<Box<Suppressor>>,
}

const NEVER: Instant = Instant::from_micros(i64::MIN);

impl Law {
    pub(crate) fn of(rule: &Rule) -> Self {
        let mut fors_us = [0; LEVELS_MAX];
        for (hold, level) in fors_us.iter_mut().zip(&rule.levels) {
            *hold = level.hold_for.micros();
        }
        let keep_us = rule.keep_firing.micros();
        Self { levels: rule.levels.len(), fors_us, keep_us, repeat: rule.repeat, flap: rule.flap }
    }

    /// Silence is judged by its own span alone.
    pub(crate) fn of_silence(rule: &Rule) -> Self {
        let keep_us = rule.keep_firing.micros();
        Self { levels: 1, fors_us: [0; LEVELS_MAX], keep_us, repeat: None, flap: rule.flap }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            level: 0,
            latched: false,
            acknowledged: false,
            dirty: false,
            since: NEVER,
            raised_at: NEVER,
            recovering_at: NEVER,
            clock: NEVER,
            held: [None; LEVELS_MAX],
            hits: Vec::new(),
            raises: Vec::new(),
            shelved_until: None,
            suppressed: None,
        }
    }
}

impl Machine {
    /// Whether an alarm is open.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Active | Phase::Recovering)
    }

    /// Whether it remembers nothing.
    pub(crate) fn is_blank(&self) -> bool {
        self.phase == Phase::Idle
            && !self.latched
            && self.held == [None; LEVELS_MAX]
            && self.hits.is_empty()
            && self.raises.is_empty()
    }

    /// How far its time has come.
    pub(crate) fn clock(&self) -> Instant {
        self.clock
    }

    /// Its time has come at least so far.
    pub(crate) fn move_clock(&mut self, clock: Instant) {
        self.clock = clock.max(self.clock);
    }

    /// Whether a level fires: then the wider of its two conditions is asked.
    pub(crate) fn fires(&self, level: usize) -> bool {
        self.is_open() && level <= usize::from(self.level)
    }

    /// Takes what the conditions came to at an instant.
    pub(crate) fn step(&mut self, law: &Law, input: &Input, at: Instant) -> Option<Change> {
        let at = at.max(self.clock);
        self.clock = at;
        // A level holds while it or a worse one does.
        let mut any = false;
        for level in (0..law.levels).rev() {
            any |= input.holds[level].unwrap_or(self.held[level].is_some());
            let held = if any { Some(self.held[level].unwrap_or(at)) } else { None };
            self.dirty |= held != self.held[level];
            self.held[level] = held;
        }
        self.count_hit(law, any && input.counted, at);
        match self.phase {
            Phase::Idle | Phase::Pending => self.settle_quiet(law, any, at),
            Phase::Active => self.settle_active(law, any, input.kept, at),
            Phase::Recovering if any => {
                self.dirty = true;
                self.phase = Phase::Active;
                self.level = self.best(law, at).unwrap_or(self.level);
                Some(Change::Relapsed)
            }
            Phase::Recovering => self.settle_recovering(law, at),
        }
    }

    fn count_hit(&mut self, law: &Law, hit: bool, at: Instant) {
        let Some(repeat) = law.repeat else { return };
        if self.is_open() {
            return;
        }
        let before = self.hits.len();
        self.hits.retain(|hit| at.micros_since(*hit) < repeat.within.micros());
        if hit && self.hits.last() != Some(&at) {
            self.hits.push(at);
            if self.hits.len() > usize::from(repeat.count) {
                self.hits.remove(0);
            }
            self.dirty = true;
        }
        self.dirty |= self.hits.len() != before;
    }

    /// The worst level that has held for long enough.
    fn best(&self, law: &Law, at: Instant) -> Option<u8> {
        let ripe = |level: &usize| self.held[*level].is_some_and(|since| at.micros_since(since) >= law.fors_us[*level]);
        (0..law.levels).rev().find(ripe).and_then(|level| u8::try_from(level).ok())
    }

    fn settle_quiet(&mut self, law: &Law, any: bool, at: Instant) -> Option<Change> {
        if let Some(flap) = law.flap.filter(|_| !self.raises.is_empty()) {
            let before = self.raises.len();
            self.raises.retain(|raise| at.micros_since(*raise) < flap.within.micros());
            self.dirty |= self.raises.len() != before;
        }
        if self.latched {
            self.dirty |= !any;
            self.latched = any;
            return None;
        }
        let repeated = law.repeat.is_none_or(|repeat| self.hits.len() >= usize::from(repeat.count));
        if let Some(level) = self.best(law, at).filter(|_| repeated) {
            return Some(self.raise(law, level, at));
        }
        match (any, self.phase) {
            (true, Phase::Idle) => {
                self.phase = Phase::Pending;
                self.since = at;
                self.dirty = true;
                Some(Change::Pending)
            }
            (false, Phase::Pending) => {
                self.phase = Phase::Idle;
                self.dirty = true;
                Some(Change::Passed)
            }
            _ => None,
        }
    }

    fn raise(&mut self, law: &Law, level: u8, at: Instant) -> Change {
        if self.phase == Phase::Idle {
            self.since = self.held[0].unwrap_or(at);
        }
        self.phase = Phase::Active;
        self.level = level;
        self.raised_at = at;
        self.acknowledged = false;
        self.hits.clear();
        self.dirty = true;
        if let Some(flap) = law.flap {
            self.raises.push(at);
            if self.raises.len() > usize::from(flap.raises) {
                self.raises.remove(0);
            }
        }
        Change::Raised { flapping: self.is_flapping(law, at) }
    }

    fn is_flapping(&self, law: &Law, at: Instant) -> bool {
        law.flap.is_some_and(|flap| {
            let recent = |raise: &&Instant| at.micros_since(**raise) < flap.within.micros();
            self.raises.iter().filter(recent).count() >= usize::from(flap.raises)
        })
    }

    fn settle_active(&mut self, law: &Law, any: bool, kept: bool, at: Instant) -> Option<Change> {
        if any {
            // Its level stays while that level itself holds, whatever an edit did to the times.
            let own = Some(self.level).filter(|level| self.held[usize::from(*level)].is_some());
            let level = self.best(law, at).max(own).unwrap_or(self.level);
            if level == self.level {
                return None;
            }
            let from = std::mem::replace(&mut self.level, level);
            self.dirty = true;
            return Some(Change::Changed { from });
        }
        if kept {
            return None;
        }
        self.dirty = true;
        self.recovering_at = at;
        self.phase = Phase::Recovering;
        self.settle_recovering(law, at).or(Some(Change::Recovering { due: at.plus_micros(self.stay_us(law)) }))
    }

    /// How long it stays open after its condition ended.
    fn stay_us(&self, law: &Law) -> i64 {
        let quiet =
            law.flap.filter(|_| self.is_flapping(law, self.recovering_at)).map_or(0, |flap| flap.quiet.micros());
        law.keep_us.max(quiet)
    }

    fn settle_recovering(&mut self, law: &Law, at: Instant) -> Option<Change> {
        if at.micros_since(self.recovering_at) < self.stay_us(law) {
            return None;
        }
        self.close();
        Some(Change::Cleared)
    }

    fn close(&mut self) {
        self.phase = Phase::Idle;
        self.acknowledged = false;
        self.suppressed = None;
        self.shelved_until = None;
        self.dirty = true;
    }

    /// Closes it by hand; it keeps quiet until its condition has ended once.
    pub(crate) fn clear_by_hand(&mut self) {
        self.latched = self.held[0].is_some();
        self.close();
    }

    /// When it moves by time alone.
    pub(crate) fn due(&self, law: &Law) -> Option<Instant> {
        let ripens = (0..law.levels).filter_map(|level| Some(self.held[level]?.plus_micros(law.fors_us[level])));
        let next = ripens.filter(|ripe| *ripe > self.clock).min();
        match self.phase {
            Phase::Idle => None,
            Phase::Pending | Phase::Active => next,
            Phase::Recovering => Some(self.recovering_at.plus_micros(self.stay_us(law))),
        }
    }

    /// When what is pending will be raised if nothing changes.
    pub(crate) fn raises_at(&self, law: &Law) -> Option<Instant> {
        self.due(law).filter(|_| law.repeat.is_none_or(|repeat| self.hits.len() >= usize::from(repeat.count)))
    }

    /// Keeps what is open and forgets what a changed rule has to find anew.
    pub(crate) fn forget_pending(&mut self) {
        self.held = [None; LEVELS_MAX];
        self.hits.clear();
        if !self.is_open() {
            self.phase = Phase::Idle;
            self.latched = false;
            self.raises.clear();
        }
        self.dirty = true;
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        let phase = match self.phase {
            Phase::Idle => 0,
            Phase::Pending => 1,
            Phase::Active => 2,
            Phase::Recovering => 3,
        };
        out.byte(phase | u8::from(self.latched) << 2 | u8::from(self.acknowledged) << 3);
        out.byte(self.level);
        let base = self.clock;
        out.instant(base);
        for time in [self.since, self.raised_at, self.recovering_at] {
            out.maybe(Some(time).filter(|time| *time != NEVER), |out, time| out.signed(time.micros_since(base)));
        }
        for held in self.held {
            out.maybe(held, |out, time| out.signed(time.micros_since(base)));
        }
        for times in [&self.hits, &self.raises] {
            out.list(times, |out, time| out.signed(time.micros_since(base)));
        }
        out.maybe(self.shelved_until, Writer::instant);
        out.maybe(self.suppressed.as_deref(), write_suppressor);
    }

    pub(crate) fn read(from: &mut Reader) -> Result<Self, Torn> {
        let bits = from.byte()?;
        let phase = match bits & 3 {
            0 => Phase::Idle,
            1 => Phase::Pending,
            2 => Phase::Active,
            _ => Phase::Recovering,
        };
        let (latched, acknowledged) = (bits & 4 != 0, bits & 8 != 0);
        let level = from.byte()?;
        if usize::from(level) >= LEVELS_MAX || bits > 15 {
            return Err(Torn);
        }
        let clock = from.instant()?;
        let mut machine = Self { phase, level, latched, acknowledged, clock, ..Self::default() };
        let time = |from: &mut Reader| from.signed().map(|micros| clock.plus_micros(micros));
        machine.since = from.maybe(time)?.unwrap_or(NEVER);
        machine.raised_at = from.maybe(time)?.unwrap_or(NEVER);
        machine.recovering_at = from.maybe(time)?.unwrap_or(NEVER);
        for held in &mut machine.held {
            *held = from.maybe(time)?;
        }
        machine.hits = from.list(time)?;
        machine.raises = from.list(time)?;
        machine.shelved_until = from.maybe(Reader::instant)?;
        machine.suppressed = from.maybe(read_suppressor)?.map(Box::new);
        Ok(machine)
    }
}

fn write_suppressor(out: &mut Writer, by: &Suppressor) {
    match by {
        Suppressor::Shelf(until) => {
            out.byte(0);
            out.instant(*until);
        }
        Suppressor::Silence(id) => {
            out.byte(1);
            out.text(id);
        }
        Suppressor::Alarm(key) => {
            out.byte(2);
            write_key(out, key);
        }
    }
}

fn read_suppressor(from: &mut Reader) -> Result<Suppressor, Torn> {
    match from.byte()? {
        0 => Ok(Suppressor::Shelf(from.instant()?)),
        1 => Ok(Suppressor::Silence(from.text()?.into())),
        2 => Ok(Suppressor::Alarm(read_key(from)?)),
        _ => Err(Torn),
    }
}

pub(crate) fn write_key(out: &mut Writer, key: &AlarmKey) {
    out.text(&key.rule);
    out.text(key.device.as_str());
    out.text(&key.part);
}

pub(crate) fn read_key(from: &mut Reader) -> Result<AlarmKey, Torn> {
    Ok(AlarmKey { rule: from.text()?.into(), device: from.device()?, part: from.text()?.into() })
}
