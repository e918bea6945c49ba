//! Accounts of organisations (法人账户): a register names their legal representative, who then acts for them and appoints
//! others.

use std::sync::Arc;

use identity::{CreditCode, Level, VaultError, Verified, record_representative};
use model::{FormId, Instant, MandateId, PartyId, SourceId};
use pack::{City, DataSource, ORGANISATION_NAME};
use store::{OrganisationRow, PartyRow, StoreError, Tx};

use crate::departments::{Context, Outcome, Question, ask_all, end, question_of, row_of};
use crate::real_name::TRIES_A_DAY;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Why an organisation was not entered.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The city asks no register of organisations.
    #[error("organisations are not registered here")]
    NotHere,
    /// It is not known who they are.
    #[error("prove who you are first: the register names the legal representative by name and number")]
    NotIdentified,
    /// Too many tries.
    #[error("{TRIES_A_DAY} tries a day are enough; try again tomorrow")]
    TooMany,
    /// The register does not name this person as the legal representative of that number.
    #[error("the register does not name you as the legal representative under this number")]
    NoMatch,
    /// The department does not answer, or not what can be believed.
    #[error("the department does not answer at the moment; try again in a while")]
    Away(SourceId),
    /// Something sealed did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The register of organisations.
pub fn register_of(city: &City) -> Option<(&SourceId, &DataSource)> {
    city.sources.iter().find(|(_, source)| source.organisations)
}

/// An organisation, with the mandate under which its legal representative acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The organisation.
    pub organisation: OrganisationRow,
    /// The mandate of its legal representative.
    pub mandate: MandateId,
}

/// Enters an organisation whose legal representative the register says this person is; doing it again asks the register
/// again, and a new representative takes the place of the one before.
///
/// # Errors
/// [`ClaimError`].
pub async fn claim(ctx: &Context, party: PartyId, number: CreditCode) -> Result<Claimed, ClaimError> {
    let city = Arc::clone(&ctx.sense.packs.current().city);
    let question = record(ctx, &city, party, &number).await?;
    let outcomes = ask_all(ctx, &city, vec![question]).await;
    let now = ctx.sense.clock.now();
    // What was found is written down whatever is answered, so the answer comes out as a value.
    let answer = ctx.sense.store.write(move |tx: &mut Tx| {
        end(tx, &outcomes, now)?;
        let Some((question, outcome)) = outcomes.into_iter().next() else { return Ok(Err(ClaimError::NotHere)) };
        match outcome {
            Outcome::Answered { values, .. } => {
                let name = values.into_iter().find(|(field, _)| field.as_str() == ORGANISATION_NAME);
                let name = name.and_then(|(_, value)| value.as_str().map(str::to_owned)).unwrap_or_default();
                Ok(Ok(enter(tx, party, &number, &name, now)?))
            }
            Outcome::NoRecord => Ok(Err(ClaimError::NoMatch)),
            Outcome::Listed { .. } | Outcome::Away | Outcome::Refused => Ok(Err(ClaimError::Away(question.source))),
        }
    });
    answer.await.map_err(|error: ClaimError| error)?
}

/// Writes the question down. It is durable when this returns.
async fn record(ctx: &Context, city: &Arc<City>, party: PartyId, number: &CreditCode) -> Result<Question, ClaimError> {
    let (city, number) = (Arc::clone(city), number.clone());
    let (vault, now) = (Arc::clone(&ctx.sense.vault), ctx.sense.clock.now());
    ctx.sense
        .store
        .write(move |tx: &mut Tx| {
            let (id, source) = register_of(&city).ok_or(ClaimError::NotHere)?;
            let known = vault.find_identity(tx, party)?.filter(|known| Level::L2 <= known.level);
            let Verified { identity, .. } = known.ok_or(ClaimError::NotIdentified)?;
            if TRIES_A_DAY <= tx.count_identity_tries(party, id, now.plus_micros(-DAY_US))? {
                return Err(ClaimError::TooMany);
            }
            let consent = tx.new_request_id(now);
            let question = question_of(tx, &city, (id, source), &identity, consent, now);
            let name = FormId::new(ORGANISATION_NAME).expect("a word");
            let question = Question { organisation: Some(number), fields: vec![name], ..question };
            tx.record_fetch(&row_of(&question, source, party, now))?;
            Ok(question)
        })
        .await
}

fn enter(
    tx: &mut Tx,
    representative: PartyId,
    number: &CreditCode,
    name: &str,
    now: Instant,
) -> Result<Claimed, StoreError> {
    let known = tx.find_organisation_by_number(number.as_str())?;
    let party = match &known {
        Some(known) => known.party,
        None => {
            let party = tx.new_party_id(now);
            tx.record_party(&PartyRow::organisation(party, number.as_str(), name, now))?;
            party
        }
    };
    if let Some(row) = tx.find_party(party)?.filter(|row| row.display_name != name) {
        tx.update_party(&PartyRow { display_name: name.to_owned(), ..row })?;
    }
    let organisation = OrganisationRow {
        party,
        number: number.as_str().to_owned(),
        name: name.to_owned(),
        representative,
        verified_at: now,
    };
    tx.record_organisation(&organisation)?;
    let mandate = record_representative(tx, party, representative, now)?;
    Ok(Claimed { organisation, mandate: mandate.id })
}
