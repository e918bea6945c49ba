//! Control panels of the demonstration: drawn, then photographed a little from the side. Two voltmeters' worth of wall
//! would be an easier picture; registration needs lettering.

use std::io::Cursor;

use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

use super::chance::Chance;

const WIDTH: u32 = 1_280;
const HEIGHT: u32 = 960;

/// Where the gauge's axis is, and how far its scale is from it, pixels.
pub const GAUGE: (f64, f64, f64) = (330.0, 330.0, 120.0);

/// Angles at the start and the end of the gauge's scale, degrees clockwise from straight up.
pub const SCALE: (f64, f64) = (-135.0, 135.0);

/// The switch: left, top, width, height, pixels.
pub const SWITCH: (f64, f64, f64, f64) = (880.0, 560.0, 140.0, 180.0);

const PLATE: [u8; 3] = [186, 192, 192];
const DARK: [u8; 3] = [44, 48, 54];

/// What a panel shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Which panel: another one has other lettering.
    pub panel: u64,
    /// Where the needle stands, degrees clockwise from straight up.
    pub needle: f64,
    /// Whether the switch is up.
    pub is_up: bool,
    /// Whether a plug was left in the lower row.
    pub has_stray_plug: bool,
}

/// How it was photographed.
#[derive(Debug, Clone, Copy)]
pub struct Shot {
    /// Degrees clockwise.
    pub turn: f64,
    /// 1 when the panel fills the picture.
    pub scale: f64,
    /// Pixels to the right and down.
    pub shift: (f64, f64),
    /// 1 by day.
    pub light: f64,
}

impl Shot {
    /// From the front, by day.
    pub const FRONT: Self = Self { turn: 0.0, scale: 1.0, shift: (0.0, 0.0), light: 1.0 };
}

/// A photograph of a panel, JPEG.
pub fn photograph(shown: Shown, shot: Shot) -> anyhow::Result<Vec<u8>> {
    let photo = take(&draw(shown), shot);
    let mut out = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut out, 88).encode_image(&photo).context("a picture in memory can be written")?;
    Ok(out.into_inner())
}

fn draw(shown: Shown) -> RgbImage {
    let mut canvas = Canvas(RgbImage::from_pixel(WIDTH, HEIGHT, Rgb(PLATE)));
    let mut chance = Chance::new(shown.panel);
    canvas.grain(&mut chance);
    canvas.frame();
    for (left, top, lines) in
        [(560, 130, 5), (560, 300, 5), (880, 130, 6), (110, 560, 6), (480, 560, 7), (110, 800, 3), (620, 800, 3)]
    {
        canvas.lettering(&mut chance, (left, top), lines);
    }
    canvas.gauge(shown.needle);
    canvas.switch(shown.is_up);
    for lamp in 0..6 {
        let x = 480.0 + 62.0 * f64::from(lamp);
        canvas.disc((x, 488.0), 20.0, DARK);
        canvas.disc((x, 488.0), 15.0, if lamp % 3 == 0 { [46, 150, 92] } else { [120, 124, 122] });
    }
    if shown.has_stray_plug {
        canvas.block((300.0, 700.0), (92.0, 64.0), [150, 62, 30]);
        canvas.disc((346.0, 732.0), 18.0, [236, 196, 64]);
    }
    canvas.0
}

struct Canvas(RgbImage);

impl Canvas {
    /// Paints what a cover from 0 to 1 says, softly at the edges.
    fn paint(
        &mut self,
        (left, top): (f64, f64),
        (right, bottom): (f64, f64),
        colour: [u8; 3],
        cover: impl Fn(f64, f64) -> f64,
    ) {
        let whole = |value: f64, most: u32| value.clamp(0.0, f64::from(most)) as u32;
        for y in whole(top.floor(), HEIGHT)..whole(bottom.ceil(), HEIGHT) {
            for x in whole(left.floor(), WIDTH)..whole(right.ceil(), WIDTH) {
                let share = cover(f64::from(x) + 0.5, f64::from(y) + 0.5).clamp(0.0, 1.0);
                let pixel = self.0.get_pixel_mut(x, y);
                for (old, new) in pixel.0.iter_mut().zip(colour) {
                    *old = (f64::from(*old) * (1.0 - share) + f64::from(new) * share).round() as u8;
                }
            }
        }
    }

    fn disc(&mut self, (x, y): (f64, f64), radius: f64, colour: [u8; 3]) {
        let reach = radius + 1.0;
        let cover = |px: f64, py: f64| radius + 0.5 - (px - x).hypot(py - y);
        self.paint((x - reach, y - reach), (x + reach, y + reach), colour, cover);
    }

    fn block(&mut self, (left, top): (f64, f64), (width, height): (f64, f64), colour: [u8; 3]) {
        self.paint((left, top), (left + width, top + height), colour, |_, _| 1.0);
    }

    /// A stroke from the gauge's axis outwards, at an angle.
    fn spoke(&mut self, degrees: f64, (from, to): (f64, f64), wide: f64, colour: [u8; 3]) {
        let (x, y, _) = GAUGE;
        let (sin, cos) = degrees.to_radians().sin_cos();
        let cover = |px: f64, py: f64| {
            let (along, aside) = ((px - x) * sin - (py - y) * cos, (px - x) * cos + (py - y) * sin);
            if (from..=to).contains(&along) { wide / 2.0 + 0.5 - aside.abs() } else { 0.0 }
        };
        let reach = from.abs().max(to) + wide;
        self.paint((x - reach, y - reach), (x + reach, y + reach), colour, cover);
    }

    fn grain(&mut self, chance: &mut Chance) {
        for pixel in self.0.pixels_mut() {
            let grain = (chance.next() % 7) as i16 - 3;
            pixel.0 = pixel.0.map(|channel| (i16::from(channel) + grain).clamp(0, 255) as u8);
        }
    }

    /// The rim of the plate, and its screws.
    fn frame(&mut self) {
        let (wide, high) = (f64::from(WIDTH), f64::from(HEIGHT));
        for (at, size) in [((24.0, 24.0), (wide - 48.0, 5.0)), ((24.0, high - 29.0), (wide - 48.0, 5.0))] {
            self.block(at, size, [120, 126, 128]);
        }
        for (at, size) in [((24.0, 24.0), (5.0, high - 48.0)), ((wide - 29.0, 24.0), (5.0, high - 48.0))] {
            self.block(at, size, [120, 126, 128]);
        }
        for (x, y) in [(60.0, 60.0), (wide - 60.0, 60.0), (60.0, high - 60.0), (wide - 60.0, high - 60.0)] {
            self.disc((x, y), 15.0, [96, 100, 104]);
            self.block((x - 11.0, y - 2.0), (22.0, 4.0), DARK);
        }
        self.block((110.0, 84.0), (400.0, 34.0), [28, 74, 120]);
    }

    /// Lines of strokes that look like engraved words; no two are alike.
    fn lettering(&mut self, chance: &mut Chance, (left, top): (u32, u32), lines: u32) {
        for line in 0..lines {
            let (mut x, y) = (f64::from(left), f64::from(top + line * 28));
            for _ in 0..6 + chance.place(6) {
                for _ in 0..3 + chance.place(3) {
                    let (dx, dy) = (chance.between(0.0, 12.0).floor(), chance.between(0.0, 14.0).floor());
                    let size = if chance.happens(0.5) { (9.0, 3.0) } else { (3.0, 10.0) };
                    self.block((x + dx, y + dy), size, DARK);
                }
                x += 25.0;
            }
        }
    }

    fn gauge(&mut self, needle: f64) {
        let (x, y, radius) = GAUGE;
        self.disc((x, y), radius + 22.0, [64, 68, 74]);
        self.disc((x, y), radius + 14.0, [240, 239, 233]);
        for mark in 0..=20 {
            let from = if mark % 2 == 0 { radius - 24.0 } else { radius - 14.0 };
            let degrees = SCALE.0 + (SCALE.1 - SCALE.0) * f64::from(mark) / 20.0;
            self.spoke(degrees, (from, radius), 3.0, [30, 30, 30]);
        }
        self.spoke(needle, (-24.0, radius - 18.0), 6.0, [160, 20, 20]);
        self.disc((x, y), 12.0, [30, 30, 30]);
    }

    fn switch(&mut self, is_up: bool) {
        let (left, top, width, height) = SWITCH;
        self.block((left + 15.0, top + 15.0), (width - 30.0, height - 30.0), [40, 42, 45]);
        let lever = if is_up { top + 28.0 } else { top + height - 78.0 };
        self.block((left + width / 2.0 - 22.0, lever), (44.0, 50.0), [214, 60, 44]);
        self.block((left + width / 2.0 - 16.0, lever + 6.0), (32.0, 6.0), [240, 150, 130]);
    }
}

/// Where each pixel of the photograph is on the panel, and what is there between four pixels.
fn take(panel: &RgbImage, shot: Shot) -> RgbImage {
    let (sin, cos) = shot.turn.to_radians().sin_cos();
    let (half_wide, half_high) = (f64::from(WIDTH) / 2.0, f64::from(HEIGHT) / 2.0);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let (dx, dy) = (f64::from(x) - half_wide - shot.shift.0, f64::from(y) - half_high - shot.shift.1);
        let (px, py) = ((dx * cos + dy * sin) / shot.scale + half_wide, (dy * cos - dx * sin) / shot.scale + half_high);
        let inside = 0.0 <= px && px < f64::from(WIDTH - 1) && 0.0 <= py && py < f64::from(HEIGHT - 1);
        let colour = if inside { between(panel, px, py) } else { [112.0; 3] };
        Rgb(colour.map(|channel| (channel * shot.light).round().clamp(0.0, 255.0) as u8))
    })
}

fn between(panel: &RgbImage, x: f64, y: f64) -> [f64; 3] {
    let (left, top) = (x as u32, y as u32);
    let (right, low) = (x.fract(), y.fract());
    let at = |x, y| panel.get_pixel(x, y).0.map(f64::from);
    let corners = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
    let weights = [(1.0 - right) * (1.0 - low), right * (1.0 - low), (1.0 - right) * low, right * low];
    std::array::from_fn(|channel| corners.iter().zip(weights).map(|(corner, weight)| corner[channel] * weight).sum())
}
