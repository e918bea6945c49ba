//! What changes at the demo hospitals: registering, taking and giving back times, arriving, paying, asking.

use axum::http::{Method, StatusCode};
use model::Instant;
use serde_json::{Value, json};

use super::book::{Book, Fact, Identifier};
use super::resources::{Seen, patient, patient_id, payment_notice};
use super::search::number_of;
use super::staff::slot_of;
use super::{Hospitals, Refusal, Request};

type Done = Result<(StatusCode, Value), Refusal>;

/// Does what is asked.
pub fn perform(book: &mut Book, hospitals: &Hospitals, request: &Request) -> Done {
    let mut writing = Writing { book, hospitals, request };
    match (&request.method, request.kind.as_str(), request.id.as_deref()) {
        (&Method::POST, "Patient", None) => writing.register(),
        (&Method::POST, "Appointment", None) => writing.book(),
        (&Method::PUT, "Appointment", None) => writing.give_back(),
        (&Method::PATCH, "Appointment", Some(id)) => writing.arrive(id),
        (&Method::POST, "PaymentNotice", None) => writing.pay(),
        (&Method::POST, "Communication", None) => writing.write(),
        (_, kind, _) => Err(Refusal::unsupported(kind)),
    }
}

struct Writing<'a> {
    book: &'a mut Book,
    hospitals: &'a Hospitals,
    request: &'a Request,
}

/// A resource that is not as it must be.
fn invalid(element: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid", format!("{element} is missing or wrong"))
}

fn identifiers(body: &Value) -> Vec<Identifier> {
    let pair = |one: &Value| Some((one["system"].as_str()?.to_owned(), one["value"].as_str()?.to_owned()));
    body["identifier"].as_array().map(|all| all.iter().filter_map(pair).collect()).unwrap_or_default()
}

fn reference(value: &Value, kind: &str) -> Option<String> {
    value["reference"].as_str()?.strip_prefix(kind)?.strip_prefix('/').map(str::to_owned)
}

impl Writing<'_> {
    fn record(&mut self, fact: Fact) -> Result<(), Refusal> {
        let request = self.request;
        self.book.record(&request.hospital, request.now, fact).map_err(|error| Refusal::disk(&error))
    }

    fn seen<T>(&mut self, number: usize, how: impl FnOnce(&Seen<'_>) -> T) -> Option<T> {
        let (now, pace) = (self.request.now, self.hospitals.pace());
        let visit = self.book.wing(&self.request.hospital).visits.get(number)?;
        Some(how(&Seen { number, visit, now, pace }))
    }

    fn appointment(&mut self, number: usize, status: StatusCode) -> Done {
        let found = self.seen(number, |seen| seen.appointment());
        found.map(|found| (status, found)).ok_or_else(|| Refusal::not_found("Appointment"))
    }

    /// The one identifier of what is created; the condition, where one is sent, must be about it.
    fn own_identifier(&self) -> Result<Identifier, Refusal> {
        let own = identifiers(&self.request.body).into_iter().next().ok_or_else(|| invalid("identifier"))?;
        let condition = self.request.condition.as_ref().and_then(|asked| asked.identifier("identifier"));
        if condition.is_some_and(|condition| condition != own) {
            return Err(invalid("If-None-Exist"));
        }
        Ok(own)
    }

    /// `POST Patient`: somebody is one patient, however often and by whom they are registered.
    fn register(&mut self) -> Done {
        let own = self.own_identifier()?;
        let body = &self.request.body;
        let name = body["name"][0]["text"].as_str().unwrap_or_default().trim().to_owned();
        let given = identifiers(body);
        if name.is_empty() || given.len() < 2 {
            return Err(invalid("Patient.name or Patient.identifier"));
        }
        let wing = self.book.wing(&self.request.hospital);
        let (known, count) = (wing.patient_of(&own), wing.patients.len());
        let number = match known {
            Some(number) => number,
            None => match wing.patient_of(&given[1]) {
                // Known by the identity number: the city has a new name for them.
                Some(number) => {
                    self.record(Fact::Registered { patient: number, identifiers: vec![own], name })?;
                    number
                }
                None => {
                    self.record(Fact::Registered { patient: count, identifiers: given, name })?;
                    count
                }
            },
        };
        let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
        let found = patient(self.book.wing(&self.request.hospital), number);
        found.map(|found| (status, found)).ok_or_else(|| Refusal::not_found("Patient"))
    }

    /// What an appointment that is sent says, as a fact.
    fn wanted(&mut self, is_taken: bool) -> Result<Fact, Refusal> {
        let (body, identifier) = (&self.request.body, self.own_identifier()?);
        let actors = body["participant"].as_array().map(Vec::as_slice).unwrap_or_default();
        let patient = actors.iter().find_map(|one| reference(&one["actor"], "Patient"));
        let patient = patient.and_then(|id| number_of(&id, "p")).ok_or_else(|| invalid("Appointment.participant"))?;
        let slot = reference(&body["slot"][0], "Slot").and_then(|id| slot_of(&id, &self.hospitals.plan.zone));
        let slot = slot.ok_or_else(|| invalid("Appointment.slot"))?;
        if self.book.wing(&self.request.hospital).patients.len() <= patient {
            return Err(Refusal::not_found("Patient"));
        }
        let (role, start, end) = (slot.role.to_owned(), slot.start, slot.end);
        Ok(Fact::Booked { identifier, patient, role, slot: slot.id, start, end, is_taken })
    }

    /// `POST Appointment`: takes a time. The same identifier again is the same appointment, also once it was given back.
    fn book(&mut self) -> Done {
        let fact = self.wanted(true)?;
        let Fact::Booked { identifier, slot, start, .. } = &fact else { return Err(invalid("Appointment")) };
        let wing = self.book.wing(&self.request.hospital);
        if let Some(number) = wing.visit_of(identifier) {
            return self.appointment(number, StatusCode::OK);
        }
        if wing.holder(slot).is_some() {
            return Err(Refusal::new(StatusCode::CONFLICT, "conflict", "这个时间已经被别人约走了"));
        }
        if *start <= self.request.now {
            return Err(Refusal::rule("这个时间已经过了"));
        }
        let number = wing.visits.len();
        self.record(fact)?;
        self.appointment(number, StatusCode::CREATED)
    }

    /// `PUT Appointment?identifier=…` with status `cancelled`: gives a time back; one that was never asked for cannot be
    /// taken under that identifier any more.
    fn give_back(&mut self) -> Done {
        if self.request.body["status"] != "cancelled" {
            return Err(Refusal::unsupported("Appointment other than cancelled"));
        }
        let own = self.own_identifier()?;
        if self.request.asked.identifier("identifier").as_ref() != Some(&own) {
            return Err(invalid("identifier"));
        }
        let wing = self.book.wing(&self.request.hospital);
        let Some(number) = wing.visit_of(&own) else {
            let number = wing.visits.len();
            let fact = self.wanted(false)?;
            self.record(fact)?;
            return self.appointment(number, StatusCode::CREATED);
        };
        let visit = &wing.visits[number];
        if visit.arrived.is_some() {
            return Err(Refusal::rule("已经报到，不能退号"));
        }
        if visit.is_taken {
            self.record(Fact::GivenBack { appointment: number })?;
        }
        self.appointment(number, StatusCode::OK)
    }

    /// `PATCH Appointment/{id}`: status becomes `arrived`, and the patient has a number.
    fn arrive(&mut self, id: &str) -> Done {
        if self.request.body != json!([{"op": "replace", "path": "/status", "value": "arrived"}]) {
            return Err(Refusal::unsupported("a patch other than of status to arrived"));
        }
        let number = number_of(id, "a").ok_or_else(|| Refusal::not_found("Appointment"))?;
        let (now, pace) = (self.request.now, self.hospitals.pace());
        let wing = self.book.wing(&self.request.hospital);
        let visit = wing.visits.get(number).ok_or_else(|| Refusal::not_found("Appointment"))?;
        if !visit.is_taken {
            return Err(Refusal::rule("预约已经取消"));
        }
        if visit.arrived.is_none() {
            // Whoever asks how many are before is told apart by the instant they came.
            let at: Instant = now;
            let (drawn, called_at) = wing.next_number(&visit.role, at, pace.0);
            self.record(Fact::Arrived { appointment: number, number: drawn, called_at })?;
        }
        self.appointment(number, StatusCode::OK)
    }

    /// `POST PaymentNotice`: an invoice is paid, by one payment, in full.
    fn pay(&mut self) -> Done {
        let own = self.own_identifier()?;
        let body = &self.request.body;
        let invoice = reference(&body["request"], "Invoice").and_then(|id| number_of(&id, "i"));
        let number = invoice.ok_or_else(|| invalid("PaymentNotice.request"))?;
        let amount = body["amount"].clone();
        let due = self.seen(number, |seen| (seen.invoice().map(|invoice| invoice["totalGross"].clone()), seen.due()));
        let Some((Some(total), due)) = due else { return Err(Refusal::not_found("Invoice")) };
        let paid = self.book.wing(&self.request.hospital).visits[number].paid.clone();
        match paid {
            Some((_, payment)) if payment != own => {
                return Err(Refusal::new(StatusCode::CONFLICT, "conflict", "这张账单已经由另一笔付款结清"));
            }
            Some(_) => {}
            None if amount != total => return Err(Refusal::rule("付款金额和账单不符")),
            None => self.record(Fact::Paid { appointment: number, identifier: own, amount: due })?,
        }
        let status = if self.request.condition.is_some() { StatusCode::OK } else { StatusCode::CREATED };
        let found = self.seen(number, payment_notice).flatten();
        found.map(|found| (status, found)).ok_or_else(|| Refusal::not_found("Invoice"))
    }

    /// `POST Communication`: the patient asks the doctor.
    fn write(&mut self) -> Done {
        let own = self.own_identifier()?;
        let body = &self.request.body;
        let encounter = reference(&body["encounter"], "Encounter").and_then(|id| number_of(&id, "e"));
        let number = encounter.ok_or_else(|| invalid("Communication.encounter"))?;
        let text = body["payload"][0]["contentString"].as_str().unwrap_or_default().to_owned();
        if text.is_empty() || 2_000 < text.chars().count() {
            return Err(invalid("Communication.payload"));
        }
        let is_called = self.seen(number, |seen| seen.is_called()).ok_or_else(|| Refusal::not_found("Encounter"))?;
        let visit = &self.book.wing(&self.request.hospital).visits[number];
        if reference(&body["subject"], "Patient") != Some(patient_id(visit.patient)) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", "the encounter is of another patient"));
        }
        if !is_called {
            return Err(Refusal::rule("医生叫到您以后才能提问"));
        }
        let before = visit.wrote.iter().position(|(_, named, _)| *named == own);
        let at = before.unwrap_or(visit.wrote.len());
        if before.is_none() {
            self.record(Fact::Wrote { appointment: number, identifier: own, text })?;
        }
        let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
        let found = self.seen(number, |seen| seen.question(at)).flatten();
        found.map(|found| (status, found)).ok_or_else(|| Refusal::not_found("Communication"))
    }
}
