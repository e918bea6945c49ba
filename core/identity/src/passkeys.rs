//! Passkeys (WebAuthn Level 3): a key in somebody's own device, opened by its own lock - a face, a finger, a code - which
//! nobody but the device ever sees.
//!
//! A ceremony is asked once and answered once; what was asked is kept in the database, so that any replica takes the
//! answer. Attestation is not asked for: which make of telephone somebody has is no business of the city's.

use model::{Instant, PartyId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{PartyKind, PasskeyRow, SignInMethod, StoreError, Tx};
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::accounts::{AccountError, Accounts, NewAccount, SignedIn};
use crate::token::{Secret, sha256};

/// How long a ceremony may take, 5 min, as the device is told.
const CEREMONY_US: i64 = 300_000_000;

/// Most passkeys of one person.
const PASSKEYS_MAX: usize = 20;

/// Longest title of a passkey, characters.
const TITLE_MAX: usize = 64;

/// Under which name and address this city asks for passkeys.
pub struct RelyingParty {
    webauthn: Webauthn,
    host: String,
}

/// Why passkeys cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelyingPartyError {
    /// The address is no URL.
    #[error("`{0}` is no address such as https://dipper.example")]
    Address(String),
    /// The library refuses it.
    #[error("passkeys cannot be asked for under `{0}`")]
    Refused(String),
}

impl RelyingParty {
    /// For the address people reach the city under; for this machine alone when there is none. `None` where browsers
    /// make no passkeys: an address by number has no name that a passkey could be bound to (WebAuthn §5.1.2).
    ///
    /// # Errors
    /// [`RelyingPartyError`].
    pub fn new(base_url: Option<&str>, title: &str) -> Result<Option<Self>, RelyingPartyError> {
        let address = base_url.unwrap_or("http://localhost");
        let origin: Url = address.parse().map_err(|_| RelyingPartyError::Address(address.to_owned()))?;
        let Some(host) = origin.domain().map(str::to_owned) else { return Ok(None) };
        let refused = |_: WebauthnError| RelyingPartyError::Refused(address.to_owned());
        let builder = WebauthnBuilder::new(&host, &origin).map_err(refused)?;
        let builder = builder.rp_name(title).allow_any_port(base_url.is_none());
        let webauthn = builder.build().map_err(refused)?;
        Ok(Some(Self { webauthn, host }))
    }

    /// The host that passkeys are bound to (the RP ID).
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// What a device is asked: the token to answer with, and the options for `navigator.credentials`.
#[derive(Debug, Clone)]
pub struct DeviceAsked {
    /// Names the ceremony.
    pub ceremony: Secret,
    /// The options (WebAuthn §5.4, §5.5), binary members in base64url.
    pub options: Value,
}

/// Why a passkey was not made or not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// This city's address takes none.
    #[error("passkeys are not available under this address")]
    Unavailable,
    /// The ceremony was answered before or took too long.
    #[error("this took longer than 5 minutes, or was answered before; begin again")]
    Ceremony,
    /// The answer is not of the form of the standard.
    #[error("the answer of the device is malformed")]
    Malformed,
    /// The answer does not verify, or the passkey is not known here.
    #[error("the passkey is not known here, or its answer does not verify")]
    Refused,
    /// The device has given a passkey that is here already.
    #[error("this passkey is registered already")]
    Known,
    /// Too many.
    #[error("a person may have at most {PASSKEYS_MAX} passkeys; remove one first")]
    TooMany,
    /// The title does not fit.
    #[error("a passkey's name must have 1 to {TITLE_MAX} characters of plain text")]
    Title,
    /// Nobody could sign in any more.
    #[error("it is the only way into this account; set a password or add another passkey first")]
    LastWay,
    /// The new account does not fit.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The store did not take it.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for PasskeyError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { .. } => Self::Known,
            error => Self::Store(error),
        }
    }
}

/// What is kept between question and answer.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Ceremony {
    Register { party: PartyId, login: String, display_name: String, state: PasskeyRegistration },
    Add { party: PartyId, state: PasskeyRegistration },
    SignIn { state: DiscoverableAuthentication },
}

/// The name under which a device keeps passkeys of one account: it says nothing and is always the same.
fn user_handle(party: PartyId) -> Uuid {
    let digest = Sha256::new().chain_update(b"dipper/passkey/user/v1").chain_update(party.to_string()).finalize();
    Uuid::from_slice(&digest[..16]).expect("16 bytes are a UUID")
}

/// The options as JSON, asking that the device finds the passkey by itself later on (a discoverable credential).
fn discoverable(options: CreationChallengeResponse) -> Value {
    let mut options = serde_json::to_value(options).expect("options are plain data");
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = "required".into();
    selection["requireResidentKey"] = true.into();
    options
}

fn parse<T: serde::de::DeserializeOwned>(credential: Value) -> Result<T, PasskeyError> {
    serde_json::from_value(credential).map_err(|_| PasskeyError::Malformed)
}

fn row(party: PartyId, title: &str, key: &Passkey, now: Instant) -> Result<PasskeyRow, PasskeyError> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > TITLE_MAX || title.chars().any(char::is_control) {
        return Err(PasskeyError::Title);
    }
    let credential = serde_json::to_string(key).expect("a passkey is plain data");
    let id = key.cred_id().to_vec();
    Ok(PasskeyRow { id, party, title: title.to_owned(), credential, created_at: now, used_at: None })
}

impl Accounts {
    /// The host that passkeys are bound to; `None` where there are none.
    pub fn passkey_host(&self) -> Option<&str> {
        self.relying_party.as_ref().map(RelyingParty::host)
    }

    fn webauthn(&self) -> Result<&Webauthn, PasskeyError> {
        self.relying_party.as_ref().map(|party| &party.webauthn).ok_or(PasskeyError::Unavailable)
    }

    async fn ask(&self, ceremony: &Ceremony, options: Value) -> Result<DeviceAsked, PasskeyError> {
        let (token, now) = (Secret::from_random(self.random_bytes()), self.clock.now());
        let hash = sha256(token.reveal());
        let body = serde_json::to_string(ceremony).expect("a ceremony is plain data");
        self.store
            .write(move |tx: &mut Tx| tx.record_ceremony(&hash, &body, now.plus_micros(CEREMONY_US), now))
            .await?;
        Ok(DeviceAsked { ceremony: token, options })
    }

    async fn answered(&self, ceremony: &str) -> Result<Ceremony, PasskeyError> {
        let (hash, now) = (sha256(ceremony), self.clock.now());
        let body = self.store.write(move |tx: &mut Tx| tx.take_ceremony(&hash, now)).await?;
        let body = body.ok_or(PasskeyError::Ceremony)?;
        serde_json::from_str(&body).map_err(|_| PasskeyError::Ceremony)
    }

    /// Asks a device for the passkey of a new resident, who needs no password.
    ///
    /// # Errors
    /// [`PasskeyError::Account`] when login or name does not fit or the login is taken.
    pub async fn ask_to_register(&self, login: &str, display_name: &str) -> Result<DeviceAsked, PasskeyError> {
        let webauthn = self.webauthn()?;
        let account = new_resident(login, display_name);
        account.check()?;
        let (login, now) = (account.login, self.clock.now());
        let asked = login.clone();
        let party = self
            .store
            .write(move |tx: &mut Tx| match tx.find_party_by_login(&asked)? {
                Some(_) => Err(AccountError::Taken),
                None => Ok(tx.new_party_id(now)),
            })
            .await?;
        let (options, state) = webauthn
            .start_passkey_registration(user_handle(party), &login, display_name, None)
            .map_err(|_| PasskeyError::Refused)?;
        let ceremony = Ceremony::Register { party, login, display_name: display_name.to_owned(), state };
        self.ask(&ceremony, discoverable(options)).await
    }

    /// Makes the account of a new resident with the passkey their device made, and signs them in.
    ///
    /// # Errors
    /// [`PasskeyError`]; nothing is written then, and the ceremony is over.
    pub async fn register_by_passkey(
        &self,
        ceremony: &str,
        credential: Value,
        title: &str,
    ) -> Result<SignedIn, PasskeyError> {
        let Ceremony::Register { party, login, display_name, state } = self.answered(ceremony).await? else {
            return Err(PasskeyError::Ceremony);
        };
        let answer: RegisterPublicKeyCredential = parse(credential)?;
        let key = self.webauthn()?.finish_passkey_registration(&answer, &state).map_err(|_| PasskeyError::Refused)?;
        let (now, opening) = (self.clock.now(), self.opening(SignInMethod::Passkey));
        let (account, row) = (new_resident(&login, &display_name), row(party, title, &key, now)?);
        self.store
            .write(move |tx: &mut Tx| {
                let signed_in = opening.register_as(tx, party, &account, now)?;
                tx.record_passkey(&row)?;
                Ok(signed_in)
            })
            .await
    }

    /// Asks a device of somebody signed in for one more passkey.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn ask_to_add_passkey(&self, party: PartyId) -> Result<DeviceAsked, PasskeyError> {
        let webauthn = self.webauthn()?;
        let (account, keys) = self
            .store
            .read(move |reader| Ok::<_, StoreError>((reader.find_party(party)?, reader.list_passkeys(party)?)))
            .await?;
        let account = account.ok_or(PasskeyError::Refused)?;
        if keys.len() >= PASSKEYS_MAX {
            return Err(PasskeyError::TooMany);
        }
        let known = keys.into_iter().map(|key| key.id).collect();
        let (options, state) = webauthn
            .start_passkey_registration(user_handle(party), &account.login, &account.display_name, Some(known))
            .map_err(|_| PasskeyError::Refused)?;
        self.ask(&Ceremony::Add { party, state }, discoverable(options)).await
    }

    /// Adds the passkey that a device of somebody signed in made.
    ///
    /// # Errors
    /// [`PasskeyError`]; nothing is written then, and the ceremony is over.
    pub async fn add_passkey(
        &self,
        party: PartyId,
        ceremony: &str,
        credential: Value,
        title: &str,
    ) -> Result<(), PasskeyError> {
        let Ceremony::Add { party: asked, state } = self.answered(ceremony).await? else {
            return Err(PasskeyError::Ceremony);
        };
        if asked != party {
            return Err(PasskeyError::Ceremony);
        }
        let answer: RegisterPublicKeyCredential = parse(credential)?;
        let key = self.webauthn()?.finish_passkey_registration(&answer, &state).map_err(|_| PasskeyError::Refused)?;
        let row = row(party, title, &key, self.clock.now())?;
        Ok(self.store.write(move |tx: &mut Tx| tx.record_passkey(&row)).await?)
    }

    /// Asks whatever device is at hand to sign its owner in: no login is typed.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn ask_to_sign_in(&self) -> Result<DeviceAsked, PasskeyError> {
        let (options, state) =
            self.webauthn()?.start_discoverable_authentication().map_err(|_| PasskeyError::Refused)?;
        let options = serde_json::to_value(options).expect("options are plain data");
        self.ask(&Ceremony::SignIn { state }, options).await
    }

    /// Signs in the owner of the passkey that a device answered with.
    ///
    /// # Errors
    /// [`PasskeyError`]; the ceremony is over.
    pub async fn sign_in_by_passkey(&self, ceremony: &str, credential: Value) -> Result<SignedIn, PasskeyError> {
        let Ceremony::SignIn { state } = self.answered(ceremony).await? else { return Err(PasskeyError::Ceremony) };
        let webauthn = self.webauthn()?;
        let answer: PublicKeyCredential = parse(credential)?;
        let (handle, id) = webauthn.identify_discoverable_authentication(&answer).map_err(|_| PasskeyError::Refused)?;
        let id = id.to_vec();
        let found = self
            .store
            .read(move |reader| {
                let Some(row) = reader.find_passkey(&id)? else { return Ok::<_, StoreError>(None) };
                let party = reader.find_party(row.party)?;
                Ok(party.map(|party| (row, party)))
            })
            .await?;
        let (row, party) = found
            .filter(|(row, party)| !party.disabled && user_handle(row.party) == handle)
            .ok_or(PasskeyError::Refused)?;
        let mut key: Passkey = serde_json::from_str(&row.credential).map_err(|_| PasskeyError::Refused)?;
        let result =
            webauthn.finish_discoverable_authentication_v2(&answer, state, &key).map_err(|_| PasskeyError::Refused)?;
        key.update_credential(&result);
        let (now, credential) = (self.clock.now(), serde_json::to_string(&key).expect("a passkey is plain data"));
        self.store.write(move |tx: &mut Tx| tx.record_passkey_use(&row.id, &credential, now)).await?;
        Ok(self.begin(party, SignInMethod::Passkey, now).await?)
    }

    /// Removes a passkey of a person; true when there was one.
    ///
    /// # Errors
    /// [`PasskeyError::LastWay`] when nothing else would open the account.
    pub async fn remove_passkey(&self, party: PartyId, id: Vec<u8>) -> Result<bool, PasskeyError> {
        self.store
            .write(move |tx: &mut Tx| {
                let has_password = tx.find_party(party)?.is_some_and(|party| !party.password_hash.is_empty());
                let keys = tx.list_passkeys(party)?;
                if !has_password && keys.iter().all(|key| key.id == id) && !keys.is_empty() {
                    return Err(PasskeyError::LastWay);
                }
                Ok(tx.remove_passkey(party, &id)?)
            })
            .await
    }
}

fn new_resident(login: &str, display_name: &str) -> NewAccount {
    NewAccount {
        kind: PartyKind::Resident,
        login: login.to_owned(),
        display_name: display_name.to_owned(),
        password_hash: String::new(),
        grants: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_bound_to_a_name_never_to_a_number() {
        for (address, expect) in [
            (Some("https://dipper.example"), Ok(Some("dipper.example"))),
            (Some("http://localhost:8080"), Ok(Some("localhost"))),
            (None, Ok(Some("localhost"))),
            (Some("http://127.0.0.1:8080"), Ok(None)),
            (Some("http://[::1]:8080"), Ok(None)),
            (Some("dipper"), Err(RelyingPartyError::Address("dipper".to_owned()))),
        ] {
            let found = RelyingParty::new(address, "瑶光市");
            let host = found.as_ref().map(|party| party.as_ref().map(RelyingParty::host)).map_err(Clone::clone);
            assert_eq!(host, expect, "{address:?}");
        }
    }

    #[test]
    fn the_handle_of_an_account_never_changes_and_says_nothing() {
        let party = PartyId::new(Instant::from_micros(0), 7);
        assert_eq!(user_handle(party), user_handle(party));
        assert_ne!(user_handle(party), user_handle(PartyId::new(Instant::from_micros(0), 8)));
        assert!(!party.to_string().contains(&user_handle(party).simple().to_string()));
    }
}
