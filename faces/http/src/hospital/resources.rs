//! The demo hospitals' resources as FHIR R4 JSON. What depends on time is computed from the visit and the present instant.

use model::Instant;
use serde_json::{Value, json};

use super::book::{Identifier, Visit, Wing};
use super::staff::{Doctor, Slot, find};

/// The system of queue numbers.
const QUEUE_NUMBER: &str = "urn:dipper:queue-number";

/// What every visit costs beside registering, in fen.
const EXAMINATION: (&str, i64) = ("血常规（五分类）+ C 反应蛋白", 4_550);

/// A value that is measured: LOINC, name, unit, UCUM, low, high, and what the fictional patient has.
type Measure = (&'static str, &'static str, &'static str, &'static str, f64, f64, f64);
const MEASURES: [Measure; 5] = [
    ("6690-2", "白细胞计数", "10⁹/L", "10*9/L", 3.5, 9.5, 11.2),
    ("718-7", "血红蛋白", "g/L", "g/L", 115.0, 150.0, 132.0),
    ("777-3", "血小板计数", "10⁹/L", "10*9/L", 125.0, 350.0, 238.0),
    ("770-8", "中性粒细胞百分数", "%", "%", 40.0, 75.0, 78.4),
    ("1988-5", "C 反应蛋白", "mg/L", "mg/L", 0.0, 10.0, 6.5),
];

/// How fast the demonstration goes: one step, microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Pace(pub i64);

/// A visit at an instant.
pub struct Seen<'a> {
    /// Its number.
    pub number: usize,
    /// The visit.
    pub visit: &'a Visit,
    /// Now.
    pub now: Instant,
    /// How fast it goes.
    pub pace: Pace,
}

fn resource(kind: &str, id: &str, rest: Value) -> Value {
    let mut whole = json!({"resourceType": kind, "id": id});
    if let (Value::Object(whole), Value::Object(rest)) = (&mut whole, rest) {
        whole.extend(rest);
    }
    whole
}

fn reference(kind: &str, id: &str) -> Value {
    json!({"reference": format!("{kind}/{id}")})
}

fn identifier((system, value): &Identifier) -> Value {
    json!({"system": system, "value": value})
}

/// Money: decimals of exactly two places.
fn money(fen: i64) -> Value {
    let text = format!("{}.{:02}", fen / 100, fen % 100);
    json!({"value": serde_json::from_str::<Value>(&text).unwrap_or_default(), "currency": "CNY"})
}

/// An `OperationOutcome`.
pub fn outcome(code: &str, words: &str) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "details": {"text": words}}]})
}

/// A `Practitioner`.
pub fn practitioner(doctor: &Doctor) -> Value {
    resource("Practitioner", doctor.practitioner, json!({"active": true, "name": [{"text": doctor.name}]}))
}

/// A `PractitionerRole`.
pub fn role(doctor: &Doctor) -> Value {
    let (code, name) = doctor.department;
    let specialty =
        json!({"coding": [{"system": "urn:dipper:department", "code": code, "display": name}], "text": name});
    let practitioner = json!({"reference": format!("Practitioner/{}", doctor.practitioner), "display": doctor.name});
    resource(
        "PractitionerRole",
        doctor.role,
        json!({
            "active": true,
            "practitioner": practitioner,
            "code": [{"text": doctor.title}],
            "specialty": [specialty],
        }),
    )
}

/// A `Schedule`.
pub fn schedule(doctor: &Doctor) -> Value {
    let id = format!("s-{}", doctor.role);
    resource("Schedule", &id, json!({"active": true, "actor": [reference("PractitionerRole", doctor.role)]}))
}

/// A `Slot`.
pub fn slot(slot: &Slot, is_free: bool) -> Value {
    resource(
        "Slot",
        &slot.id,
        json!({
            "schedule": reference("Schedule", &format!("s-{}", slot.role)),
            "status": if is_free { "free" } else { "busy" },
            "start": slot.start.to_string(),
            "end": slot.end.to_string(),
        }),
    )
}

/// A `ChargeItemDefinition`: what registering with a doctor costs.
pub fn price(doctor: &Doctor) -> Value {
    let id = format!("registration-{}", doctor.role);
    resource(
        "ChargeItemDefinition",
        &id,
        json!({
            "url": format!("urn:dipper:registration:{}", doctor.role),
            "identifier": [{"system": "urn:dipper:registration", "value": doctor.role}],
            "status": "active",
            "title": "挂号费",
            "propertyGroup": [{"priceComponent": [{"type": "base", "amount": money(doctor.price)}]}],
        }),
    )
}

/// A `Patient`.
pub fn patient(wing: &Wing, number: usize) -> Option<Value> {
    let patient = wing.patients.get(number)?;
    let identifiers: Vec<_> = patient.identifiers.iter().map(identifier).collect();
    let name = json!([{"use": "official", "text": patient.name}]);
    Some(resource("Patient", &patient_id(number), json!({"active": true, "identifier": identifiers, "name": name})))
}

/// A patient's id.
pub fn patient_id(number: usize) -> String {
    format!("p-{}", number + 1)
}

/// A `PaymentNotice`.
pub fn payment_notice(seen: &Seen<'_>) -> Option<Value> {
    let (at, payment) = seen.visit.paid.as_ref()?;
    Some(resource(
        "PaymentNotice",
        &seen.id("n"),
        json!({
            "identifier": [identifier(payment)],
            "status": "active",
            "request": reference("Invoice", &seen.id("i")),
            "created": at.to_string(),
            "payment": {"identifier": identifier(payment)},
            "recipient": {"display": "demo"},
            "amount": money(seen.due()),
        }),
    ))
}

impl Seen<'_> {
    /// The id of one of its resources.
    pub fn id(&self, letter: &str) -> String {
        format!("{letter}-{}", self.number + 1)
    }

    fn patient(&self) -> Value {
        reference("Patient", &patient_id(self.visit.patient))
    }

    fn after(&self, from: Instant, steps: i64) -> Instant {
        from.plus_micros(steps * self.pace.0)
    }

    /// Whether the patient is called.
    pub fn is_called(&self) -> bool {
        self.visit.arrived.is_some_and(|(_, _, called_at)| called_at <= self.now)
    }

    /// When the report is final: two steps after it was paid.
    fn final_at(&self) -> Option<Instant> {
        self.visit.paid.as_ref().map(|(at, _)| self.after(*at, 2))
    }

    fn is_final(&self) -> bool {
        self.final_at().is_some_and(|at| at <= self.now)
    }

    /// How many are called before.
    pub fn ahead(&self) -> i64 {
        let Some((_, _, called_at)) = self.visit.arrived else { return 0 };
        let left = called_at.micros_since(self.now).max(0);
        (left + self.pace.0 - 1) / self.pace.0.max(1)
    }

    /// What the visit costs, in fen.
    pub fn due(&self) -> i64 {
        find(&self.visit.role).map_or(0, |doctor| doctor.price) + EXAMINATION.1
    }

    /// The `Appointment`.
    pub fn appointment(&self) -> Value {
        let visit = self.visit;
        let status = match (visit.is_taken, visit.arrived.is_some(), self.is_final()) {
            (false, ..) => "cancelled",
            (_, false, _) => "booked",
            (_, _, false) => "arrived",
            (_, _, true) => "fulfilled",
        };
        let doctor = find(&visit.role).map_or("", |doctor| doctor.name);
        let actor = json!({"reference": format!("PractitionerRole/{}", visit.role), "display": doctor});
        resource(
            "Appointment",
            &self.id("a"),
            json!({
                "identifier": [identifier(&visit.identifier)],
                "status": status,
                "slot": [reference("Slot", &visit.slot)],
                "start": visit.start.to_string(),
                "end": visit.end.to_string(),
                "participant": [
                    {"actor": self.patient(), "status": "accepted"},
                    {"actor": actor, "status": "accepted"},
                ],
            }),
        )
    }

    /// The `Encounter`, once the patient came.
    pub fn encounter(&self) -> Option<Value> {
        let (arrived_at, number, _) = self.visit.arrived?;
        let status = match (self.is_called(), self.is_final()) {
            (false, _) => "arrived",
            (true, false) => "in-progress",
            (true, true) => "finished",
        };
        let mut period = json!({"start": arrived_at.to_string()});
        if let Some(end) = self.final_at().filter(|_| self.is_final()) {
            period["end"] = json!(end.to_string());
        }
        let class = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"});
        Some(resource(
            "Encounter",
            &self.id("e"),
            json!({
                "identifier": [{"system": QUEUE_NUMBER, "value": format!("A{number:03}")}],
                "status": status,
                "class": class,
                "subject": self.patient(),
                "participant": [{"individual": reference("PractitionerRole", &self.visit.role)}],
                "appointment": [reference("Appointment", &self.id("a"))],
                "account": [reference("Account", &self.id("k"))],
                "period": period,
            }),
        ))
    }

    /// The `Invoice`, once the doctor has seen the patient.
    pub fn invoice(&self) -> Option<Value> {
        let (_, _, called_at) = self.visit.arrived.filter(|_| self.is_called())?;
        let registration = find(&self.visit.role)?.price;
        let line = |title: &str, amount: i64| {
            json!({
                "chargeItemCodeableConcept": {"text": title},
                "priceComponent": [{"type": "base", "amount": money(amount)}],
            })
        };
        Some(resource(
            "Invoice",
            &self.id("i"),
            json!({
                "status": if self.visit.paid.is_some() { "balanced" } else { "issued" },
                "subject": self.patient(),
                "date": called_at.to_string(),
                "account": reference("Account", &self.id("k")),
                "lineItem": [line("挂号费", registration), line(EXAMINATION.0, EXAMINATION.1)],
                "totalNet": money(self.due()),
                "totalGross": money(self.due()),
            }),
        ))
    }

    /// The `DiagnosticReport`, once it is paid, and its `Observation`s once it is final.
    pub fn report(&self) -> Option<(Value, Vec<Value>)> {
        let final_at = self.final_at()?;
        let mut report = resource(
            "DiagnosticReport",
            &self.id("d"),
            json!({
                "status": "registered",
                "code": {"coding": [{"system": "http://loinc.org", "code": "58410-2"}], "text": EXAMINATION.0},
                "subject": self.patient(),
                "encounter": reference("Encounter", &self.id("e")),
            }),
        );
        if !self.is_final() {
            return Some((report, Vec::new()));
        }
        let observations: Vec<_> = (0..MEASURES.len()).map(|at| self.observation(at, final_at)).collect();
        let results: Vec<_> =
            (0..MEASURES.len()).map(|at| reference("Observation", &self.observation_id(at))).collect();
        report["status"] = json!("final");
        report["effectiveDateTime"] = json!(final_at.to_string());
        report["issued"] = json!(final_at.to_string());
        report["result"] = json!(results);
        report["conclusion"] =
            json!("演示数据，不是真的化验：白细胞和中性粒细胞轻度升高，提示可能有细菌感染；其余指标在参考范围内。");
        Some((report, observations))
    }

    fn observation_id(&self, at: usize) -> String {
        format!("o-{}-{}", self.number + 1, at + 1)
    }

    fn observation(&self, at: usize, when: Instant) -> Value {
        let (code, name, unit, ucum, low, high, value) = MEASURES[at];
        let flag = if value > high {
            "H"
        } else if value < low {
            "L"
        } else {
            "N"
        };
        let quantity =
            |value: f64| json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": ucum});
        let interpretation = json!([{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": flag,
        }]}]);
        resource(
            "Observation",
            &self.observation_id(at),
            json!({
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": name},
                "subject": self.patient(),
                "encounter": reference("Encounter", &self.id("e")),
                "effectiveDateTime": when.to_string(),
                "valueQuantity": quantity(value),
                "interpretation": interpretation,
                "referenceRange": [{"low": quantity(low), "high": quantity(high)}],
            }),
        )
    }

    /// The `Communication` that the patient sent as the `at`-th.
    pub fn question(&self, at: usize) -> Option<Value> {
        let (sent_at, named, text) = self.visit.wrote.get(at)?;
        let mut question = self.message(&format!("c-{}-{}", self.number + 1, at + 1), *sent_at, text);
        question["identifier"] = json!([identifier(named)]);
        question["sender"] = self.patient();
        question["recipient"] = json!([reference("PractitionerRole", &self.visit.role)]);
        Some(question)
    }

    /// Every `Communication`; the doctor answers a step after each question.
    pub fn messages(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        for (at, (sent_at, ..)) in self.visit.wrote.iter().enumerate() {
            messages.extend(self.question(at));
            let answered_at = self.after(*sent_at, 1);
            if answered_at <= self.now {
                let id = format!("c-{}-{}-a", self.number + 1, at + 1);
                let words =
                    "演示医院的自动答复：多喝水，注意休息，按医嘱用药；如果发热超过 38.5℃ 或三天不见好，请回来复诊。";
                let mut answer = self.message(&id, answered_at, words);
                answer["sender"] = reference("PractitionerRole", &self.visit.role);
                answer["recipient"] = json!([self.patient()]);
                answer["inResponseTo"] =
                    json!([reference("Communication", &format!("c-{}-{}", self.number + 1, at + 1))]);
                messages.push(answer);
            }
        }
        messages
    }

    fn message(&self, id: &str, sent_at: Instant, text: &str) -> Value {
        resource(
            "Communication",
            id,
            json!({
                "status": "completed",
                "subject": self.patient(),
                "encounter": reference("Encounter", &self.id("e")),
                "sent": sent_at.to_string(),
                "payload": [{"contentString": text}],
            }),
        )
    }
}

/// The `CapabilityStatement`.
pub fn capabilities(at: Instant) -> Value {
    let rest = |kind: &str, codes: &[&str]| {
        let codes: Vec<_> = codes.iter().map(|code| json!({"code": code})).collect();
        json!({"type": kind, "interaction": codes})
    };
    let read = &["read", "search-type"][..];
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at.to_string(),
        "kind": "instance",
        "implementation": {"description": "A demonstration: its doctors, patients and reports are fictional"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [
            rest("Practitioner", &["read"]),
            rest("PractitionerRole", read),
            rest("Schedule", read),
            rest("Slot", read),
            rest("ChargeItemDefinition", &["search-type"]),
            rest("Patient", &["read", "create"]),
            rest("Appointment", &["read", "search-type", "create", "update", "patch"]),
            rest("Encounter", &["search-type"]),
            rest("Invoice", &["search-type"]),
            rest("DiagnosticReport", &["search-type"]),
            rest("Communication", &["search-type", "create"]),
            rest("PaymentNotice", &["create"]),
            rest("AuditEvent", &["search-type"]),
        ]}],
    })
}
