//! Readings to the disk, to alarms, to cases, on both databases; with stops in between.

mod kept;
mod notices;
mod thermal;
mod traffic;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use grid::LonLat;
use model::{Clock, DeviceId};
use pack::{Compiled, Packs};
use sense::devices::{DeviceChange, NewDevice};
use sense::telemetry::{Bucket, Done, Fleet, Format, Intake, IntakeError, Lake, LakeFault, LakeRefusal, TimeOrder};
use store::{DeviceAlarmFilter, DeviceAlarmRow, SilenceRow};
use testkit::{Database, FixedClock, on_both_databases};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::alarms::{Counter, Desk};
use super::lake::CityLake;
use super::rehearsal::Stage;
use sense::device_alarms::{AlarmDesk, Deed, RehearsalError};

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
    /// A lake of the city, in a folder of its own.
    fn lake_in(&self, name: &str, fleet: &Arc<Fleet>) -> CityLake {
        let zone = self.ctx.packs.current().city.zone();
        CityLake::open(&self.folder.path().join(name), &zone, Arc::clone(fleet), Arc::clone(&self.ctx.clock)).unwrap()
    }

    /// What telling people needs: the list of each of them, and no other channel.
    fn tell(&self) -> act::notifications::Context {
        act::notifications::Context {
            store: self.ctx.store.clone(),
            packs: Arc::clone(&self.ctx.packs),
            clock: Arc::clone(&self.ctx.clock),
            vault: Arc::clone(&self.ctx.vault),
            senders: act::notifications::Senders::default(),
            base_url: None,
            takes_fees: false,
            limits: act::notifications::Limits::default(),
        }
    }

    fn begin(&self) -> Running {
        let compiled = self.ctx.packs.current();
        let fleet = Arc::new(Fleet::load(&self.ctx.store, &compiled).unwrap());
        let lake = self.lake_in("lake", &fleet);
        let (tell, told) = mpsc::channel(16);
        let (ask, asked) = mpsc::channel(16);
        let (stop, stopping) = watch::channel(false);
        let desk = Desk::open(self.ctx.clone(), Arc::clone(&fleet), &lake).unwrap();
        let desk = tokio::spawn(desk.run(self.tell(), told, asked, |_| {}, stopping));
        let lake = Arc::new(lake);
        let stage = Stage { fleet: Arc::clone(&fleet), lake: Arc::<CityLake>::clone(&lake) };
        let counter = Counter::new(ask, Arc::clone(&self.ctx.packs), stage);
        let intake = Arc::new(Intake { ctx: self.ctx.clone(), fleet, lake, told: tell, mqtt_port: OnceLock::new() });
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
        self.register_behind(id, class, None).await;
    }

    async fn register_behind(&self, id: &str, class: &str, parent: Option<&str>) {
        let new = NewDevice {
            id: DeviceId::new(id).unwrap(),
            class: class.parse().unwrap(),
            title: String::new(),
            parent: parent.map(|parent| DeviceId::new(parent).unwrap()),
            point: LonLat::new(112.8961, 32.5087).unwrap(),
            height_m: None,
            office: None,
            through: None,
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

on_both_databases!(the_first_readings_of_a_city_are_judged_after_a_kill, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        // Killed before the engine kept anything at all.
        running.desk.abort();
        running.register("cover-1", "manhole_cover").await;
        running.send("cover-1", r#"{"tilt": 44}"#).await.unwrap();
        running.kill().await;
        town.clock.advance_us(30 * MINUTE_US);
        let running = town.begin();
        let raised = town.wait_for(None, 1).await.remove(0);
        assert_eq!(raised.value, Some(44.0));
        running.stop().await;
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

on_both_databases!(what_is_expected_is_quiet_and_opens_no_case_until_it_is_over, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("cover-1", "manhole_cover").await;
        let silence = |id, until: i64| SilenceRow {
            id: model::EventId::new(town.clock.now(), id),
            rules: vec!["cover_open".parse().unwrap()],
            classes: Vec::new(),
            regions: Vec::new(),
            devices: vec![DeviceId::new("cover-1").unwrap()],
            from: town.clock.now(),
            until: town.clock.now().plus_micros(until),
            reason: "检修".to_owned(),
            begun_by: model::PartyId::new(town.clock.now(), 1),
            begun_at: town.clock.now(),
            ended_by: None,
            ended_at: None,
        };
        let refused = running.counter.silence(silence(1, 0)).await.unwrap_err();
        assert!(refused.contains("not after"), "{refused}");
        running.counter.silence(silence(2, 60 * MINUTE_US)).await.unwrap();
        running.send("cover-1", r#"{"tilt": 40}"#).await.unwrap();
        let quiet = town.wait_for(Some(true), 1).await.remove(0);
        assert!(quiet.quiet.as_deref().is_some_and(|why| why.starts_with("silence/")), "{quiet:?}");
        assert_eq!(quiet.case_id, None);
        // The program is killed; the silence is not forgotten, and ends by itself.
        running.kill().await;
        let running = town.begin();
        town.pass(MINUTE_US).await;
        assert_eq!(town.alarms(Some(true))[0].case_id, None);
        town.pass(60 * MINUTE_US).await;
        let told = town.alarms(Some(true)).remove(0);
        assert!(told.quiet.is_none() && told.case_id.is_some(), "{told:?}");
        // One that is ended by hand.
        running.counter.silence(silence(3, 60 * MINUTE_US)).await.unwrap();
        assert!(town.alarms(Some(true))[0].quiet.is_some());
        let ended =
            SilenceRow { ended_at: Some(town.clock.now()), ended_by: Some(quiet_by()), ..silence(3, MINUTE_US) };
        running.counter.end_silence(ended).await.unwrap();
        assert!(town.alarms(Some(true))[0].quiet.is_none());
        let kept = town.ctx.store.read_blocking(|db| db.list_silences(None, 10)).unwrap();
        assert_eq!(kept.iter().filter(|row| row.ended_by == Some(quiet_by())).count(), 1, "{kept:?}");
        running.stop().await;
    });
});

fn quiet_by() -> model::PartyId {
    model::PartyId::new(model::Instant::from_micros(0), 7)
}

on_both_databases!(a_gateway_that_is_silent_explains_the_silence_behind_it, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("gateway", "air_station").await;
        running.register_behind("cover-1", "manhole_cover", Some("gateway")).await;
        running.register("cover-2", "manhole_cover").await;
        running.send("gateway", r#"{"pm10": 30}"#).await.unwrap();
        for cover in ["cover-1", "cover-2"] {
            running.send(cover, r#"{"tilt": 1}"#).await.unwrap();
        }
        town.pass(MINUTE_US).await;
        town.pass(245 * MINUTE_US).await;
        let alarms = town.wait_for(Some(true), 3).await;
        let quiet: Vec<_> = alarms.iter().map(|row| (row.device.as_str(), row.quiet.is_some())).collect();
        assert!(quiet.contains(&("cover-1", true)) && quiet.contains(&("cover-2", false)), "{alarms:?}");
        assert!(quiet.contains(&("gateway", false)), "{alarms:?}");
        running.stop().await;
    });
});

on_both_databases!(a_rule_is_tried_over_the_readings_that_are_there, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        for id in ["lamp-1", "lamp-2"] {
            running.register(id, "street_lamp").await;
        }
        let began = town.clock.now();
        for (id, power) in [("lamp-1", [90, 300, 300, 90]), ("lamp-2", [90, 90, 300, 300])] {
            for (minute, power) in power.iter().enumerate() {
                let at = began.plus_micros(i64::try_from(minute).unwrap() * 10 * MINUTE_US - 60 * MINUTE_US);
                running.send(id, &format!(r#"{{"at": "{at}", "power": {power}}}"#)).await.unwrap();
            }
        }
        let rule = |text: &str| pack::read_alarm_rule(text, &["zh-CN".to_owned()]).unwrap();
        let (all, hour) = (vec!["yaoguang".parse().unwrap()], began.plus_micros(-60 * MINUTE_US));
        let hot = rule("title: {zh-CN: 热}\nclasses: street_lamp\nwhen: power > 200.0\nseverity: major\nfor: 5m");
        let found = running.counter.rehearse(hot.clone(), all.clone(), hour, began).await.unwrap();
        assert_eq!((found.devices, found.readings, found.count), (2, 8, 2), "{found:?}");
        let first = &found.alarms[0];
        assert_eq!((first.device.as_str(), first.severity, first.cleared_at.is_some()), ("lamp-1", "major", true));
        assert_eq!((found.alarms[1].device.as_str(), found.alarms[1].cleared_at), ("lamp-2", None));
        assert_eq!(first.reading, Some(("power".to_owned(), 300.0)));
        assert!(town.alarms(None).is_empty(), "nothing is raised");
        // Others of the region are compared with: all devices are looked at together.
        let odd = rule(
            "title: {zh-CN: 怪}\nclasses: street_lamp\nproperties: power\nwhen: value > 2.0 * neighbours(\"value\")\nneighbours: {within_m: 3000, at_least: 1, fresh: 30m}",
        );
        let found = running.counter.rehearse(odd, all.clone(), hour, began).await.unwrap();
        assert_eq!(found.alarms.iter().map(|one| one.device.as_str()).collect::<Vec<_>>(), ["lamp-1", "lamp-2"]);
        // Nowhere, never, and a condition that cannot be.
        let found = running.counter.rehearse(hot.clone(), Vec::new(), hour, began).await.unwrap();
        assert_eq!((found.devices, found.count), (0, 0));
        let refused = running.counter.rehearse(hot, all.clone(), began, hour).await.unwrap_err();
        assert_eq!(refused, RehearsalError::Time { most_days: 92 });
        let broken = rule("title: {zh-CN: 坏}\nwhen: power >");
        let refused = running.counter.rehearse(broken, all, hour, began).await.unwrap_err();
        assert!(refused.to_string().contains("when: expected"), "{refused}");
        running.stop().await;
    });
});

/// A lake that has no room at first.
struct Narrow {
    lake: CityLake,
    refusals: std::sync::atomic::AtomicUsize,
}

impl Lake for Narrow {
    fn append(&self, readings: Vec<model::Reading>, done: Done) {
        use std::sync::atomic::Ordering;
        if self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return done(Err(LakeRefusal::Busy));
        }
        self.lake.append(readings, done);
    }

    fn latest(&self, series: model::SeriesNo) -> Option<model::Reading> {
        self.lake.latest(series)
    }

    fn range(
        &self,
        series: model::SeriesNo,
        span: (model::Instant, model::Instant),
        order: TimeOrder,
        limit: usize,
    ) -> Result<Vec<model::Reading>, LakeFault> {
        self.lake.range(series, span, order, limit)
    }

    fn count(
        &self,
        series: &[model::SeriesNo],
        from: model::Instant,
        to: model::Instant,
        most: u64,
    ) -> Result<u64, LakeFault> {
        self.lake.count(series, from, to, most)
    }

    fn buckets(
        &self,
        series: model::SeriesNo,
        from: model::Instant,
        to: model::Instant,
        step_us: i64,
    ) -> Result<Vec<Bucket>, LakeFault> {
        self.lake.buckets(series, from, to, step_us)
    }
}

on_both_databases!(readings_wait_at_the_door_while_the_lake_has_no_room, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("cover-1", "manhole_cover").await;
        running.stop().await;
        let compiled = town.ctx.packs.current();
        let fleet = Arc::new(Fleet::load(&town.ctx.store, &compiled).unwrap());
        let lake = Arc::new(Narrow { lake: town.lake_in("narrow", &fleet), refusals: 5.into() });
        let (told, mut heard) = mpsc::channel(16);
        let intake = Intake {
            ctx: town.ctx.clone(),
            fleet,
            lake: Arc::<Narrow>::clone(&lake),
            told,
            mqtt_port: OnceLock::new(),
        };
        let id = DeviceId::new("cover-1").unwrap();
        assert_eq!(intake.take(&id, Format::Plain, br#"{"tilt": 3}"#).await, Ok(1));
        assert!(heard.recv().await.is_some(), "it is told on once it is kept");
        let series = intake.fleet.find(&id).unwrap().series[0];
        assert_eq!(lake.latest(series).map(|reading| reading.value), Some(3.0));
    });
});
