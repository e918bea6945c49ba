//! What the engine says: alarms and what becomes of them.

use std::fmt;
use std::sync::Arc;

use model::{DeviceId, Instant, SeriesNo};

use crate::rule::Severity;

/// Which alarm: at most one is open for each rule, device and part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmKey {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The device.
    pub device: DeviceId,
    /// Empty, the property of a rule over `value`, `no_data`, or `no_data/` and a property.
    pub part: Arc<str>,
}

impl fmt::Display for AlarmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.rule, self.device, self.part)
    }
}

/// A reading that an alarm rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The series.
    pub series: SeriesNo,
    /// Its property.
    pub property: Box<str>,
    /// When it was measured.
    pub at: Instant,
    /// What was measured.
    pub value: f64,
}

/// What keeps an alarm quiet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suppressor {
    /// Somebody put it aside until then.
    Shelf(Instant),
    /// A silence, by its id.
    Silence(Arc<str>),
    /// An open alarm that explains it.
    Alarm(AlarmKey),
}

/// Why an alarm was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearedBy {
    /// Its condition ended.
    Condition,
    /// Somebody.
    Hand,
    /// Its rule is gone, or no longer means the device.
    Scope,
}

/// Why a reading moved nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// A reading of this instant, or of a later one, was taken before, or time has passed it by.
    Late,
    /// It was measured more than five minutes from now.
    Future,
    /// The device has no such series.
    Series,
    /// Not a finite number.
    Value,
}

/// Something the caller must record or tell.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// A condition began to hold; nothing is alarming yet.
    Pending {
        /// Which alarm it may become.
        alarm: AlarmKey,
        /// Since when.
        since: Instant,
        /// When it will be raised if nothing changes; unknown when readings must repeat.
        due: Option<Instant>,
    },
    /// What was pending came to nothing.
    Passed {
        /// Which.
        alarm: AlarmKey,
        /// When.
        at: Instant,
    },
    /// An alarm is open.
    Raised {
        /// Which.
        alarm: AlarmKey,
        /// How bad.
        severity: Severity,
        /// Since when its condition held.
        since: Instant,
        /// When it was raised, in event time.
        at: Instant,
        /// It comes and goes: it now stays until it was quiet.
        flapping: bool,
        /// The readings it rests on.
        evidence: Vec<Evidence>,
    },
    /// It became better or worse.
    Changed {
        /// Which.
        alarm: AlarmKey,
        /// How bad it was.
        from: Severity,
        /// How bad it is.
        severity: Severity,
        /// When.
        at: Instant,
    },
    /// Its condition ended; it stays open for a while.
    Recovering {
        /// Which.
        alarm: AlarmKey,
        /// When the condition ended.
        at: Instant,
        /// When it will clear.
        due: Instant,
    },
    /// Its condition holds again.
    Relapsed {
        /// Which.
        alarm: AlarmKey,
        /// How bad.
        severity: Severity,
        /// When.
        at: Instant,
    },
    /// It is closed.
    Cleared {
        /// Which.
        alarm: AlarmKey,
        /// When.
        at: Instant,
        /// Why.
        by: ClearedBy,
    },
    /// It is open, and kept quiet.
    Suppressed {
        /// Which.
        alarm: AlarmKey,
        /// By what.
        by: Suppressor,
    },
    /// It is open, and no longer kept quiet.
    Resumed {
        /// Which.
        alarm: AlarmKey,
    },
    /// Somebody has taken note.
    Acknowledged {
        /// Which.
        alarm: AlarmKey,
        /// When.
        at: Instant,
    },
    /// A reading moved nothing.
    Ignored {
        /// Of which series.
        series: SeriesNo,
        /// Measured when.
        at: Instant,
        /// Why.
        why: Ignored,
    },
}

impl Effect {
    /// The alarm it is about.
    pub fn alarm(&self) -> Option<&AlarmKey> {
        match self {
            Self::Pending { alarm, .. }
            | Self::Passed { alarm, .. }
            | Self::Raised { alarm, .. }
            | Self::Changed { alarm, .. }
            | Self::Recovering { alarm, .. }
            | Self::Relapsed { alarm, .. }
            | Self::Cleared { alarm, .. }
            | Self::Suppressed { alarm, .. }
            | Self::Resumed { alarm }
            | Self::Acknowledged { alarm, .. } => Some(alarm),
            Self::Ignored { .. } => None,
        }
    }
}
