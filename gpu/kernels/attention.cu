// Attention in three kernels with the scores in memory (Vaswani et al., 2017; PMPP chapters 10 and 16): out = softmax(scale Q K^T) V.
//
// q, out: heads x queries x d; k, v: heads x keys x d; scores: heads x queries x keys, always fp32; all row-major, d innermost. "heads" counts
// all heads of all sequences. Sums are in fp32. Where causal is not 0, query i sees keys j <= i + keys - queries (the last query sees all); a query
// that sees no key gets zeros.
// FLOPs: 4 heads queries keys d in the two products (half of it, masked, counts for nothing when causal), about 5 heads queries keys in the softmax.
#include <cuda_fp16.h>
#include "warp.cuh"

constexpr int TILE = 16;

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(__half x) { return __half2float(x); }
__device__ __forceinline__ void from_float(float& to, float x) { to = x; }
__device__ __forceinline__ void from_float(__half& to, float x) { to = __float2half_rn(x); }

template <class T>
__device__ __forceinline__ void write_scores(const T* __restrict__ q, const T* __restrict__ k, float* __restrict__ scores, int heads, int queries,
                                             int keys, int d, float scale, int causal) {
    __shared__ float qs[TILE][TILE + 1];
    __shared__ float ks[TILE][TILE + 1];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y, col = blockIdx.x * TILE + x, key_row = blockIdx.x * TILE + y;
    for (int head = blockIdx.z; head < heads; head += gridDim.z) {
        const T* qh = q + (size_t)head * queries * d;
        const T* kh = k + (size_t)head * keys * d;
        float sum = 0.0f;
        for (int i = 0; i < d; i += TILE) {
            qs[y][x] = row < queries && i + x < d ? to_float(qh[(size_t)row * d + i + x]) : 0.0f;
            ks[y][x] = key_row < keys && i + x < d ? to_float(kh[(size_t)key_row * d + i + x]) : 0.0f;
            __syncthreads();
#pragma unroll
            for (int j = 0; j < TILE; j++) sum = fmaf(qs[y][j], ks[x][j], sum);
            __syncthreads();
        }
        if (row < queries && col < keys) {
            bool hidden = causal && col > (long long)row + keys - queries;
            scores[((size_t)head * queries + row) * keys + col] = hidden ? -INFINITY : scale * sum;
        }
    }
}

// scores = scale Q K^T, -infinity where hidden.
// Launch: block (16, 16); grid (ceil(keys / 16), ceil(queries / 16), heads), at least 1 each, z may be less. Shared: 2176 B.
// Traffic: heads (s queries d ceil(keys / 16) + s keys d ceil(queries / 16) + 4 queries keys), s = 4 for fp32, 2 for fp16.
extern "C" __global__ void __launch_bounds__(TILE * TILE)
attention_scores_f32(const float* __restrict__ q, const float* __restrict__ k, float* __restrict__ scores, int heads, int queries, int keys,
                     int d, float scale, int causal) {
    write_scores(q, k, scores, heads, queries, keys, d, scale, causal);
}

// As attention_scores_f32, Q and K in fp16.
extern "C" __global__ void __launch_bounds__(TILE * TILE)
attention_scores_f16(const __half* __restrict__ q, const __half* __restrict__ k, float* __restrict__ scores, int heads, int queries, int keys,
                     int d, float scale, int causal) {
    write_scores(q, k, scores, heads, queries, keys, d, scale, causal);
}

constexpr int ROW_THREADS = 256;

// Softmax of each row of scores, in place; a row of -infinity only becomes zeros.
// Launch: block 256; any grid, usually rows = heads * queries, at least 1. Shared: 32 B. Traffic: 16 rows keys.
extern "C" __global__ void __launch_bounds__(ROW_THREADS) attention_softmax(float* scores, long long rows, int keys) {
    __shared__ float scratch[ROW_THREADS / WARP];
    for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
        float* x = scores + r * keys;
        float most = -INFINITY;
        for (int i = threadIdx.x; i < keys; i += ROW_THREADS) most = fmaxf(most, x[i]);
        most = block_max<ROW_THREADS>(most, scratch);
        if (most == -INFINITY) most = 0.0f;
        float sum = 0.0f;
        for (int i = threadIdx.x; i < keys; i += ROW_THREADS) sum += expf(x[i] - most);
        sum = block_sum<ROW_THREADS>(sum, scratch);
        float scale = sum == 0.0f ? 0.0f : 1.0f / sum;
        for (int i = threadIdx.x; i < keys; i += ROW_THREADS) x[i] = expf(x[i] - most) * scale;
    }
}

template <class T>
__device__ __forceinline__ void weigh_values(const float* __restrict__ weights, const T* __restrict__ v, T* __restrict__ out, int heads, int queries,
                                             int keys, int d) {
    __shared__ float ws[TILE][TILE];
    __shared__ float vs[TILE][TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y, col = blockIdx.x * TILE + x;
    for (int head = blockIdx.z; head < heads; head += gridDim.z) {
        const float* wh = weights + (size_t)head * queries * keys;
        const T* vh = v + (size_t)head * keys * d;
        float sum = 0.0f;
        for (int i = 0; i < keys; i += TILE) {
            ws[y][x] = row < queries && i + x < keys ? wh[(size_t)row * keys + i + x] : 0.0f;
            vs[y][x] = i + y < keys && col < d ? to_float(vh[(size_t)(i + y) * d + col]) : 0.0f;
            __syncthreads();
#pragma unroll
            for (int j = 0; j < TILE; j++) sum = fmaf(ws[y][j], vs[j][x], sum);
            __syncthreads();
        }
        if (row < queries && col < d) from_float(out[((size_t)head * queries + row) * d + col], sum);
    }
}

// out = weights V.
// Launch: block (16, 16); grid (ceil(d / 16), ceil(queries / 16), heads), at least 1 each, z may be less. Shared: 2048 B.
// Traffic: heads (4 queries keys ceil(d / 16) + s keys d ceil(queries / 16) + s queries d), s = 4 for fp32, 2 for fp16.
extern "C" __global__ void __launch_bounds__(TILE * TILE)
attention_values_f32(const float* __restrict__ weights, const float* __restrict__ v, float* __restrict__ out, int heads, int queries, int keys,
                     int d) {
    weigh_values(weights, v, out, heads, queries, keys, d);
}

// As attention_values_f32, V and out in fp16, weights in fp32.
extern "C" __global__ void __launch_bounds__(TILE * TILE)
attention_values_f16(const float* __restrict__ weights, const __half* __restrict__ v, __half* __restrict__ out, int heads, int queries, int keys,
                     int d) {
    weigh_values(weights, v, out, heads, queries, keys, d);
}
