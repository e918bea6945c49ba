//! People and their access: accounts, grants, sessions, API keys, sealed contacts, and who looked at them.
//!
//! Secrets come in hashed, personal data sealed: nothing here can be read by who steals the file.

mod access;
mod addresses;
mod contacts;
mod fetches;
mod identities;
mod licences;
mod mandates;
mod openid;
mod organisations;
mod parties;
mod proofs;
mod sealed;
mod sessions;
mod upstream;

pub use access::{AccessRow, Looked};
pub use addresses::{AddressRow, PreferencesRow, QuietRow};
pub use contacts::ContactRow;
pub use fetches::{FetchOutcome, FetchRow};
pub use identities::{IdentityRow, PrefillRow};
pub use licences::{LicenceRow, LicenceText};
pub use mandates::{Basis, MandateAct, MandateActRow, MandateRow};
pub use openid::{CodeRow, ConsentRow, DisclosureRow, OpenIdClientRow, OpenIdKeyRow, TokenRow, UsageRow};
pub use organisations::OrganisationRow;
pub use parties::{Holder, PartyKind, PartyRow, fold_login};
pub use proofs::{AuthenticatorRow, PasskeyRow};
pub use sealed::{DraftRow, SealedRow};
pub use sessions::{ApiKeyRow, SessionRow, SignInMethod};
pub use upstream::UpstreamLinkRow;
