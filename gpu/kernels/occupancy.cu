// How many warps does it take to keep the FMA units busy? (PMPP chapters 4 and 6: occupancy, latency, instruction-level parallelism.)
//
// Each thread does 8 * rounds fused multiply-adds, as ILP chains that do not depend on each other. The work is the same in all
// variants; more chains hide the unit's latency with fewer warps. Chain j of thread i starts at float(i % 1024) + j, each step is
// x = fma(x, a, b), and out[i] is the sum of the chains, added from chain 0 on.
//
// All: out has n places; traffic 4 n bytes, 16 n rounds FLOPs (an FMA counts two).
// Launch: block of any size (the sweep: 32 ... 1024); grid ceil(n / block), at least 1. Dynamic shared memory may be asked for though
// none is used: it takes occupancy away.

template <int ILP>
__device__ __forceinline__ void fma_chains(float* __restrict__ out, float a, float b, int rounds, long long n) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x[ILP];
#pragma unroll
    for (int j = 0; j < ILP; j++) x[j] = float(int(i % 1024)) + j;
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int step = 0; step < 8 / ILP; step++) {
#pragma unroll
            for (int j = 0; j < ILP; j++) x[j] = fmaf(x[j], a, b);
        }
    }
    float sum = x[0];
#pragma unroll
    for (int j = 1; j < ILP; j++) sum += x[j];
    out[i] = sum;
}

// One chain of 8 * rounds steps.
extern "C" __global__ void __launch_bounds__(1024) fma_ilp1(float* __restrict__ out, float a, float b, int rounds, long long n) {
    fma_chains<1>(out, a, b, rounds, n);
}

// Two chains of 4 * rounds steps.
extern "C" __global__ void __launch_bounds__(1024) fma_ilp2(float* __restrict__ out, float a, float b, int rounds, long long n) {
    fma_chains<2>(out, a, b, rounds, n);
}

// Four chains of 2 * rounds steps.
extern "C" __global__ void __launch_bounds__(1024) fma_ilp4(float* __restrict__ out, float a, float b, int rounds, long long n) {
    fma_chains<4>(out, a, b, rounds, n);
}

// Eight chains of rounds steps.
extern "C" __global__ void __launch_bounds__(1024) fma_ilp8(float* __restrict__ out, float a, float b, int rounds, long long n) {
    fma_chains<8>(out, a, b, rounds, n);
}
