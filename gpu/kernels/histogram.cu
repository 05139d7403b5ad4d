// Histogram (PMPP chapter 9): bins[v] counts the keys equal to v. Keys >= bin_count are not counted.
//
// All add to bins, which must hold zeros (or counts to add to). Traffic: 4 n bytes read; in addition 4 * bin_count bytes a block
// and as many atomics in the privatised ones. No FLOPs; integer additions: n.

constexpr int COARSENING = 16;

__device__ __forceinline__ void clear_private(unsigned* s, int bin_count) {
    for (int b = threadIdx.x; b < bin_count; b += blockDim.x) s[b] = 0;
    __syncthreads();
}

__device__ __forceinline__ void commit_private(const unsigned* s, unsigned* bins, int bin_count) {
    __syncthreads();
    for (int b = threadIdx.x; b < bin_count; b += blockDim.x) {
        if (s[b] != 0) atomicAdd(bins + b, s[b]);
    }
}

// One atomic in global memory a key: equal keys queue.
// Launch: any block, usually 256; grid ceil(n / block), at least 1. Shared: none.
extern "C" __global__ void __launch_bounds__(1024)
histogram_global(const unsigned* __restrict__ keys, unsigned* __restrict__ bins, int bin_count, long long n) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && keys[i] < (unsigned)bin_count) atomicAdd(bins + keys[i], 1u);
}

// The lanes of a warp that hold the same key agree on one atomic for all of them.
// Launch: block a multiple of 32, usually 256; grid ceil(n / block), at least 1. Shared: none.
extern "C" __global__ void __launch_bounds__(1024)
histogram_warp_aggregated(const unsigned* __restrict__ keys, unsigned* __restrict__ bins, int bin_count, long long n) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    // A key that is not counted stands for the lanes beyond the end: all lanes take part in the match.
    unsigned key = i < n ? keys[i] : 0xffffffffu;
    unsigned same = __match_any_sync(0xffffffffu, key);
    bool leads = (threadIdx.x & 31) == __ffs(same) - 1;
    if (leads && key < (unsigned)bin_count) atomicAdd(bins + key, (unsigned)__popc(same));
}

// A histogram of its own for each block in shared memory, added to the whole at the end.
// Launch: any block, usually 256; grid ceil(n / block), at least 1. Dynamic shared: 4 * bin_count B.
extern "C" __global__ void __launch_bounds__(1024)
histogram_privatised(const unsigned* __restrict__ keys, unsigned* __restrict__ bins, int bin_count, long long n) {
    extern __shared__ unsigned s[];
    clear_private(s, bin_count);
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && keys[i] < (unsigned)bin_count) atomicAdd(s + keys[i], 1u);
    commit_private(s, bins, bin_count);
}

// Fewer blocks with more keys each: clearing and adding is paid less often. Neighbouring threads read neighbouring keys.
// Launch: any block, usually 256; any grid, usually ceil(n / (16 block)), at least 1. Dynamic shared: 4 * bin_count B.
extern "C" __global__ void __launch_bounds__(1024)
histogram_coarsened(const unsigned* __restrict__ keys, unsigned* __restrict__ bins, int bin_count, long long n) {
    extern __shared__ unsigned s[];
    clear_private(s, bin_count);
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        if (keys[i] < (unsigned)bin_count) atomicAdd(s + keys[i], 1u);
    }
    commit_private(s, bins, bin_count);
}

// A thread counts a run of equal keys in a register before it touches shared memory: pays where keys come in runs. Each thread
// reads 16 keys with the block's width between them, so the loads stay coalesced; a run is a run along these.
// Launch: any block, usually 256; grid ceil(n / (16 block)), at least 1. Dynamic shared: 4 * bin_count B.
extern "C" __global__ void __launch_bounds__(1024)
histogram_aggregated(const unsigned* __restrict__ keys, unsigned* __restrict__ bins, int bin_count, long long n) {
    extern __shared__ unsigned s[];
    clear_private(s, bin_count);
    long long first = (long long)blockIdx.x * blockDim.x * COARSENING + threadIdx.x;
    unsigned run_key = 0;
    unsigned run = 0;
    for (int j = 0; j < COARSENING; j++) {
        long long i = first + (long long)j * blockDim.x;
        if (i >= n) break;
        unsigned key = keys[i];
        if (key >= (unsigned)bin_count) continue;
        if (run != 0 && key != run_key) {
            atomicAdd(s + run_key, run);
            run = 0;
        }
        run_key = key;
        run++;
    }
    if (run != 0) atomicAdd(s + run_key, run);
    commit_private(s, bins, bin_count);
}
