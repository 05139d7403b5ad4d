// Sum of n floats (PMPP chapter 10), from the naive tree to one pass over memory.
//
// Traffic of all: 4 n bytes read, 4 bytes written a block. n - 1 FLOPs.
// The first three leave one partial sum a block; launch them again over the partial sums until one is left.
#include "warp.cuh"

constexpr int BLOCK = 256;

// Neighbours first: the active threads are ever further apart, so each warp stays half idle to the end (divergence) and the
// stride makes conflicts of banks.
// Launch: block 256; grid max(1, ceil(n / 256)). Shared: 1024 B. Writes partial[block]; 0 for n = 0.
extern "C" __global__ void __launch_bounds__(BLOCK)
reduce_interleaved(const float* __restrict__ in, float* __restrict__ partial, long long n) {
    __shared__ float s[BLOCK];
    int t = threadIdx.x;
    long long i = (long long)blockIdx.x * BLOCK + t;
    s[t] = i < n ? in[i] : 0.0f;
    for (int stride = 1; stride < BLOCK; stride *= 2) {
        __syncthreads();
        if (t % (2 * stride) == 0) s[t] += s[t + stride];
    }
    if (t == 0) partial[blockIdx.x] = s[0];
}

// The lower half adds the upper half: whole warps fall idle together, no conflicts of banks; the first addition is done on loading.
// Launch: block 256; grid max(1, ceil(n / 512)). Shared: 1024 B. Writes partial[block]; 0 for n = 0.
extern "C" __global__ void __launch_bounds__(BLOCK)
reduce_sequential(const float* __restrict__ in, float* __restrict__ partial, long long n) {
    __shared__ float s[BLOCK];
    int t = threadIdx.x;
    long long i = (long long)blockIdx.x * (2 * BLOCK) + t;
    float v = i < n ? in[i] : 0.0f;
    if (i + BLOCK < n) v += in[i + BLOCK];
    s[t] = v;
    for (int stride = BLOCK / 2; stride > 0; stride /= 2) {
        __syncthreads();
        if (t < stride) s[t] += s[t + stride];
    }
    if (t == 0) partial[blockIdx.x] = s[0];
}

// Lanes exchange registers; shared memory only carries one value a warp, and two barriers remain of eight.
// Launch: block 256; grid max(1, ceil(n / 512)). Shared: 32 B. Writes partial[block]; 0 for n = 0.
extern "C" __global__ void __launch_bounds__(BLOCK)
reduce_shuffle(const float* __restrict__ in, float* __restrict__ partial, long long n) {
    __shared__ float s[BLOCK / WARP];
    int t = threadIdx.x;
    long long i = (long long)blockIdx.x * (2 * BLOCK) + t;
    float v = i < n ? in[i] : 0.0f;
    if (i + BLOCK < n) v += in[i + BLOCK];
    for (int o = WARP / 2; o > 0; o /= 2) v += __shfl_down_sync(ALL_LANES, v, o);
    if (lane_id() == 0) s[t / WARP] = v;
    __syncthreads();
    if (t < WARP) {
        v = t < BLOCK / WARP ? s[t] : 0.0f;
        for (int o = BLOCK / WARP / 2; o > 0; o /= 2) v += __shfl_down_sync(ALL_LANES, v, o);
        if (t == 0) partial[blockIdx.x] = v;
    }
}

// One launch: 16-byte loads in a grid-stride loop; the block that finishes last (a counter says which) adds the partial sums in
// their order, so the result depends on the grid but not on the order of the blocks. The counter is zero again afterwards.
// Launch: block 256; any grid, usually a few blocks an SM. Shared: 33 B. in aligned to 16 bytes; partial has gridDim.x places;
// *counter zero before the first launch. Writes *out; 0 for n = 0.
extern "C" __global__ void __launch_bounds__(BLOCK)
reduce_single_pass(const float* __restrict__ in, float* partial, float* __restrict__ out, unsigned* counter, long long n) {
    __shared__ float s[BLOCK / WARP];
    __shared__ bool last;
    long long first = (long long)blockIdx.x * BLOCK + threadIdx.x;
    long long stride = (long long)gridDim.x * BLOCK;
    long long quads = n / 4;
    float v = 0.0f;
    for (long long i = first; i < quads; i += stride) {
        float4 x = reinterpret_cast<const float4*>(in)[i];
        v += (x.x + x.y) + (x.z + x.w);
    }
    if (first < n - 4 * quads) v += in[4 * quads + first];
    v = block_sum<BLOCK>(v, s);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = v;
        __threadfence();
        last = atomicInc(counter, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (!last) return;
    __threadfence();
    v = 0.0f;
    for (unsigned i = threadIdx.x; i < gridDim.x; i += BLOCK) v += __ldcg(partial + i);
    v = block_sum<BLOCK>(v, s);
    if (threadIdx.x == 0) *out = v;
}
