//! `dipper reconcile`: the city's log of questions held against the departments' own, a day at a time.

use std::process::ExitCode;

use account::reconcile::{Mismatch, Reconciled, reconcile as compare};
use anyhow::{Context, bail};
use jiff::civil::Date;
use model::{Clock, Instant};

use super::department::reach;
use super::pack::load;
use crate::config::Config;
use crate::runtime::open_store;
use crate::system::SystemClock;

/// Reconciles a day. The exit code is 1 when anything differs or a department's log could not be read.
pub fn reconcile(config: Config, day: Option<&str>) -> anyhow::Result<ExitCode> {
    let city = load(&config.pack)?.city;
    let Some(departments) = reach(&config, &city)? else {
        bail!("no departments are connected: say where they are with --departments or DIPPER_DEPARTMENTS");
    };
    let zone = city.zone();
    let today = zone.to_datetime(SystemClock.now().to_timestamp()).date();
    let day: Date = match day {
        Some(text) => text.parse().with_context(|| format!("{text:?} is not a day such as 2026-11-26"))?,
        None => today.yesterday()?,
    };
    let start = |day: Date| anyhow::Ok(Instant::from_timestamp(zone.to_timestamp(day.at(0, 0, 0, 0))?));
    let (from, to) = (start(day)?, start(day.tomorrow()?)?);
    let store = open_store(&config)?;
    let results = compare(&store, &city, &departments, from, to);
    store.close();
    println!("{day}");
    let mut agrees = true;
    for result in results {
        match result {
            Ok(found) => {
                agrees &= found.mismatches.is_empty();
                tell(&found);
            }
            Err(error) => {
                agrees = false;
                println!("  {error}");
            }
        }
    }
    println!("{}", if agrees { "the logs agree" } else { "THE LOGS DIFFER" });
    Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(found: &Reconciled) {
    let Reconciled { source, matched, unanswered, mismatches } = found;
    println!("  {source}: {matched} on both sides, {unanswered} not answered, {} differ", mismatches.len());
    for mismatch in mismatches {
        match mismatch {
            Mismatch::NotRecorded { request, at } => {
                println!("    {request} at {at}: the department was asked, and the city has no record of it");
            }
            Mismatch::NotSeen { request, at } => {
                println!(
                    "    {request} at {at}: the city says it was answered, and the department has no record of it"
                );
            }
            Mismatch::OtherFields { request, at } => {
                println!("    {request} at {at}: the department was asked for other fields than the city wrote down");
            }
        }
    }
}
