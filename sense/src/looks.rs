//! Looking at personal data: the record is opened, the look is an event of the case and a row of the trail, all in one
//! transaction. What cannot be written is not shown.

use std::sync::Arc;

use identity::{Access, Contact, Given, VaultError};
use model::{Actor, ContactId, DataClass, EventBody, EventId, Instant, NewEvent, SealedId};
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
            let event = record(tx, &ctx, &access, DataClass::Application, now)?;
            ctx.vault.open_answers(tx, id, &Access { event: Some(event), ..access }, now)
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
            let event = record(tx, &ctx, &access, DataClass::Contact, now)?;
            ctx.vault.open_contact(tx, id, &Access { event: Some(event), ..access }, now)
        })
        .await
}

/// Appends the look to the case; the ledger seals it like everything else.
fn record(tx: &mut Tx, ctx: &Context, access: &Access, data: DataClass, now: Instant) -> Result<EventId, VaultError> {
    let purpose = access.stated_purpose()?.to_owned();
    let case = tx.load_case(access.case)?.ok_or(VaultError::NotFound)?;
    let compiled = ctx.packs.get(&case.pack).unwrap_or_else(|| ctx.packs.current());
    let grant = &access.grant;
    let actor = Actor::Staff { party: access.party, role: grant.role.clone(), office: grant.office.clone() };
    let events = vec![NewEvent { at: now, actor, body: EventBody::Looked { data, purpose } }];
    let region_path = Arc::clone(&compiled.city).region_path(&case.place.region);
    let append = Append { case_id: case.id, before: Some(&case), events, recorded_at: now, region_path: &region_path };
    let (_, events) = tx.append(append)?;
    events.first().map(|event| event.id).ok_or(VaultError::NotFound)
}
