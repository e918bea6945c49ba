//! The language of the platform: ids, instants, limits, events and the fold that turns events into a case.
//!
//! Pure by rule: no clock, no randomness, no I/O, no SQL, no HTTP. What is serialised here is the persisted
//! language of the event log, locked by golden files; it only ever grows.

pub mod actor;
pub mod case;
pub mod clock;
pub mod correction;
pub mod event;
pub mod flight;
pub mod ids;
pub mod inspection;
pub mod limit;
pub mod notification;
pub mod observation;
pub mod payment;
pub mod place;
pub mod record;
pub mod text;
pub mod time;
pub mod visit;

pub use actor::{Actor, Grant, Reporter};
pub use case::{Case, FoldError, Step};
pub use clock::{ClockName, ClockState};
pub use correction::Correction;
pub use event::{
    Application, DataClass, Event, EventBody, Extracted, Moved, NewEvent, Outcome, Reported, Sealing, Tally, Task,
};
pub use flight::CameraPose;
pub use ids::*;
pub use inspection::{
    DialFinding, DialMark, PanelCompared, PanelComparison, PanelFinding, PanelMarks, PanelRegion, PictureArea,
    PositionMark, SwitchFinding, SwitchMark,
};
pub use limit::{Limit, LimitUnit};
pub use notification::{Channel, DeliveryState};
pub use observation::{DeviceId, DeviceLabel, Reading, SeriesNo};
pub use payment::{FeeLine, PartRefund, Payment, PaymentState};
pub use place::Place;
pub use record::{
    CommandAsked, FlightSealed, InspectionEnded, LakeFileSealed, NewRecord, Record, RecordBody, RecordingSealed,
};
pub use text::Text;
pub use time::{Clock, Instant};
pub use visit::{Booking, Issue, Visit, VisitEnd, VisitState};
