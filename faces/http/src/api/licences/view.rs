//! Licences to the wire.

use model::{CategoryId, Instant};
use pack::{City, Field};
use serde_json::{Map, Value};
use store::LicenceRow;

use crate::convert::cases::category_title;
use crate::convert::materials::{form_of, status};
use crate::convert::{text, time};
use crate::wire;

/// A licence in a list.
pub fn item(city: &City, row: &LicenceRow, now: Instant) -> wire::LicenceItem {
    let service = city.services.get(&row.service);
    let title = service.and_then(|service| Some(text(&service.result.as_ref()?.title)));
    let fallback = || CategoryId::new(row.service.as_str()).map(|id| category_title(city, &id)).unwrap_or_default();
    let office = service.and_then(|service| city.office(&service.office)).map(|office| text(&office.title));
    wire::LicenceItem {
        id: row.id.to_string(),
        title: title.unwrap_or_else(fallback),
        office: office.unwrap_or_default(),
        service: row.service.to_string(),
        case_no: row.case_no.to_string(),
        issued_at: time(row.issued_at),
        expires_at: row.expires_at.map(time),
        status: status(row, now),
    }
}

/// What stands on a licence of a service, in the order of its form; what was not asked is not there.
pub fn facts(city: &City, row: &LicenceRow, claims: &Map<String, Value>) -> Vec<wire::LicenceFact> {
    let apply = city.services.get(&row.service).and_then(|service| service.apply.as_ref());
    let rules = apply.and_then(|apply| apply.licence.as_ref());
    let is_shown = |field: &&Field| rules.is_some_and(|rules| rules.shows.contains(&field.id));
    let fact = |field: &Field| {
        let value = claims.get(field.id.as_str())?.clone();
        Some(wire::LicenceFact { claim: field.id.to_string(), title: text(&field.title), value })
    };
    form_of(city, &row.service).iter().filter(is_shown).filter_map(fact).collect()
}
