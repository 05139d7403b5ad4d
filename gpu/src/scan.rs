//! Prefix sums.

use crate::check::Check;
use crate::driver;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// How sums get from block to block in [`scan`].
    Scan: "scan" {
        /// Sections of 512 by Kogge and Stone's network, their sums scanned and added: three launches a level.
        KoggeStone = "scan_kogge_stone",
        /// Sections of 1024 by Brent and Kung's tree, their sums scanned and added: three launches a level.
        BrentKung = "scan_brent_kung",
        /// One cooperative launch with a barrier of the whole grid; the input is read twice.
        Cooperative = "scan_cooperative",
        /// One launch, one pass: decoupled look-back. Floats may differ in their last bits from run to run.
        LookBack = "scan_look_back",
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u32 {}
    impl Sealed for f32 {}
}

/// What [`scan`] adds up: `u32` (sums wrap at 2^32) or `f32`.
pub trait ScanElement: Element + sealed::Sealed {
    #[doc(hidden)]
    fn of_two(u32_name: &'static str, f32_name: &'static str) -> &'static str;
}

impl ScanElement for u32 {
    fn of_two(u32_name: &'static str, _: &'static str) -> &'static str {
        u32_name
    }
}

impl ScanElement for f32 {
    fn of_two(_: &'static str, f32_name: &'static str) -> &'static str {
        f32_name
    }
}

/// Elements of a tile of the cooperative and the look-back scan.
const TILE: usize = 1792;

impl Scan {
    fn kernel<T: ScanElement>(self) -> Kernel {
        let name = match self {
            Self::KoggeStone => T::of_two("scan_kogge_stone_u32", "scan_kogge_stone_f32"),
            Self::BrentKung => T::of_two("scan_brent_kung_u32", "scan_brent_kung_f32"),
            Self::Cooperative => T::of_two("scan_cooperative_u32", "scan_cooperative_f32"),
            Self::LookBack => T::of_two("scan_look_back_u32", "scan_look_back_f32"),
        };
        Kernel { file: files::SCAN, name }
    }

    fn section(self) -> usize {
        match self {
            Self::KoggeStone => 512,
            Self::BrentKung => 1024,
            Self::Cooperative | Self::LookBack => TILE,
        }
    }

    /// Blocks of the (first) launch over `n` elements on a device of so many multiprocessors: what error bounds depend on.
    pub fn grid(self, n: usize, multiprocessors: u32) -> u64 {
        let sections = blocks(n, self.section());
        match self {
            Self::Cooperative => sections.min(4 * u64::from(multiprocessors)),
            _ => sections,
        }
    }

    /// How often sums of sums are scanned: 1 where one section holds everything.
    pub fn levels(self, n: usize) -> u32 {
        let (mut left, mut levels) = (n, 1);
        while matches!(self, Self::KoggeStone | Self::BrentKung) && left > self.section() {
            left = left.div_ceil(self.section());
            levels += 1;
        }
        levels
    }
}

/// `out[i] = input[0] + ... + input[i]`.
///
/// Scratch, kept by the stream: 8 bytes a section (512 or 1024 elements) and a little more, 4 bytes a block (cooperative), 8 bytes for 1792
/// elements (look-back).
///
/// # Errors
/// When the lengths differ, or the device cannot hold the blocks of a cooperative launch at once.
pub fn scan<'i, 'o, T: ScanElement>(
    gpu: &Gpu,
    variant: Scan,
    input: impl Into<View<'i, T>>,
    out: impl Into<ViewMut<'o, T>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, Scan::FAMILY);
    let n = input.len();
    check.context("input", &input)?;
    check.buffer("out", &out, n, || format!("as many as input: {n}"))?;
    if n == 0 {
        return Ok(());
    }
    gpu.context().enter()?;
    match variant {
        Scan::KoggeStone | Scan::BrentKung => by_sections::<T>(gpu, variant, &input, &out),
        Scan::Cooperative => {
            let kernel = variant.kernel::<T>();
            let blocks = variant.grid(n, gpu.properties().multiprocessors);
            let most = kernel.most_resident(gpu, 256)?;
            if blocks > most {
                return Err(Error::Cooperative { kernel: kernel.name, blocks, most });
            }
            let (_pieces, [sums]) = gpu.stream().scratch.take([4 * blocks])?;
            let shape = Shape { cooperative: true, ..Shape::line(blocks, 256) };
            kernel.launch(gpu, shape, args![&input, &out, sums, n as i64])
        }
        Scan::LookBack => {
            let grid = blocks(n, TILE);
            let (_pieces, [status, ticket]) = gpu.stream().scratch.take([8 * grid, 4])?;
            let stream = gpu.stream().raw;
            driver::fill_async(status, 0, 8 * grid, stream)?;
            driver::fill_async(ticket, 0, 4, stream)?;
            variant.kernel::<T>().launch(
                gpu,
                Shape::line(grid, 256),
                args![&input, &out, status, ticket, n as i64],
            )
        }
    }
}

fn by_sections<T: ScanElement>(
    gpu: &Gpu,
    variant: Scan,
    input: &View<'_, T>,
    out: &ViewMut<'_, T>,
) -> Result<()> {
    let section = variant.section();
    // Sections of each level; what a level leaves is scanned by the next, until one section holds it.
    let mut grids = vec![blocks(input.len(), section)];
    while let Some(&sums) = grids.last().filter(|&&sums| sums > 1) {
        grids.push(blocks(sums as usize, section));
    }
    let all: u64 = grids.iter().sum();
    let (_pieces, [mut sums, mut scanned]) = gpu.stream().scratch.take([4 * all, 4 * all])?;
    let mut levels = Vec::with_capacity(grids.len());
    let (mut from, mut to, mut n) = (Arg::from(input), Arg::from(out), input.len());
    for &grid in &grids {
        let top = grid == 1;
        let sums_of_level = Arg::from(if top { 0 } else { sums });
        variant.kernel::<T>().launch(
            gpu,
            Shape::line(grid, 512),
            &[from, to, sums_of_level, Arg::from(n as i64)],
        )?;
        levels.push((to, Arg::from(scanned), n, grid));
        (from, to, n) = (sums_of_level, Arg::from(scanned), grid as usize);
        sums += 4 * grid;
        scanned += 4 * grid;
    }
    let name = T::of_two("scan_add_offsets_u32", "scan_add_offsets_f32");
    let add = Kernel { file: files::SCAN, name };
    for (out, offsets, n, grid) in levels.into_iter().rev().filter(|level| level.3 > 1) {
        let args = [out, offsets, Arg::from(n as i64), Arg::from(section as i32)];
        add.launch(gpu, Shape::line(grid, 256), &args)?;
    }
    Ok(())
}
