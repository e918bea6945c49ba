//! Made-up cases: a small life-cycle that needs no pack.

use model::event::{Moved, Reported};
use model::{
    ActionId, Actor, Case, CaseId, CaseNo, CategoryId, ClockName, EventBody, EvidenceId, Instant, NewEvent, OfficeId,
    Outcome, PackHash, PartyId, Place, ProcessId, RegionId, Reporter, RoleId, StageId, StateId, Task,
};
use store::{Append, StoreError, Tx};

/// One hour in microseconds.
const HOUR_US: i64 = 3_600_000_000;

/// What a made-up case is about. `Story::default()` is a pothole in the middle of the demo city.
#[derive(Debug, Clone)]
pub struct Story {
    /// Region path, root first, each followed by `/`; the last one is the case's region.
    pub region_path: String,
    /// Category.
    pub category: String,
    /// Longitude and latitude in degrees.
    pub point: Option<(f64, f64)>,
    /// What the reporter says.
    pub description: String,
    /// The address.
    pub address: Option<String>,
    /// The reporter's account.
    pub reporter: Option<PartyId>,
    /// The id in another system.
    pub source_id: Option<String>,
    /// Office that handles it.
    pub handler: String,
    /// Hours until the first task is due, and then handling.
    pub hours: i64,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            region_path: "city/d1/s1/".to_owned(),
            category: "pothole".to_owned(),
            point: Some((112.9, 32.5)),
            description: "路面坑洞 Pothole at the corner".to_owned(),
            address: Some("天枢路 12 号".to_owned()),
            reporter: None,
            source_id: None,
            handler: "roads".to_owned(),
            hours: 24,
        }
    }
}

impl Story {
    /// Files the case: state `received` (stage `accept`), owed by `acceptor` of `centre` on the task clock.
    ///
    /// # Errors
    /// As `Tx::append`.
    ///
    /// # Panics
    /// When a word of the story is not one of a pack.
    pub fn file(&self, tx: &mut Tx, at: Instant) -> Result<Case, StoreError> {
        let no = tx.next_case_no("YG", 20_261_123)?;
        let id = tx.new_case_id(at);
        let events = self.filed_events(no, at);
        Ok(self.append(tx, id, None, at, events)?.0)
    }

    /// The events of [`Story::file`].
    ///
    /// # Panics
    /// As [`Story::file`].
    pub fn filed_events(&self, no: CaseNo, at: Instant) -> Vec<NewEvent> {
        let point = self.point.map(|(lon, lat)| grid::LonLat::new(lon, lat).expect("a test names a point"));
        let reported = Reported {
            no,
            pack: PackHash::new([7; 32]),
            process: word("urban_case", ProcessId::new),
            category: word(&self.category, CategoryId::new),
            condition: None,
            description: self.description.clone(),
            place: Place {
                point,
                cell: point.and_then(|point| grid::Cell::encode(point, grid::Level::L10).ok()),
                region: word(
                    self.region_path.trim_end_matches('/').rsplit('/').next().unwrap_or("city"),
                    RegionId::new,
                ),
                address: self.address.clone(),
            },
            channel: "resident".to_owned(),
            reporter: Reporter { party: self.reporter, client: None, contact: None },
            evidence: vec![EvidenceId::new([9; 32])],
            answers: std::collections::BTreeMap::new(),
            application: None,
            source_id: self.source_id.clone(),
            state: word("received", StateId::new),
            stage: word("accept", StageId::new),
            task: Some(task("acceptor", "centre", ClockName::Task)),
        };
        let actor = self.reporter.map_or(Actor::Anonymous, |party| Actor::Resident { party });
        vec![
            NewEvent { at, actor: actor.clone(), body: EventBody::Reported(Box::new(reported)) },
            NewEvent { at, actor, body: self.started(ClockName::Task, at) },
        ]
    }

    /// Gives the case to the handler: state `assigned` (stage `dispose`), on the disposal clock.
    ///
    /// # Errors
    /// As `Tx::append`.
    pub fn assign(&self, tx: &mut Tx, case: &Case, by: PartyId, at: Instant) -> Result<Case, StoreError> {
        let mut moved =
            moved(case, "assign", "assigned", "dispose", Some(task("worker", &self.handler, ClockName::Disposal)));
        moved.handler = Some(word(&self.handler, OfficeId::new));
        let actor = staff(by, "acceptor", "centre");
        let events = vec![
            NewEvent { at, actor: actor.clone(), body: EventBody::Moved(Box::new(moved)) },
            NewEvent { at, actor: actor.clone(), body: EventBody::ClockStopped { clock: ClockName::Task } },
            NewEvent { at, actor, body: self.started(ClockName::Disposal, at) },
        ];
        Ok(self.append(tx, case.id, Some(case), at, events)?.0)
    }

    /// Marks it done: state `done` (stage `check`), owed by `checker` of `centre`.
    ///
    /// # Errors
    /// As `Tx::append`.
    pub fn resolve(&self, tx: &mut Tx, case: &Case, by: PartyId, at: Instant) -> Result<Case, StoreError> {
        let moved = moved(case, "resolve", "done", "check", Some(task("checker", "centre", ClockName::Task)));
        let actor = staff(by, "worker", &self.handler);
        let events = vec![
            NewEvent { at, actor: actor.clone(), body: EventBody::Moved(Box::new(moved)) },
            NewEvent { at, actor: actor.clone(), body: EventBody::ClockStopped { clock: ClockName::Disposal } },
            NewEvent { at, actor, body: self.started(ClockName::Task, at) },
        ];
        Ok(self.append(tx, case.id, Some(case), at, events)?.0)
    }

    /// Closes it: state `closed` (stage `close`), resolved.
    ///
    /// # Errors
    /// As `Tx::append`.
    pub fn close(&self, tx: &mut Tx, case: &Case, by: PartyId, at: Instant) -> Result<Case, StoreError> {
        let mut moved = moved(case, "close", "closed", "close", None);
        moved.outcome = Some(Outcome::Resolved);
        let actor = staff(by, "checker", "centre");
        let events = vec![
            NewEvent { at, actor: actor.clone(), body: EventBody::Moved(Box::new(moved)) },
            NewEvent { at, actor, body: EventBody::ClockStopped { clock: ClockName::Task } },
        ];
        Ok(self.append(tx, case.id, Some(case), at, events)?.0)
    }

    /// Files and brings it to its end: assigned 1 h, done 2 h and closed 3 h after `at`.
    ///
    /// # Errors
    /// As `Tx::append`.
    pub fn whole(&self, tx: &mut Tx, by: PartyId, at: Instant) -> Result<Case, StoreError> {
        let case = self.file(tx, at)?;
        let case = self.assign(tx, &case, by, at.plus_micros(HOUR_US))?;
        let case = self.resolve(tx, &case, by, at.plus_micros(2 * HOUR_US))?;
        self.close(tx, &case, by, at.plus_micros(3 * HOUR_US))
    }

    /// Adds any events to the case.
    ///
    /// # Errors
    /// As `Tx::append`.
    pub fn append(
        &self,
        tx: &mut Tx,
        case_id: CaseId,
        before: Option<&Case>,
        at: Instant,
        events: Vec<NewEvent>,
    ) -> Result<(Case, Vec<model::Event>), StoreError> {
        tx.append(Append { case_id, before, events, recorded_at: at, region_path: &self.region_path })
    }

    fn started(&self, clock: ClockName, at: Instant) -> EventBody {
        EventBody::ClockStarted { clock, limit: None, calendar: None, due_at: at.plus_micros(self.hours * HOUR_US) }
    }
}

fn moved(case: &Case, action: &str, to: &str, stage: &str, task: Option<Task>) -> Moved {
    Moved {
        action: word(action, ActionId::new),
        from: case.state.clone(),
        to: word(to, StateId::new),
        stage: word(stage, StageId::new),
        task,
        handler: None,
        outcome: None,
        tally: None,
        reason: None,
        note: None,
        public: false,
        evidence: std::collections::BTreeMap::new(),
        answers: std::collections::BTreeMap::new(),
    }
}

fn task(role: &str, office: &str, clock: ClockName) -> Task {
    Task { role: word(role, RoleId::new), office: word(office, OfficeId::new), clock, assignee: None }
}

fn staff(party: PartyId, role: &str, office: &str) -> Actor {
    Actor::Staff { party, role: word(role, RoleId::new), office: word(office, OfficeId::new) }
}

fn word<T, E: std::fmt::Debug>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> T {
    parse(text).expect("a test uses words of a pack")
}
