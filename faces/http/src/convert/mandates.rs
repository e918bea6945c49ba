//! Mandates and what was done under them, in words.

use std::collections::BTreeMap;

use identity::{MandateState, Vault, VaultError};
use model::{Instant, PartyId, ServiceId};
use pack::City;
use store::{Basis, MandateAct, MandateActRow, MandateRow, PartyKind, Reader};

use super::cases::office_title;
use super::{plain, text, time};
use crate::wire;

/// Both sides of mandates and whoever acted under them, as they are shown.
pub type Sides = BTreeMap<PartyId, wire::MandateParty>;

/// Reads how the sides of mandates are shown: the name they chose, and the one on their card but for its last character.
///
/// # Errors
/// [`VaultError`] when the store does not answer.
pub fn sides(
    reader: &mut Reader,
    vault: &Vault,
    parties: impl IntoIterator<Item = PartyId>,
) -> Result<Sides, VaultError> {
    let mut sides = Sides::new();
    for party in parties {
        if sides.contains_key(&party) {
            continue;
        }
        let Some(row) = reader.find_party(party)? else { continue };
        let organisation = match row.kind {
            PartyKind::Organisation => reader.find_organisation(party)?.map(|organisation| organisation.number),
            PartyKind::Staff | PartyKind::Resident | PartyKind::Child => None,
        };
        // The name of a child is sealed; whoever sees the mandate is a guardian, or the grown child.
        let child = if row.kind == PartyKind::Child { vault.find_child(reader, party)? } else { None };
        let name = child.map_or(row.display_name, |child| child.name);
        let known = if row.kind == PartyKind::Resident { vault.find_identity(reader, party)? } else { None };
        let real_name = known.map(|known| known.identity.masked_name());
        sides.insert(party, wire::MandateParty { name, real_name, organisation });
    }
    Ok(sides)
}

/// Everybody that mandates name.
pub fn parties_of(mandates: &[MandateRow]) -> Vec<PartyId> {
    mandates.iter().flat_map(|mandate| std::iter::once(mandate.represented).chain(mandate.agent)).collect()
}

fn side(sides: &Sides, party: PartyId) -> wire::MandateParty {
    let unknown = || wire::MandateParty { name: String::new(), real_name: None, organisation: None };
    sides.get(&party).cloned().unwrap_or_else(unknown)
}

fn service(city: &City, id: &ServiceId) -> wire::Named {
    let title = city.services.get(id).map_or_else(|| plain(id.as_str()), |service| text(&service.title));
    wire::Named { id: id.to_string(), title }
}

/// A mandate as both sides see it.
pub fn mandate_view(city: &City, mandate: &MandateRow, sides: &Sides, now: Instant) -> wire::MandateView {
    let state = MandateState::of(mandate, now);
    wire::MandateView {
        id: mandate.id.to_string(),
        state: match state {
            MandateState::Offered => wire::MandateState::Offered,
            MandateState::Lapsed => wire::MandateState::Lapsed,
            MandateState::Taken => wire::MandateState::Taken,
            MandateState::Active => wire::MandateState::Active,
            MandateState::Ended => wire::MandateState::Ended,
            MandateState::Expired => wire::MandateState::Expired,
        },
        basis: match mandate.basis {
            Basis::Appointed => wire::MandateBasis::Appointed,
            Basis::Representative => wire::MandateBasis::Representative,
            Basis::Counter => wire::MandateBasis::Counter,
            Basis::Guardian => wire::MandateBasis::Guardian,
            Basis::Oneself => wire::MandateBasis::Oneself,
        },
        represented: side(sides, mandate.represented),
        agent: mandate.agent.map(|agent| side(sides, agent)),
        all_services: mandate.services.is_none(),
        services: mandate.services.iter().flatten().map(|id| service(city, id)).collect(),
        departments: mandate.departments,
        office: mandate.post.as_ref().map(|(office, _)| office_title(city, office)),
        created_at: time(mandate.created_at),
        code_until: mandate.code_until.filter(|_| state == MandateState::Offered).map(time),
        until: time(mandate.until),
        ended_at: mandate.ended_at.map(time),
    }
}

/// What was done under a mandate, in words.
pub fn act_entry(city: &City, act: &MandateActRow, sides: &Sides) -> wire::MandateActEntry {
    let title = |action: &String| {
        let mut actions = city.processes.values().flat_map(|process| &process.actions);
        let found = actions.find(|known| known.id.as_str() == action);
        found.map_or_else(|| plain(action), |found| text(&found.title))
    };
    wire::MandateActEntry {
        at: time(act.at),
        agent: side(sides, act.agent).name,
        act: match act.act {
            MandateAct::Drafted => wire::MandateActKind::Drafted,
            MandateAct::Asked => wire::MandateActKind::Asked,
            MandateAct::Applied => wire::MandateActKind::Applied,
            MandateAct::Read => wire::MandateActKind::Read,
            MandateAct::Corrected => wire::MandateActKind::Corrected,
            MandateAct::Moved => wire::MandateActKind::Moved,
            MandateAct::Booked => wire::MandateActKind::Booked,
            MandateAct::Paid => wire::MandateActKind::Paid,
            MandateAct::Licence => wire::MandateActKind::Licence,
            MandateAct::SignedIn => wire::MandateActKind::SignedIn,
            MandateAct::Trail => wire::MandateActKind::Trail,
        },
        action: act.action.as_ref().map(title),
        service: act.service.as_ref().map(|id| service(city, id)),
        case_no: act.case_no.as_ref().map(ToString::to_string),
        mandate: act.mandate.to_string(),
    }
}
