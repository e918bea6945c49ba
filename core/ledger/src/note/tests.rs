//! What a note accepts, and the many it refuses.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

fn known(seed: u8, signer: &str) -> VerifierKey {
    VerifierKey::new(name(signer), KeyKind::Ed25519, key(seed).verifying_key()).unwrap()
}

#[test]
fn the_note_of_the_specification_verifies() {
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    let keys = [VKEY.parse().unwrap()];
    assert_eq!(note.verify(&keys).unwrap(), [Signed { key: &keys[0], time_s: None }]);
    assert_eq!(note.to_string(), NOTE);
}

#[test]
fn a_note_out_of_form_is_refused() {
    let line = "\u{2014} a AAAAAAA=";
    for (text, error) in [
        (String::new(), NoteError::Form),
        ("x".into(), NoteError::Form),
        ("x\n".into(), NoteError::Form),
        ("x\n\n".into(), NoteError::Unsigned),
        (format!("x\n{line}\n"), NoteError::Form),
        (format!("x\n\n{line}"), NoteError::Form),
        (format!("x\n\n{line}\n\n"), NoteError::Unsigned),
        (format!("x\n\n{line}\ny\n"), NoteError::Line),
        (format!("x\n\n{line} \n"), NoteError::Line),
        (format!("x\n\n {line}\n"), NoteError::Line),
        ("x\n\n- a AAAAAAA=\n".into(), NoteError::Line),
        ("x\n\n\u{2014} a AAAAAA==\n".into(), NoteError::Line),
        ("x\n\n\u{2014} a AAAAAAB=\n".into(), NoteError::Line),
        ("x\n\n\u{2014} a AAAAAAA\n".into(), NoteError::Line),
        ("x\n\n\u{2014} aAAAAAAA=\n".into(), NoteError::Line),
        ("x\n\n\u{2014}  AAAAAAA=\n".into(), NoteError::Name(KeyError::Name)),
        ("x\n\n\u{2014} a+b AAAAAAA=\n".into(), NoteError::Name(KeyError::Name)),
        ("x\n\n\u{2014} a\u{a0}b AAAAAAA=\n".into(), NoteError::Name(KeyError::Name)),
        (format!("x\r\n\n{line}\n"), NoteError::Characters),
        (format!("x\t\n\n{line}\n"), NoteError::Characters),
        (format!("x\0\n\n{line}\n"), NoteError::Characters),
    ] {
        assert_eq!(Note::parse(text.as_bytes()), Err(error), "{text:?}");
    }
    assert_eq!(Note::parse(b"x\xff\n\n"), Err(NoteError::Characters));
    assert!(Note::parse(format!("x\n\n{line}\n").as_bytes()).is_ok());
    assert!(Note::parse(format!("x\n\ny\n\n\n{line}\n").as_bytes()).is_ok());
}

#[test]
fn limits_are_kept() {
    let big = vec![b'x'; MAX_NOTE_BYTES + 1];
    assert_eq!(Note::parse(&big), Err(NoteError::TooLarge { got: MAX_NOTE_BYTES + 1 }));
    let lines = |n: usize| -> String { (0..n).map(|i| format!("\u{2014} k{i} AAAAAAA=\n")).collect() };
    assert_eq!(Note::parse(format!("x\n\n{}", lines(100)).as_bytes()).unwrap().signatures().len(), 100);
    assert_eq!(Note::parse(format!("x\n\n{}", lines(101)).as_bytes()), Err(NoteError::TooManySignatures));
    let text = "x".repeat(MAX_NOTE_BYTES - 1) + "\n";
    assert!(matches!(Note::sign(&text, &name("a"), &key(1)), Err(NoteError::TooLarge { .. })));
    assert_eq!(Note::sign("x", &name("a"), &key(1)), Err(NoteError::Text));
}

#[test]
fn one_false_line_of_a_known_key_spoils_the_note() {
    let signed = Note::sign("text\n", &name("a"), &key(1)).unwrap();
    let other = Note::sign("other\n", &name("b"), &key(2)).unwrap();
    let note = signed.with(other.signatures()[0].clone()).unwrap();
    assert_eq!(note.verify(&[known(1, "a")]).unwrap().len(), 1);
    let both = [known(1, "a"), known(2, "b")];
    assert_eq!(note.verify(&both), Err(NoteError::BadSignature { name: name("b") }));
}

#[test]
fn a_note_without_a_known_key_is_refused() {
    let note = Note::sign("text\n", &name("a"), &key(1)).unwrap();
    for stranger in [known(2, "a"), known(1, "b")] {
        assert_eq!(note.find_signed(std::slice::from_ref(&stranger)).unwrap(), []);
        assert_eq!(note.verify(&[stranger]), Err(NoteError::NoKnownKey));
    }
}

#[test]
fn two_lines_of_one_key_are_refused() {
    let note = Note::sign("text\n", &name("a"), &key(1)).unwrap();
    let line = note.signatures()[0].clone();
    let duplicate = NoteError::Duplicate { name: name("a"), id: line.id() };
    assert_eq!(note.clone().with(line.clone()), Err(duplicate.clone()));
    assert_eq!(Note::parse(format!("{note}{line}\n").as_bytes()), Err(duplicate));
}

proptest! {
    #[test]
    fn signed_notes_round_trip_and_verify(lines in vec("[ -~\u{4e00}-\u{4e20}]{0,20}", 1..6), seed: u8) {
        let text = lines.join("\n") + "\n";
        let note = Note::sign(&text, &name("n"), &key(seed)).unwrap();
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read, &note);
        prop_assert!(read.verify(&[known(seed, "n")]).is_ok());
    }

    #[test]
    fn any_flipped_bit_is_refused(place in 0..NOTE.len() * 8) {
        let mut bytes = NOTE.as_bytes().to_vec();
        bytes[place / 8] ^= 1 << (place % 8);
        let keys = [VKEY.parse().unwrap()];
        prop_assert!(Note::parse(&bytes).and_then(|n| n.verify(&keys).map(|_| ())).is_err());
    }

    #[test]
    fn what_reads_as_a_note_writes_alike(bytes in "[a\n]{0,6}\n\n(\u{2014} [ab+ ]{1,2} [AB=]{8}\n){0,3}[a\n]?") {
        if let Ok(note) = Note::parse(bytes.as_bytes()) {
            prop_assert_eq!(note.to_string(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Note::parse(&bytes);
    }
}
