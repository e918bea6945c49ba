//! Who did something, and who reported something.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, ContactId, MandateId, OfficeId, PartyId, RegionId, RoleId};

/// Who caused an event. Never a name or a phone number: parties are looked up under authorisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Actor {
    /// A member of staff acting in a role for an office.
    Staff {
        /// The person.
        party: PartyId,
        /// The role they used.
        role: RoleId,
        /// The office they acted for.
        office: OfficeId,
    },
    /// A signed-in resident.
    Resident {
        /// The person.
        party: PartyId,
    },
    /// A signed-in resident who acts for another person or an organisation (代办).
    Agent {
        /// Who acts.
        party: PartyId,
        /// For whom.
        on_behalf_of: PartyId,
        /// Under which mandate.
        mandate: MandateId,
    },
    /// Somebody who did not sign in.
    Anonymous,
    /// A registered client program, such as an Open311 application.
    Client {
        /// The program.
        client: ClientId,
    },
    /// The platform itself: a timer, an import.
    System {
        /// Which part, such as `timer` or `import`.
        part: String,
    },
}

impl Actor {
    /// The person behind the act, when there is one.
    pub fn party(&self) -> Option<PartyId> {
        match self {
            Self::Staff { party, .. } | Self::Resident { party } | Self::Agent { party, .. } => Some(*party),
            Self::Anonymous | Self::Client { .. } | Self::System { .. } => None,
        }
    }

    /// The platform's own part of that name.
    pub fn system(part: &str) -> Self {
        Self::System { part: part.to_owned() }
    }
}

/// Who reported or joined a case, and where their sealed contact is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// Their account, when signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// The client program that sent it, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Their contact, sealed in its own record; absent when none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
}

impl Reporter {
    /// Somebody who left neither account nor contact.
    pub const ANONYMOUS: Self = Self { party: None, client: None, contact: None };
}

/// A post somebody holds: a role, for an office, within a region and everything below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: RoleId,
    /// The office it is held for.
    pub office: OfficeId,
    /// The region it reaches.
    pub region: RegionId,
}
