//! What becomes of a message when it is written: sent at once, held, merged with others, or not sent. Pure, as are the waits between attempts.

use jiff::tz::TimeZone;
use model::{Channel, Instant};

use super::preferences::Preferences;

/// Attempts before a message is given up: with the waits below a channel may be away for a day and a half.
pub const ATTEMPTS_MAX: u32 = 10;

/// The wait after the first failure, seconds; each one after is four times as long.
const FIRST_WAIT_S: u64 = 30;

/// The longest wait, seconds: 8 hours.
const LONGEST_WAIT_S: u64 = 8 * 3_600;

/// How much one person is sent by one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages an hour.
    pub per_hour: u32,
    /// Messages a day.
    pub per_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_hour: 6, per_day: 20 }
    }
}

/// A message to be planned.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// By which channel.
    pub channel: Channel,
    /// The group of its kind.
    pub group: &'a str,
    /// Whether its kind is urgent.
    pub is_urgent: bool,
    /// Messages of this channel to the person in the last hour.
    pub sent_in_hour: u32,
    /// Messages of this channel to the person in the last day.
    pub sent_in_day: u32,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// It is sent at once.
    Send,
    /// It waits for the end of quiet hours.
    Hold(Instant),
    /// It is too much: it is told with others in one message, once the person may be sent something again.
    Merge,
    /// It is not sent by this channel; the list in the resident face has it.
    Suppress(&'static str),
}

/// Decides. The list in the resident face takes everything, at once.
pub fn plan(asked: &Asked<'_>, wants: &Preferences, limits: Limits, now: Instant, zone: &TimeZone) -> Plan {
    if asked.channel == Channel::InApp {
        return Plan::Send;
    }
    if !wants.takes(asked.group, asked.channel) {
        return Plan::Suppress("preference");
    }
    if asked.is_urgent {
        return Plan::Send;
    }
    if asked.sent_in_hour >= limits.per_hour || asked.sent_in_day >= limits.per_day {
        return Plan::Merge;
    }
    wants.quiet_hours().and_then(|quiet| quiet.end(now, zone)).map_or(Plan::Send, Plan::Hold)
}

/// The wait after the `attempt`-th failure (1 for the first), microseconds; `None` when it is given up.
///
/// Exponential, held at 8 hours, times 0.8 to 1.2 by `jitter`: those who failed together do not come back together.
pub fn retry_after_us(attempt: u32, jitter: u32) -> Option<i64> {
    if attempt >= ATTEMPTS_MAX {
        return None;
    }
    let wait_s = FIRST_WAIT_S.saturating_mul(4_u64.saturating_pow(attempt.saturating_sub(1))).min(LONGEST_WAIT_S);
    // 0.8 + 0.4 * jitter / 2^32, in thousandths.
    let thousandths = 800 + ((u64::from(jitter) * 400) >> 32);
    i64::try_from(wait_s * thousandths * 1_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { per_hour: 3, per_day: 5 };

    fn check(asked: Asked<'_>, wants: &Preferences, now: &str, expect: &Plan) {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(plan(&asked, wants, LIMITS, now.parse().unwrap(), &zone), *expect, "{asked:?} at {now}");
    }

    fn email(is_urgent: bool, sent_in_hour: u32, sent_in_day: u32) -> Asked<'static> {
        Asked { channel: Channel::Email, group: "reports", is_urgent, sent_in_hour, sent_in_day }
    }

    #[test]
    fn a_message_is_sent_held_or_suppressed() {
        const DAY: &str = "2026-11-26T10:00:00+08:00";
        const NIGHT: &str = "2026-11-26T23:00:00+08:00";
        let wants = Preferences::default();
        let morning = Plan::Hold("2026-11-27T08:00:00+08:00".parse().unwrap());
        for (asked, now, expect) in [
            (email(false, 0, 0), DAY, Plan::Send),
            (email(false, 2, 4), DAY, Plan::Send),
            (email(false, 3, 3), DAY, Plan::Merge),
            (email(false, 0, 5), DAY, Plan::Merge),
            (email(true, 3, 5), DAY, Plan::Send),
            (email(false, 0, 0), NIGHT, morning),
            (email(false, 3, 3), NIGHT, Plan::Merge),
            (email(true, 0, 0), NIGHT, Plan::Send),
            (Asked { channel: Channel::InApp, ..email(false, 99, 99) }, NIGHT, Plan::Send),
        ] {
            check(asked, &wants, now, &expect);
        }
    }

    #[test]
    fn what_is_not_wanted_is_not_sent_however_urgent() {
        let mut wants = Preferences::default();
        wants.switch("reports", Channel::Email, false);
        for (asked, expect) in [
            (email(false, 0, 0), Plan::Suppress("preference")),
            (email(true, 0, 0), Plan::Suppress("preference")),
            (Asked { group: "visits", ..email(false, 0, 0) }, Plan::Send),
            (Asked { channel: Channel::Sms, ..email(false, 0, 0) }, Plan::Send),
            (Asked { channel: Channel::InApp, ..email(false, 0, 0) }, Plan::Send),
        ] {
            check(asked, &wants, "2026-11-26T10:00:00+08:00", &expect);
        }
    }

    #[test]
    fn waits_grow_to_eight_hours_and_end() {
        let half = 1 << 31;
        let seconds = |attempt, jitter| retry_after_us(attempt, jitter).map(|wait_us| wait_us / 1_000_000);
        for (attempt, expect) in [
            (1, Some(30)),
            (2, Some(120)),
            (3, Some(480)),
            (4, Some(1_920)),
            (5, Some(7_680)),
            (6, Some(28_800)),
            (9, Some(28_800)),
            (10, None),
            (u32::MAX, None),
        ] {
            assert_eq!(seconds(attempt, half), expect, "attempt {attempt}");
        }
        assert_eq!([seconds(1, 0), seconds(1, u32::MAX)], [Some(24), Some(35)], "jitter is a fifth either way");
    }
}
