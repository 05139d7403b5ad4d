// Inclusive prefix sum: out[i] = in[0] + ... + in[i] (PMPP chapter 11; Merrill and Garland, "Single-pass parallel prefix scan with
// decoupled look-back", 2016). For 32-bit unsigned integers (sums wrap, so results are exact) and for floats.
//
// n - 1 additions are needed; each kernel says how many it does and what it asks of memory. in and out may not overlap.
// Indices are 64 bits wide throughout.
#include <cooperative_groups.h>
#include "warp.cuh"

// --- One section a block. The sections' sums go to block_sums (not where it is null): scan these, then scan_add_offsets. ---

constexpr int SECTION_THREADS = 512;

template <class T>
__device__ __forceinline__ void kogge_stone(const T* __restrict__ in, T* __restrict__ out, T* __restrict__ block_sums, long long n) {
    __shared__ T s[SECTION_THREADS];
    int t = threadIdx.x;
    long long i = (long long)blockIdx.x * SECTION_THREADS + t;
    s[t] = i < n ? in[i] : T(0);
    for (int stride = 1; stride < SECTION_THREADS; stride *= 2) {
        __syncthreads();
        T v = s[t];
        if (t >= stride) v += s[t - stride];
        __syncthreads();
        s[t] = v;
    }
    if (i < n) out[i] = s[t];
    if (block_sums != nullptr && t == SECTION_THREADS - 1) block_sums[blockIdx.x] = s[t];
}

// Kogge-Stone: few steps (9), much work (n log2 512 additions), two barriers a step.
// Launch: block 512; grid max(1, ceil(n / 512)). Shared: 2048 B. Traffic 8 n + 4 ceil(n / 512).
extern "C" __global__ void __launch_bounds__(SECTION_THREADS)
scan_kogge_stone_u32(const unsigned* __restrict__ in, unsigned* __restrict__ out, unsigned* __restrict__ block_sums, long long n) {
    kogge_stone(in, out, block_sums, n);
}

// As scan_kogge_stone_u32, for floats.
extern "C" __global__ void __launch_bounds__(SECTION_THREADS)
scan_kogge_stone_f32(const float* __restrict__ in, float* __restrict__ out, float* __restrict__ block_sums, long long n) {
    kogge_stone(in, out, block_sums, n);
}

template <class T>
__device__ __forceinline__ void brent_kung(const T* __restrict__ in, T* __restrict__ out, T* __restrict__ block_sums, long long n) {
    constexpr int SECTION = 2 * SECTION_THREADS;
    __shared__ T s[SECTION];
    int t = threadIdx.x;
    long long first = (long long)blockIdx.x * SECTION;
    for (int i = t; i < SECTION; i += SECTION_THREADS) s[i] = first + i < n ? in[first + i] : T(0);
    for (int stride = 1; stride < SECTION; stride *= 2) {
        __syncthreads();
        int i = (t + 1) * 2 * stride - 1;
        if (i < SECTION) s[i] += s[i - stride];
    }
    for (int stride = SECTION / 4; stride > 0; stride /= 2) {
        __syncthreads();
        int i = (t + 1) * 2 * stride - 1;
        if (i + stride < SECTION) s[i + stride] += s[i];
    }
    __syncthreads();
    for (int i = t; i < SECTION; i += SECTION_THREADS) {
        if (first + i < n) out[first + i] = s[i];
    }
    if (block_sums != nullptr && t == 0) block_sums[blockIdx.x] = s[SECTION - 1];
}

// Brent-Kung: a tree up and a tree down, twice the steps (19), little work (2 n additions). The strides make conflicts of banks.
// Launch: block 512; grid max(1, ceil(n / 1024)). Shared: 4096 B. Traffic 8 n + 4 ceil(n / 1024).
extern "C" __global__ void __launch_bounds__(SECTION_THREADS)
scan_brent_kung_u32(const unsigned* __restrict__ in, unsigned* __restrict__ out, unsigned* __restrict__ block_sums, long long n) {
    brent_kung(in, out, block_sums, n);
}

// As scan_brent_kung_u32, for floats.
extern "C" __global__ void __launch_bounds__(SECTION_THREADS)
scan_brent_kung_f32(const float* __restrict__ in, float* __restrict__ out, float* __restrict__ block_sums, long long n) {
    brent_kung(in, out, block_sums, n);
}

template <class T>
__device__ __forceinline__ void add_offsets(T* __restrict__ out, const T* __restrict__ scanned_sums, long long n, int section) {
    if (blockIdx.x == 0) return;
    long long first = (long long)blockIdx.x * section;
    T before = scanned_sums[blockIdx.x - 1];
    for (int i = threadIdx.x; i < section && first + i < n; i += blockDim.x) out[first + i] += before;
}

// Third of three: adds to each section the sum of all before it (the inclusive scan of block_sums). With the two above 16 n bytes in all.
// Launch: block of any size; grid as that of the first. section: 512 after Kogge-Stone, 1024 after Brent-Kung. Traffic 8 n.
extern "C" __global__ void __launch_bounds__(1024)
scan_add_offsets_u32(unsigned* __restrict__ out, const unsigned* __restrict__ scanned_sums, long long n, int section) {
    add_offsets(out, scanned_sums, n, section);
}

// As scan_add_offsets_u32, for floats.
extern "C" __global__ void __launch_bounds__(1024)
scan_add_offsets_f32(float* __restrict__ out, const float* __restrict__ scanned_sums, long long n, int section) {
    add_offsets(out, scanned_sums, n, section);
}

// --- A tile in registers: a thread has ITEMS consecutive elements. ITEMS is odd, so that the threads' strides in shared memory meet
// no conflict of banks. ---

constexpr int TILE_THREADS = 256, ITEMS = 7, TILE = TILE_THREADS * ITEMS;

// Loads a tile by whole sectors, hands each thread its elements, and scans the sums of the threads. `before` gets the sum of what lies
// before the thread within the tile, `total` that of the tile.
template <class T>
__device__ __forceinline__ void load_and_scan(const T* __restrict__ in, long long first, long long end, T* s, T* scratch, T (&v)[ITEMS], T& before, T& total) {
    int t = threadIdx.x;
#pragma unroll
    for (int j = 0; j < ITEMS; j++) {
        long long i = first + j * TILE_THREADS + t;
        s[j * TILE_THREADS + t] = i < end ? in[i] : T(0);
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < ITEMS; j++) {
        v[j] = s[t * ITEMS + j];
        if (j > 0) v[j] += v[j - 1];
    }
    before = block_exclusive_sum<TILE_THREADS>(v[ITEMS - 1], scratch, total);
}

template <class T>
__device__ __forceinline__ void store_tile(T* __restrict__ out, long long first, long long end, T* s, const T (&v)[ITEMS], T offset) {
    int t = threadIdx.x;
#pragma unroll
    for (int j = 0; j < ITEMS; j++) s[t * ITEMS + j] = offset + v[j];
    __syncthreads();
#pragma unroll
    for (int j = 0; j < ITEMS; j++) {
        long long i = first + j * TILE_THREADS + t;
        if (i < end) out[i] = s[j * TILE_THREADS + t];
    }
    __syncthreads();
}

template <class T>
__device__ __forceinline__ void cooperative(const T* __restrict__ in, T* __restrict__ out, T* block_sums, long long n) {
    __shared__ T s[TILE];
    __shared__ T scratch[TILE_THREADS / WARP];
    long long tiles = div_up<long long>(n, TILE);
    long long chunk = div_up<long long>(tiles, gridDim.x) * TILE;
    long long begin = chunk * blockIdx.x;
    long long end = begin + chunk < n ? begin + chunk : n;

    T sum = T(0);
    for (long long i = begin + threadIdx.x; i < end; i += TILE_THREADS) sum += in[i];
    sum = block_sum<TILE_THREADS>(sum, scratch);
    if (threadIdx.x == 0) block_sums[blockIdx.x] = sum;

    cooperative_groups::this_grid().sync();

    T carry = T(0);
    for (unsigned b = threadIdx.x; b < blockIdx.x; b += TILE_THREADS) carry += __ldcg(block_sums + b);
    carry = block_sum<TILE_THREADS>(carry, scratch);
    for (long long first = begin; first < end; first += TILE) {
        T v[ITEMS], before, total;
        load_and_scan(in, first, end, s, scratch, v, before, total);
        store_tile(out, first, end, s, v, carry + before);
        carry += total;
    }
}

// One cooperative launch: each block sums its chunk, the grid waits for all of it, each block then scans its chunk from the sum of the chunks
// before. The chunks are read twice.
// Launch: cooperative (all blocks resident at once); block 256; any grid that fits, usually a few blocks an SM. Shared: 7200 B.
// block_sums has gridDim.x places. Traffic 12 n + 4 gridDim.x (gridDim.x + 1) / 2.
extern "C" __global__ void __launch_bounds__(TILE_THREADS)
scan_cooperative_u32(const unsigned* __restrict__ in, unsigned* __restrict__ out, unsigned* block_sums, long long n) {
    cooperative(in, out, block_sums, n);
}

// As scan_cooperative_u32, for floats.
extern "C" __global__ void __launch_bounds__(TILE_THREADS)
scan_cooperative_f32(const float* __restrict__ in, float* __restrict__ out, float* block_sums, long long n) {
    cooperative(in, out, block_sums, n);
}

// --- Decoupled look-back. A tile's status is one 64-bit word, so that its state and its value are never seen apart. ---

constexpr unsigned EMPTY = 0, SUM_OF_TILE = 1, SUM_OF_ALL = 2;

__device__ __forceinline__ unsigned bits_of(unsigned v) { return v; }
__device__ __forceinline__ unsigned bits_of(float v) { return __float_as_uint(v); }
__device__ __forceinline__ void from_bits(unsigned bits, unsigned& v) { v = bits; }
__device__ __forceinline__ void from_bits(unsigned bits, float& v) { v = __uint_as_float(bits); }

template <class T>
__device__ __forceinline__ void publish(volatile unsigned long long* status, unsigned state, T v) {
    *status = (unsigned long long)state << 32 | bits_of(v);
}

// The sum of all tiles before `tile`, found by the first warp: each lane watches one of the 32 tiles before; those after the last that knows
// the sum of all are added to it. Where none knows it, the window moves down by 32.
template <class T>
__device__ __forceinline__ T look_back(volatile unsigned long long* status, long long tile) {
    T sum = T(0);
    for (long long nearest = tile - 1; nearest >= 0; nearest -= WARP) {
        long long at = nearest - lane_id();
        unsigned long long word = (unsigned long long)SUM_OF_ALL << 32;  // Before the first tile: zero, and complete.
        bool waits;
        do {
            if (at >= 0) word = status[at];
            waits = (unsigned)(word >> 32) == EMPTY;
        } while (__any_sync(ALL_LANES, waits));
        unsigned complete = __ballot_sync(ALL_LANES, (unsigned)(word >> 32) == SUM_OF_ALL);
        int last = complete == 0 ? WARP - 1 : __ffs(complete) - 1;
        T v;
        from_bits((unsigned)word, v);
        sum += warp_sum(lane_id() <= last ? v : T(0));
        if (complete != 0) break;
    }
    return sum;
}

template <class T>
__device__ __forceinline__ void single_pass(const T* __restrict__ in, T* __restrict__ out, volatile unsigned long long* status, unsigned* ticket, long long n) {
    __shared__ T s[TILE];
    __shared__ T scratch[TILE_THREADS / WARP];
    __shared__ unsigned my_tile;
    __shared__ T tiles_before;
    long long tiles = div_up<long long>(n, TILE);
    for (;;) {
        // Tiles are given out in the order in which blocks start to run: whom a tile waits for is then always running or done.
        if (threadIdx.x == 0) my_tile = atomicAdd(ticket, 1u);
        __syncthreads();
        long long tile = my_tile;
        if (tile >= tiles) return;
        long long first = tile * TILE;
        T v[ITEMS], before, total;
        load_and_scan(in, first, n, s, scratch, v, before, total);
        if (threadIdx.x == 0) publish(status + tile, tile == 0 ? SUM_OF_ALL : SUM_OF_TILE, total);
        if (threadIdx.x < WARP) {
            T sum = look_back<T>(status, tile);
            if (threadIdx.x == 0) {
                if (tile > 0) publish(status + tile, SUM_OF_ALL, sum + total);
                tiles_before = sum;
            }
        }
        __syncthreads();
        store_tile(out, first, n, s, v, tiles_before + before);
    }
}

// One pass: a block publishes its tile's sum, then looks back for the sum of all before, while others do the same.
// Launch: block 256; any grid, usually ceil(n / 1792), at least 1. Shared: 7208 B. status has ceil(n / 1792) places of 64 bits; status and
// *ticket zero before each launch. Needs that blocks which have started go on to run. Traffic 8 n + about 272 ceil(n / 1792):
// two words published, and a window of 32 words read or more, a tile.
// Of floats, the sum depends on which sums the look-back meets; of integers it does not.
extern "C" __global__ void __launch_bounds__(TILE_THREADS)
scan_look_back_u32(const unsigned* __restrict__ in, unsigned* __restrict__ out, unsigned long long* status, unsigned* ticket, long long n) {
    single_pass(in, out, status, ticket, n);
}

// As scan_look_back_u32, for floats.
extern "C" __global__ void __launch_bounds__(TILE_THREADS)
scan_look_back_f32(const float* __restrict__ in, float* __restrict__ out, unsigned long long* status, unsigned* ticket, long long n) {
    single_pass(in, out, status, ticket, n);
}
