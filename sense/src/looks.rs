//! Looking at personal data: the record is opened, the look is an event of the case and a row of the trail, all in one
//! transaction. What cannot be written is not shown.

use std::sync::Arc;

use identity::{Access, Contact, Given, VaultError};
use model::{Actor, Case, ContactId, DataClass, EventBody, Instant, NewEvent, SealedId};
use pack::City;
use store::{Append, Tx};

use crate::Context;

/// Opens the answers of an application for a stated purpose.
///
/// # Errors
/// [`VaultError`]; nothing is recorded then.
pub async fn open_answers(ctx: &Context, id: SealedId, access: Access) -> Result<Given, VaultError> {
    let (ctx, now) = (ctx.clone(), ctx.clock.now());
    let store = ctx.store.clone();
    store
        .write(move |tx: &mut Tx| {
            let access = record(tx, &ctx, access, DataClass::Application, now)?;
            ctx.vault.open_answers(tx, id, &access, now)
        })
        .await
}

/// Opens a contact for a stated purpose.
///
/// # Errors
/// [`VaultError`]; nothing is recorded then.
pub async fn open_contact(ctx: &Context, id: ContactId, access: Access) -> Result<Contact, VaultError> {
    let (ctx, now) = (ctx.clone(), ctx.clock.now());
    let store = ctx.store.clone();
    store
        .write(move |tx: &mut Tx| {
            let access = record(tx, &ctx, access, DataClass::Contact, now)?;
            ctx.vault.open_contact(tx, id, &access, now)
        })
        .await
}

/// The law that a look at a case rests on, in the city's first language: that of the service for the answers of an
/// application, the city's own (message `basis.contact` or `basis.application`) else.
pub fn basis(city: &City, case: &Case, data: DataClass) -> String {
    let locale = city.locales.first().map_or("", String::as_str);
    let service = city.service_of(&case.category).filter(|_| data == DataClass::Application);
    if let Some(law) = service.and_then(|(_, service)| service.basis.first()) {
        let article = law.article.as_ref().map_or("", |article| article.in_locale(locale));
        return format!("{}{article}", law.title.in_locale(locale));
    }
    let key = match data {
        DataClass::Contact => "basis.contact",
        DataClass::Application => "basis.application",
    };
    city.messages.get(key).map(|text| text.in_locale(locale).to_owned()).unwrap_or_default()
}

/// Appends the look to the case; the ledger seals it like everything else.
fn record(tx: &mut Tx, ctx: &Context, access: Access, data: DataClass, now: Instant) -> Result<Access, VaultError> {
    let purpose = access.stated_purpose()?.to_owned();
    let case = tx.load_case(access.case)?.ok_or(VaultError::NotFound)?;
    let compiled = ctx.packs.get(&case.pack).unwrap_or_else(|| ctx.packs.current());
    let grant = &access.grant;
    let actor = Actor::Staff { party: access.party, role: grant.role.clone(), office: grant.office.clone() };
    let (basis, sealed) = (basis(&compiled.city, &case, data), access.sealed.clone());
    let body = EventBody::Looked { data, purpose, basis: basis.clone(), sealed };
    let events = vec![NewEvent { at: now, actor, body }];
    let region_path = Arc::clone(&compiled.city).region_path(&case.place.region);
    let append = Append { case_id: case.id, before: Some(&case), events, recorded_at: now, region_path: &region_path };
    let (_, events) = tx.append(append)?;
    let event = events.first().map(|event| event.id).ok_or(VaultError::NotFound)?;
    Ok(Access { basis, event: Some(event), ..access })
}
