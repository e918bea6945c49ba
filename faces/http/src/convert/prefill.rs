//! Who somebody is, what departments are asked, where answers come from.

use std::collections::BTreeMap;

use identity::{Level, Verified};
use model::{FormId, OfficeId, ServiceId, SourceId};
use pack::{City, DataSource, Field};
use sense::prefill::{Known, needs};
use store::FetchRow;

use super::hospitals::asked_about;
use super::{plain, text, time};
use crate::wire;

/// How sure the city is.
pub const fn level(level: Level) -> wire::Level {
    match level {
        Level::L1 => wire::Level::L1,
        Level::L2 => wire::Level::L2,
        Level::L3 => wire::Level::L3,
    }
}

/// Who somebody is, as pages show it.
pub fn proved(verified: &Verified) -> wire::ProvedIdentity {
    wire::ProvedIdentity {
        name: verified.identity.masked_name(),
        id_number: verified.identity.id_number.masked(),
        verified_at: time(verified.verified_at),
    }
}

/// A register, and why it is asked.
pub fn facts(city: &City, id: &SourceId, source: &DataSource) -> wire::SourceFacts {
    wire::SourceFacts {
        id: id.to_string(),
        title: text(&source.title),
        office: office(city, &source.office),
        purpose: text(&source.purpose),
        basis: text(&source.basis),
    }
}

fn office(city: &City, id: &OfficeId) -> wire::Named {
    wire::Named { id: id.to_string(), title: city.office(id).map(|office| text(&office.title)).unwrap_or_default() }
}

fn source(city: &City, id: &SourceId) -> wire::Named {
    let register = city.sources.get(id).map(|source| text(&source.title));
    let title = register.or_else(|| city.hospitals.get(id).map(|hospital| text(&hospital.title))).unwrap_or_default();
    wire::Named { id: id.to_string(), title }
}

const fn outcome(outcome: store::FetchOutcome) -> wire::FetchOutcome {
    match outcome {
        store::FetchOutcome::Answered => wire::FetchOutcome::Answered,
        store::FetchOutcome::NoRecord => wire::FetchOutcome::NoRecord,
        store::FetchOutcome::Away => wire::FetchOutcome::Away,
        store::FetchOutcome::Refused => wire::FetchOutcome::Refused,
    }
}

/// What departments fill in of a form, and what became of it.
pub fn prefill_view(
    city: &City,
    service: &ServiceId,
    form: &[Field],
    known: &Known,
    connected: bool,
) -> wire::PrefillView {
    let Known { level: sure, is_organisation, prefill } = known;
    let sources = needs(city, form, *is_organisation).into_iter().filter_map(|(id, bound)| {
        let declared = city.sources.get(&id)?;
        let fields = bound.into_iter().map(|(field, from)| wire::PrefillField {
            id: field.id.to_string(),
            title: declared.field(&from.field).map(|answer| text(&answer.title)).unwrap_or_default(),
            self_declared: from.self_declared,
        });
        let asked = prefill.asked.get(&id);
        Some(wire::PrefillSource {
            facts: facts(city, &id, declared),
            fields: fields.collect(),
            outcome: asked.and_then(identity::Asked::outcome).map(outcome),
            asked_at: asked.map(|asked| time(asked.at)),
        })
    });
    let fetched = prefill.fetched.iter();
    wire::PrefillView {
        service: service.to_string(),
        level: level(*sure),
        connected,
        sources: sources.collect(),
        values: fetched.clone().map(|(field, fetched)| (field.to_string(), fetched.value.clone())).collect(),
        provenance: fetched
            .map(|(field, fetched)| (field.to_string(), provenance(city, &fetched.provenance())))
            .collect(),
    }
}

/// Where an answer comes from.
pub fn provenance(city: &City, from: &identity::Provenance) -> wire::Provenance {
    match from {
        identity::Provenance::Fetched { source: id, office: keeper, as_of, request } => wire::Provenance {
            self_declared: false,
            source: source(city, id),
            office: office(city, keeper),
            as_of: Some(time(*as_of)),
            request_id: Some(request.to_string()),
        },
        identity::Provenance::SelfDeclared { source: id } => wire::Provenance {
            self_declared: true,
            source: source(city, id),
            office: city.sources.get(id).map(|found| office(city, &found.office)).unwrap_or_else(|| source(city, id)),
            as_of: None,
            request_id: None,
        },
    }
}

/// Where answers come from, by field.
pub fn provenances(city: &City, from: &BTreeMap<String, identity::Provenance>) -> BTreeMap<String, wire::Provenance> {
    from.iter().map(|(field, from)| (field.clone(), provenance(city, from))).collect()
}

/// A question to a department, in words. What it said then is told in every language where the pack still says the same.
pub fn fetch_entry(city: &City, row: &FetchRow, names: &BTreeMap<model::PartyId, String>) -> wire::FetchEntry {
    let declared = city.sources.get(&row.source);
    let locale = city.locales.first().map_or("", String::as_str);
    let hospital = city.hospitals.get(&row.source);
    let said = |words: &str, of: fn(&DataSource) -> &model::Text, of_hospital: fn(&pack::Hospital) -> &model::Text| {
        let known = declared.map(of).or(hospital.map(of_hospital)).filter(|known| known.in_locale(locale) == words);
        known.map_or_else(|| plain(words), text)
    };
    let field = |id: &FormId| {
        if hospital.is_some() {
            return asked_about(id.as_str());
        }
        let known = declared.and_then(|source| source.field(id));
        known.map_or_else(|| plain(id.as_str()), |field| text(&field.title))
    };
    let service = |id: &ServiceId| wire::Named {
        id: id.to_string(),
        title: city.services.get(id).map_or_else(|| plain(id.as_str()), |service| text(&service.title)),
    };
    wire::FetchEntry {
        at: time(row.at),
        source: source(city, &row.source),
        office: office(city, &row.office),
        service: row.service.as_ref().map(service),
        hospital: hospital.is_some(),
        fields: row.fields.iter().map(field).collect(),
        purpose: said(&row.purpose, |source| &source.purpose, |hospital| &hospital.purpose),
        basis: said(&row.basis, |source| &source.basis, |hospital| &hospital.basis),
        outcome: row.outcome.map(outcome),
        request_id: row.id.to_string(),
        asked_by: row.asked_by.map(|party| names.get(&party).cloned().unwrap_or_default()),
    }
}
