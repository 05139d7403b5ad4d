/* A program of the driver API in C, as one would write it for a GPU: nothing of it knows softcuda.
   Prints the number of devices, and "sum ok" when the sum of two arrays is right. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;

CUresult cuInit(unsigned);
CUresult cuDeviceGetCount(int *);
CUresult cuDeviceGet(CUdevice *, int);
CUresult cuCtxCreate_v2(CUcontext *, unsigned, CUdevice);
CUresult cuCtxDestroy_v2(CUcontext);
CUresult cuModuleLoad(CUmodule *, const char *);
CUresult cuModuleGetFunction(CUfunction *, CUmodule, const char *);
CUresult cuMemAlloc_v2(CUdeviceptr *, size_t);
CUresult cuMemFree_v2(CUdeviceptr);
CUresult cuMemcpyHtoD_v2(CUdeviceptr, const void *, size_t);
CUresult cuMemcpyDtoH_v2(void *, CUdeviceptr, size_t);
CUresult cuLaunchKernel(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **);
CUresult cuGetErrorName(CUresult, const char **);

#define N 5000

static void check(CUresult code, const char *what) {
    const char *name = "?";
    if (code == 0) return;
    cuGetErrorName(code, &name);
    printf("%s: %s\n", what, name);
    exit(1);
}

#define CHECK(call) check(call, #call)

int main(int argc, char **argv) {
    static float a[N], b[N], c[N];
    int count = -1;
    CUdevice device;
    CUcontext context;
    CUmodule module;
    CUfunction kernel;
    CUdeviceptr da, db, dc;
    long long n = N;
    void *params[] = {&da, &db, &dc, &n};

    CHECK(cuInit(0));
    CHECK(cuDeviceGetCount(&count));
    printf("devices %d\n", count);
    fflush(stdout);
    if (argc < 2) return 0;
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate_v2(&context, 0, device));
    CHECK(cuModuleLoad(&module, argv[1]));
    CHECK(cuModuleGetFunction(&kernel, module, "vec_add_grid_stride"));
    for (int i = 0; i < N; i++) {
        a[i] = (float)i;
        b[i] = 2.0f * (float)i;
    }
    CHECK(cuMemAlloc_v2(&da, sizeof a));
    CHECK(cuMemAlloc_v2(&db, sizeof b));
    CHECK(cuMemAlloc_v2(&dc, sizeof c));
    CHECK(cuMemcpyHtoD_v2(da, a, sizeof a));
    CHECK(cuMemcpyHtoD_v2(db, b, sizeof b));
    CHECK(cuLaunchKernel(kernel, 4, 1, 1, 128, 1, 1, 0, NULL, params, NULL));
    CHECK(cuMemcpyDtoH_v2(c, dc, sizeof c));
    for (int i = 0; i < N; i++)
        if (c[i] != 3.0f * (float)i) {
            printf("c[%d] = %f\n", i, c[i]);
            return 1;
        }
    CHECK(cuMemFree_v2(da));
    CHECK(cuCtxDestroy_v2(context));
    printf("sum ok\n");
    return 0;
}
