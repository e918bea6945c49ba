//! Services of the pack to the wire.

use std::collections::BTreeMap;

use model::{FormId, LimitUnit, OfficeId, ServiceId};
use pack::{City, Heading, Promise, Service};

use super::text;
use crate::wire;

/// A service in a list.
pub fn item(city: &City, id: &ServiceId, service: &Service, distance_m: Option<f64>) -> wire::ServiceItem {
    let office = city.offices.get(&service.office).map(|office| text(&office.title)).unwrap_or_default();
    wire::ServiceItem {
        id: id.to_string(),
        title: text(&service.title),
        office: wire::Named { id: service.office.to_string(), title: office },
        task_type: service.task_type.into(),
        audience: service.audience.iter().map(|audience| (*audience).into()).collect(),
        handling: service.handling.map(Into::into),
        promised_limit: service.promised_limit.map(|limit| limit.to_string()),
        visits: service.visits,
        has_fee: service.fees.iter().any(|fee| fee.amount != Some(0)),
        online: service.channels.iter().any(|channel| channel.kind == pack::ChannelKind::Online),
        apply: service.apply.is_some(),
        distance_m,
    }
}

/// The whole guide.
pub fn guide(city: &City, id: &ServiceId, service: &Service) -> wire::ServiceGuide {
    let code_form = city.catalogue.code_forms.iter().find(|form| form.id == service.code_form);
    wire::ServiceGuide {
        item: item(city, id, service, None),
        booking_places: super::visits::places(service),
        code: service.code.clone(),
        code_form: code_form.map(|form| text(&form.title)),
        level: super::city::level(service.level),
        main_item: service.main_item.as_ref().map(text),
        description: service.description.as_ref().map(text),
        conditions: service.conditions.iter().map(text).collect(),
        materials: service.materials.iter().map(material).collect(),
        steps: service.steps.iter().map(step).collect(),
        legal_limit: service.legal_limit.map(|limit| limit.to_string()),
        special_procedures: service.special_procedures.iter().map(special).collect(),
        fees: service.fees.iter().map(fee).collect(),
        channels: service.channels.iter().map(channel).collect(),
        result: service.result.as_ref().map(outcome),
        basis: service.basis.iter().map(basis).collect(),
        questions: service.questions.iter().map(question).collect(),
        groups: links(&city.catalogue.groups, &service.groups),
        life_events: links(&city.catalogue.life_events, &service.life_events),
    }
}

fn links(all: &[Heading], chosen: &[FormId]) -> Vec<wire::CatalogueLink> {
    let named = all.iter().filter(|heading| chosen.contains(&heading.id));
    named.map(|heading| wire::CatalogueLink { id: heading.id.to_string(), title: text(&heading.title) }).collect()
}

fn material(material: &pack::Material) -> wire::ServiceMaterial {
    wire::ServiceMaterial {
        id: material.id.to_string(),
        title: text(&material.title),
        necessity: material.necessity.into(),
        source: material.source.into(),
        form: material.form.into(),
        copies: material.copies,
        note: material.note.as_ref().map(text),
    }
}

fn step(step: &pack::ServiceStep) -> wire::ServiceStep {
    let limit = step.limit.map(|limit| limit.to_string());
    wire::ServiceStep { stage: step.stage.into(), title: text(&step.title), limit }
}

fn special(special: &pack::SpecialProcedure) -> wire::SpecialProcedure {
    wire::SpecialProcedure { title: text(&special.title), limit: special.limit.map(|limit| limit.to_string()) }
}

fn fee(fee: &pack::Fee) -> wire::ServiceFee {
    wire::ServiceFee { title: text(&fee.title), amount: fee.amount, rate: fee.rate.as_ref().map(text) }
}

fn channel(channel: &pack::Channel) -> wire::ServiceChannel {
    wire::ServiceChannel {
        kind: channel.kind.into(),
        title: channel.title.as_ref().map(text),
        address: channel.address.as_ref().map(text),
        lon: channel.point.map(|[lon, _]| lon),
        lat: channel.point.map(|[_, lat]| lat),
        hours: channel.hours.as_ref().map(text),
        phone: channel.phone.clone(),
    }
}

fn outcome(result: &pack::ServiceResult) -> wire::ServiceOutcome {
    wire::ServiceOutcome { kind: result.kind.into(), title: text(&result.title) }
}

fn basis(basis: &pack::LegalBasis) -> wire::LegalBasis {
    wire::LegalBasis {
        title: text(&basis.title),
        number: basis.number.clone(),
        article: basis.article.as_ref().map(text),
    }
}

fn question(asked: &pack::Question) -> wire::ServiceQuestion {
    wire::ServiceQuestion { question: text(&asked.question), answer: text(&asked.answer) }
}

/// The headings of the catalogue, with how many services stand under each.
pub fn catalogue(city: &City) -> wire::Catalogue {
    let services = city.services.values();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let headings = |all: &[Heading], of: fn(&Service) -> &Vec<FormId>| {
        let heading = |heading: &Heading| wire::CatalogueHeading {
            id: heading.id.to_string(),
            title: text(&heading.title),
            icon: heading.icon.clone(),
            services: count(city.services.values().filter(|service| of(service).contains(&heading.id)).count()),
        };
        all.iter().map(heading).filter(|heading| heading.services > 0).collect()
    };
    let mut by_office: BTreeMap<&OfficeId, usize> = BTreeMap::new();
    for service in services {
        *by_office.entry(&service.office).or_default() += 1;
    }
    let office = |(id, number): (&OfficeId, usize)| wire::CatalogueHeading {
        id: id.to_string(),
        title: city.offices.get(id).map(|office| text(&office.title)).unwrap_or_default(),
        icon: None,
        services: count(number),
    };
    let mut offices: Vec<wire::CatalogueHeading> = by_office.into_iter().map(office).collect();
    offices.sort_by_key(|office| std::cmp::Reverse(office.services));
    wire::Catalogue {
        services: count(city.services.len()),
        groups: headings(&city.catalogue.groups, |service| &service.groups),
        life_events: headings(&city.catalogue.life_events, |service| &service.life_events),
        offices,
        promise: promise(city),
    }
}

/// How the promises stand to the law.
fn promise(city: &City) -> wire::PromiseSummary {
    let count = |test: &dyn Fn(&Service) -> bool| {
        u32::try_from(city.services.values().filter(|service| test(service)).count()).unwrap_or(u32::MAX)
    };
    let days = |service: &Service| {
        let in_days = |limit: model::Limit| {
            matches!(limit.unit(), LimitUnit::WorkingDay | LimitUnit::CalendarDay).then_some(limit)
        };
        let (legal, promised) = (in_days(service.legal_limit?)?, in_days(service.promised_limit?)?);
        (legal.unit() == promised.unit()).then(|| (f64::from(legal.amount()), f64::from(promised.amount())))
    };
    let pairs: Vec<(f64, f64)> = city.services.values().filter_map(days).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| {
        let sum: f64 = pairs.iter().map(of).sum();
        (!pairs.is_empty()).then(|| (sum / pairs.len() as f64 * 10.0).round() / 10.0)
    };
    wire::PromiseSummary {
        compared: count(&|service| service.promise() != Promise::Unknown),
        kept: count(&|service| service.promise() == Promise::Kept),
        immediate: count(&|service| service.handling == Some(pack::Handling::Immediate)),
        legal_days: mean(|pair| pair.0),
        promised_days: mean(|pair| pair.1),
        no_visit: count(&|service| service.visits == Some(0)),
    }
}
