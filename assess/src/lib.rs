//! Assess (研判): what readings mean. The alarm engine, the grouping of its notices, and the dry run over the past.
//!
//! [`Engine`] is a state machine: readings and time go in, [`Effect`]s come out. It keeps no clock and does no I/O; time
//! is **event time**: a rule says how long readings wait for earlier ones (`lateness`), within which their order of
//! arrival does not matter. What it remembers is a value in small records ([`State`]), of which the caller stores those
//! that changed. [`Notifier`] turns what happens into few notices. [`dry_run`] is the same engine over stored readings.
//!
//! Store effects and changed records in one transaction, together with how far the readings were taken: a program that
//! is killed reads on from there, and says nothing twice.
//!
//! ```
//! use dipper_assess::{Effect, Engine, RuleConfig, Setup, Subject, compile_rules};
//! use model::{Instant, Reading, SeriesNo};
//!
//! let rule = r#"{"id": "hot", "when": "temperature > 60.0", "for": "10m", "severity": "major"}"#;
//! let rule: RuleConfig = serde_json::from_str(rule)?;
//! let rules = compile_rules(&[rule])?;
//! let mut engine = Engine::empty(Setup { rules, inhibitions: Vec::new(), zone: jiff::tz::TimeZone::UTC });
//!
//! let kitchen = Subject {
//!     device: "t-17".parse()?,
//!     revision: 1,
//!     class: "thermometer".into(),
//!     areas: Vec::new(),
//!     group: None,
//!     tags: Vec::new(),
//!     parent: None,
//!     point: None,
//!     series: vec![(SeriesNo(1), "temperature".into())],
//! };
//! let at: Instant = "2026-11-27T08:00:00+08:00".parse()?;
//! let cell = grid::Cell::encode(grid::LonLat::new(116.3, 39.9)?, grid::Level::L8)?;
//! let reading = Reading { series: SeriesNo(1), cell, at, received_at: at, value: 71.5 };
//! assert!(matches!(engine.observe(&kitchen, &reading, at)[..], [Effect::Pending { .. }]));
//!
//! // Nothing more is heard of it: time alone raises the alarm.
//! let due = engine.next_due().ok_or("something is due")?;
//! assert!(matches!(engine.tick(due)[..], [Effect::Raised { .. }]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
