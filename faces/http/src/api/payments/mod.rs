//! Paying the fee of an application.

pub mod begin_payment;
pub mod get_fee;
pub mod notify;
