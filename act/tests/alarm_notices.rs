//! What staff are told of alarms: by whom it is heard, in which words, at night, and until the channel takes it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::{Arc, Mutex};

use dipper_act::notifications::{
    AlarmNews, Context, Limits, Message, SendError, Sender, Senders, deliver_due, list_deliveries, record_alarm_notice,
};
use identity::Vault;
use model::{Channel, Grant, Instant, PartyId};
use pack::{Compiled, Packs, Told};
use store::{PartyRow, Tx};
use testkit::{Database, FixedClock, on_both_databases};

/// The city's phone application: takes what it is sent, unless it is away.
#[derive(Default)]
struct Phones {
    away: Mutex<bool>,
    sent: Mutex<Vec<Message>>,
}

impl Sender for Phones {
    fn send(&self, message: &Message) -> Result<(), SendError> {
        if *self.away.lock().unwrap() {
            return Err(SendError::Passing("status 503".to_owned()));
        }
        self.sent.lock().unwrap().push(message.clone());
        Ok(())
    }
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn city(database: &Database, now: &str) -> (Context, FixedClock, Arc<Phones>) {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo"));
    let compiled = Arc::new(Compiled::of_pack(pack::load(folder).unwrap()).unwrap());
    let (clock, phones) = (FixedClock::at(now), Arc::new(Phones::default()));
    let ctx = Context {
        store: database.store().clone(),
        packs: Arc::new(Packs::new(compiled)),
        clock: Arc::new(clock.clone()),
        vault: Arc::new(Vault::from_key(&[9; 32])),
        senders: Senders { push: Some(phones.clone()), ..Senders::default() },
        base_url: Some("https://city.example/".to_owned()),
        takes_fees: false,
        limits: Limits { per_hour: 2, per_day: 20 },
    };
    for (number, role, region) in
        [(1, "duty_chief", "yaoguang"), (2, "duty_chief", "kuishan"), (3, "leader", "yaoguang")]
    {
        let (id, begun) = (PartyId::new(Instant::from_micros(0), number), Instant::from_micros(0));
        let grant = Grant {
            role: role.parse().unwrap(),
            office: "supervision_centre".parse().unwrap(),
            region: region.parse().unwrap(),
        };
        let login = format!("{role}-{region}");
        let write = move |tx: &mut Tx| {
            tx.record_party(&PartyRow::staff(id, &login, &login, begun))?;
            tx.record_grant(id, &grant)
        };
        database.write_blocking(write).unwrap();
    }
    (ctx, clock, phones)
}

fn news(says: &'static str, severity: &'static str, role: &str) -> AlarmNews {
    AlarmNews {
        route: "covers".parse().unwrap(),
        labels: vec![("rule".to_owned(), "cover_open".to_owned()), ("region".to_owned(), "gulou".to_owned())],
        says,
        step: (says == "escalation").then_some(0),
        to: Told { role: role.parse().unwrap(), office: None },
        open: 2,
        closed: 1,
        severity,
        regions: ["gulou".parse().unwrap()].into(),
        devices: ["A", "B", "C", "D"].map(str::to_owned).into(),
        fresh: Vec::new(),
    }
}

fn record(ctx: &Context, news: AlarmNews) -> usize {
    let (here, now) = (ctx.clone(), ctx.clock.now());
    ctx.store.write_blocking(move |tx: &mut Tx| record_alarm_notice(&here, tx, &news, now)).unwrap()
}

/// Who was told, by which channel, how far it is, how often it was tried and why; the newest notice first.
fn log(ctx: &Context) -> Vec<String> {
    let read = |db: &mut store::Reader| {
        let mut all = Vec::new();
        for group in db.list_alarm_groups(&store::AlarmGroupFilter::default(), 10)? {
            for notice in db.list_notices_of_group(group.id)? {
                all.extend(list_deliveries(db, &notice)?);
            }
        }
        Ok::<_, store::StoreError>(all)
    };
    let line = |one: &dipper_act::notifications::Delivery| {
        let row = &one.message;
        let (channel, state) = (row.message.channel.as_str(), row.message.state.as_str());
        let reason = row.message.reason.as_deref().unwrap_or_default();
        format!("{} {channel} {state} {} {reason}", one.display_name, row.attempts).trim_end().to_owned()
    };
    ctx.store.read_blocking(read).unwrap().iter().map(line).collect()
}

on_both_databases!(whoever_holds_the_role_there_is_told_and_a_channel_is_tried_until_it_takes_it, |database| {
    let (ctx, clock, phones) = city(database, "2026-11-23T10:00:00+08:00");
    *phones.away.lock().unwrap() = true;
    assert_eq!(record(&ctx, news("first", "major", "duty_chief")), 2, "the list and the phone of one of the two");
    block(deliver_due(&ctx)).unwrap();
    let listed = "duty_chief-yaoguang in_app delivered 0";
    assert_eq!(log(&ctx), [listed, "duty_chief-yaoguang push failed 1 status 503"]);
    *phones.away.lock().unwrap() = false;
    clock.advance_us(60_000_000);
    block(deliver_due(&ctx)).unwrap();
    assert_eq!(log(&ctx), [listed, "duty_chief-yaoguang push delivered 2"]);
    let sent = phones.sent.lock().unwrap().clone();
    let group =
        ctx.store.read_blocking(|db| db.list_alarm_groups(&store::AlarmGroupFilter::default(), 1)).unwrap()[0].id;
    assert_eq!(
        sent.iter().map(|one| (one.subject.as_str(), one.text.as_str(), one.link.clone())).collect::<Vec<_>>(),
        [(
            "重要告警：井盖倾斜或移位",
            "鼓楼街道：井盖倾斜或移位，2 处未恢复。涉及 A、B、C。",
            Some(format!("https://city.example/centre/notices/{group}"))
        )]
    );
    // What comes later is of the same group; nobody there holds a role: nobody is told, and it is written down.
    assert_eq!(record(&ctx, news("escalation", "major", "leader")), 2);
    assert_eq!(record(&ctx, news("update", "major", "supervisor")), 0);
    let groups = ctx.store.read_blocking(|db| db.list_alarm_groups(&store::AlarmGroupFilter::default(), 9)).unwrap();
    let notices = ctx.store.read_blocking(move |db| db.list_notices_of_group(group)).unwrap();
    assert_eq!((groups.len(), notices.len()), (1, 3));
});

on_both_databases!(at_night_only_what_is_bad_or_unheard_goes_out_and_too_much_is_one_message, |database| {
    let (ctx, clock, phones) = city(database, "2026-11-23T23:00:00+08:00");
    for (says, severity) in
        [("first", "minor"), ("first", "critical"), ("escalation", "minor"), ("resolved", "critical")]
    {
        record(&ctx, news(says, severity, "duty_chief"));
        clock.advance_us(1_000_000);
    }
    block(deliver_due(&ctx)).unwrap();
    let subjects = || phones.sent.lock().unwrap().iter().map(|one| one.subject.clone()).collect::<Vec<_>>();
    // Those of one round are sent at the same time: they arrive in no order.
    let mut at_night = subjects();
    at_night.sort();
    assert_eq!(at_night, ["无人响应，请处理：井盖倾斜或移位", "紧急告警：井盖倾斜或移位"]);
    // In the morning the rest: two of the hour were sent, so the fourth came together with nothing else.
    clock.advance_us(10 * 3_600_000_000);
    block(deliver_due(&ctx)).unwrap();
    let later = subjects().split_off(2);
    assert_eq!(later.len(), 2, "{later:?}");
    assert!(later.contains(&"次要告警：井盖倾斜或移位".to_owned()), "{later:?}");
    let digest = phones.sent.lock().unwrap().iter().find(|one| one.subject.contains("1 条")).cloned().unwrap();
    assert!(digest.text.contains("已恢复：井盖倾斜或移位"), "{digest:?}");
    assert_eq!(digest.link.as_deref(), Some("https://city.example/centre/notices"));
    assert_eq!(
        ctx.store
            .read_blocking(|db| db.count_messages())
            .unwrap()
            .iter()
            .filter(|(channel, ..)| *channel == Channel::InApp)
            .count(),
        1,
        "the list has all of them, delivered"
    );
});
