//! What the lake seals is in the log, and what is past its time goes.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use model::{Instant, RecordBody, SeriesNo};
use sense::telemetry::{Fleet, Lake as _, TimeOrder};
use store::Tx;
use testkit::{Database, on_both_databases};

use super::{Town, block, town};
use crate::commands::lake::verify_folder;
use crate::sensing::ledger::{record, record_sealed};

const DAY_US: i64 = 86_400_000_000;

/// A town whose lamp and meter have spoken, and which is still now.
async fn measured(database: &Database) -> (Town, Arc<Fleet>, [SeriesNo; 2]) {
    let town = town(database);
    let running = town.begin();
    running.register("lamp-1", "street_lamp").await;
    running.register("meter-1", "water_meter").await;
    running.send("lamp-1", r#"{"power": 60}"#).await.unwrap();
    running.send("meter-1", r#"{"volume": 12.5}"#).await.unwrap();
    let fleet = Arc::clone(&running.intake.fleet);
    let series = ["lamp-1", "meter-1"].map(|id| fleet.find(&id.parse().unwrap()).unwrap().series[0]);
    running.stop().await;
    (town, fleet, series)
}

fn sealed_files(town: &Town) -> Vec<String> {
    let rows = town.ctx.store.read_blocking(|db| db.list_unsealed(0, 100)).unwrap();
    let sealed = rows.iter().filter_map(|row| {
        let text: serde_json::Value = serde_json::from_slice(&row.canonical).unwrap();
        let body: RecordBody = serde_json::from_value(text["body"].clone()).ok()?;
        let RecordBody::LakeFileSealed(sealed) = body else { return None };
        Some(sealed.file)
    });
    sealed.collect()
}

on_both_databases!(every_file_is_recorded_once_also_after_a_stop_between_the_log_and_the_lake, |database| {
    block(async {
        let (town, fleet, _) = measured(database).await;
        let lake = town.lake_in("lake", &fleet);
        lake.roll(town.ctx.clock.now()).unwrap();
        let (store, folder) = (town.ctx.store.clone(), town.folder.path().join("lake"));
        assert_eq!(verify_folder(&folder, None, &store).unwrap(), ExitCode::SUCCESS, "not recorded yet is no fault");
        // As if the program ended after the transaction: the lake was not told.
        let (sealed, now) = (lake.sealed(100), town.ctx.clock.now());
        assert_eq!(sealed.len(), 1);
        assert_eq!(store.write(move |tx: &mut Tx| record(tx, sealed, now)).await.unwrap(), 1);
        drop(lake);
        let lake = town.lake_in("lake", &fleet);
        assert_eq!(lake.sealed(100).len(), 1);
        assert_eq!(record_sealed(&store, &lake, now).await.unwrap(), 0);
        assert!(lake.sealed(100).is_empty());
        let [file] = sealed_files(&town).try_into().unwrap();
        assert!(file.starts_with("raw/day=2026-11-27/"), "{file}");
        assert_eq!(verify_folder(&folder, None, &store).unwrap(), ExitCode::SUCCESS);
        // A byte is changed behind its back.
        let path = folder.join(file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(verify_folder(&folder, None, &store).unwrap(), ExitCode::FAILURE);
    });
});

on_both_databases!(a_file_that_the_log_does_not_know_is_named, |database| {
    block(async {
        let (town, fleet, _) = measured(database).await;
        let lake = town.lake_in("lake", &fleet);
        lake.roll(town.ctx.clock.now()).unwrap();
        // Told without a record, as somebody would who puts another file into its place.
        lake.told(lake.sealed(100).last().unwrap().position).unwrap();
        assert_eq!(verify_folder(&town.folder.path().join("lake"), None, &town.ctx.store).unwrap(), ExitCode::FAILURE);
    });
});

on_both_databases!(what_a_device_measured_is_kept_for_as_long_as_its_class_says, |database| {
    block(async {
        let (town, fleet, [lamp, meter]) = measured(database).await;
        let lake = town.lake_in("lake", &fleet);
        let span = (Instant::from_micros(0), town.ctx.clock.now().plus_micros(DAY_US));
        let left = |series| {
            lake.roll(town.ctx.clock.now()).unwrap();
            let readings = lake.range(series, span, TimeOrder::Earliest, 10).unwrap().len();
            (readings, lake.buckets(series, span.0, span.1, DAY_US).unwrap().len())
        };
        assert_eq!((left(lamp), left(meter)), ((1, 1), (1, 1)));
        // The demo city: lamps 400 days and ten years of hours; meters of households 90 days and two years.
        town.clock.advance_us(92 * DAY_US);
        assert_eq!((left(lamp), left(meter)), ((1, 1), (0, 1)));
        town.clock.advance_us(310 * DAY_US);
        assert_eq!((left(lamp), left(meter)), ((0, 1), (0, 1)));
        town.clock.advance_us(330 * DAY_US);
        assert_eq!((left(lamp), left(meter)), ((0, 1), (0, 0)));
    });
});
