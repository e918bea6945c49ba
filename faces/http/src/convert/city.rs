//! The city and its pack.

use std::collections::BTreeMap;

use model::{RegionId, StageId};
use pack::{
    Category, CategoryKind, City, HolidayRule, LimitRule, OfficeRule, Process, RegionLevel, Target, TaskRule, Who,
};
use serde_json::json;

use super::fields::field;
use super::text;
use crate::wire;

/// A category with its conditions and form.
pub fn category(city: &City, id: &model::CategoryId, category: &Category) -> wire::Category {
    let form = category.form.as_ref().and_then(|form| city.forms.get(form));
    wire::Category {
        id: id.to_string(),
        code: category.code.clone(),
        kind: match category.kind {
            CategoryKind::Component => wire::CategoryKind::Component,
            CategoryKind::Event => wire::CategoryKind::Event,
            CategoryKind::Service => wire::CategoryKind::Service,
            CategoryKind::Alarm => wire::CategoryKind::Alarm,
            CategoryKind::Extract => wire::CategoryKind::Extract,
        },
        title: text(&category.title),
        group: text(&category.group),
        description: text(&category.description),
        keywords: category.keywords.clone(),
        icon: category.icon.clone(),
        public: category.public,
        extract_in: category.extract_in.as_ref().map(ToString::to_string),
        conditions: category.conditions.iter().map(condition).collect(),
        form: form.map(|fields| fields.iter().map(|asked| field(city, asked, None)).collect()),
    }
}

fn condition(condition: &pack::Condition) -> wire::Condition {
    wire::Condition {
        id: condition.id.to_string(),
        title: text(&condition.title),
        limit: condition.limit.map(|limit| limit.to_string()),
        closing: text(&condition.closing),
    }
}

/// Level of a region.
pub const fn level(level: RegionLevel) -> wire::RegionLevel {
    match level {
        RegionLevel::City => wire::RegionLevel::City,
        RegionLevel::District => wire::RegionLevel::District,
        RegionLevel::Street => wire::RegionLevel::Street,
        RegionLevel::Community => wire::RegionLevel::Community,
        RegionLevel::UnitGrid => wire::RegionLevel::UnitGrid,
    }
}

/// A region without its shape.
pub fn region(id: &RegionId, region: &pack::Region) -> wire::Region {
    wire::Region {
        id: id.to_string(),
        title: text(&region.title),
        level: level(region.level),
        code: region.code.clone(),
        parent: region.parent.as_ref().map(ToString::to_string),
    }
}

/// The shape of a region; `None` where the pack draws none.
pub fn region_shape(id: &RegionId, region: &pack::Region) -> Option<wire::RegionFeature> {
    (!region.polygons.is_empty()).then(|| wire::RegionFeature {
        kind: wire::FeatureKind::Feature,
        geometry: wire::Geometry { kind: wire::GeometryKind::MultiPolygon, coordinates: json!(region.polygons) },
        properties: wire::RegionProperties {
            id: id.to_string(),
            title: text(&region.title),
            level: level(region.level),
        },
    })
}

/// The regions from the city down to this one.
pub fn region_chain(city: &City, region: &RegionId) -> Vec<wire::RegionLink> {
    let chain = city.region_chain(region);
    let link = |id: &RegionId| {
        let region = city.regions.get(id)?;
        Some(wire::RegionLink { id: id.to_string(), title: text(&region.title), level: level(region.level) })
    };
    chain.into_iter().rev().filter_map(link).collect()
}

/// An office.
pub fn office(id: &model::OfficeId, office: &pack::Office) -> wire::Office {
    wire::Office {
        id: id.to_string(),
        title: text(&office.title),
        kind: office.kind.clone(),
        region: office.region.to_string(),
        parent: office.parent.as_ref().map(ToString::to_string),
    }
}

/// Every stage of every process.
pub fn stages(city: &City) -> Vec<wire::CityStage> {
    let of_process = |(id, process): (&model::ProcessId, &Process)| {
        let stage = |stage: &pack::Stage| wire::CityStage {
            process: id.to_string(),
            id: stage.id.to_string(),
            title: text(&stage.title),
        };
        process.stages.iter().map(stage).collect::<Vec<_>>()
    };
    city.processes.iter().flat_map(of_process).collect()
}

/// A process with its states in order of their stages.
pub fn process(city: &City, id: &model::ProcessId, process: &Process) -> wire::Process {
    let order: BTreeMap<&StageId, usize> =
        process.stages.iter().enumerate().map(|(at, stage)| (&stage.id, at)).collect();
    let mut states: Vec<_> = process.states.iter().collect();
    states.sort_by_key(|(id, state)| (order.get(&state.stage), state.outcome.is_some(), (*id).clone()));
    wire::Process {
        id: id.to_string(),
        title: text(&process.title),
        stages: process
            .stages
            .iter()
            .map(|stage| wire::Named { id: stage.id.to_string(), title: text(&stage.title) })
            .collect(),
        first: process.first.to_string(),
        states: states.into_iter().map(|(id, state)| self::state(id, state)).collect(),
        actions: process.actions.iter().map(|action| self::action(city, action)).collect(),
    }
}

fn state(id: &model::StateId, state: &pack::State) -> wire::State {
    wire::State {
        id: id.to_string(),
        title: text(&state.title),
        public_title: text(&state.public_title),
        stage: state.stage.to_string(),
        outcome: state.outcome.map(outcome),
        task: state.task.as_ref().map(task_rule),
    }
}

/// How a case ended.
pub const fn outcome(outcome: model::Outcome) -> wire::Outcome {
    match outcome {
        model::Outcome::Resolved => wire::Outcome::Resolved,
        model::Outcome::Declined => wire::Outcome::Declined,
        model::Outcome::Duplicate => wire::Outcome::Duplicate,
        model::Outcome::Withdrawn => wire::Outcome::Withdrawn,
    }
}

fn task_rule(rule: &TaskRule) -> wire::TaskRule {
    let office = match &rule.office {
        OfficeRule::Handler => "handler".to_owned(),
        OfficeRule::Kind(kind) => format!("kind:{kind}"),
        OfficeRule::Id(id) => id.to_string(),
    };
    let (limit, calendar, because) = match &rule.limit {
        LimitRule::Fixed { limit, calendar } => (Some(limit.to_string()), Some(calendar.to_string()), None),
        LimitRule::Category { calendar } => (None, Some(calendar.to_string()), None),
        LimitRule::None { because } => (None, None, Some(because.clone())),
    };
    wire::TaskRule {
        role: rule.role.to_string(),
        office,
        limit,
        calendar,
        limit_of_category: matches!(rule.limit, LimitRule::Category { .. }),
        no_limit_because: because,
    }
}

fn action(city: &City, action: &pack::Action) -> wire::Action {
    let who = |who: &Who| match who {
        Who::Task => "task".to_owned(),
        Who::Reporter => "reporter".to_owned(),
        Who::Role(role) => format!("role:{role}"),
        Who::OfficeRole(role) => format!("office_role:{role}"),
    };
    wire::Action {
        id: action.id.to_string(),
        title: text(&action.title),
        from: action.from.iter().map(ToString::to_string).collect(),
        to: match &action.to {
            Target::State(state) => Some(state.to_string()),
            Target::Stay | Target::Previous => None,
        },
        to_previous: matches!(action.to, Target::Previous),
        by: action.by.iter().map(who).collect(),
        separate_from: action.separate_from.iter().map(ToString::to_string).collect(),
        fields: action.fields.iter().map(|asked| field(city, asked, None)).collect(),
        public_title: action.public_title.as_ref().map(text),
        tally: action.tally.map(|tally| tally.as_str().to_owned()),
        tone: action.tone.clone(),
    }
}

/// The whole pack.
pub fn pack(compiled: &pack::Compiled) -> wire::Pack {
    let city = &compiled.city;
    let role = |(id, role): (&model::RoleId, &pack::Role)| wire::PackRole {
        id: id.to_string(),
        title: text(&role.title),
        face: role.face.into(),
        permissions: role.permissions.clone(),
    };
    let route = |route: &pack::Route| wire::PackRoute {
        category: route.category.clone(),
        region: route.region.as_ref().map(ToString::to_string),
        office: route.office.to_string(),
    };
    wire::Pack {
        hash: compiled.hash.to_string(),
        version: city.version.clone(),
        counts: counts(city),
        roles: city.roles.iter().map(role).collect(),
        routing: city.routing.iter().map(route).collect(),
        calendars: city.calendars.iter().map(|(id, rules)| calendar(id, rules)).collect(),
        processes: city.processes.iter().map(|(id, found)| process(city, id, found)).collect(),
    }
}

fn counts(city: &City) -> wire::PackCounts {
    wire::PackCounts {
        regions: city.regions.len(),
        offices: city.offices.len(),
        roles: city.roles.len(),
        categories: city.categories.len(),
        conditions: city.categories.values().map(|category| category.conditions.len()).sum(),
        processes: city.processes.len(),
        calendars: city.calendars.len(),
        forms: city.forms.len(),
    }
}

fn calendar(id: &model::CalendarId, rules: &pack::CalendarRules) -> wire::PackCalendar {
    let holiday = |holiday: &pack::Holiday| wire::PackHoliday {
        title: text(&holiday.title),
        rule: rule_words(&holiday.when),
        from_year: holiday.from_year,
        to_year: holiday.to_year,
    };
    wire::PackCalendar {
        id: id.to_string(),
        title: text(&rules.title),
        timezone: rules.timezone.clone(),
        hours: rules.hours.iter().map(|(day, hours)| (weekday(*day), hours.clone())).collect(),
        holidays: rules.holidays.iter().map(holiday).collect(),
        swaps: rules
            .swaps
            .iter()
            .map(|swap| wire::PackSwap { date: swap.date.clone(), like: weekday(swap.like) })
            .collect(),
    }
}

fn weekday(day: pack::Weekday) -> String {
    format!("{day:?}").to_lowercase()
}

fn rule_words(rule: &HolidayRule) -> String {
    match rule {
        HolidayRule::Dates { from, to: Some(to) } if from != to => format!("{from}..{to}"),
        HolidayRule::Dates { from, .. } => from.clone(),
        HolidayRule::Yearly { month, day, sunday_to_monday } => {
            let moved = if *sunday_to_monday { ", Monday when Sunday" } else { "" };
            format!("{month:02}-{day:02}{moved}")
        }
        HolidayRule::NthWeekday { month, weekday: day, nth: -1 } => format!("last {} of {month:02}", weekday(*day)),
        HolidayRule::NthWeekday { month, weekday: day, nth } => format!("{} no. {nth} of {month:02}", weekday(*day)),
    }
}
