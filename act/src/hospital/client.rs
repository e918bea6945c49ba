//! Asking a hospital over FHIR: what is sent, and whether what comes back can be believed.

use std::sync::Arc;

use identity::Verified;
use model::{HospitalVisitId, Instant, PaymentId, RequestId, SourceId};
use serde_json::{Value, json};

use super::fhir::{
    Appointment, Audit, Bundle, Doctor, Encounter, Faulty, FhirId, Invoice, Message, Observation, Outcome, Report,
    Slot, read_price, read_schedule,
};
use super::{Ask, AskError, Hospitals, Method, Told};

/// Most pages of one search, and most resources of all of them.
const PAGES_MAX: usize = 20;
const FOUND_MAX: usize = 1_000;

/// The same of a log: half a million lines.
const LOG_PAGES_MAX: usize = 1_000;
const LOG_FOUND_MAX: usize = 500_000;

/// 居民身份证号码 as an identifier: the OID that China's health record standards (WS 363) give it.
const ID_NUMBER: &str = "urn:oid:2.16.156.10011.1.3";

/// Why an answer of a hospital is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// It is not signed by the hospital, or not now, or not for this request.
    #[error("the signature does not hold: {0}")]
    Signature(String),
    /// It is longer than any honest answer.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(u64),
    /// It is no JSON.
    #[error("the answer is not JSON")]
    Form,
    /// An element is missing, or not as FHIR has it.
    #[error(transparent)]
    Element(#[from] Faulty),
    /// It is about another patient.
    #[error("{0} is of another patient")]
    Patient(&'static str),
    /// It is another thing than was asked for.
    #[error("{0} is not the one asked for")]
    Other(&'static str),
    /// A search has no end, or goes on elsewhere.
    #[error("the search leads elsewhere, or has no end")]
    Pages,
}

/// How a call ended that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// No answer.
    Away(String),
    /// An answer that is thrown away.
    Lied(Lie),
    /// The hospital says no.
    Denied {
        /// FHIR's word for why.
        code: String,
        /// Words for people.
        words: Option<String>,
    },
}

impl From<AskError> for Call {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Away(why) => Self::Away(why),
            AskError::Lied(lie) => Self::Lied(lie),
        }
    }
}

impl From<Lie> for Call {
    fn from(lie: Lie) -> Self {
        Self::Lied(lie)
    }
}

impl From<Faulty> for Call {
    fn from(faulty: Faulty) -> Self {
        Self::Lied(Lie::Element(faulty))
    }
}

/// One question to one hospital; it may take several requests, all under the same id.
pub(super) struct Client {
    pub hospitals: Arc<dyn Hospitals>,
    pub hospital: SourceId,
    pub request: RequestId,
    pub timeout_seconds: u8,
    /// The city's short word, of which the systems of its identifiers are made.
    pub city: String,
}

/// What is paid, for the hospital's books.
pub(super) struct Payment {
    pub id: PaymentId,
    pub invoice: String,
    pub amount: i64,
    pub at: Instant,
}

/// A time to be taken.
pub(super) struct Taking {
    pub visit: HospitalVisitId,
    pub patient: FhirId,
    pub role: FhirId,
    pub slot: FhirId,
    pub start: Instant,
    pub end: Instant,
}

impl Client {
    /// The system of an identifier that this city gives.
    fn system(&self, what: &str) -> String {
        format!("urn:dipper:{}:{what}", self.city)
    }

    fn send(
        &self,
        method: Method,
        target: String,
        body: Option<Value>,
        if_none_exist: Option<String>,
    ) -> Result<Told, Call> {
        let (hospital, request, timeout_seconds) = (self.hospital.clone(), self.request, self.timeout_seconds);
        let ask = Ask { hospital, request, method, target, if_none_exist, body, timeout_seconds };
        let told = self.hospitals.ask(&ask)?;
        match told.status {
            200 | 201 => Ok(told),
            // A server in trouble has not decided anything.
            status @ (429 | 500..=599) => Err(Call::Away(format!("status {status}"))),
            status @ 400..=499 => match Outcome::read(&told.body) {
                Ok(Outcome { code, words }) => Err(Call::Denied { code, words }),
                Err(_) => Err(Call::Away(format!("status {status} without an OperationOutcome"))),
            },
            status => Err(Call::Away(format!("status {status}"))),
        }
    }

    fn get(&self, target: String) -> Result<Value, Call> {
        Ok(self.send(Method::Get, target, None, None)?.body)
    }

    /// Everything a search finds, page by page.
    fn search(&self, target: String) -> Result<Vec<Value>, Call> {
        self.search_within(target, PAGES_MAX, FOUND_MAX)
    }

    fn search_within(&self, target: String, pages_max: usize, found_max: usize) -> Result<Vec<Value>, Call> {
        let (mut found, mut next) = (Vec::new(), Some(target));
        for _ in 0..pages_max {
            let Some(target) = next.take() else { return Ok(found) };
            let bundle = Bundle::read(self.get(target)?)?;
            found.extend(bundle.entries);
            if found_max < found.len() {
                return Err(Lie::Pages.into());
            }
            next = bundle.next.map(|page| self.below(&page.0)).transpose()?;
        }
        if next.is_none() { Ok(found) } else { Err(Lie::Pages.into()) }
    }

    /// The part of a page's address below the server's own; no other server is ever asked.
    fn below(&self, url: &str) -> Result<String, Lie> {
        let base = self.hospitals.base(&self.hospital);
        let below = url.strip_prefix(base.as_str()).unwrap_or(url);
        let is_below = !below.contains("//") && !below.starts_with('/') && !below.contains("..") && below.len() < 2_000;
        if is_below && below.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(below.to_owned())
        } else {
            Err(Lie::Pages)
        }
    }

    /// The hospital's own log of requests, from an instant on and before another.
    pub fn log(&self, from: Instant, to: Instant) -> Result<Vec<Audit>, Call> {
        let target = format!("AuditEvent?date=ge{from}&date=lt{to}&_count=500");
        let found = self.search_within(target, LOG_PAGES_MAX, LOG_FOUND_MAX)?;
        Ok(found.iter().map(Audit::read).collect::<Result<_, _>>()?)
    }

    /// Every doctor who can be registered with.
    pub fn doctors(&self) -> Result<Vec<Doctor>, Call> {
        let found = self.search("PractitionerRole?active=true&_count=50".to_owned())?;
        Ok(found.iter().map(Doctor::read).collect::<Result<_, _>>()?)
    }

    /// A doctor.
    pub fn doctor(&self, role: &FhirId) -> Result<Doctor, Call> {
        let doctor = Doctor::read(&self.get(format!("PractitionerRole/{role}"))?)?;
        if doctor.role == *role { Ok(doctor) } else { Err(Lie::Other("PractitionerRole").into()) }
    }

    /// What registering with a doctor costs, in fen; `None` where the hospital does not say.
    pub fn price(&self, role: &FhirId) -> Result<Option<i64>, Call> {
        let found = self.search(format!("ChargeItemDefinition?identifier=urn:dipper:registration%7C{role}"))?;
        Ok(found.first().map(read_price).transpose()?)
    }

    /// Free times of a doctor, in order, from an instant on and before another.
    pub fn slots(&self, role: &FhirId, from: Instant, to: Instant) -> Result<Vec<Slot>, Call> {
        let schedules = self.search(format!("Schedule?actor=PractitionerRole/{role}"))?;
        let schedules = schedules.iter().map(|value| read_schedule(value, role)).collect::<Result<Vec<_>, _>>()?;
        let mut slots = Vec::new();
        for schedule in schedules {
            let target =
                format!("Slot?schedule=Schedule/{schedule}&status=free&start=ge{from}&start=lt{to}&_count=100");
            for value in self.search(target)? {
                let slot = Slot::read(&value)?;
                if slot.schedule != schedule || !slot.free || slot.start < from || to <= slot.start {
                    return Err(Lie::Other("Slot").into());
                }
                slots.push(slot);
            }
        }
        slots.sort_by_key(|slot| slot.start);
        Ok(slots)
    }

    /// A time of a doctor.
    pub fn slot(&self, role: &FhirId, slot: &FhirId) -> Result<Slot, Call> {
        let found = Slot::read(&self.get(format!("Slot/{slot}"))?)?;
        let schedule = self.get(format!("Schedule/{}", found.schedule))?;
        if found.id == *slot && read_schedule(&schedule, role)? == found.schedule {
            Ok(found)
        } else {
            Err(Lie::Other("Slot").into())
        }
    }

    /// Registers somebody, or finds them registered: the one time that name and number are told.
    pub fn register(&self, subject: &str, verified: &Verified) -> Result<FhirId, Call> {
        let system = self.system("patient");
        let body = json!({
            "resourceType": "Patient",
            "identifier": [
                {"use": "secondary", "system": system, "value": subject},
                {"use": "official", "system": ID_NUMBER, "value": verified.identity.id_number.as_str()},
            ],
            "active": true,
            "name": [{"use": "official", "text": verified.identity.name}],
        });
        let condition = format!("identifier={}%7C{subject}", encoded(&system));
        let told = self.send(Method::Post, "Patient".to_owned(), Some(body), Some(condition))?;
        if told.body["resourceType"] != "Patient" {
            return Err(Lie::Other("Patient").into());
        }
        let identifiers = told.body["identifier"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !identifiers.iter().any(|one| one["system"] == system.as_str() && one["value"] == subject) {
            return Err(Lie::Patient("Patient").into());
        }
        let id = told.body["id"].as_str().unwrap_or_default();
        Ok(FhirId::parse(id)?)
    }

    /// Takes a time. Asked again, it is the same appointment.
    pub fn take(&self, taking: &Taking) -> Result<Appointment, Call> {
        let (body, condition) = (self.appointment_of(taking, "booked"), self.condition(taking.visit));
        let told = self.send(Method::Post, "Appointment".to_owned(), Some(body), Some(condition))?;
        self.own_appointment(&told.body, taking.visit, &taking.patient)
    }

    /// Gives a time back; one that the hospital never heard of is refused to whoever may still be asking for it.
    pub fn give_back(&self, taking: &Taking) -> Result<Appointment, Call> {
        let target = format!("Appointment?{}", self.condition(taking.visit));
        let told = self.send(Method::Put, target, Some(self.appointment_of(taking, "cancelled")), None)?;
        self.own_appointment(&told.body, taking.visit, &taking.patient)
    }

    fn condition(&self, visit: HospitalVisitId) -> String {
        format!("identifier={}%7C{visit}", encoded(&self.system("visit")))
    }

    fn appointment_of(&self, taking: &Taking, status: &str) -> Value {
        let Taking { visit, patient, role, slot, start, end } = taking;
        json!({
            "resourceType": "Appointment",
            "identifier": [{"system": self.system("visit"), "value": visit.to_string()}],
            "status": status,
            "slot": [{"reference": format!("Slot/{slot}")}],
            "start": start.to_string(),
            "end": end.to_string(),
            "participant": [
                {"actor": {"reference": format!("Patient/{patient}")}, "status": "accepted"},
                {"actor": {"reference": format!("PractitionerRole/{role}")}, "status": "accepted"},
            ],
        })
    }

    fn own_appointment(&self, value: &Value, visit: HospitalVisitId, patient: &FhirId) -> Result<Appointment, Call> {
        let appointment = Appointment::read(value, &self.system("visit"))?;
        if appointment.patient != *patient {
            return Err(Lie::Patient("Appointment").into());
        }
        if appointment.visit != visit.to_string() { Err(Lie::Other("Appointment").into()) } else { Ok(appointment) }
    }

    /// The appointment of a visit, when the hospital has it.
    pub fn appointment(&self, visit: HospitalVisitId, patient: &FhirId) -> Result<Option<Appointment>, Call> {
        let found = self.search(format!("Appointment?patient=Patient/{patient}&{}", self.condition(visit)))?;
        match &found[..] {
            [] => Ok(None),
            [one] => self.own_appointment(one, visit, patient).map(Some),
            _ => Err(Lie::Other("Appointment").into()),
        }
    }

    /// Tells that the patient is there.
    pub fn arrive(&self, visit: HospitalVisitId, patient: &FhirId, appointment: &FhirId) -> Result<(), Call> {
        let patch = json!([{"op": "replace", "path": "/status", "value": "arrived"}]);
        let told = self.send(Method::Patch, format!("Appointment/{appointment}"), Some(patch), None)?;
        self.own_appointment(&told.body, visit, patient).map(drop)
    }

    /// Being there, when the patient is.
    pub fn encounter(&self, appointment: &FhirId, patient: &FhirId) -> Result<Option<Encounter>, Call> {
        let found =
            self.search(format!("Encounter?patient=Patient/{patient}&appointment=Appointment/{appointment}"))?;
        let Some(value) = found.first() else { return Ok(None) };
        let encounter = Encounter::read(value, appointment)?;
        if encounter.patient == *patient { Ok(Some(encounter)) } else { Err(Lie::Patient("Encounter").into()) }
    }

    /// How many wait who came before: a count, and nothing of who they are.
    pub fn ahead(&self, role: &FhirId, encounter: &Encounter) -> Result<u32, Call> {
        let before = encounter.arrived_at;
        let target =
            format!("Encounter?_summary=count&status=arrived&participant=PractitionerRole/{role}&date=lt{before}");
        let bundle = Bundle::read(self.get(target)?)?;
        if !bundle.entries.is_empty() {
            return Err(Lie::Other("Encounter").into());
        }
        bundle.total.ok_or_else(|| Lie::Other("Encounter").into())
    }

    /// Invoices of an encounter.
    pub fn invoices(&self, encounter: &Encounter) -> Result<Vec<Invoice>, Call> {
        let Some(account) = &encounter.account else { return Ok(Vec::new()) };
        let patient = &encounter.patient;
        let mut invoices = Vec::new();
        for value in self.search(format!("Invoice?subject=Patient/{patient}&account=Account/{account}"))? {
            let Some(invoice) = Invoice::read(&value)? else { continue };
            if invoice.patient != *patient {
                return Err(Lie::Patient("Invoice").into());
            }
            invoices.push(invoice);
        }
        Ok(invoices)
    }

    /// Reports of an encounter.
    pub fn reports(&self, encounter: &Encounter) -> Result<Vec<Report>, Call> {
        let (id, patient) = (&encounter.id, &encounter.patient);
        let target = format!(
            "DiagnosticReport?subject=Patient/{patient}&encounter=Encounter/{id}&_include=DiagnosticReport:result"
        );
        let found = self.search(target)?;
        let is = |kind: &'static str| move |value: &&Value| value["resourceType"] == kind;
        let observations = found.iter().filter(is("Observation")).map(Observation::read);
        let observations = observations.collect::<Result<Vec<_>, _>>()?;
        let reports = found.iter().filter(is("DiagnosticReport")).map(|value| Report::read(value, &observations));
        let reports = reports.collect::<Result<Vec<_>, _>>()?;
        let is_other = |owner: &FhirId| owner != patient;
        if observations.iter().any(|one| is_other(&one.patient)) || reports.iter().any(|one| is_other(&one.patient)) {
            return Err(Lie::Patient("DiagnosticReport").into());
        }
        Ok(reports)
    }

    /// What patient and doctor wrote each other, the oldest first.
    pub fn messages(&self, encounter: &Encounter) -> Result<Vec<Message>, Call> {
        let (id, patient) = (&encounter.id, &encounter.patient);
        let found = self.search(format!("Communication?subject=Patient/{patient}&encounter=Encounter/{id}"))?;
        let mut messages = found.iter().map(Message::read).collect::<Result<Vec<_>, _>>()?;
        if messages.iter().any(|message| message.patient != *patient) {
            return Err(Lie::Patient("Communication").into());
        }
        messages.sort_by_key(|message| message.sent_at);
        Ok(messages)
    }

    /// Asks the doctor something. Asked again under the same id, it is the same message.
    pub fn write(
        &self,
        encounter: &Encounter,
        role: &FhirId,
        message: (&str, &str),
        now: Instant,
    ) -> Result<Message, Call> {
        let (system, (id, words)) = (self.system("message"), message);
        let patient = &encounter.patient;
        let body = json!({
            "resourceType": "Communication",
            "identifier": [{"system": system, "value": id}],
            "status": "completed",
            "subject": {"reference": format!("Patient/{patient}")},
            "encounter": {"reference": format!("Encounter/{}", encounter.id)},
            "sent": now.to_string(),
            "sender": {"reference": format!("Patient/{patient}")},
            "recipient": [{"reference": format!("PractitionerRole/{role}")}],
            "payload": [{"contentString": words}],
        });
        let condition = format!("identifier={}%7C{id}", encoded(&system));
        let told = self.send(Method::Post, "Communication".to_owned(), Some(body), Some(condition))?;
        let kept = Message::read(&told.body)?;
        if kept.patient == *patient { Ok(kept) } else { Err(Lie::Patient("Communication").into()) }
    }

    /// Tells the hospital that an invoice is paid. Told again, it is the same payment.
    pub fn tell_paid(&self, payment: &Payment) -> Result<(), Call> {
        let (system, id) = (self.system("payment"), payment.id);
        let identifier = json!({"system": system, "value": id.to_string()});
        let amount = format!("{}.{:02}", payment.amount / 100, payment.amount % 100);
        let amount: Value = serde_json::from_str(&amount).map_err(|error| Call::Away(error.to_string()))?;
        let body = json!({
            "resourceType": "PaymentNotice",
            "identifier": [identifier],
            "status": "active",
            "request": {"reference": format!("Invoice/{}", payment.invoice)},
            "created": payment.at.to_string(),
            "payment": {"identifier": identifier},
            "recipient": {"display": self.hospital.as_str()},
            "amount": {"value": amount, "currency": "CNY"},
            "paymentStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/paymentstatus", "code": "paid"}],
            },
        });
        let condition = format!("identifier={}%7C{id}", encoded(&system));
        let told = self.send(Method::Post, "PaymentNotice".to_owned(), Some(body), Some(condition))?;
        let kept = told.body["identifier"][0]["value"].as_str();
        if kept == Some(id.to_string().as_str()) { Ok(()) } else { Err(Lie::Other("PaymentNotice").into()) }
    }
}

/// Colons and bars of identifiers as an address has them.
fn encoded(text: &str) -> String {
    text.replace(':', "%3A").replace('|', "%7C")
}
