#include <cstdio>
__device__ __noinline__ int step(int x, int y) { return x * 3 + (y ^ 7); }
__device__ int product(int a, int b) { return a * b; }
__device__ int (*table[2])(int, int) = {step, product};

extern "C" __global__ void cases(int *values, int which) {
    int lane = threadIdx.x, v = values[lane];
    switch (which + lane) {
    case 0: v = step(v, 1); break;
    case 1: v ^= 55; break;
    case 2: v = __popc(v); break;
    case 3: v = __clz(v); break;
    case 4: v = __brev(v); break;
    case 5: v *= v; break;
    case 6: v = v / 3; break;
    case 7: v %= 5; break;
    case 8: printf("%d %f\n", v, 1.5); break;
    default: v = -1;
    }
    values[lane] = table[v & 1](v, lane);
}
