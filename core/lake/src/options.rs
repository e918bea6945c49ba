//! How a lake is kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model::SeriesNo;

use crate::disk::{Disk, MachineDisk};
use crate::objects::Objects;
use crate::stream::Sharing;

/// How long readings of a series are kept, in whole days after the day they were measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retention {
    /// Every reading, for so many days; always when absent.
    pub raw_days: Option<u32>,
    /// After that count, least, greatest and mean of each hour, until so many days after the day; always when absent,
    /// not at all when it is no more than `raw_days`.
    pub hourly_days: Option<u32>,
}

impl Retention {
    /// Everything, always.
    pub const ALWAYS: Self = Self { raw_days: None, hourly_days: None };

    /// Whether hourly means outlive the readings.
    pub(crate) fn keeps_hours(self) -> bool {
        match (self.raw_days, self.hourly_days) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(raw), Some(hourly)) => hourly > raw,
        }
    }
}

/// Says how long readings of a series are kept. Asked often: it should look up, not compute.
pub type RetentionOf = Arc<dyn Fn(SeriesNo) -> Retention + Send + Sync>;

/// How a lake is kept. The defaults suit a city of some thousand devices.
#[derive(Clone)]
pub struct Options {
    /// Where a day begins: seconds to add to UTC (28 800 in China). It is fixed when the lake is made.
    pub zone_offset_s: i32,
    /// A hot segment of this size is ended and rolled; 32 MiB are 930 000 readings.
    pub segment_bytes: u64,
    /// Most readings of one group commit, and of one batch.
    pub group_readings: usize,
    /// Readings that may wait for their commit before appends wait.
    pub queue_readings: usize,
    /// Readings in the hot part before appends wait for it to be rolled; each takes about 40 bytes of memory.
    pub hot_readings: usize,
    /// How often the lake tends itself: ends a segment that is not empty, rolls, compacts, lets go what is too old.
    /// Absent in tests, which call [`crate::Lake::roll`]; segments that are full are then rolled by that alone too.
    pub tend_every: Option<Duration>,
    /// Most files a day may have before they are merged.
    pub day_files: usize,
    /// Most readings in one file; merging a day takes about 100 bytes of memory for each.
    pub file_readings: usize,
    /// Rows of a page, the least that is read of a rolled file.
    pub page_rows: usize,
    /// Rows of a row group: its dictionary of values is read whole. The default holds a day of 3 600 devices.
    pub row_group_rows: usize,
    /// Rolled files whose footers are kept in memory; about 100 kB each.
    pub open_files: usize,
    /// How long readings are kept, by series.
    pub retention: RetentionOf,
    /// The disk; tests put faults in it.
    pub disk: Arc<dyn Disk>,
    /// Where rolled files are carried; they lie in the folder alone when absent.
    pub objects: Option<Objects>,
    /// The stream that is the hot part, and the lakes that share it: every one has a folder of its own for what it holds of
    /// the object store, which has to be there. The hot part lies in the folder when absent.
    pub sharing: Option<Sharing>,
    /// Bytes of rolled files that stay in the folder when the store has them: the newest days.
    pub local_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            zone_offset_s: 8 * 3_600,
            segment_bytes: 32 << 20,
            group_readings: 65_536,
            queue_readings: 262_144,
            hot_readings: 8_000_000,
            tend_every: Some(Duration::from_secs(3_600)),
            day_files: 8,
            file_readings: 8_000_000,
            page_rows: 4_096,
            row_group_rows: 1 << 20,
            open_files: 512,
            retention: Arc::new(|_| Retention::ALWAYS),
            disk: Arc::new(MachineDisk),
            objects: None,
            sharing: None,
            local_bytes: 1 << 30,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("zone_offset_s", &self.zone_offset_s)
            .field("segment_bytes", &self.segment_bytes)
            .field("tend_every", &self.tend_every)
            .field("disk", &self.disk)
            .field("objects", &self.objects)
            .field("sharing", &self.sharing)
            .finish_non_exhaustive()
    }
}
