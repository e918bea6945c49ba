//! One channel of a picture in floating point, and what is done to it.

use image::RgbImage;

/// A grid of values, row by row, in 0..=255 where it holds brightness.
#[derive(Clone)]
pub(crate) struct Plane {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Plane {
    pub fn new(width: usize, height: usize) -> Plane {
        Plane { width, height, values: vec![0.0; width * height] }
    }

    pub fn get(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    /// The value between pixels, or none outside.
    pub fn sample(&self, x: f64, y: f64) -> Option<f32> {
        // Written so that NaN falls out as well.
        let inside = x >= 0.0 && y >= 0.0 && x <= (self.width - 1) as f64 && y <= (self.height - 1) as f64;
        if !inside {
            return None;
        }
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (fx, fy) = ((x - left as f64) as f32, (y - top as f64) as f32);
        let upper = self.get(left, top) * (1.0 - fx) + self.get(right, top) * fx;
        let lower = self.get(left, bottom) * (1.0 - fx) + self.get(right, bottom) * fx;
        Some(upper * (1.0 - fy) + lower * fy)
    }

    /// Mean over a square of side 2r + 1, cut at the edges; running sums, so the time does not depend on r.
    pub fn box_mean(&self, radius: usize) -> Plane {
        let mut across = Plane::new(self.width, self.height);
        for y in 0..self.height {
            let row = &self.values[y * self.width..(y + 1) * self.width];
            running_mean(row, radius, &mut across.values[y * self.width..(y + 1) * self.width]);
        }
        let mut out = Plane::new(self.width, self.height);
        let mut column = vec![0.0; self.height];
        let mut mean = vec![0.0; self.height];
        for x in 0..self.width {
            for (y, value) in column.iter_mut().enumerate() {
                *value = across.get(x, y);
            }
            running_mean(&column, radius, &mut mean);
            for (y, value) in mean.iter().enumerate() {
                out.values[y * self.width + x] = *value;
            }
        }
        out
    }

    /// The same picture at another size, by the mean of the covered pixels when it shrinks.
    pub fn resized(&self, width: usize, height: usize) -> Plane {
        let (sx, sy) = (self.width as f64 / width as f64, self.height as f64 / height as f64);
        let mut out = Plane::new(width, height);
        // Two samples an axis for each halving are enough for the steps used here (at most 8 to 1).
        let taps = (sx.max(sy).ceil() as usize).clamp(1, 8);
        for y in 0..height {
            for x in 0..width {
                let mut sum = 0.0;
                for j in 0..taps {
                    for i in 0..taps {
                        let px = (x as f64 + (i as f64 + 0.5) / taps as f64) * sx - 0.5;
                        let py = (y as f64 + (j as f64 + 0.5) / taps as f64) * sy - 0.5;
                        let px = px.clamp(0.0, (self.width - 1) as f64);
                        let py = py.clamp(0.0, (self.height - 1) as f64);
                        sum += self.sample(px, py).unwrap_or(0.0);
                    }
                }
                out.values[y * width + x] = sum / (taps * taps) as f32;
            }
        }
        out
    }

    /// Variance of the Laplacian over the variance of the picture: how much of its contrast is fine detail.
    pub fn sharpness(&self) -> f32 {
        let mut laplacian = Vec::with_capacity(self.values.len());
        for y in 1..self.height.saturating_sub(1) {
            for x in 1..self.width.saturating_sub(1) {
                let around = self.get(x - 1, y) + self.get(x + 1, y) + self.get(x, y - 1) + self.get(x, y + 1);
                laplacian.push(around - 4.0 * self.get(x, y));
            }
        }
        variance(&laplacian) / variance(&self.values).max(1.0)
    }
}

fn running_mean(values: &[f32], radius: usize, out: &mut [f32]) {
    let mut sum = 0.0_f64;
    let mut count = 0_usize;
    for value in values.iter().take(radius) {
        sum += f64::from(*value);
        count += 1;
    }
    for at in 0..values.len() {
        if let Some(value) = values.get(at + radius) {
            sum += f64::from(*value);
            count += 1;
        }
        if at > radius {
            sum -= f64::from(values[at - radius - 1]);
            count -= 1;
        }
        out[at] = (sum / count.max(1) as f64) as f32;
    }
}

pub(crate) fn variance(values: &[f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    (values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count) as f32
}

/// Median by partial sorting; zero of nothing.
pub(crate) fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Brightness by the weights of ITU-R BT.601.
pub(crate) fn luma(channels: &[Plane; 3]) -> Plane {
    let [red, green, blue] = channels;
    let mut out = Plane::new(red.width, red.height);
    for (at, value) in out.values.iter_mut().enumerate() {
        *value = 0.299 * red.values[at] + 0.587 * green.values[at] + 0.114 * blue.values[at];
    }
    out
}

pub(crate) fn channels(picture: &RgbImage) -> [Plane; 3] {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let raw = picture.as_raw();
    std::array::from_fn(|channel| Plane {
        width,
        height,
        values: raw.iter().skip(channel).step_by(3).map(|v| f32::from(*v)).collect(),
    })
}
