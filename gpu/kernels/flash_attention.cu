// Attention without the scores in memory (Dao et al., "FlashAttention", 2022, and "FlashAttention-2", 2023; Milakov and Gimelshein, 2018, for
// the online softmax). Layouts, masks and FLOPs as in attention.cu.
//
// A block takes a tile of queries and walks along the keys tile by tile. For each query it keeps the greatest score so far, the sum of the
// exponentials, and the weighted sum of values; where the greatest grows, sum and values are scaled down. Powers of two instead of e: the scale
// takes the factor log2(e).
// Traffic: s heads (2 queries d + 2 keys d ceil(queries / T)), T = 32 queries a tile (64 on tensor cores), s = 4 for fp32, 2 for fp16; when causal,
// tiles of keys that no query of the tile sees are not read. The naive way moves 24 heads queries keys bytes besides.
#include <cuda_fp16.h>
#include "tensor_core.cuh"
#include "warp.cuh"

constexpr float LOG2_E = 1.44269504f;

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(__half x) { return __half2float(x); }
__device__ __forceinline__ void from_float(float& to, float x) { to = x; }
__device__ __forceinline__ void from_float(__half& to, float x) { to = __float2half_rn(x); }

// The greatest and the sum over the four lanes that share a row.
__device__ __forceinline__ float quad_max(float v) {
    v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, 1));
    return fmaxf(v, __shfl_xor_sync(ALL_LANES, v, 2));
}
__device__ __forceinline__ float quad_sum(float v) {
    v += __shfl_xor_sync(ALL_LANES, v, 1);
    return v + __shfl_xor_sync(ALL_LANES, v, 2);
}

// How many keys the tile's last query sees.
__device__ __forceinline__ int keys_seen(int last_query, int queries, int keys, int causal) {
    if (!causal) return keys;
    long long seen = (long long)last_query + keys - queries + 1;
    return seen < 0 ? 0 : seen < keys ? (int)seen : keys;
}

constexpr int THREADS = 128, ROWS = 32, COLS = 32;

// Rows of `from` into shared memory as floats, zeros where it ends.
template <int D, class T>
__device__ __forceinline__ void stage(float (*to)[D + 1], const T* __restrict__ from, int first, int rows, int d, float scale) {
    for (int e = threadIdx.x; e < 32 * D; e += THREADS) {
        int r = e / D, i = e % D;
        to[r][i] = first + r < rows && i < d ? to_float(from[(size_t)(first + r) * d + i]) * scale : 0.0f;
    }
}

// Four threads a query; each has every fourth score of the tile of keys and every fourth element of the output.
template <class T, int D>
__device__ __forceinline__ void flash(const T* __restrict__ q, const T* __restrict__ k, const T* __restrict__ v, T* __restrict__ out, int heads,
                                      int queries, int keys, int d, float scale, int causal) {
    // Odd row lengths: the rows that a warp reads at once lie in different banks.
    __shared__ float qs[ROWS][D + 1];
    __shared__ float kvs[COLS][D + 1];
    __shared__ float ps[ROWS][COLS + 1];
    int t = threadIdx.x, r = t / 4, g = t % 4;
    int q0 = blockIdx.x * ROWS;
    int last = q0 + ROWS < queries ? q0 + ROWS - 1 : queries - 1;
    int seen = keys_seen(last, queries, keys, causal);
    for (int head = blockIdx.y; head < heads; head += gridDim.y) {
        const T* kh = k + (size_t)head * keys * d;
        const T* vh = v + (size_t)head * keys * d;
        stage<D>(qs, q + (size_t)head * queries * d, q0, queries, d, scale * LOG2_E);
        float most = -INFINITY, sum = 0.0f;
        float acc[D / 4] = {};
        for (int k0 = 0; k0 < seen; k0 += COLS) {
            stage<D>(kvs, kh, k0, keys, d, 1.0f);
            __syncthreads();
            float s[COLS / 4] = {};
            for (int i = 0; i < d; i++) {
                float x = qs[r][i];
#pragma unroll
                for (int j = 0; j < COLS / 4; j++) s[j] = fmaf(x, kvs[g + 4 * j][i], s[j]);
            }
            float tile_most = -INFINITY;
#pragma unroll
            for (int j = 0; j < COLS / 4; j++) {
                int key = k0 + g + 4 * j;
                if (key >= keys || (causal && key > (long long)q0 + r + keys - queries)) s[j] = -INFINITY;
                tile_most = fmaxf(tile_most, s[j]);
            }
            float now = fmaxf(most, quad_max(tile_most));
            // A query that has seen no key yet: zero instead of the NaN of -inf - -inf.
            float base = now == -INFINITY ? 0.0f : now;
            float shrink = exp2f(most - base);
            float tile_sum = 0.0f;
#pragma unroll
            for (int j = 0; j < COLS / 4; j++) {
                float p = exp2f(s[j] - base);
                ps[r][g + 4 * j] = p;
                tile_sum += p;
            }
            sum = fmaf(sum, shrink, quad_sum(tile_sum));
            most = now;
            __syncthreads();
            stage<D>(kvs, vh, k0, keys, d, 1.0f);
            __syncthreads();
#pragma unroll
            for (int i = 0; i < D / 4; i++) acc[i] *= shrink;
            for (int c = 0; c < COLS; c++) {
                float p = ps[r][c];
#pragma unroll
                for (int i = 0; i < D / 4; i++) acc[i] = fmaf(p, kvs[c][g + 4 * i], acc[i]);
            }
            __syncthreads();
        }
        float scale_out = sum == 0.0f ? 0.0f : 1.0f / sum;
        T* oh = out + (size_t)head * queries * d;
#pragma unroll
        for (int i = 0; i < D / 4; i++) {
            int col = g + 4 * i;
            if (q0 + r < queries && col < d) from_float(oh[(size_t)(q0 + r) * d + col], acc[i] * scale_out);
        }
        __syncthreads();
    }
}

// fp32, d <= 64. With a greater d nothing is written; the same holds for those below.
// Launch: block 128; grid (ceil(queries / 32), heads), at least 1 each, y may be less. Shared: 20864 B.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
flash_attention_f32_d64(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v, float* __restrict__ out, int heads,
                        int queries, int keys, int d, float scale, int causal) {
    if (d <= 64) flash<float, 64>(q, k, v, out, heads, queries, keys, d, scale, causal);
}

// fp32, d <= 128. Launch as above. Shared: 37248 B.
extern "C" __global__ void __launch_bounds__(THREADS)
flash_attention_f32_d128(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v, float* __restrict__ out, int heads,
                         int queries, int keys, int d, float scale, int causal) {
    if (d <= 128) flash<float, 128>(q, k, v, out, heads, queries, keys, d, scale, causal);
}

// fp16 in memory, fp32 in arithmetic, d <= 64. Launch as above. Shared: 20864 B.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
flash_attention_f16_d64(const __half* __restrict__ q, const __half* __restrict__ k, const __half* __restrict__ v, __half* __restrict__ out,
                        int heads, int queries, int keys, int d, float scale, int causal) {
    if (d <= 64) flash<__half, 64>(q, k, v, out, heads, queries, keys, d, scale, causal);
}

// fp16 in memory, fp32 in arithmetic, d <= 128. Launch as above. Shared: 37248 B.
extern "C" __global__ void __launch_bounds__(THREADS)
flash_attention_f16_d128(const __half* __restrict__ q, const __half* __restrict__ k, const __half* __restrict__ v, __half* __restrict__ out,
                         int heads, int queries, int keys, int d, float scale, int causal) {
    if (d <= 128) flash<__half, 128>(q, k, v, out, heads, queries, keys, d, scale, causal);
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800  // The manifest has the registers for sm_75 too, of all kernels that it can run.
// --- On tensor cores: 64 queries a block, 16 a warp; 64 keys a tile. ---

constexpr int MMA_ROWS = 64, MMA_COLS = 64;

// 64 rows of `from` into shared memory, zeros where it ends.
template <int D>
__device__ __forceinline__ void stage_half(__half (*to)[D + 8], const __half* __restrict__ from, int first, int rows, int d) {
    for (int e = threadIdx.x; e < 64 * D / 8; e += THREADS) {
        int r = e / (D / 8), i = e % (D / 8) * 8;
        const __half* at = from + (size_t)(first + r) * d + i;
        if (first + r < rows && d % 8 == 0 && i < d) {
            *reinterpret_cast<uint4*>(&to[r][i]) = *reinterpret_cast<const uint4*>(at);
        } else {
#pragma unroll
            for (int j = 0; j < 8; j++) to[r][i + j] = first + r < rows && i + j < d ? at[j] : __half(0.0f);
        }
    }
}

__device__ __forceinline__ unsigned pack(float low, float high) {
    __half2 h = __floats2half2_rn(low, high);
    return *reinterpret_cast<unsigned*>(&h);
}

// The sums of Q K^T lie over the lanes as the left operand of the product with V must: the weights never leave their registers.
template <int D>
__device__ __forceinline__ void flash_mma(const __half* __restrict__ q, const __half* __restrict__ k, const __half* __restrict__ v,
                                          __half* __restrict__ out, int heads, int queries, int keys, int d, float scale, int causal) {
    __shared__ __align__(16) __half qks[64][D + 8];  // Queries first; once these are in registers, keys.
    __shared__ __align__(16) __half vs[64][D + 8];
    int lane = lane_id(), warp = threadIdx.x / WARP;
    int q0 = blockIdx.x * MMA_ROWS;
    int last = q0 + MMA_ROWS < queries ? q0 + MMA_ROWS - 1 : queries - 1;
    int seen = keys_seen(last, queries, keys, causal);
    int row = q0 + 16 * warp + lane / 4;  // And row + 8.
    for (int head = blockIdx.y; head < heads; head += gridDim.y) {
        stage_half<D>(qks, q + (size_t)head * queries * d, q0, queries, d);
        __syncthreads();
        unsigned x[D / 16][4];
#pragma unroll
        for (int i = 0; i < D / 16; i++) ldmatrix_x4(x[i], &qks[16 * warp + lane % 16][16 * i + lane / 16 * 8]);
        __syncthreads();
        float most[2] = {-INFINITY, -INFINITY}, sum[2] = {};
        float acc[D / 8][4] = {};
        for (int k0 = 0; k0 < seen; k0 += MMA_COLS) {
            stage_half<D>(qks, k + (size_t)head * keys * d, k0, keys, d);
            stage_half<D>(vs, v + (size_t)head * keys * d, k0, keys, d);
            __syncthreads();
            float s[MMA_COLS / 8][4] = {};
#pragma unroll
            for (int c = 0; c < MMA_COLS / 16; c++) {
#pragma unroll
                for (int i = 0; i < D / 16; i++) {
                    unsigned y[4];
                    ldmatrix_x4(y, &qks[16 * c + lane / 16 * 8 + lane % 8][16 * i + lane / 8 % 2 * 8]);
                    mma_m16n8k16(s[2 * c], x[i], y[0], y[1]);
                    mma_m16n8k16(s[2 * c + 1], x[i], y[2], y[3]);
                }
            }
            float tile_most[2] = {-INFINITY, -INFINITY};
#pragma unroll
            for (int c = 0; c < MMA_COLS / 8; c++) {
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    int key = k0 + 8 * c + lane % 4 * 2 + e % 2;
                    bool hidden = key >= keys || (causal && key > (long long)row + e / 2 * 8 + keys - queries);
                    s[c][e] = hidden ? -INFINITY : s[c][e] * (scale * LOG2_E);
                    tile_most[e / 2] = fmaxf(tile_most[e / 2], s[c][e]);
                }
            }
            float base[2], shrink[2], tile_sum[2] = {};
#pragma unroll
            for (int h = 0; h < 2; h++) {
                float now = fmaxf(most[h], quad_max(tile_most[h]));
                base[h] = now == -INFINITY ? 0.0f : now;
                shrink[h] = exp2f(most[h] - base[h]);
                most[h] = now;
            }
#pragma unroll
            for (int c = 0; c < MMA_COLS / 8; c++) {
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    s[c][e] = exp2f(s[c][e] - base[e / 2]);
                    tile_sum[e / 2] += s[c][e];
                }
            }
#pragma unroll
            for (int h = 0; h < 2; h++) sum[h] = fmaf(sum[h], shrink[h], quad_sum(tile_sum[h]));
#pragma unroll
            for (int i = 0; i < D / 8; i++) {
#pragma unroll
                for (int e = 0; e < 4; e++) acc[i][e] *= shrink[e / 2];
            }
#pragma unroll
            for (int c = 0; c < MMA_COLS / 16; c++) {
                unsigned p[4] = {pack(s[2 * c][0], s[2 * c][1]), pack(s[2 * c][2], s[2 * c][3]), pack(s[2 * c + 1][0], s[2 * c + 1][1]),
                                 pack(s[2 * c + 1][2], s[2 * c + 1][3])};
#pragma unroll
                for (int i = 0; i < D / 16; i++) {
                    unsigned y[4];
                    ldmatrix_x4_trans(y, &vs[16 * c + lane % 16][16 * i + lane / 16 * 8]);
                    mma_m16n8k16(acc[2 * i], p, y[0], y[1]);
                    mma_m16n8k16(acc[2 * i + 1], p, y[2], y[3]);
                }
            }
            __syncthreads();
        }
        float scale_out[2] = {sum[0] == 0.0f ? 0.0f : 1.0f / sum[0], sum[1] == 0.0f ? 0.0f : 1.0f / sum[1]};
        __half* oh = out + (size_t)head * queries * d;
#pragma unroll
        for (int i = 0; i < D / 8; i++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int r = row + e / 2 * 8, col = 8 * i + lane % 4 * 2 + e % 2;
                if (r < queries && col < d) oh[(size_t)r * d + col] = __float2half_rn(acc[i][e] * scale_out[e / 2]);
            }
        }
    }
}

// fp16 on tensor cores, d <= 64; the weights are rounded to fp16 before they meet V. q, k, v aligned to 16 bytes.
// Launch: block 128; grid (ceil(queries / 64), heads), at least 1 each, y may be less. Shared: 18432 B.
extern "C" __global__ void __launch_bounds__(THREADS)
flash_attention_mma_d64(const __half* __restrict__ q, const __half* __restrict__ k, const __half* __restrict__ v, __half* __restrict__ out,
                        int heads, int queries, int keys, int d, float scale, int causal) {
    if (d <= 64) flash_mma<64>(q, k, v, out, heads, queries, keys, d, scale, causal);
}

// As flash_attention_mma_d64 with d <= 128. Shared: 34816 B.
extern "C" __global__ void __launch_bounds__(THREADS)
flash_attention_mma_d128(const __half* __restrict__ q, const __half* __restrict__ k, const __half* __restrict__ v, __half* __restrict__ out,
                         int heads, int queries, int keys, int d, float scale, int causal) {
    if (d <= 128) flash_mma<128>(q, k, v, out, heads, queries, keys, d, scale, causal);
}
#endif
