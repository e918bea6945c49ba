//! Sheets printed: the same bytes each time, every word on the page, nothing lost that the font lacks.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{face, seal, sheet};
use dipper_paper::{Entry, Face, FaceError, PrintError, Words, print, read};

#[test]
fn the_same_sheet_gives_the_same_bytes() {
    let Some(face) = face() else { return };
    let bytes = print(&sheet(), &face, seal).unwrap();
    assert_eq!(bytes, print(&sheet(), &common::face().unwrap(), seal).unwrap());
    let later = dipper_paper::Sheet { made_at: dipper_paper::Moment { minute: 6, ..sheet().made_at }, ..sheet() };
    assert_ne!(bytes, print(&later, &face, seal).unwrap());
}

#[test]
fn what_is_attached_is_read_again() {
    let Some(face) = face() else { return };
    let paper = read(&print(&sheet(), &face, seal).unwrap()).unwrap();
    let attached = sheet().attached;
    assert_eq!((paper.licence, paper.status), (attached.licence, attached.status));
    assert_eq!(paper.seal, seal(&paper.digest), "the digest is the one that was sealed");
}

#[test]
fn it_says_that_it_is_pdf_a_3a_and_pdf_ua_1() {
    let Some(face) = face() else { return };
    let bytes = print(&sheet(), &face, seal).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for words in [
        "pdfaid:part=\"3\"",
        "pdfaid:conformance=\"A\"",
        "pdfuaid:part=\"1\"",
        "/AFRelationship/Source",
        "/AFRelationship/Data",
        "/Lang(zh-CN)",
        "application#2Fdc+sd-jwt",
    ] {
        let tagged = words.replace("=\"", ">").replace('"', "<");
        assert!(text.contains(words) || text.contains(&tagged), "{words}");
    }
}

#[test]
fn one_page_unless_there_is_more_to_say() {
    let Some(face) = face() else { return };
    let pages = |facts: usize| {
        let fact = Entry {
            name: Words::two("经营项目", "Activity"), says: Words::two("热食类食品制售", "Hot food")
        };
        let bytes = print(&dipper_paper::Sheet { facts: vec![fact; facts], ..sheet() }, &face, seal).unwrap();
        bytes.windows(12).filter(|window| window.starts_with(b"/Type/Page/")).count()
    };
    assert_eq!([0, 6, 9, 30, 60].map(pages), [1, 1, 2, 3, 4]);
}

#[test]
fn a_licence_too_long_for_a_code_says_so_and_is_attached_all_the_same() {
    let Some(face) = face() else { return };
    let mut sheet = sheet();
    sheet.attached.licence = format!("a.{}.c~", "b".repeat(20_000));
    let bytes = print(&sheet, &face, seal).unwrap();
    assert_eq!(read(&bytes).unwrap().licence, sheet.attached.licence);
}

#[test]
fn texts_of_every_kind_are_printed() {
    let Some(face) = face() else { return };
    let mut sheet = sheet();
    for text in [
        "",
        " ",
        "\n\t\r",
        "𠮷𠮾𡈽",
        "葛\u{e0100}城",
        "\u{fe00}",
        "שלום 🏮 नमस्ते",
        &"长".repeat(3_000),
        &"W".repeat(500),
        "\u{0}\u{7}",
        "\u{e000}\u{f0000}\u{feff}\u{fffe}",
    ] {
        sheet.facts = vec![Entry { name: Words::one(text), says: Words::two(text, "x") }];
        sheet.title = Words::one(if text.trim().is_empty() { "证" } else { text });
        read(&print(&sheet, &face, seal).unwrap()).unwrap();
    }
}

#[test]
fn what_is_no_font_and_what_is_no_seal_is_refused() {
    assert_eq!(Face::new(b"OTTO".as_slice().into()).unwrap_err(), FaceError);
    let Some(face) = face() else { return };
    let grows = |digest: &[u8; 32]| "s".repeat(10 + usize::from(digest[0] != 0));
    assert!(matches!(print(&sheet(), &face, grows), Err(PrintError::Document(_))));
}
