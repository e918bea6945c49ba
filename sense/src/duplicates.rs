//! Possible duplicates: open cases near by, of the same kind, not long ago; and joining one of them.
//!
//! Suggests only; the person decides. The score is plain and stated: distance, category and age each count between
//! 0 and 1, and their product must reach a threshold.

use grid::LonLat;
use identity::Contact;
use model::{Case, CategoryId, EventBody, NewEvent, Reporter};
use pack::City;
use store::{Append, CaseFilter, CaseRow, StoreError, Tx};

use crate::Context;
use crate::report::{Filer, give_secret};

/// Farthest a duplicate may be, in metres.
const RADIUS_M: f64 = 300.0;

/// Oldest a duplicate may be, in microseconds: 60 days.
const AGE_MAX_US: i64 = 60 * 86_400 * 1_000_000;

/// Rows looked at; a square of 600 m rarely has as many open cases.
const LOOKED_AT: u32 = 200;

/// Smallest score suggested.
const SCORE_MIN: f64 = 0.2;

/// Most suggestions.
const SUGGESTIONS_MAX: usize = 5;

/// A case that may be the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// The case.
    pub case: CaseRow,
    /// How far away, in metres.
    pub distance_m: f64,
    /// How alike, 0 to 1.
    pub score: f64,
}

/// Suggests open cases that a new report may repeat, the likeliest first.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn suggest_duplicates(
    ctx: &Context,
    point: LonLat,
    category: CategoryId,
) -> Result<Vec<Similar>, StoreError> {
    let filter = CaseFilter { open: Some(true), ..CaseFilter::default() };
    let rows = ctx.store.read(move |db| db.cases_near(point, RADIUS_M, &filter, LOOKED_AT)).await?;
    let (city, now) = (ctx.packs.current().city.clone(), ctx.clock.now());
    let mut similar: Vec<Similar> = rows
        .into_iter()
        .filter_map(|(distance_m, case)| {
            let age_us = now.micros_since(case.opened_at);
            let score = score(distance_m, likeness(&city, &category, &case.category), age_us);
            (score >= SCORE_MIN).then_some(Similar { case, distance_m, score })
        })
        .collect();
    similar.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.case.no.cmp(&b.case.no)));
    similar.truncate(SUGGESTIONS_MAX);
    Ok(similar)
}

/// 1 for the same category, 0.6 within the same major class, 0 otherwise.
fn likeness(city: &City, a: &CategoryId, b: &CategoryId) -> f64 {
    if a == b {
        return 1.0;
    }
    let group = |id| city.category(id).map(|category| (&category.group, category.kind));
    if group(a).is_some() && group(a) == group(b) { 0.6 } else { 0.0 }
}

/// Product of three parts: distance falls from 1 to 0 over 300 m, age from 1 to 0.5 over 60 days.
fn score(distance_m: f64, likeness: f64, age_us: i64) -> f64 {
    if distance_m > RADIUS_M || !(0..=AGE_MAX_US).contains(&age_us) {
        return 0.0;
    }
    let near = 1.0 - distance_m / RADIUS_M;
    #[allow(clippy::cast_precision_loss, reason = "60 days of microseconds are below 2^53")]
    let fresh = 1.0 - 0.5 * age_us as f64 / AGE_MAX_US as f64;
    near * likeness * fresh
}

/// A report joined to a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// The case now.
    pub case: Case,
    /// What an anonymous person shows to follow it.
    pub secret: Option<String>,
}

/// Why somebody could not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no such case.
    #[error("there is no such case")]
    NotFound,
    /// It has ended.
    #[error("case {0} has ended; report it anew")]
    Closed(model::CaseNo),
    /// The case began under a pack that is not at hand.
    #[error("the pack of the case is not in the archive")]
    PackMissing,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Joins a case: "me too". Joining twice changes nothing.
///
/// # Errors
/// [`JoinError`]; nothing is written then.
pub async fn join(
    ctx: &Context,
    no: model::CaseNo,
    filer: Filer,
    contact: Option<Contact>,
) -> Result<Joined, JoinError> {
    let now = ctx.clock.now();
    let (packs, vault) = (std::sync::Arc::clone(&ctx.packs), std::sync::Arc::clone(&ctx.vault));
    let joined = ctx.store.write(move |tx: &mut Tx| {
        let id = tx.find_case_id(&no)?.ok_or(JoinError::NotFound)?;
        let case = tx.load_case(id)?.ok_or(JoinError::NotFound)?;
        let compiled = packs.get(&case.pack).ok_or(JoinError::PackMissing)?;
        if !compiled.city.category(&case.category).is_some_and(|category| category.public) {
            return Err(JoinError::NotFound);
        }
        if !case.is_open() {
            return Err(JoinError::Closed(case.no));
        }
        let party = match &filer {
            Filer::Resident(party) => Some(*party),
            _ => None,
        };
        if party.is_some()
            && std::iter::once(&case.reporter).chain(&case.joined).any(|reporter| reporter.party == party)
        {
            return Ok(Joined { case, secret: None });
        }
        let contact = contact.as_ref().map(|contact| vault.seal(tx, contact, now)).transpose()?;
        let client = match &filer {
            Filer::Client(client) => Some(client.clone()),
            _ => None,
        };
        let reporter = Reporter { party, client, contact };
        let actor = filer.actor();
        let events = vec![NewEvent { at: now, actor, body: EventBody::Joined { reporter } }];
        let region_path = compiled.city.region_path(&case.place.region);
        let (case, _) = tx.append(Append {
            case_id: id,
            before: Some(&case),
            events,
            recorded_at: now,
            region_path: &region_path,
        })?;
        let secret = (filer == Filer::Anonymous).then(|| give_secret(tx, id)).transpose()?;
        Ok(Joined { case, secret })
    });
    joined.await
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 86_400 * 1_000_000;

    #[test]
    fn near_same_and_fresh_scores_high_and_anything_else_lower() {
        let same_spot = score(0.0, 1.0, 0);
        assert!((same_spot - 1.0).abs() < 1e-12);
        for (distance_m, likeness, age_us) in [(150.0, 1.0, 0), (0.0, 0.6, 0), (0.0, 1.0, 30 * DAY_US)] {
            let other = score(distance_m, likeness, age_us);
            assert!(0.0 < other && other < same_spot, "{distance_m} {likeness} {age_us}");
        }
        for (distance_m, likeness, age_us) in [(301.0, 1.0, 0), (0.0, 0.0, 0), (0.0, 1.0, 61 * DAY_US), (0.0, 1.0, -1)]
        {
            assert!(score(distance_m, likeness, age_us) == 0.0, "{distance_m} {likeness} {age_us}");
        }
    }
}
