//! Hospitals and visits to the wire.

use act::hospital::fhir::{
    AppointmentStatus, Doctor, Flag, Invoice, InvoiceStatus, Message, Observation, Report, Slot,
};
use act::hospital::{Fault, Journey, Offer, Visit};
use identity::{HospitalPayment, VisitState};
use model::{PaymentState, SourceId};
use pack::City;

use super::payments::state as payment_state;
use super::{plain, text, time, words};
use crate::wire;

/// A hospital as the pack declares it.
pub fn hospital(id: &SourceId, hospital: &pack::Hospital) -> wire::Hospital {
    wire::Hospital {
        id: id.to_string(),
        title: text(&hospital.title),
        address: text(&hospital.address),
        point: hospital.point,
        phone: hospital.phone.clone(),
        purpose: text(&hospital.purpose),
        basis: text(&hospital.basis),
    }
}

/// What a question to a hospital was about.
pub fn asked_about(word: &str) -> wire::Text {
    match word {
        "patient" => words("姓名和身份证号（登记建档）", "Name and identity number (registration)"),
        "appointment" => words("预约", "Appointment"),
        "encounter" => words("报到和排队", "Arrival and queue"),
        "invoice" => words("账单", "Invoice"),
        "report" => words("检查报告", "Report"),
        "communication" => words("和医生的对话", "Conversation with the doctor"),
        "payment" => words("告知已付款", "That it is paid"),
        other => plain(other),
    }
}

/// A doctor.
pub fn doctor(doctor: &Doctor) -> wire::Doctor {
    wire::Doctor {
        role: doctor.role.to_string(),
        name: doctor.name.clone(),
        title: doctor.title.clone(),
        department_code: doctor.department_code.clone(),
        department: doctor.department.clone(),
    }
}

/// A doctor's free times.
pub fn times(offer: &Offer, slots: &[Slot]) -> wire::DoctorTimes {
    let one = |slot: &Slot| wire::DoctorTime {
        slot: slot.id.to_string(),
        starts_at: time(slot.start),
        ends_at: time(slot.end),
    };
    wire::DoctorTimes { doctor: doctor(&offer.doctor), price: offer.price, items: slots.iter().map(one).collect() }
}

/// A visit.
pub fn visit(city: &City, visit: &Visit, takes_money: bool) -> wire::HospitalVisit {
    let kept = &visit.kept;
    let declared = city.hospitals.get(&kept.hospital);
    let title = declared.map_or_else(|| plain(kept.hospital.as_str()), |declared| text(&declared.title));
    wire::HospitalVisit {
        id: visit.id.to_string(),
        hospital: wire::Named { id: kept.hospital.to_string(), title },
        address: declared.map(|declared| text(&declared.address)).unwrap_or_default(),
        role: kept.role.clone(),
        slot: kept.slot.clone(),
        doctor: kept.doctor.clone(),
        department: kept.department.clone(),
        starts_at: time(kept.starts_at),
        ends_at: time(kept.ends_at),
        state: match kept.state {
            VisitState::Asked => wire::HospitalVisitState::Asked,
            VisitState::Booked => wire::HospitalVisitState::Booked,
            VisitState::Cancelling => wire::HospitalVisitState::Cancelling,
            VisitState::Cancelled => wire::HospitalVisitState::Cancelled,
        },
        journey: visit.journey.as_ref().map(|found| journey(found, &visit.payments, takes_money)),
        fault: visit.fault.map(|fault| match fault {
            Fault::Away => wire::HospitalFault::Away,
            Fault::Refused => wire::HospitalFault::Refused,
        }),
    }
}

fn journey(journey: &Journey, payments: &[HospitalPayment], takes_money: bool) -> wire::HospitalJourney {
    let bills: Vec<_> = journey.invoices.iter().map(|invoice| bill(invoice, payments, takes_money)).collect();
    let is_called = journey.queue.as_ref().is_some_and(|queue| queue.is_called);
    wire::HospitalJourney {
        step: step(journey, &bills),
        queue: journey.queue.as_ref().map(|queue| wire::HospitalQueue {
            number: queue.number.clone(),
            ahead: queue.ahead,
            called: queue.is_called,
        }),
        bills,
        reports: journey.reports.iter().map(report).collect(),
        messages: journey.messages.iter().map(message).collect(),
        may_ask: is_called,
    }
}

/// The one thing to do next.
fn step(journey: &Journey, bills: &[wire::HospitalBill]) -> wire::HospitalStep {
    use wire::{HospitalBillState, HospitalStep};
    match journey.status {
        AppointmentStatus::Booked => return HospitalStep::Arrive,
        AppointmentStatus::Cancelled | AppointmentStatus::NoShow => return HospitalStep::None,
        AppointmentStatus::Arrived | AppointmentStatus::Fulfilled => {}
    }
    let is_called = journey.queue.as_ref().is_some_and(|queue| queue.is_called);
    let is_due = |bill: &wire::HospitalBill| matches!(bill.state, HospitalBillState::Due | HospitalBillState::Paying);
    match () {
        () if bills.iter().any(is_due) => HospitalStep::Pay,
        () if !is_called => HospitalStep::Wait,
        () if journey.is_over || journey.reports.iter().any(|report| report.is_final) => HospitalStep::Ask,
        () => HospitalStep::Report,
    }
}

fn bill(invoice: &Invoice, payments: &[HospitalPayment], takes_money: bool) -> wire::HospitalBill {
    let of_it = payments.iter().rfind(|payment| payment.paid.invoice == invoice.id.as_str());
    let state = of_it.and_then(|payment| find_state(&payment.row.state));
    let is_told = of_it.is_some_and(|payment| payment.row.told);
    let told = match (invoice.status, state) {
        (InvoiceStatus::Cancelled, _) => wire::HospitalBillState::Cancelled,
        (InvoiceStatus::Balanced, _) => wire::HospitalBillState::Paid,
        (InvoiceStatus::Issued, Some(PaymentState::Captured)) if is_told => wire::HospitalBillState::Paid,
        (InvoiceStatus::Issued, Some(PaymentState::Captured)) => wire::HospitalBillState::Telling,
        (InvoiceStatus::Issued, Some(state)) if !state.is_over() => wire::HospitalBillState::Paying,
        (InvoiceStatus::Issued, _) => wire::HospitalBillState::Due,
    };
    let is_free = state.is_none_or(|state| state.is_over() || state == PaymentState::Created);
    wire::HospitalBill {
        lines: invoice
            .lines
            .iter()
            .map(|line| wire::HospitalBillLine { title: line.title.clone(), amount: line.amount })
            .collect(),
        amount: invoice.total,
        currency: "CNY".to_owned(),
        state: told,
        payment: state.map(payment_state),
        reference: of_it.and_then(|payment| payment.row.reference.clone()),
        payable: takes_money && is_free && invoice.status == InvoiceStatus::Issued && 0 < invoice.total,
    }
}

/// The state of a word that is kept.
pub fn find_state(word: &str) -> Option<PaymentState> {
    PaymentState::ALL.into_iter().find(|state| state.as_str() == word)
}

/// A report; nothing of it is told before it is final.
fn report(report: &Report) -> wire::HospitalReport {
    wire::HospitalReport {
        title: report.title.clone(),
        ready: report.is_final,
        issued_at: report.issued_at.filter(|_| report.is_final).map(time),
        conclusion: report.conclusion.clone().filter(|_| report.is_final),
        values: report.observations.iter().filter(|_| report.is_final).map(value).collect(),
    }
}

fn value(observation: &Observation) -> wire::HospitalValue {
    wire::HospitalValue {
        title: observation.title.clone(),
        value: observation.value.clone(),
        unit: observation.unit.clone(),
        range: observation.range.clone(),
        flag: match observation.flag {
            Flag::Normal => wire::HospitalFlag::Normal,
            Flag::High => wire::HospitalFlag::High,
            Flag::Low => wire::HospitalFlag::Low,
            Flag::Abnormal => wire::HospitalFlag::Abnormal,
        },
    }
}

fn message(message: &Message) -> wire::DoctorMessage {
    wire::DoctorMessage { own: message.is_own, sent_at: time(message.sent_at), text: message.text.clone() }
}
