//! Issuing: claims and salts become a signed SD-JWT VC (RFC 9901 §6, draft-ietf-oauth-sd-jwt-vc).
//!
//! Knows no clock and no randomness: times and salts are arguments.

use crate::disclosure::{ALWAYS_DISCLOSED, Disclosure, RESERVED};
use crate::jws;
use crate::key::{Algorithm, IssuerKey, PublicKey};
use crate::sd_jwt::{ParseError, SdJwt};
use crate::status::StatusRef;
use crate::text::{digest, encode_base64url};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The `typ` of an SD-JWT VC (draft-ietf-oauth-sd-jwt-vc, JOSE header).
pub(crate) const SD_JWT_VC_TYPE: &str = "dc+sd-jwt";

/// 128 random bits, as RFC 9901 §9.3 recommends; from a secure source and never used twice.
pub type Salt = [u8; 16];

/// What a licence says. Times are seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// `iss`: who issues, as a URI.
    pub issuer: String,
    /// `vct`: which kind of licence, as a name that collides with no other, such as a URI.
    pub vct: String,
    /// `iat`: when it was issued.
    pub issued_at_s: i64,
    /// `nbf`: from when it is valid.
    pub not_before_s: Option<i64>,
    /// `exp`: the first second at which it is no longer valid.
    pub expires_at_s: Option<i64>,
    /// `cnf`: the key whose owner may show it; without one, whoever has a copy may.
    pub holder: Option<PublicKey>,
    /// `status`: where its revocation would be found.
    pub status: Option<StatusRef>,
    /// Claims that every verifier sees.
    pub always: Map<String, Value>,
    /// Claims that the holder may withhold, each as a whole.
    pub selective: Map<String, Value>,
}

/// Why claims cannot become a licence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// `iss`, `vct` or the `uri` of the status list is empty.
    #[error("{claim} must not be empty")]
    Empty {
        /// The claim.
        claim: &'static str,
    },
    /// A claim has a name that [`Claims`] fills itself, `aud`, or a name reserved by SD-JWT, at any depth.
    #[error("a claim must not be named {name}")]
    Reserved {
        /// The name.
        name: String,
    },
    /// A claim is to be seen always and selectively.
    #[error("the claim {name} is both always and selectively disclosed")]
    Twice {
        /// The name.
        name: String,
    },
    /// There would be no second at which the licence is valid.
    #[error("a licence must not expire before it is issued or valid")]
    Window,
    /// A salt came twice: the source is not random (RFC 9901 §9.3).
    #[error("the source of salts gave one twice")]
    SaltTwice,
    /// The result would be no SD-JWT that we read: too large or too deep.
    #[error(transparent)]
    Unreadable(#[from] ParseError),
}

/// Issues a licence with all its disclosures, for its holder to keep.
///
/// One salt is taken for each claim of [`Claims::selective`] in its order, then one for each of `decoys`: digests of
/// nothing, which hide how many claims there are (RFC 9901 §4.2.5). Digests are sorted, so that their order says
/// nothing (§4.2.4.1).
///
/// # Errors
/// [`IssueError`], for the first rule that is broken.
pub fn issue(
    key: &IssuerKey,
    claims: &Claims,
    decoys: u8,
    mut salts: impl FnMut() -> Salt,
) -> Result<SdJwt, IssueError> {
    check(claims)?;
    let count = claims.selective.len() + usize::from(decoys);
    let salts: Vec<Salt> = (0..count).map(|_| salts()).collect();
    if salts.iter().collect::<HashSet<_>>().len() < count {
        return Err(IssueError::SaltTwice);
    }
    let (for_claims, for_decoys) = salts.split_at(claims.selective.len());
    let salted = claims.selective.iter().zip(for_claims);
    let disclosures: Vec<_> = salted.map(|((name, value), salt)| Disclosure::of_claim(salt, name, value)).collect();
    let mut digests: Vec<_> = disclosures.iter().map(|disclosure| disclosure.digest.clone()).collect();
    digests.extend(for_decoys.iter().map(|salt| digest(&encode_base64url(salt))));
    digests.sort_unstable();
    let payload = payload(claims, digests);
    let issued = jws::sign(Algorithm::EdDsa, SD_JWT_VC_TYPE, Some(key.kid()), &payload, |message| key.sign(message));
    Ok(SdJwt::join(&issued, &disclosures)?)
}

/// Issues what a licence says once more, for the holder of a key: the same claims and the same place in the status list,
/// under fresh salts, so that a copy on one device does not tell of that on another.
///
/// `original` is one that its issuer kept, whole: what it withholds is not in the copy.
///
/// # Errors
/// As [`issue`]; the original may also lack what every licence has.
pub fn reissue(
    key: &IssuerKey,
    original: &SdJwt,
    holder: PublicKey,
    salts: impl FnMut() -> Salt,
) -> Result<SdJwt, IssueError> {
    let mut said = original.unverified_claims().clone();
    let chosen: Vec<String> = original.list_disclosable().into_iter().map(str::to_owned).collect();
    let selective = chosen.into_iter().filter_map(|name| said.shift_remove(&name).map(|value| (name, value))).collect();
    let mut take = |name: &str| said.shift_remove(name);
    let text = |claim: Option<Value>, name| {
        claim.as_ref().and_then(Value::as_str).map(str::to_owned).ok_or(IssueError::Empty { claim: name })
    };
    let time = |claim: Option<Value>| claim.as_ref().and_then(Value::as_i64);
    let (issuer, vct) = (text(take("iss"), "iss")?, text(take("vct"), "vct")?);
    let issued_at_s = time(take("iat")).ok_or(IssueError::Empty { claim: "iat" })?;
    let (not_before_s, expires_at_s) = (time(take("nbf")), time(take("exp")));
    let status = take("status").as_ref().and_then(StatusRef::from_claim);
    take("cnf");
    let holder = Some(holder);
    let claims =
        Claims { issuer, vct, issued_at_s, not_before_s, expires_at_s, holder, status, always: said, selective };
    issue(key, &claims, 0, salts)
}

fn payload(claims: &Claims, digests: Vec<String>) -> Map<String, Value> {
    let mut payload = Map::new();
    let mut put = |name: &str, value: Value| payload.insert(name.to_owned(), value);
    put("iss", json!(claims.issuer));
    put("vct", json!(claims.vct));
    put("iat", json!(claims.issued_at_s));
    if let Some(not_before_s) = claims.not_before_s {
        put("nbf", json!(not_before_s));
    }
    if let Some(expires_at_s) = claims.expires_at_s {
        put("exp", json!(expires_at_s));
    }
    if let Some(holder) = &claims.holder {
        put("cnf", json!({"jwk": holder.to_jwk()}));
    }
    if let Some(status) = &claims.status {
        put("status", status.to_claim());
    }
    for (name, value) in &claims.always {
        put(name, value.clone());
    }
    if !digests.is_empty() {
        put("_sd", json!(digests));
        put("_sd_alg", json!("sha-256"));
    }
    payload
}

fn check(claims: &Claims) -> Result<(), IssueError> {
    let uri = claims.status.as_ref().map_or("none", |status| &status.uri);
    for (claim, text) in [("iss", claims.issuer.as_str()), ("vct", &claims.vct), ("status uri", uri)] {
        if text.is_empty() {
            return Err(IssueError::Empty { claim });
        }
    }
    for (name, value) in claims.always.iter().chain(&claims.selective) {
        // A licence is for any verifier; who it was shown to stands in the Key Binding JWT.
        if ["iat", "aud"].contains(&name.as_str()) || ALWAYS_DISCLOSED.contains(&name.as_str()) {
            return Err(IssueError::Reserved { name: name.clone() });
        }
        check_names(name, value)?;
    }
    if let Some(name) = claims.selective.keys().find(|name| claims.always.contains_key(*name)) {
        return Err(IssueError::Twice { name: name.clone() });
    }
    let begins_at_s =
        claims.not_before_s.map_or(claims.issued_at_s, |not_before_s| not_before_s.max(claims.issued_at_s));
    if claims.expires_at_s.is_some_and(|expires_at_s| expires_at_s <= begins_at_s) {
        return Err(IssueError::Window);
    }
    Ok(())
}

/// No object within a claim may look like one with digests.
fn check_names(name: &str, value: &Value) -> Result<(), IssueError> {
    if RESERVED.contains(&name) {
        return Err(IssueError::Reserved { name: name.to_owned() });
    }
    match value {
        Value::Object(object) => object.iter().try_for_each(|(name, value)| check_names(name, value)),
        Value::Array(elements) => elements.iter().try_for_each(|element| check_names("", element)),
        _ => Ok(()),
    }
}
