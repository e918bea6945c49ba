//! Texts a pack gives in several languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One text in one or more languages, keyed by BCP 47 tag (`zh-CN`, `en`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub BTreeMap<String, String>);

impl Text {
    /// The text in the locale asked for, else in the first language it has, else the empty string.
    pub fn in_locale(&self, locale: &str) -> &str {
        self.0.get(locale).or_else(|| self.0.values().next()).map_or("", String::as_str)
    }
}

impl<S: Into<String>, const N: usize> From<[(&str, S); N]> for Text {
    fn from(pairs: [(&str, S); N]) -> Self {
        Self(pairs.into_iter().map(|(tag, text)| (tag.to_owned(), text.into())).collect())
    }
}
