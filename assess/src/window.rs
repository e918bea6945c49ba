//! Windows over one property: the readings of the last so many minutes, in at most 257 parts.
//!
//! Readings closer together than a 256th of the window share a part, and leave it together with the newest of them:
//! sparse series are exact, dense ones end a 256th too early at most. The memory of a window is bounded.

use std::collections::VecDeque;

use model::Instant;

use crate::cel::Windowed;
use crate::codec::{Reader, Torn, Writer};
use crate::span::Span;

/// Parts of a window.
const PARTS: i64 = 256;

/// Readings that are close together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    from: Instant,
    to: Instant,
    first: f64,
    last: f64,
    min: f64,
    max: f64,
    sum: f64,
    count: u32,
}

/// The readings of one property over one span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    span_us: i64,
    parts: VecDeque<Part>,
}

impl Window {
    pub(crate) fn new(span: Span) -> Self {
        Self { span_us: span.micros(), parts: VecDeque::new() }
    }

    /// Takes a reading newer than all before it.
    pub(crate) fn push(&mut self, at: Instant, value: f64) {
        while self.parts.front().is_some_and(|part| at.micros_since(part.to) >= self.span_us) {
            self.parts.pop_front();
        }
        let width = self.span_us / PARTS;
        match self.parts.back_mut().filter(|part| at.micros_since(part.from) < width) {
            Some(part) => {
                part.to = at;
                part.last = value;
                part.min = part.min.min(value);
                part.max = part.max.max(value);
                part.sum += value;
                part.count = part.count.saturating_add(1);
            }
            None => self.parts.push_back(Part {
                from: at,
                to: at,
                first: value,
                last: value,
                min: value,
                max: value,
                sum: value,
                count: 1,
            }),
        }
    }

    fn live(&self, at: Instant) -> impl Iterator<Item = &Part> + Clone {
        self.parts.iter().skip_while(move |part| at.micros_since(part.to) >= self.span_us)
    }

    /// What the window that ends at an instant comes to.
    pub(crate) fn ask(&self, kind: Windowed, at: Instant) -> Option<f64> {
        let parts = self.live(at);
        let count = || parts.clone().map(|part| f64::from(part.count)).sum::<f64>();
        if kind == Windowed::Count {
            return Some(count());
        }
        // The newest is live when any is.
        let (oldest, newest) = (*parts.clone().next()?, *self.parts.back()?);
        match kind {
            Windowed::Mean => Some(parts.clone().map(|part| part.sum).sum::<f64>() / count()),
            Windowed::Min => Some(parts.fold(f64::INFINITY, |least, part| least.min(part.min))),
            Windowed::Max => Some(parts.fold(f64::NEG_INFINITY, |most, part| most.max(part.max))),
            Windowed::Last | Windowed::Count => Some(newest.last),
            Windowed::Delta | Windowed::Rate => {
                let micros = newest.to.micros_since(oldest.from);
                let delta = newest.last - oldest.first;
                match kind {
                    _ if micros == 0 => None,
                    Windowed::Delta => Some(delta),
                    // A day has less microseconds than a double has whole numbers.
                    #[allow(clippy::cast_precision_loss)]
                    _ => Some(delta * 60_000_000.0 / micros as f64),
                }
            }
        }
    }

    /// When the window next loses something.
    pub(crate) fn loses_at(&self, after: Instant) -> Option<Instant> {
        self.live(after).next().map(|part| part.to.plus_micros(self.span_us))
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.parts.capacity() * size_of::<Part>()
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.count(self.parts.len());
        for part in &self.parts {
            out.instant(part.from);
            out.signed(part.to.micros_since(part.from));
            out.unsigned(part.count.into());
            for value in
                [part.first, part.last, part.min, part.max, part.sum].iter().take(1 + usize::from(part.count > 1) * 4)
            {
                out.float(*value);
            }
        }
    }

    pub(crate) fn read(span: Span, from: &mut Reader) -> Result<Self, Torn> {
        let mut window = Self::new(span);
        for _ in 0..from.count()? {
            let begin = from.instant()?;
            let to = begin.plus_micros(from.signed()?);
            let count = u32::try_from(from.unsigned()?).map_err(|_| Torn)?;
            let first = from.float()?;
            let mut part = Part { from: begin, to, first, last: first, min: first, max: first, sum: first, count };
            if count > 1 {
                for place in [&mut part.last, &mut part.min, &mut part.max, &mut part.sum] {
                    *place = from.float()?;
                }
            }
            window.parts.push_back(part);
        }
        Ok(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn at(secs: i64) -> Instant {
        Instant::from_micros(secs * SECOND)
    }

    #[test]
    fn windows_hold_what_is_younger_than_their_span() {
        let mut window = Window::new(Span::from_secs(600));
        for (secs, value) in [(0, 1.0), (60, 5.0), (300, 3.0)] {
            window.push(at(secs), value);
        }
        for (kind, now, expect) in [
            (Windowed::Count, 599, Some(3.0)),
            (Windowed::Count, 600, Some(2.0)),
            (Windowed::Count, 900, Some(0.0)),
            (Windowed::Mean, 599, Some(3.0)),
            (Windowed::Min, 600, Some(3.0)),
            (Windowed::Max, 899, Some(3.0)),
            (Windowed::Max, 900, None),
            (Windowed::Last, 300, Some(3.0)),
            (Windowed::Delta, 300, Some(2.0)),
            (Windowed::Rate, 300, Some(0.4)),
            (Windowed::Rate, 899, None),
        ] {
            assert_eq!(window.ask(kind, at(now)), expect, "{kind:?} at {now}");
        }
        assert_eq!(window.loses_at(at(600)), Some(at(660)));
    }

    #[test]
    fn a_dense_window_is_bounded_and_close() {
        let mut window = Window::new(Span::from_secs(600));
        for tenth in 0..60_000 {
            window.push(Instant::from_micros(tenth * SECOND / 10), 1.0);
        }
        assert!(window.parts.len() <= 257);
        let count = window.ask(Windowed::Count, Instant::from_micros(5_999_900_000)).unwrap();
        assert!((5_970.0..=6_030.0).contains(&count), "{count}");
    }
}
