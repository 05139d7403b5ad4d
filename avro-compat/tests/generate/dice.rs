//! Choices that a number makes.

/// SplitMix64, and the namespaces that small schemas are in.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
    pub namespaces: [&'static str; 3],
}

impl Dice {
    /// Half of the seeds know the null namespace.
    pub fn new(seed: u64) -> Self {
        let namespaces = if seed.is_multiple_of(2) { ["", "x", "y"] } else { ["x", "y", "x.y"] };
        Self { state: seed, namespaces }
    }

    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.state;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    /// A number below another.
    pub fn below(&mut self, count: usize) -> usize {
        (self.roll() % count.max(1) as u64) as usize
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
