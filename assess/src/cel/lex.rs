//! Cuts a condition into tokens, each with the place it begins at.

use super::{ExprError, ExprFault};

/// Largest whole number that a double holds exactly.
const WHOLE_MAX: i64 = 1 << 53;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Whole(i64),
    Decimal(f64),
    Sign(&'static str),
    End,
}

impl Token {
    /// As it is told to people.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Word(word) => format!("{word:?}"),
            Self::Text(_) => "a text".to_owned(),
            Self::Whole(_) | Self::Decimal(_) => "a number".to_owned(),
            Self::Sign(sign) => format!("{sign:?}"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Signs, the longer ones first.
const SIGNS: [&str; 19] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "(", ")", ",", "?", ":", "%"];

/// All tokens with their byte offsets; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, (usize, ExprFault)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
            at += 1;
            continue;
        }
        let dotted = letter == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit());
        let (token, len) = if letter.is_ascii_alphabetic() || letter == '_' {
            let len = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            (Token::Word(rest[..len].to_owned()), len)
        } else if letter.is_ascii_digit() || dotted {
            number(rest).ok_or((at, ExprFault::Number))?
        } else if letter == '"' || letter == '\'' {
            let len = rest[1..].find(letter).ok_or((at, ExprFault::Text))?;
            let inner = &rest[1..=len];
            // Three quotes begin CEL's long texts; nothing here is that long.
            if inner.contains(['\\', '\n', '\r']) || (len == 0 && rest[2..].starts_with(letter)) {
                return Err((at, ExprFault::Text));
            }
            (Token::Text(inner.to_owned()), len + 2)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or((at, ExprFault::Character(letter)))?;
            (Token::Sign(sign), sign.len())
        };
        found.push((at, token));
        at += len;
    }
    found.push((text.len(), Token::End));
    Ok(found)
}

/// A number and its length; no letter or point may follow it.
fn number(rest: &str) -> Option<(Token, usize)> {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut len = digits(0);
    let mut decimal = false;
    if rest[len..].starts_with('.') {
        let more = digits(len + 1);
        decimal = true;
        len += 1 + more;
        if more == 0 {
            return None;
        }
    }
    if rest[len..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[len + 1..].starts_with(['+', '-']));
        let more = digits(len + 1 + sign);
        decimal = true;
        len += 1 + sign + more;
        if more == 0 {
            return None;
        }
    }
    if rest[len..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_' || next == '.') {
        return None;
    }
    let token = if decimal {
        Token::Decimal(rest[..len].parse::<f64>().ok().filter(|value| value.is_finite())?)
    } else {
        Token::Whole(rest[..len].parse::<i64>().ok().filter(|value| *value <= WHOLE_MAX)?)
    };
    Some((token, len))
}

/// The error at a byte offset, told by character.
pub(super) fn located(text: &str, (offset, fault): (usize, ExprFault)) -> ExprError {
    let at = text.get(..offset).map_or(0, |before| before.chars().count()) + 1;
    ExprError { at, fault }
}
