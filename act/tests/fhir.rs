//! Reading FHIR at the door: what is missing or wrong is refused by name, and nothing at all makes the reader stumble.
#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_act::hospital::fhir::{
    Appointment, AppointmentStatus, Audit, Bundle, Doctor, Encounter, Faulty, FhirId, Flag, Invoice, Message,
    Observation, Outcome, Report, Slot,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const VISIT: &str = "urn:dipper:demo:visit";

fn appointment() -> Value {
    json!({
        "resourceType": "Appointment", "id": "a-1", "identifier": [{"system": "other", "value": "x"}, {"system": VISIT, "value": "v"}],
        "status": "booked", "slot": [{"reference": "Slot/s"}],
        "participant": [{"actor": {"reference": "Patient/p-1"}}, {"actor": {"reference": "PractitionerRole/r1"}}],
    })
}

fn encounter() -> Value {
    json!({
        "resourceType": "Encounter", "id": "e-1", "status": "arrived", "subject": {"reference": "Patient/p-1"},
        "appointment": [{"reference": "Appointment/a-1"}], "period": {"start": "2026-11-27T08:00:00+08:00"},
        "identifier": [{"system": "urn:dipper:queue-number", "value": "A012"}], "account": [{"reference": "Account/k-1"}],
    })
}

fn invoice() -> Value {
    let line = |amount: f64| {
        json!({
            "chargeItemCodeableConcept": {"text": "挂号费"},
            "priceComponent": [{"type": "base", "amount": {"value": amount, "currency": "CNY"}}],
        })
    };
    json!({
        "resourceType": "Invoice", "id": "i-1", "status": "issued", "subject": {"reference": "Patient/p-1"},
        "lineItem": [line(25.5), line(0.05)], "totalGross": {"value": 25.55, "currency": "CNY"},
    })
}

fn observation() -> Value {
    json!({
        "resourceType": "Observation", "id": "o-1", "subject": {"reference": "Patient/p-1"}, "code": {"text": "白细胞"},
        "valueQuantity": {"value": 11.2, "unit": "10⁹/L"}, "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 9.0}}],
        "interpretation": [{"coding": [{"code": "H"}]}],
    })
}

fn report() -> Value {
    json!({
        "resourceType": "DiagnosticReport", "id": "d-1", "status": "final", "subject": {"reference": "Patient/p-1"},
        "code": {"coding": [{"display": "血常规"}]}, "issued": "2026-11-27T00:00:00Z", "result": [{"reference": "Observation/o-1"}],
    })
}

fn message() -> Value {
    json!({
        "resourceType": "Communication", "id": "c-1", "subject": {"reference": "Patient/p-1"}, "sent": "2026-11-27T00:00:00Z",
        "sender": {"reference": "Patient/p-1"}, "payload": [{"contentString": "要吃药吗？"}],
    })
}

fn slot() -> Value {
    json!({
        "resourceType": "Slot", "id": "s-1", "schedule": {"reference": "http://h.example/fhir/Schedule/s"}, "status": "free",
        "start": "2026-11-27T08:00:00+08:00", "end": "2026-11-27T08:20:00+08:00",
    })
}

fn doctor() -> Value {
    json!({
        "resourceType": "PractitionerRole", "id": "r1", "practitioner": {"display": "沈望舒"},
        "specialty": [{"coding": [{"code": "03", "display": "内科"}]}],
    })
}

fn audit() -> Value {
    let coding = |system: &str, code: &str| json!({"system": system, "code": code});
    json!({
        "resourceType": "AuditEvent", "recorded": "2026-11-27T00:00:00Z", "entity": [
            {"type": coding("http://hl7.org/fhir/resource-types", "Appointment")},
            {"type": coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1"), "what": {"identifier": {"value": "9f"}}},
            {"type": coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId"),
             "what": {"identifier": {"value": "01K"}}},
        ],
    })
}

fn id(text: &str) -> FhirId {
    FhirId::parse(text).unwrap()
}

/// Reads a resource as its type; what is at fault, by name.
fn read(value: &Value) -> Result<(), Faulty> {
    match value["resourceType"].as_str().unwrap_or_default() {
        "Appointment" => Appointment::read(value, VISIT).map(drop),
        "Encounter" => Encounter::read(value, &id("a-1")).map(drop),
        "Invoice" => Invoice::read(value).map(drop),
        "Observation" => Observation::read(value).map(drop),
        "DiagnosticReport" => Report::read(value, &[Observation::read(&observation())?]).map(drop),
        "Communication" => Message::read(value).map(drop),
        "Slot" => Slot::read(value).map(drop),
        "PractitionerRole" => Doctor::read(value).map(drop),
        "OperationOutcome" => Outcome::read(value).map(drop),
        "AuditEvent" => Audit::read(value).map(drop),
        _ => Bundle::read(value.clone()).map(drop),
    }
}

#[test]
fn what_is_missing_or_wrong_is_refused_by_its_name() {
    for (whole, path, wrong, element) in [
        (appointment(), "/resourceType", json!("Slot"), "Slot.start"),
        (appointment(), "/id", json!("a/1"), "Appointment.id"),
        (appointment(), "/id", json!(".."), "Appointment.id"),
        (appointment(), "/status", json!("perhaps"), "Appointment.status"),
        (appointment(), "/identifier/1/system", json!("else"), "Appointment.identifier"),
        (appointment(), "/participant/0/actor/reference", json!("Person/p-1"), "Appointment.participant.actor"),
        (appointment(), "/participant/1/actor/reference", json!("Patient/p-2"), "Appointment.participant.actor"),
        (encounter(), "/appointment/0/reference", json!("Appointment/a-2"), "Encounter.appointment"),
        (encounter(), "/status", json!("cancelled"), "Encounter.status"),
        (encounter(), "/subject/reference", json!("Group/p-1"), "Encounter.subject"),
        (encounter(), "/period/start", json!("2026-11-27"), "Encounter.period.start"),
        (invoice(), "/status", json!(null), "Invoice.status"),
        (invoice(), "/lineItem", json!([]), "Invoice.lineItem"),
        (invoice(), "/lineItem/0/priceComponent/0/amount/value", json!(25.51), "Invoice.totalGross"),
        (invoice(), "/totalGross/value", json!(-25.55), "Invoice.totalGross"),
        (invoice(), "/totalGross/currency", json!("EUR"), "Invoice.totalGross"),
        (observation(), "/valueQuantity/value", json!("11.2"), "Observation.value"),
        (observation(), "/code", json!({}), "Observation.code"),
        (report(), "/status", json!("cancelled"), "DiagnosticReport.status"),
        (report(), "/result/0/reference", json!("Observation/o-2"), "DiagnosticReport.result"),
        (report(), "/issued", json!("yesterday"), "DiagnosticReport.issued"),
        (message(), "/sender/reference", json!("Patient/p-2"), "Communication.sender"),
        (message(), "/payload/0/contentString", json!(" "), "Communication.payload.contentString"),
        (message(), "/payload/0/contentString", json!("长".repeat(4_001)), "Communication.payload.contentString"),
        (slot(), "/end", json!("2026-11-27T08:00:00+08:00"), "Slot.end"),
        (slot(), "/schedule/reference", json!("Schedule/"), "Slot.schedule"),
        (audit(), "/recorded", json!("2026-11-27"), "AuditEvent.recorded"),
        (doctor(), "/specialty", json!([]), "PractitionerRole.specialty.coding.code"),
        (
            json!({"resourceType": "OperationOutcome", "issue": [{}]}),
            "/issue/0",
            json!({}),
            "OperationOutcome.issue.code",
        ),
        (
            json!({"resourceType": "Bundle", "type": "searchset", "entry": [{}]}),
            "/type",
            json!("searchset"),
            "Bundle.entry.resource",
        ),
        (
            json!({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next"}]}),
            "/type",
            json!("searchset"),
            "Bundle.link.url",
        ),
    ] {
        let mut changed = whole;
        *changed.pointer_mut(path).unwrap() = wrong.clone();
        assert_eq!(read(&changed).unwrap_err().element, element, "{path} {wrong}");
    }
}

#[test]
fn what_is_right_is_read() {
    for whole in wholes() {
        read(&whole).unwrap_or_else(|faulty| panic!("{faulty}: {whole}"));
    }
    let found = Appointment::read(&appointment(), VISIT).unwrap();
    assert_eq!((found.visit.as_str(), found.status, found.patient), ("v", AppointmentStatus::Booked, id("p-1")));
    let found = Audit::read(&audit()).unwrap();
    assert_eq!((found.resource.as_deref(), found.request.as_deref()), (Some("Appointment"), Some("01K")));
    assert_eq!((found.has_patient, found.subject.as_deref()), (true, Some("9f")));
    let found = Invoice::read(&invoice()).unwrap().unwrap();
    assert_eq!((found.total, found.lines[1].amount), (2_555, 5));
    let draft = json!({"resourceType": "Invoice", "status": "draft"});
    assert!(Invoice::read(&draft).unwrap().is_none(), "what is not issued is not shown");
    let found = Observation::read(&observation()).unwrap();
    assert_eq!((found.value.as_str(), found.range.as_deref(), found.flag), ("11.2", Some("3.5–9"), Flag::High));
}

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Every place in a resource.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    found.push(at.clone());
    match value {
        Value::Object(map) => map.iter().for_each(|(name, inner)| places(inner, format!("{at}/{name}"), found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(n, inner)| places(inner, format!("{at}/{n}"), found)),
        _ => {}
    }
}

/// One of each that a journey reads.
fn wholes() -> [Value; 9] {
    [appointment(), encounter(), invoice(), observation(), report(), message(), slot(), doctor(), audit()]
}

/// Changes an element anywhere in a resource.
fn replace(whole: &mut Value, place: &prop::sample::Index, change: impl FnOnce(&mut Value)) {
    let mut all = Vec::new();
    places(whole, String::new(), &mut all);
    change(whole.pointer_mut(place.get::<String>(&all)).unwrap());
}

const KINDS: [&str; 11] = [
    "Bundle",
    "Appointment",
    "Encounter",
    "Invoice",
    "Observation",
    "DiagnosticReport",
    "Communication",
    "Slot",
    "PractitionerRole",
    "OperationOutcome",
    "AuditEvent",
];

proptest! {
    /// Whatever stands at whatever place, a resource is read or refused, and never becomes another patient's.
    #[test]
    fn one_wrong_element_is_refused_or_harmless(which in 0..9_usize, place in any::<prop::sample::Index>(), wrong in any_json()) {
        let mut whole = wholes()[which].clone();
        let kind = whole["resourceType"].clone();
        replace(&mut whole, &place, |element| *element = wrong.clone());
        let _ = read(&whole);
        if kind == "Invoice" && let Ok(Some(found)) = Invoice::read(&whole) {
            prop_assert_eq!(found.lines.iter().map(|line| line.amount).sum::<i64>(), found.total);
        }
    }

    #[test]
    fn anything_is_read_or_refused(mut value in any_json(), kind in prop::sample::select(KINDS.to_vec())) {
        if let Value::Object(map) = &mut value {
            map.insert("resourceType".to_owned(), json!(kind));
        }
        let _ = read(&value);
    }

    /// However many elements are wrong at once, and however often one is repeated, what is taken stays within bounds.
    #[test]
    fn what_is_taken_is_bounded(
        which in 0..9_usize,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..4),
        repeated in (any::<prop::sample::Index>(), 1..300_usize),
        length in 0..5_000_usize,
    ) {
        let mut whole = wholes()[which].clone();
        for (place, value) in wrong {
            replace(&mut whole, &place, |element| *element = value.clone());
        }
        replace(&mut whole, &repeated.0, |element| match element {
            Value::Array(list) => *list = list.iter().cycle().take(if list.is_empty() { 0 } else { repeated.1 }).cloned().collect(),
            Value::String(text) => *text = "长".repeat(length),
            _ => {}
        });
        let within = |text: &str| (1..=4_000).contains(&text.chars().count());
        if let Ok(Some(found)) = Invoice::read(&whole) {
            prop_assert!((1..=200).contains(&found.lines.len()) && (0..=100_000_000).contains(&found.total));
            prop_assert!(found.lines.iter().all(|line| within(&line.title)));
        }
        if let Ok(found) = Report::read(&whole, &[Observation::read(&observation()).unwrap()]) {
            prop_assert!(found.observations.len() <= 200 && within(&found.title));
            prop_assert!(found.conclusion.as_deref().is_none_or(within));
        }
        if let Ok(found) = Message::read(&whole) {
            prop_assert!(within(&found.text));
        }
        if let Ok(found) = Doctor::read(&whole) {
            prop_assert!([&found.name, &found.department, &found.department_code].iter().all(|text| within(text)));
        }
        if let Ok(found) = Encounter::read(&whole, &id("a-1")) {
            prop_assert!(found.queue_number.as_deref().is_none_or(within), "{:?}", found.queue_number.map(|text| text.len()));
        }
        if let Ok(found) = Appointment::read(&whole, VISIT) {
            prop_assert!(within(&found.visit));
        }
        if let Ok(found) = Audit::read(&whole) {
            prop_assert!([found.request, found.resource, found.subject].iter().flatten().all(|text| within(text)));
        }
    }
}
