//! Licences shown to an office of this city: the question that a holder's device answers, and what an answer proves.
//!
//! A question is sealed into its own nonce: it is for one person and one service, knows when it was asked, and needs no
//! row. Whether a licence still stands is not told here: that is looked up when it matters.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::{Expectations, KeyBinding, SdJwt, TrustedKeys, VerifyError, verify};
use model::{FormId, Instant, LicenceId, PartyId, ServiceId};
use serde_json::Value;

use crate::vault::{Vault, decrypt, encrypt};

/// How long a question may be answered, seconds: as long as it takes to look over an application and hand it in.
pub const ASKED_FOR_S: u32 = 600;

/// Seconds by which the clock of a holder's device may differ from ours.
const LEEWAY_S: u32 = 60;

/// Whose licences are taken as materials: the city's own.
#[derive(Debug, Clone)]
pub struct LicenceTrust {
    /// `iss`, which is also the audience that holders sign for.
    pub issuer: String,
    /// Its keys.
    pub keys: TrustedKeys,
}

/// Why a licence that was shown is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LicenceFault {
    /// Not an SD-JWT, or not signed by this city.
    #[error("is no genuine licence of this city; choose one of yours")]
    NotGenuine,
    /// Of another service.
    #[error("is another licence than the one asked for")]
    OtherKind,
    /// Issued to somebody else.
    #[error("is a licence of somebody else; only your own counts")]
    NotYours,
    /// Revoked.
    #[error("was revoked; it no longer counts")]
    Revoked,
    /// Its time is over.
    #[error("is no longer valid: its time is over")]
    Expired,
    /// Facts are missing, or there are more than were asked for.
    #[error("must disclose the facts asked for, and no others; choose it again")]
    Facts,
    /// Not signed by the holder's device for this application, or too long ago.
    #[error("was not shown by your device for this application within the last ten minutes; hand it in again")]
    NotShown,
}

impl LicenceFault {
    /// The word of the kind, for pages that have words of their own.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotGenuine => "licence_not_genuine",
            Self::OtherKind => "licence_other_kind",
            Self::NotYours => "licence_not_yours",
            Self::Revoked => "licence_revoked",
            Self::Expired => "licence_expired",
            Self::Facts => "licence_facts",
            Self::NotShown => "licence_not_shown",
        }
    }
}

/// What a licence said that was shown. Hidden from `Debug`.
#[derive(Clone, PartialEq)]
pub struct Presented {
    /// Which licence.
    pub licence: LicenceId,
    /// Facts that were disclosed, by claim.
    pub facts: BTreeMap<String, Value>,
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented").field("licence", &self.licence).finish_non_exhaustive()
    }
}

impl LicenceTrust {
    /// The type of a service's licence (`vct`).
    pub fn kind_of(&self, service: &ServiceId) -> String {
        licence_kind(&self.issuer, service)
    }

    /// Reads a licence that was shown to answer a question of ours: signed by the city, of this service, bound to the
    /// nonce, with these facts and no others.
    ///
    /// # Errors
    /// [`LicenceFault`]; whose it is and whether it was revoked is not looked at.
    pub fn accept(
        &self,
        text: &str,
        service: &ServiceId,
        facts: &[FormId],
        nonce: &str,
        now: Instant,
    ) -> Result<Presented, LicenceFault> {
        let binding = KeyBinding::Required { audience: &self.issuer, nonce, max_age_s: ASKED_FOR_S };
        let presented = self.read(text, service, binding, now)?;
        let is_whole = presented.facts.len() == facts.len()
            && facts.iter().all(|fact| presented.facts.contains_key(fact.as_str()));
        if is_whole { Ok(presented) } else { Err(LicenceFault::Facts) }
    }

    /// Reads once more what was accepted at an instant.
    ///
    /// # Errors
    /// [`LicenceFault`] when it would not have been.
    pub fn read_again(&self, text: &str, service: &ServiceId, at: Instant) -> Result<Presented, LicenceFault> {
        self.read(text, service, KeyBinding::NotRequired, at)
    }

    fn read(
        &self,
        text: &str,
        service: &ServiceId,
        key_binding: KeyBinding<'_>,
        now: Instant,
    ) -> Result<Presented, LicenceFault> {
        let kind = self.kind_of(service);
        let expected = Expectations { vct: Some(&kind), key_binding, leeway_s: LEEWAY_S };
        let now_s = now.as_micros().div_euclid(1_000_000);
        let verified = verify(text, &self.keys, now_s, &expected, None).map_err(fault)?;
        let licence = verified.claims.get("licence_no").and_then(Value::as_str).and_then(|no| no.parse().ok());
        let licence = licence.ok_or(LicenceFault::NotGenuine)?;
        let shown = SdJwt::parse(text).map_err(|_| LicenceFault::NotGenuine)?;
        let facts = shown.list_disclosable().into_iter();
        let facts = facts.filter_map(|name| Some((name.to_owned(), verified.claims.get(name)?.clone()))).collect();
        Ok(Presented { licence, facts })
    }
}

/// The type of a service's licence (`vct`) by an issuer.
pub fn licence_kind(issuer: &str, service: &ServiceId) -> String {
    format!("{issuer}/licences/{service}")
}

fn fault(error: VerifyError) -> LicenceFault {
    match error {
        VerifyError::WrongVct => LicenceFault::OtherKind,
        VerifyError::Expired { .. } => LicenceFault::Expired,
        VerifyError::Revoked | VerifyError::Suspended | VerifyError::NotValid { .. } => LicenceFault::Revoked,
        VerifyError::NoHolder
        | VerifyError::KeyBindingMissing
        | VerifyError::KeyBinding(_)
        | VerifyError::KeyBindingClaim { .. }
        | VerifyError::KeyBindingNonce
        | VerifyError::KeyBindingAudience
        | VerifyError::KeyBindingHash
        | VerifyError::KeyBindingTime => LicenceFault::NotShown,
        _ => LicenceFault::NotGenuine,
    }
}

impl Vault {
    /// A nonce that a person's device answers for one service; `random` makes it differ from every other.
    pub fn ask_to_present(&self, random: [u8; 24], party: PartyId, service: &ServiceId, now: Instant) -> String {
        let sealed = encrypt(&self.master, random, &now.as_micros().to_be_bytes(), question(party, service).as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The nonce that a licence answers, when it is one we gave this person for this service within [`ASKED_FOR_S`].
    ///
    /// # Errors
    /// [`LicenceFault::NotShown`]; [`LicenceFault::NotGenuine`] for what is no licence at all.
    pub fn answered(
        &self,
        text: &str,
        party: PartyId,
        service: &ServiceId,
        now: Instant,
    ) -> Result<String, LicenceFault> {
        let shown = SdJwt::parse(text).map_err(|_| LicenceFault::NotGenuine)?;
        let nonce = shown.unverified_nonce().ok_or(LicenceFault::NotShown)?;
        let asked_at = self.asked_at(nonce, party, service).ok_or(LicenceFault::NotShown)?;
        let age_us = now.micros_since(asked_at);
        let is_fresh = (0..=i64::from(ASKED_FOR_S) * 1_000_000).contains(&age_us);
        if is_fresh { Ok(nonce.to_owned()) } else { Err(LicenceFault::NotShown) }
    }

    fn asked_at(&self, nonce: &str, party: PartyId, service: &ServiceId) -> Option<Instant> {
        let sealed = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let clear = decrypt(&self.master, &sealed, question(party, service).as_bytes())?;
        Some(Instant::from_micros(i64::from_be_bytes(clear.try_into().ok()?)))
    }
}

/// Bound into the nonce, so that it answers for nobody and nothing else.
fn question(party: PartyId, service: &ServiceId) -> String {
    format!("present/{party}/{service}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use credential::{Claims, HolderKey, IssuerKey, SigningKey, TrustedKey, issue, reissue};
    use serde_json::{Map, json};

    const ISSUER: &str = "urn:dipper:test";

    fn at(seconds: i64) -> Instant {
        Instant::from_micros((1_790_000_000 + seconds) * 1_000_000)
    }

    fn service(id: &str) -> ServiceId {
        id.parse().unwrap()
    }

    fn party(number: u128) -> PartyId {
        PartyId::new(at(0), number)
    }

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    /// A city, a holder and a licence bound to the holder's key.
    fn scene() -> (LicenceTrust, Vault, HolderKey, SdJwt) {
        let key = IssuerKey::new("1", SigningKey::from_bytes(&[5; 32])).unwrap();
        let trusted = TrustedKey { issuer: ISSUER.to_owned(), kid: "1".to_owned(), key: key.public_key() };
        let trust = LicenceTrust { issuer: ISSUER.to_owned(), keys: TrustedKeys::new(vec![trusted]).unwrap() };
        let holder = HolderKey::from_p256(&[7; 32]).unwrap();
        let claims = Claims {
            issuer: ISSUER.to_owned(),
            vct: trust.kind_of(&service("food")),
            issued_at_s: 1_790_000_000,
            not_before_s: None,
            expires_at_s: Some(1_790_086_400),
            holder: None,
            status: None,
            always: members(json!({"licence_no": LicenceId::new(at(0), 1).to_string()})),
            selective: members(json!({"shop": "莲花面馆", "code": "9135", "manager": "李伟"})),
        };
        let mut count = 0;
        let mut salts = || {
            count += 1;
            [count; 16]
        };
        let original = issue(&key, &claims, 0, &mut salts).unwrap();
        let copy = reissue(&key, &original, holder.public_key(), &mut salts).unwrap();
        (trust, Vault::from_key(&[3; 32]), holder, copy)
    }

    fn facts(names: &[&str]) -> Vec<FormId> {
        names.iter().map(|name| FormId::new(name).unwrap()).collect()
    }

    #[test]
    fn a_licence_answers_one_question_with_the_facts_asked_for() {
        let (trust, vault, holder, copy) = scene();
        let food = service("food");
        let nonce = vault.ask_to_present([1; 24], party(1), &food, at(10));
        let shown = copy.present(&["shop", "code"]).unwrap();
        let bound = |audience: &str| shown.with_key_binding(&holder, &nonce, audience, at(12).as_micros() / 1_000_000);
        let text = bound(ISSUER).unwrap().to_string();
        assert_eq!(vault.answered(&text, party(1), &food, at(20)).as_deref(), Ok(nonce.as_str()));
        let presented = trust.accept(&text, &food, &facts(&["code", "shop"]), &nonce, at(20)).unwrap();
        assert_eq!(presented.licence, LicenceId::new(at(0), 1));
        assert_eq!(json!(presented.facts), json!({"code": "9135", "shop": "莲花面馆"}));
        assert_eq!(trust.read_again(&text, &food, at(20)), Ok(presented));

        let accept = |text: &str, service: &ServiceId, names: &[&str], at| {
            trust.accept(text, service, &facts(names), &nonce, at).map(|_| ())
        };
        let both = ["code", "shop"];
        assert_eq!(accept(&text, &food, &["code"], at(20)), Err(LicenceFault::Facts), "more than asked for");
        assert_eq!(accept(&text, &food, &["code", "shop", "manager"], at(20)), Err(LicenceFault::Facts));
        assert_eq!(accept(&text, &service("taxi"), &both, at(20)), Err(LicenceFault::OtherKind));
        assert_eq!(accept(&text, &food, &both, at(90_000)), Err(LicenceFault::Expired));
        assert_eq!(accept(&text, &food, &both, at(800)), Err(LicenceFault::NotShown), "signed too long ago");
        assert_eq!(accept(shown.as_str(), &food, &both, at(20)), Err(LicenceFault::NotShown), "a copy of it");
        let elsewhere = bound("urn:bank").unwrap().to_string();
        assert_eq!(accept(&elsewhere, &food, &both, at(20)), Err(LicenceFault::NotShown), "for another verifier");
        let forged = text.replacen('.', ".A", 1);
        assert_eq!(accept(&forged, &food, &both, at(20)), Err(LicenceFault::NotGenuine));
    }

    #[test]
    fn a_question_is_for_one_person_one_service_and_ten_minutes() {
        let (_, vault, holder, copy) = scene();
        let food = service("food");
        let nonce = vault.ask_to_present([1; 24], party(1), &food, at(10));
        let with = |nonce: &str| copy.with_key_binding(&holder, nonce, ISSUER, 1_790_000_012).unwrap().to_string();
        let text = with(&nonce);
        assert!(vault.answered(&text, party(1), &food, at(610)).is_ok());
        for (what, answered) in [
            ("too late", vault.answered(&text, party(1), &food, at(611))),
            ("before it was asked", vault.answered(&text, party(1), &food, at(9))),
            ("somebody else", vault.answered(&text, party(2), &food, at(20))),
            ("another service", vault.answered(&text, party(1), &service("taxi"), at(20))),
            ("a nonce of their own", vault.answered(&with("abcd"), party(1), &food, at(20))),
            ("another city", Vault::from_key(&[4; 32]).answered(&text, party(1), &food, at(20))),
            ("not bound", vault.answered(copy.as_str(), party(1), &food, at(20))),
        ] {
            assert_eq!(answered, Err(LicenceFault::NotShown), "{what}");
        }
        assert_eq!(vault.answered("photo", party(1), &food, at(20)), Err(LicenceFault::NotGenuine));
    }
}
