// Matrix product C = A B in fp32 on the ordinary cores: A is m x k, B is k x n, C is m x n, all row-major (PMPP chapters 3, 5, 6).
//
// All: 2 m n k FLOPs; every element of C is written (zeros for k = 0). The sum over k runs upwards with FMA. "Traffic" is what the
// kernel asks of global memory (caches aside), in bytes.
#include "async_copy.cuh"

// One thread an element; threadIdx.x runs down a column, so that neighbouring threads read and write a whole row apart.
// Launch: block (16, 16); grid (ceil(m / 16), ceil(n / 16)). Shared: none. Traffic: 8 m n k + 4 m n.
extern "C" __global__ void __launch_bounds__(256)
matmul_naive(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    int row = blockIdx.x * 16 + threadIdx.x;
    int col = blockIdx.y * 16 + threadIdx.y;
    if (row >= m || col >= n) return;
    float sum = 0.0f;
    for (int i = 0; i < k; i++) sum = fmaf(a[(size_t)row * k + i], b[(size_t)i * n + col], sum);
    c[(size_t)row * n + col] = sum;
}

// The same with threadIdx.x along a row: a warp's reads of B and writes of C fall in whole sectors, its reads of A in two.
// Launch: block (16, 16); grid (ceil(n / 16), ceil(m / 16)). Shared: none. Traffic: 8 m n k + 4 m n.
extern "C" __global__ void __launch_bounds__(256)
matmul_coalesced(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    int row = blockIdx.y * 16 + threadIdx.y;
    int col = blockIdx.x * 16 + threadIdx.x;
    if (row >= m || col >= n) return;
    float sum = 0.0f;
    for (int i = 0; i < k; i++) sum = fmaf(a[(size_t)row * k + i], b[(size_t)i * n + col], sum);
    c[(size_t)row * n + col] = sum;
}

template <int TILE>
__device__ __forceinline__ void matmul_tiled(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c,
                                             int m, int n, int k) {
    __shared__ float as[TILE][TILE];
    __shared__ float bs[TILE][TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y;
    int col = blockIdx.x * TILE + x;
    float sum = 0.0f;
    for (int k0 = 0; k0 < k; k0 += TILE) {
        as[y][x] = row < m && k0 + x < k ? a[(size_t)row * k + k0 + x] : 0.0f;
        bs[y][x] = k0 + y < k && col < n ? b[(size_t)(k0 + y) * n + col] : 0.0f;
        __syncthreads();
#pragma unroll
        for (int i = 0; i < TILE; i++) sum = fmaf(as[y][i], bs[i][x], sum);
        __syncthreads();
    }
    if (row < m && col < n) c[(size_t)row * n + col] = sum;
}

// A tile of A and one of B in shared memory: each element is read once a block instead of once a thread. Tile T of 8, 16 and 32.
// Launch: block (T, T); grid (ceil(n / T), ceil(m / T)). Shared: 8 T^2 B (512, 2048, 8192).
// Traffic: 4 m k ceil(n / T) + 4 k n ceil(m / T) + 4 m n, about 8 m n k / T.
extern "C" __global__ void __launch_bounds__(64)
matmul_tiled_8(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    matmul_tiled<8>(a, b, c, m, n, k);
}

// As matmul_tiled_8 with T = 16.
extern "C" __global__ void __launch_bounds__(256)
matmul_tiled_16(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    matmul_tiled<16>(a, b, c, m, n, k);
}

// As matmul_tiled_8 with T = 32.
extern "C" __global__ void __launch_bounds__(1024)
matmul_tiled_32(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    matmul_tiled<32>(a, b, c, m, n, k);
}

// What follows: a block of 256 threads makes a 128 x 128 tile of C, a thread 8 x 8 of it in registers; slices of 8 along k stand in
// shared memory, A's transposed. 16 loads from shared memory feed 64 FMAs, where the tiled kernels need 2 for 1.
// Launch of all: block 256; grid (ceil(n / 128), ceil(m / 128)).
// Traffic of all: 4 m k ceil(n / 128) + 4 k n ceil(m / 128) + 4 m n.
constexpr int BM = 128, BN = 128, BK = 8, THREADS = 256;
// Rows of the slices are four longer than the tile: stores of A's transposed slice then meet no conflict, and float4 stays aligned.
constexpr int LD = BM + 4;

// Eight columns or rows of a thread: two runs of four, half a tile apart, so that a warp's 16-byte reads meet no conflict.
__device__ __forceinline__ int in_tile(int thread, int i) { return (i / 4) * 64 + thread * 4 + i % 4; }

__device__ __forceinline__ float4 load_row4(const float* __restrict__ p, int row, int col, int rows, int cols) {
    float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (row >= rows) return v;
    const float* at = p + (size_t)row * cols + col;
    if (cols % 4 == 0) {
        if (col < cols) v = *reinterpret_cast<const float4*>(at);
    } else {
        if (col < cols) v.x = at[0];
        if (col + 1 < cols) v.y = at[1];
        if (col + 2 < cols) v.z = at[2];
        if (col + 3 < cols) v.w = at[3];
    }
    return v;
}

__device__ __forceinline__ void multiply_slice(const float (&as)[BK][LD], const float (&bs)[BK][LD], float (&sum)[8][8], int tx, int ty) {
#pragma unroll
    for (int i = 0; i < BK; i++) {
        float x[8], y[8];
#pragma unroll
        for (int h = 0; h < 2; h++) {
            *reinterpret_cast<float4*>(x + 4 * h) = *reinterpret_cast<const float4*>(&as[i][in_tile(ty, 4 * h)]);
            *reinterpret_cast<float4*>(y + 4 * h) = *reinterpret_cast<const float4*>(&bs[i][in_tile(tx, 4 * h)]);
        }
#pragma unroll
        for (int r = 0; r < 8; r++) {
#pragma unroll
            for (int q = 0; q < 8; q++) sum[r][q] = fmaf(x[r], y[q], sum[r][q]);
        }
    }
}

__device__ __forceinline__ void store_tile(float* __restrict__ c, const float (&sum)[8][8], int row0, int col0, int tx, int ty, int m, int n) {
#pragma unroll
    for (int r = 0; r < 8; r++) {
        int row = row0 + in_tile(ty, r);
        if (row >= m) continue;
#pragma unroll
        for (int h = 0; h < 2; h++) {
            int col = col0 + in_tile(tx, 4 * h);
            float* at = c + (size_t)row * n + col;
            if (n % 4 == 0) {
                if (col < n) *reinterpret_cast<float4*>(at) = make_float4(sum[r][4 * h], sum[r][4 * h + 1], sum[r][4 * h + 2], sum[r][4 * h + 3]);
            } else {
#pragma unroll
                for (int q = 0; q < 4; q++) {
                    if (col + q < n) at[q] = sum[r][4 * h + q];
                }
            }
        }
    }
}

// Register tile with scalar accesses: thread (tx, ty) of 16 x 16 owns rows ty + 16 i and columns tx + 16 j.
// Shared: 8448 B.
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_register_blocked(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ float as[BK][LD];
    __shared__ float bs[BK][LD];
    int t = threadIdx.x, tx = t % 16, ty = t / 16;
    int row0 = blockIdx.y * BM, col0 = blockIdx.x * BN;
    float sum[8][8] = {};
    for (int k0 = 0; k0 < k; k0 += BK) {
#pragma unroll
        for (int e = t; e < BM * BK; e += THREADS) {
            int row = row0 + e / BK, i = k0 + e % BK;
            as[e % BK][e / BK] = row < m && i < k ? a[(size_t)row * k + i] : 0.0f;
        }
#pragma unroll
        for (int e = t; e < BK * BN; e += THREADS) {
            int i = k0 + e / BN, col = col0 + e % BN;
            bs[e / BN][e % BN] = i < k && col < n ? b[(size_t)i * n + col] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < BK; i++) {
            float x[8], y[8];
#pragma unroll
            for (int r = 0; r < 8; r++) x[r] = as[i][ty + 16 * r];
#pragma unroll
            for (int q = 0; q < 8; q++) y[q] = bs[i][tx + 16 * q];
#pragma unroll
            for (int r = 0; r < 8; r++) {
#pragma unroll
                for (int q = 0; q < 8; q++) sum[r][q] = fmaf(x[r], y[q], sum[r][q]);
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < 8; r++) {
#pragma unroll
        for (int q = 0; q < 8; q++) {
            int row = row0 + ty + 16 * r, col = col0 + tx + 16 * q;
            if (row < m && col < n) c[(size_t)row * n + col] = sum[r][q];
        }
    }
}

// The same with 16-byte accesses to global (rows whose length is a multiple of 4; others go one by one) and to shared memory.
// a, b, c aligned to 16 bytes. Shared: 8448 B.
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_vectorised(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(16) float as[BK][LD];
    __shared__ __align__(16) float bs[BK][LD];
    int t = threadIdx.x, tx = t % 16, ty = t / 16;
    int row0 = blockIdx.y * BM, col0 = blockIdx.x * BN;
    int a_row = t / 2, a_i = t % 2 * 4, b_i = t / 32, b_col = t % 32 * 4;
    float sum[8][8] = {};
    for (int k0 = 0; k0 < k; k0 += BK) {
        float4 x = load_row4(a, row0 + a_row, k0 + a_i, m, k);
        as[a_i][a_row] = x.x;
        as[a_i + 1][a_row] = x.y;
        as[a_i + 2][a_row] = x.z;
        as[a_i + 3][a_row] = x.w;
        *reinterpret_cast<float4*>(&bs[b_i][b_col]) = load_row4(b, k0 + b_i, col0 + b_col, k, n);
        __syncthreads();
        multiply_slice(as, bs, sum, tx, ty);
        __syncthreads();
    }
    store_tile(c, sum, row0, col0, tx, ty, m, n);
}

// Two slices in shared memory: the next is on its way in registers while this one is multiplied; one barrier a slice instead of two.
// a, b, c aligned to 16 bytes. Shared: 16896 B.
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_double_buffered(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(16) float as[2][BK][LD];
    __shared__ __align__(16) float bs[2][BK][LD];
    int t = threadIdx.x, tx = t % 16, ty = t / 16;
    int row0 = blockIdx.y * BM, col0 = blockIdx.x * BN;
    int a_row = t / 2, a_i = t % 2 * 4, b_i = t / 32, b_col = t % 32 * 4;
    float sum[8][8] = {};
    float4 x = load_row4(a, row0 + a_row, a_i, m, k);
    float4 y = load_row4(b, b_i, col0 + b_col, k, n);
    int now = 0;
    for (int k0 = 0; k0 < k; k0 += BK) {
        as[now][a_i][a_row] = x.x;
        as[now][a_i + 1][a_row] = x.y;
        as[now][a_i + 2][a_row] = x.z;
        as[now][a_i + 3][a_row] = x.w;
        *reinterpret_cast<float4*>(&bs[now][b_i][b_col]) = y;
        __syncthreads();
        if (k0 + BK < k) {
            x = load_row4(a, row0 + a_row, k0 + BK + a_i, m, k);
            y = load_row4(b, k0 + BK + b_i, col0 + b_col, k, n);
        }
        multiply_slice(as[now], bs[now], sum, tx, ty);
        now ^= 1;
    }
    store_tile(c, sum, row0, col0, tx, ty, m, n);
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800  // The manifest has the registers for sm_75 too, of all kernels that it can run.
// Two slices again, copied by cp.async: no registers hold what is on its way. A's slice is transposed by 4-byte copies.
// a, b, c aligned to 16 bytes. Shared: 16896 B.
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_cp_async(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(16) float as[2][BK][LD];
    __shared__ __align__(16) float bs[2][BK][LD];
    int t = threadIdx.x, tx = t % 16, ty = t / 16;
    int row0 = blockIdx.y * BM, col0 = blockIdx.x * BN;
    int a_i = t % BK, b_i = t / 32, b_col = t % 32 * 4;
    float sum[8][8] = {};

    auto fetch = [&](int into, int k0) {
#pragma unroll
        for (int r = t / BK; r < BM; r += THREADS / BK) {
            bool valid = row0 + r < m && k0 + a_i < k;
            copy_async_4(&as[into][a_i][r], valid ? a + (size_t)(row0 + r) * k + k0 + a_i : a, valid);
        }
        bool row_valid = k0 + b_i < k;
        if (n % 4 == 0) {
            bool valid = row_valid && col0 + b_col < n;
            copy_async_16(&bs[into][b_i][b_col], valid ? b + (size_t)(k0 + b_i) * n + col0 + b_col : b, valid);
        } else {
#pragma unroll
            for (int q = 0; q < 4; q++) {
                bool valid = row_valid && col0 + b_col + q < n;
                copy_async_4(&bs[into][b_i][b_col + q], valid ? b + (size_t)(k0 + b_i) * n + col0 + b_col + q : b, valid);
            }
        }
        copy_async_commit();
    };

    if (k > 0) fetch(0, 0);
    int now = 0;
    for (int k0 = 0; k0 < k; k0 += BK) {
        copy_async_wait<0>();
        __syncthreads();
        // Every thread is through with the other slice: this barrier stands after the multiplication that read it.
        if (k0 + BK < k) fetch(now ^ 1, k0 + BK);
        multiply_slice(as[now], bs[now], sum, tx, ty);
        now ^= 1;
    }
    store_tile(c, sum, row0, col0, tx, ty, m, n);
}
#endif
