//! Seeing a doctor, on both databases and over HTTP: the city's client against the demo hospital's own router, with answers
//! that are lost, forged, of somebody else; one time for fifty people; money that is told, or goes back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};

use act::hospital::fhir::Flag;
use act::hospital::{
    Ask, AskError, BookCommand, Context, Fault, HospitalError, Hospitals, Lie, Method as Ways, PayCommand, Told, Wrote,
    agree, arrive, ask_doctor, book, cancel, hear, list_doctors, list_looks, list_slots, list_visits, pay_invoice,
    reconcile, view, withdraw,
};
use act::payments::{self, Gateway};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use common::{Browser, TestApp, pack_folder, request};
use dipper_http::gateway::{Book, protocol as money};
use dipper_http::hospital::protocol::{IF_NONE_EXIST, REQUEST_HEADER, SIGNATURE_HEADER, answer_text, request_text};
use dipper_http::hospital::{HospitalPlan, hospitals_router};
use dipper_http::signature::{check, sign};
use identity::{Identity, Level, Vault, Verified, VisitState};
use model::{Clock, PartyId, PaymentId, PaymentState, SourceId};
use pack::{Compiled, Packs};
use serde_json::{Value, json};
use store::{FetchOutcome, PartyRow, Store, Tx};
use testkit::{Database, FixedClock, on_both_databases};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const SECRET: &[u8] = b"a secret of thirty-two characters";
const BASE: &str = "http://hospital.test";
const PACE_S: i64 = 8;

/// Carries a request there and its answer back.
type Carry<'a> = &'a dyn Fn() -> Result<Told, AskError>;

/// What becomes of a request and its answer on their way.
type Mood = Box<dyn Fn(&Ask, Carry<'_>) -> Result<Told, AskError> + Send + Sync>;

/// The demo hospital's router, asked as over HTTP, signatures and all.
struct Ward {
    router: Router,
    clock: FixedClock,
    store: Store,
    mood: Mutex<Option<Mood>>,
    asked: Mutex<Vec<Ask>>,
    _folder: tempfile::TempDir,
}

impl Ward {
    fn new(clock: &FixedClock, store: &Store, hospital: &SourceId) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let plan = HospitalPlan {
            base: BASE.to_owned(),
            secrets: BTreeMap::from([(hospital.clone(), SECRET.to_vec())]),
            zone: DEMO.city.zone(),
            pace_seconds: u32::try_from(PACE_S).unwrap(),
        };
        let router = hospitals_router(folder.path(), plan, Arc::new(clock.clone())).unwrap();
        let (mood, asked) = (Mutex::new(None), Mutex::new(Vec::new()));
        Arc::new(Self { router, clock: clock.clone(), store: store.clone(), mood, asked, _folder: folder })
    }

    fn set(&self, mood: impl Fn(&Ask, Carry<'_>) -> Result<Told, AskError> + Send + Sync + 'static) {
        *self.mood.lock().unwrap() = Some(Box::new(mood));
    }

    fn honest(&self) {
        *self.mood.lock().unwrap() = None;
    }

    fn carry(&self, ask: &Ask) -> Result<Told, AskError> {
        let body = ask.body.as_ref().map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let (id, condition) = (ask.request.to_string(), ask.if_none_exist.as_deref());
        let text = request_text(ask.method.as_str(), &ask.target, &id, condition, &body);
        let signature = sign(SECRET, self.clock.now(), &text);
        let builder = Request::builder()
            .method(ask.method.as_str())
            .uri(format!("/{}/fhir/{}", ask.hospital, ask.target))
            .header(REQUEST_HEADER, &id)
            .header(SIGNATURE_HEADER, &signature);
        let builder = condition.iter().fold(builder, |builder, text| builder.header(IF_NONE_EXIST, *text));
        let request = builder.body(Body::from(body)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let signed = parts.headers[SIGNATURE_HEADER].to_str().unwrap();
            let status = parts.status.as_u16();
            check(SECRET, self.clock.now(), &answer_text(status, &signature, &bytes), signed).unwrap();
            Ok(Told { status, body: serde_json::from_slice(&bytes).unwrap() })
        })
    }
}

impl Hospitals for Ward {
    fn ask(&self, ask: &Ask) -> Result<Told, AskError> {
        let is_about_somebody = ask.target.contains("Patient") || ask.method != Ways::Get;
        if is_about_somebody {
            let id = ask.request;
            let is_known = self.store.read_blocking(move |reader| reader.has_fetch(id)).unwrap();
            assert!(is_known, "asked before it was written down: {}", ask.target);
        }
        self.asked.lock().unwrap().push(ask.clone());
        match &*self.mood.lock().unwrap() {
            None => self.carry(ask),
            Some(mood) => mood(ask, &|| self.carry(ask)),
        }
    }

    fn base(&self, hospital: &SourceId) -> String {
        format!("{BASE}/{hospital}/fhir/")
    }
}

/// The demo gateway's own book.
struct Till {
    book: Mutex<Book>,
    _folder: tempfile::TempDir,
}

impl Till {
    fn new() -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        Arc::new(Self { book: Mutex::new(Book::open(folder.path()).unwrap()), _folder: folder })
    }
}

impl Gateway for Till {
    fn ask(&self, ask: &payments::Ask) -> Result<payments::Told, String> {
        let ask = money::Ask::from(ask.clone());
        Ok(self.book.lock().unwrap().answer(ask.payment, ask.what, "http://gateway.test").unwrap().into())
    }
}

static DEMO: LazyLock<Arc<Compiled>> = LazyLock::new(|| {
    let loaded = pack::load(&pack_folder()).unwrap_or_else(|faults| panic!("{faults}"));
    Arc::new(Compiled::of_pack(loaded).unwrap())
});

struct Town {
    ctx: Context,
    clock: FixedClock,
    ward: Arc<Ward>,
    till: Arc<Till>,
    runtime: Runtime,
}

fn first() -> SourceId {
    "first_hospital".parse().unwrap()
}

fn party(number: u32) -> PartyId {
    PartyId::new(model::Instant::from_micros(0), number.into())
}

/// Somebody who is matched: numbers of nobody, each with its own check character.
fn who(number: u32) -> Verified {
    let digits = format!("99990119900101{number:03}");
    let last = char::from(identity::check_character(digits.as_bytes()));
    let identity = Identity::parse(
        &format!("王{number}").replace(|one: char| one.is_ascii_digit(), "晓"),
        &format!("{digits}{last}"),
    );
    Verified { identity: identity.unwrap(), level: Level::L2, verified_at: model::Instant::from_micros(0) }
}

fn town(database: &Database, people: u32) -> Town {
    let clock = FixedClock::at("2026-11-26T23:59:00Z");
    let (ward, till) = (Ward::new(&clock, database.store(), &first()), Till::new());
    let ctx = Context {
        store: database.store().clone(),
        packs: Arc::new(Packs::new(Arc::clone(&DEMO))),
        clock: Arc::new(clock.clone()),
        vault: Arc::new(Vault::from_key(&[3; 32])),
        hospitals: Arc::<Ward>::clone(&ward),
        gateway: Some(Arc::<Till>::clone(&till)),
    };
    let vault = Arc::clone(&ctx.vault);
    database
        .write_blocking(move |tx: &mut Tx| {
            for number in 1..=people {
                tx.record_party(&PartyRow::resident(party(number), &format!("p{number}"), "王", clock.now()))?;
                assert!(vault.record_identity(tx, party(number), &who(number))?);
            }
            Ok::<_, identity::VaultError>(())
        })
        .unwrap();
    let clock = ward.clock.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    Town { ctx, clock, ward, till, runtime }
}

impl Town {
    fn block<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    fn agreed(&self, number: u32) {
        self.block(agree(&self.ctx, party(number), first())).unwrap();
    }

    fn wish(&self, number: u32, at: usize) -> BookCommand {
        let (_, slots) = self.block(list_slots(&self.ctx, &first(), "r1")).unwrap();
        BookCommand { party: party(number), hospital: first(), role: "r1".to_owned(), slot: slots[at].id.to_string() }
    }

    fn paces(&self, paces: i64) {
        self.clock.advance_us(paces * PACE_S * 1_000_000);
    }

    /// Agrees or refuses on the gateway's page, and the gateway tells the city.
    fn answer(&self, payment: PaymentId, agrees: bool) -> Option<PaymentState> {
        self.till.book.lock().unwrap().decide(payment, agrees).unwrap();
        let told = self.till.ask(&payments::Ask { payment, what: payments::What::Find }).unwrap();
        self.block(hear(&self.ctx, told)).unwrap()
    }

    /// A visit whose invoice is due.
    fn called(&self, number: u32, at: usize) -> model::HospitalVisitId {
        self.agreed(number);
        let visit = self.block(book(&self.ctx, self.wish(number, at))).unwrap();
        self.block(arrive(&self.ctx, party(number), visit.id)).unwrap();
        self.paces(3 + i64::from(number));
        visit.id
    }

    fn pay(&self, number: u32, visit: model::HospitalVisitId) -> Result<payments::Begun, HospitalError> {
        let return_url = "http://city.test/".to_owned();
        self.block(pay_invoice(&self.ctx, PayCommand { party: party(number), visit, return_url }))
    }
}

on_both_databases!(nothing_is_told_to_a_hospital_before_its_patient_is_matched_and_has_agreed, |database| {
    let town = town(database, 1);
    let wish = town.wish(1, 0);
    let refused = town.block(book(&town.ctx, wish.clone())).err().unwrap();
    assert!(matches!(refused, HospitalError::NotAgreed), "{refused}");
    database
        .write_blocking(|tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(party(9), "p9", "无名", model::Instant::from_micros(0)))
        })
        .unwrap();
    assert!(matches!(town.block(agree(&town.ctx, party(9), first())), Err(HospitalError::NotIdentified)));
    assert!(!town.ward.asked.lock().unwrap().iter().any(|ask| ask.method != Ways::Get), "nothing was told");
    town.agreed(1);
    let visit = town.block(book(&town.ctx, wish.clone())).unwrap();
    assert_eq!(visit.kept.state, VisitState::Booked);
    // Name and number are told once, on registration.
    let told = |needle: &str| {
        let asked = town.ward.asked.lock().unwrap();
        asked.iter().filter(|ask| ask.body.as_ref().is_some_and(|body| body.to_string().contains(needle))).count()
    };
    let number = who(1).identity.id_number.as_str().to_owned();
    town.block(arrive(&town.ctx, party(1), visit.id)).unwrap();
    assert_eq!((told(&number), told("王晓")), (1, 1));
    // Withdrawn: no reference is left, nothing more is asked, and a new consent has another name.
    let subject = |town: &Town| {
        let vault = Arc::clone(&town.ctx.vault);
        let found = database.read_blocking(move |reader| vault.find_hospital_patient(reader, party(1), &first()));
        found.unwrap().map(|patient| patient.subject)
    };
    let before = subject(&town);
    town.block(withdraw(&town.ctx, party(1), first())).unwrap();
    assert_eq!(town.block(list_visits(&town.ctx, party(1))).unwrap().len(), 0);
    assert!(matches!(town.block(view(&town.ctx, party(1), visit.id)), Err(HospitalError::NotFound("visit"))));
    assert!(matches!(town.block(book(&town.ctx, wish)), Err(HospitalError::SlotTaken | HospitalError::NotAgreed)));
    town.agreed(1);
    assert!(before.is_some() && subject(&town) != before);
});

on_both_databases!(a_time_is_one_persons_however_many_race_for_it, |database| {
    const PEOPLE: u32 = 50;
    let town = town(database, PEOPLE);
    (1..=PEOPLE).for_each(|number| town.agreed(number));
    for round in 0..4 {
        let wish = town.wish(1, round);
        let outcomes: Vec<_> = town.block(async {
            let racing = (1..=PEOPLE).map(|number| {
                let (ctx, command) = (town.ctx.clone(), BookCommand { party: party(number), ..wish.clone() });
                tokio::spawn(async move { book(&ctx, command).await })
            });
            let racing: Vec<_> = racing.collect();
            let mut outcomes = Vec::new();
            for one in racing {
                outcomes.push(one.await.unwrap());
            }
            outcomes
        });
        let winners = outcomes
            .iter()
            .filter(|outcome| outcome.as_ref().is_ok_and(|visit| visit.kept.state == VisitState::Booked))
            .count();
        let losers = outcomes.iter().filter(|outcome| matches!(outcome, Err(HospitalError::SlotTaken))).count();
        assert_eq!((winners, losers), (1, PEOPLE as usize - 1), "round {round}");
    }
    let kept: usize = (1..=PEOPLE).map(|number| town.block(list_visits(&town.ctx, party(number))).unwrap().len()).sum();
    assert_eq!(kept, 4, "who lost keeps nothing");
});

on_both_databases!(an_answer_that_is_lost_is_asked_for_again_and_nothing_is_booked_twice, |database| {
    let town = town(database, 2);
    town.agreed(1);
    let wish = town.wish(1, 0);
    // The hospital takes it, and the answer never comes.
    let cut_off = |way: Ways| {
        move |ask: &Ask, carry: Carry<'_>| {
            let told = carry();
            if ask.method == way { Err(AskError::Away("cut off".to_owned())) } else { told }
        }
    };
    town.ward.set(cut_off(Ways::Post));
    let unsure = town.block(book(&town.ctx, wish.clone())).unwrap();
    assert_eq!((unsure.kept.state, unsure.fault), (VisitState::Asked, Some(Fault::Away)));
    // A refusal that decides nothing about the time leaves the wish where it was.
    town.ward.set(|_, _| {
        let body = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]});
        Ok(Told { status: 401, body })
    });
    assert!(matches!(town.block(book(&town.ctx, wish.clone())), Err(HospitalError::Denied { .. })));
    assert_eq!(town.block(list_visits(&town.ctx, party(1))).unwrap()[0].kept.state, VisitState::Asked);
    town.ward.honest();
    let (one, other) =
        (town.block(book(&town.ctx, wish.clone())).unwrap(), town.block(book(&town.ctx, wish.clone())).unwrap());
    assert_eq!((one.id, other.id, one.kept.state), (unsure.id, unsure.id, VisitState::Booked));
    assert_eq!(one.kept.appointment.as_deref(), Some("a-1"), "the one it took at first");
    // The same for giving back: the wish to is kept, and done with the next look.
    town.ward.set(cut_off(Ways::Put));
    let leaving = town.block(cancel(&town.ctx, party(1), one.id)).unwrap();
    assert_eq!((leaving.kept.state, leaving.fault), (VisitState::Cancelling, Some(Fault::Away)));
    town.ward.honest();
    assert_eq!(town.block(view(&town.ctx, party(1), one.id)).unwrap().kept.state, VisitState::Cancelled);
    // Free again, for somebody else.
    town.agreed(2);
    let second = BookCommand { party: party(2), ..wish.clone() };
    assert_eq!(town.block(book(&town.ctx, second)).unwrap().kept.state, VisitState::Booked);
    // A wish that never got there and was given up: a late copy of it finds the door closed.
    let later = BookCommand { slot: town.wish(1, 3).slot, ..wish };
    town.ward.set(|ask, carry| match (ask.method, ask.target.as_str()) {
        (Ways::Post, "Appointment") => Err(AskError::Away("lost".to_owned())),
        _ => carry(),
    });
    let lost = town.block(book(&town.ctx, later)).unwrap();
    let late = town.ward.asked.lock().unwrap().iter().rev().find(|ask| ask.target == "Appointment").cloned().unwrap();
    town.ward.honest();
    assert_eq!(town.block(cancel(&town.ctx, party(1), lost.id)).unwrap().kept.state, VisitState::Cancelled);
    assert_eq!(town.ward.carry(&late).unwrap().body["status"], "cancelled");
});

on_both_databases!(what_cannot_be_right_is_not_shown, |database| {
    let town = town(database, 2);
    let visit = town.called(1, 0);
    town.block(arrive(&town.ctx, party(1), visit)).unwrap();
    let seen = town.block(view(&town.ctx, party(1), visit)).unwrap();
    assert!(seen.fault.is_none() && seen.journey.unwrap().invoices.len() == 1);
    let change = |kind: &'static str, path: &'static str, value: Value| {
        move |ask: &Ask, carry: Carry<'_>| {
            let mut told = carry()?;
            if ask.target.starts_with(kind)
                && let Some(found) = told.body.pointer_mut(path)
            {
                *found = value.clone();
            }
            Ok(told)
        }
    };
    for (kind, path, value) in [
        ("Appointment", "/entry/0/resource/participant/0/actor/reference", json!("Patient/p-9")),
        ("Appointment", "/entry/0/resource/identifier/0/value", json!("01KXXXXXXXXXXXXXXXXXXXXXXX")),
        ("Appointment", "/entry/0/resource/status", json!("perhaps")),
        ("Appointment", "/entry", json!([])),
        ("Appointment", "/type", json!("batch")),
        ("Encounter", "/entry/0/resource/subject/reference", json!("Patient/p-9")),
        ("Encounter", "/entry/0/resource/appointment/0/reference", json!("Appointment/a-9")),
        ("Invoice", "/entry/0/resource/subject/reference", json!("Patient/p-9")),
        ("Invoice", "/entry/0/resource/totalGross/value", json!(1)),
        ("Invoice", "/entry/0/resource/totalGross/currency", json!("USD")),
        ("Invoice", "/entry/0/resource/lineItem/0/priceComponent/0/amount/value", json!(0.001)),
        ("Invoice", "/link", json!([{"relation": "next", "url": "http://elsewhere.test/fhir/Invoice"}])),
        ("Invoice", "/link", json!([{"relation": "next", "url": "Invoice?subject=Patient/p-1&account=Account/k-1"}])),
    ] {
        town.ward.set(change(kind, path, value.clone()));
        let seen = town.block(view(&town.ctx, party(1), visit)).unwrap();
        assert_eq!((seen.fault, seen.journey.is_some()), (Some(Fault::Refused), false), "{kind}{path} {value}");
    }
    for (lie, fault) in [
        (AskError::Lied(Lie::TooLarge(1)), Fault::Refused),
        (AskError::Lied(Lie::Signature("wrong".to_owned())), Fault::Refused),
        (AskError::Away("timeout".to_owned()), Fault::Away),
    ] {
        town.ward.set(move |_, _| Err(lie.clone()));
        let seen = town.block(view(&town.ctx, party(1), visit)).unwrap();
        assert_eq!((seen.fault, seen.kept.state), (Some(fault), VisitState::Booked));
        assert_eq!(seen.kept.doctor, "沈望舒", "what the city keeps is still there");
    }
    // Every look is in the log, with what became of it.
    let rows = database.read_blocking(|reader| reader.list_fetches_about(party(1), 100)).unwrap();
    let count = |outcome| rows.iter().filter(|row| row.outcome == Some(outcome)).count();
    assert_eq!((count(FetchOutcome::Refused), count(FetchOutcome::Away)), (15, 1));
    assert!(rows.iter().all(|row| row.source == first() && row.outcome.is_some()));
    // Nobody sees another's visit.
    town.ward.honest();
    assert!(matches!(town.block(view(&town.ctx, party(2), visit)), Err(HospitalError::NotFound("visit"))));
});

on_both_databases!(an_invoice_is_paid_once_and_the_hospital_knows, |database| {
    let town = town(database, 1);
    let visit = town.called(1, 0);
    let begun = town.pay(1, visit).unwrap();
    assert_eq!((begun.amount, town.pay(1, visit).unwrap().payment), (9_550, begun.payment), "pressed twice");
    assert_eq!(town.answer(begun.payment, false), Some(PaymentState::Failed));
    let begun = town.pay(1, visit).unwrap();
    assert_eq!(town.answer(begun.payment, true), Some(PaymentState::Captured));
    assert!(matches!(town.pay(1, visit), Err(HospitalError::NothingDue)), "not once more");
    // The hospital is away, then its answer is lost, then it knows: one payment, one question in the log.
    town.ward.set(|_, _| Err(AskError::Away("away".to_owned())));
    assert_eq!(town.block(reconcile(&town.ctx)).unwrap(), 0);
    town.ward.set(|_, carry| carry().and(Err(AskError::Away("cut off".to_owned()))));
    assert_eq!(town.block(reconcile(&town.ctx)).unwrap(), 0);
    assert!(database.read_blocking(|reader| reader.is_paying_hospital(party(1))).unwrap());
    town.ward.honest();
    assert_eq!(town.block(reconcile(&town.ctx)).unwrap(), 1);
    assert_eq!(town.block(reconcile(&town.ctx)).unwrap(), 0, "settled");
    let told = database.read_blocking(|reader| reader.list_fetches_about(party(1), 100)).unwrap();
    assert_eq!(told.iter().filter(|row| row.fields.iter().any(|field| field.as_str() == "payment")).count(), 1);
    let seen = town.block(view(&town.ctx, party(1), visit)).unwrap();
    assert_eq!(seen.journey.unwrap().invoices[0].status, act::hospital::fhir::InvoiceStatus::Balanced);
    assert_eq!(town.till.book.lock().unwrap().sums(), (1, 9_550));
});

on_both_databases!(money_that_a_hospital_does_not_take_goes_back, |database| {
    let town = town(database, 1);
    let visit = town.called(1, 0);
    let begun = town.pay(1, visit).unwrap();
    assert_eq!(town.answer(begun.payment, true), Some(PaymentState::Captured));
    town.ward.set(|ask, carry| {
        if ask.target != "PaymentNotice" {
            return carry();
        }
        let body =
            json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "business-rule"}]});
        Ok(Told { status: 422, body })
    });
    assert_eq!(town.block(reconcile(&town.ctx)).unwrap(), 1);
    let id = begun.payment;
    let row = database.read_blocking(move |reader| reader.find_hospital_payment(id)).unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.told), ("refunded", false));
    assert_eq!(town.till.book.lock().unwrap().sums(), (0, 0));
    assert!(!database.read_blocking(|reader| reader.is_paying_hospital(party(1))).unwrap());
});

on_both_databases!(an_invoice_that_changes_closes_the_payment_before, |database| {
    let town = town(database, 1);
    let visit = town.called(1, 0);
    let begun = town.pay(1, visit).unwrap();
    town.ward.set(|ask, carry| {
        let mut told = carry()?;
        if ask.target.starts_with("Invoice") {
            let invoice = &mut told.body["entry"][0]["resource"];
            invoice["lineItem"][0]["priceComponent"][0]["amount"]["value"] = json!(1);
            invoice["totalGross"]["value"] = json!(46.5);
        }
        Ok(told)
    });
    assert!(matches!(town.pay(1, visit), Err(HospitalError::InvoiceChanged)));
    let again = town.pay(1, visit).unwrap();
    assert_eq!((again.amount, again.payment != begun.payment), (4_650, true));
    assert_eq!(town.answer(begun.payment, true), Some(PaymentState::Expired), "the one before takes nothing any more");
});

on_both_databases!(a_report_comes_and_the_doctor_answers, |database| {
    let town = town(database, 1);
    let visit = town.called(1, 0);
    let early = town.block(ask_doctor(&town.ctx, party(1), visit, Wrote { number: 0, text: " ".to_owned() }));
    assert!(matches!(early, Err(HospitalError::Message)));
    let begun = town.pay(1, visit).unwrap();
    town.answer(begun.payment, true);
    town.block(reconcile(&town.ctx)).unwrap();
    let report = |town: &Town| town.block(view(&town.ctx, party(1), visit)).unwrap().journey.unwrap().reports.remove(0);
    assert!(!report(&town).is_final);
    town.paces(2);
    let found = report(&town);
    let flags: Vec<_> = found.observations.iter().map(|one| one.flag).collect();
    assert_eq!(flags, [Flag::High, Flag::Normal, Flag::Normal, Flag::High, Flag::Normal]);
    let white = &found.observations[0];
    assert_eq!(
        (white.value.as_str(), white.unit.as_deref(), white.range.as_deref()),
        ("11.2", Some("10⁹/L"), Some("3.5–9.5"))
    );
    // Sent twice under the same number it is one message; another one under it is refused.
    let wrote = |text: &str| Wrote { number: 0, text: text.to_owned() };
    for _ in 0..2 {
        let seen = town.block(ask_doctor(&town.ctx, party(1), visit, wrote("要吃药吗？"))).unwrap();
        assert_eq!(seen.journey.unwrap().messages.len(), 1);
    }
    let other = town.block(ask_doctor(&town.ctx, party(1), visit, wrote("还要来吗？")));
    assert!(matches!(other, Err(HospitalError::NotNow(_))));
    town.paces(1);
    let messages = town.block(view(&town.ctx, party(1), visit)).unwrap().journey.unwrap().messages;
    assert_eq!(messages.iter().map(|one| one.is_own).collect::<Vec<_>>(), [true, false]);
});

on_both_databases!(what_a_hospital_was_asked_about_people_is_what_was_written_down, |database| {
    let town = town(database, 1);
    let visit = town.called(1, 0);
    town.pay(1, visit).unwrap();
    town.block(view(&town.ctx, party(1), visit)).unwrap();
    let _ = town.block(ask_doctor(&town.ctx, party(1), visit, Wrote { number: 0, text: "要吃药吗？".to_owned() }));
    let now = town.clock.now();
    let (from, to) = (now.plus_micros(-86_400_000_000), now.plus_micros(1_000_000));
    let looks = || {
        let ward: Arc<dyn Hospitals> = Arc::<Ward>::clone(&town.ward);
        let request =
            database.write_blocking(move |tx: &mut Tx| Ok::<_, store::StoreError>(tx.new_request_id(now))).unwrap();
        list_looks(ward, &first(), request, (from, to)).unwrap()
    };
    let rows = database.read_blocking(move |reader| reader.list_fetches_of(&first(), from, to)).unwrap();
    let seen = looks();
    assert!(seen.len() > rows.len(), "a question is several requests");
    for look in &seen {
        let row = rows.iter().find(|row| row.id.to_string() == look.request).unwrap_or_else(|| panic!("{look:?}"));
        assert!(row.fields.contains(&look.about), "{look:?} of {:?}", row.fields);
    }
    let answered = rows.iter().filter(|row| row.outcome == Some(FetchOutcome::Answered));
    assert!(answered.clone().count() > 4);
    for row in answered {
        assert!(seen.iter().any(|look| look.request == row.id.to_string()), "{row:?}");
    }
    let number = who(1).identity.id_number.as_str().to_owned();
    let subject = dipper_http::department::protocol::subject_of(SECRET, &number);
    assert!(seen.iter().any(|look| look.subject.as_deref() == Some(&subject)), "and about whom, as a keyed digest");
    // Somebody with the hospital's secret who goes round the city stands in its log, with what was asked for.
    let ask = Ask {
        hospital: first(),
        request: database
            .write_blocking(move |tx: &mut Tx| Ok::<_, store::StoreError>(tx.new_request_id(now)))
            .unwrap(),
        method: Ways::Get,
        target: "Communication?subject=Patient/p-1".to_owned(),
        if_none_exist: None,
        body: None,
        timeout_seconds: 5,
    };
    town.ward.carry(&ask).unwrap();
    let bypass = looks().into_iter().find(|look| look.request == ask.request.to_string()).unwrap();
    assert_eq!((bypass.about.as_str(), bypass.subject), ("communication", Some(subject)));
    // A log of another time is not believed.
    town.ward.set(|ask, carry| {
        let told = carry()?;
        let is_log = ask.target.starts_with("AuditEvent");
        let text = told.body.to_string().replace("\"recorded\":\"20", "\"recorded\":\"19");
        Ok(if is_log { Told { body: serde_json::from_str(&text).unwrap(), ..told } } else { told })
    });
    let ward: Arc<dyn Hospitals> = Arc::<Ward>::clone(&town.ward);
    assert!(list_looks(ward, &first(), ask.request, (from, to)).is_err());
});

#[test]
fn nothing_medical_stands_in_the_database_in_the_clear() {
    let database = Database::sqlite();
    let town = town(&database, 1);
    let visit = town.called(1, 0);
    let begun = town.pay(1, visit).unwrap();
    town.answer(begun.payment, true);
    town.block(reconcile(&town.ctx)).unwrap();
    town.paces(2);
    town.block(ask_doctor(&town.ctx, party(1), visit, Wrote { number: 0, text: "要吃药吗？".to_owned() })).unwrap();
    let store::DatabaseUrl::Sqlite(path) = database.url().clone() else { panic!("sqlite") };
    let mut stored = std::fs::read(&path).unwrap();
    stored.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("hospital_visits") && holds("替您挂号"), "the reading sees what is stored");
    for clear in
        ["沈望舒", "内科", "r1-2026", "白细胞", "要吃药吗", "Patient/", "a-1\"", who(1).identity.id_number.as_str()]
    {
        assert!(!holds(clear), "{clear} stands in the database");
    }
}

#[test]
fn searches_of_many_pages_are_read_whole_and_strangers_are_turned_away() {
    let database = Database::sqlite();
    let town = town(&database, 1);
    let (offer, slots) = town.block(list_slots(&town.ctx, &first(), "r1")).unwrap();
    assert_eq!((offer.price, offer.doctor.department.as_str()), (Some(5_000), "内科"));
    // Seven days of 21 times, the first of which begins in a minute.
    assert_eq!(slots.len(), 7 * 21);
    let pages = town.ward.asked.lock().unwrap().iter().filter(|ask| ask.target.starts_with("Slot?")).count();
    assert_eq!(pages, 2);
    assert_eq!(town.block(list_doctors(&town.ctx, &first())).unwrap().len(), 6);
    assert!(matches!(
        town.block(list_doctors(&town.ctx, &"nowhere".parse().unwrap())),
        Err(HospitalError::NotFound("hospital"))
    ));
    let unsigned = |target: &str| {
        let request = Request::builder().uri(format!("/first_hospital/fhir/{target}")).body(Body::empty()).unwrap();
        town.block(town.ward.router.clone().oneshot(request)).unwrap().status().as_u16()
    };
    assert_eq!(
        (unsigned("metadata"), unsigned("Patient/p-1"), unsigned("Slot?schedule=Schedule/s-r1")),
        (200, 401, 401)
    );
}

/// A city with its ward and till, and somebody signed in who is matched.
async fn clinic() -> (TestApp, Arc<Ward>, Arc<Till>, Browser, PartyId) {
    let mut kept = None;
    let test = TestApp::with(|parts, clock| {
        let (ward, till) = (Ward::new(clock, &parts.store, &first()), Till::new());
        parts.hospitals = Some(Arc::<Ward>::clone(&ward));
        parts.gateway = Some(Arc::<Till>::clone(&till));
        kept = Some((ward, till));
    });
    let (ward, till) = kept.unwrap();
    let id = test.account(identity::PartyKind::Resident, "wang", &[]);
    let vault = Arc::clone(&test.app.vault);
    test.store.write_blocking(move |tx: &mut Tx| vault.record_identity(tx, id, &who(1))).unwrap();
    let browser = test.sign_in("wang").await;
    (test, ward, till, browser, id)
}

async fn send(test: &TestApp, method: Method, browser: Option<&Browser>, path: &str) -> common::Answer {
    test.send(request(method, browser, path).body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_over_http_from_the_first_look_to_being_forgotten() {
    let (test, ward, till, wang, id) = clinic().await;
    let hospitals = test.get(None, "/api/v1/hospitals").await.expect(200).json();
    assert_eq!(hospitals["items"][0]["id"], "first_hospital");
    let agreement = "/api/v1/hospitals/first_hospital/agreement";
    assert_eq!(test.get(None, agreement).await.status, 401);
    assert_eq!(test.get(Some(&wang), agreement).await.expect(200).json(), json!({"level": "L2"}));
    let doctors = test.get(None, "/api/v1/hospitals/first_hospital/doctors").await.expect(200).json();
    assert_eq!(doctors["items"][0]["name"], "沈望舒");
    let times = test.get(None, "/api/v1/hospitals/first_hospital/times?role=r1").await.expect(200).json();
    let wish = json!({"hospital": "first_hospital", "role": "r1", "slot": times["items"][0]["slot"]});
    let visits = "/api/v1/hospital-visits";
    assert_eq!(test.post(Some(&wang), visits, wish.clone()).await.refusal(403), "not_agreed");
    assert!(send(&test, Method::PUT, Some(&wang), agreement).await.expect(200).json()["agreed_at"].is_string());
    let booked = test.post(Some(&wang), visits, wish).await.expect(200);
    assert_eq!(booked.header("cache-control"), "no-store");
    let booked = booked.json();
    assert_eq!((&booked["state"], &booked["journey"]["step"]), (&json!("booked"), &json!("arrive")));
    let visit = format!("{visits}/{}", booked["id"].as_str().unwrap());
    let stranger = test.resident("zhao").await;
    assert_eq!(test.get(Some(&stranger), &visit).await.status, 404);
    let waiting = test.post(Some(&wang), &format!("{visit}/arrival"), json!({})).await.expect(200).json();
    assert_eq!(waiting["journey"]["queue"], json!({"number": "A004", "ahead": 3, "called": false}));
    assert_eq!(send(&test, Method::DELETE, Some(&wang), &visit).await.refusal(409), "hospital_denied");
    test.clock.advance_us(3 * PACE_S * 1_000_000);
    let called = test.get(Some(&wang), &visit).await.expect(200).json();
    assert_eq!((&called["journey"]["step"], &called["journey"]["bills"][0]["amount"]), (&json!("pay"), &json!(9_550)));
    let begun = test.post(Some(&wang), &format!("{visit}/payment"), json!({})).await.expect(200).json();
    let payment: PaymentId = begun["payment"].as_str().unwrap().parse().unwrap();
    till.book.lock().unwrap().decide(payment, true).unwrap();
    assert_eq!(test.post(Some(&wang), "/api/v1/person/erasure", json!({})).await.refusal(409), "payment_open");
    let context = test.app.hospitals().unwrap();
    while reconcile(&context).await.unwrap() > 0 {}
    let paid = test.get(Some(&wang), &visit).await.expect(200).json();
    assert_eq!((&paid["journey"]["step"], &paid["journey"]["bills"][0]["state"]), (&json!("report"), &json!("paid")));
    assert_eq!(
        paid["journey"]["reports"][0],
        json!({"title": "血常规（五分类）+ C 反应蛋白", "ready": false, "values": []})
    );
    test.clock.advance_us(2 * PACE_S * 1_000_000);
    let ready = test.get(Some(&wang), &visit).await.expect(200).json();
    assert_eq!(
        (&ready["journey"]["step"], &ready["journey"]["reports"][0]["values"][0]["flag"]),
        (&json!("ask"), &json!("high"))
    );
    let asked = json!({"number": 0, "text": "要吃药吗？"});
    test.post(Some(&wang), &format!("{visit}/messages"), asked).await.expect(200);
    // Away: the visit is there, and says so.
    ward.set(|_, _| Err(AskError::Away("away".to_owned())));
    let away = test.get(Some(&wang), &visit).await.expect(200).json();
    assert_eq!((&away["fault"], &away["journey"], &away["doctor"]), (&json!("away"), &Value::Null, &json!("沈望舒")));
    ward.honest();
    // What was asked is there for the person to see, in words.
    let accesses = test.get(Some(&wang), "/api/v1/accesses").await.expect(200).json();
    let fetches = accesses["fetches"].as_array().unwrap();
    assert!(fetches.len() > 8 && fetches.iter().all(|one| one["hospital"] == true));
    assert_eq!(fetches.iter().filter(|one| one["outcome"] == "away").count(), 1);
    assert_eq!(fetches[0]["source"]["title"]["zh-CN"], "瑶光市第一人民医院");
    let words = accesses.to_string();
    assert!(words.contains("姓名和身份证号（登记建档）") && words.contains("个人信息保护法"));
    let copy = test.get(Some(&wang), "/api/v1/person/export").await.expect(200).json();
    assert_eq!(copy["hospitals"]["visits"][0]["doctor"], "沈望舒");
    assert_eq!(copy["hospitals"]["payments"][0]["state"], "captured");
    test.post(Some(&wang), "/api/v1/person/erasure", json!({})).await.expect(204);
    let left = test.store.read_blocking(move |reader| {
        let (visits, payments) = (reader.list_hospital_visits(id, 9)?.len(), reader.list_hospital_payments(id)?.len());
        Ok::<_, store::StoreError>((visits, payments, reader.list_hospital_patients(id)?.len()))
    });
    assert_eq!(left.unwrap(), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_goes_to_hospital_for_another() {
    let (test, ward, _, wang, represented) = clinic().await;
    let agreement = "/api/v1/hospitals/first_hospital/agreement";
    send(&test, Method::PUT, Some(&wang), agreement).await.expect(200);
    let times = test.get(None, "/api/v1/hospitals/first_hospital/times?role=r1").await.expect(200).json();
    let wish = json!({"hospital": "first_hospital", "role": "r1", "slot": times["items"][0]["slot"]});
    let visit = test.post(Some(&wang), "/api/v1/hospital-visits", wish.clone()).await.expect(200).json();
    let visit = format!("/api/v1/hospital-visits/{}", visit["id"].as_str().unwrap());
    // A daughter with a mandate for everything there is, departments included.
    let daughter = test.account(identity::PartyKind::Resident, "daughter", &[]);
    let now = test.clock.now();
    let mandate = test.store.write_blocking(move |tx: &mut Tx| {
        let id = tx.new_mandate_id(now);
        tx.record_mandate(&store::MandateRow {
            id,
            represented,
            agent: Some(daughter),
            basis: store::Basis::Appointed,
            granted_by: represented,
            services: None,
            departments: true,
            post: None,
            code_hash: None,
            code_until: None,
            created_at: now,
            taken_at: Some(now),
            confirmed_at: Some(now),
            until: now.plus_micros(86_400_000_000),
            ended_at: None,
            ended_by: None,
        })?;
        Ok::<_, store::StoreError>(id)
    });
    let (mandate, daughter) = (mandate.unwrap().to_string(), test.sign_in("daughter").await);
    let asked = ward.asked.lock().unwrap().len();
    for (method, path, body) in [
        (Method::GET, agreement.to_owned(), json!(null)),
        (Method::PUT, agreement.to_owned(), json!(null)),
        (Method::DELETE, agreement.to_owned(), json!(null)),
        (Method::GET, "/api/v1/hospital-visits".to_owned(), json!(null)),
        (Method::POST, "/api/v1/hospital-visits".to_owned(), wish),
        (Method::GET, visit.clone(), json!(null)),
        (Method::POST, format!("{visit}/arrival"), json!({})),
        (Method::POST, format!("{visit}/payment"), json!({})),
        (Method::POST, format!("{visit}/messages"), json!({"number": 0, "text": "要吃药吗？"})),
        (Method::DELETE, visit.clone(), json!(null)),
    ] {
        let request = request(method.clone(), Some(&daughter), &path)
            .header("x-acting-for", &mandate)
            .header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let refused = test.send(request.body(body).unwrap()).await;
        assert_eq!(refused.refusal(403), "not_for_others", "{method} {path}");
    }
    assert_eq!(ward.asked.lock().unwrap().len(), asked, "the hospital hears of none of it");
    // What a hospital offers is for everybody to see.
    let doctors = request(Method::GET, Some(&daughter), "/api/v1/hospitals/first_hospital/doctors");
    test.send(doctors.header("x-acting-for", &mandate).body(Body::empty()).unwrap()).await.expect(200);
    assert_eq!(test.get(Some(&wang), &visit).await.expect(200).json()["state"], "booked", "and nothing of it happened");
}
