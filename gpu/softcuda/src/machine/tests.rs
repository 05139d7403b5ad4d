use super::body::half::{Bf16, F16, Small, fma};
use super::body::round::{Format, Mode, round};
use super::body::traffic;
use super::dim::Dim;
use proptest::prelude::*;

proptest! {
    /// Rounding to single precision is what the host's conversion does.
    #[test]
    fn rounding_to_single_precision(bits in any::<u64>()) {
        let x = f64::from_bits(bits);
        prop_assume!(!x.is_nan());
        let near = round(x, Format::F32, Mode::Near);
        prop_assert_eq!(near.to_bits(), f64::from(x as f32).to_bits());
        let (down, up) = (round(x, Format::F32, Mode::Down), round(x, Format::F32, Mode::Up));
        prop_assert!(down <= x && x <= up);
        prop_assert!(down == up || (down as f32).next_up() == up as f32);
        prop_assert_eq!(round(x, Format::F32, Mode::Zero), if x > 0.0 { down } else { up });
    }

    /// The fast conversion to half precision is the slow one.
    #[test]
    fn narrowing_to_half(bits in any::<u32>()) {
        let x = f32::from_bits(bits);
        prop_assume!(!x.is_nan());
        let slow = round(x.into(), Format::F16, Mode::Near);
        prop_assert_eq!(f64::from(F16::near(x).wide()).to_bits(), slow.to_bits());
        let slow = round(x.into(), Format::BF16, Mode::Near);
        prop_assert_eq!(f64::from(Bf16::near(x).wide()).to_bits(), slow.to_bits());
    }

    /// A fused product of halves is rounded once: exact in integers.
    #[test]
    fn fused_products_of_halves(a in any::<u16>(), b in any::<u16>(), c in any::<u16>()) {
        let parts = |x: u16| -> Option<i128> {
            // In units of 2^-24: finite halves are integers of at most 41 bits.
            let wide = f64::from(F16(x).wide());
            wide.is_finite().then_some((wide * 16_777_216.0) as i128)
        };
        let (Some(x), Some(y), Some(z)) = (parts(a), parts(b), parts(c)) else { return Ok(()) };
        // In units of 2^-48.
        let exact = x * y + (z << 24);
        let found = f64::from(fma(F16(a), F16(b), F16(c)).wide());
        if found.is_infinite() {
            // The largest half and half a unit more.
            prop_assert!(exact.abs() >= 65_520 << 48);
            return Ok(());
        }
        let found_units = (found * 16_777_216.0) as i128 * (1 << 24);
        let error = (exact - found_units).abs();
        for other in [F16(fma(F16(a), F16(b), F16(c)).0.wrapping_add(1)), F16(fma(F16(a), F16(b), F16(c)).0.wrapping_sub(1))] {
            if let Some(other) = parts(other.0) {
                prop_assert!(error <= (exact - (other << 24)).abs());
            }
        }
    }

    /// Sectors by the definition.
    #[test]
    fn sectors_are_counted(at in prop::array::uniform32(0..4096_u32)) {
        let mut sectors: Vec<u32> = at.iter().map(|a| a / 32).collect();
        sectors.sort_unstable();
        sectors.dedup();
        prop_assert_eq!(traffic::sectors(&at) as usize, sectors.len());
    }

    /// Passes by the definition: the most different words of a bank.
    #[test]
    fn passes_are_counted(at in prop::array::uniform32(0..512_u32), mask in 1..=u32::MAX) {
        let mut at = at.map(|a| a * 4);
        let one = at[mask.trailing_zeros() as usize];
        for (lane, at) in at.iter_mut().enumerate() {
            if mask & (1 << lane) == 0 {
                *at = one;
            }
        }
        let mut words: Vec<u32> = at.iter().map(|a| a / 4).collect();
        words.sort_unstable();
        words.dedup();
        let most = (0..32).map(|bank| words.iter().filter(|&&word| word % 32 == bank).count()).max();
        let (low, high) = (*at.iter().min().unwrap(), *at.iter().max().unwrap());
        prop_assert_eq!(Some(traffic::passes(&at, low, high, mask, 4) as usize), most);
    }

    /// Rounds by the definition: the most lanes at one address.
    #[test]
    fn rounds_are_counted(at in prop::array::uniform32(0..6_u64), mask in 1..=u32::MAX) {
        let lanes = |address: u64| (0..32).filter(|&i| mask & (1 << i) != 0 && at[i] == address).count();
        prop_assert_eq!(Some(traffic::rounds(&at, mask) as usize), (0..6).map(lanes).max());
    }
}

#[test]
fn extents_multiply_without_overflow() {
    assert_eq!(Dim::from((u32::MAX, u32::MAX, u32::MAX)).count(), None);
    assert_eq!(Dim::from((2, 3, 4)).count(), Some(24));
}
