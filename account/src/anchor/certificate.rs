//! Certificates (RFC 5280) as far as time stamps need them: who signed, until when, and whether for time stamping.

use model::Instant;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::der::{Der, DerError, Value, tag};

/// id-ce-extKeyUsage and id-kp-timeStamping.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// id-ce-basicConstraints.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_SHA_256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const RSA_SHA_384: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c];
const RSA_SHA_512: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d];
const ECDSA_SHA_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_SHA_384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const P_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P_384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA_384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA_512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

/// A certificate, read once; equal to another of the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    bytes: Vec<u8>,
    /// What its issuer signed, within `bytes`.
    signed: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    valid: (Instant, Instant),
    /// Algorithm of its key, and the key.
    key_kind: Vec<u8>,
    key: Vec<u8>,
    signing: Vec<u8>,
    signature: Vec<u8>,
    /// Whether it is critically, and only, for time stamping (RFC 3161 §2.3).
    stamps_time: bool,
    /// Whether it may sign others.
    is_authority: bool,
}

/// Why a certificate does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is not well formed.
    #[error("it is not well formed: {0}")]
    Der(#[from] DerError),
    /// A part is not as it must be.
    #[error("its {0} is not as RFC 5280 wants it")]
    Format(&'static str),
    /// The answer does not hold the signer's.
    #[error("it is not among those of the answer")]
    Missing,
    /// It is for something else.
    #[error("it is not for time stamping")]
    Purpose,
    /// It was not valid then.
    #[error("it is not valid at the time stamped, {at}")]
    Validity {
        /// The time stamped.
        at: Instant,
    },
    /// No way leads to one that is trusted.
    #[error("it does not lead to one that is trusted")]
    Untrusted,
    /// The file holds none.
    #[error("the file holds no certificate in PEM")]
    NoPem,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// [`CertificateError`] naming the first rule broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let mut all = Der(bytes);
        let mut whole = all.within(tag::SEQUENCE)?;
        all.end()?;
        let signed = whole.value(tag::SEQUENCE)?;
        let signing = whole.content(tag::SEQUENCE)?;
        let signature = bits(whole.value(tag::BIT_STRING)?)?;
        let mut fields = Der(signed.content);
        // Version, number, algorithm.
        fields.optional(tag::CONTEXT_0)?;
        fields.content(tag::INTEGER)?;
        fields.content(tag::SEQUENCE)?;
        let issuer = fields.value(tag::SEQUENCE)?.whole;
        let mut validity = fields.within(tag::SEQUENCE)?;
        let [from, to] = [time(validity.read()?), time(validity.read()?)];
        let valid = from.zip(to).ok_or(CertificateError::Format("validity"))?;
        let subject = fields.value(tag::SEQUENCE)?.whole;
        let mut key = fields.within(tag::SEQUENCE)?;
        let key_kind = key.content(tag::SEQUENCE)?;
        let key = bits(key.value(tag::BIT_STRING)?)?;
        let (mut stamps_time, mut is_authority) = (false, false);
        while fields.peek() != 0 {
            let field = fields.read()?;
            if field.tag == tag::CONTEXT_3 {
                (stamps_time, is_authority) = uses(field.content)?;
            }
        }
        let owned = <[u8]>::to_vec;
        Ok(Self {
            bytes: owned(bytes),
            signed: owned(signed.whole),
            issuer: owned(issuer),
            subject: owned(subject),
            valid,
            key_kind: owned(key_kind),
            key: owned(key),
            signing: owned(signing),
            signature: owned(signature),
            stamps_time,
            is_authority,
        })
    }

    /// Reads every certificate of a PEM file.
    ///
    /// # Errors
    /// [`CertificateError`] when one is damaged or there is none.
    pub fn list_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let mut found = Vec::new();
        for part in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
            let (body, _) = part.split_once("-----END CERTIFICATE-----").ok_or(CertificateError::NoPem)?;
            let body: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
            let bytes = super::base64(&body).ok_or(CertificateError::NoPem)?;
            found.push(Self::parse(&bytes)?);
        }
        if found.is_empty() { Err(CertificateError::NoPem) } else { Ok(found) }
    }

    /// The encoded certificate.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// It must be for time stamping and valid then.
    pub(super) fn is_for_time_stamping(&self, at: Instant) -> Result<(), CertificateError> {
        if !self.stamps_time {
            return Err(CertificateError::Purpose);
        }
        if self.is_valid(at) { Ok(()) } else { Err(CertificateError::Validity { at }) }
    }

    fn is_valid(&self, at: Instant) -> bool {
        self.valid.0 <= at && at <= self.valid.1
    }

    /// Whether another certificate, valid at that time and an authority, signed this one.
    pub(super) fn is_issued_by(&self, above: &Self, at: Instant) -> bool {
        self.issuer == above.subject
            && above.is_authority
            && above.is_valid(at)
            && above.has_signed(&self.signing, &[], &self.signed, &self.signature)
    }

    /// Whether its key made a signature. `signing` is the algorithm; where that leaves the hash open, `hashing` names it.
    pub(super) fn has_signed(&self, signing: &[u8], hashing: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let Some(algorithm) = self.algorithm(signing, hashing) else { return false };
        UnparsedPublicKey::new(algorithm, &self.key).verify(message, signature).is_ok()
    }

    fn algorithm(&self, signing: &[u8], hashing: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
        let mut kind = Der(&self.key_kind);
        let key = kind.content(tag::OID).ok()?;
        let curve = kind.content(tag::OID).unwrap_or_default();
        let signing = Der(signing).content(tag::OID).ok()?;
        Some(match (signing, key, hashing, curve) {
            (RSA_SHA_256, RSA, ..) | (RSA, RSA, SHA_256, _) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (RSA_SHA_384, RSA, ..) | (RSA, RSA, SHA_384, _) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (RSA_SHA_512, RSA, ..) | (RSA, RSA, SHA_512, _) => &signature::RSA_PKCS1_2048_8192_SHA512,
            (ECDSA_SHA_256, _, _, P_256) => &signature::ECDSA_P256_SHA256_ASN1,
            (ECDSA_SHA_384, _, _, P_256) => &signature::ECDSA_P256_SHA384_ASN1,
            (ECDSA_SHA_256, _, _, P_384) => &signature::ECDSA_P384_SHA256_ASN1,
            (ECDSA_SHA_384, _, _, P_384) => &signature::ECDSA_P384_SHA384_ASN1,
            (ED25519, ED25519, ..) => &signature::ED25519,
            _ => return None,
        })
    }
}

/// Whether the extensions make it one for time stamping only, and whether they let it sign others.
fn uses(extensions: &[u8]) -> Result<(bool, bool), CertificateError> {
    let (mut stamps_time, mut is_authority) = (false, false);
    let mut list = Der(extensions).within(tag::SEQUENCE)?;
    while list.peek() != 0 {
        let mut extension = list.within(tag::SEQUENCE)?;
        let kind = extension.content(tag::OID)?;
        let is_critical = extension.optional(tag::BOOLEAN)?.is_some_and(|value| value.content == [0xff]);
        let mut value = Der(extension.content(tag::OCTET_STRING)?);
        if kind == EXTENDED_KEY_USAGE {
            let mut purposes = value.within(tag::SEQUENCE)?;
            let first = purposes.content(tag::OID)?;
            stamps_time = is_critical && first == TIME_STAMPING && purposes.end().is_ok();
        } else if kind == BASIC_CONSTRAINTS {
            is_authority = value.within(tag::SEQUENCE)?.optional(tag::BOOLEAN)?.is_some_and(|ca| ca.content == [0xff]);
        }
    }
    Ok((stamps_time, is_authority))
}

/// A string of whole bytes.
fn bits(value: Value<'_>) -> Result<&[u8], CertificateError> {
    // The first byte says how many bits of the last are unused.
    value.content.strip_prefix(&[0]).ok_or(CertificateError::Format("bit string"))
}

/// `YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSS[.f…]Z`, in UTC; fractions are dropped.
pub(super) fn time(value: Value<'_>) -> Option<Instant> {
    let text = std::str::from_utf8(value.content).ok()?.strip_suffix('Z')?;
    let text = match value.tag {
        tag::UTC_TIME => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        tag::GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let whole =
        text.split('.').next().filter(|whole| whole.len() == 14 && whole.bytes().all(|b| b.is_ascii_digit()))?;
    let part = |from: usize, to: usize| &whole[from..to];
    let [year, month, day] = [part(0, 4), part(4, 6), part(6, 8)];
    format!("{year}-{month}-{day}T{}:{}:{}Z", part(8, 10), part(10, 12), part(12, 14)).parse().ok()
}
