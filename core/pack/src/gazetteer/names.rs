//! Names as people type them: folded, found within a longer text, found by a part.

use std::collections::BTreeMap;

/// Names by their first character, the longest first, with the entries they stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    by_first: BTreeMap<char, Vec<(String, Vec<usize>)>>,
}

/// Lower case, full-width forms as plain ones, no punctuation; one blank between words, none beside Chinese.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut is_blank = false;
    for c in text.chars() {
        // U+FF01 to U+FF5E are the full-width forms of U+0021 to U+007E.
        let plain = match u32::from(c) {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
            _ => c,
        };
        if !plain.is_alphanumeric() {
            is_blank = true;
            continue;
        }
        let is_between_words = folded.chars().next_back().is_some_and(is_latin) && is_latin(plain);
        if is_blank && is_between_words {
            folded.push(' ');
        }
        is_blank = false;
        folded.extend(plain.to_lowercase());
    }
    folded
}

/// Of a script that parts words by blanks.
fn is_latin(c: char) -> bool {
    u32::from(c) < 0x2E80
}

impl Index {
    pub(super) fn enter(&mut self, name: &str, entry: usize) {
        let name = fold(name);
        // One character stands in too many words to be a name.
        let Some(first) = name.chars().next().filter(|_| name.chars().count() > 1) else { return };
        let names = self.by_first.entry(first).or_default();
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, entries)) if entries.contains(&entry) => {}
            Some((_, entries)) => entries.push(entry),
            None => names.push((name, vec![entry])),
        }
    }

    /// To be called once, after the last name.
    pub(super) fn finish(&mut self) {
        for names in self.by_first.values_mut() {
            names.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        }
    }

    /// The names a folded text holds, from left to right, each the longest that begins where it begins.
    pub(super) fn mentions(&self, text: &str, most: usize) -> Vec<Vec<usize>> {
        let mut found: Vec<Vec<usize>> = Vec::new();
        let mut from = 0;
        while let Some(first) = text[from..].chars().next() {
            let names = self.by_first.get(&first).map_or(&[][..], Vec::as_slice);
            let hit =
                names.iter().find(|(name, _)| text[from..].starts_with(name.as_str()) && is_whole(text, from, name));
            match hit {
                Some((name, entries)) => {
                    if !found.contains(entries) {
                        found.push(entries.clone());
                    }
                    from += name.len();
                }
                None => from += first.len_utf8(),
            }
            if found.len() == most {
                break;
            }
        }
        found
    }

    /// Entries whose name holds a folded text: those that begin with it first, then shorter names, then by name.
    pub(super) fn holding(&self, part: &str) -> Vec<usize> {
        if part.is_empty() {
            return Vec::new();
        }
        let names = self.by_first.values().flatten();
        let mut hits: Vec<(bool, usize, &str, &[usize])> = names
            .filter(|(name, _)| name.contains(part))
            .map(|(name, entries)| (!name.starts_with(part), name.len(), name.as_str(), entries.as_slice()))
            .collect();
        hits.sort_unstable();
        let mut entries: Vec<usize> = Vec::new();
        for &entry in hits.iter().flat_map(|(.., entries)| *entries) {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }
}

/// A name of Latin letters is not found within a longer word: no "Bay" in "Bayside".
fn is_whole(text: &str, from: usize, name: &str) -> bool {
    let parts = |left: Option<char>, right: Option<char>| {
        !left.zip(right).is_some_and(|(left, right)| [left, right].iter().all(|c| is_latin(*c) && c.is_alphanumeric()))
    };
    let before = text[..from].chars().next_back();
    let after = text[from + name.len()..].chars().next();
    parts(before, name.chars().next()) && parts(name.chars().next_back(), after)
}
