__device__ __forceinline__ float grow(float x, int n) {
    for (int i = 0; i < n; i++)
        x = x * x + 1.0f;
    return x;
}

extern "C" __global__ void grown(float *values, int count) {
    int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < count) {
        values[at] = grow(values[at], count);
    }
}
