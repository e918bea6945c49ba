//! Clocks of a case: a limit begun, paused, resumed, met or missed. The instants are computed by the pack's calendars.

use serde::{Deserialize, Serialize};

use crate::ids::CalendarId;
use crate::limit::Limit;
use crate::time::Instant;

/// Which clock of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockName {
    /// The limit of the present task (受理, 核实, 派遣, 核查 …); begun anew in each state.
    Task,
    /// The limit of handling (处置时限) of the filing condition; runs over several states.
    Disposal,
    /// The longest the law allows (法定时限) for a service; runs beside the promised limit, which is the disposal clock.
    Legal,
}

impl ClockName {
    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Disposal => "disposal",
            Self::Legal => "legal",
        }
    }
}

/// The state of one clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// What it counts; absent when only the due instant is known (imported cases).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// By which calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarId>,
    /// When it began.
    pub began_at: Instant,
    /// When it is due; meaningless while paused.
    pub due_at: Instant,
    /// Time left when it was paused, in microseconds of the limit's own kind of time; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_with_us: Option<i64>,
    /// When it was stopped, because what it waited for was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Instant>,
    /// True once it counts for nobody: an approved 延期, 挂账 or 申诉.
    #[serde(default)]
    pub exempt: bool,
    /// True once a timer has recorded that the due instant passed.
    #[serde(default)]
    pub passed: bool,
}

impl ClockState {
    /// True while it is counting: neither paused nor stopped.
    pub const fn is_running(&self) -> bool {
        self.paused_with_us.is_none() && self.stopped_at.is_none()
    }

    /// True while its due instant has been recorded as passed and it still counts.
    pub const fn is_missed(&self) -> bool {
        self.passed && self.is_running() && !self.exempt
    }

    /// Whether it was met or missed, or is still open at `now` without being late.
    ///
    /// `Some(true)` met, `Some(false)` late, `None` still open and not late. A clock that was paused when it
    /// stopped is judged by the time it had left.
    pub fn is_on_time(&self, now: Instant) -> Option<bool> {
        match (self.paused_with_us, self.stopped_at) {
            (Some(left_us), Some(_)) => Some(left_us >= 0),
            (Some(left_us), None) => (left_us < 0).then_some(false),
            (None, Some(stopped_at)) => Some(stopped_at <= self.due_at),
            (None, None) => (self.due_at < now).then_some(false),
        }
    }
}
