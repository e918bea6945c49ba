//! Licence expressions (SPDX 2.3, annex D), as far as registries use them.

/// Licences that ask for no more than keeping their text.
const PERMISSIVE: [&str; 18] = [
    "0BSD",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MITNFA",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

/// Whether one may take the work under permissive terms alone: every `AND`, one of every `OR`.
///
/// `also` names further licences that are allowed here. The old `MIT/Apache-2.0` means `OR`.
pub fn is_permissive(expression: &str, also: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let allowed = either(&words, &mut at, also);
    allowed == Some(true) && at == words.len()
}

fn either(words: &[&str], at: &mut usize, also: &[&str]) -> Option<bool> {
    let mut allowed = all(words, at, also)?;
    while words.get(*at).is_some_and(|word| word.eq_ignore_ascii_case("or")) {
        *at += 1;
        allowed |= all(words, at, also)?;
    }
    Some(allowed)
}

fn all(words: &[&str], at: &mut usize, also: &[&str]) -> Option<bool> {
    let mut allowed = one(words, at, also)?;
    while words.get(*at).is_some_and(|word| word.eq_ignore_ascii_case("and")) {
        *at += 1;
        allowed &= one(words, at, also)?;
    }
    Some(allowed)
}

fn one(words: &[&str], at: &mut usize, also: &[&str]) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    if word == "(" {
        let allowed = either(words, at, also)?;
        (words.get(*at) == Some(&")")).then(|| *at += 1)?;
        return Some(allowed);
    }
    // An exception only takes conditions away.
    if words.get(*at).is_some_and(|next| next.eq_ignore_ascii_case("with")) {
        *at += 2;
    }
    let name = word.trim_end_matches('+');
    Some(PERMISSIVE.contains(&name) || also.contains(&name))
}
