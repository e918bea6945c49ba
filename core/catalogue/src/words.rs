//! Words: cutting Chinese into them, and which mean the same.

use jieba_rs::Jieba;
use pack::{City, Service};

/// Words that people put around what they look for, and that say nothing about it.
const EMPTY: [&str; 43] = [
    "的",
    "了",
    "我",
    "要",
    "我要",
    "想",
    "怎么",
    "怎样",
    "如何",
    "怎么办",
    "办",
    "办理",
    "在",
    "哪",
    "哪里",
    "去",
    "吗",
    "呢",
    "请问",
    "需要",
    "什么",
    "和",
    "与",
    "及",
    "或",
    "how",
    "to",
    "the",
    "a",
    "of",
    "for",
    "my",
    "i",
    "get",
    "吧",
    "没有",
    "有",
    "是",
    "这",
    "这样",
    "可以",
    "能",
    "事项",
];

/// Cuts texts into words.
pub(crate) struct Words {
    jieba: Jieba,
    synonyms: Vec<Vec<String>>,
}

impl Words {
    /// With the general dictionary, and the words the city declares as synonyms.
    pub(crate) fn new(city: &City) -> Self {
        let mut jieba = Jieba::new();
        let fold_all = |words: &Vec<String>| words.iter().map(|word| fold(word)).collect::<Vec<_>>();
        let synonyms: Vec<Vec<String>> = city.catalogue.synonyms.iter().map(fold_all).collect();
        for word in synonyms.iter().flatten() {
            jieba.add_word(word, None, None);
        }
        Self { jieba, synonyms }
    }

    /// The words of a text, long ones with the shorter ones they hold; folded, without punctuation.
    pub(crate) fn of(&self, text: &str) -> Vec<String> {
        let folded = fold(text);
        let tokens = self.jieba.cut_for_search(&folded, true);
        let has_letter = |word: &str| word.chars().any(char::is_alphanumeric);
        tokens.into_iter().map(|token| token.word).filter(|word| has_letter(word)).map(str::to_owned).collect()
    }

    /// The words of what somebody typed: cut once, without those that say nothing, unless there are no others.
    pub(crate) fn of_query(&self, typed: &str) -> Vec<String> {
        let tokens = self.jieba.cut(typed, true).into_iter().map(|token| token.word);
        let words: Vec<&str> = tokens.filter(|word| word.chars().any(char::is_alphanumeric)).collect();
        let telling: Vec<&str> = words.iter().copied().filter(|word| !EMPTY.contains(word)).collect();
        let mut chosen: Vec<String> =
            (if telling.is_empty() { words } else { telling }).into_iter().map(str::to_owned).collect();
        chosen.sort();
        chosen.dedup();
        chosen
    }

    /// The words that mean the same as one that stands in a text.
    pub(crate) fn synonyms_in<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = &'a str> {
        let stands = |words: &&Vec<String>| words.iter().any(|word| folded.contains(word.as_str()));
        self.synonyms.iter().filter(stands).flatten().map(String::as_str)
    }
}

/// Small letters, half-width forms.
pub(crate) fn fold(text: &str) -> String {
    let half = |c: char| match c {
        // Fullwidth forms (U+FF01 to U+FF5E) are ASCII, 0xFEE0 higher.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    };
    text.chars().map(half).flat_map(char::to_lowercase).collect()
}

/// Everything that names a service: its titles, its main item and its keywords.
pub(crate) fn names_of(service: &Service) -> impl Iterator<Item = &str> {
    let titles = service.title.0.values().chain(service.main_item.iter().flat_map(|item| item.0.values()));
    titles.map(String::as_str).chain(service.keywords.iter().map(String::as_str))
}
