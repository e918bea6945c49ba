//! Pictures of the demonstration: drawn, not photographed, and plainly so. Each fault has its mended twin.

use std::io::Cursor;

use anyhow::Context as _;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::chance::Chance;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 720;

/// Kinds of scene.
pub const SCENES: usize = 24;

/// Draws a scene as PNG: `mended` false shows the fault, true the same place put right.
pub fn draw(scene: usize, mended: bool) -> anyhow::Result<Vec<u8>> {
    let mut picture = Picture { image: RgbImage::new(WIDTH, HEIGHT), chance: Chance::new(0xD1 + scene as u64) };
    picture.street();
    match scene % 4 {
        0 => picture.manhole(mended),
        1 => picture.rubbish(mended),
        2 => picture.pothole(mended),
        _ => picture.lamp(mended),
    }
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.image)
        .write_to(&mut out, ImageFormat::Png)
        .context("a picture in memory can be written")?;
    Ok(out.into_inner())
}

struct Picture {
    image: RgbImage,
    chance: Chance,
}

impl Picture {
    fn paint(&mut self, colour: [u8; 3], inside: impl Fn(f64, f64) -> bool) {
        for (x, y, pixel) in self.image.enumerate_pixels_mut() {
            if inside(f64::from(x), f64::from(y)) {
                *pixel = Rgb(colour);
            }
        }
    }

    /// Sky, buildings, pavement and road with a kerb; grain so that it does not look like a flat chart.
    fn street(&mut self) {
        let warm = self.chance.between(0.0, 24.0) as u8;
        for (_, y, pixel) in self.image.enumerate_pixels_mut() {
            let t = f64::from(y) / f64::from(HEIGHT);
            *pixel = Rgb([(188.0 + 40.0 * t) as u8, (208.0 + 22.0 * t) as u8, (226.0 - 6.0 * t) as u8]);
        }
        let mut x = -40.0;
        while x < f64::from(WIDTH) {
            let (w, top) = (self.chance.between(90.0, 190.0), self.chance.between(60.0, 220.0));
            let shade = self.chance.between(150.0, 200.0) as u8;
            self.paint(
                [shade, shade.saturating_sub(6), shade.saturating_sub(14).saturating_add(warm / 3)],
                |px, py| px >= x && px < x + w - 6.0 && py > top && py < 400.0,
            );
            self.paint([shade - 44, shade - 38, shade - 30], |px, py| {
                px > x + 12.0
                    && px < x + w - 20.0
                    && py > top + 16.0
                    && py < 380.0
                    && ((px - x) % 34.0) > 14.0
                    && ((py - top) % 42.0) > 20.0
            });
            x += w;
        }
        self.paint([172, 170, 164], |_, y| (400.0..470.0).contains(&y));
        self.paint([198, 196, 190], |_, y| (462.0..474.0).contains(&y));
        self.paint([92, 94, 98], |_, y| y >= 474.0);
        self.paint([214, 212, 204], |x, y| (586.0..594.0).contains(&y) && x % 160.0 < 92.0);
        for pixel in self.image.pixels_mut() {
            let grain = (self.chance.next() % 9) as i16 - 4;
            for channel in &mut pixel.0 {
                *channel = (i16::from(*channel) + grain).clamp(0, 255) as u8;
            }
        }
    }

    fn ellipse(&mut self, colour: [u8; 3], (cx, cy): (f64, f64), (rx, ry): (f64, f64)) {
        self.paint(colour, |x, y| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0);
    }

    fn manhole(&mut self, mended: bool) {
        let at = (self.chance.between(380.0, 580.0), 610.0);
        self.ellipse([70, 70, 72], at, (128.0, 58.0));
        if mended {
            self.ellipse([120, 118, 114], at, (118.0, 52.0));
            self.paint([96, 95, 92], |x, y| {
                ((x - at.0) / 112.0).powi(2) + ((y - at.1) / 48.0).powi(2) < 1.0 && ((x - at.0) % 22.0).abs() < 4.0
            });
        } else {
            self.ellipse([18, 18, 20], at, (116.0, 50.0));
            self.ellipse([104, 102, 98], (at.0 + 150.0, at.1 + 36.0), (108.0, 30.0));
        }
    }

    fn rubbish(&mut self, mended: bool) {
        if mended {
            self.paint([52, 110, 84], |x, y| (640.0..720.0).contains(&x) && (330.0..452.0).contains(&y));
            self.paint([38, 88, 66], |x, y| (632.0..728.0).contains(&x) && (318.0..336.0).contains(&y));
            return;
        }
        for _ in 0..26 {
            let at = (self.chance.between(300.0, 620.0), self.chance.between(400.0, 470.0));
            let colours = [[64, 66, 72], [214, 210, 200], [150, 116, 74], [84, 112, 148], [188, 84, 62]];
            let colour = colours[self.chance.place(colours.len())];
            let size = (self.chance.between(18.0, 54.0), self.chance.between(12.0, 34.0));
            self.ellipse(colour, at, size);
        }
    }

    fn pothole(&mut self, mended: bool) {
        let at = (self.chance.between(300.0, 640.0), 640.0);
        if mended {
            self.paint([64, 65, 68], |x, y| {
                (at.0 - 150.0..at.0 + 150.0).contains(&x) && (at.1 - 52.0..at.1 + 48.0).contains(&y)
            });
            return;
        }
        for step in 0..5 {
            let shade = 80 - step * 12;
            let lean = f64::from(step) * 7.0;
            self.ellipse(
                [shade, shade, shade + 2],
                (at.0 + lean, at.1 + lean / 3.0),
                (150.0 - lean * 3.2, 56.0 - lean * 1.1),
            );
        }
        self.ellipse([126, 140, 152], (at.0 + 28.0, at.1 + 12.0), (44.0, 13.0));
    }

    fn lamp(&mut self, mended: bool) {
        let x0 = self.chance.between(420.0, 560.0);
        let lean = if mended { 0.0 } else { 0.34 };
        self.paint([58, 62, 68], |x, y| y > 110.0 && y < 470.0 && (x - x0 - (470.0 - y) * lean).abs() < 6.0);
        let head = (x0 + 360.0 * lean, 106.0);
        self.paint([58, 62, 68], |x, y| {
            (head.0 - 8.0..head.0 + 92.0).contains(&x) && (head.1 - 6.0..head.1 + 4.0).contains(&y)
        });
        let light = if mended { [255, 226, 150] } else { [70, 72, 76] };
        self.ellipse(light, (head.0 + 84.0, head.1 + 8.0), (30.0, 12.0));
    }
}
