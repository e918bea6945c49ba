//! Each file that the lake seals becomes a record of the log, so that the ledger holds what was measured.

use std::time::Duration;

use lake::Sealed;
use model::{Actor, Instant, LakeFileSealed, NewRecord, RecordBody};
use store::{Store, StoreError, Tx};
use tokio::sync::watch;

use super::lake::CityLake;

/// How often the lake is asked. It seals a file an hour, more where much is measured.
const EVERY: Duration = Duration::from_secs(5);

/// Most files of a transaction.
const AT_ONCE: usize = 256;

/// Records what the lake seals, until the program stops. What could not be recorded stays in the lake's mind, over restarts too.
pub async fn run(
    store: Store,
    lake: CityLake,
    clock: std::sync::Arc<dyn model::Clock>,
    leads: watch::Receiver<bool>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        // Of several processes the one that judges.
        let is_ours = *leads.borrow();
        if is_ours && let Err(error) = record_sealed(&store, &lake, clock.now()).await {
            tracing::error!(%error, "files of the lake could not be recorded; the next round tries again");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Records every file that was sealed and is not recorded yet; how many.
pub async fn record_sealed(store: &Store, lake: &CityLake, now: Instant) -> anyhow::Result<usize> {
    let mut recorded = 0;
    loop {
        let sealed = lake.sealed(AT_ONCE);
        let Some(through) = sealed.last().map(|last| last.position) else { return Ok(recorded) };
        recorded += store.write(move |tx: &mut Tx| record(tx, sealed, now)).await?;
        let lake = lake.clone();
        tokio::task::spawn_blocking(move || lake.told(through)).await??;
    }
}

/// Records files that are not recorded yet; how many.
pub fn record(tx: &mut Tx, sealed: Vec<Sealed>, now: Instant) -> Result<usize, StoreError> {
    let mut recorded = 0;
    for Sealed { position: _, file, sha256, rows, from_us, to_us } in sealed {
        let (from, to) = (Instant::from_micros(from_us), Instant::from_micros(to_us));
        let body = RecordBody::LakeFileSealed(Box::new(LakeFileSealed { file, sha256, rows, from, to }));
        // The program may have ended between this transaction and telling the lake.
        if tx.list_records(&body.subject(), None, 1)?.is_empty() {
            tx.append_record(NewRecord { at: now, actor: Actor::system("lake"), body }, now)?;
            recorded += 1;
        }
    }
    Ok(recorded)
}
