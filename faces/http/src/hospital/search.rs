//! Reading and searching at the demo hospitals.

use model::Instant;
use serde_json::{Value, json};

use super::book::Wing;
use super::resources::{self, Pace, Seen, patient_id};
use super::staff::{DOCTORS, Doctor, find, slot_of, slots};
use super::{Asked, Refusal};

/// Resources of a page when nothing else is asked for, and at most.
const PAGE: usize = 50;
const PAGE_MAX: usize = 500;

/// What a search may look at.
pub struct Looking<'a> {
    /// The hospital's part of the book.
    pub wing: &'a Wing,
    /// Its time zone.
    pub zone: &'a jiff::tz::TimeZone,
    /// Now.
    pub now: Instant,
    /// How fast the demonstration goes.
    pub pace: Pace,
}

/// What was found: what fits, and what comes along.
#[derive(Default)]
struct Found {
    matches: Vec<Value>,
    included: Vec<Value>,
}

impl Looking<'_> {
    /// Every visit that fits.
    fn visits(&self) -> impl Iterator<Item = Seen<'_>> {
        let seen = |(number, visit)| Seen { number, visit, now: self.now, pace: self.pace };
        self.wing.visits.iter().enumerate().map(seen)
    }

    /// A visit.
    pub fn visit(&self, number: usize) -> Option<Seen<'_>> {
        let visit = self.wing.visits.get(number)?;
        Some(Seen { number, visit, now: self.now, pace: self.pace })
    }

    /// `GET {type}/{id}`.
    pub fn read(&self, kind: &str, id: &str) -> Result<Value, Refusal> {
        let doctor_of = |letters: &str| id.strip_prefix(letters).and_then(find);
        let number = |letter: &str| number_of(id, letter);
        let found = match kind {
            "Practitioner" => DOCTORS.iter().find(|doctor| doctor.practitioner == id).map(resources::practitioner),
            "PractitionerRole" => find(id).map(resources::role),
            "Schedule" => doctor_of("s-").map(resources::schedule),
            "ChargeItemDefinition" => doctor_of("registration-").map(resources::price),
            "Slot" => slot_of(id, self.zone).map(|slot| resources::slot(&slot, self.wing.holder(&slot.id).is_none())),
            "Patient" => number("p").and_then(|number| resources::patient(self.wing, number)),
            "Appointment" => number("a").and_then(|number| self.visit(number)).map(|seen| seen.appointment()),
            "Encounter" => number("e").and_then(|number| self.visit(number)).and_then(|seen| seen.encounter()),
            "Invoice" => number("i").and_then(|number| self.visit(number)).and_then(|seen| seen.invoice()),
            "DiagnosticReport" => number("d")
                .and_then(|number| self.visit(number))
                .and_then(|seen| seen.report())
                .map(|(report, _)| report),
            _ => return Err(Refusal::unsupported(kind)),
        };
        found.ok_or_else(|| Refusal::not_found(kind))
    }

    /// `GET {type}?…`, as a Bundle.
    pub fn search(&self, kind: &str, asked: &Asked, base: &str) -> Result<Value, Refusal> {
        if asked.is("_summary", "count") && kind == "Encounter" {
            return Ok(json!({"resourceType": "Bundle", "type": "searchset", "total": self.waiting(asked)?}));
        }
        let found = match kind {
            "PractitionerRole" => self.roles(asked),
            "Schedule" => matches(doctors(asked, "actor").map(resources::schedule)),
            "Slot" => self.slots(asked)?,
            "ChargeItemDefinition" => prices(asked),
            "Appointment" => self.appointments(asked)?,
            "Encounter" => matches(
                self.of_patient(asked, "patient")?
                    .filter(|seen| asked.names("appointment", "Appointment", &seen.id("a")))
                    .filter_map(|seen| seen.encounter()),
            ),
            "Invoice" => matches(
                self.of_patient(asked, "subject")?
                    .filter(|seen| asked.names("account", "Account", &seen.id("k")))
                    .filter_map(|seen| seen.invoice()),
            ),
            "DiagnosticReport" => self.reports(asked)?,
            "Communication" => matches(self.of_encounter(asked)?.flat_map(|seen| seen.messages())),
            _ => return Err(Refusal::unsupported(kind)),
        };
        page(kind, asked, base, found)
    }

    fn roles(&self, asked: &Asked) -> Found {
        let fits = |doctor: &&Doctor| {
            let specialty = asked.get("specialty");
            specialty.is_none_or(|code| code.rsplit('|').next() == Some(doctor.department.0))
                && !asked.is("active", "false")
        };
        matches(DOCTORS.iter().filter(fits).map(resources::role))
    }

    fn slots(&self, asked: &Asked) -> Result<Found, Refusal> {
        let (mut from, mut to) = (self.now, self.now.plus_micros(14 * 86_400_000_000));
        for bound in asked.all("start") {
            let instant = |text: &str| text.parse::<Instant>().map_err(|_| Refusal::parameter("start"));
            match bound.split_at_checked(2) {
                Some(("ge", text)) => from = instant(text)?,
                Some(("lt", text)) => to = instant(text)?,
                _ => return Err(Refusal::parameter("start")),
            }
        }
        let schedule = asked.get("schedule").and_then(|text| text.strip_prefix("Schedule/s-")).and_then(find);
        let doctor = schedule.ok_or_else(|| Refusal::parameter("schedule"))?;
        let status = asked.get("status");
        let resource = |slot: super::staff::Slot| {
            let is_free = self.wing.holder(&slot.id).is_none();
            let fits = status.is_none_or(|status| (status == "free") == is_free);
            fits.then(|| resources::slot(&slot, is_free))
        };
        Ok(matches(slots(doctor, from, to, self.zone).into_iter().filter_map(resource)))
    }

    /// Visits of the patient that must be named.
    fn of_patient<'a>(&'a self, asked: &Asked, parameter: &str) -> Result<impl Iterator<Item = Seen<'a>>, Refusal> {
        let named = asked.get(parameter).and_then(|text| text.strip_prefix("Patient/"));
        let named = named.map(str::to_owned).ok_or_else(|| Refusal::parameter(parameter))?;
        Ok(self.visits().filter(move |seen| patient_id(seen.visit.patient) == named))
    }

    fn of_encounter<'a>(&'a self, asked: &'a Asked) -> Result<impl Iterator<Item = Seen<'a>>, Refusal> {
        let visits = self.of_patient(asked, "subject")?;
        Ok(visits.filter(|seen| asked.names("encounter", "Encounter", &seen.id("e"))))
    }

    fn appointments(&self, asked: &Asked) -> Result<Found, Refusal> {
        let identifier = asked.identifier("identifier");
        let fits = |seen: &Seen<'_>| identifier.as_ref().is_none_or(|wanted| seen.visit.identifier == *wanted);
        Ok(matches(self.of_patient(asked, "patient")?.filter(fits).map(|seen| seen.appointment())))
    }

    fn reports(&self, asked: &Asked) -> Result<Found, Refusal> {
        let mut found = Found::default();
        for (report, observations) in self.of_encounter(asked)?.filter_map(|seen| seen.report()) {
            found.matches.push(report);
            if asked.is("_include", "DiagnosticReport:result") {
                found.included.extend(observations);
            }
        }
        Ok(found)
    }

    /// How many wait with a doctor who came before an instant. The fictional ones are among them.
    fn waiting(&self, asked: &Asked) -> Result<i64, Refusal> {
        let before = asked.get("date").and_then(|text| text.strip_prefix("lt"));
        let before: Instant = before.and_then(|text| text.parse().ok()).ok_or_else(|| Refusal::parameter("date"))?;
        let of = |seen: &Seen<'_>| asked.names("participant", "PractitionerRole", &seen.visit.role);
        let arrived_at = |seen: &Seen<'_>| seen.visit.arrived.map(|(at, ..)| at);
        // Whoever came at that instant is the one who asks: as many wait before as paces are left.
        let ahead = self.visits().filter(of).find(|seen| arrived_at(seen) == Some(before)).map(|seen| seen.ahead());
        Ok(ahead.unwrap_or(0))
    }
}

fn matches(found: impl Iterator<Item = Value>) -> Found {
    Found { matches: found.collect(), included: Vec::new() }
}

fn doctors<'a>(asked: &'a Asked, parameter: &str) -> impl Iterator<Item = &'static Doctor> + use<'a> {
    let wanted = asked.get(parameter).and_then(|text| text.strip_prefix("PractitionerRole/"));
    DOCTORS.iter().filter(move |doctor| wanted.is_none_or(|role| role == doctor.role))
}

fn prices(asked: &Asked) -> Found {
    let wanted = asked.identifier("identifier");
    let fits = |doctor: &&Doctor| {
        wanted.as_ref().is_none_or(|(system, value)| system == "urn:dipper:registration" && value == doctor.role)
    };
    matches(DOCTORS.iter().filter(fits).map(resources::price))
}

/// The number behind a letter, from 0.
pub fn number_of(id: &str, letter: &str) -> Option<usize> {
    let number: usize = id.strip_prefix(letter)?.strip_prefix('-')?.parse().ok()?;
    number.checked_sub(1)
}

/// A page of what was found.
pub fn page_of(kind: &str, asked: &Asked, base: &str, found: impl Iterator<Item = Value>) -> Result<Value, Refusal> {
    page(kind, asked, base, matches(found))
}

fn page(kind: &str, asked: &Asked, base: &str, found: Found) -> Result<Value, Refusal> {
    let number = |name: &str, other: usize| match asked.get(name) {
        None => Ok(other),
        Some(text) => text.parse::<usize>().map_err(|_| Refusal::parameter(name)),
    };
    let (count, page) = (number("_count", PAGE)?.clamp(1, PAGE_MAX), number("_page", 0)?);
    let total = found.matches.len();
    let entry = |mode: &'static str| {
        move |resource: Value| {
            let id = resource["id"].as_str().unwrap_or_default();
            let kind = resource["resourceType"].as_str().unwrap_or_default();
            json!({"fullUrl": format!("{base}{kind}/{id}"), "resource": resource, "search": {"mode": mode}})
        }
    };
    let shown = found.matches.into_iter().skip(page.saturating_mul(count)).take(count).map(entry("match"));
    let entries: Vec<_> = shown.chain(found.included.into_iter().map(entry("include"))).collect();
    let address = |page: usize| format!("{base}{kind}?{}", asked.query_of_page(page));
    let mut links = vec![json!({"relation": "self", "url": address(page)})];
    if page.saturating_add(1).saturating_mul(count) < total {
        links.push(json!({"relation": "next", "url": address(page + 1)}));
    }
    let mut bundle = json!({"resourceType": "Bundle", "type": "searchset", "total": total, "link": links});
    // An array may not be empty in FHIR: what has nothing is not there.
    if !entries.is_empty() {
        bundle["entry"] = json!(entries);
    }
    Ok(bundle)
}
