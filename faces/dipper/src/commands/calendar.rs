//! `dipper calendar`: deadlines for scripts.

use std::io::{BufRead, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use jiff::tz::TimeZone;
use model::{CalendarId, Instant, Limit};
use pack::Calendar;

use super::lines::each_line;
use super::pack::load;

/// RFC 3339 instants in, deadlines out in the calendar's own time zone.
pub fn due(
    folder: &Path,
    calendar: &str,
    limit: &str,
    input: impl BufRead,
    output: impl Write,
) -> anyhow::Result<ExitCode> {
    let city = load(folder)?.city;
    let id = CalendarId::new(calendar)?;
    let known = || city.calendars.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let rules =
        city.calendars.get(&id).with_context(|| format!("the pack has no calendar {id}; it has: {}", known()))?;
    let limit: Limit = limit.parse()?;
    let zone = TimeZone::get(&rules.timezone)?;
    let calendar = Calendar::compile(rules)?;
    each_line(input, BufWriter::new(output), |line| {
        let from: Instant =
            line.trim().parse().with_context(|| format!("{:?} is not an RFC 3339 instant with a zone", line.trim()))?;
        let due = calendar.due(limit, from)?.to_timestamp();
        Ok(due.display_with_offset(zone.to_offset(due)).to_string())
    })
}
