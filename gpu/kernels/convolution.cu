// Two-dimensional convolution with a square mask of radius r <= 7 (PMPP chapter 7). The image is height x width, row-major; outside it
// are zeros. As in the book the mask is not mirrored:
// out[y][x] = sum over dy, dx in -r ... r of mask[dy + r][dx + r] * in[y + dy][x + dx], row by row from the top.
//
// Full mask: 2 (2r + 1)^2 h w FLOPs. Separable: 2 (2r + 1) h w a pass, two passes.

constexpr int MAX_RADIUS = 7;
constexpr int MAX_TAPS = 2 * MAX_RADIUS + 1;

// The host copies the mask here before a launch: (2r + 1)^2 values, row-major without gaps.
extern "C" {
__constant__ float conv_mask[MAX_TAPS * MAX_TAPS];
// The masks of the separable passes: 2r + 1 values each.
__constant__ float conv_row_mask[MAX_TAPS];
__constant__ float conv_col_mask[MAX_TAPS];
}

// Mask in global memory, one thread a pixel.
// Launch: block (32, 8); grid (ceil(w / 32), ceil(h / 8)), at least (1, 1). Shared: none.
// Traffic asked for: 8 (2r + 1)^2 h w + 4 h w, all but 8 h w of it met by caches.
extern "C" __global__ void __launch_bounds__(256)
conv2d_naive(const float* __restrict__ in, const float* __restrict__ mask, float* __restrict__ out, int height, int width, int radius) {
    int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 8 + threadIdx.y;
    if (x >= width || y >= height) return;
    float sum = 0.0f;
    for (int dy = -radius; dy <= radius; dy++) {
        for (int dx = -radius; dx <= radius; dx++) {
            int sx = x + dx, sy = y + dy;
            if (sx >= 0 && sx < width && sy >= 0 && sy < height) {
                sum = fmaf(mask[(dy + radius) * (2 * radius + 1) + dx + radius], in[(size_t)sy * width + sx], sum);
            }
        }
    }
    out[(size_t)y * width + x] = sum;
}

// Mask in constant memory: all threads of a warp read the same tap, which the constant cache gives at the speed of a register.
// Launch: as conv2d_naive. Shared: none. Mask: conv_mask. Traffic asked for: 4 (2r + 1)^2 h w + 4 h w.
extern "C" __global__ void __launch_bounds__(256)
conv2d_constant(const float* __restrict__ in, float* __restrict__ out, int height, int width, int radius) {
    int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 8 + threadIdx.y;
    if (x >= width || y >= height) return;
    float sum = 0.0f;
    for (int dy = -radius; dy <= radius; dy++) {
        for (int dx = -radius; dx <= radius; dx++) {
            int sx = x + dx, sy = y + dy;
            if (sx >= 0 && sx < width && sy >= 0 && sy < height) {
                sum = fmaf(conv_mask[(dy + radius) * (2 * radius + 1) + dx + radius], in[(size_t)sy * width + sx], sum);
            }
        }
    }
    out[(size_t)y * width + x] = sum;
}

constexpr int TILE = 32, TILE_ROWS = 8;
constexpr int HALO_TILE = TILE + 2 * MAX_RADIUS;

// The tile and its halo of r pixels in shared memory: each pixel is read (32 + 2r)^2 / 32^2 times instead of (2r + 1)^2.
// Launch: block (32, 8); grid (ceil(w / 32), ceil(h / 32)), at least (1, 1). Shared: 8464 B. Mask: conv_mask.
// Traffic: 4 (32 + 2r)^2 ceil(w / 32) ceil(h / 32) (less the halo outside the image) + 4 h w.
extern "C" __global__ void __launch_bounds__(256)
conv2d_tiled(const float* __restrict__ in, float* __restrict__ out, int height, int width, int radius) {
    __shared__ float s[HALO_TILE][HALO_TILE];
    int x0 = blockIdx.x * TILE, y0 = blockIdx.y * TILE;
    int side = TILE + 2 * radius;
    for (int i = threadIdx.y; i < side; i += TILE_ROWS) {
        for (int j = threadIdx.x; j < side; j += TILE) {
            int x = x0 + j - radius, y = y0 + i - radius;
            s[i][j] = x >= 0 && x < width && y >= 0 && y < height ? in[(size_t)y * width + x] : 0.0f;
        }
    }
    __syncthreads();
    int x = x0 + threadIdx.x;
    for (int i = threadIdx.y; i < TILE; i += TILE_ROWS) {
        int y = y0 + i;
        if (x >= width || y >= height) continue;
        float sum = 0.0f;
        for (int dy = 0; dy <= 2 * radius; dy++) {
            for (int dx = 0; dx <= 2 * radius; dx++) sum = fmaf(conv_mask[dy * (2 * radius + 1) + dx], s[i + dy][threadIdx.x + dx], sum);
        }
        out[(size_t)y * width + x] = sum;
    }
}

constexpr int ROW_TILE = 128;

// Separable mask, pass along the rows.
// Launch: block (128, 2); grid (ceil(w / 128), ceil(h / 2)), at least (1, 1). Shared: 1136 B. Mask: conv_row_mask.
// Traffic: 4 (128 + 2r) h ceil(w / 128) + 4 h w.
extern "C" __global__ void __launch_bounds__(256)
conv2d_separable_rows(const float* __restrict__ in, float* __restrict__ out, int height, int width, int radius) {
    __shared__ float s[2][ROW_TILE + 2 * MAX_RADIUS];
    int x0 = blockIdx.x * ROW_TILE, y = blockIdx.y * 2 + threadIdx.y;
    for (int j = threadIdx.x; j < ROW_TILE + 2 * radius; j += ROW_TILE) {
        int x = x0 + j - radius;
        s[threadIdx.y][j] = y < height && x >= 0 && x < width ? in[(size_t)y * width + x] : 0.0f;
    }
    __syncthreads();
    int x = x0 + threadIdx.x;
    if (x >= width || y >= height) return;
    float sum = 0.0f;
    for (int d = 0; d <= 2 * radius; d++) sum = fmaf(conv_row_mask[d], s[threadIdx.y][threadIdx.x + d], sum);
    out[(size_t)y * width + x] = sum;
}

// Separable mask, pass down the columns: still read along the rows, 32 columns wide, so that accesses are coalesced.
// Launch: block (32, 8); grid (ceil(w / 32), ceil(h / 32)), at least (1, 1). Shared: 5888 B. Mask: conv_col_mask.
// Traffic: 4 (32 + 2r) w ceil(h / 32) + 4 h w.
extern "C" __global__ void __launch_bounds__(256)
conv2d_separable_cols(const float* __restrict__ in, float* __restrict__ out, int height, int width, int radius) {
    __shared__ float s[HALO_TILE][TILE];
    int x = blockIdx.x * TILE + threadIdx.x, y0 = blockIdx.y * TILE;
    for (int i = threadIdx.y; i < TILE + 2 * radius; i += TILE_ROWS) {
        int y = y0 + i - radius;
        s[i][threadIdx.x] = x < width && y >= 0 && y < height ? in[(size_t)y * width + x] : 0.0f;
    }
    __syncthreads();
    for (int i = threadIdx.y; i < TILE; i += TILE_ROWS) {
        int y = y0 + i;
        if (x >= width || y >= height) continue;
        float sum = 0.0f;
        for (int d = 0; d <= 2 * radius; d++) sum = fmaf(conv_col_mask[d], s[i + d][threadIdx.x], sum);
        out[(size_t)y * width + x] = sum;
    }
}
