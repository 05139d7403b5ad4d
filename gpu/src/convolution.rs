//! Convolution of images.

use crate::check::Check;
use crate::driver;
use crate::element::bytes_of;
use crate::error::{Error, Result};
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// Where mask and image stand in [`conv2d`].
    Convolution: "conv2d" {
        /// Both in global memory.
        Naive = "conv2d_naive",
        /// The mask in constant memory.
        Constant = "conv2d_constant",
        /// The mask in constant memory, a tile of the image and its halo in shared memory.
        Tiled = "conv2d_tiled",
        /// Rows first, then columns: 2t products a pixel instead of t². Needs a mask from [`Mask::separable`].
        Separable = "conv2d_separable",
    }
}

/// The greatest radius of a mask.
pub const MAX_RADIUS: usize = 7;

/// A square mask of `t = 2 radius + 1` rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    radius: usize,
    taps: Vec<f32>,
    factors: Option<(Vec<f32>, Vec<f32>)>,
}

impl Mask {
    /// A mask of t² taps, row by row from the top.
    ///
    /// # Errors
    /// When the taps are no square of an odd number, or the radius is above [`MAX_RADIUS`].
    pub fn new(taps: &[f32]) -> Result<Self> {
        let side = taps.len().isqrt();
        if side * side != taps.len() {
            return Err(refused(taps.len(), "the square of an odd number of taps"));
        }
        Ok(Self { radius: radius(side)?, taps: taps.to_vec(), factors: None })
    }

    /// The mask whose tap (y, x) is `columns[y] * rows[x]`: rows are convolved with `rows`, columns with `columns`.
    ///
    /// # Errors
    /// When the lengths differ or are even, or the radius is above [`MAX_RADIUS`].
    pub fn separable(rows: &[f32], columns: &[f32]) -> Result<Self> {
        if rows.len() != columns.len() {
            return Err(refused(
                format!("{} x {}", columns.len(), rows.len()),
                "as many rows as columns",
            ));
        }
        let taps = columns.iter().flat_map(|c| rows.iter().map(move |r| c * r)).collect();
        let radius = radius(rows.len())?;
        Ok(Self { radius, taps, factors: Some((rows.to_vec(), columns.to_vec())) })
    }

    /// How far it reaches.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// Its taps, row by row.
    pub fn taps(&self) -> &[f32] {
        &self.taps
    }

    /// What it is the product of: the mask along the rows and the one along the columns.
    pub fn factors(&self) -> Option<(&[f32], &[f32])> {
        self.factors.as_ref().map(|(rows, columns)| (&rows[..], &columns[..]))
    }
}

fn refused(found: impl ToString, needs: &'static str) -> Error {
    Error::Invalid {
        function: Convolution::FAMILY,
        what: "the mask",
        found: found.to_string(),
        needs,
    }
}

fn radius(side: usize) -> Result<usize> {
    if side.is_multiple_of(2) {
        return Err(refused(side, "an odd number of rows"));
    }
    if side / 2 > MAX_RADIUS {
        return Err(refused(side, "15 rows at most"));
    }
    Ok(side / 2)
}

/// Rows and columns of an image that is stored row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// `out[y][x] = Σ mask[dy + r][dx + r] input[y + dy][x + dx]`, dy and dx from -r to r; zeros outside of the image. The mask is not mirrored.
///
/// The mask is copied to the device, which waits for it. Scratch, kept by the stream: the mask (naive), a second image (separable).
///
/// # Errors
/// When a buffer has not height x width elements, the mask is not separable where it must be, or the image is too high for the grid
/// (65,535 blocks of 2 to 32 rows).
pub fn conv2d<'i, 'o>(
    gpu: &Gpu,
    variant: Convolution,
    shape: ImageShape,
    mask: &Mask,
    input: impl Into<View<'i, f32>>,
    out: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, Convolution::FAMILY);
    let ImageShape { height, width } = shape;
    let (h, w) = (check.int("height", height)?, check.int("width", width)?);
    let pixels = check.product("height x width", &[height, width])?;
    let why = || format!("height x width = {height} x {width}");
    check.buffer("input", &input, pixels, why)?;
    check.buffer("out", &out, pixels, why)?;
    if variant == Convolution::Separable && mask.factors.is_none() {
        return Err(refused("a full one", "made by Mask::separable"));
    }
    if pixels == 0 {
        return Ok(());
    }
    gpu.context().enter()?;
    let radius = mask.radius as i32;
    let launch = |name, [x, y]: [usize; 2], block, args: &[Arg]| {
        let grid = [blocks(width, x), blocks(height, y)];
        Kernel { file: files::CONVOLUTION, name }.launch(gpu, Shape::plane(grid, block), args)
    };
    // Another thread's mask would do for its launch only: from here to the launch this one's must stay.
    let constants = gpu.context().constants();
    let set = |name, taps: &[f32]| {
        let (address, _) = gpu.context().variable(files::CONVOLUTION, name)?;
        driver::write(address, bytes_of(taps))
    };
    match (variant, &mask.factors) {
        (Convolution::Naive, _) => {
            drop(constants);
            let bytes = bytes_of(&mask.taps);
            let (_pieces, [taps]) = gpu.stream().scratch.take([bytes.len() as u64])?;
            driver::write(taps, bytes)?;
            launch(variant.name(), [32, 8], [32, 8], args![&input, taps, &out, h, w, radius])
        }
        (Convolution::Separable, Some((rows, columns))) => {
            let (_pieces, [between]) = gpu.stream().scratch.take([4 * pixels as u64])?;
            set("conv_row_mask", rows)?;
            set("conv_col_mask", columns)?;
            let args = args![&input, between, h, w, radius];
            launch("conv2d_separable_rows", [128, 2], [128, 2], args)?;
            let args = args![between, &out, h, w, radius];
            launch("conv2d_separable_cols", [32, 32], [32, 8], args)
        }
        _ => {
            set("conv_mask", &mask.taps)?;
            let tile = if variant == Convolution::Tiled { [32, 32] } else { [32, 8] };
            launch(variant.name(), tile, [32, 8], args![&input, &out, h, w, radius])
        }
    }
}
