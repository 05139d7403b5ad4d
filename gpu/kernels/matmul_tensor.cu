// Matrix product C = A B on tensor cores: A (m x k) and B (k x n) in fp16, sums and C (m x n) in fp32, all row-major (PMPP chapters 5 and 6;
// PTX ISA, "warp-level matrix instructions").
//
// Both: a block of 128 threads (4 warps as 2 x 2) makes a 64 x 64 tile, a warp 32 x 32 of it; slices of 32 along k stand in shared memory.
// Launch: block 128; grid (ceil(n / 64), ceil(m / 64)). a and b aligned to 16 bytes. Zeros for k = 0.
// 2 m n k FLOPs. Traffic: 2 m k ceil(n / 64) + 2 k n ceil(m / 64) + 4 m n bytes.
#include <cuda_fp16.h>
#include <mma.h>
#include "tensor_core.cuh"

constexpr int TILE = 64, BK = 32, THREADS = 128;
// Eight halves more than needed: the eight rows of a matrix that ldmatrix reads then lie in different banks.
constexpr int LDA = BK + 8, LDB = TILE + 8;

// Eight halves of a row into shared memory, zeros where the matrix ends.
__device__ __forceinline__ void stage8(__half* to, const __half* __restrict__ p, int row, int col, int rows, int cols) {
    if (row < rows && cols % 8 == 0 && col < cols) {
        *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(p + (size_t)row * cols + col);
        return;
    }
#pragma unroll
    for (int i = 0; i < 8; i++) to[i] = row < rows && col + i < cols ? p[(size_t)row * cols + col + i] : __half(0.0f);
}

__device__ __forceinline__ void stage_slices(__half* as, __half* bs, const __half* __restrict__ a, const __half* __restrict__ b,
                                             int row0, int col0, int k0, int m, int n, int k) {
#pragma unroll
    for (int e = threadIdx.x; e < TILE * BK / 8; e += THREADS) {
        int r = e / (BK / 8), i = e % (BK / 8) * 8;
        stage8(as + r * LDA + i, a, row0 + r, k0 + i, m, k);
    }
#pragma unroll
    for (int e = threadIdx.x; e < BK * TILE / 8; e += THREADS) {
        int i = e / (TILE / 8), q = e % (TILE / 8) * 8;
        stage8(bs + i * LDB + q, b, k0 + i, col0 + q, k, n);
    }
}

// Through the wmma interface: 2 x 2 fragments of 16 x 16 a warp. How a fragment lies over the lanes is not known to the program, so
// C goes through shared memory to be cut at its bounds. Shared: 27136 B.
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_wmma(const __half* __restrict__ a, const __half* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    using namespace nvcuda;
    constexpr int LDC = TILE + 4;
    __shared__ __align__(32) __half as[TILE * LDA];
    __shared__ __align__(32) __half bs[BK * LDB];
    __shared__ __align__(32) float cs[TILE * LDC];
    int row0 = blockIdx.y * TILE, col0 = blockIdx.x * TILE;
    int warp = threadIdx.x / 32, wr = warp / 2 * 32, wc = warp % 2 * 32;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum[2][2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
        for (int j = 0; j < 2; j++) wmma::fill_fragment(sum[i][j], 0.0f);
    }
    for (int k0 = 0; k0 < k; k0 += BK) {
        stage_slices(as, bs, a, b, row0, col0, k0, m, n, k);
        __syncthreads();
#pragma unroll
        for (int i = 0; i < BK; i += 16) {
            wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> x[2];
            wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major> y[2];
#pragma unroll
            for (int j = 0; j < 2; j++) {
                wmma::load_matrix_sync(x[j], as + (wr + 16 * j) * LDA + i, LDA);
                wmma::load_matrix_sync(y[j], bs + i * LDB + wc + 16 * j, LDB);
            }
#pragma unroll
            for (int r = 0; r < 2; r++) {
#pragma unroll
                for (int q = 0; q < 2; q++) wmma::mma_sync(sum[r][q], x[r], y[q], sum[r][q]);
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
#pragma unroll
        for (int q = 0; q < 2; q++) {
            wmma::store_matrix_sync(cs + (wr + 16 * r) * LDC + wc + 16 * q, sum[r][q], LDC, wmma::mem_row_major);
        }
    }
    __syncthreads();
    for (int e = threadIdx.x; e < TILE * TILE; e += THREADS) {
        int row = row0 + e / TILE, col = col0 + e % TILE;
        if (row < m && col < n) c[(size_t)row * n + col] = cs[e / TILE * LDC + e % TILE];
    }
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800  // The manifest has the registers for sm_75 too, of all kernels that it can run.
// Through ldmatrix and mma.sync: 2 x 4 tiles of 16 x 8 a warp. The layout is the ISA's, so C goes straight from registers to memory.
// Shared: 9728 B.
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_mma(const __half* __restrict__ a, const __half* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(16) __half as[TILE * LDA];
    __shared__ __align__(16) __half bs[BK * LDB];
    int row0 = blockIdx.y * TILE, col0 = blockIdx.x * TILE;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, wr = warp / 2 * 32, wc = warp % 2 * 32;
    float sum[2][4][4] = {};
    for (int k0 = 0; k0 < k; k0 += BK) {
        stage_slices(as, bs, a, b, row0, col0, k0, m, n, k);
        __syncthreads();
#pragma unroll
        for (int i = 0; i < BK; i += 16) {
            unsigned x[2][4], y[2][4];
#pragma unroll
            for (int j = 0; j < 2; j++) {
                ldmatrix_x4(x[j], as + (wr + 16 * j + lane % 16) * LDA + i + lane / 16 * 8);
                ldmatrix_x4_trans(y[j], bs + (i + lane % 16) * LDB + wc + 16 * j + lane / 16 * 8);
            }
#pragma unroll
            for (int r = 0; r < 2; r++) {
#pragma unroll
                for (int q = 0; q < 4; q++) mma_m16n8k16(sum[r][q], x[r], y[q / 2][q % 2 * 2], y[q / 2][q % 2 * 2 + 1]);
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
#pragma unroll
        for (int q = 0; q < 4; q++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int row = row0 + wr + 16 * r + lane / 4 + e / 2 * 8;
                int col = col0 + wc + 8 * q + lane % 4 * 2 + e % 2;
                if (row < m && col < n) c[(size_t)row * n + col] = sum[r][q][e];
            }
        }
    }
}
#endif
