//! Payments: a small explicit state machine. Money is in the smallest unit of the city's currency (fen, 1/100 yuan).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::EventBody;
use crate::ids::{FormId, PaymentId};
use crate::time::Instant;

/// How far a payment is. The gateway is the truth; a state is only written once it has told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Asked for; the payer has not answered yet.
    Created,
    /// The payer agreed; the money is held.
    Authorised,
    /// The money is held and could not be taken yet; it is tried again.
    CaptureRetry,
    /// The money is here.
    Captured,
    /// The payer or their bank refused.
    Failed,
    /// The payer did not answer in time; the gateway takes nothing more for it.
    Expired,
    /// The money is to go back.
    Refunding,
    /// The money is back.
    Refunded,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Authorised,
        Self::CaptureRetry,
        Self::Captured,
        Self::Failed,
        Self::Expired,
        Self::Refunding,
        Self::Refunded,
    ];

    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Authorised => "authorised",
            Self::CaptureRetry => "capture_retry",
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }

    /// Whether this state may be followed by another one.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Created => matches!(next, Self::Authorised | Self::Captured | Self::Failed | Self::Expired),
            Self::Authorised | Self::CaptureRetry => {
                matches!(next, Self::CaptureRetry | Self::Captured | Self::Failed | Self::Expired)
                    && !(matches!(self, Self::CaptureRetry) && matches!(next, Self::CaptureRetry))
            }
            Self::Captured => matches!(next, Self::Refunding),
            Self::Refunding => matches!(next, Self::Refunded),
            Self::Failed | Self::Expired | Self::Refunded => false,
        }
    }

    /// Whether nothing more can happen to it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Expired | Self::Refunded)
    }
}

/// A line of what is paid together: a fee, by the id its service gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeLine {
    /// Which fee of the service.
    pub fee: FormId,
    /// How much is paid for it, in the smallest unit.
    pub amount: i64,
    /// How much it would be without the reduction.
    pub full: i64,
    /// The reduction (减免) that applies, by the id the fee gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction: Option<FormId>,
}

/// A part of a payment that goes back while the rest stays. Numbered 1, 2, 3 … within its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRefund {
    /// How much, in the smallest unit.
    pub amount: i64,
    /// When it was decided.
    pub asked_at: Instant,
    /// When the gateway told that it is back.
    pub made_at: Option<Instant>,
}

impl Payment {
    /// How much of it is back.
    pub fn refunded(&self) -> i64 {
        match self.state {
            PaymentState::Refunded => self.amount,
            _ => self.refunds.iter().filter(|part| part.made_at.is_some()).map(|part| part.amount).sum(),
        }
    }

    /// How much of it can still be given back in part: what was taken, less every part that was decided.
    pub fn refundable(&self) -> i64 {
        match self.state {
            PaymentState::Captured => self.amount - self.refunds.iter().map(|part| part.amount).sum::<i64>(),
            _ => 0,
        }
    }

    /// Parts that were decided and are not known to be back, with their numbers. None once the whole goes back: that
    /// takes with it whatever had not gone.
    pub fn parts_under_way(&self) -> impl Iterator<Item = (u32, &PartRefund)> {
        let is_whole = self.state != PaymentState::Captured;
        let parts = (1..).zip(&self.refunds);
        parts.filter(move |(_, part)| !is_whole && part.made_at.is_none())
    }

    /// Its state for whoever settles payments: one with a part under way is refunding.
    pub fn settling(&self) -> PaymentState {
        if self.parts_under_way().next().is_some() { PaymentState::Refunding } else { self.state }
    }
}

/// A payment of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// How far it is.
    pub state: PaymentState,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// When it was asked for.
    pub created_at: Instant,
    /// When its state changed last.
    pub changed_at: Instant,
    /// The gateway's own number for it.
    pub reference: Option<String>,
    /// Parts of it that went back, or are to.
    pub refunds: Vec<PartRefund>,
}

/// Applies what an event tells of payments; any other is none of theirs.
pub(crate) fn apply_payment(payments: &mut BTreeMap<PaymentId, Payment>, body: &EventBody, at: Instant) {
    match body {
        EventBody::Paying { payment, state, amount, reference, .. } => {
            let before = payments.get(payment);
            let created_at = before.map_or(at, |before| before.created_at);
            let reference = reference.clone().or_else(|| before.and_then(|before| before.reference.clone()));
            let refunds = before.map(|before| before.refunds.clone()).unwrap_or_default();
            let (state, amount) = (*state, *amount);
            payments.insert(*payment, Payment { state, amount, created_at, changed_at: at, reference, refunds });
        }
        EventBody::RefundAsked { payment, amount, .. } => {
            if let Some(payment) = payments.get_mut(payment) {
                payment.refunds.push(PartRefund { amount: *amount, asked_at: at, made_at: None });
                payment.changed_at = at;
            }
        }
        EventBody::RefundMade { payment, part } => {
            let Some(payment) = payments.get_mut(payment) else { return };
            payment.changed_at = at;
            if let Some(made) = payment.refunds.get_mut((*part as usize).wrapping_sub(1)) {
                made.made_at = Some(at);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_one_way() {
        let table: Vec<String> = PaymentState::ALL
            .into_iter()
            .map(|from| {
                let next = PaymentState::ALL.into_iter().filter(|to| from.may_become(*to)).map(PaymentState::as_str);
                format!("{} → {}", from.as_str(), next.collect::<Vec<_>>().join(" | "))
            })
            .collect();
        let expect = [
            "created → authorised | captured | failed | expired",
            "authorised → capture_retry | captured | failed | expired",
            "capture_retry → captured | failed | expired",
            "captured → refunding",
            "failed → ",
            "expired → ",
            "refunding → refunded",
            "refunded → ",
        ];
        assert_eq!(table, expect);
    }
}
