//! Filters and orders, read into trees whose paths are known to lead somewhere (OGC 18-088).

use model::Instant;

use super::functions::Function;
use super::kinds::{Kind, Relation};
use super::lexer::{Misread, Token, divide};
use super::value::{Comparison, Value};

/// Parentheses, calls and negations within one another.
const DEPTH_MAX: usize = 24;

/// Parts of an expression.
const NODES_MAX: usize = 400;

/// Relations and names of one path.
const STEPS_MAX: usize = 12;

/// An expression over the properties of one kind of entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// What stands there.
    Literal(Value),
    /// What an entity has.
    Path(Path),
    /// `not`.
    Not(Box<Node>),
    /// `-`.
    Minus(Box<Node>),
    /// `and`.
    And(Box<Node>, Box<Node>),
    /// `or`.
    Or(Box<Node>, Box<Node>),
    /// A comparison.
    Compare(Comparison, Box<Node>, Box<Node>),
    /// Arithmetic.
    Reckon(Arithmetic, Box<Node>, Box<Node>),
    /// A function of its arguments.
    Call(Function, Vec<Node>),
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `add`.
    Add,
    /// `sub`.
    Sub,
    /// `mul`.
    Mul,
    /// `div`.
    Div,
    /// `mod`.
    Mod,
}

/// A way to a property.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Over these relations.
    pub relations: Vec<&'static Relation>,
    /// To this property.
    pub property: &'static str,
    /// Into it, where it is an object.
    pub inside: Vec<String>,
}

impl Path {
    /// Reads `Datastream/Thing/properties/class`.
    ///
    /// # Errors
    /// The name that leads nowhere.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        let mut names = text.split('/');
        let (mut kind, mut relations) = (kind, Vec::new());
        if text.split('/').count() > STEPS_MAX {
            return Err(format!("a path has at most {STEPS_MAX} names"));
        }
        for name in names.by_ref() {
            if let Some(relation) = kind.relation(name) {
                (kind, _) = (relation.kind, relations.push(relation));
                continue;
            }
            let unknown = || format!("{name:?} is nothing that {} have; they have {}", kind.set(), kind.names());
            let property = kind.property(name).ok_or_else(unknown)?;
            let inside = names.map(str::to_owned).collect();
            return Ok(Self { relations, property, inside });
        }
        Err(format!("{text:?} leads to entities: go on to one of their properties, such as {text}/id"))
    }
}

struct Parser<'a> {
    kind: Kind,
    now: Instant,
    tokens: std::iter::Peekable<std::slice::Iter<'a, (usize, Token)>>,
    end: usize,
    nodes: usize,
    depth: usize,
}

type Parsed = Result<Node, Misread>;

/// Reads a condition on entities of a kind.
///
/// # Errors
/// [`Misread`].
pub fn parse_filter(kind: Kind, text: &str, now: Instant) -> Parsed {
    let tokens = divide(text)?;
    let mut parser = Parser::new(kind, now, &tokens, text);
    let node = parser.or()?;
    parser.expect_end()?;
    if is_condition(&node) {
        return Ok(node);
    }
    Err(Misread { character: 1, words: "a filter is a condition, such as name eq 'lamp'".to_owned() })
}

/// What to order by: each with true where the greatest comes first.
///
/// # Errors
/// [`Misread`].
pub fn parse_orderby(kind: Kind, text: &str, now: Instant) -> Result<Vec<(Node, bool)>, Misread> {
    let tokens = divide(text)?;
    let mut parser = Parser::new(kind, now, &tokens, text);
    let mut orders = Vec::new();
    loop {
        let node = parser.sum()?;
        let direction = parser.take_word(&["asc", "desc", "ASC", "DESC"]);
        orders.push((node, direction.is_some_and(|word| word.eq_ignore_ascii_case("desc"))));
        if !parser.take(&Token::Comma) {
            parser.expect_end()?;
            return Ok(orders);
        }
    }
}

fn is_condition(node: &Node) -> bool {
    match node {
        Node::Literal(value) => matches!(value, Value::Truth(_)),
        Node::Minus(_) | Node::Reckon(..) => false,
        Node::Call(function, _) => function.is_condition(),
        Node::Path(_) | Node::Not(_) | Node::And(..) | Node::Or(..) | Node::Compare(..) => true,
    }
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("eq", Comparison::Equal),
    ("ne", Comparison::Unequal),
    ("lt", Comparison::Less),
    ("le", Comparison::AtMost),
    ("gt", Comparison::Greater),
    ("ge", Comparison::AtLeast),
];

impl<'a> Parser<'a> {
    fn new(kind: Kind, now: Instant, tokens: &'a [(usize, Token)], text: &str) -> Self {
        Self { kind, now, tokens: tokens.iter().peekable(), end: text.chars().count() + 1, nodes: 0, depth: 0 }
    }

    fn place(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |(at, _)| *at)
    }

    fn fault<T>(&mut self, words: impl Into<String>) -> Result<T, Misread> {
        Err(Misread { character: self.place(), words: words.into() })
    }

    fn take(&mut self, token: &Token) -> bool {
        self.tokens.next_if(|(_, next)| next == token).is_some()
    }

    fn take_word(&mut self, words: &[&str]) -> Option<&'a str> {
        let is_one = |token: &Token| matches!(token, Token::Word(word) if words.contains(&word.as_str()));
        match self.tokens.next_if(|(_, next)| is_one(next)) {
            Some((_, Token::Word(word))) => Some(word),
            _ => None,
        }
    }

    fn expect_end(&mut self) -> Result<(), Misread> {
        match self.tokens.peek() {
            None => Ok(()),
            Some(_) => self.fault("something is left over here; an operator may be missing before it"),
        }
    }

    fn count(&mut self, node: Node) -> Parsed {
        self.nodes += 1;
        if self.nodes > NODES_MAX { self.fault(format!("it has more than {NODES_MAX} parts")) } else { Ok(node) }
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.take_word(&["or"]).is_some() {
            let right = self.and()?;
            left = self.count(Node::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.take_word(&["and"]).is_some() {
            let right = self.not()?;
            left = self.count(Node::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        if self.take_word(&["not"]).is_none() {
            return self.comparison();
        }
        let inner = self.deeper(Self::not)?;
        self.count(Node::Not(Box::new(inner)))
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        let words = COMPARISONS.map(|(word, _)| word);
        let Some(word) = self.take_word(&words) else { return Ok(left) };
        let comparison = COMPARISONS.iter().find(|(known, _)| *known == word).map_or(Comparison::Equal, |(_, it)| *it);
        let right = self.sum()?;
        self.count(Node::Compare(comparison, Box::new(left), Box::new(right)))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(word) = self.take_word(&["add", "sub"]) {
            let arithmetic = if word == "add" { Arithmetic::Add } else { Arithmetic::Sub };
            let right = self.product()?;
            left = self.count(Node::Reckon(arithmetic, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.sign()?;
        while let Some(word) = self.take_word(&["mul", "div", "mod"]) {
            let arithmetic = match word {
                "mul" => Arithmetic::Mul,
                "div" => Arithmetic::Div,
                _ => Arithmetic::Mod,
            };
            let right = self.sign()?;
            left = self.count(Node::Reckon(arithmetic, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn sign(&mut self) -> Parsed {
        if !self.take(&Token::Minus) {
            return self.primary();
        }
        match self.deeper(Self::sign)? {
            Node::Literal(Value::Number(number)) => Ok(Node::Literal(Value::Number(-number))),
            inner => self.count(Node::Minus(Box::new(inner))),
        }
    }

    /// One level down: parentheses, arguments, signs.
    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fault(format!("it is nested more than {DEPTH_MAX} deep"));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn primary(&mut self) -> Parsed {
        let place = self.place();
        match self.tokens.next() {
            Some((_, Token::Literal(value))) => self.count(Node::Literal(value.clone())),
            Some((_, Token::Open)) => {
                let inner = self.deeper(Self::or)?;
                if self.take(&Token::Close) { Ok(inner) } else { self.fault("a ) is missing here") }
            }
            Some((_, Token::Word(word))) => match word.as_str() {
                "true" | "false" => self.count(Node::Literal(Value::Truth(word == "true"))),
                "null" => self.count(Node::Literal(Value::Null)),
                _ if self.take(&Token::Open) => self.call(word, place),
                _ => {
                    let path = Path::parse(self.kind, word);
                    let path = path.map_err(|words| Misread { character: place, words })?;
                    self.count(Node::Path(path))
                }
            },
            Some(_) => Err(Misread { character: place, words: "a property or a value is expected here".to_owned() }),
            None => {
                Err(Misread { character: place, words: "it ends where a property or a value is expected".to_owned() })
            }
        }
    }

    fn call(&mut self, name: &str, place: usize) -> Parsed {
        let fault = |words: String| Err(Misread { character: place, words });
        let mut arguments = Vec::new();
        if !self.take(&Token::Close) {
            loop {
                arguments.push(self.deeper(Self::or)?);
                if self.take(&Token::Close) {
                    break;
                }
                if !self.take(&Token::Comma) {
                    return self.fault("a , or a ) is expected here");
                }
            }
        }
        let constant = match name {
            "now" => Some(self.now),
            "mindatetime" => Some(Instant::from_micros(i64::MIN)),
            "maxdatetime" => Some(Instant::from_micros(i64::MAX)),
            _ => None,
        };
        if let Some(at) = constant.filter(|_| arguments.is_empty()) {
            return self.count(Node::Literal(Value::Time(at)));
        }
        let Some((function, least, most)) = Function::find(name) else {
            return fault(format!("there is no function {name}"));
        };
        if !(least..=most).contains(&arguments.len()) {
            let wanted = if least == most { least.to_string() } else { format!("{least} or {most}") };
            return fault(format!("{name} has {wanted} arguments, got {}", arguments.len()));
        }
        self.count(Node::Call(function, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(0);

    fn filter(kind: Kind, text: &str) -> Parsed {
        parse_filter(kind, text, NOW)
    }

    #[test]
    fn operators_bind_as_the_standard_says() {
        let same = |one: &str, other: &str| {
            assert_eq!(filter(Kind::Observation, one).unwrap(), filter(Kind::Observation, other).unwrap(), "{one}");
        };
        same("result gt 1 or result lt 2 and result ne 3", "result gt 1 or (result lt 2 and result ne 3)");
        same("not result gt 1 and result lt 2", "(not (result gt 1)) and (result lt 2)");
        same("result add 1 mul 2 gt -3", "(result add (1 mul 2)) gt (-3)");
        same("result sub 1 sub 2 eq 0", "((result sub 1) sub 2) eq 0");
        same("@iot.id eq 'a'", "id eq 'a'");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, character, words) in [
            ("", 1, "ends where"),
            ("result", 0, ""),
            ("result gt", 10, "ends where"),
            ("result gt 3 3", 13, "left over"),
            ("(result gt 3", 13, ") is missing"),
            ("reslt gt 3", 1, "\"reslt\" is nothing that Observations have"),
            ("Datastream/Thing/nme eq 'a'", 1, "\"nme\" is nothing that Things have"),
            ("Datastream eq 3", 1, "leads to entities"),
            ("result gt nosuch(3)", 11, "no function nosuch"),
            ("startswith('a')", 1, "startswith has 2 arguments, got 1"),
            ("result add 1", 1, "a filter is a condition"),
            ("length('a')", 1, "a filter is a condition"),
            ("result gt 3 and )", 17, "is expected here"),
        ] {
            match filter(Kind::Observation, text) {
                Ok(_) => assert_eq!(character, 0, "{text}"),
                Err(misread) => {
                    assert_eq!(misread.character, character, "{text}: {}", misread.words);
                    assert!(misread.words.contains(words), "{text}: {}", misread.words);
                }
            }
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = format!("{}result gt 1{}", "(".repeat(30), ")".repeat(30));
        assert!(filter(Kind::Observation, &deep).unwrap_err().words.contains("nested"));
        let nots = format!("{}true", "not ".repeat(30));
        assert!(filter(Kind::Observation, &nots).unwrap_err().words.contains("nested"));
        let long = vec!["result gt 1"; 200].join(" or ");
        assert!(filter(Kind::Observation, &long).unwrap_err().words.contains("parts"));
        let path = format!("{}id eq 1", "Datastream/Observations/".repeat(20));
        assert!(filter(Kind::Observation, &path).unwrap_err().words.contains("at most"));
    }

    #[test]
    fn orders_are_read() {
        let orders = parse_orderby(Kind::Thing, "properties/class desc,name,id ASC", NOW).unwrap();
        assert_eq!(orders.iter().map(|(_, is_desc)| *is_desc).collect::<Vec<_>>(), [true, false, false]);
        for text in ["", "name asc asc", "name,", "nme"] {
            assert!(parse_orderby(Kind::Thing, text, NOW).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,100}") {
            let _ = filter(Kind::Observation, &text);
            let _ = parse_orderby(Kind::Thing, &text, NOW);
        }

        #[test]
        fn any_words_are_read_or_refused(words in proptest::collection::vec(proptest::sample::select(vec![
            "(", ")", ",", "-", "not", "and", "or", "eq", "gt", "add", "mod", "result", "Datastream/id", "'a'", "3", "now()",
            "year(", "geography'POINT(1 2)'", "2026-01-01T00:00:00Z", "null", "substringof(",
        ]), 0..30)) {
            let _ = filter(Kind::Observation, &words.join(" "));
        }
    }
}
