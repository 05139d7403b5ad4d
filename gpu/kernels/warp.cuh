// What the kernels share: sums, maxima and scans of a warp and of a block, division that rounds up.
#pragma once

constexpr unsigned ALL_LANES = 0xffffffffu;
constexpr int WARP = 32;

__device__ __forceinline__ int lane_id() { return threadIdx.x & (WARP - 1); }

template <class T>
__host__ __device__ constexpr T div_up(T a, T b) { return (a + b - 1) / b; }

// Butterfly: every lane gets the sum.
template <class T>
__device__ __forceinline__ T warp_sum(T v) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o >>= 1) v += __shfl_xor_sync(ALL_LANES, v, o);
    return v;
}

// Butterfly: every lane gets the maximum.
__device__ __forceinline__ float warp_max(float v) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o >>= 1) v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, o));
    return v;
}

// Kogge-Stone over the lanes, inclusive.
template <class T>
__device__ __forceinline__ T warp_inclusive_sum(T v) {
#pragma unroll
    for (int o = 1; o < WARP; o <<= 1) {
        T below = __shfl_up_sync(ALL_LANES, v, o);
        if (lane_id() >= o) v += below;
    }
    return v;
}

// Every thread of a one-dimensional block of THREADS gets the sum. `scratch` has one place per warp and may be used again at once.
template <int THREADS, class T>
__device__ __forceinline__ T block_sum(T v, T* scratch) {
    static_assert(THREADS % WARP == 0 && THREADS <= 1024, "whole warps");
    constexpr int WARPS = THREADS / WARP;
    v = warp_sum(v);
    if (lane_id() == 0) scratch[threadIdx.x / WARP] = v;
    __syncthreads();
    v = warp_sum(lane_id() < WARPS ? scratch[lane_id()] : T(0));
    __syncthreads();
    return v;
}

// As block_sum, with the maximum.
template <int THREADS>
__device__ __forceinline__ float block_max(float v, float* scratch) {
    static_assert(THREADS % WARP == 0 && THREADS <= 1024, "whole warps");
    constexpr int WARPS = THREADS / WARP;
    v = warp_max(v);
    if (lane_id() == 0) scratch[threadIdx.x / WARP] = v;
    __syncthreads();
    v = warp_max(lane_id() < WARPS ? scratch[lane_id()] : -INFINITY);
    __syncthreads();
    return v;
}

// Sum of the threads before this one in a one-dimensional block of THREADS; `total` is the sum of all. `scratch` as above.
template <int THREADS, class T>
__device__ __forceinline__ T block_exclusive_sum(T v, T* scratch, T& total) {
    constexpr int WARPS = THREADS / WARP;
    T inclusive = warp_inclusive_sum(v);
    T below = __shfl_up_sync(ALL_LANES, inclusive, 1);
    int warp = threadIdx.x / WARP;
    if (lane_id() == WARP - 1) scratch[warp] = inclusive;
    __syncthreads();
    T sums = warp_inclusive_sum(lane_id() < WARPS ? scratch[lane_id()] : T(0));
    T before = __shfl_sync(ALL_LANES, sums, warp == 0 ? 0 : warp - 1);
    total = __shfl_sync(ALL_LANES, sums, WARPS - 1);
    __syncthreads();
    if (warp == 0) before = T(0);
    return lane_id() == 0 ? before : before + below;
}
