//! Values in filters, and how they compare. What cannot be compared is unequal and in no order; nothing here fails.

use std::cmp::Ordering;

use jiff::civil::Date;
use model::Instant;

use super::shapes::Shape;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Truth(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// An instant.
    Time(Instant),
    /// From one instant to another.
    Span(Instant, Instant),
    /// A length of time, microseconds.
    Duration(i64),
    /// A day of UTC.
    Day(Date),
    /// A time of day, microseconds from midnight UTC.
    OfDay(i64),
    /// A shape.
    Shape(Shape),
    /// An object or a list.
    Json(serde_json::Value),
    /// What a path over several entities leads to: a comparison holds when it holds for one of them.
    Many(Vec<Value>),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`.
    Equal,
    /// `ne`.
    Unequal,
    /// `lt`.
    Less,
    /// `le`.
    AtMost,
    /// `gt`.
    Greater,
    /// `ge`.
    AtLeast,
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Truth(truth),
            serde_json::Value::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            serde_json::Value::String(text) => Self::Text(text),
            other => Self::Json(other),
        }
    }
}

impl Value {
    /// Whether a condition of this value holds.
    pub fn holds(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Many(values) => values.iter().any(Self::holds),
            _ => false,
        }
    }

    /// How many single values it holds.
    pub fn leaves(&self) -> usize {
        match self {
            Self::Many(values) => values.iter().map(Self::leaves).sum(),
            _ => 1,
        }
    }

    /// As a number, from a text where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Truth(truth) => Some(f64::from(u8::from(*truth))),
            _ => None,
        }
    }

    /// As a text.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Truth(truth) => Some(truth.to_string()),
            Self::Time(at) => Some(at.to_string()),
            Self::Day(day) => Some(day.to_string()),
            _ => None,
        }
    }

    /// As an instant, from a text where it is one.
    pub fn time(&self) -> Option<Instant> {
        match self {
            Self::Time(at) => Some(*at),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// As the ends of a time; an instant is both.
    pub fn span(&self) -> Option<(Instant, Instant)> {
        match self {
            Self::Span(from, to) => Some((*from, *to)),
            Self::Text(text) => match text.split_once('/') {
                Some((from, to)) => Some((from.parse().ok()?, to.parse().ok()?)),
                None => self.time().map(|at| (at, at)),
            },
            _ => self.time().map(|at| (at, at)),
        }
    }

    /// As a shape.
    pub fn shape(&self) -> Option<&Shape> {
        match self {
            Self::Shape(shape) => Some(shape),
            _ => None,
        }
    }

    /// Compares with another. Texts are read as what stands on the other side: clients write `result gt '3'`.
    pub fn compare(&self, with: Comparison, other: &Self) -> bool {
        match (self, other) {
            (Self::Many(values), _) => values.iter().any(|value| value.compare(with, other)),
            (_, Self::Many(values)) => values.iter().any(|value| self.compare(with, value)),
            (Self::Null, _) | (_, Self::Null) => match with {
                Comparison::Equal => self == other,
                Comparison::Unequal => self != other,
                _ => false,
            },
            (Self::Span(..), _) | (_, Self::Span(..)) => {
                let (Some(one), Some(another)) = (self.span(), other.span()) else {
                    return with == Comparison::Unequal;
                };
                compare_spans(one, with, another)
            }
            _ => match self.order(other) {
                Some(order) => fits(order, with),
                None if with == Comparison::Equal => self == other,
                None => with == Comparison::Unequal && self != other,
            },
        }
    }

    /// The order of two values that have one.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Self::Text(another)) => Some(one.cmp(another)),
            (Self::Number(_) | Self::Truth(_), _) | (_, Self::Number(_) | Self::Truth(_)) => {
                match (self.truth_of_text(), other.truth_of_text()) {
                    (Some(one), Some(another)) => Some(one.cmp(&another)),
                    _ => self.number()?.partial_cmp(&other.number()?),
                }
            }
            (Self::Day(one), Self::Day(another)) => Some(one.cmp(another)),
            (Self::Day(day), _) => Some(day.cmp(&day_of(other.time()?))),
            (_, Self::Day(day)) => match self {
                Self::Text(text) => Some(text.parse::<Date>().ok()?.cmp(day)),
                _ => Some(day_of(self.time()?).cmp(day)),
            },
            (Self::OfDay(one), Self::OfDay(another)) | (Self::Duration(one), Self::Duration(another)) => {
                Some(one.cmp(another))
            }
            _ => Some(self.time()?.cmp(&other.time()?)),
        }
    }

    /// As a truth, where it is one or the word for one.
    fn truth_of_text(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The order of answers: nothing first, then by kind, then by value.
    pub fn rank(&self, other: &Self) -> Ordering {
        let kind = |value: &Self| match value {
            Self::Null => 0,
            Self::Truth(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::Time(_) | Self::Span(..) => 4,
            Self::Day(_) => 5,
            Self::OfDay(_) | Self::Duration(_) => 6,
            Self::Shape(_) | Self::Json(_) | Self::Many(_) => 7,
        };
        kind(self).cmp(&kind(other)).then_with(|| match (self, other) {
            (Self::Span(..), _) | (_, Self::Span(..)) => self.span().cmp(&other.span()),
            (Self::Number(one), Self::Number(another)) => one.total_cmp(another),
            _ => self.order(other).unwrap_or(Ordering::Equal),
        })
    }
}

/// The day of UTC that an instant is of.
pub fn day_of(at: Instant) -> Date {
    jiff::tz::Offset::UTC.to_datetime(at.to_timestamp()).date()
}

const fn fits(order: Ordering, with: Comparison) -> bool {
    match with {
        Comparison::Equal => order.is_eq(),
        Comparison::Unequal => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    }
}

/// Spans are before another when they end by its beginning.
fn compare_spans(one: (Instant, Instant), with: Comparison, another: (Instant, Instant)) -> bool {
    match with {
        Comparison::Equal => one == another,
        Comparison::Unequal => one != another,
        Comparison::Less => one.1 <= another.0 && one != another,
        Comparison::AtMost => one.1 <= another.0 || one == another,
        Comparison::Greater => another.1 <= one.0 && one != another,
        Comparison::AtLeast => another.1 <= one.0 || one == another,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Value {
        Value::Time(text.parse().unwrap())
    }

    #[test]
    fn texts_are_read_as_what_they_are_compared_with() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (one, with, other, expect) in [
            (Value::Number(20.0), Comparison::Greater, text("3"), true),
            (text("3"), Comparison::Less, Value::Number(20.0), true),
            (Value::Number(20.0), Comparison::Equal, text("warm"), false),
            (Value::Number(20.0), Comparison::Unequal, text("warm"), true),
            (Value::Truth(true), Comparison::Equal, text("true"), true),
            (Value::Truth(true), Comparison::Equal, Value::Number(1.0), true),
            (Value::Truth(false), Comparison::Equal, Value::Null, false),
            (Value::Null, Comparison::Equal, Value::Null, true),
            (Value::Null, Comparison::Less, Value::Number(1.0), false),
            (time("2026-01-01T00:00:00Z"), Comparison::Less, text("2026-01-01T09:00:00+08:00"), true),
            (time("2026-01-01T05:00:00Z"), Comparison::Equal, Value::Day("2026-01-01".parse().unwrap()), true),
            (Value::Many(vec![Value::Number(1.0), Value::Number(5.0)]), Comparison::Greater, Value::Number(4.0), true),
            (Value::Many(Vec::new()), Comparison::Unequal, Value::Number(4.0), false),
        ] {
            assert_eq!(one.compare(with, &other), expect, "{one:?} {with:?} {other:?}");
        }
    }

    #[test]
    fn nothing_comes_first() {
        let mut values = [Value::Text("a".to_owned()), Value::Number(2.0), Value::Null, Value::Number(-1.0)];
        values.sort_by(Value::rank);
        assert_eq!(values[..3], [Value::Null, Value::Number(-1.0), Value::Number(2.0)]);
    }
}
