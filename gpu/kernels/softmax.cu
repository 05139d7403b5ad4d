// Softmax of each row of a rows x cols matrix, row-major (PMPP chapters 10 and 16; Milakov and Gimelshein, "Online normalizer calculation
// for softmax", 2018). The row's maximum is taken off first, so nothing overflows.
//
// A row with a NaN or +inf, or of -inf only, gives NaN in all its places. in may be out.
#include "warp.cuh"

constexpr int THREADS = 256;

// Three walks along the row: maximum, sum, quotient.
// Launch: block 256; any grid, usually rows, at least 1. Shared: 32 B. Traffic: 16 rows cols. FLOPs: about 5 rows cols, two exp each.
extern "C" __global__ void __launch_bounds__(THREADS) softmax_three_pass(const float* in, float* out, int rows, int cols) {
    __shared__ float scratch[THREADS / WARP];
    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        const float* x = in + (size_t)r * cols;
        float* y = out + (size_t)r * cols;
        float most = -INFINITY;
        for (int i = threadIdx.x; i < cols; i += THREADS) most = fmaxf(most, x[i]);
        most = block_max<THREADS>(most, scratch);
        float sum = 0.0f;
        for (int i = threadIdx.x; i < cols; i += THREADS) sum += expf(x[i] - most);
        sum = block_sum<THREADS>(sum, scratch);
        float scale = 1.0f / sum;
        for (int i = threadIdx.x; i < cols; i += THREADS) y[i] = expf(x[i] - most) * scale;
    }
}

// Maximum so far, and the sum of exp(x - most) so far.
struct Normaliser {
    float most, sum;
};

__device__ __forceinline__ void take(Normaliser& a, float x) {
    if (x > a.most) {
        a.sum = fmaf(a.sum, expf(a.most - x), 1.0f);
        a.most = x;
    } else if (x != -INFINITY) {
        a.sum += expf(x - a.most);
    }
}

__device__ __forceinline__ Normaliser join(Normaliser a, Normaliser b) {
    float most = fmaxf(a.most, b.most);
    if (most == -INFINITY) return {most, a.sum + b.sum};
    return {most, a.sum * expf(a.most - most) + b.sum * expf(b.most - most)};
}

__device__ __forceinline__ Normaliser warp_join(Normaliser a) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o /= 2) {
        a = join(a, {__shfl_xor_sync(ALL_LANES, a.most, o), __shfl_xor_sync(ALL_LANES, a.sum, o)});
    }
    return a;
}

// Maximum and sum in one walk: where the maximum grows, the sum so far is scaled down.
// Launch: block 256; any grid, usually rows, at least 1. Shared: 64 B. Traffic: 12 rows cols.
extern "C" __global__ void __launch_bounds__(THREADS) softmax_online(const float* in, float* out, int rows, int cols) {
    __shared__ float mosts[THREADS / WARP];
    __shared__ float sums[THREADS / WARP];
    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        const float* x = in + (size_t)r * cols;
        float* y = out + (size_t)r * cols;
        Normaliser a = {-INFINITY, 0.0f};
        for (int i = threadIdx.x; i < cols; i += THREADS) take(a, x[i]);
        a = warp_join(a);
        if (lane_id() == 0) {
            mosts[threadIdx.x / WARP] = a.most;
            sums[threadIdx.x / WARP] = a.sum;
        }
        __syncthreads();
        a = {-INFINITY, 0.0f};
        if (lane_id() < THREADS / WARP) a = {mosts[lane_id()], sums[lane_id()]};
        a = warp_join(a);
        __syncthreads();
        float scale = 1.0f / a.sum;
        for (int i = threadIdx.x; i < cols; i += THREADS) y[i] = expf(x[i] - a.most) * scale;
    }
}

constexpr int PER_LANE = 32;

// A row of at most 1024 in the registers of one warp: read once, no shared memory, no barrier.
// Launch: block a multiple of 32 up to 256; any grid, usually ceil(32 rows / block), at least 1. Shared: none. cols <= 1024: with more,
// nothing is written. Traffic: 8 rows cols.
extern "C" __global__ void __launch_bounds__(THREADS) softmax_warp(const float* in, float* out, int rows, int cols) {
    if (cols > PER_LANE * WARP) return;
    long long warps = (long long)gridDim.x * blockDim.x / WARP;
    for (long long r = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / WARP; r < rows; r += warps) {
        const float* x = in + r * cols;
        float* y = out + r * cols;
        float v[PER_LANE];
        float most = -INFINITY;
#pragma unroll
        for (int j = 0; j < PER_LANE; j++) {
            int i = j * WARP + lane_id();
            v[j] = i < cols ? x[i] : -INFINITY;
            most = fmaxf(most, v[j]);
        }
        most = warp_max(most);
        float sum = 0.0f;
#pragma unroll
        for (int j = 0; j < PER_LANE; j++) {
            if (j * WARP + lane_id() < cols) {
                v[j] = expf(v[j] - most);
                sum += v[j];
            }
        }
        sum = warp_sum(sum);
        float scale = 1.0f / sum;
#pragma unroll
        for (int j = 0; j < PER_LANE; j++) {
            int i = j * WARP + lane_id();
            if (i < cols) y[i] = v[j] * scale;
        }
    }
}
