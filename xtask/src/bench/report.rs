//! Numbers as people read them, and tables in a document.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

/// Durations of many calls.
#[derive(Debug, Clone, Default)]
pub struct Durations(Vec<u64>);

impl Durations {
    /// Adds one.
    pub fn push(&mut self, took: Duration) {
        self.0.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Takes all of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration that `part` of all stay within, in milliseconds; nearest rank.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are far below 2^53"
    )]
    pub fn quantile_ms(&mut self, part: f64) -> f64 {
        self.0.sort_unstable();
        let rank = (part * self.0.len() as f64).ceil().max(1.0) as usize;
        self.0.get(rank - 1).map_or(0.0, |us| *us as f64 / 1_000.0)
    }
}

/// A Markdown table with a caption; the first column is text, the others numbers.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let rule: Vec<String> =
        (0..head.len()).map(|at| if at == 0 { "---".to_owned() } else { "---:".to_owned() }).collect();
    format!("{caption}\n\n{}{}{}", line(&head), line(&rule), rows.iter().map(|row| line(row)).collect::<String>())
}

/// A number with the digits that mean something: three, and none after the point from a thousand on.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
            groups.join(" ")
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The machine and the day, for the caption of a table.
pub fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0);
    let date = Command::new("date")
        .arg("+%Y-%m-%d")
        .output()
        .map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{date}, {cores} cores ({model}), {} GiB, the driver on the same cores", kib.div_ceil(1 << 20))
}

/// Puts a table between `<!-- bench NAME -->` and `<!-- end -->`.
pub fn write(document: &Path, section: &str, table: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(document).with_context(|| format!("cannot read {}", document.display()))?;
    let text =
        replace(&text, section, table).with_context(|| format!("{} has no place for {section}", document.display()))?;
    std::fs::write(document, text).with_context(|| format!("cannot write {}", document.display()))
}

fn replace(text: &str, section: &str, table: &str) -> Option<String> {
    let open = format!("<!-- bench {section} -->\n");
    let start = text.find(&open)? + open.len();
    let end = start + text.get(start..)?.find("<!-- end -->")?;
    Some(format!("{}\n{}\n\n{}", &text[..start], table.trim_end(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Durations, number, replace, table};

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let mut durations = Durations::default();
        (1..=100).rev().for_each(|ms| durations.push(Duration::from_millis(ms)));
        assert_eq!([0.5, 0.99, 1.0].map(|part| durations.quantile_ms(part)), [50.0, 99.0, 100.0]);
        assert_eq!(Durations::default().quantile_ms(0.5), 0.0);
    }

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!(
            [0.123_4, 12.34, 123.4, 1_234.0, 1_234_567.8].map(number),
            ["0.12", "12.3", "123", "1 234", "1 234 568"]
        );
    }

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let made = table("Caption", &["a", "b"], &[vec!["x".to_owned(), "1".to_owned()]]);
        let document = "# P\n<!-- bench grid -->\nold\n<!-- end -->\nrest\n";
        let once = replace(document, "grid", &made).unwrap();
        assert!(once.contains("| x | 1 |\n\n<!-- end -->\nrest") && !once.contains("old"), "{once}");
        assert_eq!(replace(&once, "grid", &made).unwrap(), once);
        assert!(replace(document, "store", &made).is_none());
    }
}
