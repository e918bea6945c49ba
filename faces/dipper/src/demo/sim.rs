//! One step of the story: a report, or the next thing that happens to a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use act::{Acting, ActionInput, decide, offered, overdue_events};
use model::{Actor, Case, CategoryId, Instant, NewEvent, PartyId, Place, Reporter};
use pack::enter::Opening;
use pack::{Action, Compiled};
use store::{Append, StoreError, Tx};

use super::chance::Chance;
use super::people::{People, Person};
use super::places::Places;
use super::plan::{Album, Next, answers, next};

/// What every step needs.
pub struct Sim {
    /// The city.
    pub compiled: Arc<Compiled>,
    /// Its people.
    pub people: People,
    /// Where things happen.
    pub places: Places,
    /// Pictures to answer with.
    pub album: Album,
    /// Chance.
    pub chance: Chance,
}

/// A report about to be filed.
pub struct NewReport {
    /// What kind of thing.
    pub category: CategoryId,
    /// Where.
    pub place: Place,
    /// In words.
    pub description: String,
    /// Who reports; absent for somebody without an account.
    pub resident: Option<PartyId>,
    /// By which way in.
    pub channel: &'static str,
}

impl Sim {
    /// Thinks of a report.
    pub fn imagine(&mut self) -> Option<NewReport> {
        let city = Arc::clone(&self.compiled.city);
        let (point, address) = self.places.pick(&self.compiled, &mut self.chance)?;
        let region = self.compiled.atlas.locate(point)?;
        let public: Vec<_> = city.categories.iter().filter(|(_, category)| category.public).collect();
        // Few kinds of thing make up most reports, as in every city (Zipf-like).
        let rank = self.chance.unit().powi(2) * (public.len() as f64);
        let (id, category) = public.get(rank as usize)?;
        let condition = self.chance.one_of(&category.conditions)?;
        let cell = grid::Cell::encode(point, grid::Level::L10).ok();
        let description = format!(
            "{}{}。",
            address.as_deref().map_or(String::new(), |address| format!("{address}，")),
            condition.title.in_locale("zh-CN")
        );
        let channel = match self.chance.unit() {
            x if x < 0.62 => "resident",
            x if x < 0.82 => "patrol",
            _ => "phone",
        };
        let is_named = channel == "resident" && self.chance.happens(0.7);
        let resident = if is_named { self.chance.one_of(&self.people.residents).copied() } else { None };
        Some(NewReport {
            category: (*id).clone(),
            place: Place { point: Some(point), cell, region, address },
            description,
            resident,
            channel,
        })
    }

    /// Files a report at an instant.
    ///
    /// # Errors
    /// When the store does not take it.
    pub fn file(&mut self, tx: &mut Tx, report: NewReport, at: Instant) -> Result<Option<Case>, StoreError> {
        let zone = self.compiled.city.zone();
        let day = pack::calendar::civil_day(&zone, at);
        let no = tx.next_case_no(&self.compiled.city.case_prefix, day)?;
        let actor = match (report.resident, report.channel) {
            (Some(party), _) => Actor::Resident { party },
            (None, "patrol") => self.on_duty("collector", &report.place).unwrap_or(Actor::Anonymous),
            (None, "phone") => self.on_duty("acceptor", &report.place).unwrap_or(Actor::Anonymous),
            _ => Actor::Anonymous,
        };
        let region_path = self.compiled.city.region_path(&report.place.region);
        let picture = if self.chance.happens(0.75) { self.chance.one_of(&self.album.before).copied() } else { None };
        let opening = Opening {
            no,
            category: report.category,
            condition: None,
            description: report.description,
            place: report.place,
            channel: report.channel.to_owned(),
            reporter: Reporter { party: report.resident, client: None, contact: None },
            evidence: picture.into_iter().collect(),
            answers: BTreeMap::new(),
            application: None,
            source_id: None,
        };
        let Ok(bodies) = opening.bodies(&self.compiled, at) else { return Ok(None) };
        let events = bodies.into_iter().map(|body| NewEvent { at, actor: actor.clone(), body }).collect();
        let case_id = tx.new_case_id(at);
        let (case, _) =
            tx.append(Append { case_id, before: None, events, recorded_at: at, region_path: &region_path })?;
        Ok(Some(case))
    }

    /// Somebody who holds a role where the place is.
    fn on_duty(&mut self, role: &str, place: &Place) -> Option<Actor> {
        let city = Arc::clone(&self.compiled.city);
        let fits = |person: &&Person| {
            person
                .grants
                .iter()
                .any(|grant| grant.role.as_str() == role && city.is_within(&place.region, &grant.region))
        };
        let held: Vec<&Person> = self.people.by_post.values().flatten().filter(fits).collect();
        let person = self.chance.one_of(&held)?;
        let grant = person.grants.first()?;
        Some(Actor::Staff { party: person.party, role: grant.role.clone(), office: grant.office.clone() })
    }

    /// What happens next to a case, when anything does.
    pub fn plan(&mut self, case: &Case, now: Instant) -> Option<Next> {
        let compiled = Arc::clone(&self.compiled);
        let process = compiled.city.process(&case.process)?;
        let offered = offered(case, &compiled, process, now);
        next(case, &offered, now, &mut self.chance)
    }

    /// Lets what was planned happen, after the deadlines that passed meanwhile.
    ///
    /// # Errors
    /// When the store does not take it.
    pub fn happen(&mut self, tx: &mut Tx, case: Case, planned: &Next) -> Result<Case, StoreError> {
        let compiled = Arc::clone(&self.compiled);
        let region_path = compiled.city.region_path(&case.place.region);
        let mut case = case;
        while let Some(due_at) = case.next_due_at().filter(|due_at| *due_at < planned.at) {
            let at = due_at.plus_micros(1);
            let events = overdue_events(&case, &compiled, at);
            if events.is_empty() {
                break;
            }
            case = tx
                .append(Append {
                    case_id: case.id,
                    before: Some(&case),
                    events,
                    recorded_at: at,
                    region_path: &region_path,
                })?
                .0;
        }
        let Some(action) = compiled.city.process(&case.process).and_then(|process| process.action(&planned.action))
        else {
            return Ok(case);
        };
        let handler = compiled.city.route(&case.category, &case.place.region);
        let answers = answers(
            &case,
            action,
            &compiled.city,
            handler.as_ref().map(model::OfficeId::as_str),
            &self.album,
            &mut self.chance,
        );
        for acting in self.candidates(&case, action) {
            let input = ActionInput { action: action.id.clone(), answers: answers.clone() };
            match decide(&case, &compiled, &acting, &input, planned.at) {
                Ok(events) => {
                    let append = Append {
                        case_id: case.id,
                        before: Some(&case),
                        events,
                        recorded_at: planned.at,
                        region_path: &region_path,
                    };
                    return Ok(tx.append(append)?.0);
                }
                Err(refusal) => {
                    tracing::debug!(case = %case.no, action = %action.id, %refusal, "the story tries the next person")
                }
            }
        }
        Ok(case)
    }

    /// Who may do it: the reporter, or those who hold the post of the present task.
    fn candidates(&mut self, case: &Case, action: &Action) -> Vec<Acting> {
        if action.by.contains(&pack::Who::Reporter) {
            let reporter = case.reporter.party.map(|party| Acting::Resident { party });
            return vec![reporter.unwrap_or(Acting::SecretHolder)];
        }
        let Some(task) = &case.task else { return Vec::new() };
        let held = self.people.by_post.get(&(task.role.clone(), task.office.clone())).cloned().unwrap_or_default();
        let shift = self.chance.place(held.len().max(1));
        let turned = held.iter().cycle().skip(shift).take(held.len());
        turned.map(|person| Acting::Staff { party: person.party, grants: person.grants.clone() }).collect()
    }
}
