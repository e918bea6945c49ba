//! Decimals of FHIR, exactly: money to the smallest unit, amounts of observations as they were written.

use serde_json::Value;

use super::element::{Faulty, faulty};

/// The largest amount of an invoice taken, in the smallest unit: a million yuan.
const AMOUNT_MAX: i64 = 100_000_000;

/// A `Money` in Chinese yuan, in fen.
pub(super) fn fen(value: &Value, element: &'static str) -> Result<i64, Faulty> {
    if value["currency"] != "CNY" {
        return Err(faulty(element));
    }
    let number = value["value"].as_number().ok_or(faulty(element))?;
    hundredths(&number.to_string()).filter(|fen| (0..=AMOUNT_MAX).contains(fen)).ok_or(faulty(element))
}

/// A decimal without exponent and with at most two places that count, in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let places = places.trim_end_matches('0');
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || places.len() > 2 || !is_number(whole) || !is_number(places) {
        return None;
    }
    let places: i64 = format!("{places:0<2}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 100 + places)
}

/// A decimal as people read it.
pub(super) fn decimal(value: &Value) -> Option<String> {
    let number = value.as_number()?;
    // 5.0 and 5 are the same measurement to a reader.
    let text = number.to_string();
    Some(text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn money_is_exact_or_refused() {
        for (text, expect) in [
            ("0", Some(0)),
            ("25", Some(2_500)),
            ("25.5", Some(2_550)),
            ("25.50", Some(2_550)),
            ("0.07", Some(7)),
            ("1000000", Some(AMOUNT_MAX)),
            ("1000000.01", None),
            ("0.005", None),
            ("-1", None),
            ("1e2", Some(10_000)),
            ("1e300", None),
        ] {
            let value: Value = serde_json::from_str(&format!("{{\"value\": {text}, \"currency\": \"CNY\"}}")).unwrap();
            assert_eq!(fen(&value, "x").ok(), expect, "{text}");
        }
        assert!(fen(&json!({"value": 5, "currency": "USD"}), "x").is_err());
        assert!(fen(&json!({"value": "5", "currency": "CNY"}), "x").is_err());
        assert!(fen(&json!({"value": 5}), "x").is_err());
    }

    proptest! {
        #[test]
        fn every_amount_in_fen_comes_back(amount in 0..=AMOUNT_MAX) {
            let text = format!("{{\"value\": {}.{:02}, \"currency\": \"CNY\"}}", amount / 100, amount % 100);
            let value: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(fen(&value, "x"), Ok(amount));
        }
    }
}
