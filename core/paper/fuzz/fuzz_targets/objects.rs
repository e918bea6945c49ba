//! Any objects under a sound table of them are followed or refused, round and round too.
#![no_main]

use dipper_paper::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<&[u8]>)| {
    let (root, objects) = input;
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\n", objects.len() + 1);
    for (at, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n\n", bytes.len());
        bytes.extend_from_slice(format!("{} 0 obj\n", at + 1).as_bytes());
        bytes.extend_from_slice(object);
        bytes.extend_from_slice(b"\nendobj\n");
    }
    let start = bytes.len();
    let end = format!("{table}trailer\n<</Root {root} 0 R>>\nstartxref\n{start}\n%%EOF");
    bytes.extend_from_slice(end.as_bytes());
    let _ = read(&bytes);
});
