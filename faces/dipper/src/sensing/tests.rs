//! Readings to the disk, to alarms, to cases, on both databases; with stops in between.

use std::sync::Arc;
use std::time::Duration;

use grid::LonLat;
use model::{Clock, DeviceId};
use pack::{Compiled, Packs};
use sense::devices::{DeviceChange, NewDevice};
use sense::telemetry::{Fleet, Format, Intake, IntakeError};
use store::{DeviceAlarmFilter, DeviceAlarmRow};
use testkit::{Database, FixedClock, on_both_databases};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::alarms::{Counter, Desk};
use super::lake::CityLake;
use super::rehearsal::Stage;
use sense::device_alarms::{AlarmDesk, Deed};

const MINUTE_US: i64 = 60_000_000;

/// A city that senses, its clock in hand.
struct Town {
    ctx: sense::Context,
    clock: FixedClock,
    folder: tempfile::TempDir,
}

/// The same while it runs.
struct Running {
    intake: Arc<Intake>,
    counter: Counter,
    stop: watch::Sender<bool>,
    desk: JoinHandle<()>,
}

fn town(database: &Database) -> Town {
    let pack = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
    let compiled = Arc::new(Compiled::of_pack(pack::load(pack).unwrap()).unwrap());
    let (clock, folder) = (FixedClock::at("2026-11-27T09:00:00+08:00"), tempfile::tempdir().unwrap());
    let ctx = sense::Context {
        store: database.store().clone(),
        packs: Arc::new(Packs::new(compiled)),
        clock: Arc::new(clock.clone()),
        vault: Arc::new(identity::Vault::from_key(&[3; 32])),
        files: Arc::new(sense::evidence::Files::open(&folder.path().join("evidence")).unwrap()),
        trust: None,
    };
    Town { ctx, clock, folder }
}

impl Town {
    fn begin(&self) -> Running {
        let compiled = self.ctx.packs.current();
        let lake = CityLake::open(&self.folder.path().join("lake"), &compiled.city.zone(), Arc::clone(&self.ctx.clock))
            .unwrap();
        let fleet = Arc::new(Fleet::load(&self.ctx.store, &compiled).unwrap());
        let (tell, told) = mpsc::channel(16);
        let (ask, asked) = mpsc::channel(16);
        let (stop, stopping) = watch::channel(false);
        let desk = Desk::open(self.ctx.clone(), Arc::clone(&fleet), &lake).unwrap();
        let desk = tokio::spawn(desk.run(told, asked, |_| {}, stopping));
        let lake = Arc::new(lake);
        let stage = Stage { fleet: Arc::clone(&fleet), lake: Arc::<CityLake>::clone(&lake) };
        let counter = Counter::new(ask, Arc::clone(&self.ctx.packs), stage);
        let intake = Arc::new(Intake { ctx: self.ctx.clone(), fleet, lake, told: tell });
        Running { intake, counter, stop, desk }
    }

    /// Time passes; the engine looks at the clock at least once a second.
    async fn pass(&self, micros: i64) {
        self.clock.advance_us(micros);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }

    fn alarms(&self, open: Option<bool>) -> Vec<DeviceAlarmRow> {
        let filter = DeviceAlarmFilter { open, ..DeviceAlarmFilter::default() };
        let mut rows = self.ctx.store.read_blocking(move |db| db.list_device_alarms(&filter, 100)).unwrap();
        rows.reverse();
        rows
    }

    /// Alarms once there are so many, within three seconds.
    async fn wait_for(&self, open: Option<bool>, count: usize) -> Vec<DeviceAlarmRow> {
        for _ in 0..60 {
            if self.alarms(open).len() == count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let found = self.alarms(open);
        assert_eq!(found.len(), count, "{found:?}");
        found
    }
}

impl Running {
    async fn register(&self, id: &str, class: &str) {
        let new = NewDevice {
            id: DeviceId::new(id).unwrap(),
            class: class.parse().unwrap(),
            title: String::new(),
            parent: None,
            point: LonLat::new(112.8961, 32.5087).unwrap(),
            height_m: None,
            office: None,
        };
        self.intake.register(None, new).await.unwrap();
    }

    async fn send(&self, id: &str, message: &str) -> Result<usize, IntakeError> {
        self.intake.take(&DeviceId::new(id).unwrap(), Format::Plain, message.as_bytes()).await
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.desk.await.unwrap();
    }

    /// As kill -9 ends a program: nothing more is written down.
    async fn kill(self) {
        self.desk.abort();
        let _ = self.desk.await;
    }
}

fn block(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future);
}

on_both_databases!(alarms_of_one_rule_and_region_share_a_case, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        for id in ["cover-1", "cover-2"] {
            running.register(id, "manhole_cover").await;
        }
        running.send("cover-1", r#"{"tilt": 40}"#).await.unwrap();
        let first = town.wait_for(Some(true), 1).await.remove(0);
        running.send("cover-2", r#"{"tilt": 50}"#).await.unwrap();
        let both = town.wait_for(Some(true), 2).await;
        let case_id = first.case_id.unwrap();
        assert!(both.iter().all(|row| row.case_id == Some(case_id)), "{both:?}");
        let case = town.ctx.store.read_blocking(move |db| db.load_case(case_id)).unwrap().unwrap();
        assert_eq!((case.category.as_str(), case.channel.as_str()), ("b0103", "device"));
        assert_eq!(
            case.place.cell.map(|cell| cell.to_string()),
            Some(running.intake.fleet.find(&first.device).unwrap().row.cell.to_string())
        );
        // Somebody takes note; it clears by itself.
        let by = model::PartyId::new(town.clock.now(), 1);
        town.ctx
            .store
            .write_blocking(move |tx: &mut store::Tx| {
                tx.record_party(&store::PartyRow::resident(by, "wang", "W", model::Instant::from_micros(0)))
            })
            .unwrap();
        running.counter.act(&first, Deed::Acknowledge, by).await.unwrap();
        assert_eq!(town.alarms(Some(true))[0].acknowledged_by, Some(by));
        town.clock.advance_us(MINUTE_US);
        running.send("cover-1", r#"{"tilt": 1}"#).await.unwrap();
        let left = town.wait_for(Some(true), 1).await;
        assert_eq!(left[0].device.as_str(), "cover-2");
        let refused = running.counter.act(&first, Deed::Clear, by).await.unwrap_err();
        assert!(refused.contains("is not open"), "{refused}");
        running.stop().await;
    });
});

on_both_databases!(a_program_that_is_killed_says_nothing_twice_and_forgets_nothing, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("cover-1", "manhole_cover").await;
        running.send("cover-1", r#"{"tilt": 1}"#).await.unwrap();
        town.pass(MINUTE_US).await;
        // What is on the disk, and was judged by nobody.
        running.desk.abort();
        running.send("cover-1", r#"{"tilt": 44}"#).await.unwrap();
        assert!(town.alarms(None).is_empty());
        running.kill().await;
        town.clock.advance_us(MINUTE_US);
        let running = town.begin();
        let raised = town.wait_for(None, 1).await.remove(0);
        assert_eq!((raised.value, raised.cleared_at), (Some(44.0), None));
        running.stop().await;
        again(&town, &raised).await;
    });
});

/// Another start changes nothing.
async fn again(town: &Town, raised: &DeviceAlarmRow) {
    let running = town.begin();
    town.pass(MINUTE_US).await;
    assert_eq!(town.alarms(None), std::slice::from_ref(raised));
    running.stop().await;
}

on_both_databases!(silence_counts_from_when_somebody_listens, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("lamp-1", "street_lamp").await;
        running.send("lamp-1", r#"{"power": 30}"#).await.unwrap();
        town.pass(MINUTE_US).await;
        running.stop().await;
        // The program was away for a day: the lamp is not to blame.
        town.clock.advance_us(24 * 60 * MINUTE_US);
        let running = town.begin();
        town.pass(10 * MINUTE_US).await;
        assert!(town.alarms(None).is_empty());
        town.pass(11 * MINUTE_US).await;
        let silent = town.wait_for(Some(true), 1).await;
        assert_eq!(
            (silent[0].rule.as_str(), silent[0].part.as_str(), silent[0].case_id),
            ("silent_quick", "no_data", None)
        );
        running.send("lamp-1", r#"{"power": 30}"#).await.unwrap();
        town.wait_for(Some(true), 0).await;
        running.stop().await;
    });
});

on_both_databases!(a_device_that_is_shut_out_has_no_alarms, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("cover-1", "manhole_cover").await;
        running.send("cover-1", r#"{"tilt": 40}"#).await.unwrap();
        town.wait_for(Some(true), 1).await;
        let id = DeviceId::new("cover-1").unwrap();
        town.clock.advance_us(MINUTE_US);
        running.intake.change(None, id.clone(), DeviceChange::Quarantine("it lies".to_owned())).await.unwrap();
        let ended = town.wait_for(Some(false), 1).await;
        assert_eq!(ended[0].cleared_by.as_deref(), Some("scope"));
        assert_eq!(running.send("cover-1", r#"{"tilt": 40}"#).await, Err(IntakeError::Gone));
        town.pass(5 * 60 * MINUTE_US).await;
        assert!(town.alarms(Some(true)).is_empty(), "nor is it called silent");
        running.intake.change(None, id, DeviceChange::Release).await.unwrap();
        running.send("cover-1", r#"{"tilt": 41}"#).await.unwrap();
        town.wait_for(Some(true), 1).await;
        running.stop().await;
    });
});
