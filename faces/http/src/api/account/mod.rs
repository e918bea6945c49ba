//! Indicators, trends, receipts, and how personal data is used.

pub mod explain_receipt;
pub mod export_indicators;
pub mod get_accountability;
pub mod get_indicators;
pub mod get_receipt;
pub mod get_trends;
pub mod list_indicator_cases;
pub mod period;
pub mod receipts;
pub mod table;
