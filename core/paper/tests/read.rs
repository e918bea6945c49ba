//! The strict reader: its own files and no others, whatever else is done to them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{face, seal, sheet};
use dipper_paper::{MAX_PAPER_BYTES, Paper, ReadError, is_paper, print, read};
use proptest::prelude::*;

fn printed() -> Option<Vec<u8>> {
    face().map(|face| print(&sheet(), &face, seal).unwrap())
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = bytes.windows(from.len()).rposition(|window| window == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

/// Whether the seal of what was read still fits it.
fn is_whole(paper: &Paper) -> bool {
    paper.seal == seal(&paper.digest)
}

#[test]
fn each_rule_has_its_error() {
    assert_eq!(read(b""), Err(ReadError::NotPdf));
    assert_eq!(read(b"%PDF-1.7\n"), Err(ReadError::Form));
    assert!(is_paper(b"%PDF-1.4") && !is_paper(b"eyJ"));
    let Some(good) = printed() else { return };
    let grown = |by: usize| [good.clone(), vec![b' '; by]].concat();
    for (what, bytes, error) in [
        ("no PDF", replaced(&good, "%PDF-1.7", "%PDX-1.7"), ReadError::NotPdf),
        ("too large", grown(MAX_PAPER_BYTES), ReadError::TooLarge),
        ("cut", good[..good.len() - 8].to_vec(), ReadError::Form),
        ("goes on after its end", [&good[..], b"\n1 0 obj\nnull\nendobj"].concat(), ReadError::Form),
        ("saved again", replaced(&good, "/Root ", "/Prev 9/Root "), ReadError::Form),
        ("encrypted", replaced(&good, "/Root ", "/Encrypt 9 0 R/Root "), ReadError::Form),
        ("no attachments", replaced(&good, "/EmbeddedFiles", "/EmbeddedFilez"), ReadError::NoLicence),
        ("another name", replaced(&good, "Names[(licence.sd-jwt)", "Names[(licence.sd-jwz)"), ReadError::NoLicence),
        ("compressed", replaced(&good, "/Type/EmbeddedFile", "/Filter/X/EmbeddedFile"), ReadError::Form),
        ("the table is elsewhere", replaced(&good, "startxref\n", "startxref\n1"), ReadError::Form),
    ] {
        assert_eq!(read(&bytes), Err(error), "{what}");
    }
}

#[test]
fn a_stroke_that_changes_breaks_the_seal() {
    let Some(good) = printed() else { return };
    assert!(is_whole(&read(&good).unwrap()));
    // Every byte near what is read, and every 97th of the rest.
    let licence = sheet().attached.licence;
    let near = good.windows(licence.len()).position(|window| window == licence.as_bytes()).unwrap();
    let places =
        (0..good.len()).filter(|at| at % 97 == 0 || (near..near + 400).contains(at) || at + 2_500 > good.len());
    for at in places {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        if let Ok(paper) = read(&bytes) {
            assert!(!is_whole(&paper), "byte {at}");
        }
    }
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&[b"%PDF-1.7\n".as_slice(), &tail].concat());
    }

    #[test]
    fn anything_in_the_form_of_a_file_is_read_or_refused(
        objects in proptest::collection::vec("[<>\\[\\]()/ 0-9RA-Fn]{0,40}|<</Type/Catalog/Names 2 0 R>>|<</EmbeddedFiles<</Names\\[\\(a\\)1 0 R\\]>>>>", 1..5),
        root in 0usize..5,
    ) {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f\n", objects.len() + 1);
        for (at, object) in objects.iter().enumerate() {
            table += &format!("{:010} 00000 n\n", bytes.len());
            bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
        }
        let start = bytes.len();
        bytes.extend(format!("{table}trailer\n<</Root {root} 0 R>>\nstartxref\n{start}\n%%EOF").bytes());
        let _ = read(&bytes);
    }
}
