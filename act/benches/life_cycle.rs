//! Life-cycles of service requests at the use-case level: file → assign → resolve → close on SQLite with real fsync.
//!
//! `cargo bench -p dipper-act` prints life-cycles a second with 64 clients, and what one call spends where.
//! It says what the engine and the store can do; HTTP and authorisation come on top.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};

use dipper_act::{Acting, ActionInput, CaseRef, Context, PerformCommand, decide, perform};
use model::{Actor, Case, CaseId, Grant, Instant, NewEvent, PartyId, Place, Reporter};
use pack::enter::Opening;
use pack::{City, Compiled, Packs};
use serde_json::json;
use store::{Append, Reader, StoreError, Tx};
use testkit::{Database, FixedClock};

const CLIENTS: usize = 64;
const LIFE_CYCLES: usize = 3_200;
const CATEGORY: &str = "pothole_repair_internal";

fn staff(city: &City, number: u128, role: &str, office: &str) -> Acting {
    let grant = Grant { role: role.parse().unwrap(), office: office.parse().unwrap(), region: city.root.clone() };
    Acting::Staff { party: PartyId::new(Instant::from_micros(0), number), grants: vec![grant] }
}

struct Town {
    ctx: Context,
    compiled: Arc<Compiled>,
    steps: [(&'static str, Acting, serde_json::Value); 3],
    now: Instant,
}

impl Town {
    fn open(database: &Database) -> Self {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/boston"));
        let compiled = Arc::new(Compiled::new(pack::load(&folder).unwrap().city).unwrap());
        let clock = FixedClock::at("2026-11-23T15:00:00Z");
        let now = model::Clock::now(&clock);
        let ctx = Context {
            store: database.store().clone(),
            packs: Arc::new(Packs::new(Arc::clone(&compiled))),
            clock: Arc::new(clock),
        };
        let city = &compiled.city;
        let desk = city.offices.iter().find(|(_, office)| office.kind == "service_desk").unwrap().0.as_str().to_owned();
        let department =
            city.offices.iter().find(|(_, office)| office.kind == "department").unwrap().0.as_str().to_owned();
        let steps = [
            ("assign", staff(city, 1, "intake_officer", &desk), json!({"office": department})),
            ("resolve", staff(city, 2, "department_worker", &department), json!({"note": "filled"})),
            ("close", staff(city, 3, "checker", &desk), json!({})),
        ];
        Self { ctx, compiled, steps, now }
    }

    fn category(&self) -> model::CategoryId {
        let city = &self.compiled.city;
        CATEGORY
            .parse()
            .ok()
            .filter(|id| city.category(id).is_some())
            .unwrap_or_else(|| city.categories.keys().next().unwrap().clone())
    }

    fn file(&self, tx: &mut Tx) -> Result<Case, StoreError> {
        let no = tx.next_case_no("BOS", 20261123)?;
        let opening = Opening {
            no,
            category: self.category(),
            condition: None,
            description: "A pothole, deep enough to lose a wheel in".to_owned(),
            place: Place {
                point: None,
                cell: None,
                region: self.compiled.city.root.clone(),
                address: Some("1 Main Street".to_owned()),
            },
            channel: "resident".to_owned(),
            reporter: Reporter::ANONYMOUS,
            evidence: Vec::new(),
            answers: BTreeMap::new(),
            application: None,
            source_id: None,
        };
        let bodies = opening.bodies(&self.compiled, self.now).unwrap();
        let events = bodies.into_iter().map(|body| NewEvent { at: self.now, actor: Actor::Anonymous, body }).collect();
        let (case_id, region_path) =
            (tx.new_case_id(self.now), self.compiled.city.region_path(&self.compiled.city.root));
        Ok(tx.append(Append { case_id, before: None, events, recorded_at: self.now, region_path: &region_path })?.0)
    }

    async fn live(self: Arc<Self>) {
        let town = Arc::clone(&self);
        let case = self.ctx.store.write(move |tx: &mut Tx| town.file(tx)).await.unwrap();
        for (action, acting, given) in &self.steps {
            let answers =
                given.as_object().unwrap().iter().map(|(field, answer)| (field.clone(), answer.clone())).collect();
            let command = PerformCommand {
                case: CaseRef::Id(case.id),
                action: action.parse().unwrap(),
                version: None,
                answers,
                acting: acting.clone(),
            };
            perform(&self.ctx, command).await.unwrap();
        }
    }

    /// One call after another on the writing thread, part by part.
    fn parts(&self) {
        let mut spent: BTreeMap<&str, (Duration, u32)> = BTreeMap::new();
        for _ in 0..500 {
            let town = self.clone_for_writer();
            let measured = self
                .ctx
                .store
                .write_blocking(move |tx: &mut Tx| {
                    let mut measured = Vec::new();
                    let mut time = |what, began: Monotonic| measured.push((what, began.elapsed()));
                    let began = Monotonic::now();
                    let id: CaseId = town.file(tx)?.id;
                    time("file", began);
                    for (action, acting, given) in &town.steps {
                        let began = Monotonic::now();
                        let case = Reader::load_case(tx, id)?.unwrap();
                        time("load", began);
                        let began = Monotonic::now();
                        let answers = given
                            .as_object()
                            .unwrap()
                            .iter()
                            .map(|(field, answer)| (field.clone(), answer.clone()))
                            .collect();
                        let input = ActionInput { action: action.parse().unwrap(), answers };
                        let events = decide(&case, &town.compiled, acting, &input, town.now).unwrap();
                        time("decide", began);
                        let began = Monotonic::now();
                        let region_path = town.compiled.city.region_path(&case.place.region);
                        black_box(tx.append(Append {
                            case_id: id,
                            before: Some(&case),
                            events,
                            recorded_at: town.now,
                            region_path: &region_path,
                        })?);
                        time("append", began);
                    }
                    Ok::<_, StoreError>(measured)
                })
                .unwrap();
            for (what, elapsed) in measured {
                let (sum, count) = spent.entry(what).or_default();
                *sum += elapsed;
                *count += 1;
            }
        }
        for (what, (sum, count)) in spent {
            println!("{what:>8}: {:>8.1} µs", sum.as_secs_f64() * 1e6 / f64::from(count));
        }
    }

    fn clone_for_writer(&self) -> Self {
        Self { ctx: self.ctx.clone(), compiled: Arc::clone(&self.compiled), steps: self.steps.clone(), now: self.now }
    }
}

fn main() {
    let database = Database::sqlite();
    let town = Arc::new(Town::open(&database));
    town.parts();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let began = Monotonic::now();
    runtime.block_on(async {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let town = Arc::clone(&town);
                tokio::spawn(async move {
                    for _ in 0..LIFE_CYCLES / CLIENTS {
                        Arc::clone(&town).live().await;
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
    let took = began.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = LIFE_CYCLES as f64 / took;
    println!("{CLIENTS} clients, {LIFE_CYCLES} life-cycles of 4 commands: {rate:.0} a second");
}
