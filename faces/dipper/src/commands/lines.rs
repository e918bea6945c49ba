//! Line filters: one line in, one line out, faults on standard error with their line number.

use std::io::{BufRead, Write};
use std::process::ExitCode;

/// Answers every line. A line that does not fit gives an empty line and a message, and the exit code says so at the end:
/// the output stays beside the input, line for line.
pub fn each_line(
    input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for (number, line) in (1..).zip(input.lines()) {
        let line = line?;
        match answer(line.trim_end_matches('\r')) {
            Ok(text) => writeln!(output, "{text}")?,
            Err(error) => {
                writeln!(output)?;
                eprintln!("line {number}: {error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    output.flush()?;
    Ok(code)
}
