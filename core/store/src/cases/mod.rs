//! The projections of cases: rows folded from events, and the queries over them. All of it can be rebuilt.

mod area;
mod bounds;
mod filter;
mod list;
mod project;
mod rebuild;
mod row;
mod visits;

pub use area::{Area, AreaError, RADIUS_MAX_M, Within};
pub use bounds::{Cluster, Clusters};
pub use filter::{CaseFilter, CaseScope, CaseSort, SEARCH_WINDOW};
pub use list::{BoundedCount, Cursor, CursorError, Page, StepRow};
pub use row::CaseRow;

pub(crate) use filter::{RangeTable, Where, after_prefix};

pub(crate) use project::{create, push_tuples, update};
pub(crate) use row::COLUMNS;
pub use visits::{Arrived, Seat};
