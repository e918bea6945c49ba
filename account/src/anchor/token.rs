//! RFC 3161: the question to a time-stamping authority, and its answer, a CMS message (RFC 5652) about a hash.

use ledger::hash::{Hash, sha256};
use model::Instant;
use ring::digest;

use super::certificate::{Certificate, CertificateError};
use super::der::{Der, DerError, Value, encode, tag};

const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA_384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA_512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
/// pkcs7 2.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// id-ct-TSTInfo.
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// pkcs9 3 and 4.
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// id-aa-signingCertificate (RFC 2634) and its second version (RFC 5035).
const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];
const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];

/// Longest chain from the signer to a certificate that is trusted.
const CHAIN_MAX: usize = 5;

/// What a verified time stamp says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// When the authority saw the hash, by its own clock.
    pub at: Instant,
    /// Whether its certificate leads to one that is trusted; false where none was named to trust.
    pub is_trusted: bool,
}

/// Why an answer is not a time stamp of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The authority refused.
    #[error("the time-stamping authority refused with status {0}")]
    Refused(u8),
    /// It is not well formed.
    #[error("the time stamp is not well formed: {0}")]
    Der(#[from] DerError),
    /// A part says something else than the format wants.
    #[error("the time stamp's {0} is not as RFC 3161 wants it")]
    Format(&'static str),
    /// It is of another hash.
    #[error("the time stamp is of another hash")]
    Imprint,
    /// It answers another question.
    #[error("the time stamp answers another question: the nonce is not ours")]
    Nonce,
    /// The signature does not hold.
    #[error("the time stamp's signature does not hold")]
    Signature,
    /// The certificate is not one of a time-stamping authority that is trusted.
    #[error("the time-stamping authority's certificate: {0}")]
    Certificate(#[from] CertificateError),
}

/// The question: a time stamp of this hash, with the certificates to check it.
pub fn time_stamp_query(hash: &Hash, nonce: u64) -> Vec<u8> {
    let algorithm = encode(tag::SEQUENCE, &[encode(tag::OID, SHA_256), encode(tag::NULL, &[])].concat());
    let imprint = encode(tag::SEQUENCE, &[algorithm, encode(tag::OCTET_STRING, &hash.0)].concat());
    let parts = [encode(tag::INTEGER, &[1]), imprint, integer(nonce), encode(tag::BOOLEAN, &[0xff])];
    encode(tag::SEQUENCE, &parts.concat())
}

/// A number that is not negative: a leading nought where its first bit is set, none else.
fn integer(number: u64) -> Vec<u8> {
    let digits = number.to_be_bytes();
    let skip = digits.iter().take_while(|digit| **digit == 0).count().min(7);
    let sign: &[u8] = if digits[skip] >= 0x80 { &[0] } else { &[] };
    encode(tag::INTEGER, &[sign, &digits[skip..]].concat())
}

/// Checks an answer: of this hash, to this question (where its nonce is known), signed by a certificate for time
/// stamping that leads to one of those trusted, all valid at the time it names.
///
/// # Errors
/// [`TokenError`] naming the first thing that does not hold.
pub fn open_time_stamp(
    answer: &[u8],
    hash: &Hash,
    nonce: Option<u64>,
    trusted: &[Certificate],
) -> Result<Stamped, TokenError> {
    let signed = SignedData::of_answer(answer)?;
    let info = Info::parse(signed.content)?;
    if info.imprint != hash.0 {
        return Err(TokenError::Imprint);
    }
    if nonce.is_some_and(|nonce| info.nonce != Some(integer(nonce).as_slice())) {
        return Err(TokenError::Nonce);
    }
    let signer = signed.signer()?;
    signer.is_for_time_stamping(info.at)?;
    let is_trusted = !trusted.is_empty();
    if is_trusted {
        leads_to(signer, &signed.certificates, trusted, info.at)?;
    }
    Ok(Stamped { at: info.at, is_trusted })
}

/// Follows a certificate to one that is trusted.
fn leads_to(
    signer: &Certificate,
    others: &[Certificate],
    trusted: &[Certificate],
    at: Instant,
) -> Result<(), TokenError> {
    let mut here = signer;
    for _ in 0..CHAIN_MAX {
        if trusted.contains(here) || trusted.iter().any(|above| here.is_issued_by(above, at)) {
            return Ok(());
        }
        let above = others.iter().find(|above| *above != here && here.is_issued_by(above, at));
        here = above.ok_or(CertificateError::Untrusted)?;
    }
    Err(CertificateError::Untrusted.into())
}

/// The signed message of an answer.
struct SignedData<'a> {
    /// The encoded `TSTInfo`.
    content: &'a [u8],
    certificates: Vec<Certificate>,
    signer: Der<'a>,
}

impl<'a> SignedData<'a> {
    fn of_answer(answer: &'a [u8]) -> Result<Self, TokenError> {
        let mut all = Der(answer);
        let mut answer = all.within(tag::SEQUENCE)?;
        all.end()?;
        let status = answer.within(tag::SEQUENCE)?.content(tag::INTEGER)?;
        // 0 granted, 1 granted with changes.
        let [0 | 1] = status else { return Err(TokenError::Refused(status.last().copied().unwrap_or(u8::MAX))) };
        let mut message = answer.within(tag::SEQUENCE)?;
        answer.end()?;
        if message.content(tag::OID)? != SIGNED_DATA {
            return Err(TokenError::Format("message type"));
        }
        let mut data = message.within(tag::CONTEXT_0)?.within(tag::SEQUENCE)?;
        data.content(tag::INTEGER)?;
        data.content(tag::SET)?;
        let mut wrapped = data.within(tag::SEQUENCE)?;
        if wrapped.content(tag::OID)? != TST_INFO {
            return Err(TokenError::Format("content type"));
        }
        let content = wrapped.within(tag::CONTEXT_0)?.content(tag::OCTET_STRING)?;
        let mut certificates = Vec::new();
        let mut list = data.optional(tag::CONTEXT_0)?.map_or(Der(&[]), |value| Der(value.content));
        while list.peek() != 0 {
            certificates.push(Certificate::parse(list.value(tag::SEQUENCE)?.whole)?);
        }
        // Revocation lists.
        data.optional(0xa1)?;
        let mut signers = data.within(tag::SET)?;
        let signer = signers.within(tag::SEQUENCE)?;
        // RFC 3161 §2.4.2: the authority's signature and no other.
        signers.end()?;
        Ok(Self { content, certificates, signer })
    }

    /// The certificate that signed; the signature and the attributes it covers hold when it is returned.
    fn signer(&self) -> Result<&Certificate, TokenError> {
        let mut info = self.signer;
        info.content(tag::INTEGER)?;
        // Issuer and number, or the key's identifier: the attribute below says by a hash which certificate it is.
        info.read()?;
        let hashing = info.within(tag::SEQUENCE)?.content(tag::OID)?;
        let attributes = info.value(tag::CONTEXT_0)?;
        let signing = info.value(tag::SEQUENCE)?;
        let signature = info.content(tag::OCTET_STRING)?;
        if attribute(attributes, CONTENT_TYPE)?.map(|value| value.content) != Some(TST_INFO) {
            return Err(TokenError::Format("content type"));
        }
        let stated = attribute(attributes, MESSAGE_DIGEST)?.map(|value| value.content);
        if stated != Some(hash_by(hashing, self.content)?.as_ref()) {
            return Err(TokenError::Signature);
        }
        let signer = self.certificates.iter().find(|certificate| is_named(attributes, certificate).unwrap_or(false));
        let signer = signer.ok_or(CertificateError::Missing)?;
        // RFC 5652 §5.4: signed as a SET, although it stands there under [0].
        let covered = encode(tag::SET, attributes.content);
        if signer.has_signed(signing.content, hashing, &covered, signature) {
            Ok(signer)
        } else {
            Err(TokenError::Signature)
        }
    }
}

/// The only value of a signed attribute.
fn attribute<'a>(attributes: Value<'a>, wanted: &[u8]) -> Result<Option<Value<'a>>, TokenError> {
    let mut list = Der(attributes.content);
    let mut found = None;
    while list.peek() != 0 {
        let mut attribute = list.within(tag::SEQUENCE)?;
        if attribute.content(tag::OID)? == wanted {
            let mut values = attribute.within(tag::SET)?;
            let value = values.read()?;
            values.end()?;
            if found.replace(value).is_some() {
                return Err(TokenError::Format("attributes"));
            }
        }
    }
    Ok(found)
}

/// Whether the attribute that names the signer's certificate names this one.
fn is_named(attributes: Value<'_>, certificate: &Certificate) -> Result<bool, TokenError> {
    let first_hash = |value: Value<'_>| -> Result<(Vec<u8>, Vec<u8>), TokenError> {
        let mut id = Der(value.content).within(tag::SEQUENCE)?.within(tag::SEQUENCE)?;
        let algorithm = match id.optional(tag::SEQUENCE)? {
            Some(algorithm) => Der(algorithm.content).content(tag::OID)?,
            None => SHA_256,
        };
        Ok((algorithm.to_vec(), id.content(tag::OCTET_STRING)?.to_vec()))
    };
    if let Some(value) = attribute(attributes, SIGNING_CERTIFICATE_V2)? {
        let (algorithm, hash) = first_hash(value)?;
        return Ok(hash_by(&algorithm, certificate.bytes())?.as_ref() == hash);
    }
    let Some(value) = attribute(attributes, SIGNING_CERTIFICATE)? else {
        return Err(TokenError::Format("signing certificate"));
    };
    let (_, hash) = first_hash(value)?;
    Ok(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.bytes()).as_ref() == hash)
}

fn hash_by(algorithm: &[u8], bytes: &[u8]) -> Result<digest::Digest, TokenError> {
    let algorithm = match algorithm {
        SHA_256 => &digest::SHA256,
        SHA_384 => &digest::SHA384,
        SHA_512 => &digest::SHA512,
        _ => return Err(TokenError::Format("hash algorithm")),
    };
    Ok(digest::digest(algorithm, bytes))
}

/// What is signed.
struct Info<'a> {
    imprint: &'a [u8],
    at: Instant,
    /// The whole value.
    nonce: Option<&'a [u8]>,
}

impl<'a> Info<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, TokenError> {
        let mut all = Der(bytes);
        let mut info = all.within(tag::SEQUENCE)?;
        all.end()?;
        if info.content(tag::INTEGER)? != [1] {
            return Err(TokenError::Format("version"));
        }
        info.content(tag::OID)?;
        let mut imprint = info.within(tag::SEQUENCE)?;
        if imprint.within(tag::SEQUENCE)?.content(tag::OID)? != SHA_256 {
            return Err(TokenError::Imprint);
        }
        let imprint = imprint.content(tag::OCTET_STRING)?;
        info.content(tag::INTEGER)?;
        let at = super::certificate::time(info.value(tag::GENERALIZED_TIME)?).ok_or(TokenError::Format("time"))?;
        // How exact its clock is, and whether it orders its stamps.
        info.optional(tag::SEQUENCE)?;
        info.optional(tag::BOOLEAN)?;
        let nonce = info.optional(tag::INTEGER)?.map(|value| value.whole);
        Ok(Self { imprint, at, nonce })
    }
}

/// The hash that is stamped for a file.
pub fn imprint(bytes: &[u8]) -> Hash {
    sha256(bytes)
}
