//! The resources of a journey.

use model::Instant;
use serde_json::Value;

use super::element::{
    Faulty, FhirId, concept, faulty, find_concept, find_reference, find_text, id, identifier, instant, of_type,
    reference, text,
};
use super::money::{decimal, fen};

/// Most lines of an invoice and most observations of a report taken.
const LINES_MAX: usize = 200;

/// A doctor in a role: `PractitionerRole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The role's id.
    pub role: FhirId,
    /// The doctor's name.
    pub name: String,
    /// The doctor's title, such as 主任医师.
    pub title: Option<String>,
    /// The department's code.
    pub department_code: String,
    /// The department's name.
    pub department: String,
}

impl Doctor {
    /// Reads a `PractitionerRole`.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value) -> Result<Self, Faulty> {
        of_type(value, "PractitionerRole")?;
        let specialty = &value["specialty"][0];
        let code = &specialty["coding"][0]["code"];
        Ok(Self {
            role: id(value, "PractitionerRole.id")?,
            name: text(&value["practitioner"]["display"], "PractitionerRole.practitioner.display")?,
            title: find_concept(&value["code"][0]),
            department_code: text(code, "PractitionerRole.specialty.coding.code")?,
            department: concept(specialty, "PractitionerRole.specialty")?,
        })
    }
}

/// The id of a `Schedule` of a role.
pub(crate) fn read_schedule(value: &Value, role: &FhirId) -> Result<FhirId, Faulty> {
    of_type(value, "Schedule")?;
    let actors = value["actor"].as_array().ok_or(faulty("Schedule.actor"))?;
    let is_of = actors.iter().any(|actor| find_reference(actor, "PractitionerRole").as_ref() == Some(role));
    if is_of { id(value, "Schedule.id") } else { Err(faulty("Schedule.actor")) }
}

/// What registering costs: the base price of a `ChargeItemDefinition`, in fen.
pub(crate) fn read_price(value: &Value) -> Result<i64, Faulty> {
    of_type(value, "ChargeItemDefinition")?;
    let components = value["propertyGroup"][0]["priceComponent"].as_array();
    let components = components.ok_or(faulty("ChargeItemDefinition.propertyGroup.priceComponent"))?;
    let base = components.iter().find(|component| component["type"] == "base");
    let base = base.ok_or(faulty("ChargeItemDefinition.propertyGroup.priceComponent"))?;
    fen(&base["amount"], "ChargeItemDefinition.propertyGroup.priceComponent.amount")
}

/// A time that can be taken: `Slot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its id.
    pub id: FhirId,
    /// The schedule it is of.
    pub schedule: FhirId,
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// Whether nobody has it.
    pub free: bool,
}

impl Slot {
    /// Reads a `Slot`.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value) -> Result<Self, Faulty> {
        of_type(value, "Slot")?;
        let (start, end) = (instant(&value["start"], "Slot.start")?, instant(&value["end"], "Slot.end")?);
        if end <= start {
            return Err(faulty("Slot.end"));
        }
        let schedule = reference(&value["schedule"], "Schedule", "Slot.schedule")?;
        let status = value["status"].as_str().ok_or(faulty("Slot.status"))?;
        Ok(Self { id: id(value, "Slot.id")?, schedule, start, end, free: status == "free" })
    }
}

/// How far an appointment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentStatus {
    /// Taken.
    Booked,
    /// The patient is there.
    Arrived,
    /// It has taken place.
    Fulfilled,
    /// Given back, or taken back by the hospital.
    Cancelled,
    /// The patient did not come.
    NoShow,
}

/// A taken time: `Appointment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id.
    pub id: FhirId,
    /// The city's own id of it.
    pub visit: String,
    /// How far it is.
    pub status: AppointmentStatus,
    /// Whose it is.
    pub patient: FhirId,
    /// The slot; absent once it was given back.
    pub slot: Option<FhirId>,
}

impl Appointment {
    /// Reads an `Appointment` that has an identifier of that system.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value, system: &str) -> Result<Self, Faulty> {
        of_type(value, "Appointment")?;
        let status = match value["status"].as_str() {
            Some("booked" | "pending" | "proposed" | "waitlist") => AppointmentStatus::Booked,
            Some("arrived" | "checked-in") => AppointmentStatus::Arrived,
            Some("fulfilled") => AppointmentStatus::Fulfilled,
            Some("cancelled" | "entered-in-error") => AppointmentStatus::Cancelled,
            Some("noshow") => AppointmentStatus::NoShow,
            _ => return Err(faulty("Appointment.status")),
        };
        let participants = value["participant"].as_array().ok_or(faulty("Appointment.participant"))?;
        let mut patients = participants.iter().filter_map(|one| find_reference(&one["actor"], "Patient"));
        let patient = patients.next().ok_or(faulty("Appointment.participant.actor"))?;
        if patients.next().is_some() {
            return Err(faulty("Appointment.participant.actor"));
        }
        Ok(Self {
            id: id(value, "Appointment.id")?,
            visit: identifier(value, system).ok_or(faulty("Appointment.identifier"))?,
            status,
            patient,
            slot: find_reference(&value["slot"][0], "Slot"),
        })
    }
}

/// How far an encounter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncounterStatus {
    /// The patient waits.
    Arrived,
    /// The patient is called, or with the doctor.
    InProgress,
    /// It is over.
    Finished,
}

/// Being there: `Encounter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encounter {
    /// Its id.
    pub id: FhirId,
    /// Whose it is.
    pub patient: FhirId,
    /// How far it is.
    pub status: EncounterStatus,
    /// The number in the queue.
    pub queue_number: Option<String>,
    /// When the patient came.
    pub arrived_at: Instant,
    /// The account that its invoices are on.
    pub account: Option<FhirId>,
}

/// The system of queue numbers, `Encounter.identifier`.
pub(crate) const QUEUE_NUMBER: &str = "urn:dipper:queue-number";

impl Encounter {
    /// Reads an `Encounter` of an appointment.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value, appointment: &FhirId) -> Result<Self, Faulty> {
        of_type(value, "Encounter")?;
        if find_reference(&value["appointment"][0], "Appointment").as_ref() != Some(appointment) {
            return Err(faulty("Encounter.appointment"));
        }
        let status = match value["status"].as_str() {
            Some("planned" | "arrived" | "triaged") => EncounterStatus::Arrived,
            Some("in-progress" | "onleave") => EncounterStatus::InProgress,
            Some("finished") => EncounterStatus::Finished,
            _ => return Err(faulty("Encounter.status")),
        };
        Ok(Self {
            id: id(value, "Encounter.id")?,
            patient: reference(&value["subject"], "Patient", "Encounter.subject")?,
            status,
            queue_number: identifier(value, QUEUE_NUMBER),
            arrived_at: instant(&value["period"]["start"], "Encounter.period.start")?,
            account: find_reference(&value["account"][0], "Account"),
        })
    }
}

/// How far an invoice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// To be paid.
    Issued,
    /// Paid.
    Balanced,
    /// Taken back.
    Cancelled,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// What for.
    pub title: String,
    /// How much, in fen.
    pub amount: i64,
}

/// What is to be paid: `Invoice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its id.
    pub id: FhirId,
    /// Whose it is.
    pub patient: FhirId,
    /// How far it is.
    pub status: InvoiceStatus,
    /// What for.
    pub lines: Vec<InvoiceLine>,
    /// How much in all, in fen: exactly the sum of the lines.
    pub total: i64,
}

impl Invoice {
    /// Reads an `Invoice`; `None` for a draft.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong; also when the lines do not add up.
    pub fn read(value: &Value) -> Result<Option<Self>, Faulty> {
        of_type(value, "Invoice")?;
        let status = match value["status"].as_str() {
            Some("draft") => return Ok(None),
            Some("issued") => InvoiceStatus::Issued,
            Some("balanced") => InvoiceStatus::Balanced,
            Some("cancelled" | "entered-in-error") => InvoiceStatus::Cancelled,
            _ => return Err(faulty("Invoice.status")),
        };
        let items = value["lineItem"].as_array().ok_or(faulty("Invoice.lineItem"))?;
        if items.is_empty() || items.len() > LINES_MAX {
            return Err(faulty("Invoice.lineItem"));
        }
        let lines = items.iter().map(read_line).collect::<Result<Vec<_>, _>>()?;
        let total = fen(&value["totalGross"], "Invoice.totalGross")?;
        if lines.iter().map(|line| line.amount).sum::<i64>() != total {
            return Err(faulty("Invoice.totalGross"));
        }
        Ok(Some(Self {
            id: id(value, "Invoice.id")?,
            patient: reference(&value["subject"], "Patient", "Invoice.subject")?,
            status,
            lines,
            total,
        }))
    }
}

fn read_line(item: &Value) -> Result<InvoiceLine, Faulty> {
    let components = item["priceComponent"].as_array().ok_or(faulty("Invoice.lineItem.priceComponent"))?;
    let base = components.iter().find(|component| component["type"] == "base" || component["type"] == "informational");
    let base = base.ok_or(faulty("Invoice.lineItem.priceComponent"))?;
    Ok(InvoiceLine {
        title: concept(&item["chargeItemCodeableConcept"], "Invoice.lineItem.chargeItemCodeableConcept")?,
        amount: fen(&base["amount"], "Invoice.lineItem.priceComponent.amount")?,
    })
}

/// How a value stands to its reference range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Within.
    Normal,
    /// Above.
    High,
    /// Below.
    Low,
    /// Out of the ordinary, neither above nor below.
    Abnormal,
}

/// A measured value: `Observation`.
#[derive(Clone, PartialEq, Eq)]
pub struct Observation {
    /// Its id.
    pub id: FhirId,
    /// Whose it is.
    pub patient: FhirId,
    /// What was measured.
    pub title: String,
    /// The value as people read it.
    pub value: String,
    /// Its unit.
    pub unit: Option<String>,
    /// What is ordinary, as people read it.
    pub range: Option<String>,
    /// How the value stands to it.
    pub flag: Flag,
}

impl Observation {
    /// Reads an `Observation`.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value) -> Result<Self, Faulty> {
        of_type(value, "Observation")?;
        let quantity = &value["valueQuantity"];
        let found = decimal(&quantity["value"]).or_else(|| find_text(&value["valueString"]));
        let found = found.or_else(|| find_concept(&value["valueCodeableConcept"]));
        let flag = match value["interpretation"][0]["coding"][0]["code"].as_str() {
            None | Some("N") => Flag::Normal,
            Some("H" | "HH" | "HU") => Flag::High,
            Some("L" | "LL" | "LU") => Flag::Low,
            Some(_) => Flag::Abnormal,
        };
        Ok(Self {
            id: id(value, "Observation.id")?,
            patient: reference(&value["subject"], "Patient", "Observation.subject")?,
            title: concept(&value["code"], "Observation.code")?,
            value: found.ok_or(faulty("Observation.value"))?,
            unit: find_text(&quantity["unit"]),
            range: read_range(&value["referenceRange"][0]),
            flag,
        })
    }
}

fn read_range(range: &Value) -> Option<String> {
    let (low, high) = (decimal(&range["low"]["value"]), decimal(&range["high"]["value"]));
    find_text(&range["text"]).or(match (low, high) {
        (Some(low), Some(high)) => Some(format!("{low}–{high}")),
        (Some(low), None) => Some(format!("≥ {low}")),
        (None, Some(high)) => Some(format!("≤ {high}")),
        (None, None) => None,
    })
}

/// A report: `DiagnosticReport` with its observations.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: FhirId,
    /// Whose it is.
    pub patient: FhirId,
    /// What was examined.
    pub title: String,
    /// Whether it is final; before, nothing of it is shown.
    pub is_final: bool,
    /// When it was made known.
    pub issued_at: Option<Instant>,
    /// What the doctor concludes.
    pub conclusion: Option<String>,
    /// The values, in the report's order.
    pub observations: Vec<Observation>,
}

impl Report {
    /// Reads a `DiagnosticReport` with the observations that came along.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong; also when a result did not come along.
    pub fn read(value: &Value, observations: &[Observation]) -> Result<Self, Faulty> {
        of_type(value, "DiagnosticReport")?;
        let is_final = match value["status"].as_str() {
            Some("final" | "amended" | "corrected" | "appended") => true,
            Some("registered" | "partial" | "preliminary") => false,
            _ => return Err(faulty("DiagnosticReport.status")),
        };
        let results = value["result"].as_array().map(Vec::as_slice).unwrap_or_default();
        if results.len() > LINES_MAX {
            return Err(faulty("DiagnosticReport.result"));
        }
        let result = |result: &Value| {
            let id = find_reference(result, "Observation")?;
            observations.iter().find(|observation| observation.id == id).cloned()
        };
        let found = results.iter().map(|one| result(one).ok_or(faulty("DiagnosticReport.result")));
        Ok(Self {
            id: id(value, "DiagnosticReport.id")?,
            patient: reference(&value["subject"], "Patient", "DiagnosticReport.subject")?,
            title: concept(&value["code"], "DiagnosticReport.code")?,
            is_final,
            issued_at: value.get("issued").map(|at| instant(at, "DiagnosticReport.issued")).transpose()?,
            conclusion: find_text(&value["conclusion"]),
            observations: found.collect::<Result<_, _>>()?,
        })
    }
}

/// A message between patient and doctor: `Communication`.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: FhirId,
    /// Whose conversation it is of.
    pub patient: FhirId,
    /// Whether the patient wrote it.
    pub is_own: bool,
    /// When.
    pub sent_at: Instant,
    /// What.
    pub text: String,
}

impl Message {
    /// Reads a `Communication`.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value) -> Result<Self, Faulty> {
        of_type(value, "Communication")?;
        let patient = reference(&value["subject"], "Patient", "Communication.subject")?;
        let sender = find_reference(&value["sender"], "Patient");
        if sender.as_ref().is_some_and(|sender| *sender != patient) {
            return Err(faulty("Communication.sender"));
        }
        Ok(Self {
            id: id(value, "Communication.id")?,
            patient,
            is_own: sender.is_some(),
            sent_at: instant(&value["sent"], "Communication.sent")?,
            text: text(&value["payload"][0]["contentString"], "Communication.payload.contentString")?,
        })
    }
}

/// Why a hospital refuses: `OperationOutcome`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// FHIR's word for the kind of it, such as `conflict`.
    pub code: String,
    /// Words for people, when there are any.
    pub words: Option<String>,
}

impl Outcome {
    /// Reads an `OperationOutcome`.
    ///
    /// # Errors
    /// [`Faulty`] when it is none.
    pub fn read(value: &Value) -> Result<Self, Faulty> {
        of_type(value, "OperationOutcome")?;
        let issue = &value["issue"][0];
        let code = text(&issue["code"], "OperationOutcome.issue.code")?;
        let words = find_concept(&issue["details"]).or_else(|| find_text(&issue["diagnostics"]));
        Ok(Self { code, words })
    }
}

macro_rules! hidden {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden!(Observation, Report, Message);
