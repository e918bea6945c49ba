//! The SD-JWT as it travels: parse, choose what to show, bind to the holder (RFC 9901 §4, §7.2).
//!
//! Nothing here is verified; that is the business of [`verify`](crate::verify()).

use crate::disclosure::{Completed, Disclosure, DisclosureError, complete};
use crate::jws::{self, Jws, JwsError};
use crate::key::{HolderKey, KeyError, PublicKey};
use crate::text::digest;
use serde_json::{Map, Value, json};
use std::fmt;

/// Longest SD-JWT that is read or made: a licence has some 3 KiB, so 64 KiB leave room and bound the work.
pub const MAX_SD_JWT_BYTES: usize = 64 * 1024;

/// The `typ` of a Key Binding JWT (RFC 9901 §4.3).
pub(crate) const KEY_BINDING_TYPE: &str = "kb+jwt";

/// Why a text is not an SD-JWT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Longer than [`MAX_SD_JWT_BYTES`].
    #[error("an SD-JWT has at most {MAX_SD_JWT_BYTES} bytes")]
    TooLarge,
    /// Not an issuer-signed JWT, disclosures and at most one Key Binding JWT, each but the last followed by a tilde (§4).
    #[error("an SD-JWT is a JWT, disclosures and at most one key binding JWT with tildes between them")]
    Form,
    /// The issuer-signed JWT has not its form.
    #[error("issuer-signed JWT: {0}")]
    Issued(JwsError),
    /// The Key Binding JWT has not its form.
    #[error("key binding JWT: {0}")]
    KeyBinding(JwsError),
    /// `_sd_alg` is not `sha-256` (§4.1.1).
    #[error("the hash algorithm of an SD-JWT must be sha-256")]
    HashAlgorithm,
    /// The disclosures do not fit the payload.
    #[error(transparent)]
    Disclosure(#[from] DisclosureError),
}

/// Why a choice of claims cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresentError {
    /// The SD-JWT has no such claim, or it was withheld from us too.
    #[error("there is no claim {name} to show")]
    Unknown {
        /// The name asked for.
        name: String,
    },
}

/// Why an SD-JWT cannot be bound to its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyBindingError {
    /// The issuer named no holder's key in `cnf`.
    #[error("the issuer bound this SD-JWT to no key")]
    NoHolder,
    /// `cnf` names a key we cannot use.
    #[error("the holder's key: {0}")]
    Key(#[from] KeyError),
    /// The key is not the one in `cnf`.
    #[error("the key is not the one the issuer bound this SD-JWT to")]
    OtherHolder,
    /// Nonce or audience is empty, so nothing would be bound.
    #[error("nonce and audience must not be empty")]
    Empty,
    /// The bound SD-JWT would be longer than [`MAX_SD_JWT_BYTES`].
    #[error("an SD-JWT has at most {MAX_SD_JWT_BYTES} bytes")]
    TooLarge,
}

/// An SD-JWT or SD-JWT+KB of sound form (RFC 9901 §4); its signatures are not checked.
///
/// Its compact text, which `Display` writes, is also what a QR code carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdJwt {
    text: String,
    /// Bytes of the text without the Key Binding JWT: what `sd_hash` is taken over.
    bound_bytes: usize,
    pub(crate) issued: Jws,
    disclosures: Vec<Disclosure>,
    completed: Completed,
    pub(crate) key_binding: Option<Jws>,
}

impl SdJwt {
    /// Reads the compact form (§4) and puts every disclosure in its place (§7.1 steps 1 and 3 to 5).
    ///
    /// Stricter than the standard: objects name no member twice, digests are SHA-256, disclosures are referenced.
    ///
    /// # Errors
    /// [`ParseError`], for the first rule that is broken.
    pub fn parse(text: &str) -> Result<SdJwt, ParseError> {
        if text.len() > MAX_SD_JWT_BYTES {
            return Err(ParseError::TooLarge);
        }
        let (bound, key_binding) = text.rsplit_once('~').ok_or(ParseError::Form)?;
        let mut parts = bound.split('~');
        let issued = Jws::parse(parts.next().ok_or(ParseError::Form)?).map_err(ParseError::Issued)?;
        if issued.payload.get("_sd_alg").is_some_and(|algorithm| algorithm != "sha-256") {
            return Err(ParseError::HashAlgorithm);
        }
        let read = |(index, text)| Disclosure::parse(text).ok_or(DisclosureError::Form { index });
        let disclosures = parts.enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let completed = complete(&issued.payload, &disclosures)?;
        let key_binding = match key_binding {
            "" => None,
            text => Some(Jws::parse(text).map_err(ParseError::KeyBinding)?),
        };
        Ok(SdJwt { text: text.to_owned(), bound_bytes: bound.len() + 1, issued, disclosures, completed, key_binding })
    }

    /// Joins an issuer-signed JWT and disclosures.
    pub(crate) fn join<'a>(
        issued: &str,
        disclosures: impl IntoIterator<Item = &'a Disclosure>,
    ) -> Result<SdJwt, ParseError> {
        let mut text = format!("{issued}~");
        for disclosure in disclosures {
            text.push_str(&disclosure.text);
            text.push('~');
        }
        SdJwt::parse(&text)
    }

    /// The compact form (§4), as it is sent, stored or drawn as a QR code.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The claims with all disclosures in place (§7.1); nobody has checked who signed them.
    pub fn unverified_claims(&self) -> &Map<String, Value> {
        &self.completed.claims
    }

    /// Names of the outermost claims that can be withheld, wholly or in part, in the order of their disclosures.
    pub fn list_disclosable(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for place in &self.completed.places {
            if !names.contains(&place.as_str()) {
                names.push(place);
            }
        }
        names
    }

    /// Keeps the disclosures of the claims named and drops all others (§7.2).
    ///
    /// A claim is shown whole: what is disclosed within it stays. A claim that every verifier sees may be named too.
    /// A Key Binding JWT is dropped, since it binds another choice.
    ///
    /// # Errors
    /// [`PresentError::Unknown`] for a name without a claim.
    pub fn present(&self, names: &[&str]) -> Result<SdJwt, PresentError> {
        if let Some(name) = names.iter().find(|name| !self.completed.claims.contains_key(**name)) {
            return Err(PresentError::Unknown { name: (*name).to_owned() });
        }
        let placed = self.disclosures.iter().zip(&self.completed.places);
        let kept = placed.filter(|(_, place)| names.contains(&place.as_str())).map(|(disclosure, _)| disclosure);
        Ok(SdJwt::join(self.issued.as_str(), kept).expect("whole branches of a sound SD-JWT are a sound SD-JWT"))
    }

    /// The digest a Key Binding JWT has as `sd_hash` (§4.3.1).
    pub fn sd_hash(&self) -> String {
        digest(&self.text[..self.bound_bytes])
    }

    /// Whether a Key Binding JWT follows; nobody has checked it.
    pub fn has_key_binding(&self) -> bool {
        self.key_binding.is_some()
    }

    /// The nonce of the Key Binding JWT, unverified: for who must find which question of theirs was answered.
    pub fn unverified_nonce(&self) -> Option<&str> {
        self.key_binding.as_ref()?.payload.get("nonce")?.as_str()
    }

    /// When the holder says to have signed the Key Binding JWT, seconds since 1970-01-01 UTC; unverified.
    pub fn unverified_bound_at_s(&self) -> Option<i64> {
        self.key_binding.as_ref()?.payload.get("iat")?.as_i64()
    }

    /// The holder's key in `cnf` (RFC 7800 §3.2), unverified; `None` when the issuer bound no key.
    ///
    /// # Errors
    /// [`KeyError`] when `cnf` names a key otherwise than by a `jwk` we can use.
    pub fn find_holder(&self) -> Result<Option<PublicKey>, KeyError> {
        match self.completed.claims.get("cnf") {
            None => Ok(None),
            Some(Value::Object(cnf)) => match cnf.get("jwk") {
                Some(Value::Object(jwk)) => PublicKey::from_jwk(jwk).map(Some),
                Some(_) => Err(KeyError::Form),
                None => Err(KeyError::Unsupported),
            },
            Some(_) => Err(KeyError::Form),
        }
    }

    /// Signs a Key Binding JWT over exactly these disclosures (§4.3), for one verifier and one question of theirs.
    ///
    /// `now_s` is the time in seconds since 1970-01-01 UTC. A Key Binding JWT already there is replaced.
    ///
    /// # Errors
    /// [`KeyBindingError`]; above all when the key is not the one in `cnf`.
    pub fn with_key_binding(
        &self,
        holder: &HolderKey,
        nonce: &str,
        audience: &str,
        now_s: i64,
    ) -> Result<SdJwt, KeyBindingError> {
        let bound = self.find_holder()?.ok_or(KeyBindingError::NoHolder)?;
        if bound != holder.public_key() {
            return Err(KeyBindingError::OtherHolder);
        }
        if nonce.is_empty() || audience.is_empty() {
            return Err(KeyBindingError::Empty);
        }
        let mut payload = Map::new();
        payload.insert("iat".to_owned(), json!(now_s));
        payload.insert("aud".to_owned(), json!(audience));
        payload.insert("nonce".to_owned(), json!(nonce));
        payload.insert("sd_hash".to_owned(), json!(self.sd_hash()));
        let key_binding =
            jws::sign(bound.algorithm(), KEY_BINDING_TYPE, None, &payload, |message| holder.sign(message));
        let text = format!("{}{key_binding}", &self.text[..self.bound_bytes]);
        // All but its length is sound: the parts were.
        SdJwt::parse(&text).map_err(|_| KeyBindingError::TooLarge)
    }
}

/// Writes the compact form.
impl fmt::Display for SdJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
