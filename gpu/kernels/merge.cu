// Merge of two sorted arrays of 32-bit integers (PMPP chapter 12; Odeh, Green and Birk, "Merge path", 2012). Stable: of equal keys those
// of a come first.
//
// out[0 .. k) is the merge of a's first i and b's first k - i keys: i is the co-rank of k, found by binary search along a diagonal.
// Traffic: 8 (m + n) bytes and the searches. No FLOPs.

// How many of the first k keys of the merge come from a.
__device__ __forceinline__ long long co_rank(long long k, const int* __restrict__ a, long long m, const int* __restrict__ b, long long n) {
    long long low = k > n ? k - n : 0;
    long long high = k < m ? k : m;
    while (low < high) {
        long long i = (low + high) / 2;
        // a[i] goes before b[k - 1 - i], so more than i come from a.
        if (a[i] <= b[k - 1 - i]) {
            low = i + 1;
        } else {
            high = i;
        }
    }
    return low;
}

constexpr int BASIC_ITEMS = 8;

// Each thread finds where its 8 outputs begin in a and b, and merges from global memory: neighbouring threads read far apart.
// Launch: block of any size, usually 256; grid ceil((m + n) / (8 block)), at least 1. Shared: none. Two searches of log2(min(m, n)) steps
// a thread, 8 bytes a step.
extern "C" __global__ void __launch_bounds__(1024)
merge_basic(const int* __restrict__ a, long long m, const int* __restrict__ b, long long n, int* __restrict__ out) {
    long long k = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * BASIC_ITEMS;
    if (k >= m + n) return;
    long long end = k + BASIC_ITEMS < m + n ? k + BASIC_ITEMS : m + n;
    long long i = co_rank(k, a, m, b, n);
    long long j = k - i;
    for (; k < end; k++) {
        bool from_a = j >= n || (i < m && a[i] <= b[j]);
        out[k] = from_a ? a[i++] : b[j++];
    }
}

// ITEMS is odd: the threads' strides in shared memory meet no conflict of banks.
constexpr int THREADS = 256, ITEMS = 7, TILE = THREADS * ITEMS;

// A block finds its part of a and b once, brings it to shared memory by whole sectors, and its threads search and merge there.
// Launch: block 256; grid ceil((m + n) / 1792), at least 1. Shared: 7184 B. Two searches a block.
extern "C" __global__ void __launch_bounds__(THREADS)
merge_tiled(const int* __restrict__ a, long long m, const int* __restrict__ b, long long n, int* __restrict__ out) {
    __shared__ int s[TILE];
    __shared__ long long bounds[2];
    int t = threadIdx.x;
    long long begin = (long long)blockIdx.x * TILE;
    if (begin >= m + n) return;
    int count = m + n - begin < TILE ? (int)(m + n - begin) : TILE;
    if (t < 2) bounds[t] = co_rank(t == 0 ? begin : begin + count, a, m, b, n);
    __syncthreads();
    long long a0 = bounds[0];
    int from_a = (int)(bounds[1] - a0), from_b = count - from_a;
    long long b0 = begin - a0;
    for (int i = t; i < count; i += THREADS) s[i] = i < from_a ? a[a0 + i] : b[b0 + i - from_a];
    __syncthreads();

    const int* as = s;
    const int* bs = s + from_a;
    int k = t * ITEMS < count ? t * ITEMS : count;
    int i = (int)co_rank(k, as, from_a, bs, from_b);
    int j = k - i;
    int v[ITEMS];
#pragma unroll
    for (int e = 0; e < ITEMS; e++) {
        if (k + e < count) {
            bool take_a = j >= from_b || (i < from_a && as[i] <= bs[j]);
            v[e] = take_a ? as[i++] : bs[j++];
        }
    }
    __syncthreads();
#pragma unroll
    for (int e = 0; e < ITEMS; e++) {
        if (k + e < count) s[k + e] = v[e];
    }
    __syncthreads();
    for (int e = t; e < count; e += THREADS) out[begin + e] = s[e];
}
