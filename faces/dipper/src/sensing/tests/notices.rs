//! Notices of alarms: together, once, until somebody takes note, to the end; through a storm, and over stops.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{Clock, DeviceId, Grant, PartyId, RegionId};
use store::{AlarmGroupFilter, AlarmGroupRow, AlarmNoticeRow, DeviceAlarmFilter, DeviceRow, PartyRow, Tx};
use testkit::on_both_databases;

use super::{MINUTE_US, Running, Town, block, town};
use sense::device_alarms::AlarmDesk;

const SECOND_US: i64 = 1_000_000;

/// Somebody with a post; its region is the city where none is named.
fn staff(town: &Town, number: u128, role: &str, office: &str, region: Option<&str>) -> PartyId {
    let now = model::Instant::from_micros(0);
    let id = PartyId::new(now, number);
    let region = region.map_or_else(|| town.ctx.packs.current().city.root.clone(), |id| RegionId::new(id).unwrap());
    let grant = Grant { role: role.parse().unwrap(), office: office.parse().unwrap(), region };
    let login = format!("staff-{number}");
    let write = move |tx: &mut Tx| {
        tx.record_party(&PartyRow::staff(id, &login, &login, now))?;
        tx.record_grant(id, &grant)
    };
    town.ctx.store.write_blocking(write).unwrap();
    id
}

fn groups(town: &Town) -> Vec<AlarmGroupRow> {
    let list = |db: &mut store::Reader| db.list_alarm_groups(&AlarmGroupFilter::default(), 1_000);
    town.ctx.store.read_blocking(list).unwrap()
}

/// What was told, the oldest first: kind, role, how many were open and closed, how many people were told.
fn told(town: &Town) -> Vec<String> {
    let read = |db: &mut store::Reader| {
        let mut notices: Vec<(AlarmNoticeRow, usize)> = Vec::new();
        for group in db.list_alarm_groups(&AlarmGroupFilter::default(), 1_000)? {
            for notice in db.list_notices_of_group(group.id)? {
                let people = db.list_messages_at(notice.position)?.len();
                notices.push((notice, people));
            }
        }
        Ok::<_, store::StoreError>(notices)
    };
    let mut notices = town.ctx.store.read_blocking(read).unwrap();
    notices.sort_by_key(|(notice, _)| notice.id);
    let line = |(notice, people): &(AlarmNoticeRow, usize)| {
        let step = notice.step.map_or_else(String::new, |step| format!(" {step}"));
        let AlarmNoticeRow { kind, role, open, closed, .. } = notice;
        format!("{kind}{step} {role} {open}/{closed} to {people}")
    };
    notices.iter().map(line).collect()
}

fn unread(town: &Town, who: PartyId) -> u32 {
    town.ctx.store.read_blocking(move |db| db.count_unread_groups(who)).unwrap()
}

/// Lets time pass without the engine noticing, and then a moment in which it does.
async fn later(town: &Town, micros: i64) {
    town.pass(micros).await;
}

on_both_databases!(what_is_open_is_told_once_to_whoever_is_there_and_climbs_until_somebody_takes_note, |database| {
    block(async {
        let town = town(database);
        let chief = staff(&town, 1, "duty_chief", "supervision_centre", None);
        let elsewhere = staff(&town, 2, "duty_chief", "supervision_centre", Some("kuishan"));
        let supervisor = staff(&town, 3, "supervisor", "city_committee", None);
        let running = town.begin();
        for id in ["cover-1", "cover-2", "cover-3"] {
            running.register(id, "manhole_cover").await;
        }
        let region = running.intake.fleet.list()[0].row.region.clone();
        assert!(!town.ctx.packs.current().city.is_within(&region, &"kuishan".parse().unwrap()), "{region}");
        for id in ["cover-1", "cover-2"] {
            running.send(id, r#"{"tilt": 40}"#).await.unwrap();
        }
        town.wait_for(Some(true), 2).await;
        assert_eq!(told(&town), Vec::<String>::new(), "the first notice waits for more");
        later(&town, 6 * SECOND_US).await;
        assert_eq!(told(&town), ["first duty_chief 2/0 to 1"]);
        assert_eq!([unread(&town, chief), unread(&town, elsewhere), unread(&town, supervisor)], [1, 0, 0]);
        // Half an hour later nobody has taken note.
        later(&town, 31 * MINUTE_US).await;
        assert_eq!(told(&town)[1..], ["escalation 0 supervisor 2/0 to 1"]);
        // Somebody does; the next one climbs only after its own half an hour.
        let open = town.alarms(Some(true));
        running.counter.acknowledge(&open, chief).await.unwrap();
        assert!(town.alarms(Some(true)).iter().all(|row| row.acknowledged_by == Some(chief)));
        town.clock.advance_us(SECOND_US);
        running.send("cover-3", r#"{"tilt": 41}"#).await.unwrap();
        town.wait_for(Some(true), 3).await;
        later(&town, 20 * MINUTE_US).await;
        assert_eq!(told(&town)[2..], ["update duty_chief 3/0 to 1"]);
        later(&town, 31 * MINUTE_US).await;
        assert_eq!(told(&town)[3..], ["escalation 0 supervisor 3/0 to 1"]);
        // All is well again.
        for id in ["cover-1", "cover-2", "cover-3"] {
            running.send(id, r#"{"tilt": 1}"#).await.unwrap();
        }
        town.wait_for(Some(true), 0).await;
        later(&town, 6 * MINUTE_US).await;
        // The interval was over long ago: the first that closes is told at once, the rest together at the end.
        let ends = told(&town).split_off(4);
        let closed: u32 = ends.iter().filter_map(|line| line.split(['/', ' ']).nth(3)?.parse::<u32>().ok()).sum();
        assert!(ends.last().is_some_and(|line| line.starts_with("resolved duty_chief 0/")), "{ends:?}");
        assert!(closed == 3 && ends.len() <= 2, "{ends:?}");
        assert_eq!((groups(&town).len(), unread(&town, chief), unread(&town, supervisor)), (1, 1, 1));
        running.stop().await;
    });
});

on_both_databases!(what_is_silenced_is_told_to_nobody_until_the_silence_is_over, |database| {
    block(async {
        let town = town(database);
        let chief = staff(&town, 1, "duty_chief", "supervision_centre", None);
        let running = town.begin();
        running.register("cover-1", "manhole_cover").await;
        let (from, until) = (town.clock.now(), town.clock.now().plus_micros(60 * MINUTE_US));
        let silence = store::SilenceRow {
            id: model::EventId::new(from, 1),
            rules: vec!["cover_open".parse().unwrap()],
            classes: Vec::new(),
            regions: Vec::new(),
            devices: Vec::new(),
            from,
            until,
            reason: "the street is being dug up".to_owned(),
            begun_by: chief,
            begun_at: from,
            ended_by: None,
            ended_at: None,
        };
        running.counter.silence(silence).await.unwrap();
        running.send("cover-1", r#"{"tilt": 40}"#).await.unwrap();
        town.wait_for(Some(true), 1).await;
        later(&town, 40 * MINUTE_US).await;
        assert_eq!(told(&town), Vec::<String>::new());
        later(&town, 21 * MINUTE_US).await;
        later(&town, 6 * SECOND_US).await;
        assert_eq!(told(&town), ["first duty_chief 1/0 to 1"]);
        running.stop().await;
    });
});

on_both_databases!(a_program_that_is_killed_tells_everything_and_nothing_twice, |database| {
    block(async {
        let town = town(database);
        let chief = staff(&town, 1, "duty_chief", "supervision_centre", None);
        let running = town.begin();
        running.register("cover-1", "manhole_cover").await;
        running.send("cover-1", r#"{"tilt": 40}"#).await.unwrap();
        town.wait_for(Some(true), 1).await;
        // Killed before the first notice, which was waiting for more.
        running.kill().await;
        let running = town.begin();
        later(&town, 6 * SECOND_US).await;
        assert_eq!(told(&town), ["first duty_chief 1/0 to 1"]);
        running.kill().await;
        // While nobody listened, its time to climb came.
        town.clock.advance_us(31 * MINUTE_US);
        let running = town.begin();
        later(&town, SECOND_US).await;
        assert_eq!(
            told(&town),
            ["first duty_chief 1/0 to 1", "escalation 0 supervisor 1/0 to 0"],
            "nobody holds that role"
        );
        running.kill().await;
        let running = town.begin();
        later(&town, MINUTE_US).await;
        assert_eq!((told(&town).len(), unread(&town, chief)), (2, 1));
        running.stop().await;
    });
});

/// Feeders, and lamps on each.
const FEEDERS: usize = 100;
const LAMPS: usize = 100;

/// Registers ten thousand lamps as the city has them, a hundred on each feeder.
async fn light(town: &Town) {
    let running = town.begin();
    running.register("lamp-0", "street_lamp").await;
    let model = running.intake.fleet.find(&DeviceId::new("lamp-0").unwrap()).unwrap();
    running.stop().await;
    let (row, class) = (model.row.clone(), std::sync::Arc::clone(&model.class));
    let write = move |tx: &mut Tx| {
        let properties: Vec<_> = class.properties.iter().map(|property| property.id.clone()).collect();
        for feeder in 0..FEEDERS {
            let above = DeviceRow { id: DeviceId::new(&format!("feeder-{feeder}")).unwrap(), ..row.clone() };
            tx.record_device(&above, &properties)?;
            for lamp in 0..LAMPS {
                let id = DeviceId::new(&format!("lamp-{feeder}-{lamp}")).unwrap();
                tx.record_device(&DeviceRow { id, parent: Some(above.id.clone()), ..row.clone() }, &properties)?;
            }
        }
        Ok::<_, store::StoreError>(())
    };
    town.ctx.store.write_blocking(write).unwrap();
}

/// Every lamp says the same, as fast as it is taken.
async fn say(running: &Running, message: &str) {
    for feeder in 0..FEEDERS {
        let of_feeder = (0..LAMPS).map(|lamp| {
            let (intake, message) = (std::sync::Arc::clone(&running.intake), message.to_owned());
            tokio::spawn(async move {
                let id = DeviceId::new(&format!("lamp-{feeder}-{lamp}")).unwrap();
                intake.take(&id, sense::telemetry::Format::Plain, message.as_bytes()).await.unwrap();
            })
        });
        for sent in of_feeder.collect::<Vec<_>>() {
            sent.await.unwrap();
        }
    }
}

fn count_open(town: &Town) -> usize {
    let filter = DeviceAlarmFilter { open: Some(true), ..DeviceAlarmFilter::default() };
    town.ctx.store.read_blocking(move |db| db.list_device_alarms(&filter, 20_000)).unwrap().len()
}

async fn wait_until_open(town: &Town, count: usize) {
    for _ in 0..1_200 {
        if count_open(town) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count_open(town), count);
}

async fn wait_until_told(town: &Town, count: usize) {
    for _ in 0..1_200 {
        if told(town).len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

on_both_databases!(a_storm_of_ten_thousand_alarms_is_a_hundred_notices_and_nothing_is_lost, |database| {
    block(async {
        let town = town(database);
        let chief = staff(&town, 1, "department_chief", "street_lighting", None);
        let other = staff(&town, 2, "department_chief", "water_supply", None);
        light(&town).await;
        let running = town.begin();
        say(&running, r#"{"voltage": 300}"#).await;
        // Ten minutes later all of them are raised at once.
        town.clock.advance_us(11 * MINUTE_US);
        wait_until_open(&town, FEEDERS * LAMPS).await;
        assert_eq!(told(&town), Vec::<String>::new());
        // Killed in the middle of it.
        running.kill().await;
        let running = town.begin();
        town.clock.advance_us(3 * MINUTE_US);
        wait_until_told(&town, FEEDERS).await;
        let said = told(&town);
        assert_eq!(
            (said.len(), said.iter().all(|line| line == "first department_chief 100/0 to 1")),
            (FEEDERS, true),
            "{said:?}"
        );
        assert_eq!((unread(&town, chief), unread(&town, other)), (100, 0));
        let ids: Vec<_> = groups(&town).iter().map(|group| group.id).collect();
        let counts = town.ctx.store.read_blocking(move |db| db.count_group_alarms(&ids, &[])).unwrap();
        let of_each = counts.values().fold(BTreeMap::new(), |mut sum: BTreeMap<_, usize>, counts| {
            *sum.entry((counts.alarms, counts.open, counts.waiting)).or_default() += 1;
            sum
        });
        assert_eq!(of_each, BTreeMap::from([((100, 100, 100), FEEDERS)]), "every alarm is told of by its group");
        // Somebody takes note of all; then the current is as it should be.
        let filter = DeviceAlarmFilter { open: Some(true), ..DeviceAlarmFilter::default() };
        let open = town.ctx.store.read_blocking(move |db| db.list_device_alarms(&filter, 20_000)).unwrap();
        running.counter.acknowledge(&open, chief).await.unwrap();
        town.clock.advance_us(5 * MINUTE_US);
        say(&running, r#"{"voltage": 230}"#).await;
        wait_until_open(&town, 0).await;
        town.clock.advance_us(16 * MINUTE_US);
        wait_until_told(&town, 2 * FEEDERS).await;
        let ends = told(&town).split_off(FEEDERS);
        let closed: u32 = ends.iter().filter_map(|line| line.split(['/', ' ']).nth(3)?.parse::<u32>().ok()).sum();
        assert!(ends.len() <= 2 * FEEDERS, "{}", ends.len());
        assert_eq!(closed as usize, FEEDERS * LAMPS, "{ends:?}");
        running.stop().await;
    });
});
