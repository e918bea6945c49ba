//! The OpenID Connect provider: other programs sign residents in here, and are told what each resident allows.
//!
//! Authorization code with PKCE only (RFC 9700), clients prove themselves by a signature (`private_key_jwt`), names are
//! another one for every client, access tokens are opaque and looked up at every use: what is withdrawn ends at once.

mod authorize;
mod client;
mod keys;
mod scope;
mod token;

use std::sync::Arc;

use model::Clock;
use store::Store;

use crate::vault::Vault;

pub use authorize::{Authorization, AuthorizeError, GrantError, Next};
pub use client::{Client, ClientError};
pub use keys::{ProviderKey, ProviderKeys};
pub use scope::{ACR_VALUES, Scope, Scopes, UnknownScope, acr, amr, assurance};
pub use token::{Exchanged, TokenError, UserInfoError};

/// The provider.
pub struct OpenId {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Arc<Vault>,
    issuer: String,
    keys: keys::KeptKeys,
}

impl OpenId {
    /// A provider under an issuer: the address people reach the city under, without a slash at its end.
    pub fn new(store: Store, clock: Arc<dyn Clock>, vault: Arc<Vault>, issuer: &str) -> Self {
        let issuer = issuer.trim_end_matches('/').to_owned();
        Self { store, clock, vault, issuer, keys: keys::KeptKeys::default() }
    }

    /// The issuer (`iss`).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Every key that may have signed something still good.
    ///
    /// # Errors
    /// [`store::StoreError`] when the store does not answer.
    pub async fn keys(&self) -> Result<Arc<ProviderKeys>, store::StoreError> {
        self.keys.get(&self.store, &self.vault, self.clock.now()).await
    }

    /// Where codes are exchanged.
    pub fn token_endpoint(&self) -> String {
        format!("{}/openid/token", self.issuer)
    }
}

impl std::fmt::Debug for OpenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenId({})", self.issuer)
    }
}
