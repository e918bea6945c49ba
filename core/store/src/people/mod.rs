//! People and their access: accounts, grants, sessions, API keys, sealed contacts, and who looked at them.
//!
//! Secrets come in hashed, personal data sealed: nothing here can be read by who steals the file.

mod access;
mod addresses;
mod contacts;
mod fetches;
mod identities;
mod licences;
mod openid;
mod parties;
mod proofs;
mod reconciliations;
mod sealed;
mod sessions;

pub use access::{AccessRow, Looked};
pub use addresses::{AddressRow, PreferencesRow, QuietRow};
pub use contacts::ContactRow;
pub use fetches::{FetchOutcome, FetchRow};
pub use identities::{IdentityRow, PrefillRow};
pub use licences::{LicenceRow, LicenceText};
pub use openid::{CodeRow, ConsentRow, DisclosureRow, OpenIdClientRow, OpenIdKeyRow, TokenRow, UsageRow};
pub use parties::{Holder, PartyKind, PartyRow, erased_login, fold_login};
pub use proofs::{AuthenticatorRow, PasskeyRow};
pub use reconciliations::{AlarmRow, ReconciliationRow, UseCount};
pub use sealed::{DraftRow, SealedRow};
pub use sessions::{ApiKeyRow, SessionRow, SignInMethod};
