//! Paying on both databases, against a gateway that is away, late, lost or heard twice: no money is lost or doubled.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use dipper_act::payments::{
    Ask, Context, Gateway, PayCommand, PayError, Standing, Told, What, begin_payment, hear, reconcile,
};
use dipper_act::{Acting, CaseRef, PerformCommand, PerformError, Refusal, perform};
use model::{
    Actor, Application, Case, Commitment, FeeLine, Grant, Instant, NewEvent, PartyId, PaymentId, PaymentState, Place,
    Reporter, SealedId,
};
use pack::enter::Opening;
use pack::{Compiled, Packs};
use store::{Append, StoreError, Tx};
use testkit::{Database, FixedClock, on_both_databases};

const MONDAY: &str = "2026-11-02T09:00:00+08:00";

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn demo() -> Arc<Compiled> {
    static DEMO: LazyLock<Arc<Compiled>> = LazyLock::new(|| {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo"));
        let loaded = pack::load(&folder).unwrap_or_else(|faults| panic!("{faults}"));
        Arc::new(Compiled::of_pack(loaded).unwrap())
    });
    Arc::clone(&DEMO)
}

/// A gateway in memory that can be away, or take the question and lose the answer.
#[derive(Default)]
struct Purse {
    orders: Mutex<BTreeMap<PaymentId, Order>>,
    fault: Mutex<Fault>,
}

#[derive(Clone)]
struct Order {
    standing: Standing,
    amount: i64,
    parts: Vec<(u32, i64)>,
}

impl Order {
    /// Taken and not given back.
    fn kept(&self) -> i64 {
        let back: i64 = self.parts.iter().map(|(_, amount)| amount).sum();
        if self.standing == Standing::Captured { self.amount - back } else { 0 }
    }
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Fault {
    #[default]
    None,
    Away,
    AnswerLost,
}

impl Purse {
    fn told(&self, payment: PaymentId) -> Told {
        let orders = self.orders.lock().unwrap();
        let none = Order { standing: Standing::Unknown, amount: 0, parts: Vec::new() };
        let Order { standing, amount, parts } = orders.get(&payment).cloned().unwrap_or(none);
        let pay_url = (standing == Standing::Open).then(|| "http://pay".to_owned());
        Told { payment, standing, amount, reference: "G-1".to_owned(), pay_url, parts }
    }

    /// The payer answers everything that is open.
    fn payers(&self, agree: bool) {
        for order in self.orders.lock().unwrap().values_mut() {
            if order.standing == Standing::Open {
                order.standing = if agree { Standing::Authorised } else { Standing::Failed };
            }
        }
    }

    fn everything(&self) -> Vec<Told> {
        let ids: Vec<PaymentId> = self.orders.lock().unwrap().keys().copied().collect();
        ids.into_iter().map(|id| self.told(id)).collect()
    }

    fn taken(&self) -> Vec<PaymentId> {
        let orders = self.orders.lock().unwrap();
        orders.iter().filter(|(_, order)| order.standing == Standing::Captured).map(|(id, _)| *id).collect()
    }

    /// Money taken and not given back.
    fn kept(&self) -> BTreeMap<PaymentId, i64> {
        let orders = self.orders.lock().unwrap();
        orders.iter().map(|(id, order)| (*id, order.kept())).filter(|(_, kept)| *kept > 0).collect()
    }
}

impl Gateway for Purse {
    fn ask(&self, ask: &Ask) -> Result<Told, String> {
        let fault = *self.fault.lock().unwrap();
        if fault == Fault::Away {
            return Err("away".to_owned());
        }
        let mut orders = self.orders.lock().unwrap();
        let known = orders.get(&ask.payment).cloned();
        let new = |standing, amount| Some(Order { standing, amount, parts: Vec::new() });
        let to = |order: Order, standing| Some(Order { standing, ..order });
        let next = match (&ask.what, known) {
            (What::Create { amount, .. }, None) => new(Standing::Open, *amount),
            (What::Cancel, None) => new(Standing::Cancelled, 0),
            (What::Cancel, Some(order)) if matches!(order.standing, Standing::Open | Standing::Authorised) => {
                to(order, Standing::Cancelled)
            }
            (What::Capture, Some(order)) if order.standing == Standing::Authorised => to(order, Standing::Captured),
            (What::Refund, Some(order)) if order.standing == Standing::Captured => to(order, Standing::Refunded),
            (What::RefundPart { part, amount }, Some(mut order)) => {
                let is_new = order.parts.iter().all(|(known, _)| known != part);
                (is_new && *amount <= order.kept()).then(|| {
                    order.parts.push((*part, *amount));
                    order
                })
            }
            _ => None,
        };
        if let Some(next) = next {
            orders.insert(ask.payment, next);
        }
        drop(orders);
        if fault == Fault::AnswerLost { Err("the answer was lost".to_owned()) } else { Ok(self.told(ask.payment)) }
    }
}

struct Town {
    ctx: Context,
    clock: FixedClock,
    purse: Arc<Purse>,
}

impl Town {
    fn new(database: &Database) -> Self {
        let clock = FixedClock::at(MONDAY);
        let purse = Arc::new(Purse::default());
        let gateway: Arc<dyn Gateway> = Arc::clone(&purse) as _;
        let packs = Arc::new(Packs::new(demo()));
        let ctx = Context { store: database.store().clone(), packs, clock: Arc::new(clock.clone()), gateway };
        Self { ctx, clock, purse }
    }

    fn act(&self) -> dipper_act::Context {
        let Context { store, packs, clock, .. } = self.ctx.clone();
        dipper_act::Context { store, packs, clock }
    }

    fn set(&self, fault: Fault) {
        *self.purse.fault.lock().unwrap() = fault;
    }

    fn begin(&self, case: &Case) -> Result<PaymentId, PayError> {
        let party = case.reporter.party.unwrap();
        let command = PayCommand {
            case: CaseRef::Id(case.id),
            party,
            by: Actor::Resident { party },
            return_url: "http://city/".to_owned(),
        };
        block(begin_payment(&self.ctx, command)).map(|begun| begun.payment)
    }

    fn state(&self, case: &Case, payment: PaymentId) -> &'static str {
        let id = case.id;
        self.ctx.store.read_blocking(move |reader| reader.get_case(id)).unwrap().payments[&payment].state.as_str()
    }

    fn found(&self, case: &Case) -> Case {
        let id = case.id;
        self.ctx.store.read_blocking(move |reader| reader.get_case(id)).unwrap()
    }

    fn give_back(&self, case: &Case, yuan: &str) -> Result<(), PerformError> {
        self.take_with(
            case,
            "refund",
            staff(12, "service_chief"),
            serde_json::json!({"refund_amount": yuan, "note": "x"}),
        )
    }

    fn take(&self, case: &Case, action: &str, acting: Acting) -> Result<(), PerformError> {
        self.take_with(case, action, acting, serde_json::json!({"note": "x", "proposal": "grant"}))
    }

    fn take_with(
        &self,
        case: &Case,
        action: &str,
        acting: Acting,
        answers: serde_json::Value,
    ) -> Result<(), PerformError> {
        let asked = demo().city.processes["service_application"].action(&action.parse().unwrap()).unwrap().clone();
        let answers: BTreeMap<String, serde_json::Value> = serde_json::from_value(answers).unwrap();
        let answers =
            answers.into_iter().filter(|(id, _)| asked.fields.iter().any(|field| field.id.as_str() == id)).collect();
        let command = PerformCommand { case: CaseRef::Id(case.id), action: asked.id, version: None, answers, acting };
        block(perform(&self.act(), command)).map(|_| ())
    }
}

fn party(number: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), number)
}

fn staff(number: u128, role: &str) -> Acting {
    let grant = Grant {
        role: role.parse().unwrap(),
        office: "traffic_police".parse().unwrap(),
        region: "yaoguang".parse().unwrap(),
    };
    Acting::Staff { party: party(number), grants: vec![grant] }
}

/// An application for a service whose fee is ten yuan.
fn application(town: &Town, person: u128) -> Case {
    application_with(town, person, Vec::new())
}

fn application_with(town: &Town, person: u128, fees: Vec<FeeLine>) -> Case {
    let now = model::Clock::now(&town.clock);
    town.ctx
        .store
        .write_blocking(move |tx: &mut Tx| {
            let compiled = demo();
            let service = "driving_licence_renew";
            let region = compiled.city.offices[&compiled.city.services[service].office].region.clone();
            let opening = Opening {
                no: tx.next_case_no("YG", 20_261_102)?,
                category: service.parse().unwrap(),
                condition: None,
                description: String::new(),
                place: Place { point: None, cell: None, region: region.clone(), address: None },
                channel: "resident".to_owned(),
                reporter: Reporter { party: Some(party(person)), client: None, contact: None },
                evidence: Vec::new(),
                answers: BTreeMap::new(),
                application: Some(Application {
                    service: service.parse().unwrap(),
                    answers: SealedId::new(now, person),
                    commitment: Commitment::new([1; 32]),
                    requests: Vec::new(),
                    licences: Vec::new(),
                    fees,
                    kiosk: None,
                }),
                source_id: None,
            };
            let bodies = opening.bodies(&compiled, now).unwrap();
            let actor = Actor::Resident { party: party(person) };
            let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
            let (case_id, region_path) = (tx.new_case_id(now), compiled.city.region_path(&region));
            let append = Append { case_id, before: None, events, recorded_at: now, region_path: &region_path };
            Ok::<_, StoreError>(tx.append(append)?.0)
        })
        .unwrap()
}

on_both_databases!(a_fee_is_paid_once_and_then_it_can_be_granted, |database| {
    let town = Town::new(database);
    let case = application(&town, 1);
    let payment = town.begin(&case).unwrap();
    assert_eq!(town.begin(&case).unwrap(), payment, "an open payment is gone on with");
    town.take(&case, "accept", staff(10, "service_clerk")).unwrap();
    town.take(&case, "propose", staff(11, "service_reviewer")).unwrap();
    let refused = town.take(&case, "grant", staff(12, "service_chief"));
    assert!(matches!(refused, Err(PerformError::Refused(Refusal::Unpaid { .. }))), "{refused:?}");
    town.purse.payers(true);
    let told = town.purse.told(payment);
    for _ in 0..3 {
        assert_eq!(block(hear(&town.ctx, told.clone())).unwrap(), Some(PaymentState::Captured), "heard three times");
    }
    assert_eq!(town.state(&case, payment), "captured");
    assert!(matches!(town.begin(&case), Err(PayError::Paid)));
    town.take(&case, "grant", staff(12, "service_chief")).unwrap();
    assert_eq!(block(reconcile(&town.ctx)).unwrap(), 0, "money for what was granted stays");
    assert_eq!(town.purse.taken(), [payment]);
});

on_both_databases!(what_the_gateway_did_not_say_is_asked_again, |database| {
    let town = Town::new(database);
    let case = application(&town, 1);
    town.set(Fault::Away);
    assert!(matches!(town.begin(&case), Err(PayError::Away(_))));
    town.set(Fault::AnswerLost);
    assert!(matches!(town.begin(&case), Err(PayError::Away(_))), "created over there, and we do not know");
    town.set(Fault::None);
    let payment = town.begin(&case).unwrap();
    assert_eq!(town.purse.orders.lock().unwrap().len(), 1, "one order for all three");
    town.purse.payers(true);
    town.set(Fault::AnswerLost);
    let mut held = town.purse.told(payment);
    held.standing = Standing::Authorised;
    assert_eq!(block(hear(&town.ctx, held)).unwrap(), Some(PaymentState::CaptureRetry), "taken, and we do not know");
    town.set(Fault::None);
    assert_eq!(block(reconcile(&town.ctx)).unwrap(), 1);
    assert_eq!(town.state(&case, payment), "captured");
});

on_both_databases!(what_nobody_answers_expires_and_a_late_payer_finds_nothing, |database| {
    let town = Town::new(database);
    let case = application(&town, 1);
    let payment = town.begin(&case).unwrap();
    town.clock.advance_minutes(31);
    town.set(Fault::Away);
    block(reconcile(&town.ctx)).unwrap();
    assert_eq!(town.state(&case, payment), "created", "not given up while the gateway may still take the money");
    town.set(Fault::None);
    block(reconcile(&town.ctx)).unwrap();
    assert_eq!(town.state(&case, payment), "expired");
    town.purse.payers(true);
    assert!(town.purse.taken().is_empty());
    assert_ne!(town.begin(&case).unwrap(), payment, "a new one can be begun");
});

on_both_databases!(money_for_what_ends_without_a_grant_goes_back, |database| {
    let town = Town::new(database);
    let case = application(&town, 1);
    let payment = town.begin(&case).unwrap();
    town.purse.payers(true);
    block(hear(&town.ctx, town.purse.told(payment))).unwrap();
    town.take(&case, "withdraw", Acting::Resident { party: party(1) }).unwrap();
    town.set(Fault::AnswerLost);
    block(reconcile(&town.ctx)).unwrap();
    assert_eq!(town.state(&case, payment), "refunding");
    town.set(Fault::None);
    block(reconcile(&town.ctx)).unwrap();
    assert_eq!(town.state(&case, payment), "refunded");
    assert!(town.purse.taken().is_empty());
    assert!(matches!(town.begin(&case), Err(PayError::NothingDue)), "the case has ended");
});

on_both_databases!(a_part_goes_back_once_and_never_more_than_was_taken, |database| {
    let town = Town::new(database);
    let case = application(&town, 1);
    town.take(&case, "accept", staff(10, "service_clerk")).unwrap();
    let refused = |yuan: &str| match town.give_back(&case, yuan) {
        Err(PerformError::Refused(Refusal::Answers(faults))) => faults[0].message.clone(),
        Err(PerformError::Refused(Refusal::NotAllowed { .. })) => "not allowed".to_owned(),
        other => panic!("{yuan}: {other:?}"),
    };
    assert_eq!(refused("1"), "not allowed", "nothing was taken yet");
    let payment = town.begin(&case).unwrap();
    town.purse.payers(true);
    block(hear(&town.ctx, town.purse.told(payment))).unwrap();
    for yuan in ["10.01", "0", "0.00"] {
        assert_eq!(refused(yuan), "must be from 0.01 to 10.00: that much is left of what was paid", "{yuan}");
    }
    for yuan in ["1.234", "-1", "1e2", "十"] {
        assert_eq!(refused(yuan), "must be an amount such as 12.50, at most 9999999.99", "{yuan}");
    }
    town.set(Fault::AnswerLost);
    town.give_back(&case, "4").unwrap();
    assert_eq!(refused("6.01"), "must be from 0.01 to 6.00: that much is left of what was paid", "decided is spent");
    for _ in 0..3 {
        block(reconcile(&town.ctx)).unwrap();
    }
    assert_eq!(town.purse.kept()[&payment], 600, "given back once, though the answer was lost three times");
    assert_eq!(town.found(&case).payments[&payment].refunded(), 0, "not known yet");
    town.set(Fault::None);
    // A callback tells of it, twice.
    for _ in 0..2 {
        block(hear(&town.ctx, town.purse.told(payment))).unwrap();
    }
    let found = town.found(&case);
    assert_eq!((found.payments[&payment].refunded(), found.is_paid()), (400, true));
    assert_eq!(block(reconcile(&town.ctx)).unwrap(), 0);

    // A part of what was never decided here is not believed.
    let mut told = town.purse.told(payment);
    told.parts.push((2, 600));
    block(hear(&town.ctx, told)).unwrap();
    assert_eq!(town.found(&case).payments[&payment].refunded(), 400);

    // What ends without a grant gives back the rest, and a part under way goes with it.
    town.set(Fault::Away);
    town.give_back(&case, "5.5").unwrap();
    town.take(&case, "withdraw", Acting::Resident { party: party(1) }).unwrap();
    town.set(Fault::None);
    block(reconcile(&town.ctx)).unwrap();
    assert_eq!((town.state(&case, payment), town.found(&case).payments[&payment].refunded()), ("refunded", 1_000));
    assert!(town.purse.kept().is_empty());
    assert_eq!(block(reconcile(&town.ctx)).unwrap(), 0);
});

on_both_databases!(fees_are_paid_together_as_the_answers_leave_them, |database| {
    let town = Town::new(database);
    let service = &demo().city.services["driving_licence_renew"];
    let lines = |answers: serde_json::Value| {
        let answers: BTreeMap<String, serde_json::Value> = serde_json::from_value(answers).unwrap();
        let lines = service.fee_lines(&answers);
        let line = |line: &FeeLine| {
            let reduction = line.reduction.as_ref().map(|reduction| format!(" by {reduction}")).unwrap_or_default();
            format!("{} {}/{}{reduction}", line.fee, line.amount, line.full)
        };
        (lines.iter().map(line).collect::<Vec<_>>().join(", "), lines)
    };
    for (answers, expect) in [
        (serde_json::json!({}), "card 1000/1000"),
        (serde_json::json!({"delivery": "post"}), "card 1000/1000, postage 1200/1200"),
        (
            serde_json::json!({"delivery": "post", "concession": "disabled"}),
            "card 500/1000 by disabled, postage 1200/1200",
        ),
        (serde_json::json!({"concession": "allowance"}), "card 0/1000 by allowance"),
        (serde_json::json!({"concession": "none"}), "card 1000/1000"),
    ] {
        assert_eq!(lines(answers.clone()).0, expect, "{answers}");
    }
    let (_, both) = lines(serde_json::json!({"delivery": "post", "concession": "disabled"}));
    let case = application_with(&town, 1, both.clone());
    let payment = town.begin(&case).unwrap();
    assert_eq!(town.purse.told(payment).amount, 1_700, "one payment");
    let id = case.id;
    let events = town.ctx.store.read_blocking(move |reader| reader.load_events(id)).unwrap();
    let itemised = events.iter().find_map(|event| match &event.body {
        model::EventBody::Paying { fees, .. } => Some(fees.clone()),
        _ => None,
    });
    assert_eq!(itemised, Some(both), "the event says what for");
    // Nothing to pay: nothing is asked for, and it can be granted.
    let (_, free) = lines(serde_json::json!({"concession": "allowance"}));
    let case = application_with(&town, 2, free);
    assert!(matches!(town.begin(&case), Err(PayError::NothingDue)));
    town.take(&case, "accept", staff(10, "service_clerk")).unwrap();
    town.take(&case, "propose", staff(11, "service_reviewer")).unwrap();
    town.take(&case, "grant", staff(12, "service_chief")).unwrap();
});

/// Whatever happens in whatever order, in the end both books say the same, and nobody paid twice.
#[test]
fn books_agree_after_any_story() {
    let mut parts = 0;
    for seed in 0..60_u64 {
        let database = Database::sqlite();
        let town = Town::new(&database);
        let cases: Vec<Case> = (1..=3).map(|person| application(&town, person)).collect();
        for case in &cases {
            town.take(case, "accept", staff(10, "service_clerk")).unwrap();
        }
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |count: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % count
        };
        let mut heard: Vec<Told> = Vec::new();
        for _ in 0..60 {
            let case = &cases[usize::try_from(roll(3)).unwrap()];
            match roll(11) {
                0..=1 => drop(town.begin(case)),
                2 => town.purse.payers(roll(4) > 0),
                3 => town.set([Fault::None, Fault::Away, Fault::AnswerLost][usize::try_from(roll(3)).unwrap()]),
                4 => heard.extend(town.purse.everything()),
                5..=6 if !heard.is_empty() => {
                    // Old notifications come late and again.
                    let told = heard[usize::try_from(roll(heard.len() as u64)).unwrap()].clone();
                    block(hear(&town.ctx, told)).unwrap();
                }
                7 => drop(block(reconcile(&town.ctx)).unwrap()),
                8..=9 => {
                    // More than is left is refused, which is as good a story.
                    drop(town.give_back(case, &format!("{}.{:02}", roll(8), roll(100))));
                }
                _ if roll(6) == 0 => {
                    drop(town.take(case, "withdraw", Acting::Resident { party: case.reporter.party.unwrap() }))
                }
                _ => town.clock.advance_minutes(7),
            }
        }
        town.set(Fault::None);
        town.clock.advance_minutes(40);
        let rounds = (0..20).take_while(|_| block(reconcile(&town.ctx)).unwrap() > 0).count();
        assert!(rounds < 20, "seed {seed}: it does not come to rest");
        let kept = town.purse.kept();
        let mut ours = BTreeMap::new();
        for case in &cases {
            let id = case.id;
            let case = town.ctx.store.read_blocking(move |reader| reader.get_case(id)).unwrap();
            let captured = case.payments.iter().filter(|(_, payment)| payment.state == PaymentState::Captured);
            let captured: Vec<_> = captured.collect();
            assert!(captured.len() <= 1, "seed {seed}: paid twice");
            assert!(case.is_open() || captured.is_empty(), "seed {seed}: kept the money of what was withdrawn");
            for (id, payment) in captured {
                assert!(payment.parts_under_way().next().is_none(), "seed {seed}: a part is still under way");
                assert!((0..=payment.amount).contains(&payment.refunded()), "seed {seed}: {}", payment.refunded());
                parts += payment.refunds.len();
                ours.insert(*id, payment.amount - payment.refunded());
            }
        }
        ours.retain(|_, kept| *kept > 0);
        assert_eq!(ours, kept, "seed {seed}");
    }
    assert!(parts > 20, "the stories give parts back: {parts}");
}
