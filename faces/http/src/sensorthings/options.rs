//! The query options of a question (OGC 18-088): read whole and checked before anything is looked up.

use model::{Instant, SeriesNo};

use super::expression::{Node, parse_filter, parse_orderby};
use super::fault::Fault;
use super::kinds::{Kind, Relation};
use super::lexer::Misread;
use super::world::reading_id;

/// Longest query, bytes.
const QUERY_MAX: usize = 32 * 1_024;

/// Expansions within one another.
const DEPTH_MAX: usize = 5;

/// Expansions of a question.
const EXPANSIONS_MAX: usize = 24;

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// A property, or a part of it where it is an object.
    Property(&'static str, Vec<String>),
    /// The link of a relation.
    Relation(&'static Relation),
}

/// A relation whose entities stand within the answer.
#[derive(Debug, Clone)]
pub struct Expansion {
    /// Which.
    pub relation: &'static Relation,
    /// How.
    pub options: Options,
}

/// How a collection, or an entity, is to be answered.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which entities.
    pub filter: Option<Node>,
    /// In which order; true where the greatest comes first.
    pub orderby: Vec<(Node, bool)>,
    /// How many.
    pub top: Option<usize>,
    /// After how many.
    pub skip: usize,
    /// Whether they are counted.
    pub count: bool,
    /// What is given of them; all without.
    pub select: Option<Vec<Selected>>,
    /// What stands within them.
    pub expand: Vec<Expansion>,
    /// Whether Observations are given as arrays.
    pub is_array: bool,
    /// Behind this reading.
    pub after: Option<(SeriesNo, Instant)>,
    /// As they came, for the link to the next page.
    pub raw: Vec<(String, String)>,
}

/// What options are read for.
struct Reader {
    now: Instant,
    expansions: usize,
}

/// Encodes for a query or a path: everything but letters, digits and `-._~`.
pub fn encode(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The pairs of a query. A plus is a space, as forms have it.
///
/// # Errors
/// 400 for a query that is too long, or an option that stands twice.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Fault> {
    if query.len() > QUERY_MAX {
        return Err(Fault::bad(format!("the query has {} bytes; at most {QUERY_MAX} are read", query.len())));
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        // What is not an option of the standard is not ours to judge.
        if !name.starts_with('$') {
            continue;
        }
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(Fault::bad(format!("{name} stands twice")));
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(pairs)
}

/// Reads options for entities of a kind. `is_many` where a collection is asked for.
///
/// # Errors
/// 400 naming the option and the character, 501 for what is not offered.
pub fn parse(kind: Kind, is_many: bool, pairs: Vec<(String, String)>, now: Instant) -> Result<Options, Fault> {
    Reader { now, expansions: 0 }.options(kind, is_many, pairs, 0)
}

impl Reader {
    fn options(
        &mut self,
        kind: Kind,
        is_many: bool,
        pairs: Vec<(String, String)>,
        depth: usize,
    ) -> Result<Options, Fault> {
        let mut options = Options::default();
        for (name, value) in &pairs {
            let name = name.as_str();
            if !is_many && !matches!(name, "$select" | "$expand") {
                return Err(Fault::bad(format!("{name} is for collections; one entity is asked for here")));
            }
            match name {
                "$filter" => options.filter = Some(parse_filter(kind, value, self.now).map_err(at(name))?),
                "$orderby" => options.orderby = parse_orderby(kind, value, self.now).map_err(at(name))?,
                "$top" => options.top = Some(whole(name, value)?),
                "$skip" => options.skip = whole(name, value)?,
                "$count" => options.count = truth(name, value)?,
                "$select" => options.select = Some(select(kind, value)?),
                "$expand" => options.expand = self.expand(kind, value, depth)?,
                "$skiptoken" if kind == Kind::Observation => {
                    let after = reading_id(value).ok_or_else(|| Fault::bad("$skiptoken is no link of this server"))?;
                    options.after = Some(after);
                }
                "$resultFormat" if value == "dataArray" && kind == Kind::Observation && depth == 0 => {
                    options.is_array = true;
                }
                "$resultFormat" => {
                    let words = "$resultFormat is dataArray, on a collection of Observations; others are not offered";
                    return Err(Fault::not_offered(words));
                }
                _ => return Err(Fault::not_offered(format!("{name} is not offered"))),
            }
        }
        options.raw = pairs;
        Ok(options)
    }

    /// `Datastreams($top=1;$expand=Observations),Locations`, and `Datastreams/ObservedProperty`.
    fn expand(&mut self, kind: Kind, text: &str, depth: usize) -> Result<Vec<Expansion>, Fault> {
        if depth >= DEPTH_MAX {
            return Err(Fault::bad(format!("$expand is nested more than {DEPTH_MAX} deep")));
        }
        let mut expansions: Vec<Expansion> = Vec::new();
        for item in split(text, ',').map_err(|words| Fault::bad(format!("$expand: {words}")))? {
            self.expansions += 1;
            if self.expansions > EXPANSIONS_MAX {
                return Err(Fault::bad(format!("$expand names more than {EXPANSIONS_MAX} relations")));
            }
            self.expand_one(kind, item.trim(), depth, &mut expansions)?;
        }
        Ok(expansions)
    }

    fn expand_one(&mut self, kind: Kind, item: &str, depth: usize, into: &mut Vec<Expansion>) -> Result<(), Fault> {
        let end = item.find(['/', '(']).unwrap_or(item.len());
        let (name, rest) = item.split_at(end);
        let unknown = || {
            let names: Vec<_> = kind.relations().iter().map(|relation| relation.name).collect();
            Fault::bad(format!("$expand: {:?} is no relation of {}: {}", name, kind.set(), names.join(", ")))
        };
        let relation = kind.relation(name.trim()).ok_or_else(unknown)?;
        let pairs = match rest.as_bytes().first() {
            None => Vec::new(),
            Some(b'/') => vec![("$expand".to_owned(), rest[1..].to_owned())],
            Some(_) => inner_pairs(rest)?,
        };
        let options = self.options(relation.kind, relation.is_many, pairs, depth + 1)?;
        match into.iter_mut().find(|known| known.relation == relation) {
            // `Datastreams/Sensor,Datastreams/ObservedProperty` is one expansion with two within.
            Some(known) => merge(&mut known.options, options)?,
            None => into.push(Expansion { relation, options }),
        }
        Ok(())
    }
}

/// Two expansions of one relation, where at most one says more than what stands within.
fn merge(known: &mut Options, other: Options) -> Result<(), Fault> {
    if other.raw.iter().any(|(name, _)| name != "$expand") {
        return Err(Fault::bad("$expand: one relation stands twice with options of its own"));
    }
    for expansion in other.expand {
        match known.expand.iter_mut().find(|inner| inner.relation == expansion.relation) {
            Some(inner) => merge(&mut inner.options, expansion.options)?,
            None => known.expand.push(expansion),
        }
    }
    for (name, value) in other.raw {
        match known.raw.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = format!("{own},{value}"),
            None => known.raw.push((name, value)),
        }
    }
    Ok(())
}

/// `($top=1;$select=id)`.
fn inner_pairs(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let inner = text.strip_prefix('(').and_then(|rest| rest.trim_end().strip_suffix(')'));
    let inner = inner.ok_or_else(|| Fault::bad("$expand: a ) is missing"))?;
    let parts = split(inner, ';').map_err(|words| Fault::bad(format!("$expand: {words}")))?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in parts {
        let (name, value) = part.trim().split_once('=').ok_or_else(|| {
            Fault::bad(format!(
                "$expand: {:?} is not an option such as $top=1",
                part.chars().take(40).collect::<String>()
            ))
        })?;
        if pairs.iter().any(|(known, _)| known == name) {
            return Err(Fault::bad(format!("$expand: {name} stands twice")));
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

/// Divides at a sign that stands outside of parentheses and quotes.
fn split(text: &str, sign: char) -> Result<Vec<&str>, &'static str> {
    let (mut parts, mut begin, mut depth, mut is_quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("a ( is missing")?,
            _ if letter == sign && depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    match (is_quoted, depth) {
        (true, _) => Err("a quote is missing"),
        (_, 0) => Ok(parts),
        _ => Err("a ) is missing"),
    }
}

fn at(option: &str) -> impl Fn(Misread) -> Fault + '_ {
    move |misread| Fault::bad(format!("{option}, character {}: {}", misread.character, misread.words))
}

fn whole(name: &str, text: &str) -> Result<usize, Fault> {
    text.trim().parse().map_err(|_| Fault::bad(format!("{name} is a whole number from 0, got {text:?}")))
}

fn truth(name: &str, text: &str) -> Result<bool, Fault> {
    text.trim().parse().map_err(|_| Fault::bad(format!("{name} is true or false, got {text:?}")))
}

fn select(kind: Kind, text: &str) -> Result<Vec<Selected>, Fault> {
    let one = |name: &str| {
        let mut parts = name.trim().split('/');
        let first = parts.next().unwrap_or_default();
        let inside: Vec<String> = parts.map(str::to_owned).collect();
        match (kind.relation(first), kind.property(first)) {
            (Some(relation), _) if inside.is_empty() => Ok(Selected::Relation(relation)),
            (_, Some(property)) => Ok(Selected::Property(property, inside)),
            _ => Err(Fault::bad(format!("$select: {:?} is nothing that {} have: {}", first, kind.set(), kind.names()))),
        }
    };
    text.split(',').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(0);

    fn read(kind: Kind, query: &str) -> Result<Options, Fault> {
        parse(kind, true, pairs(query)?, NOW)
    }

    #[test]
    fn options_come_encoded_in_every_way() {
        for query in [
            "$filter=name eq 'a b'&$top=2",
            "%24filter=name%20eq%20%27a%20b%27&%24top=2",
            "$filter=name+eq+'a+b'&$top=2&other=1",
        ] {
            let options = read(Kind::Thing, query).unwrap();
            assert_eq!((options.raw[0].1.as_str(), options.top), ("name eq 'a b'", Some(2)), "{query}");
        }
        assert_eq!(encode("a b+$'路"), "a%20b%2B%24%27%E8%B7%AF");
    }

    #[test]
    fn expansions_nest_and_merge() {
        let query = "$expand=Datastreams($select=name;$filter=name ne 'a;(b';$expand=Observations($top=1)),Locations";
        let options = read(Kind::Thing, query).unwrap();
        assert_eq!(options.expand.len(), 2);
        let inner = &options.expand[0].options;
        assert_eq!((inner.raw.len(), inner.expand[0].options.top), (3, Some(1)));
        let merged = read(Kind::Thing, "$expand=Datastreams/Sensor,Datastreams/ObservedProperty").unwrap();
        assert_eq!((merged.expand.len(), merged.expand[0].options.expand.len()), (1, 2));
        assert_eq!(merged.expand[0].options.raw, [("$expand".to_owned(), "Sensor,ObservedProperty".to_owned())]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (kind, query, words) in [
            (Kind::Thing, "$top=-1", "$top is a whole number"),
            (Kind::Thing, "$count=yes", "$count is true or false"),
            (Kind::Thing, "$top=1&%24top=2", "$top stands twice"),
            (Kind::Thing, "$filter=name eq", "$filter, character 8: it ends"),
            (Kind::Thing, "$orderby=nme", "$orderby, character 1: \"nme\""),
            (Kind::Thing, "$select=nme", "$select: \"nme\""),
            (Kind::Thing, "$expand=Observations", "$expand: \"Observations\" is no relation of Things"),
            (Kind::Thing, "$expand=Datastreams($top=1", "a ) is missing"),
            (Kind::Thing, "$expand=Datastreams(top)", "is not an option"),
            (Kind::Thing, "$expand=Datastreams($top=1),Datastreams($top=2)", "stands twice"),
            (Kind::Datastream, "$expand=Thing($top=1)", "is for collections"),
            (Kind::Thing, "$resultFormat=dataArray", "is dataArray, on a collection of Observations"),
            (Kind::Thing, "$search=a", "$search is not offered"),
            (Kind::Observation, "$skiptoken=x", "no link of this server"),
        ] {
            let fault = read(kind, query).unwrap_err();
            assert!(fault.message().contains(words), "{query}: {}", fault.message());
        }
        let deep = format!("$expand={}Datastreams", "Datastreams/Thing/".repeat(4));
        assert!(read(Kind::Thing, &deep).unwrap_err().message().contains("nested"));
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_read_or_refused(text in ".{0,120}") {
            let _ = read(Kind::Thing, &text);
            let _ = read(Kind::Thing, &format!("$expand={text}"));
        }

        #[test]
        fn any_expansion_is_read_or_refused(words in proptest::collection::vec(proptest::sample::select(vec![
            "Datastreams", "Thing", "Observations", "(", ")", "/", ",", ";", "$top=1", "$expand=", "$filter=id eq ", "'", "1",
        ]), 0..30)) {
            let _ = read(Kind::Thing, &format!("$expand={}", words.concat()));
        }
    }
}
