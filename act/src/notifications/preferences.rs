//! What a person wants to be told, by which channel, in which language, and when not.

use std::collections::{BTreeMap, BTreeSet};

use model::{Channel, PartyId};
use serde::{Deserialize, Serialize};
use store::{Reader, StoreError, Tx};

use super::Context;
use super::quiet::QuietHours;

/// Preferences of one person. Nothing said means: everything, by every channel with a confirmed address, but at night.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Channels switched off, by group of kinds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    off: BTreeMap<String, BTreeSet<Channel>>,
    /// Quiet hours; the default ones when never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet: Option<Quiet>,
    /// Language of what is sent; the city's first when never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Quiet {
    Never,
    Hours(QuietHours),
}

impl Preferences {
    /// Whether messages of a group are wanted by a channel.
    pub fn takes(&self, group: &str, channel: Channel) -> bool {
        !self.off.get(group).is_some_and(|off| off.contains(&channel))
    }

    /// Switches a channel of a group on or off.
    pub fn switch(&mut self, group: &str, channel: Channel, is_on: bool) {
        let off = self.off.entry(group.to_owned()).or_default();
        if is_on {
            off.remove(&channel);
        } else {
            off.insert(channel);
        }
        if off.is_empty() {
            self.off.remove(group);
        }
    }

    /// The quiet hours; `None` when the person wants none.
    pub fn quiet_hours(&self) -> Option<QuietHours> {
        match self.quiet {
            None => Some(QuietHours::default()),
            Some(Quiet::Never) => None,
            Some(Quiet::Hours(hours)) => Some(hours),
        }
    }

    /// Sets the quiet hours, or that there are none.
    pub const fn set_quiet_hours(&mut self, hours: Option<QuietHours>) {
        self.quiet = Some(match hours {
            None => Quiet::Never,
            Some(hours) => Quiet::Hours(hours),
        });
    }

    /// What is kept of a person; the default when they never said, or an older program wrote it another way.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub fn load(reader: &mut Reader, party: PartyId) -> Result<Self, StoreError> {
        let json = reader.find_preferences(party)?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }
}

/// The preferences of a person.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn find_preferences(ctx: &Context, party: PartyId) -> Result<Preferences, StoreError> {
    ctx.store.read(move |reader| Preferences::load(reader, party)).await
}

/// Keeps the preferences of a person.
///
/// # Errors
/// [`StoreError`] when the store does not take them.
pub async fn save_preferences(ctx: &Context, party: PartyId, preferences: &Preferences) -> Result<(), StoreError> {
    let json = serde_json::to_string(preferences).expect("preferences are plain data");
    let now = ctx.clock.now();
    ctx.store.write(move |tx: &mut Tx| tx.save_preferences(party, &json, now)).await
}
