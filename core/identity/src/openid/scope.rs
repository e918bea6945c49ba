//! What a client may be told, field by field, and how sure the city is of who somebody is.

use std::collections::BTreeSet;
use std::fmt;

use store::SignInMethod;

/// A word of `scope`: one thing a client may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// That it is they, under a name of their own for every client; always asked for.
    OpenId,
    /// The name they are addressed by.
    Profile,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::OpenId, Self::Profile];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
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

/// How sure the city is of who is signed in (`acr`): L1 an account, L2 name and number of the identity card were matched,
/// L3 the same and a passkey of theirs was opened this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// An account.
    L1,
    /// A person whose name and number were matched.
    L2,
    /// The same, by a passkey.
    L3,
}

impl Assurance {
    /// Every level, lowest first.
    pub const ALL: [Self; 3] = [Self::L1, Self::L2, Self::L3];

    /// The value of `acr`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
        }
    }

    /// What an account and the way it was opened give together.
    pub const fn of(is_matched: bool, method: SignInMethod) -> Self {
        match (is_matched, method) {
            (false, _) => Self::L1,
            (true, SignInMethod::Passkey) => Self::L3,
            (true, SignInMethod::Password | SignInMethod::PasswordCode) => Self::L2,
        }
    }
}

/// The values of `amr` (RFC 8176 §2).
pub const fn amr(method: SignInMethod) -> &'static [&'static str] {
    match method {
        SignInMethod::Password => &["pwd"],
        SignInMethod::PasswordCode => &["pwd", "otp", "mfa"],
        SignInMethod::Passkey => &["pop", "user", "mfa"],
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
        for (is_matched, method, expect) in [
            (false, Passkey, Assurance::L1),
            (true, Password, Assurance::L2),
            (true, PasswordCode, Assurance::L2),
            (true, Passkey, Assurance::L3),
        ] {
            assert_eq!(Assurance::of(is_matched, method), expect, "{is_matched} {method:?}");
        }
    }
}
