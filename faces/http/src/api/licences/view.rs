//! Licences to the wire.

use model::{CategoryId, Instant};
use pack::{City, Field};
use store::LicenceRow;

use crate::convert::cases::category_title;
use crate::convert::{text, time};
use crate::wire;

/// A licence in a list.
pub fn item(city: &City, row: &LicenceRow, now: Instant) -> wire::LicenceItem {
    let service = city.services.get(&row.service);
    let title = service.and_then(|service| Some(text(&service.result.as_ref()?.title)));
    let fallback = || CategoryId::new(row.service.as_str()).map(|id| category_title(city, &id)).unwrap_or_default();
    let office = service.and_then(|service| city.office(&service.office)).map(|office| text(&office.title));
    let status = match (row.revoked_at, row.expires_at) {
        (Some(_), _) => wire::LicenceStatus::Revoked,
        (None, Some(expires_at)) if expires_at <= now => wire::LicenceStatus::Expired,
        (None, _) => wire::LicenceStatus::Valid,
    };
    wire::LicenceItem {
        id: row.id.to_string(),
        title: title.unwrap_or_else(fallback),
        office: office.unwrap_or_default(),
        service: row.service.to_string(),
        case_no: row.case_no.to_string(),
        issued_at: time(row.issued_at),
        expires_at: row.expires_at.map(time),
        status,
    }
}

/// What a licence of a service shows, by the pack.
pub fn shows(city: &City, row: &LicenceRow) -> Vec<wire::LicenceClaim> {
    let apply = city.services.get(&row.service).and_then(|service| service.apply.as_ref());
    let Some((apply, rules)) = apply.and_then(|apply| Some((apply, apply.licence.as_ref()?))) else {
        return Vec::new();
    };
    let fields = city.forms.get(&apply.form).map_or(&[][..], Vec::as_slice);
    let claim = |field: &Field| wire::LicenceClaim { claim: field.id.to_string(), title: text(&field.title) };
    fields.iter().filter(|field| rules.shows.contains(&field.id)).map(claim).collect()
}
