// Breadth-first search (PMPP chapter 15; Beamer, Asanovic and Patterson, "Direction-optimizing breadth-first search", 2012).
//
// The graph is in compressed rows: neighbours of v at adjacent[row_ptr[v] .. row_ptr[v + 1]), indices 32 bits. levels[v] is -1 until v is
// reached. The host launches once a level: `level` is the level that is given out, from 1 on; the root has 0. No FLOPs.
// What a direction-optimised search needs besides push and pull: the size of the frontier (the counters below), its edges
// (bfs_frontier_edges), and a queue from levels after pulling (bfs_frontier_of_level).
//
// Where several threads label a vertex at once, an atomic decides, so each is counted and queued once.

// Top down, one thread a vertex of the graph: those of the last level label their neighbours. *found += vertices labelled.
// Launch: block of any size, usually 256; grid ceil(vertices / block), at least 1. Shared: none.
// Traffic: 4 vertices + 8 bytes a frontier vertex + 8 bytes an edge of the frontier, an atomic for each unlabelled end.
extern "C" __global__ void __launch_bounds__(1024)
bfs_push(const int* __restrict__ row_ptr, const int* __restrict__ adjacent, int* levels, unsigned* found, int vertices, int level) {
    int v = blockIdx.x * blockDim.x + threadIdx.x;
    if (v >= vertices || levels[v] != level - 1) return;
    unsigned mine = 0;
    for (int e = row_ptr[v]; e < row_ptr[v + 1]; e++) {
        int u = adjacent[e];
        if (levels[u] == -1 && atomicCAS(levels + u, -1, level) == -1) mine++;
    }
    if (mine != 0) atomicAdd(found, mine);
}

// Bottom up, one thread a vertex: those without a label look for one neighbour on the last level and stop there. For directed graphs give
// the graph of incoming edges. *found += vertices labelled.
// Launch: block of any size, usually 256; grid ceil(vertices / block), at least 1. Shared: none.
// Traffic: 4 vertices + 8 bytes an unlabelled vertex + 8 bytes an edge looked at.
extern "C" __global__ void __launch_bounds__(1024)
bfs_pull(const int* __restrict__ row_ptr, const int* __restrict__ adjacent, int* levels, unsigned* found, int vertices, int level) {
    int v = blockIdx.x * blockDim.x + threadIdx.x;
    if (v >= vertices || levels[v] != -1) return;
    for (int e = row_ptr[v]; e < row_ptr[v + 1]; e++) {
        if (levels[adjacent[e]] == level - 1) {
            levels[v] = level;
            atomicAdd(found, 1u);
            break;
        }
    }
}

// Top down over a queue: one thread a vertex of the frontier; what it labels goes to `next`, whose length *next_count grows from what it is.
// Launch: block of any size, usually 256; grid ceil(count / block), at least 1. Shared: none. next has room for all vertices; *next_count zero.
// Traffic: 12 bytes a frontier vertex + 8 bytes an edge + 4 bytes and two atomics a vertex found.
extern "C" __global__ void __launch_bounds__(1024)
bfs_frontier(const int* __restrict__ row_ptr, const int* __restrict__ adjacent, int* levels, const int* __restrict__ frontier, int count,
             int* __restrict__ next, unsigned* next_count, int level) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    int v = frontier[i];
    for (int e = row_ptr[v]; e < row_ptr[v + 1]; e++) {
        int u = adjacent[e];
        if (levels[u] == -1 && atomicCAS(levels + u, -1, level) == -1) next[atomicAdd(next_count, 1u)] = u;
    }
}

constexpr int LOCAL_QUEUE = 2048;

// The same with a queue for each block in shared memory: one atomic a block instead of one a vertex; what does not fit goes the slow way.
// Launch: as bfs_frontier, block <= 1024. Shared: 8200 B. next, *next_count as bfs_frontier.
extern "C" __global__ void __launch_bounds__(1024)
bfs_frontier_privatised(const int* __restrict__ row_ptr, const int* __restrict__ adjacent, int* levels, const int* __restrict__ frontier, int count,
                        int* __restrict__ next, unsigned* next_count, int level) {
    __shared__ int queue[LOCAL_QUEUE];
    __shared__ unsigned length, begin;
    if (threadIdx.x == 0) length = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) {
        int v = frontier[i];
        for (int e = row_ptr[v]; e < row_ptr[v + 1]; e++) {
            int u = adjacent[e];
            if (levels[u] != -1 || atomicCAS(levels + u, -1, level) != -1) continue;
            unsigned at = atomicAdd(&length, 1u);
            if (at < LOCAL_QUEUE) {
                queue[at] = u;
            } else {
                next[atomicAdd(next_count, 1u)] = u;
            }
        }
    }
    __syncthreads();
    unsigned queued = length < LOCAL_QUEUE ? length : LOCAL_QUEUE;
    if (threadIdx.x == 0) begin = atomicAdd(next_count, queued);
    __syncthreads();
    for (unsigned j = threadIdx.x; j < queued; j += blockDim.x) next[begin + j] = queue[j];
}

// Gathers the vertices of a level into a queue: from pulling back to pushing.
// Launch: block of any size, usually 256; grid ceil(vertices / block), at least 1. Shared: none. *count zero. Traffic: 4 vertices + 4 bytes a
// vertex found.
extern "C" __global__ void __launch_bounds__(1024)
bfs_frontier_of_level(const int* __restrict__ levels, int* __restrict__ frontier, unsigned* count, int vertices, int level) {
    int v = blockIdx.x * blockDim.x + threadIdx.x;
    if (v < vertices && levels[v] == level) frontier[atomicAdd(count, 1u)] = v;
}

// *edges += edges that leave the frontier: what pushing would cost.
// Launch: block a multiple of 32, usually 256; grid ceil(count / block), at least 1. Shared: none. *edges zero. Traffic: 12 count.
extern "C" __global__ void __launch_bounds__(1024)
bfs_frontier_edges(const int* __restrict__ row_ptr, const int* __restrict__ frontier, int count, unsigned long long* edges) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned long long degree = 0;
    if (i < count) degree = row_ptr[frontier[i] + 1] - row_ptr[frontier[i]];
    for (int o = 16; o > 0; o /= 2) degree += __shfl_down_sync(0xffffffffu, degree, o);
    if (threadIdx.x % 32 == 0 && degree != 0) atomicAdd(edges, degree);
}
