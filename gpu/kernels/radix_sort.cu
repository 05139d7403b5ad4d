// Least-significant-digit radix sort of 32-bit unsigned keys with optional 32-bit values (PMPP chapter 13). Stable.
//
// One pass sorts by one digit: radix_histogram counts the digits of each tile, radix_scan makes of the counts the places where each tile's
// keys of each digit begin, radix_scatter moves the keys. 8 passes with digits of 4 bits, 4 with digits of 8; keys (and values) alternate
// between two buffers. Traffic a pass: 12 n bytes (keys: read twice, written once), 20 n with values, and 16 bytes a digit and tile.
// No FLOPs.
#include "warp.cuh"

constexpr int THREADS = 256, WARPS = THREADS / WARP, ITEMS = 8, TILE = THREADS * ITEMS;

__device__ __forceinline__ int digit_of(unsigned key, int shift, int digits) { return key >> shift & (digits - 1); }

template <int DIGITS>
__device__ __forceinline__ void histogram(const unsigned* __restrict__ keys, unsigned* __restrict__ counts, long long n, int shift) {
    __shared__ unsigned s[DIGITS];
    int t = threadIdx.x;
    for (int d = t; d < DIGITS; d += THREADS) s[d] = 0;
    __syncthreads();
    long long first = (long long)blockIdx.x * TILE;
#pragma unroll
    for (int j = 0; j < ITEMS; j++) {
        long long i = first + j * THREADS + t;
        if (i < n) atomicAdd(s + digit_of(keys[i], shift, DIGITS), 1u);
    }
    __syncthreads();
    for (int d = t; d < DIGITS; d += THREADS) counts[(long long)d * gridDim.x + blockIdx.x] = s[d];
}

// Digits of 4 bits: counts[d * gridDim.x + tile] = keys of the tile with digit d.
// Launch: block 256; grid max(1, ceil(n / 2048)). Shared: 64 B. counts has 16 gridDim.x places. 0 <= shift <= 28.
extern "C" __global__ void __launch_bounds__(THREADS)
radix_histogram_4bit(const unsigned* __restrict__ keys, unsigned* __restrict__ counts, long long n, int shift) {
    histogram<16>(keys, counts, n, shift);
}

// Digits of 8 bits. Shared: 1024 B. counts has 256 gridDim.x places. 0 <= shift <= 24.
extern "C" __global__ void __launch_bounds__(THREADS)
radix_histogram_8bit(const unsigned* __restrict__ keys, unsigned* __restrict__ counts, long long n, int shift) {
    histogram<256>(keys, counts, n, shift);
}

// Exclusive prefix sum in place, by one block that walks along the counts.
// Launch: block 1024; grid 1. Shared: 128 B. count: the places of counts. Traffic 8 count.
extern "C" __global__ void __launch_bounds__(1024)
radix_scan(unsigned* __restrict__ counts, long long count) {
    __shared__ unsigned scratch[32];
    unsigned before = 0;
    for (long long first = 0; first < count; first += 1024) {
        long long i = first + threadIdx.x;
        unsigned v = i < count ? counts[i] : 0;
        unsigned total;
        unsigned exclusive = block_exclusive_sum<1024>(v, scratch, total);
        if (i < count) counts[i] = before + exclusive;
        before += total;
    }
}

template <int DIGITS>
__device__ __forceinline__ void scatter(const unsigned* __restrict__ keys, const unsigned* __restrict__ values, unsigned* __restrict__ keys_out,
                                        unsigned* __restrict__ values_out, const unsigned* __restrict__ offsets, long long n, int shift) {
    // ranks[d][w]: how many keys of digit d warp w has met; later, where they begin in the sorted tile.
    __shared__ unsigned ranks[DIGITS * WARPS];
    __shared__ unsigned sorted_keys[TILE];
    __shared__ unsigned sorted_values[TILE];
    __shared__ unsigned scratch[WARPS];
    int t = threadIdx.x, lane = lane_id(), warp = t / WARP;
    long long first = (long long)blockIdx.x * TILE;
    if (first >= n) return;
    int count = n - first < TILE ? (int)(n - first) : TILE;
    for (int i = t; i < DIGITS * WARPS; i += THREADS) ranks[i] = 0;
    __syncthreads();

    // A warp ranks its 256 consecutive keys, 32 at a time: among lanes of the same digit the lowest speaks for all.
    unsigned key[ITEMS], rank[ITEMS];
#pragma unroll
    for (int j = 0; j < ITEMS; j++) {
        int i = warp * (WARP * ITEMS) + j * WARP + lane;
        bool valid = i < count;
        key[j] = valid ? keys[first + i] : 0;
        int d = valid ? digit_of(key[j], shift, DIGITS) : DIGITS;
        unsigned same = __match_any_sync(ALL_LANES, d);
        unsigned earlier = valid ? ranks[d * WARPS + warp] : 0;
        __syncwarp();
        int below = __popc(same & ((1u << lane) - 1));
        rank[j] = earlier + below;
        if (valid && below == 0) ranks[d * WARPS + warp] = earlier + __popc(same);
        __syncwarp();
    }
    __syncthreads();

    // Exclusive scan of the counts, digits first, warps second.
    unsigned before = 0;
    for (int base = 0; base < DIGITS * WARPS; base += THREADS) {
        unsigned v = base + t < DIGITS * WARPS ? ranks[base + t] : 0;
        unsigned total;
        unsigned exclusive = block_exclusive_sum<THREADS>(v, scratch, total);
        if (base + t < DIGITS * WARPS) ranks[base + t] = before + exclusive;
        before += total;
    }
    __syncthreads();

#pragma unroll
    for (int j = 0; j < ITEMS; j++) {
        int i = warp * (WARP * ITEMS) + j * WARP + lane;
        if (i < count) {
            unsigned at = ranks[digit_of(key[j], shift, DIGITS) * WARPS + warp] + rank[j];
            sorted_keys[at] = key[j];
            if (values != nullptr) sorted_values[at] = values[first + i];
        }
    }
    __syncthreads();

    // Keys of one digit now lie side by side, here and where they go: whole sectors are written.
    for (int i = t; i < count; i += THREADS) {
        unsigned k = sorted_keys[i];
        int d = digit_of(k, shift, DIGITS);
        long long to = (long long)offsets[(long long)d * gridDim.x + blockIdx.x] + (i - ranks[d * WARPS]);
        keys_out[to] = k;
        if (values != nullptr) values_out[to] = sorted_values[i];
    }
}

// Digits of 4 bits. offsets: the scanned counts. values and values_out both null where there are no values.
// Launch: block 256; grid as that of radix_histogram_4bit. Shared: 16928 B. n < 2^32.
extern "C" __global__ void __launch_bounds__(THREADS)
radix_scatter_4bit(const unsigned* __restrict__ keys, const unsigned* __restrict__ values, unsigned* __restrict__ keys_out,
                   unsigned* __restrict__ values_out, const unsigned* __restrict__ offsets, long long n, int shift) {
    scatter<16>(keys, values, keys_out, values_out, offsets, n, shift);
}

// Digits of 8 bits; else as radix_scatter_4bit. Shared: 24608 B.
extern "C" __global__ void __launch_bounds__(THREADS)
radix_scatter_8bit(const unsigned* __restrict__ keys, const unsigned* __restrict__ values, unsigned* __restrict__ keys_out,
                   unsigned* __restrict__ values_out, const unsigned* __restrict__ offsets, long long n, int shift) {
    scatter<256>(keys, values, keys_out, values_out, offsets, n, shift);
}
