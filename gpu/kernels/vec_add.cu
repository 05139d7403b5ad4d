// Vector addition, c = a + b (PMPP chapter 2; the loads of chapter 6).
//
// All variants: traffic 12 n bytes (two reads, one write), n FLOPs: 1/12 FLOP a byte, bound by memory on every GPU.

// One thread an element.
// Launch: block of any size, usually 256; grid ceil(n / block), at least 1. Shared: none.
extern "C" __global__ void __launch_bounds__(1024)
vec_add_scalar(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, long long n) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) c[i] = a[i] + b[i];
}

// One thread four elements in one 16-byte access each way: a quarter of the instructions for the same bytes.
// Launch: block of any size, usually 256; grid ceil(n / (4 block)), at least 1. Shared: none. a, b, c aligned to 16 bytes.
extern "C" __global__ void __launch_bounds__(1024)
vec_add_float4(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, long long n) {
    long long i = 4 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
    if (i + 3 < n) {
        float4 x = *reinterpret_cast<const float4*>(a + i);
        float4 y = *reinterpret_cast<const float4*>(b + i);
        *reinterpret_cast<float4*>(c + i) = make_float4(x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w);
    } else {
        for (; i < n; i++) c[i] = a[i] + b[i];
    }
}

// Each thread walks the array with the grid's width, so any grid will do: one sized to the device has no tail of small waves.
// Launch: any block, any grid. Shared: none.
extern "C" __global__ void __launch_bounds__(1024)
vec_add_grid_stride(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, long long n) {
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) c[i] = a[i] + b[i];
}
