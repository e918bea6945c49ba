//! Licences given as materials to the wire.

use model::{Instant, ServiceId};
use pack::{City, Field, FieldLicence};
use sense::material::Material;
use store::LicenceRow;

use super::{plain, text, time};
use crate::wire;

/// The licence that a question takes, in words.
pub fn licence_wanted(city: &City, wanted: &FieldLicence) -> wire::FieldLicence {
    let fields = form_of(city, &wanted.of);
    let claim =
        |fact: &model::FormId| wire::LicenceClaim { claim: fact.to_string(), title: title(fields, fact.as_str()) };
    wire::FieldLicence {
        of: wanted.of.to_string(),
        title: licence_title(city, &wanted.of),
        facts: wanted.facts.iter().map(claim).collect(),
    }
}

/// The name of a service's licence.
pub fn licence_title(city: &City, service: &ServiceId) -> wire::Text {
    let found = city.services.get(service);
    let result = found.and_then(|service| service.result.as_ref()).map(|result| &result.title);
    result.or(found.map(|service| &service.title)).map_or_else(|| plain(service.as_str()), text)
}

/// A licence that an application was handed in with, for whoever reads the answers.
pub fn material_view(city: &City, material: &Material, now: Instant) -> wire::MaterialView {
    let fields = form_of(city, &material.of);
    let presented = material.presented.as_ref().ok();
    let fact = |(claim, value): (&String, &serde_json::Value)| wire::LicenceFact {
        claim: claim.clone(),
        title: title(fields, claim),
        value: value.clone(),
    };
    // The order of the form, as everywhere.
    let place = |claim: &str| fields.iter().position(|field| field.id.as_str() == claim);
    let mut facts: Vec<_> = presented.into_iter().flat_map(|presented| &presented.facts).map(fact).collect();
    facts.sort_by_key(|fact| place(&fact.claim));
    wire::MaterialView {
        field: material.field.to_string(),
        title: licence_title(city, &material.of),
        licence_no: presented.map(|presented| presented.licence.to_string()),
        facts,
        genuine: presented.is_some(),
        given: material.row.as_ref().map(|row| given(city, row, now)),
    }
}

/// A licence given as material, without what it says.
pub fn given(city: &City, row: &LicenceRow, now: Instant) -> wire::GivenLicence {
    let status = status(row, now);
    let ended_at = match status {
        wire::LicenceStatus::Valid => None,
        wire::LicenceStatus::Expired => row.expires_at,
        wire::LicenceStatus::Revoked => row.revoked_at,
    };
    wire::GivenLicence { title: licence_title(city, &row.service), status, ended_at: ended_at.map(time) }
}

/// Whether a licence stands.
pub fn status(row: &LicenceRow, now: Instant) -> wire::LicenceStatus {
    match (row.revoked_at, row.expires_at) {
        (Some(_), _) => wire::LicenceStatus::Revoked,
        (None, Some(expires_at)) if expires_at <= now => wire::LicenceStatus::Expired,
        (None, _) => wire::LicenceStatus::Valid,
    }
}

/// The questions whose answers stand on a service's licence.
pub fn form_of<'a>(city: &'a City, service: &ServiceId) -> &'a [Field] {
    let apply = city.services.get(service).and_then(|service| service.apply.as_ref());
    apply.and_then(|apply| city.forms.get(&apply.form)).map_or(&[][..], Vec::as_slice)
}

fn title(fields: &[Field], claim: &str) -> wire::Text {
    let field = fields.iter().find(|field| field.id.as_str() == claim);
    field.map_or_else(|| plain(claim), |field| text(&field.title))
}
