//! Devices in the city: readings kept in memory, behind the door that the program has.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use grid::LonLat;
use model::{Instant, Reading, SeriesNo};
use sense::devices::NewDevice;
use sense::telemetry::{Bucket, Done, Fleet, Intake, Lake, LakeFault, TimeOrder};
use testkit::FixedClock;
use tokio::sync::mpsc;

use super::TestApp;

/// Readings in memory.
#[derive(Default)]
pub struct MemoryLake(pub Mutex<BTreeMap<(SeriesNo, Instant), Reading>>);

impl Lake for MemoryLake {
    fn append(&self, readings: Vec<Reading>, done: Done) {
        self.0.lock().unwrap().extend(readings.into_iter().map(|reading| ((reading.series, reading.at), reading)));
        done(Ok(()));
    }

    fn latest(&self, series: SeriesNo) -> Option<Reading> {
        let readings = self.0.lock().unwrap();
        let all = (series, Instant::from_micros(0))..(series, Instant::from_micros(i64::MAX));
        readings.range(all).next_back().map(|(_, reading)| *reading)
    }

    fn range(
        &self,
        series: SeriesNo,
        (from, to): (Instant, Instant),
        order: TimeOrder,
        limit: usize,
    ) -> Result<Vec<Reading>, LakeFault> {
        let readings = self.0.lock().unwrap();
        let found = readings.range((series, from)..(series, to)).map(|(_, reading)| *reading);
        Ok(match order {
            TimeOrder::Earliest => found.take(limit).collect(),
            TimeOrder::Latest => found.rev().take(limit).collect(),
        })
    }

    fn count(&self, series: &[SeriesNo], from: Instant, to: Instant, _: u64) -> Result<u64, LakeFault> {
        let readings = self.0.lock().unwrap();
        Ok(series.iter().map(|series| readings.range((*series, from)..(*series, to)).count() as u64).sum())
    }

    fn buckets(&self, _: SeriesNo, _: Instant, _: Instant, _: i64) -> Result<Vec<Bucket>, LakeFault> {
        Ok(Vec::new())
    }
}

/// Opens the door for devices of a city that is being made.
pub fn with_devices(parts: &mut dipper_http::Parts, clock: &FixedClock, lake: &Arc<MemoryLake>) {
    let (told, mut heard) = mpsc::channel(64);
    tokio::spawn(async move { while heard.recv().await.is_some() {} });
    let fleet = Fleet::load(&parts.store, &parts.packs.current()).unwrap();
    let ctx = sense::Context {
        store: parts.store.clone(),
        packs: Arc::clone(&parts.packs),
        clock: Arc::new(clock.clone()),
        vault: Arc::clone(&parts.vault),
        files: Arc::clone(&parts.files),
        trust: None,
    };
    let (lake, mqtt_port) = (Arc::clone(lake), std::sync::OnceLock::new());
    parts.intake = Some(Arc::new(Intake { ctx, fleet: Arc::new(fleet), lake, told, mqtt_port }));
}

/// Registers a device and gives its password.
pub async fn register(test: &TestApp, id: &str, class: &str, (lon, lat): (f64, f64)) -> String {
    let new = NewDevice {
        id: id.parse().unwrap(),
        class: class.parse().unwrap(),
        title: String::new(),
        parent: None,
        point: LonLat::new(lon, lat).unwrap(),
        height_m: None,
        office: None,
        through: None,
    };
    test.app.intake.as_ref().unwrap().register(None, new).await.unwrap().secret.reveal().to_owned()
}
