//! Licences made by hand, without the crate's own issuing, so that every rule can be broken.
#![allow(dead_code, clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dipper_credential::{
    Expectations, HolderKey, KeyBinding, PublicKey, SigningKey, TrustedKey, TrustedKeys, Verified, VerifyError, verify,
};
use ed25519_dalek::Signer as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub const NOW_S: i64 = 1_790_000_000;
pub const ISSUER: &str = "https://city.example/offices/market";
pub const VCT: &str = "https://city.example/licences/shop";
pub const AUDIENCE: &str = "https://bank.example";
pub const NONCE: &str = "n-0S6_WzA2Mj";
pub const LIST: &str = "https://city.example/status/1";

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn sha(text: &str) -> String {
    base64url(Sha256::digest(text))
}

pub fn members(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn issuer_key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

pub fn holder_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub fn public(key: &SigningKey) -> PublicKey {
    PublicKey::Ed25519(key.verifying_key())
}

pub fn trusted() -> TrustedKeys {
    let key = |kid: &str, key: PublicKey| TrustedKey { issuer: ISSUER.to_owned(), kid: kid.to_owned(), key };
    let p256 = HolderKey::from_p256(&[9; 32]).unwrap().public_key();
    TrustedKeys::new(vec![key("1", public(&issuer_key())), key("2", p256)]).unwrap()
}

/// A JWS of any header and payload text.
pub fn jws(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(key.sign(input.as_bytes()).to_bytes());
    format!("{input}.{signature}")
}

/// A disclosure of any JSON.
pub fn disclosure(contents: Value) -> String {
    base64url(contents.to_string())
}

/// Everything a shown licence is made of, to be changed before it is put together.
pub struct Raw {
    pub header: Value,
    pub payload: Value,
    pub disclosures: Vec<String>,
    pub binding_header: Value,
    pub binding: Value,
    pub issuer: SigningKey,
    pub holder: SigningKey,
    /// What is done to the finished text.
    pub after: fn(String) -> String,
}

impl Raw {
    /// A sound licence: one claim always seen, one disclosed, one withheld, bound to its holder.
    pub fn sound() -> Raw {
        let shown = disclosure(json!(["salt", "shop_name", "莲花面馆"]));
        Raw {
            header: json!({"alg": "EdDSA", "typ": "dc+sd-jwt", "kid": "1"}),
            payload: json!({
                "iss": ISSUER, "vct": VCT, "iat": NOW_S - 20, "nbf": NOW_S - 10, "exp": NOW_S + 10,
                "cnf": {"jwk": public(&holder_key()).to_jwk()},
                "status": {"status_list": {"idx": 3, "uri": LIST}},
                "number": "JY1", "_sd": [sha(&shown), sha("withheld")], "_sd_alg": "sha-256",
            }),
            disclosures: vec![shown],
            binding_header: json!({"alg": "EdDSA", "typ": "kb+jwt"}),
            binding: json!({"nonce": NONCE, "aud": AUDIENCE, "iat": NOW_S}),
            issuer: issuer_key(),
            holder: holder_key(),
            after: |text| text,
        }
    }

    /// Adds a disclosure and its digest to the payload.
    pub fn disclose(&mut self, contents: Value) {
        let text = disclosure(contents);
        self.payload["_sd"].as_array_mut().unwrap().push(json!(sha(&text)));
        self.disclosures.push(text);
    }

    /// The text without key binding.
    pub fn unbound(&self) -> String {
        let issued = jws(&self.header.to_string(), &self.payload.to_string(), &self.issuer);
        let disclosures = self.disclosures.iter().map(|text| format!("{text}~"));
        format!("{issued}~{}", disclosures.collect::<String>())
    }

    /// The text with key binding, signed over it unless `binding` says otherwise.
    pub fn text(&self) -> String {
        let unbound = self.unbound();
        let mut binding = self.binding.clone();
        if binding.get("sd_hash").is_none() {
            binding["sd_hash"] = json!(sha(&unbound));
        }
        let binding = jws(&self.binding_header.to_string(), &binding.to_string(), &self.holder);
        (self.after)(format!("{unbound}{binding}"))
    }

    pub fn verify(&self) -> Result<Verified, VerifyError> {
        verify(&self.text(), &trusted(), NOW_S, &expected(), None)
    }
}

pub fn expected() -> Expectations<'static> {
    let key_binding = KeyBinding::Required { audience: AUDIENCE, nonce: NONCE, max_age_s: 60 };
    Expectations { vct: Some(VCT), key_binding, leeway_s: 5 }
}

pub fn unbound() -> Expectations<'static> {
    Expectations { key_binding: KeyBinding::NotRequired, ..expected() }
}
