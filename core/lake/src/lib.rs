//! The lake (观测库): where readings of sensors are kept.
//!
//! A reading is first **hot**: appended to a segment, one write and one sync for all that arrived meanwhile, and then
//! acknowledged. Segments that are full are **rolled** into Parquet, a folder a day, sorted by cell, series and time, so
//! that what is asked for together lies together. A manifest, replaced whole, says which files count. Queries see both
//! parts as one. Readings that are too old become hourly means, and end. Rolled files may be carried to an object store.
//!
//! Must never lose or double what it has acknowledged, and never answer from bytes that are not what it wrote. It is the
//! only crate that names Arrow and Parquet.
//!
//! ```
//! # use std::sync::Arc;
//! # use model::{Clock, Instant, Reading, SeriesNo};
//! # struct Noon;
//! # impl Clock for Noon {
//! #     fn now(&self) -> Instant { "2026-11-23T12:00:00+08:00".parse().unwrap() }
//! # }
//! # let folder = tempfile::tempdir()?;
//! # let cell = grid::Cell::encode(grid::LonLat::new(116.3, 39.9)?, grid::Level::L8)?;
//! use dipper_lake::{Lake, Options};
//! let lake = Lake::open(folder.path(), Options::default(), Arc::new(Noon))?;
//! let at = Noon.now();
//! lake.append_blocking(vec![Reading { series: SeriesNo(7), cell, at, received_at: at, value: 21.5 }])?;
//! assert_eq!(lake.latest(SeriesNo(7)).map(|reading| reading.value), Some(21.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aggregate;
mod blocks;
mod carry;
mod columns;
mod commit;
mod day;
mod disk;
mod error;
mod file;
mod hot;
mod http;
mod index;
mod lake;
mod latest;
pub mod manifest;
mod objects;
mod open;
mod options;
pub mod outside;
mod query;
mod queue;
mod roll;
pub mod segment;
mod shared;
mod span;
mod stream;
mod thin;
mod writer;

pub use aggregate::{Aggregate, Bucket};
pub use disk::{Disk, Log, MachineDisk};
pub use error::{AppendError, LakeError};
pub use lake::{Lake, Stats, StoreStanding, TryAppendError};
pub use manifest::Sealed;
pub use objects::Objects;
pub use options::{Options, Retention, RetentionOf};
pub use query::{Area, Buckets, Count, Order, Range};
pub use stream::{Manifests, Sharing};
