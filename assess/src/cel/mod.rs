//! Conditions of rules: a closed part of the Common Expression Language, checked and bounded when it is read.
//!
//! Numbers of one device, comparisons, `&&`, `||`, `!`, `? :`, arithmetic, and functions over windows and neighbours.
//! No strings but names, no lists, no macros, no calls out. What is accepted means what CEL says it means: a value that
//! is not there is CEL's error, which `&&` and `||` absorb. The tests hold every expression against the crate `cel`.

mod eval;
mod lex;
mod parse;

pub(crate) use eval::Cond;
pub use eval::{Env, Windowed};
pub use parse::Scope;

/// Longest text of a condition, in bytes.
pub const TEXT_MAX: usize = 1_000;
/// Deepest nesting of a condition.
pub const DEPTH_MAX: usize = 24;
/// Highest cost of one evaluation: 1 for each operation, [`WINDOW_COST`] for each window.
pub const COST_MAX: u32 = 1_000;
/// What a look into a window costs: it adds up as many as 256 parts.
pub const WINDOW_COST: u32 = 100;

/// Why a text is not a condition, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}, at character {at}")]
pub struct ExprError {
    /// The character of the text, from 1.
    pub at: usize,
    /// What is wrong there.
    pub fault: ExprFault,
}

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExprFault {
    /// Too long.
    #[error("a condition has at most {TEXT_MAX} bytes, this one {0}")]
    Long(usize),
    /// Too deep.
    #[error("a condition nests at most {DEPTH_MAX} deep")]
    Deep,
    /// Too expensive.
    #[error("a condition costs at most {COST_MAX} steps, this one {0}")]
    Costly(u32),
    /// A character that begins nothing.
    #[error("{0:?} begins nothing a condition knows")]
    Character(char),
    /// A text without end, or with an escape.
    #[error("a text ends with its quote and has no escapes")]
    Text,
    /// Not a number.
    #[error("a whole number is at most 2^53, a decimal is finite and has digits on both sides of its point")]
    Number,
    /// Another thing stood where something was expected.
    #[error("expected {wanted}, got {got}")]
    Expected {
        /// What could stand here.
        wanted: &'static str,
        /// What stands here.
        got: String,
    },
    /// A word CEL keeps for itself.
    #[error("{0:?} is a reserved word")]
    Reserved(String),
    /// A function that is not known.
    #[error("no function {0:?}: use mean, min, max, count, last, delta, rate, neighbours, known or abs")]
    Function(String),
    /// Wrong arguments.
    #[error("{name} takes {takes}")]
    Arguments {
        /// The function.
        name: &'static str,
        /// Its arguments.
        takes: &'static str,
    },
    /// Types that do not go together.
    #[error("{operator} takes {takes}, got {got}")]
    Types {
        /// The operator.
        operator: &'static str,
        /// What it takes.
        takes: &'static str,
        /// What it was given.
        got: String,
    },
    /// The whole is no condition.
    #[error("a condition is true or false, this is {0}")]
    NotCondition(&'static str),
    /// A bad span.
    #[error("{0}")]
    Span(#[from] crate::span::SpanError),
    /// A window longer than a day or without length.
    #[error("a window is longer than 0s and at most 1d")]
    Window,
    /// Neighbours in a rule that does not say who they are.
    #[error("neighbours are compared in rules that have \"neighbours\"")]
    Neighbours,
    /// Too many names or windows in one rule.
    #[error("a rule names at most {max} {what}")]
    Many {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        max: usize,
    },
}
