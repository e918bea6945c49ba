//! TypeScript and Vue: code is written in English, and what people read comes from the messages.

use super::Breach;
use super::repository::is_test;
use super::words::is_cjk;

/// Checks one file.
pub fn check(path: &str, text: &str) -> Vec<Breach> {
    let breach = |line: usize, words: &str| {
        Breach::new(path, line, "identifier", format!("{words}: code is written in English, texts are messages"))
    };
    if path.ends_with(".vue") && !is_test(path) {
        let template = section(text, "template").map(|(line, part)| (line, without_html_comments(part)));
        let script = section(text, "script").map(|(line, part)| (line, without_literals(part)));
        let parts = [template, script];
        return parts
            .into_iter()
            .flatten()
            .flat_map(|(first, part)| found(&part, first))
            .map(|(line, words)| breach(line, &words))
            .collect();
    }
    if [".ts", ".mjs", ".js"].iter().any(|end| path.ends_with(end)) {
        return found(&without_literals(text), 1).into_iter().map(|(line, words)| breach(line, &words)).collect();
    }
    Vec::new()
}

/// Lines with Chinese letters, and the first run of them.
fn found(text: &str, first_line: usize) -> Vec<(usize, String)> {
    let run = |line: &str| {
        line.chars().skip_while(|letter| !is_cjk(*letter)).take_while(|letter| is_cjk(*letter)).collect::<String>()
    };
    (first_line..)
        .zip(text.lines())
        .map(|(number, line)| (number, run(line)))
        .filter(|(_, words)| !words.is_empty())
        .collect()
}

/// The first outermost `<name …>…</name>` and the line it begins on.
fn section<'a>(text: &'a str, name: &str) -> Option<(usize, &'a str)> {
    let open = text.find(&format!("<{name}"))?;
    let close = text.rfind(&format!("</{name}>"))?;
    let part = text.get(open..close)?;
    Some((text[..open].matches('\n').count() + 1, part))
}

fn without_html_comments(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(open) = rest.find("<!--") {
        kept.push_str(&rest[..open]);
        let end = rest[open..].find("-->").map_or(rest.len(), |length| open + length + 3);
        kept.extend(rest[open..end].chars().filter(|letter| *letter == '\n'));
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

/// The code without comments, strings and regular expressions; lines stay where they are.
pub fn without_literals(text: &str) -> String {
    let mut kept = String::new();
    let mut letters = text.chars().peekable();
    // The last sign that was not a space decides whether `/` begins a regular expression or divides.
    let mut last = '(';
    while let Some(letter) = letters.next() {
        match (letter, letters.peek().copied()) {
            ('/', Some('/')) => skip_line(&mut letters),
            ('/', Some('*')) => skip_block(&mut letters, &mut kept),
            ('/', _) if "(,=:[!&|?{};+<>".contains(last) => skip_quoted('/', &mut letters, &mut kept),
            ('"' | '\'' | '`', _) => {
                skip_quoted(letter, &mut letters, &mut kept);
                last = '"';
            }
            _ => {
                kept.push(letter);
                if !letter.is_whitespace() {
                    last = letter;
                }
            }
        }
    }
    kept
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_line(letters: &mut Letters<'_>) {
    while letters.peek().is_some_and(|next| *next != '\n') {
        letters.next();
    }
}

fn skip_block(letters: &mut Letters<'_>, kept: &mut String) {
    letters.next();
    let mut before = ' ';
    for letter in letters.by_ref() {
        if letter == '\n' {
            kept.push('\n');
        }
        if before == '*' && letter == '/' {
            return;
        }
        before = letter;
    }
}

fn skip_quoted(quote: char, letters: &mut Letters<'_>, kept: &mut String) {
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' if quote == '/' => in_class = true,
            ']' if quote == '/' => in_class = false,
            '\n' => {
                kept.push('\n');
                // Only a template goes on in the next line.
                if quote != '`' {
                    return;
                }
            }
            _ if letter == quote && !in_class => return,
            _ => {}
        }
    }
}
