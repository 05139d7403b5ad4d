extern __shared__ unsigned bins[];
__constant__ float weights[2][3] = {{1, 2, 3}, {0.5f, 1e-30f, -0.0f}};
__device__ int count;
__device__ int *where = &count;
struct Item { int a; float b; int *p; short c[3]; };
__device__ Item items[2] = {{1, 2.f, &count, {1, 2, 3}}, {7}};

extern "C" __global__ void __launch_bounds__(256, 2) histogram(const unsigned char *data, unsigned *result, int n) {
    for (int i = threadIdx.x; i < 256; i += blockDim.x) bins[i] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) atomicAdd(bins + data[i], 1u);
    __syncthreads();
    for (int i = threadIdx.x; i < 256; i += blockDim.x) atomicAdd(result + i, bins[i]);
    if (atomicCAS(where, 0, 1) == 0) items[n & 1].b = weights[n & 1][threadIdx.x % 3];
    result[256] = __shfl_xor_sync(0xffffffff, result[threadIdx.x], 1) + __ballot_sync(~0u, n > 3);
}
