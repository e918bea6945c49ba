//! A working calendar as rules: opening hours, holidays, days worked instead.

use std::collections::BTreeMap;

use model::Text;
use serde::{Deserialize, Serialize};

/// A working calendar as rules; compiled by [`crate::calendar`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarRules {
    /// Name.
    pub title: Text,
    /// IANA time zone.
    pub timezone: String,
    /// Opening hours by weekday (`mon` … `sun`), each a list of `["08:00", "12:00"]`; an absent day is closed.
    pub hours: BTreeMap<Weekday, Vec<[String; 2]>>,
    /// Days on which it is closed.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Weekend days worked instead (调休), with the weekday whose hours apply.
    #[serde(default)]
    pub swaps: Vec<Swap>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// 周一.
    Mon,
    /// 周二.
    Tue,
    /// 周三.
    Wed,
    /// 周四.
    Thu,
    /// 周五.
    Fri,
    /// 周六.
    Sat,
    /// 周日.
    Sun,
}

/// A holiday, by date or by rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Name.
    pub title: Text,
    /// When.
    #[serde(flatten)]
    pub when: HolidayRule,
    /// First year it applies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_year: Option<i16>,
    /// Last year it applies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_year: Option<i16>,
}

/// When a holiday is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum HolidayRule {
    /// From one date to another, both included, `2026-10-01`.
    Dates {
        /// First day.
        from: String,
        /// Last day; the first when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// The same day every year.
    Yearly {
        /// Month, 1 to 12.
        month: i8,
        /// Day, 1 to 31.
        day: i8,
        /// When that is a Sunday, the Monday after is kept instead.
        #[serde(default)]
        sunday_to_monday: bool,
    },
    /// The n-th weekday of a month; -1 is the last.
    NthWeekday {
        /// Month, 1 to 12.
        month: i8,
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 5, or -1 for the last.
        nth: i8,
    },
}

/// A day worked in exchange for a holiday (调休).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The day, `2026-10-10`.
    pub date: String,
    /// Whose hours it has.
    pub like: Weekday,
}
