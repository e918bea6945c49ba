//! Fees and their payments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, Time};

/// What is to be paid for an application, and how far that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeeView {
    /// How much, in the smallest unit of the currency (fen, 1/100 yuan).
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// How far the last payment is; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<PaymentState>,
    /// The gateway's own number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reference: Option<String>,
    /// Whether a payment can be begun now.
    pub payable: bool,
    /// What is paid together, fee by fee.
    pub fees: Vec<FeeLineView>,
    /// Parts that went back, or are to, in the order decided.
    pub refunds: Vec<RefundView>,
    /// How much is back, in the smallest unit.
    pub refunded: i64,
}

/// One fee of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeeLineView {
    /// What is paid for.
    pub title: Text,
    /// The law or the standard it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub basis: Option<Text>,
    /// How much is paid for it, in the smallest unit.
    pub amount: i64,
    /// How much it would be without the reduction.
    pub full: i64,
    /// The reduction that applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reduction: Option<Text>,
}

/// A part of a payment that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundView {
    /// How much, in the smallest unit.
    pub amount: i64,
    /// When it was decided.
    pub asked_at: Time,
    /// When it was back; absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub made_at: Option<Time>,
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Asked for; the payer has not answered yet.
    Created,
    /// The payer agreed; the money is held.
    Authorised,
    /// The money is held and could not be taken yet.
    CaptureRetry,
    /// The money is here.
    Captured,
    /// The payer or their bank refused.
    Failed,
    /// The payer did not answer in time.
    Expired,
    /// The money is to go back.
    Refunding,
    /// The money is back.
    Refunded,
}

/// A payment begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentBegun {
    /// Which.
    pub payment: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// Where the payer agrees or refuses: another site.
    pub pay_url: String,
}
