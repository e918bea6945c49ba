//! Indicators (考核指标) of GB/T 30428.4's kind: reproducible counts over events, each with the cases behind it.
//!
//! A value is never stored: it is counted again from steps and cases, which are folded from events. Weights and grade
//! bands are not here: the national ones are not public, cities set their own.

use std::collections::BTreeMap;

use model::{CategoryId, OfficeId, PartyId, StageId, Text};
use pack::City;
use store::{Behind, Cursor, DayCounts, GroupBy, GroupCounts, IndicatorScope, Measure, Page, Part, Store, StoreError};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share, 0 to 1.
    Ratio,
    /// How many.
    Count,
    /// 1 to 5.
    Stars,
}

impl Unit {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Stars => "stars",
        }
    }
}

/// What an indicator means, and what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Id, such as `on_time_closure_rate`.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What a value is.
    pub unit: Unit,
    /// What a city wants it to reach; a rate of faults should stay below it.
    pub target: Option<f64>,
    /// How it is computed, in words.
    pub formula: Text,
    /// What counts.
    pub numerator: Measure,
    /// Out of what; absent for a plain count.
    pub denominator: Option<Measure>,
    /// What could have counted and did not, where that is a list of its own.
    pub missing: Option<Measure>,
}

/// A value with the numbers it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndicatorValue {
    /// The value; absent when there was nothing to count.
    pub value: Option<f64>,
    /// How many count.
    pub numerator: u64,
    /// Out of how many; equal to the numerator for a plain count.
    pub denominator: u64,
}

/// The values of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorRow {
    /// The group's key, as [`list_behind`] takes it.
    pub key: String,
    /// Its name.
    pub title: Text,
    /// Values by indicator id.
    pub values: BTreeMap<String, IndicatorValue>,
}

/// Which of the numbers behind a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that count.
    Numerator,
    /// All that could.
    Denominator,
    /// Those that could and did not.
    Missing,
}

fn plain(id: &str, zh: &str, en: &str, part: Part, formula: (&str, &str)) -> Definition {
    Definition {
        id: id.to_owned(),
        title: Text::from([("zh-CN", zh), ("en", en)]),
        unit: Unit::Count,
        target: None,
        formula: Text::from([("zh-CN", formula.0), ("en", formula.1)]),
        numerator: part.into(),
        denominator: None,
        missing: None,
    }
}

fn ratio(
    id: &str,
    zh: &str,
    en: &str,
    (part, of): (Part, Part),
    target: Option<f64>,
    formula: (&str, &str),
) -> Definition {
    Definition { unit: Unit::Ratio, target, denominator: Some(of.into()), ..plain(id, zh, en, part, formula) }
}

/// Every indicator of a city, in the order shown: closing first, then each stage, then quality.
pub fn definitions(city: &City) -> Vec<Definition> {
    let mut list = closing();
    let mut seen: Vec<&StageId> = Vec::new();
    // Applications and alarms have clocks of their own: these are the indicators of city management.
    let apart = city.processes_apart();
    for (_, process) in city.processes.iter().filter(|(id, _)| !apart.contains(id)) {
        for stage in process
            .stages
            .iter()
            .filter(|stage| process.states.values().any(|state| state.task.is_some() && state.stage == stage.id))
        {
            if !seen.contains(&&stage.id) {
                seen.push(&stage.id);
                list.push(timeliness(&stage.id, &stage.title));
            }
        }
    }
    list.extend(quality());
    list.extend(exceptions());
    list.extend(satisfaction());
    list
}

fn closing() -> Vec<Definition> {
    let on_time = ratio(
        "on_time_closure_rate",
        "按期结案率",
        "Closed on time",
        (Part::DueClosedOnTime, Part::Due),
        Some(0.9),
        (
            "按期结案数 ÷ 应结案数（挂账、申诉成立、批准延期且如期办结的除外；延期后仍超时的照计）",
            "closed with handling in time ÷ due to be closed, without those suspended, upheld on appeal, or extended and then handled within the extension; an extension not kept counts as late",
        ),
    );
    vec![
        plain("reported", "上报数", "Reported", Part::Opened, ("本期上报的案件数", "cases reported in the period")),
        ratio(
            "filing_rate",
            "立案率",
            "Filed",
            (Part::Filed, Part::Opened),
            None,
            ("已立案并派遣的 ÷ 上报数", "filed and dispatched ÷ reported"),
        ),
        plain(
            "closed",
            "结案数",
            "Closed",
            Part::Closed,
            ("本期结案的案件数", "cases closed as resolved in the period"),
        ),
        ratio(
            "closure_rate",
            "结案率",
            "Closure rate",
            (Part::DueClosed, Part::Due),
            Some(0.95),
            ("已结案数 ÷ 应结案数", "closed ÷ due to be closed"),
        ),
        Definition { missing: Some(Part::DueLate.into()), ..on_time },
    ]
}

fn timeliness(stage: &StageId, title: &Text) -> Definition {
    let of_stage = |part: Part| Measure { part, stage: Some(stage.clone()) };
    let named = |locale: &str, end: &str| format!("{}{end}", title.in_locale(locale));
    Definition {
        id: format!("on_time_{stage}"),
        title: Text::from([("zh-CN", named("zh-CN", "及时率")), ("en", named("en", " on time"))]),
        unit: Unit::Ratio,
        target: Some(0.9),
        formula: Text::from([
            ("zh-CN", "该环节按时完成的任务数 ÷ 应完成的任务数（免责的除外）"),
            ("en", "tasks of the stage done in time ÷ tasks due, without those that are exempt"),
        ]),
        numerator: of_stage(Part::StepsOnTime),
        denominator: Some(of_stage(Part::StepsDue)),
        missing: Some(of_stage(Part::StepsLate)),
    }
}

fn quality() -> Vec<Definition> {
    vec![
        ratio(
            "rework_rate",
            "返工率",
            "Rework",
            (Part::Reworked, Part::Closed),
            Some(0.05),
            ("核查未通过而返工的 ÷ 结案数", "sent back after a check ÷ closed"),
        ),
        plain(
            "reworked_often",
            "多次返工数",
            "Reworked more than once",
            Part::ReworkedOften,
            ("返工两次及以上的结案数", "closed cases sent back twice or more"),
        ),
        ratio(
            "return_rate",
            "回退率",
            "Returned",
            (Part::Returned, Part::Closed),
            None,
            ("被处置单位回退过的 ÷ 结案数", "returned by a department ÷ closed"),
        ),
    ]
}

/// What was raised, put off or excused.
fn exceptions() -> Vec<Definition> {
    vec![
        plain(
            "supervised",
            "督办数",
            "Supervised",
            Part::Supervised,
            ("本期上报中被督办的", "reported cases put under supervision"),
        ),
        plain("suspended", "挂账数", "Suspended", Part::Suspended, ("本期上报中挂账的", "reported cases suspended")),
        plain(
            "extended",
            "延期数",
            "Extended",
            Part::Extended,
            ("本期上报中批准延期的", "reported cases given more time"),
        ),
        plain(
            "excused",
            "免责数",
            "Excused",
            Part::Excused,
            (
                "应结案中因挂账、申诉成立、批准延期且如期办结免责的",
                "due cases excused by suspension, an upheld appeal or an approved extension that was kept",
            ),
        ),
    ]
}

/// What reporters say.
fn satisfaction() -> Vec<Definition> {
    let stars = ratio(
        "stars",
        "平均评分",
        "Stars",
        (Part::RatingSum, Part::Rated),
        Some(4.5),
        ("评分之和 ÷ 评价数", "sum of stars ÷ ratings"),
    );
    vec![
        ratio(
            "satisfaction",
            "满意率",
            "Satisfied",
            (Part::Satisfied, Part::Rated),
            Some(0.9),
            ("四星及以上 ÷ 评价数", "four stars or more ÷ ratings"),
        ),
        Definition { unit: Unit::Stars, ..stars },
        ratio(
            "reopen_rate",
            "重开率",
            "Opened again",
            (Part::Reopened, Part::Closed),
            None,
            ("市民要求重开的 ÷ 结案数", "opened again by reporters ÷ closed"),
        ),
    ]
}

/// Computes every indicator by group. Groups without anything to count are left out.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn compute(store: &Store, city: &City, scope: IndicatorScope) -> Result<Vec<IndicatorRow>, StoreError> {
    let by = scope.by;
    let (groups, names) = store
        .read(move |db| {
            let groups = db.count_parts(&scope)?;
            let parties: Vec<PartyId> = match by {
                GroupBy::Person => groups.iter().filter_map(|group| group.key.parse().ok()).collect(),
                _ => Vec::new(),
            };
            let names = db.display_names(&parties)?;
            Ok::<_, StoreError>((groups, names))
        })
        .await?;
    let definitions = definitions(city);
    let row = |group: GroupCounts| {
        let person = group.key.parse::<PartyId>().ok().and_then(|party| names.get(&party));
        let title = person.map_or_else(
            || group_title(city, by, &group.key),
            |name| Text::from([("zh-CN", name.as_str()), ("en", name.as_str())]),
        );
        let values = definitions.iter().map(|definition| (definition.id.clone(), value(definition, &group))).collect();
        IndicatorRow { key: group.key, title, values }
    };
    Ok(groups.into_iter().map(row).collect())
}

fn count(group: &GroupCounts, measure: &Measure) -> u64 {
    measure.stage.as_ref().map_or_else(|| group.count(measure.part), |stage| group.of_stage(measure.part, stage))
}

#[allow(clippy::cast_precision_loss, reason = "counts of cases are far below 2^53")]
fn value(definition: &Definition, group: &GroupCounts) -> IndicatorValue {
    let numerator = count(group, &definition.numerator);
    match &definition.denominator {
        None => IndicatorValue { value: Some(numerator as f64), numerator, denominator: numerator },
        Some(of) => {
            let denominator = count(group, of);
            let value = (denominator > 0).then(|| numerator as f64 / denominator as f64);
            IndicatorValue { value, numerator, denominator }
        }
    }
}

fn group_title(city: &City, by: GroupBy, key: &str) -> Text {
    let none = || Text::from([("zh-CN", "未定"), ("en", "Not known")]);
    let titled = |title: Option<&Text>| {
        title
            .cloned()
            .unwrap_or_else(|| if key.is_empty() { none() } else { Text::from([("zh-CN", key), ("en", key)]) })
    };
    match by {
        GroupBy::All => Text::from([("zh-CN", "全部"), ("en", "All")]),
        GroupBy::Region { .. } => {
            let last = key.trim_end_matches('/').rsplit('/').next().and_then(|word| model::RegionId::new(word).ok());
            titled(last.and_then(|id| city.region(&id)).map(|region| &region.title))
        }
        GroupBy::Department => {
            titled(OfficeId::new(key).ok().and_then(|id| city.office(&id)).map(|office| &office.title))
        }
        GroupBy::Category => {
            titled(CategoryId::new(key).ok().and_then(|id| city.category(&id)).map(|category| &category.title))
        }
        GroupBy::Stage => {
            let stages = city.processes.values().flat_map(|process| &process.stages);
            titled(stages.into_iter().find(|stage| stage.id.as_str() == key).map(|stage| &stage.title))
        }
        GroupBy::Person => none(),
    }
}

/// Why the cases behind a number cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum BehindError {
    /// There is no such indicator.
    #[error("there is no indicator {0}")]
    Unknown(String),
    /// The indicator has no such side.
    #[error("indicator {0} has no list of that kind")]
    NoSide(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists the cases behind a number: as many as were counted, latest first.
///
/// # Errors
/// [`BehindError`].
pub async fn list_behind(
    store: &Store,
    city: &City,
    scope: IndicatorScope,
    (indicator, side): (&str, Side),
    key: String,
    page: (Option<Cursor>, u32),
) -> Result<Page<Behind>, BehindError> {
    let definition = definitions(city).into_iter().find(|definition| definition.id == indicator);
    let definition = definition.ok_or_else(|| BehindError::Unknown(indicator.to_owned()))?;
    let measure = match side {
        Side::Numerator => Some(definition.numerator),
        Side::Denominator => definition.denominator.or(Some(definition.numerator)),
        Side::Missing => definition.missing,
    };
    let measure = measure.ok_or(BehindError::NoSide(definition.id))?;
    Ok(store.read(move |db| db.list_part(&scope, &measure, &key, page.0, page.1)).await?)
}

/// Counts day by day between neighbouring instants.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn trends(
    store: &Store,
    scope: IndicatorScope,
    days: Vec<model::Instant>,
) -> Result<Vec<DayCounts>, StoreError> {
    store.read(move |db| db.count_days(&scope, &days)).await
}
