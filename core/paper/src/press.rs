//! A sheet becomes a PDF: PDF/A-3a and PDF/UA-1 as krilla makes and checks them, with the licence inside.
//!
//! The file ends up sealed: its last attachment is a signature over the whole file, in which the place of the seal itself
//! counts as spaces. Who changes a stroke of the page breaks it.

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, SpanTag, Tag, TagGroup, TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use sha2::{Digest as _, Sha256};

use crate::code::draw;
use crate::face::{Face, Line, Ruler, Shape};
use crate::layout::{Layout, Mark, PAGE, Role, Tone, Type, lay_out};
use crate::read::{LICENCE, SEAL, STATUS, locate};
use crate::sheet::{Moment, Sheet};

/// Why a sheet was not printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The library refused the document.
    #[error("the PDF cannot be made: {0}")]
    Document(String),
    /// What was made does not read again.
    #[error("the PDF that was made does not read: {0}")]
    Unreadable(#[from] crate::read::ReadError),
}

/// Prints a sheet. `seal` signs the SHA-256 of the file; it gives texts of one length, without white space.
///
/// The same sheet, face and seal give the same bytes.
///
/// # Errors
/// [`PrintError`].
pub fn print(sheet: &Sheet, face: &Face, seal: impl Fn(&[u8; 32]) -> String) -> Result<Vec<u8>, PrintError> {
    let ruler = face.ruler();
    let layout = lay_out(sheet, draw(&sheet.attached.licence), &ruler);
    let blank = " ".repeat(seal(&[0; 32]).len());
    let mut bytes = compose(sheet, face, &layout, &blank).map_err(|error| PrintError::Document(error.to_string()))?;
    let place = locate(&bytes)?.seal;
    let sealed = seal(&Sha256::digest(&bytes).into());
    if sealed.len() != place.len() {
        return Err(PrintError::Document("the seal changed its length".to_owned()));
    }
    bytes[place].copy_from_slice(sealed.as_bytes());
    Ok(bytes)
}

fn compose(sheet: &Sheet, face: &Face, layout: &Layout, blank: &str) -> Result<Vec<u8>, krilla::error::KrillaError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .expect("PDF/A-3 and PDF/UA-1 are both PDF 1.7");
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let made_at = date(&sheet.made_at);
    let title = sheet.title.first.clone();
    document.set_metadata(
        Metadata::new()
            .title(title.clone())
            .authors(vec![sheet.issuer.first.clone()])
            .language(sheet.languages.0.clone())
            .creator("Dipper".to_owned())
            .creation_date(made_at),
    );
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(title, XyzDestination::new(0, Point::from_xy(0.0, 0.0))));
    document.set_outline(outline);
    let mut found: Vec<Vec<Identifier>> = vec![Vec::new(); layout.groups.len()];
    let ruler = face.ruler();
    for marks in &layout.pages {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).expect("A4 has an area");
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        let mut pen = Pen { surface: &mut surface, face, ruler: &ruler, sheet, found: &mut found };
        for mark in marks {
            pen.draw(mark);
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tree(sheet, layout, found));
    let attached = &sheet.attached;
    for (name, kind, is, text, relation) in [
        (LICENCE, "application/dc+sd-jwt", &attached.licence_is, attached.licence.as_str(), AssociationKind::Source),
        (STATUS, "application/statuslist+jwt", &attached.status_is, &attached.status, AssociationKind::Data),
        (SEAL, "application/jose", &attached.seal_is, blank, AssociationKind::Supplement),
    ] {
        document.embed_file(EmbeddedFile {
            path: name.to_owned(),
            mime_type: MimeType::new(kind),
            description: Some(is.clone()),
            association_kind: relation,
            data: text.as_bytes().to_vec().into(),
            modification_date: Some(made_at),
            compress: Some(false),
            location: None,
        });
    }
    document.finish()
}

fn date(at: &Moment) -> DateTime {
    let (hours, minutes) = (at.offset_minutes / 60, at.offset_minutes % 60);
    DateTime::new(at.year)
        .month(at.month)
        .day(at.day)
        .hour(at.hour)
        .minute(at.minute)
        .second(at.second)
        .utc_offset_hour(i8::try_from(hours).unwrap_or(0))
        .utc_offset_minute(u8::try_from(minutes.unsigned_abs()).unwrap_or(0))
}

/// The structure of the document: a name and what it says are an item of a list.
fn tree(sheet: &Sheet, layout: &Layout, found: Vec<Vec<Identifier>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(sheet.languages.0.clone()));
    let mut list: Option<TagGroup> = None;
    let mut item: Option<TagGroup> = None;
    for (role, identifiers) in layout.groups.iter().zip(found) {
        let children: Vec<Node> = identifiers.into_iter().map(Node::from).collect();
        let level = |level| NonZeroU16::new(level).expect("levels begin at 1");
        let group = match role {
            Role::Name => {
                item = Some(TagGroup::with_children(Tag::LI, vec![TagGroup::with_children(Tag::Lbl, children).into()]));
                continue;
            }
            Role::Says => {
                let mut whole = item.take().unwrap_or_else(|| TagGroup::new(Tag::LI));
                whole.push(TagGroup::with_children(Tag::LBody, children));
                list.get_or_insert_with(|| TagGroup::new(Tag::L(ListNumbering::None))).push(whole);
                continue;
            }
            Role::Title => TagGroup::with_children(Tag::Hn(level(1), Some(sheet.title.first.clone())), children),
            Role::Heading => TagGroup::with_children(Tag::Hn(level(2), Some(sheet.how.title.first.clone())), children),
            Role::Text => TagGroup::with_children(Tag::P, children),
            Role::Code => TagGroup::with_children(Tag::Figure(Some(sheet.code.clone())), children),
        };
        if let Some(list) = list.take() {
            tree.push(list);
        }
        tree.push(group);
    }
    if let Some(list) = list {
        tree.push(list);
    }
    tree
}

/// What draws the marks of a page.
struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    face: &'a Face,
    ruler: &'a Ruler<'a>,
    sheet: &'a Sheet,
    found: &'a mut Vec<Vec<Identifier>>,
}

impl Pen<'_, '_> {
    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Text { x, y, type_, line, second, group } => self.text((*x, *y), *type_, line, *second, *group),
            Mark::Rule { x, y, width, height, tone } => {
                self.artifact();
                self.fill(*tone);
                self.rectangle(*x, *y, *width, *height);
                self.surface.end_tagged();
            }
            Mark::Frame { x, y, width, height } => {
                self.artifact();
                self.stroke(0.8);
                self.rectangle(*x, *y, *width, *height);
                self.surface.end_tagged();
            }
            Mark::Code { x, y, side, code, group } => {
                let identifier = self.surface.start_tagged(ContentTag::Other);
                self.found[*group].push(identifier);
                self.surface.set_stroke(None);
                self.surface.set_fill(Some(Fill { paint: rgb::Color::black().into(), ..Fill::default() }));
                let module = side / code.side as f32;
                let mut path = PathBuilder::new();
                for (column, row, length) in &code.runs {
                    let at = |modules: &usize| *modules as f32 * module;
                    // A hair of overlap downwards, or screens show lines between the rows.
                    if let Some(rect) = Rect::from_xywh(x + at(column), y + at(row), at(length), module * 1.02) {
                        path.push_rect(rect);
                    }
                }
                if let Some(path) = path.finish() {
                    self.surface.draw_path(&path);
                }
                self.surface.end_tagged();
            }
        }
    }

    fn artifact(&mut self) {
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
    }

    fn fill(&mut self, tone: Tone) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill { paint: colour(tone).into(), ..Fill::default() }));
    }

    fn stroke(&mut self, width: f32) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { paint: colour(Tone::Ink).into(), width, ..Stroke::default() }));
    }

    fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32) {
        let mut path = PathBuilder::new();
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            path.push_rect(rect);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// A line: runs of glyphs, and boxes for what the font lacks.
    fn text(&mut self, (mut x, y): (f32, f32), type_: Type, line: &Line, second: bool, group: usize) {
        let (first_language, second_language) = &self.sheet.languages;
        let language = if second { second_language } else { first_language };
        let mut rest = &line.clusters[..];
        while let Some(head) = rest.first() {
            let is_lacking = matches!(head.shape, Shape::Lacking(_));
            let count = if is_lacking {
                1
            } else {
                rest.iter().take_while(|cluster| matches!(cluster.shape, Shape::Glyph(_))).count()
            };
            let (run, after) = rest.split_at(count);
            rest = after;
            let text = &line.text[run[0].range.start..run[count - 1].range.end];
            let span = SpanTag::empty().with_lang(Some(language.as_str()));
            let identifier = self.surface.start_tagged(ContentTag::Span(span));
            self.found[group].push(identifier);
            self.fill(type_.tone);
            match &head.shape {
                Shape::Lacking(code) => self.lacking((x, y), type_, text, code),
                Shape::Glyph(_) => {
                    let part = Line { text: text.to_owned(), clusters: run.to_vec() };
                    if type_.bold {
                        let width = type_.size * 0.022;
                        let paint = colour(type_.tone).into();
                        self.surface.set_stroke(Some(Stroke { paint, width, ..Stroke::default() }));
                    }
                    self.glyphs((x, y), type_.size, &part, false);
                }
            }
            self.surface.end_tagged();
            x += run.iter().map(|cluster| cluster.advance * type_.size).sum::<f32>();
        }
    }

    /// Draws glyphs: as text, or as mere outlines that nobody reads as text.
    fn glyphs(&mut self, (x, y): (f32, f32), size: f32, line: &Line, outlined: bool) {
        let begin = line.clusters.first().map_or(0, |cluster| cluster.range.start);
        let glyphs: Vec<KrillaGlyph> = line
            .clusters
            .iter()
            .filter_map(|cluster| {
                let Shape::Glyph(id) = cluster.shape else { return None };
                let range = cluster.range.start - begin..cluster.range.end - begin;
                Some(KrillaGlyph::new(GlyphId::new(id), cluster.advance, 0.0, 0.0, 0.0, range, None))
            })
            .collect();
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, self.face.font.clone(), &line.text, size, outlined);
    }

    /// A character that the font lacks: a white square that reads as the character, and in it, as strokes, its code.
    fn lacking(&mut self, (x, y): (f32, f32), type_: Type, text: &str, code: &str) {
        let mut square = self.ruler.measure(SQUARE);
        square.text = text.to_owned();
        if let Some(cluster) = square.clusters.first_mut() {
            cluster.range = 0..text.len();
        }
        self.glyphs((x, y), type_.size, &square, false);
        let size = type_.size * 0.34;
        let (upper, lower) = code.split_at(code.len() - code.len().min(3));
        for (row, up) in [(upper, 0.40), (lower, 0.07)] {
            let line = self.ruler.measure(row);
            let left = x + (type_.size - line.width() * size) / 2.0;
            self.glyphs((left, y - type_.size * up), size, &line, true);
        }
    }
}

/// What stands for a character that the font lacks: a square that fonts of Chinese have (GB 2312, row 1).
const SQUARE: &str = "□";

fn colour(tone: Tone) -> rgb::Color {
    match tone {
        Tone::Ink => rgb::Color::new(0x15, 0x21, 0x2c),
        Tone::Soft => rgb::Color::new(0x4a, 0x57, 0x63),
        Tone::Hair => rgb::Color::new(0xb4, 0xbc, 0xc1),
    }
}
