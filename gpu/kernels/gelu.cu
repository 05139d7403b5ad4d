// GELU, x Phi(x) (PMPP chapter 16; Hendrycks and Gimpel, 2016): exact through erf, and the usual approximation through tanh,
// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Element-wise, so bound by memory as vec_add is, however dear the function.
//
// Launch of all: block of any size, usually 256; any grid, usually ceil(n / block) for fp32 and ceil(n / (2 block)) for fp16, at least 1.
// Shared: none. in may be out. Infinity gives infinity, -infinity gives NaN (-inf * 0), NaN gives NaN.
#include <cuda_fp16.h>

__device__ __forceinline__ float gelu_erf(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678f)); }

__device__ __forceinline__ float gelu_tanh(float x) {
    float inside = 0.79788456f * fmaf(0.044715f * x * x, x, x);
    return 0.5f * x * (1.0f + tanhf(inside));
}

// Traffic 8 n bytes. 4 n FLOPs and an erf each.
extern "C" __global__ void __launch_bounds__(1024) gelu_erf_f32(const float* in, float* out, long long n) {
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) out[i] = gelu_erf(in[i]);
}

// Traffic 8 n bytes. 8 n FLOPs and a tanh each.
extern "C" __global__ void __launch_bounds__(1024) gelu_tanh_f32(const float* in, float* out, long long n) {
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) out[i] = gelu_tanh(in[i]);
}

template <class F>
__device__ __forceinline__ void in_pairs(const __half* in, __half* out, long long n, F f) {
    long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = first; i < n / 2; i += stride) {
        float2 x = __half22float2(reinterpret_cast<const __half2*>(in)[i]);
        reinterpret_cast<__half2*>(out)[i] = __floats2half2_rn(f(x.x), f(x.y));
    }
    if (first == 0 && n % 2 != 0) out[n - 1] = __float2half_rn(f(__half2float(in[n - 1])));
}

// Two halves at a time, computed in fp32. in, out aligned to 4 bytes. Traffic 4 n bytes.
extern "C" __global__ void __launch_bounds__(1024) gelu_erf_f16(const __half* in, __half* out, long long n) {
    in_pairs(in, out, n, [](float x) { return gelu_erf(x); });
}

// As gelu_erf_f16 with tanh.
extern "C" __global__ void __launch_bounds__(1024) gelu_tanh_f16(const __half* in, __half* out, long long n) {
    in_pairs(in, out, n, [](float x) { return gelu_tanh(x); });
}
