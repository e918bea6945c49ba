//! From an event to what people and programs are told, with channels that take, fail and are away.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::future::Future;
use std::sync::{Arc, Mutex};

use common::*;
use dipper_act::notifications::{
    Caller, CodeError, Confirmed, Context, Limits, Message, Preferences, SendError, Sender, Senders, ask_code,
    check_webhook, confirm_address, deliver_due, find_preferences, record_due, remind_due, remove_address,
    save_preferences, webhook_key,
};
use identity::{Vault, new_webhook_secret};
use model::{Case, Channel, Clock, DeliveryState, Instant, MandateId, NewEvent, PartyId};
use pack::Packs;
use serde_json::json;
use store::{
    Append, Basis, MandateNews, MandateNotice, MandateRow, OutboxRow, PartyRow, StoreError, Tx, WebhookOwner,
    WebhookRow,
};
use testkit::{Database, FixedClock, Story, on_both_databases};

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A channel that keeps what it is given, and answers what the test says.
#[derive(Default)]
struct Letters {
    sent: Mutex<Vec<Message>>,
    fault: Mutex<Option<SendError>>,
}

impl Letters {
    fn sent(&self) -> Vec<Message> {
        self.sent.lock().unwrap().clone()
    }

    fn fail(&self, fault: Option<SendError>) {
        *self.fault.lock().unwrap() = fault;
    }
}

impl Sender for Letters {
    fn send(&self, message: &Message) -> Result<(), SendError> {
        self.sent.lock().unwrap().push(message.clone());
        let fault = self.fault.lock().unwrap().clone();
        fault.map_or(Ok(()), Err)
    }
}

type Called = (String, Vec<(String, String)>, Vec<u8>);

/// A program that answers with the statuses given, one a call, the last for ever.
struct Program {
    called: Mutex<Vec<Called>>,
    answers: Mutex<Vec<u16>>,
}

impl Caller for Program {
    fn call(&self, url: &str, headers: &[(&str, String)], body: &[u8]) -> Result<u16, SendError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.called.lock().unwrap().push((url.to_owned(), headers, body.to_vec()));
        let mut answers = self.answers.lock().unwrap();
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0] })
    }
}

struct City<'a> {
    database: &'a Database,
    ctx: Context,
    clock: FixedClock,
    mail: Arc<Letters>,
    program: Arc<Program>,
    zhao: PartyId,
}

const ADDRESS: &str = "zhao@example.com";

impl<'a> City<'a> {
    fn new(database: &'a Database) -> Self {
        let clock = FixedClock::at(MONDAY);
        let (mail, program) = (
            Arc::new(Letters::default()),
            Arc::new(Program { called: Mutex::default(), answers: Mutex::new(vec![204]) }),
        );
        let ctx = Context {
            store: database.store().clone(),
            packs: Arc::new(Packs::new(demo())),
            clock: Arc::new(clock.clone()),
            vault: Arc::new(Vault::from_key(&[9; 32])),
            senders: Senders { email: Some(mail.clone()), caller: Some(program.clone()), ..Senders::default() },
            base_url: Some("https://city.example".to_owned()),
            takes_fees: true,
            limits: Limits { per_hour: 3, per_day: 20 },
        };
        let (zhao, now) = (person(0), clock.now());
        database.write_blocking(move |tx| tx.record_party(&PartyRow::resident(zhao, "zhao", "Zhao", now))).unwrap();
        Self { database, ctx, clock, mail, program, zhao }
    }

    /// A street light that Zhao reported and that was dealt with: `close` is told.
    fn closed_case(&self) -> Case {
        let story = Story { category: "b0137".to_owned(), reporter: Some(self.zhao), ..Story::default() };
        let at = self.clock.now();
        self.database.write_blocking(move |tx: &mut Tx| story.whole(tx, person(1), at)).unwrap()
    }

    fn code(&self) -> String {
        let text = self.mail.sent().last().unwrap().text.clone();
        text.chars().filter(char::is_ascii_digit).take(6).collect()
    }

    fn confirm_mail(&self) {
        block(ask_code(&self.ctx, self.zhao, Channel::Email, ADDRESS, "en")).unwrap();
        let code = self.code();
        assert_eq!(block(confirm_address(&self.ctx, self.zhao, Channel::Email, &code)).unwrap(), Confirmed::Yes);
        self.mail.sent.lock().unwrap().clear();
    }

    fn round(&self) -> (usize, usize) {
        (block(record_due(&self.ctx)).unwrap(), block(deliver_due(&self.ctx)).unwrap())
    }

    fn rows(&self, channel: Channel) -> Vec<OutboxRow> {
        let who = self.zhao.to_string();
        self.database.read_blocking(move |db| db.list_messages_of(&who, channel)).unwrap()
    }

    /// Letters of a state. Those of one instant are in no order.
    fn count(&self, state: DeliveryState) -> usize {
        self.rows(Channel::Email).iter().filter(|row| row.message.state == state).count()
    }

    fn states(&self, channel: Channel) -> Vec<(DeliveryState, Option<String>)> {
        self.rows(channel).into_iter().map(|row| (row.message.state, row.message.reason)).collect()
    }

    fn wants(&self, change: impl FnOnce(&mut Preferences)) {
        let mut wants = block(find_preferences(&self.ctx, self.zhao)).unwrap();
        change(&mut wants);
        block(save_preferences(&self.ctx, self.zhao, &wants)).unwrap();
    }
}

on_both_databases!(an_event_is_told_in_the_list_and_by_mail_exactly_once, |database| {
    let city = City::new(database);
    city.confirm_mail();
    let case = city.closed_case();
    assert_eq!(city.round(), (2, 1));
    let [letter] = &city.mail.sent()[..] else { panic!("one letter") };
    assert_eq!(letter.subject, "已办结：路灯");
    assert!(letter.text.contains(case.no.as_str()), "{}", letter.text);
    assert_eq!(letter.link.as_deref(), Some(format!("https://city.example/reports/{}", case.no).as_str()));
    assert_eq!(letter.to.0, ADDRESS);
    assert_eq!(city.round(), (0, 0));
    // A consumer that is sent back tells nothing twice.
    database.write_blocking(|tx| tx.reset_consumer("notifications", 0)).unwrap();
    assert_eq!(city.round(), (0, 0));
    assert_eq!((city.rows(Channel::InApp).len(), city.mail.sent().len()), (1, 1));
});

on_both_databases!(nothing_is_sent_to_an_address_that_was_not_confirmed, |database| {
    let city = City::new(database);
    block(ask_code(&city.ctx, city.zhao, Channel::Email, ADDRESS, "zh-CN")).unwrap();
    city.closed_case();
    assert_eq!(city.round(), (1, 0), "the list alone");
    let right = city.code();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let confirm = |code: &str| block(confirm_address(&city.ctx, city.zhao, Channel::Email, code)).unwrap();
    assert_eq!([confirm(wrong), confirm(wrong)], [Confirmed::Wrong { left: 4 }, Confirmed::Wrong { left: 3 }]);
    assert_eq!([confirm(wrong), confirm(wrong), confirm(wrong)].last(), Some(&Confirmed::Wrong { left: 0 }));
    assert_eq!(confirm(&right), Confirmed::NoCode, "guessed at too often");
    let again = || block(ask_code(&city.ctx, city.zhao, Channel::Email, ADDRESS, "zh-CN"));
    assert!(matches!(again(), Err(CodeError::TooMany { wait_s: 60 })));
    city.clock.advance_minutes(1);
    again().unwrap();
    city.clock.advance_minutes(10);
    assert_eq!(confirm(&city.code()), Confirmed::NoCode, "too old");
    again().unwrap();
    assert_eq!(confirm(&city.code()), Confirmed::Yes);
    assert!(block(remove_address(&city.ctx, city.zhao, Channel::Email)).unwrap());
    assert_eq!(confirm(&city.code()), Confirmed::NoCode);
    for _ in 0..5 {
        city.clock.advance_minutes(1);
        again().unwrap();
    }
    city.clock.advance_minutes(1);
    assert!(matches!(again(), Err(CodeError::TooMany { wait_s }) if wait_s > 80_000), "eight a day");
});

on_both_databases!(quiet_hours_hold_and_a_morning_sends, |database| {
    let city = City::new(database);
    city.confirm_mail();
    city.clock.set("2026-11-02T23:00:00+08:00".parse().unwrap());
    city.closed_case();
    assert_eq!(city.round(), (2, 0));
    assert_eq!(city.states(Channel::Email), [(DeliveryState::Held, Some("quiet_hours".to_owned()))]);
    city.clock.set("2026-11-03T07:59:59+08:00".parse().unwrap());
    assert_eq!(city.round(), (0, 0));
    city.clock.set("2026-11-03T08:00:00+08:00".parse().unwrap());
    assert_eq!(city.round(), (0, 1));
    assert_eq!(city.states(Channel::Email), [(DeliveryState::Delivered, None)]);
});

on_both_databases!(a_channel_that_is_away_is_tried_again_and_given_up_in_the_end, |database| {
    let city = City::new(database);
    city.confirm_mail();
    city.wants(|wants| wants.set_quiet_hours(None));
    city.mail.fail(Some(SendError::Passing("smtp connection".to_owned())));
    city.closed_case();
    city.round();
    let reason = Some("smtp connection".to_owned());
    assert_eq!(city.states(Channel::Email), [(DeliveryState::Failed, reason.clone())]);
    assert_eq!(city.round().1, 0, "not before its time");
    let mut rounds = 1;
    while city.states(Channel::Email) == [(DeliveryState::Failed, reason.clone())] {
        city.clock.advance_minutes(10 * 60);
        assert_eq!(city.round().1, 1);
        rounds += 1;
    }
    assert_eq!((rounds, city.states(Channel::Email)), (10, vec![(DeliveryState::GivenUp, reason)]));
    let ids: Vec<String> = city.mail.sent().into_iter().map(|letter| letter.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "every attempt has the same id");
    assert_eq!(city.rows(Channel::InApp).len(), 1);
});

on_both_databases!(an_address_that_does_not_exist_is_given_up_at_once, |database| {
    let city = City::new(database);
    city.confirm_mail();
    city.mail.fail(Some(SendError::Final("smtp 550".to_owned())));
    city.closed_case();
    city.round();
    assert_eq!(city.states(Channel::Email), [(DeliveryState::GivenUp, Some("smtp 550".to_owned()))]);
});

on_both_databases!(beyond_the_limit_of_an_hour_the_rest_is_one_message_when_the_hour_is_over, |database| {
    let city = City::new(database);
    city.confirm_mail();
    let cases: Vec<Case> = (0..5).map(|_| city.closed_case()).collect();
    // Five for the list, five for the mail, of which two are told by one more.
    assert_eq!(city.round(), (11, 3));
    assert_eq!((city.mail.sent().len(), city.rows(Channel::InApp).len()), (3, 5));
    let letters =
        || [DeliveryState::Delivered, DeliveryState::Merged, DeliveryState::Held].map(|state| city.count(state));
    assert_eq!(letters(), [3, 2, 1], "two are told by the one that waits");
    city.clock.advance_minutes(59);
    city.closed_case();
    assert_eq!(city.round(), (2, 0), "one more for the list, and for the message that waits");
    // A consumer that is sent back merges nothing twice.
    database.write_blocking(|tx| tx.reset_consumer("notifications", 0)).unwrap();
    assert_eq!(city.round(), (0, 0));
    city.clock.advance_minutes(1);
    assert_eq!(city.round(), (0, 1));
    let letter = city.mail.sent().pop().unwrap();
    assert_eq!(
        (letter.subject.as_str(), letter.link.as_deref()),
        ("另有 3 条消息", Some("https://city.example/messages"))
    );
    for case in &cases[3..] {
        assert!(letter.text.contains(&format!("· 已办结：路灯 {}", case.no)), "{}", letter.text);
    }
    assert!(!letter.text.contains(cases[0].no.as_str()), "what was told is not told again: {}", letter.text);
    assert_eq!(letters(), [4, 3, 0]);
    city.clock.advance_minutes(61);
    city.closed_case();
    assert_eq!(city.round(), (2, 1));
    assert_eq!(city.mail.sent().last().unwrap().subject, "已办结：路灯", "alone again");
});

on_both_databases!(a_message_of_several_that_was_on_its_way_says_the_same_when_it_is_sent_again, |database| {
    let city = City::new(database);
    city.confirm_mail();
    for _ in 0..5 {
        city.closed_case();
    }
    city.round();
    city.clock.advance_minutes(61);
    // A worker takes it, the mail server takes the letter, and the worker dies before it says so.
    let now = city.clock.now();
    let taken = database.write_blocking(move |tx: &mut Tx| tx.lease_messages(now, 120_000_000, 32)).unwrap();
    assert_eq!(taken.len(), 1);
    // Meanwhile there is more than is sent in an hour once more: it waits for a message of its own.
    for _ in 0..5 {
        city.closed_case();
    }
    assert_eq!(city.round(), (11, 2), "the digest counts as one of three");
    city.clock.advance_minutes(3);
    assert_eq!(city.round(), (0, 1));
    let again = city.mail.sent().pop().unwrap();
    assert_eq!((again.id, again.subject.as_str()), (taken[0].id.to_string(), "另有 2 条消息"));
    city.clock.advance_minutes(60);
    assert_eq!(city.round(), (0, 1));
    assert_eq!(city.mail.sent().pop().unwrap().subject, "另有 3 条消息");
    assert!(
        city.states(Channel::Email)
            .iter()
            .all(|(state, _)| matches!(state, DeliveryState::Delivered | DeliveryState::Merged))
    );
});

on_both_databases!(a_message_of_several_leaves_out_what_is_not_wanted_any_more, |database| {
    let city = City::new(database);
    city.confirm_mail();
    city.clock.set("2026-11-02T21:30:00+08:00".parse().unwrap());
    for _ in 0..5 {
        city.closed_case();
    }
    city.round();
    city.clock.set("2026-11-02T22:30:00+08:00".parse().unwrap());
    assert_eq!(city.round().1, 0, "nobody is told in the night");
    city.wants(|wants| wants.switch("reports", Channel::Email, false));
    city.clock.set("2026-11-03T08:00:00+08:00".parse().unwrap());
    city.round();
    let off = (DeliveryState::Suppressed, Some("preference".to_owned()));
    assert_eq!(city.states(Channel::Email).into_iter().filter(|state| *state == off).count(), 1);
    assert_eq!((city.mail.sent().len(), city.rows(Channel::InApp).len()), (3, 5));
});

on_both_databases!(a_message_of_several_names_what_is_about_mandates_too, |database| {
    let city = City::new(database);
    city.confirm_mail();
    for _ in 0..4 {
        city.closed_case();
    }
    city.round();
    let (mother, daughter, now) = (city.zhao, person(7), city.clock.now());
    let taken = taken_mandate(mother, daughter, now, now.plus_micros(30 * DAY_US));
    let mandate = MandateRow { confirmed_at: Some(now), ..taken };
    let notice = MandateNotice { mandate: mandate.id, news: MandateNews::Confirmed, to: mother };
    let write = move |tx: &mut Tx| {
        tx.record_party(&PartyRow::resident(daughter, "daughter", "D", now))?;
        tx.record_mandate(&mandate)?;
        tx.enqueue_mandate_notice(notice, now, now).map(drop)
    };
    database.write_blocking(write).unwrap();
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 2, "the list, and the message that waits");
    city.clock.advance_minutes(60);
    assert_eq!(city.round(), (0, 1));
    let letter = city.mail.sent().pop().unwrap();
    assert_eq!(letter.subject, "另有 2 条消息");
    assert!(letter.text.contains("· 已办结：路灯 ") && letter.text.contains("· 授权已生效\n"), "{}", letter.text);
});

on_both_databases!(what_is_switched_off_is_not_sent_even_when_it_waits_already, |database| {
    let city = City::new(database);
    city.confirm_mail();
    city.closed_case();
    block(record_due(&city.ctx)).unwrap();
    city.wants(|wants| wants.switch("reports", Channel::Email, false));
    block(deliver_due(&city.ctx)).unwrap();
    city.closed_case();
    city.round();
    let off = (DeliveryState::Suppressed, Some("preference".to_owned()));
    assert_eq!(city.states(Channel::Email), [off.clone(), off]);
    assert_eq!((city.mail.sent().len(), city.rows(Channel::InApp).len()), (0, 2));
});

/// A case of the demo city that Zhao reported and the duty chief closed.
fn rated_later(city: &City<'_>) -> Case {
    let (compiled, now) = (demo(), city.clock.now());
    let write = move |tx: &mut Tx| {
        let no = tx.next_case_no("YG", 20_261_102)?;
        let mut bodies = opening(no, "b0137", Some("out")).bodies(&compiled, now).unwrap();
        let closed = json!({
            "kind": "moved", "action": "close", "from": "reported", "to": "closed", "stage": "evaluate", "outcome": "resolved",
        });
        bodies.push(serde_json::from_value(closed).unwrap());
        let actor = model::Actor::system("test");
        let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
        let (case_id, region_path) = (tx.new_case_id(now), compiled.city.region_path(&"shuyuan".parse().unwrap()));
        let append = Append { case_id, before: None, events, recorded_at: now, region_path: &region_path };
        Ok::<_, StoreError>(tx.append(append)?.0)
    };
    city.database.write_blocking(write).unwrap()
}

on_both_databases!(a_rating_is_asked_for_a_day_later_unless_there_is_one, |database| {
    let city = City::new(database);
    rated_later(&city);
    let rated = rated_later(&city);
    city.round();
    let told = || city.rows(Channel::InApp).into_iter().map(|row| row.message.kind).collect::<Vec<_>>();
    assert_eq!(told(), ["report_resolved", "report_resolved"]);
    let (actor, at) = (model::Actor::Resident { party: city.zhao }, city.clock.now());
    let write = move |tx: &mut Tx| {
        let events = vec![NewEvent { at, actor, body: model::EventBody::Rated { stars: 5, note: None } }];
        tx.append(Append { case_id: rated.id, before: Some(&rated), events, recorded_at: at, region_path: "" })
            .map(drop)
    };
    database.write_blocking(write).unwrap();
    city.clock.advance_minutes(24 * 60 - 1);
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 0, "not yet");
    city.clock.advance_minutes(1);
    assert_eq!([block(remind_due(&city.ctx)).unwrap(), block(remind_due(&city.ctx)).unwrap()], [1, 0]);
    assert_eq!(told()[2..], ["report_unrated"]);
});

on_both_databases!(what_happened_long_ago_is_no_news, |database| {
    let city = City::new(database);
    city.closed_case();
    city.clock.advance_minutes(3 * 24 * 60);
    assert_eq!(city.round(), (0, 0));
    assert!(city.rows(Channel::InApp).is_empty());
});

on_both_databases!(a_program_is_told_by_signed_calls_until_it_takes_them, |database| {
    let city = City::new(database);
    let now = city.clock.now();
    let vault = Arc::clone(&city.ctx.vault);
    let registered = database.write_blocking(move |tx: &mut Tx| {
        let (id, secret) = (tx.new_event_id(now), new_webhook_secret(tx));
        let sealed = vault.seal_webhook_secret(tx, id, &secret);
        let owner = WebhookOwner::Office("roads".parse().unwrap());
        tx.record_webhook(&WebhookRow {
            id,
            owner,
            url: "https://a.example/hook".to_owned(),
            sealed,
            created_at: now,
        })?;
        Ok::<_, StoreError>(secret)
    });
    let key = webhook_key(&registered.unwrap()).unwrap();
    *city.program.answers.lock().unwrap() = vec![500, 302, 204];
    let case = city.closed_case();
    block(record_due(&city.ctx)).unwrap();
    for _ in 0..4 {
        block(deliver_due(&city.ctx)).unwrap();
        city.clock.advance_minutes(10);
    }
    let called = city.program.called.lock().unwrap().clone();
    let mut ids = std::collections::BTreeMap::<String, usize>::new();
    for (url, headers, body) in &called {
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let seconds = header("webhook-timestamp").parse().unwrap();
        assert!(check_webhook(&key, &header("webhook-id"), seconds, body, &header("webhook-signature")));
        assert_eq!(url, "https://a.example/hook");
        let told: serde_json::Value = serde_json::from_slice(body).unwrap();
        assert_eq!(told["data"]["case_no"], case.no.as_str());
        assert!(!String::from_utf8_lossy(body).contains(&city.zhao.to_string()), "no person is named");
        *ids.entry(header("webhook-id")).or_default() += 1;
    }
    // Reported, assigned, done and closed; two of them were called a second time.
    assert_eq!((ids.len(), called.len()), (4, 6));
});

on_both_databases!(children_that_one_answer_of_the_register_named_are_one_message, |database| {
    let city = City::new(database);
    let (mother, now) = (city.zhao, city.clock.now());
    let until = now.plus_micros(183 * DAY_US);
    // The third is of age sooner: of it the message says another day.
    for (number, until) in [(1, until), (2, until), (3, now.plus_micros(30 * DAY_US))] {
        let child = person(20 + number);
        let taken = taken_mandate(child, mother, now, until);
        let id = MandateId::new(now, number);
        let mandate = MandateRow { id, basis: Basis::Guardian, granted_by: mother, confirmed_at: Some(now), ..taken };
        let notice = MandateNotice { mandate: id, news: MandateNews::GuardianFound, to: mother };
        let write = move |tx: &mut Tx| {
            tx.record_party(&PartyRow::child(child, now))?;
            tx.record_mandate(&mandate)?;
            tx.enqueue_mandate_notice(notice, now, now).map(drop)
        };
        database.write_blocking(write).unwrap();
    }
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 2);
    city.clock.set(until.plus_micros(-7 * DAY_US));
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 1, "the end of two is one message too, and one is over already");
});

/// A mandate that somebody took, and nobody confirmed yet.
fn taken_mandate(represented: PartyId, agent: PartyId, now: Instant, until: Instant) -> MandateRow {
    MandateRow {
        id: MandateId::new(now, 1),
        represented,
        agent: Some(agent),
        basis: Basis::Appointed,
        granted_by: represented,
        services: None,
        departments: true,
        post: None,
        code_hash: None,
        code_until: None,
        created_at: now,
        taken_at: Some(now),
        confirmed_at: None,
        until,
        ended_at: None,
        ended_by: None,
    }
}

on_both_databases!(mandates_are_told_to_the_other_side_and_before_they_end, |database| {
    let city = City::new(database);
    city.confirm_mail();
    let (daughter, now) = (person(7), city.clock.now());
    let mother = city.zhao;
    let until = now.plus_micros(30 * DAY_US);
    let mandate = taken_mandate(mother, daughter, now, until);
    let tell = |mandate: &MandateRow, news: MandateNews, to: PartyId| {
        let (notice, now) = (MandateNotice { mandate: mandate.id, news, to }, city.clock.now());
        database.write_blocking(move |tx: &mut Tx| tx.enqueue_mandate_notice(notice, now, now)).unwrap();
    };
    let taken = mandate.clone();
    database
        .write_blocking(move |tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(daughter, "daughter", "D", now))?;
            tx.record_mandate(&taken)
        })
        .unwrap();
    let told = |party: PartyId| {
        let rows = database.read_blocking(move |db| db.list_messages_of(&party.to_string(), Channel::InApp)).unwrap();
        rows.into_iter().map(|row| row.message.kind).collect::<Vec<_>>()
    };
    tell(&mandate, MandateNews::Taken, mother);
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 2, "the list and mail");
    block(deliver_due(&city.ctx)).unwrap();
    let letter = city.mail.sent().pop().unwrap();
    assert_eq!(letter.subject, "有人接受了您的授权，请确认");
    assert_eq!(letter.link.as_deref(), Some("https://city.example/me/mandates"));
    let row = city.rows(Channel::InApp).pop().unwrap();
    assert!(row.message.position < 0 && row.message.case.is_none(), "no event tells of it");

    let confirmed = MandateRow { confirmed_at: Some(now), ..mandate.clone() };
    let active = confirmed.clone();
    database.write_blocking(move |tx: &mut Tx| tx.update_mandate(&active)).unwrap();
    tell(&mandate, MandateNews::Taken, mother);
    tell(&mandate, MandateNews::Confirmed, daughter);
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 1, "what is not so any more is not told");
    assert_eq!(
        (told(mother), told(daughter)),
        (vec!["mandate_taken".to_owned()], vec!["mandate_confirmed".to_owned()])
    );

    city.clock.set(until.plus_micros(-7 * DAY_US - 1));
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 0);
    city.clock.set(until.plus_micros(-7 * DAY_US));
    city.wants(|wants| wants.switch("mandates", Channel::Email, false));
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 3, "both sides hear of the end");
    let (state, reason) = city.states(Channel::Email).pop().unwrap();
    assert_eq!((state, reason.as_deref()), (DeliveryState::Suppressed, Some("preference")));
    assert_eq!(told(daughter), ["mandate_confirmed", "mandate_ending"]);

    let ended = MandateRow { ended_at: Some(city.clock.now()), ended_by: Some(mother), ..confirmed };
    database.write_blocking(move |tx: &mut Tx| tx.update_mandate(&ended)).unwrap();
    tell(&mandate, MandateNews::Ended, daughter);
    tell(&mandate, MandateNews::Ending, daughter);
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 1);
    assert_eq!(told(daughter).iter().filter(|kind| *kind == "mandate_ended").count(), 1);
    for news in [MandateNews::GuardianEnded, MandateNews::GuardianFound] {
        tell(&mandate, news, daughter);
    }
    assert_eq!(block(remind_due(&city.ctx)).unwrap(), 1, "found, and ended already");
    assert_eq!(told(daughter).iter().filter(|kind| *kind == "guardian_ended").count(), 1);
});
