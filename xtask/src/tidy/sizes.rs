//! Files stay below 500 lines and functions below 60: what does not fit in a head is divided.

use super::Breach;
use super::repository::{is_generated, is_test};
use super::rust::Source;

/// Lines of a file without its tests.
const FILE_LINES: usize = 500;
/// Lines between a function's braces.
const FUNCTION_LINES: usize = 60;

/// Sizes of a Rust file and of its functions.
pub fn check_rust(path: &str, source: &Source) -> Vec<Breach> {
    if is_test(path) || is_generated(path) {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    let lines = source.lines - source.test_lines();
    if lines > FILE_LINES {
        breaches.push(Breach::new(path, 1, "size", format!("{lines} lines without tests; at most {FILE_LINES}")));
    }
    for function in source.functions.iter().filter(|function| !function.in_test && function.body_lines > FUNCTION_LINES)
    {
        let (name, lines) = (&function.name, function.body_lines);
        let message = format!("function {name} has {lines} lines; at most {FUNCTION_LINES}");
        breaches.push(Breach::new(path, function.line, "size", message));
    }
    breaches
}

/// Sizes of code in other languages.
pub fn check_other(path: &str, text: &str) -> Vec<Breach> {
    let ends = [".ts", ".vue", ".mjs", ".js", ".css", ".py", ".sh", ".cedar"];
    if is_test(path) || is_generated(path) || !ends.iter().any(|end| path.ends_with(end)) {
        return Vec::new();
    }
    let lines = text.lines().count();
    if lines <= FILE_LINES {
        return Vec::new();
    }
    vec![Breach::new(path, 1, "size", format!("{lines} lines; at most {FILE_LINES}"))]
}
