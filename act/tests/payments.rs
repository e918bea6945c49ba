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
    Actor, Application, Case, Commitment, Grant, Instant, NewEvent, PartyId, PaymentId, PaymentState, Place, Reporter,
    SealedId,
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
    orders: Mutex<BTreeMap<PaymentId, (Standing, i64)>>,
    fault: Mutex<Fault>,
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
        let (standing, amount) = orders.get(&payment).copied().unwrap_or((Standing::Unknown, 0));
        let pay_url = (standing == Standing::Open).then(|| "http://pay".to_owned());
        Told { payment, standing, amount, reference: "G-1".to_owned(), pay_url }
    }

    /// The payer answers everything that is open.
    fn payers(&self, agree: bool) {
        for (standing, _) in self.orders.lock().unwrap().values_mut() {
            if *standing == Standing::Open {
                *standing = if agree { Standing::Authorised } else { Standing::Failed };
            }
        }
    }

    fn everything(&self) -> Vec<Told> {
        let ids: Vec<PaymentId> = self.orders.lock().unwrap().keys().copied().collect();
        ids.into_iter().map(|id| self.told(id)).collect()
    }

    fn taken(&self) -> Vec<PaymentId> {
        let orders = self.orders.lock().unwrap();
        orders.iter().filter(|(_, (standing, _))| *standing == Standing::Captured).map(|(id, _)| *id).collect()
    }
}

impl Gateway for Purse {
    fn ask(&self, ask: &Ask) -> Result<Told, String> {
        let fault = *self.fault.lock().unwrap();
        if fault == Fault::Away {
            return Err("away".to_owned());
        }
        let mut orders = self.orders.lock().unwrap();
        let standing = orders.get(&ask.payment).map(|(standing, _)| *standing);
        let next = match (&ask.what, standing) {
            (What::Create { amount, .. }, None) => Some((Standing::Open, *amount)),
            (What::Cancel, None) => Some((Standing::Cancelled, 0)),
            (What::Cancel, Some(Standing::Open | Standing::Authorised)) => Some((Standing::Cancelled, 1_000)),
            (What::Capture, Some(Standing::Authorised)) => Some((Standing::Captured, 1_000)),
            (What::Refund, Some(Standing::Captured)) => Some((Standing::Refunded, 1_000)),
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
        let command = PayCommand { case: CaseRef::Id(case.id), party, return_url: "http://city/".to_owned() };
        block(begin_payment(&self.ctx, command)).map(|begun| begun.payment)
    }

    fn state(&self, case: &Case, payment: PaymentId) -> &'static str {
        let id = case.id;
        self.ctx.store.read_blocking(move |reader| reader.get_case(id)).unwrap().payments[&payment].state.as_str()
    }

    fn take(&self, case: &Case, action: &str, acting: Acting) -> Result<(), PerformError> {
        let answers = serde_json::json!({"note": "x", "proposal": "grant"});
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

/// Whatever happens in whatever order, in the end both books say the same, and nobody paid twice.
#[test]
fn books_agree_after_any_story() {
    for seed in 0..60_u64 {
        let database = Database::sqlite();
        let town = Town::new(&database);
        let cases: Vec<Case> = (1..=3).map(|person| application(&town, person)).collect();
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |count: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % count
        };
        let mut heard: Vec<Told> = Vec::new();
        for _ in 0..40 {
            let case = &cases[usize::try_from(roll(3)).unwrap()];
            match roll(9) {
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
        let taken = town.purse.taken();
        let mut ours = Vec::new();
        for case in &cases {
            let id = case.id;
            let case = town.ctx.store.read_blocking(move |reader| reader.get_case(id)).unwrap();
            let captured = case.payments.iter().filter(|(_, payment)| payment.state == PaymentState::Captured);
            let captured: Vec<PaymentId> = captured.map(|(id, _)| *id).collect();
            assert!(captured.len() <= 1, "seed {seed}: paid twice");
            assert!(case.is_open() || captured.is_empty(), "seed {seed}: kept the money of what was withdrawn");
            ours.extend(captured);
        }
        ours.sort_unstable();
        assert_eq!(ours, taken, "seed {seed}");
    }
}
