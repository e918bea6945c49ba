//! YAML as a tree that knows its lines. Scalars stay as written: what they mean is up to whoever reads them.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Deepest nesting read; a pack needs about ten.
const DEPTH_MAX: usize = 64;
/// Most nodes of one file, aliases counted each time they stand for a node.
const NODES_MAX: usize = 2_000_000;

/// A node and the line it begins on.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The line, from 1.
    pub line: u32,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A scalar as written, without its quotes.
    Scalar {
        /// The text.
        text: String,
        /// True without quotes, so that it may be a number, a truth value or nothing.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order written; a key may stand twice until the reader refuses it.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What the node is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_empty() => "nothing",
            Value::Scalar { .. } => "a plain value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// True for an absent value: nothing after the colon, `~` or `null`.
    pub fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The scalar's text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The node as JSON, plain scalars by the YAML 1.2 core schema.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Scalar { .. } if self.is_empty() => Json::Null,
            Value::Scalar { text, plain: false } => Json::String(text.clone()),
            Value::Scalar { text, plain: true } => match text.as_str() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                text => match (text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(whole), _) => whole.into(),
                    (_, Ok(number)) if number.is_finite() => number.into(),
                    _ => Json::String(text.to_owned()),
                },
            },
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => Json::Object(
                entries.iter().filter_map(|(key, value)| Some((key.text()?.to_owned(), value.to_json()))).collect(),
            ),
        }
    }
}

/// A container being filled, with the anchor that names it (0 for none).
struct Open {
    anchor: usize,
    node: Node,
    key: Option<Node>,
}

/// Builds the tree from the parser's events.
#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    anchors: Vec<(usize, Node, usize)>,
    nodes: usize,
    root: Option<Node>,
}

/// Parses one document.
///
/// # Errors
/// The line and what is wrong there: not YAML, several documents, nesting or size beyond the limits.
pub(crate) fn parse(text: &str) -> Result<Node, (u32, String)> {
    let mut builder = Builder::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| (line_of(error.marker().line()), format!("not YAML: {}", error.info())))?;
        let line = line_of(span.start.line());
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                return Err((line, "a pack file holds one YAML document".to_owned()));
            }
        }
        builder.take(event, span).map_err(|message| (line, message))?;
    }
    Ok(builder.root.unwrap_or(Node { line: 1, value: Value::Scalar { text: String::new(), plain: true } }))
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line.max(1)).unwrap_or(u32::MAX)
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        let line = line_of(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.put(Node { line, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(Node { line, value: Value::List(Vec::new()) }, anchor),
            Event::MappingStart(anchor, _) => self.open(Node { line, value: Value::Map(Vec::new()) }, anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(open) => self.put(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let found = self.anchors.iter().find(|(id, ..)| *id == anchor);
                let (_, node, size) = found.ok_or("an alias must stand after its anchor, not within it")?;
                let (mut node, size) = (node.clone(), *size);
                node.line = line;
                self.nodes += size;
                self.put(node, 0)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn open(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if self.stack.len() >= DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX} levels"));
        }
        self.stack.push(Open { anchor, node, key: None });
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(format!("more than {NODES_MAX} values in one file"));
        }
        if anchor > 0 {
            self.anchors.push((anchor, node.clone(), size_of(&node)));
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open { node: Node { value: Value::List(items), .. }, .. }) => items.push(node),
            Some(Open { node: Node { value: Value::Map(entries), .. }, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
            Some(Open { node: Node { value: Value::Scalar { .. }, .. }, .. }) => {}
        }
        Ok(())
    }
}

fn size_of(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar { .. } => 0,
        Value::List(items) => items.iter().map(size_of).sum(),
        Value::Map(entries) => entries.iter().map(|(key, value)| size_of(key) + size_of(value)).sum::<usize>(),
    }
}
