//! The alarm engine at work: readings that are on the disk go in, alarms are written down, cases are opened.
//!
//! What the engine remembers is kept together with what it said. A program that is killed reads the readings again that
//! came after, and says nothing twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use act::notifications::record_alarm_notice;
use assess::{CommandError, Effect, Engine, Matcher, Selector, Silence, State, Subject};
use model::{AlarmRuleId, DeviceId, Instant, PartyId, RegionId};
use pack::{AlarmRule, City, Packs, SCENE_RULE};
use sense::device_alarms::{self, AlarmDesk, Deed, DeedDone, RecordError, RehearsalDone, RehearsalError};
use sense::telemetry::{Fleet, Kept, Lake, Member, TimeOrder, Told};
use store::{SilenceRow, Tx};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::lead::Lease;
use super::notices::{self, Notices};
use super::rehearsal::Stage;
use super::said::by_alarm;
use super::{counters, rules};

/// What the engine remembers is kept at least this often; what it says, at once.
const KEEP_EVERY_US: i64 = 1_000_000;

/// Batches of readings that are judged between two looks at the clock.
const BATCHES: usize = 256;

/// The record of how far readings had come when the rest was kept.
const THROUGH: &str = "through";

/// Readings that came while a record was being kept are read again: so long before it, microseconds.
const OVERLAP_US: i64 = 10 * 60 * 1_000_000;

/// Most readings of one series that are read again after a stop.
const AGAIN_MAX: usize = 100_000;

/// What the engine is asked to do.
#[derive(Debug)]
pub enum Work {
    /// Something with an open alarm of a rule, a device and a part.
    Act(AlarmRuleId, DeviceId, String, Deed),
    /// To take note of some.
    Acknowledge(Vec<(AlarmRuleId, DeviceId, String)>),
    /// To begin a silence.
    Silence(SilenceRow),
    /// To end one.
    EndSilence(SilenceRow),
}

/// Work, and who waits to hear of it.
pub struct Ask {
    /// What.
    pub work: Work,
    /// By whom.
    pub by: PartyId,
    /// Who waits.
    pub answer: oneshot::Sender<Result<(), String>>,
}

/// The way to the engine, for the faces.
pub struct Counter {
    ask: mpsc::Sender<Ask>,
    packs: Arc<Packs>,
    stage: Arc<Stage>,
    /// One rule is tried at a time: it reads much.
    trying: Arc<Semaphore>,
}

impl Counter {
    /// The way to an engine that listens to `ask`.
    pub fn new(ask: mpsc::Sender<Ask>, packs: Arc<Packs>, stage: Stage) -> Self {
        Self { ask, packs, stage: Arc::new(stage), trying: Arc::new(Semaphore::new(1)) }
    }

    fn ask(&self, work: Work, by: PartyId) -> DeedDone<'_> {
        let (answer, done) = oneshot::channel();
        Box::pin(async move {
            let stopped = || "the platform is stopping; try again".to_owned();
            self.ask.send(Ask { work, by, answer }).await.map_err(|_| stopped())?;
            done.await.unwrap_or_else(|_| Err(stopped()))
        })
    }
}

impl AlarmDesk for Counter {
    fn act(&self, alarm: &store::DeviceAlarmRow, deed: Deed, by: PartyId) -> DeedDone<'_> {
        self.ask(Work::Act(alarm.rule.clone(), alarm.device.clone(), alarm.part.clone(), deed), by)
    }

    fn acknowledge(&self, alarms: &[store::DeviceAlarmRow], by: PartyId) -> DeedDone<'_> {
        let alarm = |row: &store::DeviceAlarmRow| (row.rule.clone(), row.device.clone(), row.part.clone());
        self.ask(Work::Acknowledge(alarms.iter().map(alarm).collect()), by)
    }

    fn silence(&self, silence: SilenceRow) -> DeedDone<'_> {
        let by = silence.begun_by;
        self.ask(Work::Silence(silence), by)
    }

    fn end_silence(&self, silence: SilenceRow) -> DeedDone<'_> {
        let by = silence.ended_by.unwrap_or(silence.begun_by);
        self.ask(Work::EndSilence(silence), by)
    }

    fn rehearse(&self, rule: AlarmRule, within: Vec<RegionId>, from: Instant, to: Instant) -> RehearsalDone<'_> {
        Box::pin(async move {
            let permit = Arc::clone(&self.trying).try_acquire_owned().map_err(|_| RehearsalError::Busy)?;
            let (stage, compiled) = (Arc::clone(&self.stage), self.packs.current());
            let work = move || {
                let found = stage.run(&compiled.city, &rule, &within, (from, to));
                drop(permit);
                found
            };
            tokio::task::spawn_blocking(work).await.unwrap_or(Err(RehearsalError::Away))
        })
    }
}

/// The engine with what it works on.
pub struct Desk {
    ctx: sense::Context,
    engine: Engine,
    notices: Notices,
    fleet: Arc<Fleet>,
    subjects: HashMap<DeviceId, (Arc<Member>, Arc<Subject>)>,
    /// What it said and has not been written down.
    said: Vec<(Effect, Option<PartyId>)>,
    /// Silences that began or ended, likewise.
    silences: Vec<SilenceRow>,
    /// Records that changed and have not been kept.
    changes: BTreeMap<String, Option<Vec<u8>>>,
    moved: bool,
    kept_at: Instant,
    /// What has to be held for anything to be written down; where there is one process, nothing.
    lease: Option<Lease>,
}

impl Desk {
    /// Begins where the last program ended.
    pub fn open(ctx: sense::Context, fleet: Arc<Fleet>, lake: &dyn Lake) -> anyhow::Result<Self> {
        let compiled = ctx.packs.current();
        let setup = rules::setup(&compiled.city).map_err(|fault| anyhow::anyhow!(fault))?;
        let (mut state, mut through, mut told) = (State::default(), None, Vec::new());
        for (key, record) in ctx.store.read_blocking(|db| db.list_alarm_states())? {
            if key == THROUGH {
                through = <[u8; 8]>::try_from(record.as_slice())
                    .ok()
                    .map(|bytes| Instant::from_micros(i64::from_le_bytes(bytes)));
            } else if notices::is_record(&key) {
                told.push((key, record));
            } else {
                state.apply([(key.parse()?, Some(record))]);
            }
        }
        let now = ctx.clock.now();
        let engine = Engine::new(setup, &state)?;
        let notices = Notices::open(&compiled.city, told)?;
        let mut desk = Self {
            ctx,
            engine,
            notices,
            fleet,
            subjects: HashMap::new(),
            said: Vec::new(),
            silences: Vec::new(),
            changes: BTreeMap::new(),
            moved: false,
            kept_at: now,
            lease: None,
        };
        desk.engine.listen_from(now);
        for member in desk.fleet.list() {
            let subject = desk.subject(&compiled.city, &member);
            let effects = desk.engine.register(&subject, now);
            desk.hear(effects, None);
        }
        match through {
            Some(through) => desk.read_again(&compiled.city, lake, through.plus_micros(-OVERLAP_US), now)?,
            // What a new city is told first has to be read again too, if it is killed before anything is kept.
            None => {
                let begun = [(THROUGH.to_owned(), Some(now.as_micros().to_le_bytes().to_vec()))];
                desk.ctx.store.write_blocking(move |tx: &mut Tx| tx.keep_alarm_states(&begun))?;
            }
        }
        Ok(desk)
    }

    /// Readings that were on the disk, and perhaps not judged, when the last program ended.
    fn read_again(&mut self, city: &City, lake: &dyn Lake, from: Instant, now: Instant) -> anyhow::Result<()> {
        for member in self.fleet.list() {
            let subject = self.subject(city, &member);
            let mut readings = Vec::new();
            for series in &member.series {
                if lake.latest(*series).is_some_and(|latest| latest.received_at >= from) {
                    let span = (from, now.plus_micros(OVERLAP_US));
                    readings.extend(lake.range(*series, span, TimeOrder::Latest, AGAIN_MAX)?);
                }
            }
            readings.sort_by_key(|reading| reading.at);
            for reading in &readings {
                let effects = self.engine.observe(&subject, reading, now);
                self.hear(effects, None);
            }
        }
        Ok(())
    }

    /// The same, which writes nothing down unless a lease is held.
    pub fn held_by(self, lease: Lease) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// Judges what comes until the program stops.
    pub async fn run(
        self,
        notify: act::notifications::Context,
        mut told: mpsc::Receiver<Told>,
        mut asked: mpsc::Receiver<Ask>,
        shut_out: impl Fn(&DeviceId),
        stopping: watch::Receiver<bool>,
    ) {
        self.work_on(&notify, &mut told, &mut asked, &shut_out, stopping).await;
    }

    /// The same, of channels that go on after it.
    pub async fn work_on(
        mut self,
        notify: &act::notifications::Context,
        told: &mut mpsc::Receiver<Told>,
        asked: &mut mpsc::Receiver<Ask>,
        shut_out: &impl Fn(&DeviceId),
        mut stopping: watch::Receiver<bool>,
    ) {
        let mut batch = Vec::with_capacity(BATCHES);
        let mut answers = Vec::new();
        loop {
            let pause = self.pause();
            tokio::select! {
                count = told.recv_many(&mut batch, BATCHES) => if count == 0 { break },
                Some(ask) = asked.recv() => answers.push(self.answer(ask)),
                () = tokio::time::sleep(pause) => {}
                _ = stopping.wait_for(|stop| *stop) => break,
            }
            let compiled = self.ctx.packs.current();
            for told in batch.drain(..) {
                match told {
                    Told::Kept(kept) => self.judge(&compiled.city, &kept),
                    Told::Changed(member) => {
                        if !member.may_speak() {
                            shut_out(&member.row.id);
                        }
                        self.meet(&compiled.city, &member);
                    }
                }
            }
            let now = self.ctx.clock.now();
            let effects = self.engine.tick(now);
            self.hear(effects, None);
            self.notices.tick(&compiled.city, &self.fleet, now);
            self.keep(notify, !answers.is_empty()).await;
            for (answer, outcome) in answers.drain(..) {
                let outcome = if self.said.is_empty() && self.silences.is_empty() {
                    outcome
                } else {
                    Err("it could not be written down now; it will be".to_owned())
                };
                // Whoever asked may be gone.
                let _ = answer.send(outcome);
            }
        }
        self.keep(notify, true).await;
    }

    /// Until time alone moves something, or something has to be kept.
    fn pause(&self) -> Duration {
        let now = self.ctx.clock.now();
        let keep = self.moved.then(|| self.kept_at.plus_micros(KEEP_EVERY_US));
        let due = [self.engine.next_due(), self.notices.next_due(), keep]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now.plus_micros(KEEP_EVERY_US));
        let micros = due.micros_since(now).clamp(1_000, KEEP_EVERY_US);
        Duration::from_micros(u64::try_from(micros).unwrap_or(1_000))
    }

    fn judge(&mut self, city: &City, kept: &Kept) {
        let now = self.ctx.clock.now();
        let subject = self.subject(city, &kept.member);
        for reading in &kept.readings {
            let effects = self.engine.observe(&subject, reading, now);
            self.hear(effects, None);
        }
        self.moved = true;
    }

    fn meet(&mut self, city: &City, member: &Arc<Member>) {
        let subject = self.subject(city, member);
        let effects = self.engine.register(&subject, self.ctx.clock.now());
        self.hear(effects, None);
        self.moved = true;
    }

    fn answer(&mut self, ask: Ask) -> (oneshot::Sender<Result<(), String>>, Result<(), String>) {
        let Ask { work, by, answer } = ask;
        let outcome = match self.work(work) {
            Ok(effects) => {
                self.hear(effects, Some(by));
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        };
        self.moved = true;
        (answer, outcome)
    }

    fn work(&mut self, work: Work) -> Result<Vec<Effect>, CommandError> {
        let now = self.ctx.clock.now();
        match work {
            Work::Act(rule, device, part, deed) => {
                let key = key_of(&rule, &device, &part);
                match deed {
                    Deed::Acknowledge => self.engine.acknowledge(&key, now),
                    Deed::Clear => self.engine.clear(&key, now),
                    Deed::Shelve(until) => self.engine.shelve(&key, until, now),
                }
            }
            Work::Acknowledge(alarms) => {
                let mut effects = Vec::new();
                // One that was closed meanwhile needs nobody to take note of it.
                for (rule, device, part) in alarms {
                    effects.extend(self.engine.acknowledge(&key_of(&rule, &device, &part), now).unwrap_or_default());
                }
                Ok(effects)
            }
            Work::Silence(row) => {
                let effects = self.engine.silence(silence_of(&row), now)?;
                self.silences.push(row);
                Ok(effects)
            }
            Work::EndSilence(row) => {
                let effects = self.engine.end_silence(&row.id.to_string(), now)?;
                self.silences.push(row);
                Ok(effects)
            }
        }
    }

    fn hear(&mut self, effects: Vec<Effect>, by: Option<PartyId>) {
        let matters = |effect: &Effect| {
            !matches!(
                effect,
                Effect::Pending { .. } | Effect::Passed { .. } | Effect::Ignored { .. } | Effect::Recovering { .. }
            )
        };
        let (compiled, now) = (self.ctx.packs.current(), self.ctx.clock.now());
        for effect in effects.into_iter().filter(matters) {
            // What scenes follow is no alarm, and told to nobody.
            if effect.alarm().is_some_and(|key| !key.rule.starts_with(SCENE_RULE)) {
                self.notices.hear(&compiled.city, &self.fleet, &effect, now);
            }
            self.said.push((effect, by));
        }
    }

    /// A device as rules see it.
    fn subject(&mut self, city: &City, member: &Arc<Member>) -> Arc<Subject> {
        let known = self.subjects.get(&member.row.id).filter(|(known, _)| Arc::ptr_eq(known, member));
        if let Some((_, subject)) = known {
            return Arc::clone(subject);
        }
        let subject = Arc::new(subject_of(city, member));
        self.subjects.insert(member.row.id.clone(), (Arc::clone(member), Arc::clone(&subject)));
        subject
    }

    /// Writes down what was said, with what the engine remembers, in one transaction. What the database does not take now
    /// is tried again.
    async fn keep(&mut self, notify: &act::notifications::Context, at_all_events: bool) {
        let now = self.ctx.clock.now();
        let is_due = self.moved && now.micros_since(self.kept_at) >= KEEP_EVERY_US;
        let is_said = !self.said.is_empty() || !self.silences.is_empty() || !self.notices.due().is_empty();
        if !(is_said || is_due || at_all_events && self.moved) {
            return;
        }
        let changes = self.engine.changes().into_iter().map(|(key, record)| (key.to_string(), record));
        self.changes.extend(changes);
        self.changes.extend(self.notices.changes());
        self.changes.insert(THROUGH.to_owned(), Some(now.as_micros().to_le_bytes().to_vec()));
        let records: Vec<_> = self.changes.iter().map(|(key, record)| (key.clone(), record.clone())).collect();
        let (said, compiled) = (by_alarm(&self.said, &self.fleet), self.ctx.packs.current());
        let counted = counters::changes(self.said.iter().map(|(effect, _)| effect));
        let silences = self.silences.clone();
        let (news, notify) = (self.notices.due().to_vec(), notify.clone());
        let lease = self.lease.clone();
        let kept = self.ctx.store.write(move |tx: &mut Tx| -> Result<bool, RecordError> {
            if let Some(lease) = lease
                && !lease.holds(tx)?
            {
                return Ok(false);
            }
            for (member, rule, part, changes) in &said {
                device_alarms::record(tx, &compiled, member, (rule, part), changes, now)?;
            }
            for silence in &silences {
                tx.record_silence(silence)?;
            }
            for news in &news {
                record_alarm_notice(&notify, tx, news, now)?;
            }
            counters::record(tx, &counted)?;
            tx.keep_alarm_states(&records)?;
            Ok(true)
        });
        match kept.await {
            // Whoever has the lease judges the same readings; nothing of this is said twice.
            Ok(false) => {}
            Ok(true) => {
                self.said.clear();
                self.silences.clear();
                self.notices.told();
                self.changes.clear();
                self.moved = false;
            }
            Err(error) => tracing::error!(%error, "alarms could not be written down; the next round tries again"),
        }
        self.kept_at = now;
    }
}

/// Which alarm, as the engine knows it.
fn key_of(rule: &AlarmRuleId, device: &DeviceId, part: &str) -> assess::AlarmKey {
    assess::AlarmKey { rule: rule.as_str().into(), device: device.clone(), part: part.into() }
}

/// A device as rules see it.
pub fn subject_of(city: &City, member: &Member) -> Subject {
    let row = &member.row;
    // No rule means a device that may not speak: its alarms end, and its silence is none.
    let speaks = member.may_speak();
    let properties = member.class.properties.iter().map(|property| property.id.as_str().into());
    let series = member.series.iter().copied().zip(properties).filter(|_| speaks).collect();
    Subject {
        device: row.id.clone(),
        // Changes of a device lie apart by more than a microsecond; the low bits tell them apart.
        revision: (row.changed_at.as_micros() & i64::from(u32::MAX)) as u32,
        class: if speaks { row.class.as_str().into() } else { "".into() },
        areas: city.region_chain(&row.region).into_iter().map(|region| region.as_str().into()).collect(),
        group: None,
        tags: Vec::new(),
        parent: row.parent.clone(),
        point: grid::LonLat::new(row.point.0, row.point.1).ok(),
        series,
    }
}

/// A silence as the engine has it.
fn silence_of(row: &SilenceRow) -> Silence {
    let words = |list: &mut dyn Iterator<Item = &str>| list.map(Into::into).collect();
    let selector = Selector {
        classes: words(&mut row.classes.iter().map(model::DeviceClassId::as_str)),
        areas: words(&mut row.regions.iter().map(RegionId::as_str)),
        devices: words(&mut row.devices.iter().map(DeviceId::as_str)),
        ..Selector::default()
    };
    let rules = words(&mut row.rules.iter().map(AlarmRuleId::as_str));
    let (from, until, reason) = (row.from, row.until, row.reason.clone());
    Silence { id: row.id.to_string().into(), matcher: Matcher { rules, selector }, from, until, reason }
}
