// Layer normalisation of each row of a rows x cols matrix, row-major (PMPP chapter 10's reductions; Ba, Kiros and Hinton, 2016):
// out = (x - mean) / sqrt(variance + epsilon) * gain + bias, the variance being the mean square (not n - 1).
//
// gain and bias have cols places; null stands for ones and zeros. in may be out.
// Launch of all: block 256; any grid, usually rows, at least 1.
#include "warp.cuh"

constexpr int THREADS = 256;

__device__ __forceinline__ void write_row(const float* x, float* y, const float* gain, const float* bias, int cols, float mean, float scale) {
    for (int i = threadIdx.x; i < cols; i += THREADS) {
        float v = (x[i] - mean) * scale;
        if (gain != nullptr) v *= gain[i];
        if (bias != nullptr) v += bias[i];
        y[i] = v;
    }
}

// Mean first, then the squares of the distances from it: three reads of the row.
// Shared: 32 B. Traffic: 16 rows cols + 8 rows cols for gain and bias, which caches meet. FLOPs: 8 rows cols.
extern "C" __global__ void __launch_bounds__(THREADS)
layer_norm_two_pass(const float* in, float* out, const float* gain, const float* bias, int rows, int cols, float epsilon) {
    __shared__ float scratch[THREADS / WARP];
    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        const float* x = in + (size_t)r * cols;
        float sum = 0.0f;
        for (int i = threadIdx.x; i < cols; i += THREADS) sum += x[i];
        float mean = block_sum<THREADS>(sum, scratch) / cols;
        float squares = 0.0f;
        for (int i = threadIdx.x; i < cols; i += THREADS) squares = fmaf(x[i] - mean, x[i] - mean, squares);
        float variance = block_sum<THREADS>(squares, scratch) / cols;
        write_row(x, out + (size_t)r * cols, gain, bias, cols, mean, 1.0f / sqrtf(variance + epsilon));
    }
}

// Count, mean and sum of squared distances from it, of some of the values (Welford, 1962; joined as Chan, Golub and LeVeque, 1979).
struct Moments {
    float count, mean, squares;
};

__device__ __forceinline__ Moments join(Moments a, Moments b) {
    float count = a.count + b.count;
    if (b.count == 0.0f) return a;
    float distance = b.mean - a.mean;
    float share = b.count / count;
    return {count, fmaf(distance, share, a.mean), a.squares + b.squares + distance * distance * a.count * share};
}

__device__ __forceinline__ Moments warp_join(Moments a) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o /= 2) {
        Moments b = {__shfl_down_sync(ALL_LANES, a.count, o), __shfl_down_sync(ALL_LANES, a.mean, o), __shfl_down_sync(ALL_LANES, a.squares, o)};
        a = join(a, b);
    }
    return a;
}

// Mean and variance in one walk: two reads of the row.
// Shared: 104 B. Traffic: 12 rows cols + 8 rows cols for gain and bias, which caches meet. FLOPs: 10 rows cols, a division each.
extern "C" __global__ void __launch_bounds__(THREADS)
layer_norm_welford(const float* in, float* out, const float* gain, const float* bias, int rows, int cols, float epsilon) {
    constexpr int WARPS = THREADS / WARP;
    __shared__ float counts[WARPS], means[WARPS], squares[WARPS];
    __shared__ float whole_mean, whole_squares;
    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        const float* x = in + (size_t)r * cols;
        Moments a = {0.0f, 0.0f, 0.0f};
        for (int i = threadIdx.x; i < cols; i += THREADS) {
            float distance = x[i] - a.mean;
            a.count += 1.0f;
            a.mean += distance / a.count;
            a.squares = fmaf(distance, x[i] - a.mean, a.squares);
        }
        a = warp_join(a);
        int warp = threadIdx.x / WARP;
        if (lane_id() == 0) {
            counts[warp] = a.count;
            means[warp] = a.mean;
            squares[warp] = a.squares;
        }
        __syncthreads();
        if (warp == 0) {
            a = {0.0f, 0.0f, 0.0f};
            if (lane_id() < WARPS) a = {counts[lane_id()], means[lane_id()], squares[lane_id()]};
            a = warp_join(a);
            if (lane_id() == 0) {
                whole_mean = a.mean;
                whole_squares = a.squares;
            }
        }
        __syncthreads();
        // Of the next row, these two are written only after a barrier that comes after this.
        write_row(x, out + (size_t)r * cols, gain, bias, cols, whole_mean, 1.0f / sqrtf(whole_squares / cols + epsilon));
    }
}
