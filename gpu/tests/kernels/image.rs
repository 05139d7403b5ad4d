use crate::data::{Random, cases, close, gpu, put, room, scales, sides};
use gpu_kernels::{
    Convolution, ImageShape, Mask, Stencil, Variant, VolumeShape, conv2d, reference, stencil3d,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn convolutions(height in sides(70), width in sides(150), radius in 0..=7_usize, seed: u64, scale in scales()) {
        let shape = ImageShape { height, width };
        let mut random = Random(seed);
        let image = random.floats(scale, height * width);
        let side = 2 * radius + 1;
        let full = Mask::new(&random.floats(scale, side * side)).unwrap();
        let separable = Mask::separable(&random.floats(scale, side), &random.floats(scale, side)).unwrap();
        let data = put(&image);
        for &variant in Convolution::ALL {
            for mask in [&full, &separable] {
                if variant == Convolution::Separable && mask.factors().is_none() {
                    continue;
                }
                let mut out = room(height * width);
                conv2d(&gpu(), variant, shape, mask, &data, &mut out).unwrap();
                let expected = reference::conv2d(variant, shape, mask, &image);
                close(format_args!("{variant} {shape:?} radius {radius}"), &expected, &out.to_vec().unwrap());
            }
        }
    }

    #[test]
    fn stencils_are_exact(nx in sides(70), ny in sides(40), nz in sides(40), seed: u64, scale in scales()) {
        let shape = VolumeShape { nx, ny, nz };
        let mut random = Random(seed);
        let volume = random.floats(scale, nx * ny * nz);
        let mut c = [0.0; 7];
        c.fill_with(|| random.unit() as f32);
        let data = put(&volume);
        let expected = reference::stencil3d(shape, c, &volume);
        for &variant in Stencil::ALL {
            let mut out = room(volume.len());
            stencil3d(&gpu(), variant, shape, c, &data, &mut out).unwrap();
            prop_assert_eq!(&out.to_vec().unwrap(), &expected, "{} {:?}", variant, shape);
        }
    }
}

/// Two threads with masks of their own: neither gets the other's.
#[test]
fn masks_do_not_meet() {
    let shape = ImageShape { height: 33, width: 40 };
    let image = Random(5).floats(crate::data::Scale::Unit, 33 * 40);
    std::thread::scope(|scope| {
        for factor in [1.0_f32, 3.0, 5.0] {
            let image = &image;
            scope.spawn(move || {
                let mask = Mask::new(&[factor]).unwrap();
                let data = put(image);
                for _ in 0..20 {
                    let mut out = room(33 * 40);
                    conv2d(&gpu(), Convolution::Constant, shape, &mask, &data, &mut out).unwrap();
                    let expected: Vec<f32> = image.iter().map(|x| factor * x).collect();
                    assert_eq!(out.to_vec().unwrap(), expected);
                }
            });
        }
    });
}
