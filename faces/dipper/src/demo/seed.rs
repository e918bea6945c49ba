//! Seeding: three months of cases, in the order in which they happened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use model::{Case, Instant};
use pack::Compiled;
use sense::evidence::accept;
use store::{Store, StoreError, Tx};

use super::chance::Chance;
use super::people;
use super::pictures::{SCENES, draw};
use super::places::Places;
use super::plan::{Album, Next};
use super::sim::Sim;

/// Days of history.
const DAYS: i64 = 92;
const DAY_US: i64 = 86_400_000_000;

/// Things that happen in one transaction.
const TOGETHER: usize = 250;

/// Seed of the demonstration's chance; another one is another city.
const SEED: u64 = 0x7_57_41;

/// True when the demo accounts are there.
///
/// # Errors
/// When the store does not answer.
pub fn is_seeded(store: &Store) -> anyhow::Result<bool> {
    Ok(store.read_blocking(|db| db.find_party_by_login("resident1"))?.is_some())
}

/// Something due in the story.
struct Due {
    at: Instant,
    number: u64,
    what: What,
}

enum What {
    Report,
    Happen(Box<Case>, Next),
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// Makes the accounts and the past: `cases` reports over three months up to now, and all that came of them.
///
/// # Errors
/// When the store or the disk refuses something; what was written stays.
pub fn seed(
    ctx: &sense::Context,
    compiled: Arc<Compiled>,
    pack: &Path,
    cases: usize,
    mut progress: impl FnMut(usize),
) -> anyhow::Result<()> {
    let now = ctx.clock.now();
    let begin = now.plus_micros(-DAYS * DAY_US);
    let mut chance = Chance::new(SEED);
    let album = draw_album(ctx)?;
    let (city, mut for_people) = (Arc::clone(&compiled.city), chance.clone());
    let people = ctx.store.write_blocking(move |tx: &mut Tx| people::make(tx, &city, begin, &mut for_people))?;
    let mut story = Story { heap: BinaryHeap::new(), number: 0, now, filed: 0 };
    for _ in 0..cases {
        let at = report_time(begin, now, &compiled, &mut chance);
        story.push(at, What::Report);
    }
    let mut sim = Sim { compiled, people, places: Places::read(pack), album, chance };
    while !story.heap.is_empty() {
        let step = ctx.store.write_blocking(move |tx: &mut Tx| {
            for _ in 0..TOGETHER {
                if !story.step(tx, &mut sim)? {
                    break;
                }
            }
            Ok::<_, StoreError>((story, sim))
        });
        (story, sim) = step.context("the demo city could not be written")?;
        progress(story.filed);
    }
    Ok(())
}

fn draw_album(ctx: &sense::Context) -> anyhow::Result<Album> {
    let mut album = Album::default();
    for scene in 0..SCENES {
        album.before.push(accept(ctx, &draw(scene, false)?, None)?.id);
        album.after.push(accept(ctx, &draw(scene, true)?, None)?.id);
    }
    Ok(album)
}

/// More by day than by night, a little more towards the end of the three months.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "spans of months fit a double")]
fn report_time(begin: Instant, now: Instant, compiled: &Compiled, chance: &mut Chance) -> Instant {
    let zone = compiled.city.zone();
    loop {
        let share = chance.unit().powf(0.85);
        let at = begin.plus_micros((now.micros_since(begin) as f64 * share) as i64);
        let hour = zone.to_datetime(at.to_timestamp()).hour();
        let likely = match hour {
            7..=10 | 14..=19 => 1.0,
            11..=13 | 20..=21 => 0.7,
            6 | 22 => 0.3,
            _ => 0.08,
        };
        if chance.happens(likely) {
            return at;
        }
    }
}

struct Story {
    heap: BinaryHeap<Reverse<Due>>,
    number: u64,
    now: Instant,
    filed: usize,
}

impl Story {
    fn push(&mut self, at: Instant, what: What) {
        self.number += 1;
        self.heap.push(Reverse(Due { at, number: self.number, what }));
    }

    /// Whether a task of the last day is left for visitors: every queue has something in it.
    fn is_left(&self, at: Instant, sim: &mut Sim) -> bool {
        let age_us = self.now.micros_since(at);
        let share = if age_us < DAY_US / 12 {
            0.4
        } else if age_us < DAY_US {
            0.06
        } else {
            0.0
        };
        sim.chance.happens(share)
    }

    /// Lets the next thing happen; false when nothing is left.
    fn step(&mut self, tx: &mut Tx, sim: &mut Sim) -> Result<bool, StoreError> {
        let Some(Reverse(due)) = self.heap.pop() else { return Ok(false) };
        let case = match due.what {
            What::Report => {
                self.filed += 1;
                match sim.imagine() {
                    Some(report) => sim.file(tx, report, due.at)?,
                    None => None,
                }
            }
            What::Happen(case, next) => {
                let version = case.version;
                let case = sim.happen(tx, *case, &next)?;
                // Nobody could do it: the case rests there, and is found in a queue.
                (case.version > version).then_some(case)
            }
        };
        if let Some(case) = case {
            let at = case.updated_at.max(due.at);
            // What is planned for later than now has not happened: the case is open in the living city.
            if let Some(next) = sim.plan(&case, at).filter(|next| next.at <= self.now && !self.is_left(at, sim)) {
                self.push(next.at, What::Happen(Box::new(case), next));
            }
        }
        Ok(true)
    }
}
