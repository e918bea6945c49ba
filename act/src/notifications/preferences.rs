//! What a person wants to be told, by which channel, in which language, and when not.

use model::{Channel, PartyId};
use store::{PreferencesRow, QuietRow, Reader, StoreError, Tx};

use super::Context;
use super::quiet::QuietHours;

/// Preferences of one person. Nothing said means: everything, by every channel with a confirmed address, but at night.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences(PreferencesRow);

impl Preferences {
    /// Whether messages of a group are wanted by a channel.
    pub fn takes(&self, group: &str, channel: Channel) -> bool {
        !self.0.off.get(group).is_some_and(|off| off.contains(&channel))
    }

    /// Switches a channel of a group on or off.
    pub fn switch(&mut self, group: &str, channel: Channel, is_on: bool) {
        let off = self.0.off.entry(group.to_owned()).or_default();
        if is_on {
            off.remove(&channel);
        } else {
            off.insert(channel);
        }
        if off.is_empty() {
            self.0.off.remove(group);
        }
    }

    /// The quiet hours; `None` when the person wants none.
    pub fn quiet_hours(&self) -> Option<QuietHours> {
        self.0.quiet.map_or_else(|| Some(QuietHours::default()), QuietHours::of_row)
    }

    /// Sets the quiet hours, or that there are none.
    pub const fn set_quiet_hours(&mut self, hours: Option<QuietHours>) {
        self.0.quiet = Some(match hours {
            None => QuietRow::Never,
            Some(hours) => hours.to_row(),
        });
    }

    /// The language of what is sent; the city's first when the person never said.
    pub fn locale(&self) -> Option<&str> {
        self.0.locale.as_deref()
    }

    /// Sets the language of what is sent.
    pub fn set_locale(&mut self, locale: String) {
        self.0.locale = Some(locale);
    }

    /// What is kept of a person; the default when they never said.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub fn load(reader: &mut Reader, party: PartyId) -> Result<Self, StoreError> {
        Ok(reader.find_preferences(party)?.map(Self).unwrap_or_default())
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
    let (row, now) = (preferences.0.clone(), ctx.clock.now());
    ctx.store.write(move |tx: &mut Tx| tx.save_preferences(party, &row, now)).await
}
