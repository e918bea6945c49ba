//! Chance for the demonstration: the same seed gives the same city.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for a story. Never for secrets.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Begins a sequence.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub const fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from `low` up to `high`.
    pub const fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub const fn happens(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A place in a list of `len` entries.
    ///
    /// # Panics
    /// When the list is empty.
    #[allow(clippy::cast_possible_truncation, reason = "the remainder is below a usize")]
    pub const fn place(&mut self, len: usize) -> usize {
        (self.next() % len as u64) as usize
    }

    /// One of a list; `None` when it is empty.
    pub fn one_of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        if list.is_empty() { None } else { list.get(self.place(list.len())) }
    }

    /// A waiting time with the given median in minutes, long-tailed (log-normal, sigma 0.8), in microseconds.
    #[allow(clippy::cast_possible_truncation, reason = "months of microseconds are far below 2^63")]
    pub fn wait_us(&mut self, median_min: f64) -> i64 {
        // Box–Muller: one normal deviate from two uniform ones.
        let (u, v) = (self.unit().max(1e-12), self.unit());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        (median_min * (0.8 * normal).exp() * 60e6) as i64
    }
}
