//! A scene that follows what is measured: a street that is bright while people pass, on both databases, with stops between.

use act::scenes::{Following, run_due};
use model::DeviceId;
use sense::devices::DeviceChange;
use store::{DeviceCommandFilter, SceneCounterRow, SceneTurn};
use testkit::on_both_databases;

use super::{MINUTE_US, Running, Town, block, town};

fn counters(town: &Town) -> Vec<SceneCounterRow> {
    town.ctx.store.read_blocking(|db| db.list_scene_counters()).unwrap()
}

async fn wait(town: &Town, is_so: impl Fn(&[SceneCounterRow]) -> bool) {
    for _ in 0..80 {
        if is_so(&counters(town)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?}", counters(town));
}

/// What lamps were told, the oldest first: the lamp, the brightness, why.
fn told(town: &Town) -> Vec<(String, String, String)> {
    let all = DeviceCommandFilter::default();
    let mut rows = town.ctx.store.read_blocking(move |db| db.list_device_commands(&all, 100)).unwrap();
    rows.reverse();
    rows.into_iter().map(|row| (row.device.to_string(), row.arguments, row.reason)).collect()
}

fn act_of(town: &Town) -> act::Context {
    let sense::Context { store, packs, clock, .. } = &town.ctx;
    act::Context { store: store.clone(), packs: std::sync::Arc::clone(packs), clock: std::sync::Arc::clone(clock) }
}

async fn count(running: &Running, passed: u32) {
    running.send("counter-1", &format!(r#"{{"passed": {passed}}}"#)).await.unwrap();
}

on_both_databases!(a_street_is_bright_while_its_counter_counts_and_is_told_once, |database| {
    block(async {
        let town = town(database);
        let act = act_of(&town);
        town.clock.set("2026-11-28T01:00:00+08:00".parse().unwrap());
        let running = town.begin();
        running.register("counter-1", "road_counter").await;
        running.register("lamp-1", "street_lamp").await;
        assert_eq!(run_due(&act, &act.packs.current().city).await.unwrap().len(), 1, "half light was planned at 23:30");
        let mut following = Following::default();
        count(&running, 4).await;
        assert!(following.follow(&act).await.unwrap().is_empty(), "nobody is there");
        town.clock.advance_us(MINUTE_US);
        count(&running, 13).await;
        wait(&town, |rows| rows.iter().any(SceneCounterRow::is_over)).await;
        let runs = following.follow(&act).await.unwrap();
        assert_eq!((runs.len(), runs[0].turn, runs[0].devices), (1, Some(SceneTurn::Follow), 1));
        assert!(following.follow(&act).await.unwrap().is_empty(), "once");
        // Killed: a new program tells nobody twice, whatever it counts meanwhile.
        running.kill().await;
        let (running, mut following) = (town.begin(), Following::default());
        town.clock.advance_us(MINUTE_US);
        count(&running, 8).await;
        town.pass(MINUTE_US).await;
        assert!(following.follow(&act).await.unwrap().is_empty(), "8 is above 12 - 6: it still holds");
        count(&running, 3).await;
        town.pass(5 * MINUTE_US).await;
        count(&running, 2).await;
        assert!(following.follow(&act).await.unwrap().is_empty(), "ten minutes are kept");
        town.pass(6 * MINUTE_US).await;
        wait(&town, <[_]>::is_empty).await;
        let runs = following.follow(&act).await.unwrap();
        assert_eq!((runs.len(), runs[0].turn), (1, Some(SceneTurn::FallBack)));
        assert!(following.follow(&act).await.unwrap().is_empty(), "once");
        let told = told(&town);
        let of = |at: usize| (told[at].1.as_str(), told[at].2.as_str());
        assert_eq!(of(0), (r#"{"brightness":50}"#, "深夜减半"));
        let why = "深夜有人车时全亮 · 路段人车流计数器 (counter-1) · 五分钟通过人车数 13";
        assert_eq!((of(1), told.len()), ((r#"{"brightness":100}"#, why), 3));
        assert_eq!(of(2), (r#"{"brightness":50}"#, "深夜有人车时全亮 → 深夜减半 · 路段人车流计数器 (counter-1)"));
        assert!(town.alarms(None).is_empty(), "what a scene follows is no alarm");
        running.stop().await;
    });
});

on_both_databases!(a_counter_that_is_silent_or_shut_out_governs_nothing, |database| {
    block(async {
        let town = town(database);
        let act = act_of(&town);
        town.clock.set("2026-11-28T01:00:00+08:00".parse().unwrap());
        let running = town.begin();
        running.register("counter-1", "road_counter").await;
        running.register("lamp-1", "street_lamp").await;
        let mut following = Following::default();
        count(&running, 40).await;
        wait(&town, |rows| rows.iter().any(SceneCounterRow::is_over)).await;
        assert_eq!(following.follow(&act).await.unwrap().len(), 1);
        // Eleven minutes without a word.
        town.pass(11 * MINUTE_US).await;
        wait(&town, |rows| rows.iter().all(|row| row.silent_since.is_some())).await;
        assert_eq!(following.follow(&act).await.unwrap()[0].turn, Some(SceneTurn::FallBack));
        // It is heard again, and still counts much.
        count(&running, 41).await;
        wait(&town, |rows| rows.iter().any(SceneCounterRow::is_over)).await;
        assert_eq!(following.follow(&act).await.unwrap()[0].turn, Some(SceneTurn::Follow));
        let change = DeviceChange::Quarantine("tells nonsense".to_owned());
        running.intake.change(None, DeviceId::new("counter-1").unwrap(), change).await.unwrap();
        wait(&town, <[_]>::is_empty).await;
        assert_eq!(following.follow(&act).await.unwrap()[0].turn, Some(SceneTurn::FallBack));
        assert_eq!(told(&town).len(), 4);
        running.stop().await;
    });
});
