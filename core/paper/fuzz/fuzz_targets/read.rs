//! Any bytes read within their bounds or are refused; what reads has three texts without white space.
#![no_main]

use dipper_paper::{MAX_PAPER_BYTES, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(paper) = read(bytes) else { return };
    assert!(bytes.len() <= MAX_PAPER_BYTES);
    for text in [&paper.licence, &paper.status, &paper.seal] {
        assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
});
