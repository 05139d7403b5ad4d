// Seven-point stencil on a grid of nx x ny x nz points, x fastest (PMPP chapter 8):
// out = c0 p + c1 p[x-1] + c2 p[x+1] + c3 p[y-1] + c4 p[y+1] + c5 p[z-1] + c6 p[z+1] at inner points, added in this order with FMA.
// Points on the faces are copied. 13 FLOPs an inner point (one product, six FMAs).

__device__ __forceinline__ bool inner(int x, int y, int z, int nx, int ny, int nz) {
    return x > 0 && x < nx - 1 && y > 0 && y < ny - 1 && z > 0 && z < nz - 1;
}

__device__ __forceinline__ float seven(float p, float xm, float xp, float ym, float yp, float zm, float zp, float c0, float c1, float c2,
                                       float c3, float c4, float c5, float c6) {
    float v = c0 * p;
    v = fmaf(c1, xm, v);
    v = fmaf(c2, xp, v);
    v = fmaf(c3, ym, v);
    v = fmaf(c4, yp, v);
    v = fmaf(c5, zm, v);
    return fmaf(c6, zp, v);
}

// One thread a point, all seven reads from global memory.
// Launch: block (32, 4, 2); grid (ceil(nx / 32), ceil(ny / 4), ceil(nz / 2)), at least 1 each. Shared: none.
// Traffic asked for: 32 B an inner point, 8 B a point of the faces; with ideal caches 8 B a point.
extern "C" __global__ void __launch_bounds__(256)
stencil_naive(const float* __restrict__ in, float* __restrict__ out, int nx, int ny, int nz, float c0, float c1, float c2, float c3, float c4,
              float c5, float c6) {
    int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 4 + threadIdx.y, z = blockIdx.z * 2 + threadIdx.z;
    if (x >= nx || y >= ny || z >= nz) return;
    size_t row = nx, plane = (size_t)nx * ny;
    size_t i = z * plane + y * row + x;
    if (inner(x, y, z, nx, ny, nz)) {
        out[i] = seven(in[i], in[i - 1], in[i + 1], in[i - row], in[i + row], in[i - plane], in[i + plane], c0, c1, c2, c3, c4, c5, c6);
    } else {
        out[i] = in[i];
    }
}

constexpr int CUBE = 8, CUBE_OUT = CUBE - 2;

// A cube of 8^3 points in shared memory yields 6^3: of every 512 points read 296 are halo, so the saving is small.
// Launch: block (8, 8, 8); grid (ceil(nx / 6), ceil(ny / 6), ceil(nz / 6)), at least 1 each. Shared: 2048 B.
// Traffic: 4 * 512 / 216 B read a point (9.5) + 4 B written.
extern "C" __global__ void __launch_bounds__(CUBE * CUBE * CUBE)
stencil_tiled(const float* __restrict__ in, float* __restrict__ out, int nx, int ny, int nz, float c0, float c1, float c2, float c3, float c4,
              float c5, float c6) {
    __shared__ float s[CUBE][CUBE][CUBE];
    int tx = threadIdx.x, ty = threadIdx.y, tz = threadIdx.z;
    int x = blockIdx.x * CUBE_OUT + tx - 1, y = blockIdx.y * CUBE_OUT + ty - 1, z = blockIdx.z * CUBE_OUT + tz - 1;
    bool exists = x >= 0 && x < nx && y >= 0 && y < ny && z >= 0 && z < nz;
    size_t i = exists ? ((size_t)z * ny + y) * nx + x : 0;
    s[tz][ty][tx] = exists ? in[i] : 0.0f;
    __syncthreads();
    bool owns = tx > 0 && tx < CUBE - 1 && ty > 0 && ty < CUBE - 1 && tz > 0 && tz < CUBE - 1;
    if (!exists || !owns) return;
    float p = s[tz][ty][tx];
    if (inner(x, y, z, nx, ny, nz)) {
        p = seven(p, s[tz][ty][tx - 1], s[tz][ty][tx + 1], s[tz][ty - 1][tx], s[tz][ty + 1][tx], s[tz - 1][ty][tx], s[tz + 1][ty][tx], c0, c1,
                  c2, c3, c4, c5, c6);
    }
    out[i] = p;
}

constexpr int PLANE = 32, PLANE_OUT = PLANE - 2, DEPTH = 32;

// A plane of 32 x 32 points moves along z through 32 outputs; three planes stand in shared memory (thread coarsening).
// Launch: block (32, 32); grid (ceil(nx / 30), ceil(ny / 30), ceil(nz / 32)), at least 1 each. Shared: 12288 B.
// Traffic: 4 (32^2 / 30^2) (34 / 32) = 4.8 B read a point + 4 B written.
extern "C" __global__ void __launch_bounds__(PLANE * PLANE)
stencil_coarsened(const float* __restrict__ in, float* __restrict__ out, int nx, int ny, int nz, float c0, float c1, float c2, float c3,
                  float c4, float c5, float c6) {
    __shared__ float s[3][PLANE][PLANE];
    int tx = threadIdx.x, ty = threadIdx.y;
    int x = blockIdx.x * PLANE_OUT + tx - 1, y = blockIdx.y * PLANE_OUT + ty - 1, z0 = blockIdx.z * DEPTH;
    bool exists = x >= 0 && x < nx && y >= 0 && y < ny;
    bool owns = exists && tx > 0 && tx < PLANE - 1 && ty > 0 && ty < PLANE - 1;
    size_t plane = (size_t)nx * ny;
    size_t i = exists ? (size_t)y * nx + x : 0;
    auto read = [&](int z) { return exists && z >= 0 && z < nz ? in[z * plane + i] : 0.0f; };
    int below = 0, here = 1, above = 2;
    s[below][ty][tx] = read(z0 - 1);
    s[here][ty][tx] = read(z0);
    int end = z0 + DEPTH < nz ? z0 + DEPTH : nz;
    for (int z = z0; z < end; z++) {
        s[above][ty][tx] = read(z + 1);
        __syncthreads();
        if (owns) {
            float p = s[here][ty][tx];
            if (inner(x, y, z, nx, ny, nz)) {
                p = seven(p, s[here][ty][tx - 1], s[here][ty][tx + 1], s[here][ty - 1][tx], s[here][ty + 1][tx], s[below][ty][tx],
                          s[above][ty][tx], c0, c1, c2, c3, c4, c5, c6);
            }
            out[z * plane + i] = p;
        }
        // The plane below is a thread's own point only, so it may be overwritten without a barrier; the plane here is not: it becomes `below`.
        int free = below;
        below = here;
        here = above;
        above = free;
    }
}

// The points below and above are needed by their own thread only: they stay in registers, one plane in shared memory is enough.
// Launch, traffic: as stencil_coarsened. Shared: 4096 B.
extern "C" __global__ void __launch_bounds__(PLANE * PLANE)
stencil_register_tiled(const float* __restrict__ in, float* __restrict__ out, int nx, int ny, int nz, float c0, float c1, float c2, float c3,
                       float c4, float c5, float c6) {
    __shared__ float s[PLANE][PLANE];
    int tx = threadIdx.x, ty = threadIdx.y;
    int x = blockIdx.x * PLANE_OUT + tx - 1, y = blockIdx.y * PLANE_OUT + ty - 1, z0 = blockIdx.z * DEPTH;
    bool exists = x >= 0 && x < nx && y >= 0 && y < ny;
    bool owns = exists && tx > 0 && tx < PLANE - 1 && ty > 0 && ty < PLANE - 1;
    size_t plane = (size_t)nx * ny;
    size_t i = exists ? (size_t)y * nx + x : 0;
    auto read = [&](int z) { return exists && z >= 0 && z < nz ? in[z * plane + i] : 0.0f; };
    float below = read(z0 - 1), here = read(z0);
    int end = z0 + DEPTH < nz ? z0 + DEPTH : nz;
    for (int z = z0; z < end; z++) {
        float above = read(z + 1);
        s[ty][tx] = here;
        __syncthreads();
        if (owns) {
            float p = here;
            if (inner(x, y, z, nx, ny, nz)) {
                p = seven(p, s[ty][tx - 1], s[ty][tx + 1], s[ty - 1][tx], s[ty + 1][tx], below, above, c0, c1, c2, c3, c4, c5, c6);
            }
            out[z * plane + i] = p;
        }
        __syncthreads();
        below = here;
        here = above;
    }
}
