//! Where everything stands: A4, one column, in points from the upper left.
//!
//! The lower part of the sheet, the code with the words how to check it, stays together at the foot of the last page.

use crate::code::Code;
use crate::face::{Line, Ruler};
use crate::sheet::{Entry, Sheet, Words};

/// Points of a millimetre.
const MM: f32 = 72.0 / 25.4;
/// A4.
pub(crate) const PAGE: (f32, f32) = (210.0 * MM, 297.0 * MM);
const LEFT: f32 = 20.0 * MM;
const WIDTH: f32 = 170.0 * MM;
const TOP: f32 = 17.0 * MM;
/// Where the foot begins, and so what is above it ends.
const FOOT: f32 = 279.0 * MM;
/// Where the second of two columns begins, and how wide each is.
const COLUMN: f32 = 88.0 * MM;
const COLUMN_WIDTH: f32 = 82.0 * MM;
/// The column of names.
const NAMES: f32 = 46.0 * MM;
/// The box of the state.
const STATE: (f32, f32) = (36.0 * MM, 15.5 * MM);
/// A module of the code, when there is room: a printer of 300 dots to the inch makes seven of it.
const MODULE: f32 = 0.6 * MM;
/// Widest code: the words beside it need the rest.
const CODE_MOST: f32 = 98.0 * MM;
const GAP: f32 = 7.0 * MM;
/// Height of a line in sizes of its type, and its baseline.
const LEADING: f32 = 1.42;
const BASELINE: f32 = 1.08;

/// Ink and its lighter tones; all of them survive a black and white copier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Ink,
    Soft,
    Hair,
}

/// What a piece of the page is to who hears it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Heading,
    Text,
    Name,
    Says,
    Code,
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Text { x: f32, y: f32, type_: Type, line: Line, second: bool, group: usize },
    Rule { x: f32, y: f32, width: f32, height: f32, tone: Tone },
    Frame { x: f32, y: f32, width: f32, height: f32 },
    Code { x: f32, y: f32, side: f32, code: Code, group: usize },
}

/// Size and look of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Type {
    pub size: f32,
    pub tone: Tone,
    pub bold: bool,
}

const fn of(size: f32, tone: Tone, bold: bool) -> Type {
    Type { size, tone, bold }
}

/// The types of the two languages.
#[derive(Debug, Clone, Copy)]
struct Style(Type, Type);

const ISSUER: Style = Style(of(11.0, Tone::Ink, false), of(9.0, Tone::Soft, false));
const TITLE: Style = Style(of(27.0, Tone::Ink, true), of(12.5, Tone::Soft, false));
const NAME: Style = Style(of(10.0, Tone::Soft, false), of(8.0, Tone::Soft, false));
const HEAD_NAME: Style = Style(of(8.5, Tone::Soft, false), of(8.0, Tone::Soft, false));
const SAYS: Style = Style(of(12.0, Tone::Ink, false), of(9.0, Tone::Soft, false));
const STANDS: Style = Style(of(14.0, Tone::Ink, true), of(8.5, Tone::Soft, false));
const NOTE: Style = Style(of(9.0, Tone::Soft, false), of(8.0, Tone::Soft, false));
const HOW: Style = Style(of(11.5, Tone::Ink, true), of(9.0, Tone::Soft, false));
const STEP: Style = Style(of(8.8, Tone::Ink, false), of(7.6, Tone::Soft, false));
const SMALL: Style = Style(of(8.0, Tone::Soft, false), of(7.2, Tone::Soft, false));

/// Where everything stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// The marks of each page.
    pub pages: Vec<Vec<Mark>>,
    /// What the groups are that marks belong to, in reading order.
    pub groups: Vec<Role>,
}

/// Lines set, not yet placed.
struct Block {
    lines: Vec<(Type, Line, bool)>,
    height: f32,
}

impl Block {
    fn is_lacking(&self) -> bool {
        self.lines.iter().any(|(_, line, _)| line.is_lacking())
    }
}

/// Lays a sheet out.
pub(crate) fn lay_out(sheet: &Sheet, code: Option<Code>, ruler: &Ruler<'_>) -> Layout {
    let layout = Layout { pages: vec![Vec::new()], groups: Vec::new() };
    let mut setter = Setter { ruler, layout, y: TOP, is_lacking: false };
    setter.head(sheet);
    setter.heads(&sheet.heads);
    for fact in &sheet.facts {
        setter.fact(fact);
    }
    setter.y += 2.0 * MM;
    for note in &sheet.notes {
        setter.paragraph(note, NOTE, (LEFT, WIDTH));
    }
    if setter.is_lacking {
        setter.paragraph(&sheet.lacking, NOTE, (LEFT, WIDTH));
    }
    setter.check(sheet, code);
    setter.feet(&sheet.foot);
    setter.layout
}

struct Setter<'a> {
    ruler: &'a Ruler<'a>,
    layout: Layout,
    /// Where the next thing begins on the last page.
    y: f32,
    is_lacking: bool,
}

impl Setter<'_> {
    fn set(&self, words: &Words, Style(first, second): Style, width: f32) -> Block {
        let mut block = Block { lines: Vec::new(), height: 0.0 };
        let texts = [(first, Some(&words.first), false), (second, words.second.as_ref(), true)];
        for (type_, text, is_second) in texts {
            for line in text.into_iter().flat_map(|text| self.ruler.lines(text, width / type_.size)) {
                block.height += type_.size * LEADING;
                block.lines.push((type_, line, is_second));
            }
        }
        block
    }

    fn place(&mut self, block: Block, (x, mut y): (f32, f32), role: Role) {
        self.is_lacking |= block.is_lacking();
        let group = self.group(role);
        for (type_, line, second) in block.lines {
            let baseline = y + type_.size * BASELINE;
            y += type_.size * LEADING;
            self.draw(Mark::Text { x, y: baseline, type_, line, second, group });
        }
    }

    fn group(&mut self, role: Role) -> usize {
        self.layout.groups.push(role);
        self.layout.groups.len() - 1
    }

    fn draw(&mut self, mark: Mark) {
        if let Some(page) = self.layout.pages.last_mut() {
            page.push(mark);
        }
    }

    fn rule(&mut self, height: f32, tone: Tone) {
        let y = self.y;
        self.draw(Mark::Rule { x: LEFT, y, width: WIDTH, height, tone });
    }

    /// Makes sure that so much fits, on a new page if need be.
    fn need(&mut self, height: f32) {
        if self.y + height > FOOT {
            self.layout.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    /// Issuer, title and, at the right, whether it stands.
    fn head(&mut self, sheet: &Sheet) {
        let width = WIDTH - STATE.0 - GAP;
        let issuer = self.set(&sheet.issuer, ISSUER, width);
        let title = self.set(&sheet.title, TITLE, width);
        let (top, gap) = (self.y, 3.0 * MM);
        let bottom = top + issuer.height + gap + title.height;
        self.place(issuer, (LEFT, top), Role::Text);
        self.place(title, (LEFT, bottom - self.set(&sheet.title, TITLE, width).height), Role::Title);
        self.state(&sheet.state, top);
        self.y = bottom.max(top + STATE.1) + 3.0 * MM;
        self.rule(1.6, Tone::Ink);
        self.y += 3.5 * MM;
    }

    fn state(&mut self, state: &Entry, top: f32) {
        let (width, height) = STATE;
        let x = LEFT + WIDTH - width;
        let name = self.set(&inline(&state.name), HEAD_NAME, width - 4.0 * MM);
        let says = self.set(&state.says, STANDS, width - 4.0 * MM);
        let whole = name.height + says.height + 3.0 * MM;
        self.draw(Mark::Frame { x, y: top, width, height: height.max(whole) });
        let at = top + (height.max(whole) - name.height - says.height) / 2.0;
        let below = at + name.height;
        self.place(name, (x + 3.0 * MM, at), Role::Name);
        self.place(says, (x + 3.0 * MM, below), Role::Says);
    }

    /// Number, office, dates: two beside each other, each under its name.
    fn heads(&mut self, heads: &[Entry]) {
        for pair in heads.chunks(2) {
            let set: Vec<(Block, Block)> = pair
                .iter()
                .map(|entry| {
                    let name = self.set(&inline(&entry.name), HEAD_NAME, COLUMN_WIDTH);
                    (name, self.set(&entry.says, SAYS, COLUMN_WIDTH))
                })
                .collect();
            let height = set.iter().map(|(name, says)| name.height + says.height).fold(0.0, f32::max);
            self.need(height + 2.5 * MM);
            for (at, (name, says)) in set.into_iter().enumerate() {
                let x = LEFT + COLUMN * at as f32;
                let below = self.y + name.height;
                self.place(name, (x, self.y), Role::Name);
                self.place(says, (x, below), Role::Says);
            }
            self.y += height + 2.5 * MM;
        }
        self.y += 0.5 * MM;
        self.rule(0.8, Tone::Ink);
    }

    /// A fact: its name at the left, what it says at the right, a hairline below.
    fn fact(&mut self, fact: &Entry) {
        let name = self.set(&fact.name, NAME, NAMES - GAP);
        let says = self.set(&fact.says, SAYS, WIDTH - NAMES);
        let (above, below) = (1.7 * MM, 1.5 * MM);
        let height = above + name.height.max(says.height) + below;
        self.need(height);
        self.y += above;
        // One baseline for both.
        let lower = (SAYS.0.size - NAME.0.size) * BASELINE;
        self.place(name, (LEFT, self.y + lower), Role::Name);
        self.place(says, (LEFT + NAMES, self.y), Role::Says);
        self.y += height - above;
        self.rule(0.5, Tone::Hair);
    }

    fn paragraph(&mut self, words: &Words, style: Style, (x, width): (f32, f32)) {
        let block = self.set(words, style, width);
        self.need(block.height);
        let height = block.height;
        self.place(block, (x, self.y), Role::Text);
        self.y += height + 1.2 * MM;
    }

    /// The code and how to check it, at the foot of the page.
    fn check(&mut self, sheet: &Sheet, code: Option<Code>) {
        // The quiet zone is the white of the page: the dark square itself stands on the margin.
        let side = code.as_ref().map_or(0.0, |code| (code.side as f32 * MODULE).min(CODE_MOST));
        let missing = code.is_none().then(|| self.set(&sheet.too_long, NOTE, WIDTH));
        let (x, width) = if code.is_some() { (LEFT + side + GAP, WIDTH - side - GAP) } else { (LEFT, WIDTH) };
        let title = self.set(&sheet.how.title, HOW, width);
        let steps: Vec<(Block, Block)> = (1..)
            .zip(&sheet.how.steps)
            .map(|(at, step)| {
                (self.set(&Words::one(format!("{at}")), STEP, 4.0 * MM), self.set(step, STEP, width - 5.0 * MM))
            })
            .collect();
        let limits = self.set(&sheet.how.limits, STEP, width);
        let between = 1.6 * MM;
        let steps_height: f32 = steps.iter().map(|(_, step)| step.height + between).sum();
        let beside = title.height + between + steps_height + limits.height;
        let above = missing.as_ref().map_or(0.0, |block| block.height + between);
        let height = (above + beside).max(side);
        self.need(height + 4.0 * MM);
        self.y = (FOOT - height).max(self.y + 4.0 * MM);
        if let Some(block) = missing {
            self.place(block, (LEFT, self.y), Role::Text);
        }
        if let Some(code) = code {
            let group = self.group(Role::Code);
            let y = self.y;
            self.draw(Mark::Code { x: LEFT, y, side, code, group });
        }
        let mut y = self.y + above + if beside < side { (side - beside) / 2.0 } else { 0.0 };
        let height = title.height;
        self.place(title, (x, y), Role::Heading);
        y += height + between;
        for (number, step) in steps {
            let height = step.height;
            self.place(number, (x, y), Role::Name);
            self.place(step, (x + 5.0 * MM, y), Role::Says);
            y += height + between;
        }
        self.place(limits, (x, y), Role::Text);
    }

    /// The last line of each page, with its number.
    fn feet(&mut self, foot: &Words) {
        let pages = self.layout.pages.len();
        let set = |setter: &Self| setter.set(foot, SMALL, WIDTH - 14.0 * MM);
        for page in 0..pages {
            let y = FOOT + 3.0 * MM;
            self.layout.pages[page].push(Mark::Rule { x: LEFT, y, width: WIDTH, height: 0.5, tone: Tone::Hair });
            let number = self.set(&Words::one(format!("{} / {pages}", page + 1)), SMALL, WIDTH);
            let right =
                LEFT + WIDTH - number.lines.iter().map(|(type_, line, _)| line.width() * type_.size).sum::<f32>();
            for (block, x) in [(set(self), LEFT), (number, right)] {
                let group = self.group(Role::Text);
                let mut below = y + 1.2 * MM;
                for (type_, line, second) in block.lines {
                    let baseline = below + type_.size * BASELINE;
                    below += type_.size * LEADING;
                    self.layout.pages[page].push(Mark::Text { x, y: baseline, type_, line, second, group });
                }
            }
        }
    }
}

/// Both languages in one line, for short names.
fn inline(words: &Words) -> Words {
    match &words.second {
        Some(second) => Words::one(format!("{} {second}", words.first)),
        None => words.clone(),
    }
}
