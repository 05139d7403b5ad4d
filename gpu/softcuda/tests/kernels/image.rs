use crate::args;
use crate::host::{Host, Random, U, close, module, plain};

#[test]
fn convolutions() {
    let host = Host::new();
    let mut random = Random(11);
    let file = module("convolution");
    let (height, width, radius) = (45_usize, 70_usize, 2_usize);
    let t = 2 * radius + 1;
    let (image, mask) = (random.floats(height * width), random.floats(t * t));
    let (mut expected, mut sizes) = (vec![0.0; height * width], vec![0.0; height * width]);
    for y in 0..height {
        for x in 0..width {
            for dy in 0..t {
                for dx in 0..t {
                    let (yy, xx) = ((y + dy).wrapping_sub(radius), (x + dx).wrapping_sub(radius));
                    if yy < height && xx < width {
                        let product =
                            f64::from(mask[dy * t + dx]) * f64::from(image[yy * width + xx]);
                        expected[y * width + x] += product;
                        sizes[y * width + x] += product.abs();
                    }
                }
            }
        }
    }
    let (input, dmask) = (host.put(&image), host.put(&mask));
    host.set(&file, "conv_mask", &mask);
    let blocks = |x: usize, y: usize| (width.div_ceil(x) as u32, height.div_ceil(y) as u32);
    let (h, w, r) = (height as i32, width as i32, radius as i32);
    let bound = |i: usize| (t * t + 1) as f64 * U * sizes[i];
    let out = host.room::<f32>(height * width);
    let kernel = file.kernel("conv2d_naive").unwrap();
    host.run(&kernel, blocks(32, 8), (32, 8), plain(), args![input, dmask, out, h, w, r]);
    close("naive", &host.get::<f32>(out, height * width), &expected, bound);
    for (name, grid) in [("conv2d_constant", blocks(32, 8)), ("conv2d_tiled", blocks(32, 32))] {
        let out = host.room::<f32>(height * width);
        let kernel = file.kernel(name).unwrap();
        host.run(&kernel, grid, (32, 8), plain(), args![input, out, h, w, r]);
        close(name, &host.get::<f32>(out, height * width), &expected, bound);
    }
    // A separable mask: the outer product of two.
    let (row, column) = (random.floats(t), random.floats(t));
    let full: Vec<f32> = (0..t * t).map(|i| column[i / t] * row[i % t]).collect();
    host.set(&file, "conv_mask", &full);
    host.set(&file, "conv_row_mask", &row);
    host.set(&file, "conv_col_mask", &column);
    let (middle, out, direct) = (
        host.room::<f32>(height * width),
        host.room::<f32>(height * width),
        host.room::<f32>(height * width),
    );
    let rows = file.kernel("conv2d_separable_rows").unwrap();
    host.run(&rows, blocks(128, 2), (128, 2), plain(), args![input, middle, h, w, r]);
    let columns = file.kernel("conv2d_separable_cols").unwrap();
    host.run(&columns, blocks(32, 32), (32, 8), plain(), args![middle, out, h, w, r]);
    let constant = file.kernel("conv2d_constant").unwrap();
    host.run(&constant, blocks(32, 8), (32, 8), plain(), args![input, direct, h, w, r]);
    let direct: Vec<f64> =
        host.get::<f32>(direct, height * width).into_iter().map(f64::from).collect();
    close("separable", &host.get::<f32>(out, height * width), &direct, |_| 1e-5);
}

#[test]
fn stencils() {
    let host = Host::new();
    let mut random = Random(12);
    let file = module("stencil");
    let (nx, ny, nz) = (37_usize, 33_usize, 35_usize);
    let n = nx * ny * nz;
    let data = random.floats(n);
    let c = random.floats(7);
    let mut expected = data.clone();
    for z in 1..nz - 1 {
        for y in 1..ny - 1 {
            for x in 1..nx - 1 {
                let at = (z * ny + y) * nx + x;
                let mut sum = c[0] * data[at];
                for (i, near) in [at - 1, at + 1, at - nx, at + nx, at - nx * ny, at + nx * ny]
                    .into_iter()
                    .enumerate()
                {
                    sum = c[i + 1].mul_add(data[near], sum);
                }
                expected[at] = sum;
            }
        }
    }
    let input = host.put(&data);
    for name in file.kernels() {
        let up = |n: usize, t: usize| n.div_ceil(t) as u32;
        let (grid, block) = match name {
            "stencil_naive" => ((up(nx, 32), up(ny, 4), up(nz, 2)), (32, 4, 2)),
            "stencil_tiled" => ((up(nx, 6), up(ny, 6), up(nz, 6)), (8, 8, 8)),
            _ => ((up(nx, 30), up(ny, 30), up(nz, 32)), (32, 32, 1)),
        };
        let out = host.room::<f32>(n);
        let kernel = file.kernel(name).unwrap();
        let size = |n: usize| n as i32;
        host.run(
            &kernel,
            grid,
            block,
            plain(),
            args![
                input,
                out,
                size(nx),
                size(ny),
                size(nz),
                c[0],
                c[1],
                c[2],
                c[3],
                c[4],
                c[5],
                c[6]
            ],
        );
        assert_eq!(host.get::<f32>(out, n), expected, "{name}");
    }
}
