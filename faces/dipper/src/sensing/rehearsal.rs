//! A rule is tried over the readings that are there, before it is put into the pack.

use std::sync::Arc;

use assess::{Episode, Rule, Setup, Subject, dry_run};
use model::{AlarmRuleId, Instant, Reading, RegionId};
use pack::{AlarmRule, City};
use sense::device_alarms::{Rehearsal, RehearsalError, Rehearsed};
use sense::telemetry::{Fleet, Lake, Member, TimeOrder};

use super::alarms::subject_of;
use super::rules;
use super::said::word;

/// Most readings of one series, of one question, and of all devices at once where a rule compares neighbours.
const SERIES_MAX: usize = 200_000;
const READINGS_MAX: usize = 20_000_000;
const TOGETHER_MAX: usize = 2_000_000;

/// Most alarms that are listed; the rest is counted.
const LISTED_MAX: usize = 500;

/// The longest time.
const DAYS_MAX: u32 = 92;
const LONGEST_US: i64 = DAYS_MAX as i64 * 86_400 * 1_000_000;

/// What a rule is tried on.
pub struct Stage {
    pub fleet: Arc<Fleet>,
    pub lake: Arc<dyn Lake>,
}

impl Stage {
    /// Tries a rule on the devices in some regions.
    ///
    /// # Errors
    /// [`RehearsalError`].
    pub fn run(
        &self,
        city: &City,
        rule: &AlarmRule,
        within: &[RegionId],
        (from, to): (Instant, Instant),
    ) -> Result<Rehearsal, RehearsalError> {
        if !(1..=LONGEST_US).contains(&to.micros_since(from)) {
            return Err(RehearsalError::Time { most_days: DAYS_MAX });
        }
        let id: AlarmRuleId = "rehearsal".parse().map_err(|_| RehearsalError::Away)?;
        rules::judge_rule(city, &id, rule).map_err(RehearsalError::Rule)?;
        let compiled = rules::compile(&id, rule).map_err(RehearsalError::Rule)?;
        let mut tried = Tried { rule: compiled, city, from, to, readings: 0, found: Rehearsal::default() };
        let is_meant = |member: &Arc<Member>| {
            let selector = &rule.selector;
            let of = |regions: &[RegionId]| regions.iter().any(|region| city.is_within(&member.row.region, region));
            member.may_speak()
                && of(within)
                && (selector.classes.is_empty() || selector.classes.contains(&member.row.class))
                && (selector.areas.is_empty() || of(&selector.areas))
        };
        let members: Vec<_> = self.fleet.list().into_iter().filter(is_meant).collect();
        tried.found.devices = members.len();
        if rule.neighbours.is_some() {
            self.together(&mut tried, &members)?;
        } else {
            for member in &members {
                let readings = self.readings(&mut tried, member)?;
                tried.judge(vec![(subject_of(city, member), readings)]);
            }
        }
        let mut found = tried.found;
        found.alarms.sort_by_key(|alarm| alarm.raised_at);
        found.count = found.alarms.len();
        found.alarms.truncate(LISTED_MAX);
        found.readings = tried.readings;
        Ok(found)
    }

    fn together(&self, tried: &mut Tried<'_>, members: &[Arc<Member>]) -> Result<(), RehearsalError> {
        let mut all = Vec::with_capacity(members.len());
        for member in members {
            let readings = self.readings(tried, member)?;
            if tried.readings > TOGETHER_MAX {
                return Err(RehearsalError::TooMuch { limit: TOGETHER_MAX });
            }
            all.push((subject_of(tried.city, member), readings));
        }
        tried.judge(all);
        Ok(())
    }

    fn readings(&self, tried: &mut Tried<'_>, member: &Member) -> Result<Vec<Reading>, RehearsalError> {
        let (mut readings, span) = (Vec::new(), (tried.from, tried.to));
        for series in &member.series {
            let found = self.lake.range(*series, span, TimeOrder::Earliest, SERIES_MAX).map_err(|fault| {
                tracing::error!(%fault, "the lake did not answer");
                RehearsalError::Away
            })?;
            if found.len() == SERIES_MAX {
                return Err(RehearsalError::TooMuch { limit: SERIES_MAX });
            }
            readings.extend(found);
        }
        tried.readings += readings.len();
        if tried.readings > READINGS_MAX { Err(RehearsalError::TooMuch { limit: READINGS_MAX }) } else { Ok(readings) }
    }
}

/// A rule while it is tried.
struct Tried<'a> {
    rule: Rule,
    city: &'a City,
    from: Instant,
    to: Instant,
    readings: usize,
    found: Rehearsal,
}

impl Tried<'_> {
    fn judge(&mut self, of_devices: Vec<(Subject, Vec<Reading>)>) {
        let setup = Setup { rules: vec![self.rule.clone()], inhibitions: Vec::new(), zone: self.city.zone() };
        let mut readings: Vec<(&Subject, Reading)> = Vec::new();
        for (subject, of_device) in &of_devices {
            readings.extend(of_device.iter().map(|reading| (subject, *reading)));
        }
        readings.sort_by_key(|(_, reading)| reading.at);
        self.found.alarms.extend(dry_run(setup, readings, self.to).into_iter().map(rehearsed));
    }
}

fn rehearsed(episode: Episode) -> Rehearsed {
    let Episode { alarm, worst, since, raised_at, cleared_at, evidence } = episode;
    Rehearsed {
        device: alarm.device,
        is_silence: alarm.part.starts_with("no_data"),
        severity: word(worst),
        since,
        raised_at,
        cleared_at,
        reading: evidence.first().map(|first| (first.property.to_string(), first.value)),
    }
}
