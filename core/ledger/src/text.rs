//! The text rules all C2SP formats share: canonical numbers and base64.
//!
//! One value has one spelling. A second spelling would let two parties hold
//! different bytes for "the same" proof, so it is refused, never repaired.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Reads an ASCII decimal: no sign, no leading zero, at most [`crate::MAX_SIZE`].
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || (bytes[0] == b'0' && bytes.len() > 1) {
        return None;
    }
    if !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.parse().ok().filter(|n| *n <= crate::MAX_SIZE)
}

/// Writes RFC 4648 standard base64 with padding.
pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads RFC 4648 standard base64; only the spelling `encode_base64` writes.
///
/// The `STANDARD` engine refuses missing padding and non-zero trailing bits,
/// which are the only two freedoms the alphabet leaves.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether the text holds a control character below U+0020 other than newline.
pub(crate) fn has_control(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, expect) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("9223372036854775807", Some(crate::MAX_SIZE)),
            ("9223372036854775808", None),
            ("18446744073709551616", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("1 ", None),
            ("1_0", None),
            ("١", None),
            ("", None),
        ] {
            assert_eq!(parse_number(text), expect, "{text:?}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(decode_base64("AA=="), Some(vec![0]));
        for bad in ["AA", "AA=", "AB==", "AA==\n", "A A=", "AA-_", "====", "AAA=A"] {
            assert_eq!(decode_base64(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_base64_decodes_it_encodes_alike(text in "[A-Za-z0-9+/=]{0,12}") {
            if let Some(bytes) = decode_base64(&text) {
                prop_assert_eq!(encode_base64(&bytes), text);
            }
        }

        #[test]
        fn numbers_round_trip(n in 0..=crate::MAX_SIZE) {
            prop_assert_eq!(parse_number(&n.to_string()), Some(n));
        }
    }
}
