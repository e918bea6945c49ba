//! Identity: who somebody is, what they may do, and how what they told us in confidence is kept.
//!
//! Accounts, passkeys, codes and sessions, one authorisation policy set (Cedar, `policies/dipper.cedar`), rate limits, API keys, and
//! the vault that seals personal data. Time and randomness come in as arguments. This crate never speaks SQL or HTTP, and
//! never writes a password, a token or a contact anywhere in clear.

mod accounts;
mod addresses;
mod answers;
mod authenticator;
mod clients;
mod contacts;
mod credit_code;
mod guardians;
mod hospitals;
mod identities;
mod kiosks;
mod limiter;
mod lockout;
mod mandate_codes;
mod mandates;
pub mod openid;
mod passkeys;
mod password;
mod policy;
mod prefills;
mod presentations;
mod principal;
mod sessions;
mod stream_address;
pub mod token;
pub mod upstream;
mod vault;

pub use accounts::{AccountError, Accounts, NewAccount, SignInError, SignedIn, record_account};
pub use addresses::{Address, AddressError, SealedAddress, new_webhook_secret};
pub use answers::{Answers, Draft, Given};
pub use authenticator::{CodeError, NewAuthenticator};
pub use clients::{end_client, find_client, find_client_principal, record_client, record_client_key};
pub use contacts::{Contact, ContactError};
pub use credit_code::{CreditCode, CreditCodeError, credit_check_character};
pub use guardians::{GUARDIAN_DAYS, NamedChild, record_grown, record_guardian};
pub use hospitals::{HospitalPatient, HospitalPayment, HospitalVisit, Paid, VisitState};
pub use identities::{IdNumber, Identity, IdentityError, Level, Verified, check_character, find_level};
pub use kiosks::{KioskError, KioskSignIn, Kiosks};
pub use limiter::{Rate, RateLimiter};
pub use lockout::FREE_FAILURES;
pub use mandates::{
    Agent, MANDATE_DAYS_MAX, MANDATES_LISTED, MandateError, MandateScope, MandateState, Mandates, Offer, find_agent,
    list_agents_for, record_representative,
};
pub use model::Grant;
pub use passkeys::{DeviceAsked, PasskeyError, RelyingParty, RelyingPartyError};
pub use password::{PARAMS, Password, PasswordError, hash_password, verify_password};
pub use policy::{Decision, Permission, Policy, PolicyError, Resource, Subject};
pub use prefills::{Asked, Fetched, Prefill, Provenance};
pub use presentations::{ASKED_FOR_S, LicenceFault, LicenceTrust, Presented, licence_kind};
pub use principal::Principal;
pub use sessions::{KIOSK_LIFETIME_US, Session, idle_us, lifetime_us};
pub use store::{Basis, PartyKind, SignInMethod};
pub use stream_address::{StreamAddress, StreamAddressError};
pub use token::{Secret, sha256};
pub use vault::{Access, Vault, VaultError, stated};
