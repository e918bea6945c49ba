//! Rules as a pack writes them, and what is wrong with one.

use std::sync::Arc;

use model::Text;
use serde::Deserialize;

use crate::cel::{Cond, ExprError, Scope};
use crate::schedule::Schedule;
use crate::span::Span;
use crate::subject::Selector;

/// Most levels of severity in one rule.
pub const LEVELS_MAX: usize = 4;
/// Most repeats and raises that are remembered for one alarm.
pub const REMEMBERED_MAX: u16 = 100;
/// Longest lateness: what waits is held in memory.
pub const LATENESS_MAX_US: i64 = 3_600_000_000;
/// Longest id of a rule, in bytes.
const ID_MAX: usize = 64;
/// Farthest neighbours, in metres.
const WITHIN_MAX_M: f64 = 50_000.0;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing (提示).
    Info,
    /// 一般.
    Minor,
    /// 较大.
    Major,
    /// 重大.
    Critical,
}

/// One step of the ladder of severities.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelConfig {
    /// How bad.
    pub severity: Severity,
    /// The condition.
    pub when: String,
    /// How long it must hold; the rule's own `for` when left out.
    #[serde(default, rename = "for")]
    pub hold_for: Option<Span>,
}

/// N readings that meet the condition within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many, 2 to 100.
    pub count: u16,
    /// Within which span.
    pub within: Span,
}

/// An alarm that comes and goes stays open until it was quiet for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flap {
    /// How often it was raised, 2 to 100.
    pub raises: u16,
    /// Within which span.
    pub within: Span,
    /// How long it must then be quiet before it clears.
    pub quiet: Span,
}

/// Who the neighbours of a device are: the others that measure the same property.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighboursConfig {
    /// Those at most so many metres away.
    #[serde(default)]
    pub within_m: Option<f64>,
    /// Those of the same group.
    #[serde(default)]
    pub same_group: bool,
    /// How many must have a value, 1 to 64; with fewer there is no median.
    pub at_least: u16,
    /// How old a value may be; an hour when left out.
    #[serde(default)]
    pub fresh: Option<Span>,
}

/// A rule as it is written. Everything but `id`, and one of `when`, `levels` and `no_data_after`, may be left out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// Its word.
    pub id: String,
    /// What people read.
    #[serde(default)]
    pub title: Text,
    /// Which devices.
    #[serde(default)]
    pub selector: Selector,
    /// The condition, when there is one level.
    #[serde(default)]
    pub when: Option<String>,
    /// How bad, with `when`; minor when left out.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The ladder: the highest that holds is the alarm's severity.
    #[serde(default)]
    pub levels: Vec<LevelConfig>,
    /// How long a condition must hold.
    #[serde(default, rename = "for")]
    pub hold_for: Span,
    /// How often readings must meet it.
    #[serde(default)]
    pub repeat: Option<Repeat>,
    /// The condition under which an open alarm may clear; "none holds any more" when left out.
    #[serde(default)]
    pub clear: Option<String>,
    /// How far a value must come back behind its threshold. For levels that compare a number with a constant.
    #[serde(default)]
    pub hysteresis: Option<f64>,
    /// How long an alarm stays open after its condition ended.
    #[serde(default)]
    pub keep_firing: Span,
    /// An alarm of its own when nothing was heard for so long.
    #[serde(default)]
    pub no_data_after: Option<Span>,
    /// How bad silence is; minor when left out.
    #[serde(default)]
    pub no_data_severity: Option<Severity>,
    /// Who is compared with.
    #[serde(default)]
    pub neighbours: Option<NeighboursConfig>,
    /// When it watches; always when left out.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// Damping.
    #[serde(default)]
    pub flap: Option<Flap>,
    /// How long readings wait for those that were measured before them.
    #[serde(default)]
    pub lateness: Span,
}

/// A rule that cannot be: which one, which field, why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule:?}: {field}: {fault}")]
pub struct RuleError {
    /// The rule's id as written.
    pub rule: String,
    /// The field, such as `levels[1].when`.
    pub field: String,
    /// What is wrong.
    pub fault: RuleFault,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// Not a word.
    #[error("1 to {ID_MAX} of a-z, 0-9, '_', '-', '.', starting with a letter or digit")]
    Id,
    /// Two rules of one name.
    #[error("another rule has this id")]
    Twice,
    /// Neither or both.
    #[error("give either when or levels, or no_data_after alone")]
    Condition,
    /// Too many levels, or out of order.
    #[error("1 to {LEVELS_MAX} levels, each of another severity, from the least to the worst")]
    Levels,
    /// A number out of range.
    #[error("must be {min} to {max}, got {got}")]
    Range {
        /// Least.
        min: String,
        /// Most.
        max: String,
        /// What was given.
        got: String,
    },
    /// Hysteresis on something that has no threshold.
    #[error(
        "hysteresis needs levels such as \"temperature > 60.0\": a number compared with a constant by <, <=, > or >="
    )]
    NoThreshold,
    /// Both ways to clear.
    #[error("give clear or hysteresis, not both")]
    TwoClears,
    /// `value` means nothing here.
    #[error("value needs selector.properties: each of them is watched by itself")]
    Value,
    /// A property that a text cannot name.
    #[error("neighbours are those within_m or of the same_group, one of the two")]
    Neighbours,
    /// Needs a condition.
    #[error("means nothing without when or levels")]
    Alone,
    /// A bad condition.
    #[error("{0}")]
    Expr(#[from] ExprError),
}

/// One level, compiled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Level {
    pub(crate) severity: Severity,
    pub(crate) when: Cond,
    /// The same with its threshold moved: what holds while the level fires.
    pub(crate) still: Option<Cond>,
    pub(crate) hold_for: Span,
}

/// A rule, checked and compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(crate) id: Arc<str>,
    pub(crate) title: Text,
    pub(crate) selector: Selector,
    pub(crate) levels: Vec<Level>,
    pub(crate) clear: Option<Cond>,
    pub(crate) scope: Scope,
    /// Whether `value` is named: one alarm for each property.
    pub(crate) per_property: bool,
    pub(crate) repeat: Option<Repeat>,
    pub(crate) keep_firing: Span,
    pub(crate) no_data: Option<(Span, Severity)>,
    pub(crate) neighbours: Option<NeighboursConfig>,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) flap: Option<Flap>,
    pub(crate) lateness: Span,
    /// Of all that a pending alarm depends on.
    pub(crate) fingerprint: u64,
}

impl Rule {
    /// Checks and compiles a rule.
    ///
    /// # Errors
    /// [`RuleError`] names the field and the limit.
    pub fn compile(config: &RuleConfig) -> Result<Self, RuleError> {
        let fault =
            |field: &str, fault: RuleFault| RuleError { rule: config.id.clone(), field: field.to_owned(), fault };
        if !is_id(&config.id) {
            return Err(fault("id", RuleFault::Id));
        }
        check_numbers(config).map_err(|(field, why)| fault(field, why))?;
        let mut scope = Scope { neighbours: config.neighbours.is_some(), ..Scope::default() };
        let mut levels = Vec::new();
        for (at, level) in ladder(config).map_err(|(field, why)| fault(field, why))?.iter().enumerate() {
            let field = if config.when.is_some() { "when".to_owned() } else { format!("levels[{at}].when") };
            let when = scope.parse(&level.when).map_err(|error| fault(&field, error.into()))?;
            let still = config.hysteresis.map(|band| when.widened(band).ok_or(RuleFault::NoThreshold)).transpose();
            let still = still.map_err(|why| fault("hysteresis", why))?;
            let hold_for = level.hold_for.unwrap_or(config.hold_for);
            levels.push(Level { severity: level.severity, when, still, hold_for });
        }
        let clear = config.clear.as_ref().map(|text| scope.parse(text)).transpose();
        let clear = clear.map_err(|error| fault("clear", error.into()))?;
        let per_property = scope.names.iter().any(|name| **name == *"value");
        if per_property && config.selector.properties.is_empty() {
            return Err(fault("selector.properties", RuleFault::Value));
        }
        Ok(Self {
            id: config.id.as_str().into(),
            title: config.title.clone(),
            selector: config.selector.clone(),
            levels,
            clear,
            scope,
            per_property,
            repeat: config.repeat,
            keep_firing: config.keep_firing,
            no_data: config.no_data_after.map(|after| (after, config.no_data_severity.unwrap_or(Severity::Minor))),
            neighbours: config.neighbours,
            schedule: config.schedule.clone(),
            flap: config.flap,
            lateness: config.lateness,
            fingerprint: fingerprint(config),
        })
    }

    /// The properties that its conditions name.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.scope.names.iter().map(|name| &**name).filter(|name| *name != "value")
    }

    /// Its word.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people read.
    pub fn title(&self) -> &Text {
        &self.title
    }
}

/// Checks and compiles the rules of a city.
///
/// # Errors
/// [`RuleError`] of the first rule that cannot be, or that has the id of another.
pub fn compile_rules(configs: &[RuleConfig]) -> Result<Vec<Rule>, RuleError> {
    let mut ids = std::collections::BTreeSet::new();
    let mut rules = Vec::with_capacity(configs.len());
    for config in configs {
        if !ids.insert(&config.id) {
            return Err(RuleError { rule: config.id.clone(), field: "id".to_owned(), fault: RuleFault::Twice });
        }
        rules.push(Rule::compile(config)?);
    }
    Ok(rules)
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    begins && text.len() <= ID_MAX && text.bytes().all(fits)
}

/// The levels as a list, whichever way they are written.
fn ladder(config: &RuleConfig) -> Result<Vec<LevelConfig>, (&'static str, RuleFault)> {
    let conditionless = config.levels.is_empty() && config.when.is_none();
    if config.when.is_some() && !config.levels.is_empty() || conditionless && config.no_data_after.is_none() {
        return Err(("when", RuleFault::Condition));
    }
    let alone = [
        ("clear", config.clear.is_some()),
        ("hysteresis", config.hysteresis.is_some()),
        ("repeat", config.repeat.is_some()),
        ("for", !config.hold_for.is_zero()),
        ("neighbours", config.neighbours.is_some()),
    ];
    if let Some((field, _)) = alone.iter().find(|(_, given)| conditionless && *given) {
        return Err((field, RuleFault::Alone));
    }
    if config.severity.is_some() && config.when.is_none() {
        return Err(("severity", RuleFault::Alone));
    }
    if config.no_data_severity.is_some() && config.no_data_after.is_none() {
        return Err(("no_data_severity", RuleFault::Alone));
    }
    if let Some(when) = &config.when {
        let severity = config.severity.unwrap_or(Severity::Minor);
        return Ok(vec![LevelConfig { severity, when: when.clone(), hold_for: None }]);
    }
    let climbs = config.levels.windows(2).all(|pair| pair[0].severity < pair[1].severity);
    if config.levels.len() > LEVELS_MAX || !climbs {
        return Err(("levels", RuleFault::Levels));
    }
    Ok(config.levels.clone())
}

fn check_numbers(config: &RuleConfig) -> Result<(), (&'static str, RuleFault)> {
    let range = |field, min: f64, max: f64, got: f64| {
        let fits = min <= got && got <= max;
        let told = |value: f64| value.to_string();
        if fits { Ok(()) } else { Err((field, RuleFault::Range { min: told(min), max: told(max), got: told(got) })) }
    };
    let span = |field, min: i64, max: i64, got: Span| {
        let told = |micros: i64| format!("{}s", micros / 1_000_000);
        let fits = (min..=max).contains(&got.micros());
        if fits {
            Ok(())
        } else {
            Err((field, RuleFault::Range { min: told(min), max: told(max), got: got.to_string() }))
        }
    };
    let (second, longest) = (1_000_000, crate::span::SPAN_MAX.micros());
    span("lateness", 0, LATENESS_MAX_US, config.lateness)?;
    if let Some(repeat) = config.repeat {
        range("repeat.count", 2.0, REMEMBERED_MAX.into(), repeat.count.into())?;
        span("repeat.within", second, longest, repeat.within)?;
    }
    if let Some(flap) = config.flap {
        range("flap.raises", 2.0, REMEMBERED_MAX.into(), flap.raises.into())?;
        span("flap.within", second, longest, flap.within)?;
        span("flap.quiet", second, longest, flap.quiet)?;
    }
    if let Some(after) = config.no_data_after {
        span("no_data_after", second, longest, after)?;
    }
    if let Some(band) = config.hysteresis {
        range("hysteresis", f64::MIN_POSITIVE, 1e12, band)?;
        if config.clear.is_some() {
            return Err(("clear", RuleFault::TwoClears));
        }
    }
    if let Some(neighbours) = config.neighbours {
        range("neighbours.at_least", 1.0, 64.0, neighbours.at_least.into())?;
        match neighbours.within_m {
            Some(metres) if !neighbours.same_group => range("neighbours.within_m", 1.0, WITHIN_MAX_M, metres)?,
            None if neighbours.same_group => {}
            _ => return Err(("neighbours", RuleFault::Neighbours)),
        }
        span("neighbours.fresh", second, longest, neighbours.fresh.unwrap_or(Span::from_secs(3_600)))?;
    }
    Ok(())
}

/// FNV-1a over what decides about an alarm, written out: the same in every build. Titles are left out.
fn fingerprint(config: &RuleConfig) -> u64 {
    use std::fmt::Write;
    let mut text = String::new();
    let mut put = |word: &str, value: &dyn std::fmt::Debug| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{word}={value:?};");
    };
    put("when", &config.when);
    for level in &config.levels {
        put("severity", &(level.severity as u8));
        put("when", &level.when);
        put("for", &level.hold_for.map(Span::micros));
    }
    put("for", &config.hold_for.micros());
    put("repeat", &config.repeat.map(|repeat| (repeat.count, repeat.within.micros())));
    put("clear", &config.clear);
    put("hysteresis", &config.hysteresis.map(f64::to_bits));
    put("keep", &config.keep_firing.micros());
    put("silence", &config.no_data_after.map(Span::micros));
    let neighbours = config
        .neighbours
        .map(|near| (near.within_m.map(f64::to_bits), near.same_group, near.at_least, near.fresh.map(Span::micros)));
    put("neighbours", &neighbours);
    put("flap", &config.flap.map(|flap| (flap.raises, flap.within.micros(), flap.quiet.micros())));
    put("lateness", &config.lateness.micros());
    fnv(text.as_bytes())
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
