//! Fees and payments to the wire.

use model::{Case, PaymentState};
use pack::City;

use crate::wire;

/// The fee of an application; `None` where nothing is paid online.
pub fn fee(case: &Case, city: &City, is_taken_here: bool) -> Option<wire::FeeView> {
    let (_, service) = city.service_of(&case.category)?;
    let amount = service.fee_due()?;
    let last = case.payments.values().next_back();
    let is_free = last.is_none_or(|last| last.state.is_over() || last.state == PaymentState::Created);
    Some(wire::FeeView {
        amount: last.map_or(amount, |last| last.amount),
        currency: "CNY".to_owned(),
        state: last.map(|last| state(last.state)),
        reference: last.and_then(|last| last.reference.clone()),
        payable: is_taken_here && is_free && case.is_open(),
    })
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
