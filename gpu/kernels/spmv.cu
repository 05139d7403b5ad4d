// Sparse matrix times vector, y = A x, in the formats of PMPP chapter 14 (CSR vector: Bell and Garland, 2009). Indices are 32 bits.
//
// All: 2 nnz FLOPs. Reads of x are counted once each (4 nnz bytes): what of it caches meet depends on the matrix.

// Coordinates: one thread an entry; entries of a row meet in an atomic. Adds to y: zero it for a product.
// Launch: block of any size, usually 256; grid ceil(nnz / block), at least 1. Shared: none. Traffic: 16 nnz + 8 nnz (read and write of y).
// y depends on the order of the atomics in its last bits. Repeated coordinates add up.
extern "C" __global__ void __launch_bounds__(1024)
spmv_coo(const int* __restrict__ rows, const int* __restrict__ cols, const float* __restrict__ vals, const float* __restrict__ x,
         float* __restrict__ y, long long nnz) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < nnz) atomicAdd(y + rows[i], vals[i] * x[cols[i]]);
}

// Compressed rows, one thread a row: neighbouring threads read a row apart, and a warp takes as long as its longest row.
// Launch: block of any size, usually 256; grid ceil(rows / block), at least 1. Shared: none. Traffic: 12 nnz + 8 rows + 4 rows.
extern "C" __global__ void __launch_bounds__(1024)
spmv_csr_scalar(const int* __restrict__ row_ptr, const int* __restrict__ cols, const float* __restrict__ vals, const float* __restrict__ x,
                float* __restrict__ y, int rows) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    float sum = 0.0f;
    for (int i = row_ptr[r]; i < row_ptr[r + 1]; i++) sum = fmaf(vals[i], x[cols[i]], sum);
    y[r] = sum;
}

// Compressed rows, one warp a row: coalesced, and wasteful where rows are much shorter than 32.
// Launch: block a multiple of 32, usually 256; grid ceil(32 rows / block), at least 1. Shared: none. Traffic: 12 nnz + 8 rows + 4 rows.
extern "C" __global__ void __launch_bounds__(1024)
spmv_csr_vector(const int* __restrict__ row_ptr, const int* __restrict__ cols, const float* __restrict__ vals, const float* __restrict__ x,
                float* __restrict__ y, int rows) {
    long long r = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / 32;
    int lane = threadIdx.x % 32;
    if (r >= rows) return;
    float sum = 0.0f;
    for (int i = row_ptr[r] + lane; i < row_ptr[r + 1]; i += 32) sum = fmaf(vals[i], x[cols[i]], sum);
    for (int o = 16; o > 0; o /= 2) sum += __shfl_down_sync(0xffffffffu, sum, o);
    if (lane == 0) y[r] = sum;
}

// ELLPACK: every row padded to `width` entries, stored column by column, so that neighbouring threads read neighbouring entries. A column
// of -1 marks padding; its value is not read.
// Launch: block of any size, usually 256; grid ceil(rows / block), at least 1. Shared: none. cols, vals have rows * width places, entry e of
// row r at e * rows + r. Traffic: 4 rows width + 8 nnz + 4 rows.
extern "C" __global__ void __launch_bounds__(1024)
spmv_ell(const int* __restrict__ cols, const float* __restrict__ vals, const float* __restrict__ x, float* __restrict__ y, int rows, int width) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    float sum = 0.0f;
    for (int e = 0; e < width; e++) {
        size_t i = (size_t)e * rows + r;
        int c = cols[i];
        if (c >= 0) sum = fmaf(vals[i], x[c], sum);
    }
    y[r] = sum;
}

// Jagged diagonals: rows sorted by falling length and stored column by column without padding. Thread r works on the r-th longest row, which
// is row perm[r]; its entry e stands at diag_ptr[e] + r if that is below diag_ptr[e + 1].
// Launch: block of any size, usually 256; grid ceil(rows / block), at least 1. Shared: none. diag_ptr has width + 1 places, width being the
// length of the longest row. Traffic: 12 nnz + 8 rows.
extern "C" __global__ void __launch_bounds__(1024)
spmv_jds(const int* __restrict__ perm, const int* __restrict__ diag_ptr, const int* __restrict__ cols, const float* __restrict__ vals,
         const float* __restrict__ x, float* __restrict__ y, int rows, int width) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    float sum = 0.0f;
    for (int e = 0; e < width; e++) {
        int i = diag_ptr[e] + r;
        if (i >= diag_ptr[e + 1]) break;
        sum = fmaf(vals[i], x[cols[i]], sum);
    }
    y[perm[r]] = sum;
}

// Hybrid: rows up to `width` entries in ELLPACK, what is longer in coordinates. One launch does both: the threads of the first `rows` write
// nothing but add, so y must be zero.
// Launch: block of any size, usually 256; grid ceil((rows + coo_nnz) / block), at least 1. Shared: none. Traffic: that of spmv_ell + 4 rows
// and of spmv_coo with nnz = coo_nnz. (spmv_ell followed by spmv_coo does the same in two launches and needs no zeroed y.)
extern "C" __global__ void __launch_bounds__(1024)
spmv_hybrid(const int* __restrict__ ell_cols, const float* __restrict__ ell_vals, const int* __restrict__ coo_rows,
            const int* __restrict__ coo_cols, const float* __restrict__ coo_vals, const float* __restrict__ x, float* __restrict__ y, int rows,
            int width, long long coo_nnz) {
    long long t = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (t < rows) {
        float sum = 0.0f;
        bool any = false;
        for (int e = 0; e < width; e++) {
            size_t i = (size_t)e * rows + t;
            int c = ell_cols[i];
            if (c >= 0) {
                sum = fmaf(ell_vals[i], x[c], sum);
                any = true;
            }
        }
        if (any) atomicAdd(y + t, sum);
    } else if (t - rows < coo_nnz) {
        long long i = t - rows;
        atomicAdd(y + coo_rows[i], coo_vals[i] * x[coo_cols[i]]);
    }
}
