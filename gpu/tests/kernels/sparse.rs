use crate::data::{Random, Scale, cases, close, gpu, put, room, scales};
use gpu_kernels::{Coo, Csr, Error, SparseMatrix, Spmv, Variant, reference, spmv};
use proptest::prelude::*;

/// Rows of lengths by chance: some empty, few much longer than the others.
pub fn matrix(random: &mut Random, rows: usize, cols: usize, most: u64, scale: Scale) -> Csr {
    let (mut row_ptr, mut columns) = (vec![0], Vec::new());
    for _ in 0..rows {
        let most = if random.below(20) == 0 { 10 * most } else { most };
        for _ in 0..if cols == 0 { 0 } else { random.below(most + 1) } {
            columns.push(random.below(cols as u64) as i32);
        }
        row_ptr.push(columns.len() as i32);
    }
    let values = random.floats(scale, columns.len());
    Csr::new(cols, row_ptr, columns, values).unwrap()
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn products(
        rows in prop_oneof![Just(0_usize), Just(1), Just(257), 0..700_usize], cols in prop_oneof![Just(1_usize), 0..500_usize],
        most in 0..40_u64, width in 0..30_usize, seed: u64, scale in scales(),
    ) {
        let mut random = Random(seed);
        let csr = matrix(&mut random, rows, cols, most, scale);
        let x = random.floats(scale, cols);
        let dx = put(&x);
        let expected = reference::spmv(&csr, &x);
        let hybrid = SparseMatrix::from_hybrid(&gpu(), &csr.to_hybrid(width).unwrap()).unwrap();
        for &variant in Spmv::ALL {
            let matrix = SparseMatrix::for_variant(&gpu(), variant, &csr).unwrap();
            let mut y = room(rows);
            spmv(&gpu(), variant, &matrix, &dx, &mut y).unwrap();
            close(format_args!("{variant} {rows} x {cols}"), &expected, &y.to_vec().unwrap());
        }
        let mut y = room(rows);
        spmv(&gpu(), Spmv::Hybrid, &hybrid, &dx, &mut y).unwrap();
        close(format_args!("hybrid of width {width}"), &expected, &y.to_vec().unwrap());
    }

    #[test]
    fn conversions_lose_nothing(rows in 0..60_usize, cols in 1..60_usize, most in 0..12_u64, width in 0..14_usize, seed: u64) {
        let csr = matrix(&mut Random(seed), rows, cols, most, Scale::Unit);
        prop_assert_eq!(&Csr::from(&Coo::from(&csr)), &csr);
        prop_assert_eq!(&Csr::from(&csr.to_ell().unwrap()), &csr);
        prop_assert_eq!(&Csr::from(&csr.to_jds()), &csr);
        prop_assert_eq!(&Csr::from(&csr.to_hybrid(width).unwrap()), &csr);
        let best = csr.to_hybrid(csr.hybrid_width()).unwrap();
        let cost = |h: &gpu_kernels::Hybrid| 8 * rows * h.ell().width() + 12 * h.coo().entries().len();
        for other in 0..=csr.longest_row() {
            prop_assert!(cost(&best) <= cost(&csr.to_hybrid(other).unwrap()), "width {} beats {}", other, best.ell().width());
        }
    }

    /// Whatever arrays: a matrix or an error, never anything else.
    #[test]
    fn wrong_arrays_are_refused(
        row_ptr in prop::collection::vec(-3..9_i32, 0..6), columns in prop::collection::vec(-2..6_i32, 0..8), values in 0..8_usize, cols in 0..6_usize,
    ) {
        let right = row_ptr.first() == Some(&0)
            && row_ptr.last() == Some(&(columns.len() as i32))
            && row_ptr.windows(2).all(|w| w[0] <= w[1])
            && columns.len() == values
            && columns.iter().all(|&c| (0..cols as i32).contains(&c));
        let found = Csr::new(cols, row_ptr, columns, vec![1.0; values]);
        prop_assert_eq!(found.is_ok(), right, "{:?}", found);
    }
}

#[test]
fn dense_matrices() {
    let csr = Csr::from_dense(2, 3, &[0.0, 5.0, 0.0, 7.0, 0.0, 9.0]).unwrap();
    assert_eq!(csr.row(1).collect::<Vec<_>>(), [(0, 7.0), (2, 9.0)]);
    assert!(matches!(Csr::from_dense(2, 3, &[0.0; 5]), Err(Error::Malformed { .. })));
}

#[test]
fn a_format_that_is_not_the_variants() {
    let csr = Csr::new(1, vec![0, 1], vec![0], vec![2.0]).unwrap();
    let matrix = SparseMatrix::from_csr(&gpu(), &csr).unwrap();
    let (x, mut y) = (put(&[3.0]), room(1));
    let error = spmv(&gpu(), Spmv::Ell, &matrix, &x, &mut y).unwrap_err();
    assert_eq!(error.to_string(), "spmv: the matrix' format is csr: that of the variant");
}
