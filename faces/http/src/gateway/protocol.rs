//! What is said between the city and a payment gateway: small JSON bodies, each signed with a shared secret and a time.
//!
//! Both directions use the same signature, `t=SECONDS,v1=HEX`: HMAC-SHA-256 over `SECONDS.BODY`, as card processors do. A
//! body that is older than five minutes is refused, so that one that was overheard cannot be played again later; one that
//! is played at once changes nothing, since everything is named by the payment's id.

use act::payments;
use model::PaymentId;
use serde::{Deserialize, Serialize};

pub use crate::signature::{SignatureError, check, sign};

/// The header of a signature.
pub const SIGNATURE_HEADER: &str = "x-payment-signature";

/// Longest body, bytes.
pub const BODY_MAX: usize = 16_384;

/// A question to the gateway about one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Which payment.
    pub payment: PaymentId,
    /// What is asked.
    pub what: What,
}

/// What is asked. Each may be asked again: the answer is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Begin it.
    Create {
        /// How much, in the smallest unit.
        amount: i64,
        /// ISO 4217.
        currency: String,
        /// What is paid for, in words for the payer.
        subject: String,
        /// Where the payer goes back to.
        return_url: String,
    },
    /// Say how far it is.
    Find,
    /// Take the money that is held.
    Capture,
    /// Take nothing more for it. What was taken stays taken.
    Cancel,
    /// Give a part of the money back, by its number; the rest stays.
    RefundPart {
        /// Which part: 1, 2, 3 …
        part: u32,
        /// How much, in the smallest unit.
        amount: i64,
    },
    /// Give all of the money back that is not back yet.
    Refund,
}

/// How far the gateway says a payment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Which payment.
    pub payment: PaymentId,
    /// How far it is.
    pub standing: Standing,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// The gateway's own number.
    pub reference: String,
    /// Where the payer agrees or refuses, while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_url: Option<String>,
    /// Parts that went back: their numbers and how much each was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(u32, i64)>,
}

/// How far a payment is, as the gateway knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The gateway never heard of it.
    Unknown,
    /// The payer has not answered.
    Open,
    /// The payer agreed; the money is held.
    Authorised,
    /// The money was taken.
    Captured,
    /// The payer or their bank refused.
    Failed,
    /// Cancelled before anything was taken.
    Cancelled,
    /// The money was given back.
    Refunded,
}

impl From<payments::Ask> for Ask {
    fn from(ask: payments::Ask) -> Self {
        let what = match ask.what {
            payments::What::Create { amount, currency, subject, return_url } => {
                What::Create { amount, currency, subject, return_url }
            }
            payments::What::Find => What::Find,
            payments::What::Capture => What::Capture,
            payments::What::Cancel => What::Cancel,
            payments::What::RefundPart { part, amount } => What::RefundPart { part, amount },
            payments::What::Refund => What::Refund,
        };
        Self { payment: ask.payment, what }
    }
}

impl From<Told> for payments::Told {
    fn from(told: Told) -> Self {
        let standing = match told.standing {
            Standing::Unknown => payments::Standing::Unknown,
            Standing::Open => payments::Standing::Open,
            Standing::Authorised => payments::Standing::Authorised,
            Standing::Captured => payments::Standing::Captured,
            Standing::Failed => payments::Standing::Failed,
            Standing::Cancelled => payments::Standing::Cancelled,
            Standing::Refunded => payments::Standing::Refunded,
        };
        let Told { payment, amount, reference, pay_url, parts, .. } = told;
        Self { payment, standing, amount, reference, pay_url, parts }
    }
}
