//! What a client may be told, field by field, and how sure the city is of whom.

use std::collections::BTreeSet;
use std::fmt;

use store::SignInMethod;

use crate::identities::Level;

/// A word of `scope`: one thing a client may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// That it is they, under a name of their own for every client; always asked for.
    OpenId,
    /// The name they are addressed by.
    Profile,
    /// The name on their identity card, where a department has matched it.
    RealName,
    /// Their identity number, the same.
    IdNumber,
    /// The organisation they act for, and as what.
    Organisation,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::OpenId, Self::Profile, Self::RealName, Self::IdNumber, Self::Organisation];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::RealName => "real_name",
            Self::IdNumber => "id_number",
            Self::Organisation => "organisation",
        }
    }
}

/// A word that is no scope here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope of this provider")]
pub struct UnknownScope(pub String);

/// A set of scopes; as text in one order, so that equal sets are equal texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads words with spaces between (RFC 6749 §3.3).
    ///
    /// # Errors
    /// [`UnknownScope`], with its first 40 characters.
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        let find = |word: &str| {
            let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
            known.ok_or_else(|| UnknownScope(word.chars().take(40).collect()))
        };
        text.split(' ').filter(|word| !word.is_empty()).map(find).collect::<Result<_, _>>().map(Self)
    }

    /// True when it is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// True when every one of them is in the other set.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Those in both sets.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// Those that are not in the other set.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).copied().collect())
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same without one of them.
    #[must_use]
    pub fn without_one(&self, scope: Scope) -> Self {
        Self(self.iter().filter(|one| *one != scope).collect())
    }

    /// True when something of the identity card is among them.
    pub fn needs_identity(&self) -> bool {
        self.contains(Scope::RealName) || self.contains(Scope::IdNumber)
    }

    /// Each, in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

/// How sure the city is of who is signed in (`acr`): the level of the account, and the highest where its person was matched
/// and a passkey of theirs was opened this time.
pub fn assurance(level: Level, method: SignInMethod) -> Level {
    match (level, method) {
        (Level::L2, SignInMethod::Passkey) => Level::L3,
        (level, _) => level,
    }
}

/// The values of `acr`: how sure the city is of the person, and whether they act for an organisation that a register says
/// they may act for.
pub const ACR_VALUES: [&str; 5] = ["L1", "L2", "L3", "organisation-L2", "organisation-L3"];

/// The value of `acr` for a person, acting for themselves or for an organisation.
pub fn acr(level: Level, method: SignInMethod, is_organisation: bool) -> String {
    let level = assurance(level, method).as_str();
    if is_organisation { format!("organisation-{level}") } else { level.to_owned() }
}

/// The values of `amr` (RFC 8176 §2).
pub const fn amr(method: SignInMethod) -> &'static [&'static str] {
    match method {
        SignInMethod::Password => &["pwd"],
        SignInMethod::PasswordCode => &["pwd", "otp", "mfa"],
        SignInMethod::Passkey => &["pop", "user", "mfa"],
        // What the other provider asked for is not known here.
        SignInMethod::Upstream | SignInMethod::Kiosk => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_and_write_in_one_order() {
        for (text, expect) in [
            ("profile openid", Ok("openid profile")),
            ("openid  openid", Ok("openid")),
            ("", Ok("")),
            ("openid phone2", Err("phone2")),
            ("OpenID", Err("OpenID")),
        ] {
            let found = Scopes::parse(text).map(|scopes| scopes.to_string()).map_err(|UnknownScope(word)| word);
            assert_eq!(found, expect.map(str::to_owned).map_err(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn assurance_needs_a_matched_person_and_for_the_highest_a_passkey() {
        use SignInMethod::{Passkey, Password, PasswordCode};
        for (level, method, expect) in [
            (Level::L1, Passkey, Level::L1),
            (Level::L2, Password, Level::L2),
            (Level::L2, PasswordCode, Level::L2),
            (Level::L2, Passkey, Level::L3),
            (Level::L3, Password, Level::L3),
        ] {
            assert_eq!(assurance(level, method), expect, "{level:?} {method:?}");
            let values = [acr(level, method, false), acr(level, method, true)];
            assert_eq!(values, [expect.as_str().to_owned(), format!("organisation-{}", expect.as_str())]);
        }
    }
}
