//! `dipper reconcile`: the city's log of questions held against those of departments and hospitals, a day at a time; and the
//! same, done every day by a running city.

use std::process::ExitCode;

use account::reconcile::{Canary, Day, Due, Mismatch, ProviderLogs, Reconciled, Seen, days_due, reconcile as compare};
use anyhow::{Context, bail};
use jiff::civil::Date;
use model::{Instant, SourceId};
use pack::City;
use sense::alarms::{Alarm, raise};

use super::department::{self, HttpDepartments};
use super::hospital::HospitalLogs;
use crate::config::Config;
use crate::runtime::Runtime;

/// The logs of whoever is connected.
pub struct Logs {
    departments: Option<HttpDepartments>,
    hospitals: Option<HospitalLogs>,
}

impl Logs {
    /// Those of a configuration; `None` where nobody is connected.
    pub fn reach(config: &Config, city: &City) -> anyhow::Result<Option<Self>> {
        let logs =
            Self { departments: department::reach(config, city)?, hospitals: HospitalLogs::reach(config, city)? };
        Ok((logs.departments.is_some() || logs.hospitals.is_some()).then_some(logs))
    }

    fn all(&self) -> impl Iterator<Item = &dyn ProviderLogs> {
        let departments = self.departments.as_ref().map(|departments| departments as &dyn ProviderLogs);
        departments.into_iter().chain(self.hospitals.as_ref().map(|hospitals| hospitals as &dyn ProviderLogs))
    }

    fn of(&self, source: &SourceId) -> Option<&dyn ProviderLogs> {
        self.all().find(|logs| logs.sources().contains(source))
    }
}

impl ProviderLogs for Logs {
    fn sources(&self) -> Vec<SourceId> {
        self.all().flat_map(|logs| logs.sources()).collect()
    }

    fn list(&self, source: &SourceId, from: Instant, to: Instant) -> Result<Vec<Seen>, String> {
        self.of(source).ok_or_else(|| "it is not connected".to_owned())?.list(source, from, to)
    }

    fn subject(&self, source: &SourceId, id_number: &str) -> String {
        self.of(source).map_or_else(String::new, |logs| logs.subject(source, id_number))
    }
}

/// Reconciles a day. The exit code is 1 when anything differs or a log could not be read.
pub fn reconcile(config: Config, day: Option<&str>) -> anyhow::Result<ExitCode> {
    let runtime = Runtime::open(config)?;
    let ctx = runtime.sense();
    let city = ctx.packs.current().city.clone();
    let Some(logs) = Logs::reach(&runtime.config, &city)? else {
        bail!(
            "no departments and no hospitals are connected: say where they are with --departments and --hospitals, \
             DIPPER_DEPARTMENTS and DIPPER_HOSPITALS"
        );
    };
    let today = city.zone().to_datetime(ctx.clock.now().to_timestamp()).date();
    let day: Date = match day {
        Some(text) => text.parse().with_context(|| format!("{text:?} is not a day such as 2026-11-26"))?,
        None => today.yesterday()?,
    };
    let found = one_day(&ctx, &logs, &Due { day, sources: logs.sources() })?;
    let asynchronous = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    asynchronous.block_on(raise_alarms(&ctx, &found));
    ctx.store.close();
    println!("{day}");
    for result in &found.sources {
        match result {
            Ok(found) => tell(found),
            Err(error) => println!("  {error}"),
        }
    }
    for uses in &found.canary_uses {
        println!("  {}: asked about a canary {} times", uses.by, uses.count);
    }
    println!("{}", if found.agrees() { "the logs agree" } else { "THE LOGS DIFFER" });
    Ok(if found.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reconciles every day that is due; what could not be compared is tried again the next time.
///
/// # Errors
/// When the city's own logs do not answer.
pub fn days(ctx: &sense::Context, logs: &Logs) -> anyhow::Result<Vec<Day>> {
    let city = ctx.packs.current().city.clone();
    let due = days_due(&ctx.store, &city, &logs.sources(), ctx.clock.now())?;
    due.iter().map(|due| one_day(ctx, logs, due)).collect()
}

fn one_day(ctx: &sense::Context, logs: &Logs, due: &Due) -> anyhow::Result<Day> {
    let city = ctx.packs.current().city.clone();
    Ok(compare(&ctx.store, &city, logs, &canaries(ctx)?, due, ctx.clock.now())?)
}

/// Canaries with an identity: without one nobody knows them.
fn canaries(ctx: &sense::Context) -> anyhow::Result<Vec<Canary>> {
    let vault = std::sync::Arc::clone(&ctx.vault);
    let found = ctx.store.read_blocking(move |reader| {
        let parties = reader.list_canaries()?;
        parties
            .into_iter()
            .map(|party| Ok((party, vault.find_identity(reader, party)?)))
            .collect::<Result<Vec<_>, identity::VaultError>>()
    })?;
    let canary = |(party, verified): (_, Option<identity::Verified>)| {
        Some(Canary { party, id_number: verified?.identity.id_number.as_str().to_owned() })
    };
    Ok(found.into_iter().filter_map(canary).collect())
}

/// Opens a case for everything that differs, each once.
pub async fn raise_alarms(ctx: &sense::Context, found: &Day) {
    let sources = found.sources.iter().flatten();
    let differing = sources.clone().filter(|source| !source.mismatches.is_empty()).map(|source| {
        let [not_recorded, not_seen, other_fields] = source.differences();
        Alarm::LogsDiffer { source: source.source.clone(), not_recorded, not_seen, other_fields }
    });
    let seen_there = sources
        .filter(|source| source.canaries > 0)
        .map(|source| Alarm::Canary { place: source.source.to_string(), count: source.canaries });
    let seen_here =
        found.canary_uses.iter().map(|uses| Alarm::Canary { place: uses.by.clone(), count: uses.count as usize });
    for alarm in differing.chain(seen_there).chain(seen_here) {
        if let Err(error) = raise(ctx, alarm, found.day).await {
            tracing::error!(%error, "an alarm about personal data opened no case");
        }
    }
}

fn tell(found: &Reconciled) {
    let Reconciled { source, matched, unanswered, mismatches, canaries } = found;
    println!("  {source}: {matched} on both sides, {unanswered} not answered, {} differ", mismatches.len());
    if *canaries > 0 {
        println!("    asked about a canary {canaries} times");
    }
    for mismatch in mismatches {
        match mismatch {
            Mismatch::NotRecorded { request, at } => {
                println!("    {request} at {at}: it was asked, and the city has no record of it");
            }
            Mismatch::NotSeen { request, at } => {
                println!("    {request} at {at}: the city says it was answered, and it has no record of it there");
            }
            Mismatch::OtherFields { request, at } => {
                println!("    {request} at {at}: it was asked for other fields than the city wrote down");
            }
        }
    }
}
