//! The functions of filters (OGC 18-088), and the relations of times that FROST-Server adds.

use model::Instant;

use super::shapes::{Shape, fits};
use super::value::{Value, day_of};

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Of texts.
    Text(OfText),
    /// A part of a time.
    Part(PartOfTime),
    /// A number to a whole one.
    Whole(ToWhole),
    /// `geo.distance`: degrees on the plane.
    Distance,
    /// `geo.length`: degrees on the plane.
    Length,
    /// A relation of shapes by its pattern (DE-9IM); `st_relate` gives its own as the third argument.
    Relate(&'static [&'static str]),
    /// A relation of times.
    Times(OfTimes),
}

/// What is done with texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfText {
    /// Whether the first lies in the second.
    SubstringOf,
    /// Whether the second lies in the first.
    Contains,
    /// Whether the first begins with the second.
    StartsWith,
    /// Whether the first ends with the second.
    EndsWith,
    /// Where the second begins in the first, from 0; -1 where it is not there.
    IndexOf,
    /// How many characters.
    Length,
    /// From a character, from 0, so many.
    Substring,
    /// Small letters.
    ToLower,
    /// Capital letters.
    ToUpper,
    /// Without space around.
    Trim,
    /// One after the other.
    Concat,
}

/// What is taken of a time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOfTime {
    /// The year.
    Year,
    /// The month, from 1.
    Month,
    /// The day of the month.
    Day,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The whole second.
    Second,
    /// What is beyond the whole second.
    Fraction,
    /// The day.
    Date,
    /// The time of day.
    Time,
    /// Minutes from UTC: every time here is in UTC.
    Offset,
}

/// Which whole number is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToWhole {
    /// The nearest; a half goes away from 0.
    Round,
    /// The next below.
    Floor,
    /// The next above.
    Ceiling,
}

/// How times lie to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfTimes {
    /// The first ends before the second begins.
    Before,
    /// The first begins after the second ends.
    After,
    /// One ends where the other begins.
    Meets,
    /// The first lies within the second.
    During,
    /// They share some time.
    Overlaps,
    /// They begin together.
    Starts,
    /// They end together.
    Finishes,
}

const INTERSECTS: &[&str] = &["T********", "*T*******", "***T*****", "****T****"];

impl Function {
    /// A function by its name, with the least and the greatest number of arguments.
    pub fn find(name: &str) -> Option<(Self, usize, usize)> {
        let text = |function, least, most| Some((Self::Text(function), least, most));
        let part = |part| Some((Self::Part(part), 1, 1));
        let relate = |patterns| Some((Self::Relate(patterns), 2, 2));
        let times = |relation| Some((Self::Times(relation), 2, 2));
        match name {
            "substringof" => text(OfText::SubstringOf, 2, 2),
            "contains" => text(OfText::Contains, 2, 2),
            "startswith" => text(OfText::StartsWith, 2, 2),
            "endswith" => text(OfText::EndsWith, 2, 2),
            "indexof" => text(OfText::IndexOf, 2, 2),
            "length" => text(OfText::Length, 1, 1),
            "substring" => text(OfText::Substring, 2, 3),
            "tolower" => text(OfText::ToLower, 1, 1),
            "toupper" => text(OfText::ToUpper, 1, 1),
            "trim" => text(OfText::Trim, 1, 1),
            "concat" => text(OfText::Concat, 2, 2),
            "year" => part(PartOfTime::Year),
            "month" => part(PartOfTime::Month),
            "day" => part(PartOfTime::Day),
            "hour" => part(PartOfTime::Hour),
            "minute" => part(PartOfTime::Minute),
            "second" => part(PartOfTime::Second),
            "fractionalseconds" => part(PartOfTime::Fraction),
            "date" => part(PartOfTime::Date),
            "time" => part(PartOfTime::Time),
            "totaloffsetminutes" => part(PartOfTime::Offset),
            "round" => Some((Self::Whole(ToWhole::Round), 1, 1)),
            "floor" => Some((Self::Whole(ToWhole::Floor), 1, 1)),
            "ceiling" => Some((Self::Whole(ToWhole::Ceiling), 1, 1)),
            "geo.distance" => Some((Self::Distance, 2, 2)),
            "geo.length" => Some((Self::Length, 1, 1)),
            "geo.intersects" | "st_intersects" => relate(INTERSECTS),
            "st_equals" => relate(&["T*F**FFF*"]),
            "st_disjoint" => relate(&["FF*FF****"]),
            "st_touches" => relate(&["FT*******", "F**T*****", "F***T****"]),
            "st_within" => relate(&["T*F**F***"]),
            "st_contains" => relate(&["T*****FF*"]),
            // A point has no part that lies elsewhere: it crosses nothing and overlaps nothing.
            "st_crosses" | "st_overlaps" => relate(&[]),
            "st_relate" => Some((Self::Relate(&[]), 3, 3)),
            "before" => times(OfTimes::Before),
            "after" => times(OfTimes::After),
            "meets" => times(OfTimes::Meets),
            "during" => times(OfTimes::During),
            "overlaps" => times(OfTimes::Overlaps),
            "starts" => times(OfTimes::Starts),
            "finishes" => times(OfTimes::Finishes),
            _ => None,
        }
    }

    /// Whether it is true or false.
    pub const fn is_condition(self) -> bool {
        match self {
            Self::Text(function) => {
                matches!(function, OfText::SubstringOf | OfText::Contains | OfText::StartsWith | OfText::EndsWith)
            }
            Self::Relate(_) | Self::Times(_) => true,
            Self::Part(_) | Self::Whole(_) | Self::Distance | Self::Length => false,
        }
    }

    /// The value for its arguments; nothing where they are not of its kind. Over many values it is taken for each.
    pub fn call(self, arguments: &[Value]) -> Value {
        let many = arguments.iter().position(|argument| matches!(argument, Value::Many(_)));
        if let Some((place, Value::Many(values))) = many.map(|place| (place, &arguments[place])) {
            let each = |value: &Value| {
                let mut arguments = arguments.to_vec();
                arguments[place] = value.clone();
                self.call(&arguments)
            };
            return Value::Many(values.iter().map(each).collect());
        }
        let value = match self {
            Self::Text(function) => of_text(function, arguments),
            Self::Part(part) => arguments.first().and_then(|value| part_of(part, value)),
            Self::Whole(to) => arguments.first().and_then(Value::number).map(|number| Value::Number(whole(to, number))),
            Self::Distance => shapes(arguments).and_then(|(one, other)| one.distance(other)).map(Value::Number),
            Self::Length => arguments.first().and_then(Value::shape).and_then(Shape::length).map(Value::Number),
            Self::Relate(patterns) => relate(patterns, arguments).map(Value::Truth),
            Self::Times(relation) => of_times(relation, arguments).map(Value::Truth),
        };
        value.unwrap_or(Value::Null)
    }
}

fn of_text(function: OfText, arguments: &[Value]) -> Option<Value> {
    let text = arguments.first()?.text()?;
    let second = || arguments.get(1)?.text();
    let number = |place: usize| arguments.get(place)?.number().map(|number| number.max(0.0) as usize);
    Some(match function {
        OfText::SubstringOf => Value::Truth(second()?.contains(&text)),
        OfText::Contains => Value::Truth(text.contains(&second()?)),
        OfText::StartsWith => Value::Truth(text.starts_with(&second()?)),
        OfText::EndsWith => Value::Truth(text.ends_with(&second()?)),
        OfText::IndexOf => {
            let found = text.find(&second()?).map(|byte| text[..byte].chars().count());
            Value::Number(found.map_or(-1.0, |characters| characters as f64))
        }
        OfText::Length => Value::Number(text.chars().count() as f64),
        OfText::Substring => {
            let count = if arguments.len() == 3 { number(2)? } else { usize::MAX };
            Value::Text(text.chars().skip(number(1)?).take(count).collect())
        }
        OfText::ToLower => Value::Text(text.to_lowercase()),
        OfText::ToUpper => Value::Text(text.to_uppercase()),
        OfText::Trim => Value::Text(text.trim().to_owned()),
        OfText::Concat => Value::Text(text + &second()?),
    })
}

fn part_of(part: PartOfTime, value: &Value) -> Option<Value> {
    let at: Instant = value.span()?.0;
    let time = jiff::tz::Offset::UTC.to_datetime(at.to_timestamp());
    let number = |number: i64| Value::Number(number as f64);
    Some(match part {
        PartOfTime::Year => number(time.year().into()),
        PartOfTime::Month => number(time.month().into()),
        PartOfTime::Day => number(time.day().into()),
        PartOfTime::Hour => number(time.hour().into()),
        PartOfTime::Minute => number(time.minute().into()),
        PartOfTime::Second => number(time.second().into()),
        PartOfTime::Fraction => Value::Number(f64::from(time.subsec_nanosecond()) / 1e9),
        PartOfTime::Date => Value::Day(day_of(at)),
        PartOfTime::Time => Value::OfDay(at.as_micros().rem_euclid(86_400_000_000)),
        PartOfTime::Offset => number(0),
    })
}

fn whole(to: ToWhole, number: f64) -> f64 {
    match to {
        ToWhole::Round => number.round(),
        ToWhole::Floor => number.floor(),
        ToWhole::Ceiling => number.ceil(),
    }
}

fn shapes(arguments: &[Value]) -> Option<(&Shape, &Shape)> {
    Some((arguments.first()?.shape()?, arguments.get(1)?.shape()?))
}

fn relate(patterns: &[&str], arguments: &[Value]) -> Option<bool> {
    let (one, other) = shapes(arguments)?;
    let matrix = one.relate(other)?;
    Some(match arguments.get(2) {
        Some(pattern) => fits(matrix, &pattern.text()?),
        None => patterns.iter().any(|pattern| fits(matrix, pattern)),
    })
}

fn of_times(relation: OfTimes, arguments: &[Value]) -> Option<bool> {
    let ((a, b), (c, d)) = (arguments.first()?.span()?, arguments.get(1)?.span()?);
    Some(match relation {
        OfTimes::Before => b < c,
        OfTimes::After => d < a,
        OfTimes::Meets => b == c || a == d,
        OfTimes::During => c <= a && b <= d,
        OfTimes::Overlaps => a <= d && c <= b,
        OfTimes::Starts => a == c,
        OfTimes::Finishes => b == d,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_give_what_the_standard_says() {
        let text = |text: &str| Value::Text(text.to_owned());
        let time = |text: &str| Value::Time(text.parse().unwrap());
        let shape = |text: &str| Value::Shape(Shape::parse(text).unwrap());
        let square = "POLYGON((0 0,2 0,2 2,0 2,0 0))";
        let (at, day) = (time("2026-03-04T05:06:07.5Z"), "2026-03-04".parse().unwrap());
        let rows = [
            ("substringof", vec![text("am"), text("lamp")], Value::Truth(true)),
            ("contains", vec![text("lamp"), text("am")], Value::Truth(true)),
            ("startswith", vec![text("灯杆"), text("灯")], Value::Truth(true)),
            ("endswith", vec![text("lamp"), text("l")], Value::Truth(false)),
            ("indexof", vec![text("灯杆"), text("杆")], Value::Number(1.0)),
            ("indexof", vec![text("a"), text("b")], Value::Number(-1.0)),
            ("length", vec![text("灯杆")], Value::Number(2.0)),
            ("substring", vec![text("lamp"), Value::Number(1.0)], text("amp")),
            ("substring", vec![text("lamp"), Value::Number(1.0), Value::Number(2.0)], text("am")),
            ("concat", vec![text("a"), Value::Number(1.0)], text("a1")),
            ("toupper", vec![text("a")], text("A")),
            ("trim", vec![text(" a ")], text("a")),
            ("length", vec![Value::Null], Value::Null),
            ("year", vec![at.clone()], Value::Number(2026.0)),
            ("month", vec![text("2026-03-04T05:06:07Z")], Value::Number(3.0)),
            ("hour", vec![at.clone()], Value::Number(5.0)),
            ("fractionalseconds", vec![at.clone()], Value::Number(0.5)),
            ("date", vec![at.clone()], Value::Day(day)),
            ("round", vec![Value::Number(2.5)], Value::Number(3.0)),
            ("ceiling", vec![Value::Number(2.1)], Value::Number(3.0)),
            ("geo.distance", vec![shape("POINT(0 0)"), shape("POINT(3 4)")], Value::Number(5.0)),
            ("st_within", vec![shape("POINT(1 1)"), shape(square)], Value::Truth(true)),
            ("st_within", vec![shape("POINT(2 1)"), shape(square)], Value::Truth(false)),
            ("st_touches", vec![shape("POINT(2 1)"), shape(square)], Value::Truth(true)),
            ("st_contains", vec![shape(square), shape("POINT(1 1)")], Value::Truth(true)),
            ("geo.intersects", vec![shape("POINT(2 1)"), shape(square)], Value::Truth(true)),
            ("st_disjoint", vec![shape("POINT(9 1)"), shape(square)], Value::Truth(true)),
            ("st_equals", vec![shape("POINT(1 1)"), shape("POINT(1 1)")], Value::Truth(true)),
            ("st_overlaps", vec![shape("POINT(1 1)"), shape(square)], Value::Truth(false)),
            ("st_relate", vec![shape("POINT(1 1)"), shape(square), text("0FFFFF212")], Value::Truth(true)),
            ("before", vec![at.clone(), time("2026-03-05T00:00:00Z")], Value::Truth(true)),
            ("during", vec![at, text("2026-03-04T00:00:00Z/2026-03-05T00:00:00Z")], Value::Truth(true)),
            (
                "length",
                vec![Value::Many(vec![text("a"), text("ab")])],
                Value::Many(vec![Value::Number(1.0), Value::Number(2.0)]),
            ),
        ];
        for (name, arguments, expect) in rows {
            let (function, least, most) = Function::find(name).unwrap();
            assert!((least..=most).contains(&arguments.len()), "{name}");
            assert_eq!(function.call(&arguments), expect, "{name} {arguments:?}");
        }
    }
}
