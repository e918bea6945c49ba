//! Several processes of one city that take what devices say: the stream they share, and the manifest of the readings.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use lake::{Manifests, Sharing};
use model::{Clock, Reading};
use sense::telemetry::{Fleet, Kept, SeriesOf, Told};
use store::{DatabaseUrl, Entropy, Reader, Store, StoreError, Tx};
use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::system::SystemEntropy;

/// Groups of readings that wait to be told of.
const HEARD: usize = 256;

/// A device that another process registered is known here within this time.
const KNOWN_WITHIN: Duration = Duration::from_secs(3);

/// Which manifest of the database is the readings'.
const MANIFEST: &str = "readings";

/// The stream that the processes of a city share.
pub struct Shared {
    /// As the lake wants it.
    pub sharing: Sharing,
    /// Readings of all processes.
    pub heard: mpsc::Receiver<Vec<Reading>>,
}

/// The stream as it is configured, for a process that takes part; `None` where one process takes all.
pub fn of_city(config: &Config, store: &Store, clock: &dyn Clock) -> anyhow::Result<Option<Shared>> {
    let Some(sharing) = sharing(config, store, clock)? else { return Ok(None) };
    let (tell, heard) = mpsc::channel(HEARD);
    Ok(Some(Shared { sharing: Sharing { heard: Some(tell), ..sharing }, heard }))
}

/// The same, for who looks at the readings from outside.
pub fn sharing(config: &Config, store: &Store, clock: &dyn Clock) -> anyhow::Result<Option<Sharing>> {
    let Some(servers) = config.nats.clone() else { return Ok(None) };
    if matches!(config.database()?, DatabaseUrl::Sqlite(_)) {
        bail!(
            "with NATS several processes share one database, which has to be PostgreSQL: give --database-url postgres://…"
        );
    }
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '-' || one == '_';
    if config.nats_stream.is_empty() || !config.nats_stream.chars().all(is_name) {
        bail!("nats_stream is {:?}; a stream is named by letters, digits, - and _", config.nats_stream);
    }
    if !matches!(config.nats_copies, 1 | 3 | 5) {
        bail!("nats_copies is {}; a stream is kept by 1, 3 or 5 servers", config.nats_copies);
    }
    let max_bytes = i64::try_from(config.nats_mb).ok().and_then(|mb| mb.checked_mul(1 << 20));
    let max_bytes = max_bytes.context("nats_mb is more than a stream can hold")?;
    Ok(Some(Sharing {
        servers,
        stream: config.nats_stream.clone(),
        copies: config.nats_copies.into(),
        max_bytes,
        replica: name(clock),
        manifests: Arc::new(Shelf { store: store.clone() }),
        heard: None,
    }))
}

/// What tells this process from all others, before and after it as well.
pub fn name(clock: &dyn Clock) -> String {
    let mut random = [0; 10];
    SystemEntropy.fill(&mut random);
    let random = random.iter().fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
    model::EventId::new(clock.now(), random).to_string()
}

/// The manifest in the database.
struct Shelf {
    store: Store,
}

impl Manifests for Shelf {
    fn read(&self, known: u64) -> Result<Option<(u64, String)>, String> {
        let known = i64::try_from(known).unwrap_or(i64::MAX);
        let found = self.store.read_blocking(move |db: &mut Reader| db.find_lake_manifest(MANIFEST, known));
        let found = found.map_err(|error: StoreError| error.to_string())?;
        Ok(found.and_then(|(version, body)| Some((u64::try_from(version).ok()?, body))))
    }

    fn swap(&self, known: u64, text: &str) -> Result<bool, String> {
        let (known, text) = (i64::try_from(known).unwrap_or(i64::MAX), text.to_owned());
        let swapped = self.store.write_blocking(move |tx: &mut Tx| tx.swap_lake_manifest(MANIFEST, known, &text));
        swapped.map_err(|error: StoreError| error.to_string())
    }
}

/// Tells of readings of all processes, device by device, until the program stops.
pub async fn tell(
    mut heard: mpsc::Receiver<Vec<Reading>>,
    fleet: Arc<Fleet>,
    told: mpsc::Sender<Told>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let readings = tokio::select! {
            Some(readings) = heard.recv() => readings,
            // What it answers holds a lock, which must not be held while others wait.
            () = async { drop(stopping.wait_for(|stop| *stop).await) } => return,
        };
        for of_device in by_device(&fleet, readings).await {
            if told.send(Told::Kept(of_device)).await.is_err() {
                return;
            }
        }
    }
}

async fn by_device(fleet: &Fleet, readings: Vec<Reading>) -> Vec<Kept> {
    let mut all: Vec<Kept> = Vec::new();
    for reading in readings {
        let Some(SeriesOf { member, .. }) = known(fleet, &reading).await else {
            tracing::warn!(series = %reading.series, "a reading of a device that this process does not know is not judged");
            continue;
        };
        match all.last_mut().filter(|last| Arc::ptr_eq(&last.member, &member)) {
            Some(last) => last.readings.push(reading),
            None => all.push(Kept { member, readings: vec![reading] }),
        }
    }
    all
}

async fn known(fleet: &Fleet, reading: &Reading) -> Option<SeriesOf> {
    let begun = tokio::time::Instant::now();
    loop {
        let found = fleet.of_series(reading.series);
        if found.is_some() || begun.elapsed() >= KNOWN_WITHIN {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
