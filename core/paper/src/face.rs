//! The font: which glyph a character has, how wide it is, where lines break.

use std::borrow::Cow;
use std::ops::Range;

use krilla::Data;
use krilla::text::Font;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

/// Why a file is no font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is no TrueType or OpenType font")]
pub struct FaceError;

/// A font to print with. Reading one looks at its head alone; glyphs are found when they are needed.
#[derive(Debug, Clone)]
pub struct Face {
    data: Data,
    pub(crate) font: Font,
}

impl Face {
    /// Takes the bytes of a font file.
    ///
    /// # Errors
    /// [`FaceError`].
    pub fn new(bytes: Cow<'static, [u8]>) -> Result<Face, FaceError> {
        let data = match bytes {
            Cow::Borrowed(bytes) => Data::from(bytes),
            Cow::Owned(bytes) => Data::from(bytes),
        };
        FontRef::new(data.as_ref()).map_err(|_| FaceError)?;
        let font = Font::new(data.clone(), 0).ok_or(FaceError)?;
        Ok(Face { data, font })
    }

    /// What measures text in this font.
    pub(crate) fn ruler(&self) -> Ruler<'_> {
        let font = FontRef::new(self.data.as_ref()).expect("it was read before");
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        Ruler { map: font.charmap(), metrics, units: self.font.units_per_em() }
    }
}

/// What stands for a character.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A glyph of the font.
    Glyph(u32),
    /// The font lacks it: its code in a box.
    Lacking(String),
}

/// A character with the selectors of its variant that follow it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cluster {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// What stands for it.
    pub shape: Shape,
    /// Its width in ems.
    pub advance: f32,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// The text.
    pub text: String,
    /// Its characters.
    pub clusters: Vec<Cluster>,
}

impl Line {
    /// Its width in ems.
    pub fn width(&self) -> f32 {
        self.clusters.iter().map(|cluster| cluster.advance).sum()
    }

    /// Whether a character has no glyph.
    pub fn is_lacking(&self) -> bool {
        self.clusters.iter().any(|cluster| matches!(cluster.shape, Shape::Lacking(_)))
    }
}

/// Characters that no line begins with, and none ends with (GB/T 15834-2011 §5.1).
const NO_START: &str = "，。、；：？！）》〉」』】〕”’…—·,.;:?!)]}%";
const NO_END: &str = "（《〈「『【〔“‘([{";

/// What measures text.
pub(crate) struct Ruler<'a> {
    map: Charmap<'a>,
    metrics: GlyphMetrics<'a>,
    units: f32,
}

impl Ruler<'_> {
    /// The clusters of a text; white space of any kind is a space.
    pub fn measure(&self, text: &str) -> Line {
        let (mut said, mut clusters): (String, Vec<Cluster>) = (String::new(), Vec::new());
        for char in text.chars().map(|char| if char.is_whitespace() { ' ' } else { char }) {
            let begin = said.len();
            // PDF/A lets no text stand for nothing: what has no meaning reads as U+FFFD, and its code is in the box.
            said.push(if is_meaningless(char) { char::REPLACEMENT_CHARACTER } else { char });
            if let (true, Some(last)) = (is_selector(char), clusters.last_mut()) {
                last.range.end = said.len();
                continue;
            }
            let (shape, advance) = self.shape(char);
            clusters.push(Cluster { range: begin..said.len(), shape, advance });
        }
        Line { text: said, clusters }
    }

    fn shape(&self, char: char) -> (Shape, f32) {
        match self.map.map(char).filter(|glyph| glyph.to_u32() != 0 && !is_meaningless(char)) {
            Some(glyph) => {
                let advance = self.metrics.advance_width(glyph).unwrap_or(self.units);
                (Shape::Glyph(glyph.to_u32()), advance / self.units)
            }
            None => (Shape::Lacking(format!("{:04X}", u32::from(char))), 1.0),
        }
    }

    /// A text in lines of at most `width` ems.
    pub fn lines(&self, text: &str, width: f32) -> Vec<Line> {
        let whole = self.measure(text.trim());
        let (mut lines, mut begin, mut at, mut filled, mut chance) = (Vec::new(), 0, 0, 0.0, 0);
        while at < whole.clusters.len() {
            if at > begin && may_break(&whole, at) {
                chance = at;
            }
            let (advance, is_space) = (whole.clusters[at].advance, is_space(&whole, at));
            if filled + advance > width && !is_space && at > begin {
                let end = if chance > begin { chance } else { at };
                lines.push(cut(&whole, begin..end));
                (begin, at, filled) = (end, end, 0.0);
                continue;
            }
            filled += advance;
            at += 1;
        }
        if begin < whole.clusters.len() {
            lines.push(cut(&whole, begin..whole.clusters.len()));
        }
        lines
    }
}

/// Characters that mean nothing outside of one program: controls, private use, and marks of the order of bytes.
fn is_meaningless(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

const fn is_selector(char: char) -> bool {
    matches!(char, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{200d}')
}

fn char_at(line: &Line, at: usize) -> char {
    line.text[line.clusters[at].range.clone()].chars().next().unwrap_or(' ')
}

fn is_space(line: &Line, at: usize) -> bool {
    char_at(line, at) == ' '
}

/// Whether a line may end before a cluster.
fn may_break(line: &Line, at: usize) -> bool {
    let (before, after) = (char_at(line, at - 1), char_at(line, at));
    let is_wide = |char: char| char >= '\u{2e80}';
    let is_free = before == ' ' || is_wide(before) || is_wide(after) || matches!(before, '/' | '-');
    is_free && after != ' ' && !NO_START.contains(after) && !NO_END.contains(before)
}

fn cut(whole: &Line, of: Range<usize>) -> Line {
    let clusters = &whole.clusters[of];
    let (begin, end) = (clusters[0].range.start, clusters[clusters.len() - 1].range.end);
    let moved = clusters.iter().cloned().map(|mut cluster| {
        cluster.range = cluster.range.start - begin..cluster.range.end - begin;
        cluster
    });
    Line { text: whole.text[begin..end].to_owned(), clusters: moved.collect() }
}
