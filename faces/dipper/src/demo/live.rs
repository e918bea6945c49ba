//! The slow stream: while a demonstration runs, people report and go on handling.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::Instant;
use store::{CaseFilter, CaseSort, StoreError, Tx};

use super::chance::Chance;
use super::people;
use super::places::Places;
use super::plan::{Album, Next};
use super::sim::Sim;

/// One thing happens this often.
const PACE: Duration = Duration::from_secs(9);

/// Share of the steps that are new reports; the rest moves open cases on.
const REPORTS: f64 = 0.3;

/// Open cases looked at for the next step, the latest ones: old ones are left for visitors.
const LOOKED_AT: u32 = 60;

/// Keeps the city alive until the task is dropped. Trouble with one step is logged and the next one tried.
pub async fn keep_alive(ctx: sense::Context, pack: std::path::PathBuf) {
    let begun = begin(&ctx, &pack).await;
    let Ok(mut sim) =
        begun.inspect_err(|error| tracing::warn!(%error, "the demonstration does not live: seed it first"))
    else {
        return;
    };
    let mut pace = tokio::time::interval(PACE);
    loop {
        pace.tick().await;
        let now = ctx.clock.now();
        let stepped = ctx.store.write(move |tx: &mut Tx| {
            let outcome = step(tx, &mut sim, now);
            if let Err(error) = &outcome {
                tracing::warn!(%error, "a step of the demonstration failed");
            }
            // The story is handed back whatever happened; a failed step leaves an empty savepoint's worth of nothing.
            Ok::<_, StoreError>(sim)
        });
        match stepped.await {
            Ok(back) => sim = back,
            Err(error) => {
                tracing::warn!(%error, "the demonstration stops");
                return;
            }
        }
    }
}

async fn begin(ctx: &sense::Context, pack: &Path) -> anyhow::Result<Sim> {
    let compiled = ctx.packs.current();
    let (store, city) = (ctx.store.clone(), Arc::clone(&compiled.city));
    let people = tokio::task::spawn_blocking(move || people::find(&store, &city)).await??;
    anyhow::ensure!(!people.by_post.is_empty(), "there are no demo accounts");
    let rows = ctx
        .store
        .read(|db| {
            db.list_cases(&CaseFilter { open: Some(false), ..CaseFilter::default() }, CaseSort::Updated, None, 40)
        })
        .await?;
    let mut album = Album::default();
    for row in rows.items {
        let case = ctx.store.read(move |db| db.load_case(row.id)).await?;
        for (purpose, files) in case.into_iter().flat_map(|case| case.evidence) {
            let pictures =
                if matches!(purpose.as_str(), "after" | "check") { &mut album.after } else { &mut album.before };
            pictures.extend(files);
        }
    }
    let chance = Chance::new(ctx.clock.now().as_micros().unsigned_abs());
    Ok(Sim { compiled, people, places: Places::read(pack), album, chance })
}

fn step(tx: &mut Tx, sim: &mut Sim, now: Instant) -> Result<(), StoreError> {
    if sim.chance.happens(REPORTS) {
        if let Some(report) = sim.imagine() {
            sim.file(tx, report, now)?;
        }
        return Ok(());
    }
    let filter = CaseFilter { open: Some(true), ..CaseFilter::default() };
    let rows = tx.list_cases(&filter, CaseSort::Updated, None, LOOKED_AT)?.items;
    let Some(row) = sim.chance.one_of(&rows) else { return Ok(()) };
    let Some(case) = tx.load_case(row.id)? else { return Ok(()) };
    if let Some(next) = sim.plan(&case, now) {
        sim.happen(tx, case, &Next { at: now, ..next })?;
    }
    Ok(())
}
