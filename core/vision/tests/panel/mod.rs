//! Draws a panel with dials, lamps, switches and lettering, and photographs it.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Cursor;

use vision::image::codecs::jpeg::JpegEncoder;
use vision::image::{ImageReader, Rgb, RgbImage, imageops};
use vision::{Dial, Homography};

pub struct Panel {
    pub needle_deg: f64,
    pub second_needle_deg: f64,
    pub lamp_is_on: bool,
    pub switch_is_up: bool,
    pub sticker: bool,
    pub seed: u64,
}

impl Default for Panel {
    fn default() -> Panel {
        Panel {
            needle_deg: -40.0,
            second_needle_deg: 30.0,
            lamp_is_on: false,
            switch_is_up: true,
            sticker: false,
            seed: 7,
        }
    }
}

pub const WIDTH: u32 = 1280;
pub const HEIGHT: u32 = 960;

/// The first dial: 0 to 10 from -135° to +135°.
pub fn dial() -> Dial {
    Dial { centre: (300.0, 300.0), radius: 120.0, zero_angle: -135.0, full_angle: 135.0, min: 0.0, max: 10.0 }
}

pub fn random(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

fn rectangle(picture: &mut RgbImage, x: i64, y: i64, width: i64, height: i64, colour: [u8; 3]) {
    for v in y.max(0)..(y + height).min(i64::from(picture.height())) {
        for u in x.max(0)..(x + width).min(i64::from(picture.width())) {
            picture.put_pixel(u as u32, v as u32, Rgb(colour));
        }
    }
}

fn disc(picture: &mut RgbImage, cx: f64, cy: f64, radius: f64, colour: [u8; 3]) {
    for y in (cy - radius) as u32..=(cy + radius) as u32 {
        for x in (cx - radius) as u32..=(cx + radius) as u32 {
            if (f64::from(x) - cx).hypot(f64::from(y) - cy) <= radius {
                picture.put_pixel(x, y, Rgb(colour));
            }
        }
    }
}

/// A line from one distance to another from a centre, at an angle clockwise from up.
fn spoke(picture: &mut RgbImage, centre: (f64, f64), deg: f64, from: f64, to: f64, half: f64, colour: [u8; 3]) {
    let (sin, cos) = deg.to_radians().sin_cos();
    let reach = to.abs().max(from.abs()) + half;
    for y in (centre.1 - reach) as u32..=(centre.1 + reach) as u32 {
        for x in (centre.0 - reach) as u32..=(centre.0 + reach) as u32 {
            let (dx, dy) = (f64::from(x) - centre.0, f64::from(y) - centre.1);
            let (along, across) = (dx * sin - dy * cos, dx * cos + dy * sin);
            if (from..=to).contains(&along) && across.abs() <= half {
                picture.put_pixel(x, y, Rgb(colour));
            }
        }
    }
}

fn gauge(picture: &mut RgbImage, centre: (f64, f64), radius: f64, needle_deg: f64) {
    disc(picture, centre.0, centre.1, radius * 1.1, [60, 62, 66]);
    disc(picture, centre.0, centre.1, radius * 1.04, [238, 236, 228]);
    for mark in 0..=20 {
        let from = if mark % 2 == 0 { 0.8 } else { 0.88 };
        spoke(picture, centre, -135.0 + 13.5 * f64::from(mark), radius * from, radius, 1.5, [30, 30, 30]);
    }
    spoke(picture, centre, needle_deg, -radius * 0.2, radius * 0.85, 3.0, [160, 20, 20]);
    disc(picture, centre.0, centre.1, radius * 0.1, [30, 30, 30]);
}

pub fn draw(panel: &Panel) -> RgbImage {
    let mut state = panel.seed * 0x9e37 + 1;
    let mut picture = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([150, 158, 160]));
    // Lettering: strokes of random length on a 6-pixel grid, in blocks like labels and cable plans.
    for _ in 0..90 {
        let (x, y) = ((random(&mut state) * 1200.0) as i64, (random(&mut state) * 900.0) as i64);
        for _ in 0..14 {
            let (dx, dy) = ((random(&mut state) * 14.0) as i64 * 6, (random(&mut state) * 5.0) as i64 * 6);
            let is_flat = random(&mut state) < 0.5;
            let (width, height) = if is_flat { (12, 3) } else { (3, 12) };
            let dark = (20.0 + random(&mut state) * 60.0) as u8;
            rectangle(&mut picture, x + dx, y + dy, width, height, [dark, dark, dark + 10]);
        }
    }
    gauge(&mut picture, (300.0, 300.0), 120.0, panel.needle_deg);
    gauge(&mut picture, (700.0, 320.0), 100.0, panel.second_needle_deg);
    disc(&mut picture, 980.0, 260.0, 34.0, [50, 50, 50]);
    disc(&mut picture, 980.0, 260.0, 26.0, if panel.lamp_is_on { [250, 80, 40] } else { [110, 30, 25] });
    rectangle(&mut picture, 900, 600, 100, 140, [40, 42, 45]);
    let lever = if panel.switch_is_up { 612 } else { 678 };
    rectangle(&mut picture, 930, lever, 40, 50, [215, 210, 200]);
    if panel.sticker {
        rectangle(&mut picture, 420, 620, 90, 60, [235, 205, 40]);
    }
    picture
}

/// How a photograph differs from the panel.
#[derive(Clone, Copy)]
pub struct Shot {
    pub turn_deg: f64,
    pub scale: f64,
    pub tilt: f64,
    pub shift: (f64, f64),
    pub gain: f64,
    pub side_light: f64,
    pub noise: f64,
    pub jpeg_quality: u8,
}

impl Default for Shot {
    fn default() -> Shot {
        Shot {
            turn_deg: 0.0,
            scale: 1.0,
            tilt: 0.0,
            shift: (0.0, 0.0),
            gain: 1.0,
            side_light: 0.0,
            noise: 2.0,
            jpeg_quality: 85,
        }
    }
}

impl Shot {
    /// From the panel's pixels to the photograph's.
    pub fn map(&self) -> Homography {
        let (cx, cy) = (f64::from(WIDTH) / 2.0, f64::from(HEIGHT) / 2.0);
        let (sin, cos) = self.turn_deg.to_radians().sin_cos();
        let s = self.scale;
        let to_middle = Homography([1.0, 0.0, -cx, 0.0, 1.0, -cy, 0.0, 0.0, 1.0]);
        let turn = Homography([s * cos, -s * sin, 0.0, s * sin, s * cos, 0.0, self.tilt, self.tilt / 2.0, 1.0]);
        let back = Homography([1.0, 0.0, cx + self.shift.0, 0.0, 1.0, cy + self.shift.1, 0.0, 0.0, 1.0]);
        back.after(&turn).after(&to_middle)
    }
}

/// Photographs a picture: warped, lit, noisy, compressed.
pub fn photograph(scene: &RgbImage, shot: &Shot, seed: u64) -> RgbImage {
    let mut picture = vision::warp(scene, &shot.map().inverse().unwrap(), WIDTH, HEIGHT);
    let mut state = seed.wrapping_mul(0x9e37_79b9).max(1);
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        let light = shot.gain * (1.0 + shot.side_light * (f64::from(x) / f64::from(WIDTH) - 0.5));
        let noise = (0..4).map(|_| random(&mut state) - 0.5).sum::<f64>() * 1.73 * shot.noise;
        pixel.0 = pixel.0.map(|v| (f64::from(v) * light + noise).clamp(0.0, 255.0) as u8);
    }
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, shot.jpeg_quality).encode_image(&picture).unwrap();
    ImageReader::with_format(Cursor::new(bytes), vision::image::ImageFormat::Jpeg).decode().unwrap().into_rgb8()
}

/// A soft-edged shadow over a part of the scene.
pub fn shade(scene: &mut RgbImage, left: f64, right: f64, factor: f64) {
    for (x, y, pixel) in scene.enumerate_pixels_mut() {
        let x = f64::from(x) + 0.3 * f64::from(y);
        let inside = ((x - left) / 16.0).clamp(0.0, 1.0) * ((right - x) / 16.0).clamp(0.0, 1.0);
        pixel.0 = pixel.0.map(|v| (f64::from(v) * (1.0 - (1.0 - factor) * inside)) as u8);
    }
}

pub fn blurred(picture: &RgbImage, sigma: f32) -> RgbImage {
    imageops::blur(picture, sigma)
}
