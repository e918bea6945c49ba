//! Revocation: lists of statuses and the tokens that carry them (draft-ietf-oauth-status-list).
//!
//! Fetches nothing: a list arrives as text, and a licence is looked up in the list the caller has.

use crate::jws::{self, Jws, JwsError};
use crate::key::{Algorithm, IssuerKey};
use crate::text::{decode_base64url, encode_base64url};
use crate::trust::{TrustedKeys, Untrusted};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::{Map, Value, json};

/// Largest list, decompressed: 8 388 608 statuses of one bit. Bounds what a compressed list can make us hold.
pub const MAX_STATUS_BYTES: usize = 1024 * 1024;

/// Longest token: base64url is applied twice, so an incompressible list of 1 MiB has 16/9 of that.
pub const MAX_STATUS_JWT_BYTES: usize = 2 * 1024 * 1024;

/// The `typ` of a Status List Token (§5.1).
const STATUS_LIST_TYPE: &str = "statuslist+jwt";

/// Where the status of a licence stands: `status_list` in its claim `status` (§6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRef {
    /// `uri`: the list; equal to `sub` of its token.
    pub uri: String,
    /// `idx`: the place in the list, from 0.
    pub index: u64,
}

impl StatusRef {
    pub(crate) fn to_claim(&self) -> Value {
        json!({"status_list": {"idx": self.index, "uri": self.uri}})
    }

    /// Reads the claim `status`; `None` when it refers to no status list.
    pub(crate) fn from_claim(claim: &Value) -> Option<StatusRef> {
        let list = claim.get("status_list")?;
        let uri = list.get("uri")?.as_str().filter(|uri| !uri.is_empty())?;
        Some(StatusRef { uri: uri.to_owned(), index: list.get("idx")?.as_u64()? })
    }
}

/// The status of one licence (§7.1); values without a name here are the application's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u8);

impl Status {
    /// Valid, correct or legal.
    pub const VALID: Status = Status(0);
    /// Revoked, annulled, taken back, recalled or cancelled; for good.
    pub const INVALID: Status = Status(1);
    /// Invalid for a while; needs lists of two bits or more.
    pub const SUSPENDED: Status = Status(2);
}

/// Bits a status takes (§4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusBits {
    /// Valid or invalid.
    One = 1,
    /// Suspended too.
    Two = 2,
    /// Sixteen statuses.
    Four = 4,
    /// 256 statuses.
    Eight = 8,
}

impl StatusBits {
    fn find(bits: u64) -> Option<StatusBits> {
        [StatusBits::One, StatusBits::Two, StatusBits::Four, StatusBits::Eight]
            .into_iter()
            .find(|known| *known as u64 == bits)
    }
}

/// Why a list of statuses cannot be made, changed, signed or believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// No statuses, or more than fit [`MAX_STATUS_BYTES`].
    #[error("a status list has 1 to {MAX_STATUS_BYTES} bytes of statuses")]
    Size,
    /// The index is outside of the list.
    #[error("index {index} is outside of the status list")]
    Index {
        /// The index.
        index: u64,
    },
    /// The status does not fit the bits of the list.
    #[error("status {status} does not fit {bits} bits")]
    Value {
        /// The status.
        status: u8,
        /// The bits of the list.
        bits: u8,
    },
    /// The token is longer than [`MAX_STATUS_JWT_BYTES`].
    #[error("a status list token has at most {MAX_STATUS_JWT_BYTES} bytes")]
    TooLarge,
    /// Form, algorithm, type or signature of the token.
    #[error("status list token: {0}")]
    Jws(#[from] JwsError),
    /// A claim is missing, of the wrong type or impossible (§5.1).
    #[error("the claim {claim} is missing or impossible")]
    Claim {
        /// The claim.
        claim: &'static str,
    },
    /// No key of the issuer is trusted.
    #[error("no key of the status list's issuer is trusted")]
    UnknownIssuer,
    /// The issuer is trusted, but not under this `kid`.
    #[error("the issuer has no trusted key of this kid")]
    UnknownKey,
    /// `exp` has passed (§8.3 step 4c).
    #[error("the status list token has expired")]
    Expired,
    /// `lst` is not zlib, goes on after its end, or is larger than [`MAX_STATUS_BYTES`] decompressed (§4.1).
    #[error("the list is not zlib data of at most {MAX_STATUS_BYTES} bytes")]
    Compression,
}

/// Statuses packed into bytes, the first in the least significant bits (§4.1 step 3).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Statuses {
    bits: StatusBits,
    bytes: Vec<u8>,
}

impl Statuses {
    /// Byte, shift and mask of an index.
    fn locate(&self, index: u64) -> Option<(usize, u32, u8)> {
        let per_byte = 8 / self.bits as u64;
        let byte = usize::try_from(index / per_byte).ok().filter(|byte| *byte < self.bytes.len())?;
        let shift = (index % per_byte) as u32 * self.bits as u32;
        Some((byte, shift, u8::MAX >> (8 - self.bits as u32)))
    }

    fn find(&self, index: u64) -> Option<Status> {
        let (byte, shift, mask) = self.locate(index)?;
        Some(Status(self.bytes[byte] >> shift & mask))
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64 * 8 / self.bits as u64
    }
}

/// What a token says of its list, besides the list. Times are seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusListClaims {
    /// `iss`: who issues; the issuer of the licences in it.
    pub issuer: String,
    /// `sub`: the URI that licences refer to.
    pub uri: String,
    /// `iat`: when the statuses were these.
    pub issued_at_s: i64,
    /// `exp`: when the token must no longer be relied on.
    pub expires_at_s: Option<i64>,
    /// `ttl`: after how many seconds a verifier should fetch it anew.
    pub ttl_s: Option<u32>,
}

/// A list of statuses in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusListBuilder {
    statuses: Statuses,
}

impl StatusListBuilder {
    /// Makes a list with room for `entries` statuses, all valid; rounded up to whole bytes.
    ///
    /// # Errors
    /// [`StatusListError::Size`].
    pub fn new(bits: StatusBits, entries: u64) -> Result<StatusListBuilder, StatusListError> {
        let per_byte = 8 / bits as u64;
        let bytes = usize::try_from(entries.div_ceil(per_byte)).map_err(|_| StatusListError::Size)?;
        if bytes == 0 || bytes > MAX_STATUS_BYTES {
            return Err(StatusListError::Size);
        }
        Ok(StatusListBuilder { statuses: Statuses { bits, bytes: vec![0; bytes] } })
    }

    /// Sets the status at an index.
    ///
    /// # Errors
    /// [`StatusListError::Index`] or [`StatusListError::Value`].
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), StatusListError> {
        let (byte, shift, mask) = self.statuses.locate(index).ok_or(StatusListError::Index { index })?;
        if status.0 > mask {
            return Err(StatusListError::Value { status: status.0, bits: self.statuses.bits as u8 });
        }
        let byte = &mut self.statuses.bytes[byte];
        *byte = *byte & !(mask << shift) | status.0 << shift;
        Ok(())
    }

    /// The status at an index; `None` outside of the list.
    pub fn find(&self, index: u64) -> Option<Status> {
        self.statuses.find(index)
    }

    /// Signs the list as a Status List Token (§5.1).
    ///
    /// # Errors
    /// [`StatusListError::Claim`] when issuer or URI is empty, `ttl` is zero, or it expires before it is issued.
    pub fn sign(&self, key: &IssuerKey, claims: &StatusListClaims) -> Result<String, StatusListError> {
        let require = |holds: bool, claim| if holds { Ok(()) } else { Err(StatusListError::Claim { claim }) };
        require(!claims.issuer.is_empty(), "iss")?;
        require(!claims.uri.is_empty(), "sub")?;
        require(claims.expires_at_s.is_none_or(|expires_at_s| claims.issued_at_s < expires_at_s), "exp")?;
        require(claims.ttl_s != Some(0), "ttl")?;
        let mut payload = Map::new();
        let mut put = |name: &str, value: Value| payload.insert(name.to_owned(), value);
        put("iss", json!(claims.issuer));
        put("sub", json!(claims.uri));
        put("iat", json!(claims.issued_at_s));
        if let Some(expires_at_s) = claims.expires_at_s {
            put("exp", json!(expires_at_s));
        }
        if let Some(ttl_s) = claims.ttl_s {
            put("ttl", json!(ttl_s));
        }
        let list = encode_base64url(compress(&self.statuses.bytes));
        put("status_list", json!({"bits": self.statuses.bits as u8, "lst": list}));
        Ok(jws::sign(Algorithm::EdDsa, STATUS_LIST_TYPE, Some(key.kid()), &payload, |message| key.sign(message)))
    }
}

/// Goes on from a list that was published.
impl From<StatusList> for StatusListBuilder {
    fn from(list: StatusList) -> StatusListBuilder {
        StatusListBuilder { statuses: list.statuses }
    }
}

/// A list of statuses whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    claims: StatusListClaims,
    statuses: Statuses,
}

impl StatusList {
    /// Verifies a Status List Token (§8.3 steps 3 to 5) that `issuer` must have signed.
    ///
    /// A token may lack `iss`; one that has it must have this one. `now_s` is in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`StatusListError`], for the first rule that is broken.
    pub fn verify(text: &str, keys: &TrustedKeys, issuer: &str, now_s: i64) -> Result<StatusList, StatusListError> {
        if text.len() > MAX_STATUS_JWT_BYTES {
            return Err(StatusListError::TooLarge);
        }
        let jws = Jws::parse(text)?;
        jws.check_header(STATUS_LIST_TYPE)?;
        let key = keys.find(issuer, jws.kid()?).map_err(|untrusted| match untrusted {
            Untrusted::Issuer => StatusListError::UnknownIssuer,
            Untrusted::Key => StatusListError::UnknownKey,
        })?;
        jws.verify(STATUS_LIST_TYPE, key)?;
        let claims = read_claims(&jws.payload, issuer)?;
        if claims.expires_at_s.is_some_and(|expires_at_s| expires_at_s <= now_s) {
            return Err(StatusListError::Expired);
        }
        let list = jws.payload.get("status_list").ok_or(StatusListError::Claim { claim: "status_list" })?;
        Ok(StatusList { claims, statuses: read_statuses(list)? })
    }

    /// What the token says besides the list.
    pub fn claims(&self) -> &StatusListClaims {
        &self.claims
    }

    /// The status at an index; `None` outside of the list.
    pub fn find(&self, index: u64) -> Option<Status> {
        self.statuses.find(index)
    }

    /// How many indices there are; those beyond the licences issued, at most seven, are valid.
    pub fn count(&self) -> u64 {
        self.statuses.len()
    }
}

fn read_claims(payload: &Map<String, Value>, issuer: &str) -> Result<StatusListClaims, StatusListError> {
    let wrong = |claim| StatusListError::Claim { claim };
    if payload.get("iss").is_some_and(|iss| iss != issuer) {
        return Err(wrong("iss"));
    }
    let uri = payload.get("sub").and_then(Value::as_str).filter(|uri| !uri.is_empty()).ok_or(wrong("sub"))?;
    let expires_at_s = payload.get("exp").map(|exp| exp.as_i64().ok_or(wrong("exp"))).transpose()?;
    let whole = |ttl: &Value| ttl.as_u64().and_then(|ttl| u32::try_from(ttl).ok()).filter(|ttl| *ttl > 0);
    let ttl_s = payload.get("ttl").map(|ttl| whole(ttl).ok_or(wrong("ttl"))).transpose()?;
    Ok(StatusListClaims {
        issuer: issuer.to_owned(),
        uri: uri.to_owned(),
        issued_at_s: payload.get("iat").and_then(Value::as_i64).ok_or(wrong("iat"))?,
        expires_at_s,
        ttl_s,
    })
}

/// Reads the object `status_list` (§4.2).
fn read_statuses(list: &Value) -> Result<Statuses, StatusListError> {
    let bits = list.get("bits").and_then(Value::as_u64).and_then(StatusBits::find);
    let bits = bits.ok_or(StatusListError::Claim { claim: "bits" })?;
    let compressed = list.get("lst").and_then(Value::as_str).and_then(decode_base64url);
    let compressed = compressed.ok_or(StatusListError::Claim { claim: "lst" })?;
    let bytes = decompress(&compressed).ok_or(StatusListError::Compression)?;
    if bytes.is_empty() { Err(StatusListError::Size) } else { Ok(Statuses { bits, bytes }) }
}

/// Bytes of output asked for at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Compresses to zlib (RFC 1950) as small as it goes.
fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = Compress::new(Compression::best(), true);
    let mut compressed = Vec::new();
    loop {
        compressed.reserve(CHUNK_BYTES);
        let rest = &bytes[zlib.total_in() as usize..];
        let status = zlib.compress_vec(rest, &mut compressed, FlushCompress::Finish);
        if status.expect("memory is compressed without fault") == flate2::Status::StreamEnd {
            return compressed;
        }
    }
}

/// Decompresses zlib data that ends where it says and stays within [`MAX_STATUS_BYTES`].
fn decompress(compressed: &[u8]) -> Option<Vec<u8>> {
    let mut zlib = Decompress::new(true);
    let mut bytes = Vec::new();
    loop {
        // `decompress_vec` writes no more than the capacity holds, which is never above twice the bound.
        bytes.reserve(CHUNK_BYTES);
        let (read, written) = (zlib.total_in(), bytes.len());
        let rest = &compressed[read as usize..];
        let status = zlib.decompress_vec(rest, &mut bytes, FlushDecompress::None).ok()?;
        if bytes.len() > MAX_STATUS_BYTES {
            return None;
        }
        if status == flate2::Status::StreamEnd {
            return (zlib.total_in() == compressed.len() as u64).then_some(bytes);
        }
        if zlib.total_in() == read && bytes.len() == written {
            return None;
        }
    }
}
