//! Reads a condition by descent and checks its types as it goes: what comes out cannot fail but by missing values.

use super::eval::{Compare, Cond, Num, Windowed};
use super::lex::{Token, located, tokens};
use super::{COST_MAX, DEPTH_MAX, ExprError, ExprFault, TEXT_MAX};
use crate::span::Span;

/// Most names in one rule.
const NAMES_MAX: usize = 16;
/// Most windows in one rule.
const WINDOWS_MAX: usize = 8;
/// Longest window: a day.
const WINDOW_MAX_US: i64 = 86_400_000_000;
/// Words that CEL keeps for itself.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
];

/// The names and windows that the conditions of one rule share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Names of properties; `value` is the property that the alarm is about.
    pub names: Vec<Box<str>>,
    /// Windows: a name and a span.
    pub windows: Vec<(u16, Span)>,
    /// Whether the rule says who its neighbours are.
    pub neighbours: bool,
}

/// A part of a condition with its type.
enum Typed {
    /// Whole numbers are constants only: readings are doubles.
    Whole(i64),
    Num(Num),
    Cond(Cond),
    Text(String),
}

impl Typed {
    fn told(&self) -> &'static str {
        match self {
            Self::Whole(_) => "a whole number",
            Self::Num(_) => "a decimal",
            Self::Cond(_) => "true or false",
            Self::Text(_) => "a text",
        }
    }
}

type Parsed<T = Typed> = Result<T, (usize, ExprFault)>;

impl Scope {
    /// Reads a condition; new names and windows join the scope.
    ///
    /// # Errors
    /// [`ExprError`] with the character where it went wrong.
    pub(crate) fn parse(&mut self, text: &str) -> Result<Cond, ExprError> {
        self.read(text).map_err(|fault| located(text, fault))
    }

    /// Reads a condition and judges it: what tests and editors use to try one.
    ///
    /// # Errors
    /// [`ExprError`] with the character where it went wrong.
    pub fn try_condition(&mut self, text: &str, env: &impl super::Env) -> Result<Option<bool>, ExprError> {
        self.parse(text).map(|cond| cond.eval(env))
    }

    fn read(&mut self, text: &str) -> Parsed<Cond> {
        if text.len() > TEXT_MAX {
            return Err((0, ExprFault::Long(text.len())));
        }
        let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, scope: self };
        let whole = parser.choice()?;
        parser.expect_end()?;
        let Typed::Cond(cond) = whole else { return Err((0, ExprFault::NotCondition(whole.told()))) };
        match cond.cost() {
            cost if cost > COST_MAX => Err((0, ExprFault::Costly(cost))),
            _ => Ok(cond),
        }
    }

    fn name(&mut self, name: &str, at: usize) -> Parsed<u16> {
        let known = self.names.iter().position(|known| **known == *name);
        let place = known.unwrap_or(self.names.len());
        if known.is_none() {
            if place == NAMES_MAX {
                return Err((at, ExprFault::Many { what: "properties", max: NAMES_MAX }));
            }
            self.names.push(name.into());
        }
        Ok(u16::try_from(place).unwrap_or(u16::MAX))
    }

    fn window(&mut self, name: u16, span: Span, at: usize) -> Parsed<u16> {
        let known = self.windows.iter().position(|known| *known == (name, span));
        let place = known.unwrap_or(self.windows.len());
        if known.is_none() {
            if place == WINDOWS_MAX {
                return Err((at, ExprFault::Many { what: "windows", max: WINDOWS_MAX }));
            }
            self.windows.push((name, span));
        }
        Ok(u16::try_from(place).unwrap_or(u16::MAX))
    }
}

struct Parser<'s> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    scope: &'s mut Scope,
}

impl Parser<'_> {
    fn at(&self) -> usize {
        self.tokens[self.next].0
    }

    fn sign(&self) -> &'static str {
        match &self.tokens[self.next].1 {
            Token::Sign(sign) => sign,
            _ => "",
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let taken = self.sign() == sign;
        self.next += usize::from(taken);
        taken
    }

    fn expected<T>(&self, wanted: &'static str) -> Parsed<T> {
        let (at, token) = &self.tokens[self.next];
        Err((*at, ExprFault::Expected { wanted, got: token.told() }))
    }

    fn expect_end(&self) -> Parsed<()> {
        if self.tokens[self.next].1 == Token::End { Ok(()) } else { self.expected("an operator or the end") }
    }

    /// One level deeper, as far as allowed.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH_MAX {
            return Err((self.at(), ExprFault::Deep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// `a ? b : c`
    fn choice(&mut self) -> Parsed {
        let at = self.at();
        let when = self.either()?;
        if !self.take("?") {
            return Ok(when);
        }
        let when = cond(when, at, "?")?;
        let left = self.deeper(Self::either)?;
        if !self.take(":") {
            return self.expected("\":\"");
        }
        let right = self.deeper(Self::choice)?;
        match (left, right) {
            (Typed::Num(a), Typed::Num(b)) => Ok(Typed::Num(Num::If(when.into(), a.into(), b.into()))),
            (Typed::Cond(a), Typed::Cond(b)) => Ok(Typed::Cond(Cond::If(when.into(), a.into(), b.into()))),
            (a, b) => {
                let got = format!("{} and {}", a.told(), b.told());
                Err((at, ExprFault::Types { operator: "?", takes: "two decimals or two conditions", got }))
            }
        }
    }

    /// `a || b`
    fn either(&mut self) -> Parsed {
        self.joined("||", Self::both, Cond::Or)
    }

    /// `a && b`
    fn both(&mut self) -> Parsed {
        self.joined("&&", Self::compared, Cond::And)
    }

    fn joined(
        &mut self,
        sign: &'static str,
        part: fn(&mut Self) -> Parsed,
        join: fn(Box<Cond>, Box<Cond>) -> Cond,
    ) -> Parsed {
        let at = self.at();
        let first = part(self)?;
        if self.sign() != sign {
            return Ok(first);
        }
        let mut parts = vec![cond(first, at, sign)?];
        while self.take(sign) {
            let at = self.at();
            parts.push(cond(part(self)?, at, sign)?);
        }
        Ok(Typed::Cond(balanced(parts, join)))
    }

    /// `a < b`
    fn compared(&mut self) -> Parsed {
        let outer = self.depth;
        let mut left = self.sum()?;
        loop {
            let (at, sign) = (self.at(), self.sign());
            let how = match sign {
                "<" => Compare::Less,
                "<=" => Compare::AtMost,
                ">" => Compare::More,
                ">=" => Compare::AtLeast,
                "==" => Compare::Same,
                "!=" => Compare::Other,
                _ => {
                    self.depth = outer;
                    return Ok(left);
                }
            };
            self.next += 1;
            let right = self.deeper(Self::sum)?;
            left = match (left, right, how) {
                (Typed::Cond(a), Typed::Cond(b), Compare::Same) => Typed::Cond(Cond::Same(a.into(), b.into())),
                (Typed::Cond(a), Typed::Cond(b), Compare::Other) => {
                    Typed::Cond(Cond::Not(Cond::Same(a.into(), b.into()).into()))
                }
                (a, b, how) => {
                    let got = format!("{} and {}", a.told(), b.told());
                    let fault = ExprFault::Types { operator: sign, takes: "two numbers", got };
                    let (Some(a), Some(b)) = (number(a), number(b)) else { return Err((at, fault)) };
                    Typed::Cond(Cond::Compare(how, a, b))
                }
            };
            // A chain of comparisons nests: `a == b == c`.
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err((at, ExprFault::Deep));
            }
        }
    }

    /// `a + b`
    fn sum(&mut self) -> Parsed {
        let outer = self.depth;
        let mut left = self.product()?;
        while let sign @ ("+" | "-") = self.sign() {
            left = self.operate(left, sign, Self::product)?;
        }
        self.depth = outer;
        Ok(left)
    }

    /// `a * b`
    fn product(&mut self) -> Parsed {
        let outer = self.depth;
        let mut left = self.signed()?;
        while let sign @ ("*" | "/") = self.sign() {
            left = self.operate(left, sign, Self::signed)?;
        }
        self.depth = outer;
        Ok(left)
    }

    /// One operation of arithmetic; a chain of them nests to the left, and counts as depth.
    fn operate(&mut self, left: Typed, sign: &'static str, part: fn(&mut Self) -> Parsed) -> Parsed {
        let at = self.at();
        self.next += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((at, ExprFault::Deep));
        }
        match (left, part(self)?) {
            (Typed::Num(a), Typed::Num(b)) => {
                let (a, b) = (Box::new(a), Box::new(b));
                Ok(Typed::Num(match sign {
                    "+" => Num::Add(a, b),
                    "-" => Num::Sub(a, b),
                    "*" => Num::Mul(a, b),
                    _ => Num::Div(a, b),
                }))
            }
            (Typed::Whole(a), Typed::Whole(b)) if sign != "/" => {
                let result = match sign {
                    "+" => a.checked_add(b),
                    "-" => a.checked_sub(b),
                    _ => a.checked_mul(b),
                };
                let result = result.filter(|result| result.unsigned_abs() <= 1 << 53);
                result.map(Typed::Whole).ok_or((at, ExprFault::Number))
            }
            (a, b) => {
                let got = format!("{} and {}", a.told(), b.told());
                let takes = "two decimals (write 1.0 for 1)";
                Err((at, ExprFault::Types { operator: sign, takes, got }))
            }
        }
    }

    /// `!a`, `-a`
    fn signed(&mut self) -> Parsed {
        let (at, sign) = (self.at(), self.sign());
        let mut count = 0;
        while matches!(sign, "!" | "-") && self.take(sign) {
            count += 1;
        }
        let inner = self.deeper(Self::primary)?;
        match (sign, inner) {
            _ if count > DEPTH_MAX => Err((at, ExprFault::Deep)),
            ("!", Typed::Cond(a)) if count % 2 == 1 => Ok(Typed::Cond(Cond::Not(a.into()))),
            ("!", Typed::Cond(a)) => Ok(Typed::Cond(a)),
            ("-", Typed::Num(a)) if count % 2 == 1 => Ok(Typed::Num(Num::Neg(a.into()))),
            ("-", Typed::Whole(a)) if count % 2 == 1 => Ok(Typed::Whole(-a)),
            ("-", a @ (Typed::Num(_) | Typed::Whole(_))) => Ok(a),
            ("!", a) => Err((at, ExprFault::Types { operator: "!", takes: "a condition", got: a.told().to_owned() })),
            ("-", a) => Err((at, ExprFault::Types { operator: "-", takes: "a number", got: a.told().to_owned() })),
            (_, a) => Ok(a),
        }
    }

    fn primary(&mut self) -> Parsed {
        let (at, token) = self.tokens[self.next].clone();
        match token {
            Token::Whole(value) => self.taken(Typed::Whole(value)),
            Token::Decimal(value) => self.taken(Typed::Num(Num::Const(value))),
            Token::Text(text) => self.taken(Typed::Text(text)),
            Token::Sign("(") => {
                self.next += 1;
                let inner = self.choice()?;
                if self.take(")") { Ok(inner) } else { self.expected("\")\"") }
            }
            Token::Word(word) => {
                self.next += 1;
                self.word(&word, at)
            }
            _ => self.expected("a value"),
        }
    }

    fn taken(&mut self, value: Typed) -> Parsed {
        self.next += 1;
        Ok(value)
    }

    fn word(&mut self, word: &str, at: usize) -> Parsed {
        match word {
            "true" | "false" => Ok(Typed::Cond(Cond::Const(word == "true"))),
            "null" | "while" => Err((at, ExprFault::Reserved(word.to_owned()))),
            _ if RESERVED.contains(&word) => Err((at, ExprFault::Reserved(word.to_owned()))),
            _ if self.take("(") => self.call(word, at),
            _ => Ok(Typed::Num(Num::Prop(self.scope.name(word, at)?))),
        }
    }

    fn call(&mut self, word: &str, at: usize) -> Parsed {
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() && !self.take(",") {
                return self.expected("\",\" or \")\"");
            }
            if arguments.len() == 3 {
                return self.expected("\")\"");
            }
            arguments.push((self.at(), self.choice()?));
        }
        let mut arguments = arguments.into_iter();
        let given = (arguments.next(), arguments.next(), arguments.next());
        let (name, kind) = match word {
            "abs" => {
                let fault = (at, ExprFault::Arguments { name: "abs", takes: "one decimal" });
                let (Some((_, Typed::Num(a))), None, _) = given else { return Err(fault) };
                return Ok(Typed::Num(Num::Abs(a.into())));
            }
            "known" | "neighbours" => return self.named(word == "known", given, at),
            "mean" => ("mean", Windowed::Mean),
            "min" => ("min", Windowed::Min),
            "max" => ("max", Windowed::Max),
            "count" => ("count", Windowed::Count),
            "last" => ("last", Windowed::Last),
            "delta" => ("delta", Windowed::Delta),
            "rate" => ("rate", Windowed::Rate),
            _ => return Err((at, ExprFault::Function(word.to_owned()))),
        };
        let takes = "the name of a property and a span, such as (\"temperature\", \"10m\")";
        let fault = (at, ExprFault::Arguments { name, takes });
        let (Some((at, Typed::Text(property))), Some((span_at, Typed::Text(span))), None) = given else {
            return Err(fault);
        };
        let span: Span = span.parse().map_err(|error| (span_at, ExprFault::Span(error)))?;
        if span.is_zero() || span.micros() > WINDOW_MAX_US {
            return Err((span_at, ExprFault::Window));
        }
        let property = self.scope.name(&property, at)?;
        Ok(Typed::Num(Num::Window(self.scope.window(property, span, at)?, kind)))
    }

    /// `known("humidity")`, `neighbours("value")`
    fn named(&mut self, known: bool, given: Given, at: usize) -> Parsed {
        let name = if known { "known" } else { "neighbours" };
        let fault = (at, ExprFault::Arguments { name, takes: "the name of a property, such as (\"temperature\")" });
        let (Some((text_at, Typed::Text(property))), None, _) = given else { return Err(fault) };
        if !known && !self.scope.neighbours {
            return Err((at, ExprFault::Neighbours));
        }
        let property = self.scope.name(&property, text_at)?;
        Ok(if known { Typed::Cond(Cond::Known(property)) } else { Typed::Num(Num::Neighbours(property)) })
    }
}

/// At most three arguments with their places.
type Given = (Option<(usize, Typed)>, Option<(usize, Typed)>, Option<(usize, Typed)>);

fn cond(part: Typed, at: usize, operator: &'static str) -> Parsed<Cond> {
    match part {
        Typed::Cond(cond) => Ok(cond),
        other => Err((at, ExprFault::Types { operator, takes: "conditions", got: other.told().to_owned() })),
    }
}

fn number(part: Typed) -> Option<Num> {
    match part {
        Typed::Num(num) => Some(num),
        // Exact: whole numbers are held below 2^53.
        #[allow(clippy::cast_precision_loss)]
        Typed::Whole(value) => Some(Num::Const(value as f64)),
        Typed::Cond(_) | Typed::Text(_) => None,
    }
}

/// Joins the parts of a long chain as a tree, as CEL's own parser does: a chain is flat, not deep.
fn balanced(mut parts: Vec<Cond>, join: fn(Box<Cond>, Box<Cond>) -> Cond) -> Cond {
    if parts.len() > 1 {
        let right = parts.split_off(parts.len() / 2);
        return join(balanced(parts, join).into(), balanced(right, join).into());
    }
    parts.pop().unwrap_or(Cond::Const(true))
}
