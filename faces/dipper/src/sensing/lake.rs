//! The lake as the stage of sensing knows it.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use lake::{
    AppendError, Buckets, Count, Lake, LakeError, Options, Order, Range, Retention, Sealed, Sharing, TryAppendError,
};
use model::{Clock, Instant, Reading, SeriesNo};
use sense::telemetry::{Bucket, Done, Fleet, LakeFault, LakeRefusal, StoreStanding, TimeOrder};

use crate::config::Config;

/// Megabytes of the newest readings that stay on the disk whatever the configuration says: about 8 million.
const LOCAL_LEAST_MB: u64 = 64;

/// Rolling less often than once a day would leave segments of many days in memory.
const ROLL_MOST_MINUTES: u64 = 1_440;

/// Most processes that share one data folder.
const FOLDERS_MAX: u32 = 64;

/// The lake of a city. Clones are the same lake.
#[derive(Clone)]
pub struct CityLake {
    lake: Lake,
    zone_offset_s: i32,
    tells: bool,
}

impl CityLake {
    /// Opens the lake in a folder; its days are those of the city, and it keeps what devices measured for as long as their class says.
    #[cfg(test)]
    pub fn open(folder: &Path, zone: &TimeZone, fleet: Arc<Fleet>, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        Self::open_with(folder, zone, fleet, clock, Options::default())
    }

    /// The same, of a city that is configured.
    pub fn of_city(
        config: &Config,
        zone: &TimeZone,
        fleet: Arc<Fleet>,
        clock: Arc<dyn Clock>,
        sharing: Option<Sharing>,
    ) -> anyhow::Result<Self> {
        // What the alarm engine reads again at the start has to be there, also when the store is not.
        let local_bytes = config.lake_local_mb.max(LOCAL_LEAST_MB).saturating_mul(1 << 20);
        let tend_every = Some(Duration::from_secs(60 * config.lake_roll_minutes.clamp(1, ROLL_MOST_MINUTES)));
        let folder = if sharing.is_some() { own_folder(&config.data)? } else { config.data.join("lake") };
        let objects = config.lake_objects()?;
        let options = Options { objects, local_bytes, tend_every, sharing, ..Options::default() };
        Self::open_with(&folder, zone, fleet, clock, options)
    }

    fn open_with(
        folder: &Path,
        zone: &TimeZone,
        fleet: Arc<Fleet>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> anyhow::Result<Self> {
        // The offset of the city's first day of the century: a zone with summer time keeps its winter days.
        let zone_offset_s = zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds();
        let retention =
            move |series| fleet.of_series(series).map_or(Retention::ALWAYS, |found| retention(&found.member.class));
        let options = Options { zone_offset_s, retention: Arc::new(retention), ..options };
        let tells = options.sharing.is_some();
        let lake = Lake::open(folder, options, clock).with_context(|| "the readings cannot be opened")?;
        Ok(Self { lake, zone_offset_s, tells })
    }

    /// Files that were sealed and that nobody has said are recorded, the oldest first.
    pub fn sealed(&self, limit: usize) -> Vec<Sealed> {
        self.lake.sealed_after(0, limit)
    }

    /// Sealed files up to a position are recorded.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn told(&self, through: u64) -> Result<(), LakeError> {
        self.lake.told_sealed(through)
    }

    /// Rolls by hand, as the lake does by itself from time to time.
    #[cfg(test)]
    pub fn roll(&self, now: Instant) -> Result<(), LakeError> {
        self.lake.roll(now)
    }
}

/// The folder of a process that shares its readings with others, which may have the data folder as well.
fn own_folder(data: &Path) -> anyhow::Result<PathBuf> {
    let old = data.join("lake");
    if old.join("manifest").exists() {
        let folder = old.display();
        bail!(
            "{folder} holds readings of one process, which no other one sees; give them to all once, by `dipper lake share`, or go on without NATS"
        );
    }
    let is_free = |folder: &PathBuf| match Lake::is_held(folder) {
        Ok(held) => !held,
        // What is wrong with it is said when it is opened.
        Err(_) => true,
    };
    let mut folders = (1..=FOLDERS_MAX).map(|number| data.join(format!("lake-{number}")));
    folders.find(is_free).with_context(|| format!("{FOLDERS_MAX} processes have this data folder already"))
}

/// How long the readings of a class are kept.
pub fn retention(class: &pack::DeviceClass) -> Retention {
    class.retention.map_or(Retention::ALWAYS, |kept| Retention {
        raw_days: Some(kept.readings_days),
        hourly_days: Some(kept.hourly_days.unwrap_or(0)),
    })
}

impl sense::telemetry::Lake for CityLake {
    fn tells(&self) -> bool {
        self.tells
    }

    fn append(&self, readings: Vec<Reading>, done: Done) {
        // Shared by the two ways in which it may be called; it is called once.
        let done = Arc::new(std::sync::Mutex::new(Some(done)));
        let tell = |done: &std::sync::Mutex<Option<Done>>, result| {
            let taken = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            if let Some(done) = taken {
                done(result);
            }
        };
        let later = Arc::clone(&done);
        let outcome = self.lake.try_append(readings, move |result| tell(&later, result.map_err(refusal)));
        match outcome {
            Ok(()) => {}
            Err(TryAppendError::Full(_)) => tell(&done, Err(LakeRefusal::Busy)),
            Err(TryAppendError::Refused(error)) => tell(&done, Err(refusal(error))),
        }
    }

    fn store(&self) -> Option<StoreStanding> {
        let standing = self.lake.store()?;
        Some(StoreStanding { away_since: standing.away_since, waiting_files: standing.waiting_files })
    }

    fn latest(&self, series: SeriesNo) -> Option<Reading> {
        self.lake.latest(series)
    }

    fn range(
        &self,
        series: SeriesNo,
        (from, to): (Instant, Instant),
        order: TimeOrder,
        limit: usize,
    ) -> Result<Vec<Reading>, LakeFault> {
        let order = match order {
            TimeOrder::Earliest => Order::Ascending,
            TimeOrder::Latest => Order::Descending,
        };
        let question = Range { series, from, to, order, limit, after: None };
        self.lake.range(&question).map_err(fault)
    }

    fn count(&self, series: &[SeriesNo], from: Instant, to: Instant, most: u64) -> Result<u64, LakeFault> {
        let question = Count { series: series.to_vec(), from, to, most };
        self.lake.count(&question).map_err(fault)
    }

    fn buckets(&self, series: SeriesNo, from: Instant, to: Instant, step_us: i64) -> Result<Vec<Bucket>, LakeFault> {
        let step_us = u64::try_from(step_us).ok().and_then(NonZeroU64::new);
        let step_us = step_us.ok_or_else(|| LakeFault::Unreadable("a step is longer than nothing".to_owned()))?;
        let question = Buckets { series: vec![series], from, to, step_us, zone_offset_s: self.zone_offset_s };
        let found = self.lake.buckets(&question).map_err(fault)?;
        let bucket = |one: lake::Bucket| {
            let lake::Bucket { from, count, min, max, mean, last } = one;
            Bucket { from, count, min, max, mean, last }
        };
        Ok(found.into_iter().map(bucket).collect())
    }
}

fn fault(error: LakeError) -> LakeFault {
    if error.is_of_store() { LakeFault::StoreAway(error.to_string()) } else { LakeFault::Unreadable(error.to_string()) }
}

fn refusal(error: AppendError) -> LakeRefusal {
    match error {
        AppendError::Behind { .. } => LakeRefusal::Busy,
        AppendError::Closed => LakeRefusal::Stopping,
        error => LakeRefusal::Disk(error.to_string()),
    }
}
