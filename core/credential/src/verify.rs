//! Verifying what somebody shows (RFC 9901 §7.3, SD-JWT VC, Token Status List §8.3).
//!
//! Asks nobody: keys, time and the status list are arguments.

use crate::issue::SD_JWT_VC_TYPE;
use crate::jws::{Jws, JwsError};
use crate::key::{KeyError, PublicKey};
use crate::sd_jwt::{KEY_BINDING_TYPE, ParseError, SdJwt};
use crate::status::{Status, StatusList, StatusRef};
use crate::trust::{TrustedKeys, Untrusted};
use serde_json::{Map, Value};

/// What the verifier decided before anything was shown to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectations<'a> {
    /// The kind of licence asked for; `None` takes any.
    pub vct: Option<&'a str>,
    /// Whether the holder must prove possession of the key in `cnf`.
    pub key_binding: KeyBinding<'a>,
    /// Seconds by which clocks may differ (RFC 7519 §4.1.4); usually no more than a minute.
    pub leeway_s: u32,
}

/// The audience (`aud`) of codes that holders show in person to whoever reads them.
pub const SHOWN_AUDIENCE: &str = "urn:dipper:shown-in-person";

/// Whether key binding is required: policy, never what was sent (RFC 9901 §9.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBinding<'a> {
    /// Whoever has a copy may show it; a Key Binding JWT is not looked at.
    NotRequired,
    /// The holder must have signed for this verifier and this question.
    Required {
        /// `aud`: who we are.
        audience: &'a str,
        /// `nonce`: what we asked with, made for this one time.
        nonce: &'a str,
        /// How many seconds the answer may be old.
        max_age_s: u32,
    },
    /// The holder must have signed for this audience a moment ago, with a nonce of their own: for who reads a code off a
    /// screen and cannot ask first. Whoever copies it may show it too, for as long as `max_age_s`.
    Shown {
        /// `aud`.
        audience: &'a str,
        /// How many seconds it may be old.
        max_age_s: u32,
    },
}

impl<'a> KeyBinding<'a> {
    /// Audience, nonce and age asked for; `None` where no key binding is.
    const fn asked(self) -> Option<(&'a str, Option<&'a str>, u32)> {
        match self {
            Self::NotRequired => None,
            Self::Required { audience, nonce, max_age_s } => Some((audience, Some(nonce), max_age_s)),
            Self::Shown { audience, max_age_s } => Some((audience, None, max_age_s)),
        }
    }
}

/// What a verified licence says. Times are seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// `iss`.
    pub issuer: String,
    /// `vct`.
    pub vct: String,
    /// All claims that were shown, less those that have a field here.
    pub claims: Map<String, Value>,
    /// The key in `cnf`.
    pub holder: Option<PublicKey>,
    /// Whether the owner of that key signed for us; only when it was required.
    pub key_bound: bool,
    /// `iat`, when shown.
    pub issued_at_s: Option<i64>,
    /// `nbf`.
    pub not_before_s: Option<i64>,
    /// `exp`.
    pub expires_at_s: Option<i64>,
    /// Whether it was revoked.
    pub status: Standing,
}

/// What is known of the revocation of a verified licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The licence refers to no status list: it cannot be revoked.
    NoStatus,
    /// No status list was given; whether it was revoked is open.
    NotChecked(StatusRef),
    /// The status list says valid.
    Valid(StatusRef),
}

/// Why what was shown is not accepted; each variant is one rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not an SD-JWT, or its disclosures do not fit.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Algorithm, type or signature of the issuer-signed JWT.
    #[error("issuer-signed JWT: {0}")]
    Issued(JwsError),
    /// No key of this issuer is trusted.
    #[error("the issuer is not trusted")]
    UnknownIssuer,
    /// The issuer is trusted, but not under this `kid`.
    #[error("the issuer has no trusted key of this kid")]
    UnknownKey,
    /// A claim is missing or not of its type.
    #[error("the claim {claim} is missing or of the wrong type")]
    Claim {
        /// The claim.
        claim: &'static str,
    },
    /// Another kind of licence than the one asked for.
    #[error("the licence is of another kind than the one asked for")]
    WrongVct,
    /// `aud` names verifiers, and we are not one of them (RFC 7519 §4.1.3).
    #[error("the licence is for other verifiers")]
    WrongAudience,
    /// `exp` has passed.
    #[error("the licence expired at {expires_at_s}")]
    Expired {
        /// `exp`, in seconds since 1970-01-01 UTC.
        expires_at_s: i64,
    },
    /// `nbf` is to come.
    #[error("the licence is valid from {not_before_s}")]
    NotYetValid {
        /// `nbf`, in seconds since 1970-01-01 UTC.
        not_before_s: i64,
    },
    /// `cnf` names a key we cannot use.
    #[error("the holder's key: {0}")]
    Holder(#[from] KeyError),
    /// Key binding is required, and the issuer bound no key.
    #[error("the licence is bound to no key")]
    NoHolder,
    /// Key binding is required, and there is no Key Binding JWT.
    #[error("key binding is missing")]
    KeyBindingMissing,
    /// Algorithm, type or signature of the Key Binding JWT.
    #[error("key binding JWT: {0}")]
    KeyBinding(JwsError),
    /// A claim of the Key Binding JWT is missing or not of its type.
    #[error("the claim {claim} of the key binding is missing or of the wrong type")]
    KeyBindingClaim {
        /// The claim.
        claim: &'static str,
    },
    /// The holder answered another question.
    #[error("the key binding has another nonce")]
    KeyBindingNonce,
    /// The holder answered another verifier.
    #[error("the key binding is for another audience")]
    KeyBindingAudience,
    /// The holder signed over other disclosures (RFC 9901 §7.3 step 5g).
    #[error("the key binding is for other disclosures: sd_hash differs")]
    KeyBindingHash,
    /// The holder signed too long ago, in the future, or outside of the `nbf` and `exp` they set.
    #[error("the key binding was not made within the time allowed")]
    KeyBindingTime,
    /// The list given is not the one the licence refers to (Token Status List §8.3 step 4a).
    #[error("the status list is not the one the licence refers to")]
    OtherStatusList,
    /// The status list has expired since it was read.
    #[error("the status list has expired")]
    StatusListExpired,
    /// The index is outside of the status list (§8.3 step 6).
    #[error("the licence's index is outside of the status list")]
    StatusIndex,
    /// Revoked for good.
    #[error("the licence is revoked")]
    Revoked,
    /// Suspended for a while.
    #[error("the licence is suspended")]
    Suspended,
    /// A status we know no meaning of, and so do not take for valid.
    #[error("the licence has status {status}")]
    NotValid {
        /// The status.
        status: u8,
    },
}

/// Verifies what was shown, in the order of the standards: issuer, time, holder, revocation.
///
/// `now_s` is the time in seconds since 1970-01-01 UTC. `status` is the list the licence refers to; without it the
/// answer is [`Standing::NotChecked`]. Only lists of the licence's own issuer are believed.
///
/// # Errors
/// [`VerifyError`], for the first rule that is broken.
pub fn verify(
    text: &str,
    keys: &TrustedKeys,
    now_s: i64,
    expected: &Expectations<'_>,
    status: Option<&StatusList>,
) -> Result<Verified, VerifyError> {
    let shown = SdJwt::parse(text)?;
    let issuer = check_issuer(&shown.issued, keys)?;
    let mut claims = shown.unverified_claims().clone();
    let vct = claims.get("vct").and_then(Value::as_str).ok_or(VerifyError::Claim { claim: "vct" })?.to_owned();
    if expected.vct.is_some_and(|expected| expected != vct) {
        return Err(VerifyError::WrongVct);
    }
    check_audience(&claims, expected)?;
    let leeway_s = i64::from(expected.leeway_s);
    let window = Window::read(&claims).map_err(|claim| VerifyError::Claim { claim })?;
    if let Some(expires_at_s) = window.ended(now_s, leeway_s) {
        return Err(VerifyError::Expired { expires_at_s });
    }
    if let Some(not_before_s) = window.not_begun(now_s, leeway_s) {
        return Err(VerifyError::NotYetValid { not_before_s });
    }
    let holder = shown.find_holder()?;
    let key_bound = expected.key_binding.asked().is_some();
    check_key_binding(&shown, holder.as_ref(), now_s, expected)?;
    let status = check_status(&claims, &issuer, now_s, status)?;
    for name in ["iss", "vct", "iat", "nbf", "exp", "cnf", "status"] {
        claims.shift_remove(name);
    }
    let Window { issued_at_s, not_before_s, expires_at_s } = window;
    Ok(Verified { issuer, vct, claims, holder, key_bound, issued_at_s, not_before_s, expires_at_s, status })
}

/// Checks who signed; gives the issuer (RFC 9901 §7.1 step 2).
fn check_issuer(issued: &Jws, keys: &TrustedKeys) -> Result<String, VerifyError> {
    issued.check_header(SD_JWT_VC_TYPE).map_err(VerifyError::Issued)?;
    let issuer = issued.payload.get("iss").and_then(Value::as_str).ok_or(VerifyError::Claim { claim: "iss" })?;
    let kid = issued.kid().map_err(VerifyError::Issued)?;
    let key = keys.find(issuer, kid).map_err(|untrusted| match untrusted {
        Untrusted::Issuer => VerifyError::UnknownIssuer,
        Untrusted::Key => VerifyError::UnknownKey,
    })?;
    issued.verify(SD_JWT_VC_TYPE, key).map_err(VerifyError::Issued)?;
    Ok(issuer.to_owned())
}

fn check_audience(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), VerifyError> {
    let Some(aud) = claims.get("aud") else { return Ok(()) };
    let Some((audience, ..)) = expected.key_binding.asked() else { return Err(VerifyError::WrongAudience) };
    let named = match aud {
        Value::Array(all) => all.iter().any(|one| one == audience),
        one => one == audience,
    };
    if named { Ok(()) } else { Err(VerifyError::WrongAudience) }
}

/// `iat`, `nbf` and `exp`, in whole seconds.
struct Window {
    issued_at_s: Option<i64>,
    not_before_s: Option<i64>,
    expires_at_s: Option<i64>,
}

impl Window {
    fn read(claims: &Map<String, Value>) -> Result<Window, &'static str> {
        let time = |name: &'static str| claims.get(name).map(|time| time.as_i64().ok_or(name)).transpose();
        Ok(Window { issued_at_s: time("iat")?, not_before_s: time("nbf")?, expires_at_s: time("exp")? })
    }

    fn ended(&self, now_s: i64, leeway_s: i64) -> Option<i64> {
        self.expires_at_s.filter(|expires_at_s| expires_at_s.saturating_add(leeway_s) <= now_s)
    }

    fn not_begun(&self, now_s: i64, leeway_s: i64) -> Option<i64> {
        self.not_before_s.filter(|not_before_s| now_s.saturating_add(leeway_s) < *not_before_s)
    }
}

/// Checks that the holder signed for us, if that is required (RFC 9901 §7.3 step 5).
fn check_key_binding(
    shown: &SdJwt,
    holder: Option<&PublicKey>,
    now_s: i64,
    expected: &Expectations<'_>,
) -> Result<(), VerifyError> {
    let Some((audience, nonce, max_age_s)) = expected.key_binding.asked() else { return Ok(()) };
    let holder = holder.ok_or(VerifyError::NoHolder)?;
    let binding = shown.key_binding.as_ref().ok_or(VerifyError::KeyBindingMissing)?;
    binding.verify(KEY_BINDING_TYPE, holder).map_err(VerifyError::KeyBinding)?;
    let text = |claim: &'static str| {
        binding.payload.get(claim).and_then(Value::as_str).ok_or(VerifyError::KeyBindingClaim { claim })
    };
    let signed_nonce = text("nonce")?;
    if signed_nonce.is_empty() || nonce.is_some_and(|nonce| signed_nonce != nonce) {
        return Err(VerifyError::KeyBindingNonce);
    }
    if text("aud")? != audience {
        return Err(VerifyError::KeyBindingAudience);
    }
    if text("sd_hash")? != shown.sd_hash() {
        return Err(VerifyError::KeyBindingHash);
    }
    let window = Window::read(&binding.payload).map_err(|claim| VerifyError::KeyBindingClaim { claim })?;
    let signed_at_s = window.issued_at_s.ok_or(VerifyError::KeyBindingClaim { claim: "iat" })?;
    let leeway_s = i64::from(expected.leeway_s);
    let earliest_s = now_s.saturating_sub(i64::from(max_age_s)).saturating_sub(leeway_s);
    let in_time = earliest_s <= signed_at_s && signed_at_s <= now_s.saturating_add(leeway_s);
    if !in_time || window.ended(now_s, leeway_s).is_some() || window.not_begun(now_s, leeway_s).is_some() {
        return Err(VerifyError::KeyBindingTime);
    }
    Ok(())
}

/// Looks the licence up in its status list (Token Status List §8.3).
fn check_status(
    claims: &Map<String, Value>,
    issuer: &str,
    now_s: i64,
    list: Option<&StatusList>,
) -> Result<Standing, VerifyError> {
    let Some(claim) = claims.get("status") else { return Ok(Standing::NoStatus) };
    let place = StatusRef::from_claim(claim).ok_or(VerifyError::Claim { claim: "status" })?;
    let Some(list) = list else { return Ok(Standing::NotChecked(place)) };
    if list.claims().uri != place.uri || list.claims().issuer != issuer {
        return Err(VerifyError::OtherStatusList);
    }
    if list.claims().expires_at_s.is_some_and(|expires_at_s| expires_at_s <= now_s) {
        return Err(VerifyError::StatusListExpired);
    }
    match list.find(place.index).ok_or(VerifyError::StatusIndex)? {
        Status::VALID => Ok(Standing::Valid(place)),
        Status::INVALID => Err(VerifyError::Revoked),
        Status::SUSPENDED => Err(VerifyError::Suspended),
        Status(status) => Err(VerifyError::NotValid { status }),
    }
}
