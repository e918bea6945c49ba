//! Who asks, already authenticated.

use model::{ClientId, Grant, PartyId, RegionId};

use crate::mandates::Agent;

/// Who asks for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Somebody who did not sign in.
    Visitor,
    /// A signed-in resident.
    Resident {
        /// The person.
        party: PartyId,
    },
    /// A member of staff with the posts they hold.
    Staff {
        /// The person.
        party: PartyId,
        /// Their posts.
        grants: Vec<Grant>,
    },
    /// Somebody who acts for another, under a mandate that is in force.
    Agent(Agent),
    /// A registered client program.
    Client {
        /// The program.
        client: ClientId,
        /// Whose devices it may read.
        regions: Vec<RegionId>,
        /// Whether it may also tell them what to do.
        controls: bool,
        /// Whether it may also register devices there.
        registers: bool,
    },
}

impl Principal {
    /// The person, when there is one.
    pub fn party(&self) -> Option<PartyId> {
        match self {
            Self::Resident { party } | Self::Staff { party, .. } => Some(*party),
            Self::Agent(agent) => Some(agent.party),
            Self::Visitor | Self::Client { .. } => None,
        }
    }

    /// Whose applications this is about: their own, or those of whom they act for.
    pub fn subject(&self) -> Option<PartyId> {
        match self {
            Self::Agent(agent) => Some(agent.on_behalf_of),
            _ => self.party(),
        }
    }

    /// The posts held; none but for staff.
    pub fn grants(&self) -> &[Grant] {
        match self {
            Self::Staff { grants, .. } => grants,
            Self::Visitor | Self::Resident { .. } | Self::Agent(_) | Self::Client { .. } => &[],
        }
    }
}
