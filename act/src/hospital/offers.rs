//! What a hospital offers: its doctors and their free times. It is about nobody, so anybody may ask.

use model::{Instant, SourceId};

use super::fhir::{Doctor, FhirId, Slot};
use super::questions::open;
use super::{Context, HospitalError};

/// Days ahead that times are offered for, today included.
const DAYS: i64 = 7;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// A doctor with what registering costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The doctor.
    pub doctor: Doctor,
    /// What registering costs, in fen; absent where the hospital does not say.
    pub price: Option<i64>,
}

/// Every doctor of a hospital who can be registered with.
///
/// # Errors
/// [`HospitalError`].
pub async fn list_doctors(ctx: &Context, hospital: &SourceId) -> Result<Vec<Doctor>, HospitalError> {
    declared(ctx, hospital)?;
    open(ctx, hospital, super::client::Client::doctors).await
}

/// A doctor, what registering costs, and the free times of the coming days.
///
/// # Errors
/// [`HospitalError`].
pub async fn list_slots(ctx: &Context, hospital: &SourceId, role: &str) -> Result<(Offer, Vec<Slot>), HospitalError> {
    declared(ctx, hospital)?;
    let role = FhirId::parse(role).map_err(|_| HospitalError::NotFound("doctor"))?;
    let from = ctx.clock.now();
    let to = Instant::from_micros(from.as_micros() + DAYS * DAY_US);
    open(ctx, hospital, move |client| {
        let (doctor, price) = (client.doctor(&role)?, client.price(&role)?);
        Ok((Offer { doctor, price }, client.slots(&role, from, to)?))
    })
    .await
}

/// Refuses a hospital that the city does not have.
pub(super) fn declared(ctx: &Context, hospital: &SourceId) -> Result<(), HospitalError> {
    let is_known = ctx.packs.current().city.hospitals.contains_key(hospital);
    if is_known { Ok(()) } else { Err(HospitalError::NotFound("hospital")) }
}
