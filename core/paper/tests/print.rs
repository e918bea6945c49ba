//! Sheets printed and read again.
mod common;

use common::{face, seal, sheet};
use dipper_paper::{print, read};

#[test]
fn a_sheet_is_printed() {
    let Some(face) = face() else { return };
    let bytes = print(&sheet(), &face, seal).unwrap();
    if let Some(folder) = option_env!("PAPER_OUT") {
        std::fs::write(format!("{folder}/sheet.pdf"), &bytes).unwrap();
    }
    let paper = read(&bytes).unwrap();
    assert_eq!(paper.licence, sheet().attached.licence);
}
