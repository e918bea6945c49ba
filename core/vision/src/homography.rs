//! Projective maps of the plane: applied, inverted, fitted to pairs of points.

use image::{Rgb, RgbImage};

use crate::plane::channels;

/// A point in pixels.
pub(crate) type Point = (f64, f64);
/// A point of the first picture and the same point in the second.
pub(crate) type Pair = (Point, Point);

/// A projective map from the first picture's pixels to the second's, row by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homography(pub [f64; 9]);

impl Homography {
    /// The map that leaves each point where it is.
    pub const IDENTITY: Homography = Homography([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);

    /// Where a point goes; not finite for a point that goes to infinity.
    #[must_use]
    pub fn apply(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let h = &self.0;
        let w = h[6] * x + h[7] * y + h[8];
        ((h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w)
    }

    /// First `other`, then this.
    #[must_use]
    pub fn after(&self, other: &Homography) -> Homography {
        let mut out = [0.0; 9];
        for row in 0..3 {
            for column in 0..3 {
                out[row * 3 + column] = (0..3).map(|k| self.0[row * 3 + k] * other.0[k * 3 + column]).sum();
            }
        }
        Homography(out)
    }

    /// The way back, or none when there is none.
    #[must_use]
    pub fn inverse(&self) -> Option<Homography> {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
        if !determinant.is_finite() || determinant.abs() < 1e-12 {
            return None;
        }
        let adjugate = [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ];
        Some(Homography(adjugate.map(|v| v / determinant)))
    }

    /// Scales pixel coordinates: (x + ½) · s − ½, so that centres of pixels meet.
    pub(crate) fn scale(s: f64) -> Homography {
        Homography([s, 0.0, s / 2.0 - 0.5, 0.0, s, s / 2.0 - 0.5, 0.0, 0.0, 1.0])
    }

    /// Whether a picture of this size keeps its orientation, no corner goes to infinity, and its area grows or shrinks
    /// at most sixteen times: what two photographs of one panel can differ by.
    pub(crate) fn is_plausible(&self, width: f64, height: f64) -> bool {
        let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
        let h = &self.0;
        let ahead = corners.iter().all(|(x, y)| (h[6] * x + h[7] * y + h[8]) / h[8] > 0.2);
        let moved = corners.map(|corner| self.apply(corner));
        let turns = |k: usize| {
            let (a, b, c) = (moved[k], moved[(k + 1) % 4], moved[(k + 2) % 4]);
            (b.0 - a.0) * (c.1 - b.1) - (b.1 - a.1) * (c.0 - b.0)
        };
        let area = (0..4).map(|k| {
            let (a, b) = (moved[k], moved[(k + 1) % 4]);
            a.0 * b.1 - b.0 * a.1
        });
        let growth = area.sum::<f64>() / 2.0 / (width * height);
        ahead && (0..4).all(|k| turns(k) > 0.0) && (1.0 / 16.0 < growth && growth < 16.0)
    }
}

/// The map that best takes the first points to the second, by least squares over at least four pairs.
///
/// Points are first moved and scaled to unit size (Hartley 1997, "In defense of the eight-point algorithm").
pub(crate) fn fit(pairs: &[Pair]) -> Option<Homography> {
    if pairs.len() < 4 {
        return None;
    }
    let from = normalising(pairs.iter().map(|p| p.0));
    let to = normalising(pairs.iter().map(|p| p.1));
    let mut system = [[0.0_f64; 9]; 8];
    for (a, b) in pairs {
        let ((x, y), (u, v)) = (from.apply(*a), to.apply(*b));
        let rows = [[x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u], [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v]];
        for row in rows {
            for i in 0..8 {
                for j in 0..9 {
                    system[i][j] += row[i] * row[j];
                }
            }
        }
    }
    let h = solve(system)?;
    let inner = Homography([h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0]);
    let whole = to.inverse()?.after(&inner).after(&from);
    let last = whole.0[8];
    (last.abs() > 1e-12 && whole.0.iter().all(|v| v.is_finite())).then(|| Homography(whole.0.map(|v| v / last)))
}

fn normalising(points: impl Iterator<Item = Point> + Clone) -> Homography {
    let count = points.clone().count().max(1) as f64;
    let (sx, sy) = points.clone().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (cx, cy) = (sx / count, sy / count);
    let spread = points.map(|(x, y)| (x - cx).hypot(y - cy)).sum::<f64>() / count;
    let s = std::f64::consts::SQRT_2 / spread.max(1e-9);
    Homography([s, 0.0, -s * cx, 0.0, s, -s * cy, 0.0, 0.0, 1.0])
}

/// Gaussian elimination with row pivots; the last column is the right side.
pub(crate) fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> Option<[f64; N]> {
    for column in 0..N {
        let pivot = (column..N).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        if !rows[pivot][column].is_finite() || rows[pivot][column].abs() < 1e-10 {
            return None;
        }
        rows.swap(column, pivot);
        let lead = rows[column];
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / lead[column];
            for k in column..M {
                row[k] -= factor * lead[k];
            }
        }
    }
    let mut out = [0.0; N];
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|k| rows[row][k] * out[k]).sum();
        out[row] = (rows[row][M - 1] - known) / rows[row][row];
    }
    Some(out)
}

/// Lays a picture over the baseline: pixel p of the answer is what the picture shows at `map(p)`.
///
/// Pixels that the picture does not show are black.
#[must_use]
pub fn warp(picture: &RgbImage, map: &Homography, width: u32, height: u32) -> RgbImage {
    if picture.width() == 0 || picture.height() == 0 {
        return RgbImage::new(width, height);
    }
    let planes = channels(picture);
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = map.apply((f64::from(x), f64::from(y)));
        Rgb(std::array::from_fn(|channel| planes[channel].sample(u, v).unwrap_or(0.0).round() as u8))
    })
}
