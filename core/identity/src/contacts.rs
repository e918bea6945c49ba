//! Contacts: how to reach somebody who reported. They exist in clear only on their way in and under a purpose.

use serde::{Deserialize, Serialize};

/// Name, telephone and e-mail of somebody. Hidden from `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Why a contact does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// A part is too long or has control characters.
    #[error("{part} must be at most {max} characters of plain text")]
    Part {
        /// `name`, `phone` or `email`.
        part: &'static str,
        /// Most characters.
        max: usize,
    },
    /// The e-mail has no `@`.
    #[error("an e-mail address needs one '@' with something on both sides")]
    Email,
    /// The telephone has something else than digits and joiners.
    #[error("a telephone number has digits, spaces and + - ( ) only")]
    Phone,
}

impl Contact {
    /// Takes a contact from outside: trims, drops empty parts, checks the rest. `None` when nothing is left.
    ///
    /// # Errors
    /// [`ContactError`] naming the part that does not fit.
    pub fn parse(name: Option<&str>, phone: Option<&str>, email: Option<&str>) -> Result<Option<Self>, ContactError> {
        let name = part("name", name, 64)?;
        let phone = part("phone", phone, 32)?;
        let email = part("email", email, 254)?;
        let is_phone = |text: &str| text.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
        if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            return Err(ContactError::Phone);
        }
        let is_email = |text: &str| {
            text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'))
        };
        if email.as_deref().is_some_and(|email| !is_email(email)) {
            return Err(ContactError::Email);
        }
        let contact = Self { name, phone, email };
        Ok((contact != Self::default()).then_some(contact))
    }
}

fn part(name: &'static str, text: Option<&str>, max: usize) -> Result<Option<String>, ContactError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let fits = text.chars().count() <= max && !text.chars().any(char::is_control);
    if fits { Ok(Some(text.to_owned())) } else { Err(ContactError::Part { part: name, max }) }
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_trimmed_and_checked() {
        let parse =
            |name, phone, email| Contact::parse(Some(name), Some(phone), Some(email)).map(|contact| contact.is_some());
        for (name, phone, email, expect) in [
            (" 李 ", "+86 138-0000-0000", "a@b", Ok(true)),
            ("", " ", "", Ok(false)),
            ("", "call me", "", Err(ContactError::Phone)),
            ("", "", "a@b@c", Err(ContactError::Email)),
            ("", "", "@b", Err(ContactError::Email)),
            (&*"长".repeat(65), "", "", Err(ContactError::Part { part: "name", max: 64 })),
            ("a\u{7}b", "", "", Err(ContactError::Part { part: "name", max: 64 })),
        ] {
            assert_eq!(parse(name, phone, email), expect, "{name:?} {phone:?} {email:?}");
        }
    }

    #[test]
    fn a_contact_is_never_printed() {
        let contact = Contact { name: Some("李".to_owned()), ..Contact::default() };
        assert_eq!(format!("{contact:?}"), "Contact(..)");
    }
}
