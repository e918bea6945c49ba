#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod disclosure;
mod issue;
mod jws;
mod key;
mod proof;
mod sd_jwt;
mod seal;
mod status;
mod text;
mod trust;
mod verify;

pub use disclosure::DisclosureError;
pub use ed25519_dalek::SigningKey;
pub use issue::{Claims, IssueError, Salt, issue, reissue};
pub use jws::{Jws, JwsError};
pub use key::{Algorithm, HolderKey, IssuerKey, KeyError, PublicKey};
pub use proof::{ProofError, prove, verify_proof};
pub use sd_jwt::{KeyBindingError, MAX_SD_JWT_BYTES, ParseError, PresentError, SdJwt};
pub use seal::{Seal, SealError, seal, verify_seal};
pub use status::{
    MAX_STATUS_BYTES, MAX_STATUS_JWT_BYTES, Status, StatusBits, StatusList, StatusListBuilder, StatusListClaims,
    StatusListError, StatusRef,
};
pub use trust::{TrustError, TrustedKey, TrustedKeys};
pub use verify::{Expectations, KeyBinding, SHOWN_AUDIENCE, Standing, Verified, VerifyError, verify};
