//! Assess (研判): what readings mean. The alarm engine, the grouping of its notices, and the dry run over the past.
//!
//! [`Engine`] is a state machine: readings and time go in, [`Effect`]s come out. It keeps no clock and does no I/O; time
//! is **event time**: a rule says how long readings wait for earlier ones (`lateness`), within which their order of
//! arrival does not matter. What it remembers is a value in small records ([`State`]), of which the caller stores those
//! that changed. [`Notifier`] turns what happens into few notices. [`dry_run`] is the same engine over stored readings.
//!
//! # What this crate must never do
//!
//! Read a clock, ask a database, or know who is told. Rules are closed expressions ([`cel`]): bounded, and no scripts.

pub mod cel;
mod codec;
mod effect;
mod engine;
mod machine;
mod notify;
mod replay;
mod rule;
mod schedule;
mod span;
mod subject;
mod window;

pub use codec::Torn;
pub use effect::{AlarmKey, ClearedBy, Effect, Evidence, Ignored, Suppressor};
pub use engine::{AlarmView, CommandError, Engine, Inhibition, Matcher, Setup, Silence, Stage, State, StateKey, Via};
pub use notify::{
    AlarmFacts, Escalation, GroupBy, Notice, NoticeKind, Notifier, NotifyError, NotifyKey, NotifyState, Route,
    RouteError,
};
pub use replay::{Episode, dry_run};
pub use rule::{
    Flap, LevelConfig, NeighboursConfig, Repeat, Rule, RuleConfig, RuleError, RuleFault, Severity, compile_rules,
};
pub use schedule::{Clock, Day, Schedule};
pub use span::{Span, SpanError};
pub use subject::{Selector, Subject};
