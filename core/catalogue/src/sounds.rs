//! Sounds: pinyin, or its first letters, or both mixed, as people type them: `shebaoka`, `sbk`, `shebk`.

use std::collections::BTreeMap;

use model::ServiceId;
use pack::City;
use pinyin::ToPinyinMulti;

use crate::words::{Words, fold, names_of};

/// Fewest letters that are looked for: one is the sound of half the catalogue.
const SHORTEST: usize = 2;

/// Readings of a character that are kept; further ones are rare.
const READINGS: usize = 3;

/// A name as sounds: for each character the numbers of its readings, 0 where there is none.
type Name = Vec<[u16; READINGS]>;

/// How the names of services sound.
pub(crate) struct Sounds {
    /// Syllables by number; the first is empty.
    syllables: Vec<String>,
    names: Vec<(u32, Name)>,
    /// Where in which name a character begins with a letter: a search looks at these places alone.
    starts: BTreeMap<u8, Vec<(u32, u16)>>,
}

/// True for what may be pinyin: letters alone.
pub(crate) fn is_sound(typed: &str) -> bool {
    typed.len() >= SHORTEST && typed.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'')
}

impl Sounds {
    pub(crate) fn new(city: &City, order: &[&ServiceId], words: &Words) -> Self {
        let mut numbers: BTreeMap<String, u16> = BTreeMap::new();
        let mut sounds = Self { syllables: vec![String::new()], names: Vec::new(), starts: BTreeMap::new() };
        for (ordinal, id) in (0..).zip(order) {
            let Some(service) = city.services.get(*id) else { continue };
            for name in names_of(service).map(fold) {
                sounds.enter(ordinal, &name, &mut numbers);
                for other in words.synonyms_in(&name).filter(|other| !name.contains(other)) {
                    sounds.enter(ordinal, other, &mut numbers);
                }
            }
        }
        sounds
    }

    fn enter(&mut self, ordinal: u32, name: &str, numbers: &mut BTreeMap<String, u16>) {
        let mut sounding = Name::new();
        for character in name.chars() {
            let mut readings = [0; READINGS];
            if character.is_ascii_alphanumeric() {
                readings[0] = self.number(character.to_string(), numbers);
            } else if let Some(known) = character.to_pinyin_multi() {
                let mut plain: Vec<&str> = known.into_iter().map(pinyin::Pinyin::plain).collect();
                plain.dedup();
                for (place, syllable) in readings.iter_mut().zip(plain) {
                    // People type v for ü.
                    *place = self.number(syllable.replace('ü', "v"), numbers);
                }
            }
            sounding.push(readings);
        }
        let number = u32::try_from(self.names.len()).expect("fewer than 2^32 names");
        for (start, readings) in (0_u16..).zip(&sounding) {
            for syllable in readings.iter().map(|syllable| &self.syllables[*syllable as usize]) {
                let Some(letter) = syllable.bytes().next() else { continue };
                let starts = self.starts.entry(letter).or_default();
                if starts.last() != Some(&(number, start)) {
                    starts.push((number, start));
                }
            }
        }
        self.names.push((ordinal, sounding));
    }

    fn number(&mut self, syllable: String, numbers: &mut BTreeMap<String, u16>) -> u16 {
        *numbers.entry(syllable).or_insert_with_key(|syllable| {
            self.syllables.push(syllable.clone());
            u16::try_from(self.syllables.len() - 1).unwrap_or(0)
        })
    }

    /// The services with a name that sounds like what was typed, from any of its characters on: those that begin so
    /// first, shorter names first.
    pub(crate) fn search(&self, typed: &str) -> Vec<u32> {
        let typed: Vec<u8> = typed.bytes().filter(|b| *b != b'\'').collect();
        let mut best: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        let starts = typed.first().and_then(|letter| self.starts.get(letter));
        for (number, start) in starts.into_iter().flatten() {
            let (ordinal, name) = &self.names[*number as usize];
            if self.sounds_like(&name[usize::from(*start)..], &typed) {
                let rank = (usize::from(*start), name.len());
                let held = best.entry(*ordinal).or_insert(rank);
                *held = rank.min(*held);
            }
        }
        let mut found: Vec<((usize, usize), u32)> = best.into_iter().map(|(ordinal, rank)| (rank, ordinal)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, ordinal)| ordinal).collect()
    }

    /// Whether a name begins like the letters: each character gives its first letter or a whole reading, the last one
    /// any beginning of a reading.
    fn sounds_like(&self, name: &[[u16; READINGS]], typed: &[u8]) -> bool {
        let Some((first, rest)) = name.split_first() else { return false };
        first.iter().filter(|number| **number != 0).any(|number| {
            let syllable = self.syllables[*number as usize].as_bytes();
            if syllable.first() != typed.first() {
                return false;
            }
            // All that was typed ends within this character.
            if syllable.starts_with(typed) {
                return true;
            }
            self.sounds_like(rest, &typed[1..])
                || (syllable.len() > 1
                    && typed.starts_with(syllable)
                    && self.sounds_like(rest, &typed[syllable.len()..]))
        })
    }
}
