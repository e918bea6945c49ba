//! Guardians (监护人): a register names the children of whoever proved who they are; they then act for each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{Identity, Level, NamedChild, Vault, VaultError, record_guardian};
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use model::{FormId, Instant, PartyId, SourceId};
use pack::{CHILD_FIELDS, City, DataSource};
use serde_json::Value;
use store::{MandateRow, Reader, StoreError, Tx};

use crate::departments::{Context, Lie, Outcome, Question, ask_all, end, question_of, row_of};
use crate::real_name::TRIES_A_DAY;

/// Years until somebody is of age (Civil Code article 17).
const ADULT_YEARS: i32 = 18;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Why children were not found.
#[derive(Debug, thiserror::Error)]
pub enum GuardianError {
    /// The city asks no register of guardians.
    #[error("children are not found here")]
    NotHere,
    /// It is not known who they are.
    #[error("prove who you are first: the register is asked by the guardian's name and number")]
    NotIdentified,
    /// Too many tries.
    #[error("{TRIES_A_DAY} tries a day are enough; try again tomorrow")]
    TooMany,
    /// The register has nobody of that name and number.
    #[error("the register has nobody of your name and number; ask where the household is registered")]
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

/// The register of guardians.
pub fn register_of(city: &City) -> Option<(&SourceId, &DataSource)> {
    city.sources.iter().find(|(_, source)| source.guardianship)
}

/// When somebody is of age: the beginning of the day 18 years after their birth, in the city's zone. Who was born on a
/// 29 February is so on the last day of February (Civil Code article 202).
pub fn adult_at(born: Date, zone: &TimeZone) -> Option<Instant> {
    let day = born.checked_add(ADULT_YEARS.years()).ok()?;
    let begins = zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).compatible().ok()?;
    Some(Instant::from_timestamp(begins))
}

/// Asks the register which children somebody is the guardian of. They have a mandate for each from then on, and none any
/// more for a child that is not named; doing it again asks again.
///
/// # Errors
/// [`GuardianError`]. A register that does not answer, or lies, changes nothing.
pub async fn find_children(ctx: &Context, guardian: PartyId) -> Result<Vec<MandateRow>, GuardianError> {
    let city = Arc::clone(&ctx.sense.packs.current().city);
    let question = record(ctx, &city, guardian).await?;
    let outcomes = ask_all(ctx, &city, vec![question]).await;
    let (vault, now, zone) = (Arc::clone(&ctx.sense.vault), ctx.sense.clock.now(), city.zone());
    // What was found is written down whatever is answered, so the answer comes out as a value.
    let answer = ctx.sense.store.write(move |tx: &mut Tx| {
        let Some((question, outcome)) = outcomes.into_iter().next() else { return Ok(Err(GuardianError::NotHere)) };
        let (outcome, children) = match outcome {
            Outcome::Listed { records } => match children_of(tx, &vault, &question, &records, now, &zone)? {
                Ok(children) => (Outcome::Listed { records }, children),
                Err(lie) => {
                    let (source, request) = (&question.source, question.request);
                    tracing::error!(%source, %request, %lie, "a department's answer is refused");
                    (Outcome::Refused, Vec::new())
                }
            },
            outcome => (outcome, Vec::new()),
        };
        let source = question.source.clone();
        let outcomes = [(question, outcome)];
        end(tx, &outcomes, now)?;
        match &outcomes[0].1 {
            Outcome::Listed { .. } => Ok(Ok(record_guardian(tx, &vault, guardian, &children, now)?)),
            Outcome::NoRecord => {
                // Nobody of that name and number is nobody's guardian.
                record_guardian(tx, &vault, guardian, &[], now)?;
                Ok(Err(GuardianError::NoMatch))
            }
            Outcome::Answered { .. } | Outcome::Away | Outcome::Refused => Ok(Err(GuardianError::Away(source))),
        }
    });
    answer.await.map_err(|error: GuardianError| error)?
}

/// Writes the question down. It is durable when this returns.
async fn record(ctx: &Context, city: &Arc<City>, guardian: PartyId) -> Result<Question, GuardianError> {
    let city = Arc::clone(city);
    let (vault, now) = (Arc::clone(&ctx.sense.vault), ctx.sense.clock.now());
    ctx.sense
        .store
        .write(move |tx: &mut Tx| {
            let (id, source) = register_of(&city).ok_or(GuardianError::NotHere)?;
            let known = vault.find_identity(tx, guardian)?.filter(|known| Level::L2 <= known.level);
            let known = known.ok_or(GuardianError::NotIdentified)?;
            if TRIES_A_DAY <= tx.count_identity_tries(guardian, id, now.plus_micros(-DAY_US))? {
                return Err(GuardianError::TooMany);
            }
            let consent = tx.new_request_id(now);
            let question = question_of(tx, &city, (id, source), &known.identity, consent, now);
            let fields = CHILD_FIELDS.iter().map(|field| FormId::new(field).expect("a word")).collect();
            let question = Question { fields, ..question };
            tx.record_fetch(&row_of(&question, source, guardian, now))?;
            Ok(question)
        })
        .await
}

/// The children of an answer, or why it is not believed. One that is wrong makes all of it so.
fn children_of(
    reader: &mut Reader,
    vault: &Vault,
    question: &Question,
    records: &[BTreeMap<FormId, Value>],
    now: Instant,
    zone: &TimeZone,
) -> Result<Result<Vec<NamedChild>, Lie>, VaultError> {
    let children = match check_children(&question.subject, records, now, zone) {
        Ok(children) => children,
        Err(lie) => return Ok(Err(lie)),
    };
    for child in &children {
        let Some(account) = vault.find_account_of(reader, &child.identity.id_number)? else { continue };
        let is_named_so = |known: identity::Verified| known.identity.name == child.identity.name;
        if !vault.find_identity(reader, account)?.is_some_and(is_named_so) {
            return Ok(Err(Lie::Child("the number is that of somebody of another name")));
        }
    }
    Ok(Ok(children))
}

/// Children as they can be: name and number right, born on the day the number says, under age, each once, none the guardian.
fn check_children(
    guardian: &Identity,
    records: &[BTreeMap<FormId, Value>],
    now: Instant,
    zone: &TimeZone,
) -> Result<Vec<NamedChild>, Lie> {
    let mut children: Vec<NamedChild> = Vec::with_capacity(records.len());
    for record in records {
        let text = |name: &str| record.get(&FormId::new(name).ok()?)?.as_str();
        let [name, number, birth_date] = CHILD_FIELDS.map(text);
        let identity = Identity::parse(name.unwrap_or_default(), number.unwrap_or_default());
        let identity = identity.map_err(|_| Lie::Child("name or number is none"))?;
        let born: Date = birth_date.and_then(|day| day.parse().ok()).ok_or(Lie::Child("the day of birth is none"))?;
        let digits: String = born.strftime("%Y%m%d").to_string();
        if identity.id_number.as_str().get(6..14) != Some(digits.as_str()) {
            return Err(Lie::Child("the number says another day of birth"));
        }
        if identity.id_number == guardian.id_number {
            return Err(Lie::Child("the number is the guardian's own"));
        }
        if children.iter().any(|child| child.identity.id_number == identity.id_number) {
            return Err(Lie::Child("the same child is there twice"));
        }
        let today = zone.to_datetime(now.to_timestamp()).date();
        let adult_at = adult_at(born, zone).ok_or(Lie::Child("the day of birth is none"))?;
        if today < born {
            return Err(Lie::Child("not born yet"));
        }
        if adult_at <= now {
            return Err(Lie::Child("of age"));
        }
        children.push(NamedChild { identity, adult_at });
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use serde_json::json;

    fn number_of(day: &str) -> String {
        let digits = format!("999901{day}123");
        format!("{digits}{}", char::from(identity::check_character(digits.as_bytes())))
    }

    #[test]
    fn somebody_is_of_age_when_their_eighteenth_birthday_begins_here() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        for (born, expect) in [
            ("2010-05-06", "2028-05-05T16:00:00Z"),
            ("2008-12-31", "2026-12-30T16:00:00Z"),
            // 2026 has no 29 February: the last day of the month.
            ("2008-02-29", "2026-02-27T16:00:00Z"),
            ("2024-02-29", "2042-02-27T16:00:00Z"),
            ("2010-03-01", "2028-02-29T16:00:00Z"),
        ] {
            assert_eq!(adult_at(born.parse().unwrap(), &zone).unwrap().to_string(), expect, "{born}");
        }
    }

    #[test]
    fn a_register_that_names_children_who_cannot_be_is_not_believed() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let now: Instant = "2026-11-23T08:00:00Z".parse().unwrap();
        let guardian = Identity::parse("李星河", &number_of("19850101")).unwrap();
        let child = |name: &str, number: &str, birth_date: &str| {
            let record = json!({"name": name, "id_number": number, "birth_date": birth_date});
            serde_json::from_value::<BTreeMap<FormId, Value>>(record).unwrap()
        };
        let of = |day: &str| child("李小满", &number_of(day), &format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]));
        let mut wrong = number_of("20180520").into_bytes();
        wrong[16] = if wrong[16] == b'0' { b'1' } else { b'0' };
        let wrong = String::from_utf8(wrong).unwrap();
        for (records, expect) in [
            (vec![], Ok(0)),
            (vec![of("20180520"), of("20101231")], Ok(2)),
            (vec![of("20081124")], Ok(1)),
            (vec![of("20081123")], Err("of age")),
            (vec![of("20180520"), of("19850102")], Err("of age")),
            (vec![of("20261124")], Err("not born yet")),
            (vec![of("20261123")], Ok(1)),
            (vec![of("20180520"), of("20180520")], Err("the same child is there twice")),
            (vec![child("李小满", &number_of("20180520"), "2018-05-21")], Err("the number says another day of birth")),
            (vec![child("李小满", &wrong, "2018-05-20")], Err("name or number is none")),
            (vec![child("李", &number_of("20180520"), "2018-05-20")], Err("name or number is none")),
            (vec![child("李小满", &number_of("20180520"), "2018-13-20")], Err("the day of birth is none")),
            (vec![child("李星河", guardian.id_number.as_str(), "1985-01-01")], Err("the number is the guardian's own")),
        ] {
            let found = check_children(&guardian, &records, now, &zone);
            let found = found.map(|children| children.len());
            assert_eq!(found, expect.map_err(Lie::Child), "{records:?}");
        }
    }
}
