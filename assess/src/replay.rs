//! The dry run: what rules would have raised over stored readings. The same engine, fed from the past.

use std::collections::BTreeMap;

use model::{Instant, Reading};

use crate::effect::{AlarmKey, Effect, Evidence};
use crate::engine::{Engine, Setup};
use crate::rule::Severity;
use crate::subject::Subject;

/// An alarm as it would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Which.
    pub alarm: AlarmKey,
    /// The worst it was.
    pub worst: Severity,
    /// Since when its condition held.
    pub since: Instant,
    /// When it would have been raised.
    pub raised_at: Instant,
    /// When it would have cleared; none when it was open at the end.
    pub cleared_at: Option<Instant>,
    /// The readings it would have rested on.
    pub evidence: Vec<Evidence>,
}

/// Runs rules over readings in the order they were measured, up to an instant; alarms come in the order raised.
pub fn dry_run<'s>(
    setup: Setup,
    readings: impl IntoIterator<Item = (&'s Subject, Reading)>,
    until: Instant,
) -> Vec<Episode> {
    let mut engine = Engine::empty(setup);
    let mut episodes = Episodes::default();
    let mut now = Instant::from_micros(i64::MIN);
    for (subject, reading) in readings {
        now = now.max(reading.at);
        episodes.take(engine.observe(subject, &reading, now));
    }
    // The latest lane ends where the others do.
    for late in [until, until.plus_micros(crate::rule::LATENESS_MAX_US)] {
        episodes.take(
            engine.tick(late).into_iter().filter(|effect| effect_at(effect).is_none_or(|at| at <= until)).collect(),
        );
    }
    episodes.done
}

fn effect_at(effect: &Effect) -> Option<Instant> {
    match effect {
        Effect::Raised { at, .. } | Effect::Changed { at, .. } | Effect::Cleared { at, .. } => Some(*at),
        _ => None,
    }
}

#[derive(Default)]
struct Episodes {
    done: Vec<Episode>,
    open: BTreeMap<AlarmKey, usize>,
}

impl Episodes {
    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Raised { alarm, severity, since, at, evidence, .. } => {
                    self.open.insert(alarm.clone(), self.done.len());
                    let (worst, raised_at, cleared_at) = (severity, at, None);
                    self.done.push(Episode { alarm, worst, since, raised_at, cleared_at, evidence });
                }
                Effect::Changed { alarm, severity, .. } | Effect::Relapsed { alarm, severity, .. } => {
                    if let Some(place) = self.open.get(&alarm) {
                        self.done[*place].worst = severity.max(self.done[*place].worst);
                    }
                }
                Effect::Cleared { alarm, at, .. } => {
                    if let Some(place) = self.open.remove(&alarm) {
                        self.done[place].cleared_at = Some(at);
                    }
                }
                _ => {}
            }
        }
    }
}
