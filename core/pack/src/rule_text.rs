//! One rule over readings as text, as `alarm_rules.yaml` spells it: for whoever writes one and tries it first.

use serde_json::Value;

use crate::city::AlarmRule;
use crate::faults::{Faults, Pos, Report};
use crate::lower::alarm_rules::lower_alarm_rule;
use crate::source::alarm_rules::AlarmRuleEntry;
use crate::source::read::{Reader, Source};
use crate::source::yaml;

/// Longest text of a rule, bytes.
pub const RULE_TEXT_MAX: usize = 16 * 1024;

/// The keys in the order in which people write them.
const KEYS: [&str; 20] = [
    "title",
    "category",
    "explains",
    "classes",
    "properties",
    "regions",
    "when",
    "severity",
    "levels",
    "for",
    "repeat",
    "clear",
    "hysteresis",
    "keep_firing",
    "no_data_after",
    "no_data_severity",
    "neighbours",
    "schedule",
    "flap",
    "lateness",
];

/// Reads a rule. Whether what it names is there, and its conditions are right, is another question.
///
/// # Errors
/// [`Faults`], with their lines.
pub fn read_alarm_rule(text: &str, locales: &[String]) -> Result<AlarmRule, Faults> {
    let mut report = Report::default();
    let file = report.enter("rule");
    let rule = if text.len() > RULE_TEXT_MAX {
        report.fault(Pos { file, line: 0 }, format!("longer than {RULE_TEXT_MAX} bytes"));
        None
    } else {
        match yaml::parse(text) {
            Ok(node) => AlarmRuleEntry::read(&node, &mut Reader { report: &mut report, file, locales }),
            Err((line, message)) => {
                report.fault(Pos { file, line }, message);
                None
            }
        }
    };
    match (rule, report.finish().0) {
        (Some(rule), faults) if faults.is_empty() => Ok(lower_alarm_rule(&rule)),
        (_, faults) => Err(Faults(faults)),
    }
}

/// Writes a rule, so that [`read_alarm_rule`] reads the same.
pub fn write_alarm_rule(rule: &AlarmRule) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(rule) else { return String::new() };
    if let Some(Value::Object(selector)) = fields.remove("selector") {
        for (key, value) in selector {
            let key = if key == "areas" { "regions".to_owned() } else { key };
            fields.insert(key, value);
        }
    }
    let mut text = String::new();
    for key in KEYS {
        match fields.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) if items.is_empty() => {}
            Some(Value::Array(items)) if items.iter().any(Value::is_object) => {
                text.push_str(&format!("{key}:\n"));
                for item in items {
                    text.push_str(&format!("  - {}\n", flow(item)));
                }
            }
            Some(value) => text.push_str(&format!("{key}: {}\n", flow(value))),
        }
    }
    text
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(word) => scalar(word),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields: Vec<_> = fields.map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        value => value.to_string(),
    }
}

/// A text, in quotes where it would mean something else without them.
fn scalar(word: &str) -> String {
    let is_plain = word.starts_with(|first: char| first.is_alphabetic() || first.is_ascii_digit())
        && !word.contains([':', '#', '"', '\'', '{', '}', '[', ']', ',', '%', '`', '\n', '\t', '\\'])
        && !word.ends_with(' ')
        && !matches!(word, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if is_plain { word.to_owned() } else { Value::String(word.to_owned()).to_string() }
}
