//! People and their access: accounts, grants, sessions, API keys, sealed contacts, and who looked at them.
//!
//! Secrets come in hashed, personal data sealed: nothing here can be read by who steals the file.

mod access;
mod addresses;
mod children;
mod contacts;
mod extracts;
mod fetches;
mod hospitals;
mod identities;
mod kiosks;
mod licences;
mod mandate_notices;
mod mandates;
mod openid;
mod organisations;
mod parties;
mod proofs;
mod reconciliations;
mod sealed;
mod sessions;
mod upstream;

pub use access::{AccessRow, Looked, SealedLooks};
pub use addresses::{AddressRow, PreferencesRow, QuietRow};
pub use children::ChildRow;
pub use contacts::ContactRow;
pub use extracts::{ExtractMemberRow, ExtractRow};
pub use fetches::{FetchOutcome, FetchRow};
pub use hospitals::{HospitalPatientRow, HospitalPaymentRow, HospitalVisitRow};
pub use identities::{IdentityRow, PrefillRow};
pub use kiosks::{KioskRow, KioskSignInRow};
pub use licences::{LicenceRow, LicenceText};
pub use mandate_notices::{MANDATE_NOTICE, MandateNews, MandateNotice};
pub use mandates::{Basis, MandateAct, MandateActRow, MandateRow};
pub use openid::{CodeRow, ConsentRow, DisclosureRow, OpenIdClientRow, OpenIdKeyRow, TokenRow, UsageRow};
pub use organisations::OrganisationRow;
pub use parties::{Holder, PartyKind, PartyRow, erased_login, fold_login};
pub use proofs::{AuthenticatorRow, PasskeyRow};
pub use reconciliations::{AlarmRow, ReconciliationRow, UseCount};
pub use sealed::{DraftRow, SealedRow};
pub use sessions::{ApiKeyRow, SessionRow, SignInMethod};
pub use upstream::UpstreamLinkRow;
