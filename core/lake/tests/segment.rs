//! Segments cut and flipped at every place.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{noon, reading};
use dipper_lake::segment::{FRAME_BYTES, HEADER_BYTES, Header, READING_BYTES, push_frame, read};
use model::{Instant, Reading};
use proptest::prelude::*;

const HEADER: Header = Header { number: 3, made_at: Instant::from_micros(1_780_000_000_000_000) };

fn groups(sizes: &[u32]) -> Vec<Vec<Reading>> {
    let row = |group: usize, row| reading(row, row % 5, noon() + group as i64 * 1_000 + i64::from(row), 0.1);
    sizes.iter().enumerate().map(|(group, size)| (0..*size).map(|at| row(group, at)).collect()).collect()
}

/// Groups as a segment, with a mark at the end if wanted.
fn bytes(groups: &[Vec<Reading>], marked: bool) -> Vec<u8> {
    let mut bytes = HEADER.to_bytes().to_vec();
    for (frame, group) in groups.iter().enumerate() {
        push_frame(&mut bytes, HEADER, frame as u64, group.iter());
    }
    if marked {
        push_frame(&mut bytes, HEADER, groups.len() as u64, [].iter());
    }
    bytes
}

#[test]
fn a_cut_loses_the_group_it_cuts_and_no_other() {
    let groups = groups(&[3, 1, 7]);
    let whole = bytes(&groups, true);
    let ends = [0, 3, 4, 11].map(|rows| HEADER_BYTES + rows * READING_BYTES);
    for length in 0..=whole.len() {
        let segment = read(&whole[..length]).unwrap();
        let expected = (1..4).filter(|group| ends[*group] + group * FRAME_BYTES <= length).count();
        assert_eq!(segment.groups, groups[..expected], "cut at {length}");
        assert!(segment.good_bytes <= length);
        assert_eq!(segment.torn, segment.good_bytes < length);
    }
}

#[test]
fn a_flipped_bit_before_a_mark_is_named() {
    let groups = groups(&[3, 1, 7]);
    let whole = bytes(&groups, true);
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut other = whole.clone();
            other[at] ^= 1 << bit;
            match read(&other) {
                Err(fault) => assert!(fault.offset <= at, "{fault} for bit {bit} of byte {at}"),
                // The mark itself: nothing acknowledged is in it.
                Ok(segment) => {
                    assert!(at >= whole.len() - FRAME_BYTES, "bit {bit} of byte {at} went unnoticed");
                    assert_eq!(segment.groups, groups);
                }
            }
        }
    }
}

#[test]
fn a_group_of_another_segment_is_none_of_this() {
    let mut whole = bytes(&groups(&[2]), false);
    push_frame(&mut whole, Header { number: 4, ..HEADER }, 1, groups(&[2])[0].iter());
    let segment = read(&whole).unwrap();
    assert_eq!((segment.groups.len(), segment.torn), (1, true));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&tail);
        let mut whole = bytes(&groups(&[2]), false);
        whole.extend(&tail);
        match read(&whole) {
            Ok(segment) => prop_assert_eq!(segment.groups.len(), 1),
            Err(fault) => prop_assert!(fault.offset > HEADER_BYTES),
        }
    }

    #[test]
    fn groups_read_back(sizes in prop::collection::vec(1_u32..50, 0..20), marked in any::<bool>()) {
        let groups = groups(&sizes);
        let whole = bytes(&groups, marked);
        let segment = read(&whole).unwrap();
        prop_assert_eq!(&segment.groups, &groups);
        prop_assert_eq!((segment.good_bytes, segment.torn, segment.marked), (whole.len(), false, marked));
    }
}
