//! The QR code of a licence, as runs of dark modules.

use fast_qr::{ECL, Mode, QRBuilder};

/// A code: rows of dark runs within a square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// Modules of a side; around it at least four stay white (ISO/IEC 18004 §6.3.8).
    pub side: usize,
    /// Column, row and length of each run of dark modules.
    pub runs: Vec<(usize, usize, usize)>,
}

/// Draws a text with as much correction as fits: M for paper that is folded and copied, else L; `None` when it is too
/// long for one code.
pub(crate) fn draw(text: &str) -> Option<Code> {
    let build = |level| QRBuilder::new(text.as_bytes()).mode(Mode::Byte).ecl(level).build().ok();
    let drawn = build(ECL::M).or_else(|| build(ECL::L))?;
    let mut runs = Vec::new();
    for row in 0..drawn.size {
        let mut column = 0;
        while column < drawn.size {
            let begin = column;
            while column < drawn.size && drawn[row][column].value() {
                column += 1;
            }
            if column > begin {
                runs.push((begin, row, column - begin));
            } else {
                column += 1;
            }
        }
    }
    Some(Code { side: drawn.size, runs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correction_gives_way_before_the_code_does() {
        // Most bytes of byte mode in version 40: 2,331 with M, 2,953 with L (ISO/IEC 18004 table 7).
        for (bytes, side) in [(20, Some(25)), (2_331, Some(177)), (2_332, Some(161)), (2_953, Some(177)), (2_954, None)]
        {
            assert_eq!(draw(&"a".repeat(bytes)).map(|code| code.side), side, "{bytes}");
        }
    }
}
