// The arithmetic of an all-reduce over several devices: what is done to a chunk that has arrived. (PMPP chapter 20.)
//
// The chunk's bounds fall anywhere, so 16-byte accesses are used only where all pointers are aligned to 16 bytes.
// Launch of all: block up to 256; any grid, usually ceil(n / (4 block)), at least 1. Shared: none.

__device__ __forceinline__ bool aligned16(const void* p) { return (reinterpret_cast<unsigned long long>(p) & 15) == 0; }

// into += chunk. Traffic 12 n bytes, n FLOPs.
extern "C" __global__ void __launch_bounds__(256)
all_reduce_add(float* __restrict__ into, const float* __restrict__ chunk, long long n) {
    long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    long long stride = (long long)gridDim.x * blockDim.x;
    long long quads = aligned16(into) && aligned16(chunk) ? n / 4 : 0;
    for (long long i = first; i < quads; i += stride) {
        float4 x = reinterpret_cast<float4*>(into)[i];
        float4 y = reinterpret_cast<const float4*>(chunk)[i];
        reinterpret_cast<float4*>(into)[i] = make_float4(x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w);
    }
    for (long long i = 4 * quads + first; i < n; i += stride) into[i] += chunk[i];
}

// into = chunk. Traffic 8 n bytes, no FLOPs.
extern "C" __global__ void __launch_bounds__(256)
all_reduce_copy(float* __restrict__ into, const float* __restrict__ chunk, long long n) {
    long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    long long stride = (long long)gridDim.x * blockDim.x;
    long long quads = aligned16(into) && aligned16(chunk) ? n / 4 : 0;
    for (long long i = first; i < quads; i += stride) {
        reinterpret_cast<float4*>(into)[i] = reinterpret_cast<const float4*>(chunk)[i];
    }
    for (long long i = 4 * quads + first; i < n; i += stride) into[i] = chunk[i];
}

// out = a + b, for the direct and the tree variants. Traffic 12 n bytes, n FLOPs.
extern "C" __global__ void __launch_bounds__(256)
all_reduce_add_to(float* __restrict__ out, const float* __restrict__ a, const float* __restrict__ b, long long n) {
    long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    long long stride = (long long)gridDim.x * blockDim.x;
    long long quads = aligned16(out) && aligned16(a) && aligned16(b) ? n / 4 : 0;
    for (long long i = first; i < quads; i += stride) {
        float4 x = reinterpret_cast<const float4*>(a)[i];
        float4 y = reinterpret_cast<const float4*>(b)[i];
        reinterpret_cast<float4*>(out)[i] = make_float4(x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w);
    }
    for (long long i = 4 * quads + first; i < n; i += stride) out[i] = a[i] + b[i];
}
