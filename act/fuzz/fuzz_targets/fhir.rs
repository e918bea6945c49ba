//! Any bytes a hospital answers are read or refused, within bounds; a bundle's resources are read like single ones.
#![no_main]

extern crate dipper_model as model;

#[allow(dead_code, unused_imports, reason = "the reader of dipper-act, without what asks")]
#[path = "../../src/hospital/fhir/mod.rs"]
mod fhir;

use fhir::{
    Appointment, Audit, Bundle, Doctor, Encounter, FhirId, Invoice, Message, Observation, Outcome, Report, Slot,
    read_price, read_schedule,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const TEXT_MAX: usize = 4_000;
const LINES_MAX: usize = 200;
const AMOUNT_MAX: i64 = 100_000_000;

fuzz_target!(|answer: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(answer) else { return };
    let id = FhirId::parse("1").expect("an id");
    read(&value, &id, &[]);
    let Ok(bundle) = Bundle::read(value) else { return };
    let observations: Vec<Observation> = bundle.entries.iter().filter_map(|one| Observation::read(one).ok()).collect();
    for resource in &bundle.entries {
        read(resource, &id, &observations);
    }
});

fn read(value: &Value, id: &FhirId, observations: &[Observation]) {
    let fits = |text: &str| assert!(!text.trim().is_empty() && text.chars().count() <= TEXT_MAX);
    if let Ok(doctor) = Doctor::read(value) {
        [doctor.name, doctor.department, doctor.department_code].iter().for_each(|text| fits(text));
    }
    if let Ok(slot) = Slot::read(value) {
        assert!(slot.start < slot.end);
    }
    if let Ok(Some(invoice)) = Invoice::read(value) {
        assert!((1..=LINES_MAX).contains(&invoice.lines.len()));
        assert!((0..=AMOUNT_MAX).contains(&invoice.total));
        assert_eq!(invoice.lines.iter().map(|line| line.amount).sum::<i64>(), invoice.total);
        invoice.lines.iter().for_each(|line| fits(&line.title));
    }
    if let Ok(observation) = Observation::read(value) {
        fits(&observation.title);
        assert!(observation.value.chars().count() <= TEXT_MAX);
    }
    if let Ok(report) = Report::read(value, observations) {
        fits(&report.title);
        assert!(report.observations.len() <= LINES_MAX);
    }
    if let Ok(message) = Message::read(value) {
        fits(&message.text);
    }
    if let Ok(line) = Audit::read(value) {
        [line.request, line.resource, line.subject].iter().flatten().for_each(|text| fits(text));
    }
    if let Ok(outcome) = Outcome::read(value) {
        fits(&outcome.code);
    }
    if let Ok(price) = read_price(value) {
        assert!((0..=AMOUNT_MAX).contains(&price));
    }
    let found = [read_schedule(value, id).ok(), Encounter::read(value, id).ok().map(|encounter| encounter.id)];
    let appointment = Appointment::read(value, "s").ok().map(|appointment| appointment.patient);
    for id in found.into_iter().flatten().chain(appointment) {
        assert_eq!(FhirId::parse(id.as_str()).as_ref(), Ok(&id), "safe in an address");
    }
}
