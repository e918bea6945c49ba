//! A checked condition, and what it comes to. `None` is a value that is not there: CEL's error.

/// What a condition is judged against: the values of one device at one instant.
pub trait Env {
    /// The last value of a name.
    fn prop(&self, name: u16) -> Option<f64>;
    /// What a window comes to.
    fn window(&self, window: u16, kind: Windowed) -> Option<f64>;
    /// The median of the others.
    fn neighbours(&self, name: u16) -> Option<f64>;
}

/// What is asked of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Windowed {
    /// Arithmetic mean.
    Mean,
    /// Least value.
    Min,
    /// Greatest value.
    Max,
    /// Number of readings.
    Count,
    /// Newest value.
    Last,
    /// Newest less oldest.
    Delta,
    /// Newest less oldest, for each minute between them.
    Rate,
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Less,
    AtMost,
    More,
    AtLeast,
    Same,
    Other,
}

/// A number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Num {
    Const(f64),
    Prop(u16),
    Window(u16, Windowed),
    Neighbours(u16),
    Neg(Box<Self>),
    Abs(Box<Self>),
    Add(Box<Self>, Box<Self>),
    Sub(Box<Self>, Box<Self>),
    Mul(Box<Self>, Box<Self>),
    Div(Box<Self>, Box<Self>),
    If(Box<Cond>, Box<Self>, Box<Self>),
}

/// A truth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cond {
    Const(bool),
    Known(u16),
    Compare(Compare, Num, Num),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Same(Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

impl Num {
    pub(crate) fn eval(&self, env: &impl Env) -> Option<f64> {
        Some(match self {
            Self::Const(value) => *value,
            Self::Prop(name) => env.prop(*name)?,
            Self::Window(window, kind) => env.window(*window, *kind)?,
            Self::Neighbours(name) => env.neighbours(*name)?,
            Self::Neg(a) => -a.eval(env)?,
            Self::Abs(a) => a.eval(env)?.abs(),
            Self::Add(a, b) => a.eval(env)? + b.eval(env)?,
            Self::Sub(a, b) => a.eval(env)? - b.eval(env)?,
            Self::Mul(a, b) => a.eval(env)? * b.eval(env)?,
            Self::Div(a, b) => a.eval(env)? / b.eval(env)?,
            Self::If(when, a, b) => {
                if when.eval(env)? {
                    a.eval(env)?
                } else {
                    b.eval(env)?
                }
            }
        })
    }

    fn cost(&self) -> u32 {
        1 + match self {
            Self::Const(_) | Self::Prop(_) => 0,
            Self::Window(..) | Self::Neighbours(_) => super::WINDOW_COST,
            Self::Neg(a) | Self::Abs(a) => a.cost(),
            Self::Add(a, b) | Self::Sub(a, b) | Self::Mul(a, b) | Self::Div(a, b) => a.cost() + b.cost(),
            Self::If(when, a, b) => when.cost() + a.cost() + b.cost(),
        }
    }
}

impl Cond {
    pub(crate) fn eval(&self, env: &impl Env) -> Option<bool> {
        match self {
            Self::Const(value) => Some(*value),
            Self::Known(name) => Some(env.prop(*name).is_some()),
            Self::Compare(how, a, b) => {
                let (a, b) = (a.eval(env)?, b.eval(env)?);
                Some(match how {
                    Compare::Less => a < b,
                    Compare::AtMost => a <= b,
                    Compare::More => a > b,
                    Compare::AtLeast => a >= b,
                    // Exactly, as CEL has it: a reading of 1.0 is the 1 of a switch.
                    #[allow(clippy::float_cmp)]
                    Compare::Same => a == b,
                    #[allow(clippy::float_cmp)]
                    Compare::Other => a != b,
                })
            }
            Self::Not(a) => a.eval(env).map(|a| !a),
            Self::And(a, b) => match a.eval(env) {
                Some(false) => Some(false),
                Some(true) => b.eval(env),
                None => b.eval(env).filter(|b| !b),
            },
            Self::Or(a, b) => match a.eval(env) {
                Some(true) => Some(true),
                Some(false) => b.eval(env),
                None => b.eval(env).filter(|b| *b),
            },
            Self::Same(a, b) => Some(a.eval(env)? == b.eval(env)?),
            Self::If(when, a, b) => {
                if when.eval(env)? {
                    a.eval(env)
                } else {
                    b.eval(env)
                }
            }
        }
    }

    pub(crate) fn cost(&self) -> u32 {
        1 + match self {
            Self::Const(_) | Self::Known(_) => 0,
            Self::Compare(_, a, b) => a.cost() + b.cost(),
            Self::Not(a) => a.cost(),
            Self::And(a, b) | Self::Or(a, b) | Self::Same(a, b) => a.cost() + b.cost(),
            Self::If(when, a, b) => when.cost() + a.cost() + b.cost(),
        }
    }

    /// The same comparison with its threshold moved by `band` to the side where it holds longer, when it is one of a
    /// number with a constant.
    pub(crate) fn widened(&self, band: f64) -> Option<Self> {
        let Self::Compare(how, a, Num::Const(threshold)) = self else { return None };
        let moved = match how {
            Compare::More | Compare::AtLeast => threshold - band,
            Compare::Less | Compare::AtMost => threshold + band,
            Compare::Same | Compare::Other => return None,
        };
        Some(Self::Compare(*how, a.clone(), Num::Const(moved)))
    }
}
