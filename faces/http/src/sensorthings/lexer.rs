//! The words of a filter. Positions are characters from 1, as people count.

use jiff::civil::{Date, Time};
use model::Instant;

use super::shapes::Shape;
use super::value::Value;

/// Longest filter or order, bytes: a polygon of a district fits.
pub const TEXT_MAX: usize = 16 * 1_024;

/// A word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name, a path or an operator.
    Word(String),
    /// A literal.
    Literal(Value),
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,`.
    Comma,
    /// `-`.
    Minus,
}

/// What is wrong, and at which character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// From 1.
    pub character: usize,
    /// What is wrong.
    pub words: String,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// Divides a text into words, each with the character it begins at.
///
/// # Errors
/// [`Misread`] at the first word that is none.
pub fn divide(text: &str) -> Result<Vec<(usize, Token)>, Misread> {
    if text.len() > TEXT_MAX {
        return Err(Misread { character: TEXT_MAX, words: format!("it is longer than {TEXT_MAX} bytes") });
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(first) = lexer.skip_space() {
        let begin = lexer.at;
        let token = lexer.token(first).map_err(|words| Misread { character: character(text, begin), words })?;
        tokens.push((character(text, begin), token));
    }
    Ok(tokens)
}

/// The character at a byte, from 1.
fn character(text: &str, byte: usize) -> usize {
    text[..byte].chars().count() + 1
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    fn token(&mut self, first: char) -> Result<Token, String> {
        let sign = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '-' => Some(Token::Minus),
            _ => None,
        };
        if let Some(sign) = sign {
            self.at += 1;
            return Ok(sign);
        }
        match first {
            '\'' => Ok(Token::Literal(Value::Text(self.quoted()?))),
            '0'..='9' => self.figure(),
            _ if first.is_alphabetic() || matches!(first, '_' | '@') => self.word(),
            _ => Err(format!("{first:?} is not expected here")),
        }
    }

    /// A text in quotes; two quotes in it are one.
    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.text[self.at + 1..].char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter != '\'' {
                text.push(letter);
            } else if letters.peek().is_some_and(|(_, next)| *next == '\'') {
                letters.next();
                text.push('\'');
            } else {
                self.at += at + 2;
                return Ok(text);
            }
        }
        Err("this text does not end: a quote is missing".to_owned())
    }

    fn word(&mut self) -> Result<Token, String> {
        let fits = |letter: char| letter.is_alphanumeric() || "_@./:-".contains(letter);
        let end = self.rest().find(|letter| !fits(letter)).unwrap_or(self.rest().len());
        let word = self.rest()[..end].to_owned();
        self.at += end;
        if !self.rest().starts_with('\'') {
            return Ok(Token::Word(word));
        }
        let text = self.quoted()?;
        let value = match word.as_str() {
            "geography" | "geometry" => Value::Shape(Shape::parse(&text)?),
            "duration" => Value::Duration(duration(&text).ok_or_else(|| not_a("duration such as PT1H", &text))?),
            "datetime" | "datetimeoffset" => Value::Time(instant(&text).ok_or_else(|| not_a(TIME, &text))?),
            _ => return Err(format!("{word}'…' is no kind of literal: geography, duration and datetimeoffset are")),
        };
        Ok(Token::Literal(value))
    }

    /// A number, a day, a time of day, an instant or a span.
    fn figure(&mut self) -> Result<Token, String> {
        let text = self.figure_text();
        if let Ok(number) = text.parse::<f64>() {
            return Ok(Token::Literal(Value::Number(number)));
        }
        if let Ok(day) = text.parse::<Date>().map_err(drop).and_then(|day| (text.len() == 10).then_some(day).ok_or(()))
        {
            return Ok(Token::Literal(Value::Day(day)));
        }
        if text.contains(':') && !text.contains('T') {
            let time = text.parse::<Time>().map_err(|_| not_a("time of day", &text))?;
            let of_day = time.duration_since(Time::midnight());
            return Ok(Token::Literal(Value::OfDay(i64::try_from(of_day.as_micros()).unwrap_or(i64::MAX))));
        }
        let from = instant(&text).ok_or_else(|| not_a(TIME, &text))?;
        if !self.rest().starts_with('/') {
            return Ok(Token::Literal(Value::Time(from)));
        }
        self.at += 1;
        let text = self.figure_text();
        let to = instant(&text).or_else(|| Some(from.plus_micros(duration(&text)?)));
        match to.filter(|to| from <= *to) {
            Some(to) => Ok(Token::Literal(Value::Span(from, to))),
            None => Err(not_a("time after it, or a duration", &text)),
        }
    }

    /// What can be part of a figure. A plus that a client did not encode has become a space: `…T00:00:00 08:00`.
    fn figure_text(&mut self) -> String {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || ".:+-".contains(letter);
        let end = self.rest().find(|letter| !fits(letter)).unwrap_or(self.rest().len());
        let mut text = self.rest()[..end].to_owned();
        self.at += end;
        let zone = self.rest().get(..6).filter(|_| text.contains('T') && text.contains(':') && !text.ends_with('Z'));
        if let Some(zone) = zone.filter(|zone| is_zone(zone)) {
            text.push('+');
            text.push_str(&zone[1..]);
            self.at += 6;
        }
        text
    }
}

const TIME: &str = "time such as 2026-11-23T08:00:00Z";

fn not_a(what: &str, text: &str) -> String {
    let text: String = text.chars().take(60).collect();
    format!("{text:?} is not a {what}")
}

/// ` 08:00`.
fn is_zone(text: &str) -> bool {
    text.bytes().zip(*b" 00:00").all(|(has, like)| if like == b'0' { has.is_ascii_digit() } else { has == like })
}

fn instant(text: &str) -> Option<Instant> {
    text.parse().ok()
}

/// A duration of ISO 8601 in days, hours, minutes and seconds; how long months are is not known.
fn duration(text: &str) -> Option<i64> {
    let span: jiff::Span = text.parse().ok()?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let days = i64::from(span.get_weeks()).checked_mul(7)?.checked_add(i64::from(span.get_days()))?;
    let minutes = i64::from(span.get_hours()).checked_mul(60)?.checked_add(span.get_minutes())?;
    let seconds = minutes.checked_mul(60)?.checked_add(span.get_seconds())?.checked_add(days.checked_mul(86_400)?)?;
    let micros = span.get_milliseconds().checked_mul(1_000)?.checked_add(span.get_microseconds())?;
    seconds.checked_mul(1_000_000)?.checked_add(micros)?.checked_add(span.get_nanoseconds() / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Value {
        match divide(text).unwrap().as_slice() {
            [(1, Token::Literal(value))] => value.clone(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn literals_are_read() {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let noon = at("2026-01-01T12:00:00Z");
        for (text, expect) in [
            ("12", Value::Number(12.0)),
            ("1.5e3", Value::Number(1_500.0)),
            ("'it''s'", Value::Text("it's".to_owned())),
            ("''", Value::Text(String::new())),
            ("2026-01-01T12:00:00Z", Value::Time(noon)),
            ("2026-01-01T20:00:00+08:00", Value::Time(noon)),
            ("2026-01-01T20:00:00 08:00", Value::Time(noon)),
            ("2026-01-01T12:00:00.000Z", Value::Time(noon)),
            ("2026-01-01T12:00:00Z/2026-01-01T13:00:00Z", Value::Span(noon, noon.plus_micros(3_600_000_000))),
            ("2026-01-01T12:00:00Z/PT1H", Value::Span(noon, noon.plus_micros(3_600_000_000))),
            ("2026-01-01", Value::Day("2026-01-01".parse().unwrap())),
            ("10:30:00", Value::OfDay(37_800_000_000)),
            ("duration'P1DT1H'", Value::Duration(90_000_000_000)),
            ("geography'POINT (1 2)'", Value::Shape(Shape::Point([1.0, 2.0]))),
        ] {
            assert_eq!(only(text), expect, "{text}");
        }
    }

    #[test]
    fn what_is_no_word_is_named_with_its_place() {
        for (text, character) in [
            ("name eq 'a", 9),
            ("a eq #", 6),
            ("路 eq !", 6),
            ("a eq 2026-13-01T00:00:00Z", 6),
            ("a eq 2026-01-01T00:00:00", 6),
            ("a eq duration'P1M'", 6),
            ("a eq geography'POINT(1)'", 6),
            ("a eq other'x'", 6),
        ] {
            assert_eq!(divide(text).unwrap_err().character, character, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_divided_or_refused(text in ".{0,80}") {
            let _ = divide(&text);
        }
    }
}
