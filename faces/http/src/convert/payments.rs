//! Fees and payments to the wire.

use model::{Case, FeeLine, PartRefund, Payment, PaymentState};
use pack::{City, Service};

use super::{text, time};
use crate::wire;

/// The fee of an application; `None` where nothing is paid online.
pub fn fee(case: &Case, city: &City, is_taken_here: bool) -> Option<wire::FeeView> {
    let (_, service) = city.service_of(&case.category)?;
    let lines = service.fees_of(case.application.as_ref());
    let amount = service.fee_due(case.application.as_ref()).or_else(|| lines.first().map(|_| 0))?;
    let last = case.payments.values().next_back();
    let is_free = last.is_none_or(|last| last.state.is_over() || last.state == PaymentState::Created);
    Some(wire::FeeView {
        amount: last.map_or(amount, |last| last.amount),
        currency: "CNY".to_owned(),
        state: last.map(|last| state(last.state)),
        reference: last.and_then(|last| last.reference.clone()),
        payable: is_taken_here && is_free && case.is_open() && amount > 0,
        fees: lines.iter().map(|line| fee_line(service, line)).collect(),
        refunds: last.into_iter().flat_map(|last| &last.refunds).map(refund).collect(),
        refunded: last.map_or(0, Payment::refunded),
    })
}

fn fee_line(service: &Service, line: &FeeLine) -> wire::FeeLineView {
    let fee = service.fees.iter().find(|fee| fee.id.as_ref() == Some(&line.fee)).or(service.fees.first());
    let reductions = fee.map_or(&[][..], |fee| &fee.reductions[..]);
    let reduction = reductions.iter().find(|reduction| Some(&reduction.id) == line.reduction.as_ref());
    wire::FeeLineView {
        title: fee.map(|fee| text(&fee.title)).unwrap_or_default(),
        basis: fee.and_then(|fee| fee.basis.as_ref()).map(text),
        amount: line.amount,
        full: line.full,
        reduction: reduction.map(|reduction| text(&reduction.title)),
    }
}

fn refund(part: &PartRefund) -> wire::RefundView {
    wire::RefundView { amount: part.amount, asked_at: time(part.asked_at), made_at: part.made_at.map(time) }
}

/// How far a payment is.
pub const fn state(state: PaymentState) -> wire::PaymentState {
    match state {
        PaymentState::Created => wire::PaymentState::Created,
        PaymentState::Authorised => wire::PaymentState::Authorised,
        PaymentState::CaptureRetry => wire::PaymentState::CaptureRetry,
        PaymentState::Captured => wire::PaymentState::Captured,
        PaymentState::Failed => wire::PaymentState::Failed,
        PaymentState::Expired => wire::PaymentState::Expired,
        PaymentState::Refunding => wire::PaymentState::Refunding,
        PaymentState::Refunded => wire::PaymentState::Refunded,
    }
}
