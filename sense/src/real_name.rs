//! Proving who somebody is (实名): name and identity number, matched by the department that keeps the register of people.

use std::sync::Arc;

use identity::{Identity, Level, VaultError, Verified, record_grown};
use model::{PartyId, SourceId};
use pack::{City, DataSource};
use store::{StoreError, Tx};

use crate::departments::{Context, Outcome, ask_all, end, question_of, row_of};

/// Tries a person has within a day: enough for slips of the finger, too few to look for other people.
pub const TRIES_A_DAY: u32 = 10;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Why it was not proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// No register of this city matches people.
    #[error("identities are not matched here")]
    NotHere,
    /// It is known who they are.
    #[error("it is known who you are")]
    Already,
    /// Too many tries.
    #[error("{TRIES_A_DAY} tries a day are enough; try again tomorrow, or come to a window")]
    TooMany,
    /// There is nobody of that name and number.
    #[error("name and number do not belong together; see that both are as on the identity card")]
    NoMatch,
    /// Another account has proved that number.
    #[error("this identity belongs to another account; sign in there, or come to a window")]
    Taken,
    /// The department does not answer, or not what can be believed. What was typed was kept nowhere.
    #[error("the department does not answer at the moment; try again in a while")]
    Away(SourceId),
    /// Something sealed did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The register that matches people.
pub fn matching_source(city: &City) -> Option<(&SourceId, &DataSource)> {
    city.sources.iter().find(|(_, source)| source.identity)
}

/// Has name and number matched, and keeps them sealed. The question is written down before it is asked and asks nothing
/// beyond whether there is such a person.
///
/// # Errors
/// [`ProveError`].
pub async fn prove_identity(ctx: &Context, party: PartyId, identity: Identity) -> Result<Verified, ProveError> {
    let city = Arc::clone(&ctx.sense.packs.current().city);
    let (vault, now) = (Arc::clone(&ctx.sense.vault), ctx.sense.clock.now());
    let (subject, asked) = (identity.clone(), Arc::clone(&city));
    let question = ctx
        .sense
        .store
        .write(move |tx: &mut Tx| {
            let (id, source) = matching_source(&asked).ok_or(ProveError::NotHere)?;
            if vault.find_identity(tx, party)?.is_some() {
                return Err(ProveError::Already);
            }
            if TRIES_A_DAY <= tx.count_identity_tries(party, id, now.plus_micros(-DAY_US))? {
                return Err(ProveError::TooMany);
            }
            let consent = tx.new_request_id(now);
            let question = question_of(tx, &asked, (id, source), &subject, consent, now);
            tx.record_fetch(&row_of(&question, source, party, now))?;
            Ok(question)
        })
        .await?;
    let outcomes = ask_all(ctx, &city, vec![question]).await;
    let (vault, now) = (Arc::clone(&ctx.sense.vault), ctx.sense.clock.now());
    let verified = Verified { identity, level: Level::L2, verified_at: now };
    // What was found is written down whatever is answered, so the answer comes out as a value.
    let answer = ctx.sense.store.write(move |tx: &mut Tx| {
        end(tx, &outcomes, now)?;
        let Some((question, outcome)) = outcomes.into_iter().next() else { return Ok(Err(ProveError::NotHere)) };
        match outcome {
            Outcome::Answered { .. } if vault.record_identity(tx, party, &verified)? => {
                // What guardians did for them as a child is theirs from now on.
                record_grown(tx, &vault, party, &verified.identity.id_number, now)?;
                Ok(Ok(verified))
            }
            Outcome::Answered { .. } => Ok(Err(ProveError::Taken)),
            Outcome::NoRecord => Ok(Err(ProveError::NoMatch)),
            Outcome::Listed { .. } | Outcome::Away | Outcome::Refused => Ok(Err(ProveError::Away(question.source))),
        }
    });
    answer.await.map_err(|error: ProveError| error)?
}
