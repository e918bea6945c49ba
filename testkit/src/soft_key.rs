//! A passkey in software: makes and uses credentials as a telephone does (WebAuthn Level 3 §6), and lies when told to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Somebody was there, and the device's lock was opened.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
/// The credential is in the answer.
const ATTESTED: u8 = 0x40;

/// A device with one credential.
#[derive(Clone)]
pub struct SoftKey {
    key: SigningKey,
    id: Vec<u8>,
    handle: Vec<u8>,
    /// Where its pages think they are.
    pub origin: String,
    /// How often it says it was used.
    pub counter: u32,
    /// Whether its owner opens its lock.
    pub unlocks: bool,
}

impl SoftKey {
    /// A device whose secrets follow from a seed.
    ///
    /// # Panics
    /// Never: a non-zero byte repeated is a secret key.
    pub fn new(seed: u8, origin: &str) -> Self {
        let key = SigningKey::from_slice(&[seed.max(1); 32]).expect("a scalar below the order");
        Self { key, id: vec![seed; 16], handle: Vec::new(), origin: origin.to_owned(), counter: 0, unlocks: true }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["publicKey"]["challenge"];
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false}).to_string().into()
    }

    fn authenticator_data(&self, host: &str, more: u8) -> Vec<u8> {
        let lock = if self.unlocks { VERIFIED } else { 0 };
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(PRESENT | lock | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Answers `navigator.credentials.create`.
    ///
    /// # Panics
    /// When the options are not those of a ceremony.
    pub fn create(&mut self, options: &Value) -> Value {
        let public = &options["publicKey"];
        self.handle = bytes(&public["user"]["id"]);
        let mut data = self.authenticator_data(text(&public["rp"]["id"]), ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("less than 256 bytes"));
        object.extend(data);
        let client = self.client_data("webauthn.create", options);
        self.answer(json!({
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
        }))
    }

    /// Answers `navigator.credentials.get`, and counts.
    ///
    /// # Panics
    /// When the options are not those of a ceremony.
    pub fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let data = self.authenticator_data(text(&options["publicKey"]["rpId"]), 0);
        let client = self.client_data("webauthn.get", options);
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature: DerSignature = self.key.sign(&signed);
        self.answer(json!({
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_bytes()),
            "userHandle": URL_SAFE_NO_PAD.encode(&self.handle),
        }))
    }

    fn answer(&self, response: Value) -> Value {
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {}})
    }

    /// The public key in COSE (RFC 9053 §7.1.1): EC2, ES256, P-256.
    fn cose(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        [&b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(value)).expect("base64url")
}
