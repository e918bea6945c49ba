//! Randomness as an argument: ids and salts are made from what the executable gives.

/// A source of random bytes. The real one is made in the executable; tests give a seeded one.
pub trait Entropy: Send {
    /// Fills the whole slice with unpredictable bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8]) + Send> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// The 80 random bits of a new id.
pub(crate) fn id_bits(entropy: &mut dyn Entropy) -> u128 {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    u128::from_be_bytes(bytes)
}
