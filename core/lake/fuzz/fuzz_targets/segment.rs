//! Any bytes as a segment: never a panic, and what is read writes itself back to the same groups.
#![no_main]

use dipper_lake::segment::{push_frame, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(segment) = read(bytes) else { return };
    assert!(segment.good_bytes <= bytes.len());
    let Some(header) = segment.header else { return };
    let mut again = header.to_bytes().to_vec();
    for (frame, group) in segment.groups.iter().enumerate() {
        push_frame(&mut again, header, frame as u64, group.iter());
    }
    // Values may be any bits here, also those no number equals.
    let bits = |groups: &[Vec<_>]| {
        groups.iter().flatten().map(|reading: &model::Reading| (reading.series, reading.value.to_bits())).collect::<Vec<_>>()
    };
    let read_again = read(&again).expect("what was written is right");
    assert_eq!(bits(&read_again.groups), bits(&segment.groups));
});
