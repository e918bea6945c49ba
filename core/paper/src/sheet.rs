//! What stands on the paper, in words: who makes a sheet has chosen them, nothing here decides or translates.

/// A text in the first language of the sheet, and in its second where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// In the first language.
    pub first: String,
    /// In the second; not printed where it says the same.
    pub second: Option<String>,
}

impl Words {
    /// A text in one language.
    pub fn one(text: impl Into<String>) -> Self {
        Self { first: text.into(), second: None }
    }

    /// A text in two languages.
    pub fn two(first: impl Into<String>, second: impl Into<String>) -> Self {
        let (first, second) = (first.into(), second.into());
        Self { second: (second != first && !second.is_empty()).then_some(second), first }
    }
}

/// Something that is said, under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Words,
    /// What is said.
    pub says: Words,
}

/// How the paper is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct How {
    /// Heading.
    pub title: Words,
    /// What to do, one thing after the other.
    pub steps: Vec<Words>,
    /// What is not proved.
    pub limits: Words,
}

/// When the paper was made, on the clocks of the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Year, 1 to 9999.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
    /// East of UTC, minutes.
    pub offset_minutes: i16,
}

/// What goes along inside the file, besides its seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The signed licence: SD-JWT VC in compact form.
    pub licence: String,
    /// What the licence is, for who opens the list of attachments.
    pub licence_is: String,
    /// The signed status list.
    pub status: String,
    /// What the list is.
    pub status_is: String,
    /// What the seal is.
    pub seal_is: String,
}

/// A licence on paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Languages of [`Words`], BCP 47.
    pub languages: (String, String),
    /// The city and the office that issued it.
    pub issuer: Words,
    /// The name of the licence.
    pub title: Words,
    /// Whether it stands.
    pub state: Entry,
    /// Number, office, dates.
    pub heads: Vec<Entry>,
    /// The facts its holder chose to show.
    pub facts: Vec<Entry>,
    /// What is said below the facts, such as how many were withheld.
    pub notes: Vec<Words>,
    /// What is said when the font lacks a character, which then stands as the box of its code.
    pub lacking: Words,
    /// What the code is, for who cannot see it.
    pub code: String,
    /// What is said where the code would be when the licence is too long for one.
    pub too_long: Words,
    /// How to check it.
    pub how: How,
    /// The last line of each page.
    pub foot: Words,
    /// When it is made.
    pub made_at: Moment,
    /// What goes along.
    pub attached: Attached,
}
