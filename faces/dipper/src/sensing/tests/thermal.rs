//! A thermal camera: three numbers become a task, and nothing else is known of whoever was there.

use testkit::on_both_databases;

use super::{MINUTE_US, block, town};

on_both_databases!(a_place_that_gets_too_hot_becomes_a_task_and_clears_below_the_threshold, |database| {
    block(async {
        let town = town(database);
        let running = town.begin();
        running.register("thermal-1", "thermal_camera").await;
        let send = async |hottest: f64| {
            let message = format!(r#"{{"max_temperature": {hottest}, "mean_temperature": 20, "hot_area": 1.5}}"#);
            running.send("thermal-1", &message).await.unwrap();
        };
        send(95.0).await;
        town.pass(2 * MINUTE_US).await;
        send(97.0).await;
        let alarm = town.wait_for(Some(true), 1).await.remove(0);
        assert_eq!((alarm.rule.as_str(), alarm.severity.as_str()), ("thermal_hot", "major"));
        let case_id = alarm.case_id.unwrap();
        let case = town.ctx.store.read_blocking(move |db| db.load_case(case_id)).unwrap().unwrap();
        assert_eq!((case.category.as_str(), case.channel.as_str()), ("s0595", "device"));
        assert!(case.evidence.is_empty(), "no picture comes from it");
        // Below the threshold, within the hysteresis: it stays.
        town.clock.advance_us(MINUTE_US);
        send(74.0).await;
        town.pass(MINUTE_US).await;
        assert_eq!(town.alarms(Some(true)).len(), 1);
        send(65.0).await;
        town.wait_for(Some(true), 0).await;
        running.stop().await;
    });
});
