//! What softcuda does not have: each answers `CUDA_ERROR_NOT_SUPPORTED`. A real driver is handed over to all the same.

use crate::export::export;
use crate::result::{Answer, CUDA_ERROR_NOT_SUPPORTED, fail};
use crate::types::{
    CUarray, CUdeviceptr, CUexternalMemory, CUgraph, CUgraphNode, CUsurfObject, CUtexObject,
};
use std::ffi::{c_char, c_uint, c_void};

fn lacks(what: &str) -> Answer {
    Err(fail(CUDA_ERROR_NOT_SUPPORTED, format!("softcuda has no {what}")))
}

export! {
    /// Arrays: not supported.
    fn cuArray3DCreate_v2(pHandle: *mut CUarray, pAllocateArray: *const c_void) {
        lacks("arrays")
    }

    /// Arrays: not supported.
    fn cuArray3DGetDescriptor_v2(pArrayDescriptor: *mut c_void, hArray: CUarray) {
        lacks("arrays")
    }

    /// Arrays: not supported.
    fn cuArrayDestroy(hArray: CUarray) {
        lacks("arrays")
    }

    /// Arrays: not supported.
    fn cuMemcpyAtoH_v2(dstHost: *mut c_void, srcArray: CUarray, srcOffset: usize, ByteCount: usize) {
        lacks("arrays")
    }

    /// Arrays: not supported.
    fn cuMemcpyHtoA_v2(dstArray: CUarray, dstOffset: usize, srcHost: *const c_void, ByteCount: usize) {
        lacks("arrays")
    }

    /// Textures: not supported.
    fn cuTexObjectCreate(
        pTexObject: *mut CUtexObject,
        pResDesc: *const c_void,
        pTexDesc: *const c_void,
        pResViewDesc: *const c_void,
    ) {
        lacks("textures")
    }

    /// Textures: not supported.
    fn cuTexObjectDestroy(texObject: CUtexObject) {
        lacks("textures")
    }

    /// Textures: not supported.
    fn cuTexObjectGetResourceDesc(pResDesc: *mut c_void, texObject: CUtexObject) {
        lacks("textures")
    }

    /// Textures: not supported.
    fn cuTexObjectGetResourceViewDesc(pResViewDesc: *mut c_void, texObject: CUtexObject) {
        lacks("textures")
    }

    /// Surfaces: not supported.
    fn cuSurfObjectCreate(pSurfObject: *mut CUsurfObject, pResDesc: *const c_void) {
        lacks("surfaces")
    }

    /// Surfaces: not supported.
    fn cuSurfObjectDestroy(surfObject: CUsurfObject) {
        lacks("surfaces")
    }

    /// Surfaces: not supported.
    fn cuSurfObjectGetResourceDesc(pResDesc: *mut c_void, surfObject: CUsurfObject) {
        lacks("surfaces")
    }

    /// Graphs: not supported.
    fn cuGraphCreate(phGraph: *mut CUgraph, flags: c_uint) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphDestroy(hGraph: CUgraph) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphAddKernelNode(
        phGraphNode: *mut CUgraphNode,
        hGraph: CUgraph,
        dependencies: *const CUgraphNode,
        numDependencies: usize,
        nodeParams: *const c_void,
    ) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphKernelNodeGetParams(hNode: CUgraphNode, nodeParams: *mut c_void) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphNodeGetType(hNode: CUgraphNode, r#type: *mut c_uint) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphGetNodes(hGraph: CUgraph, nodes: *mut CUgraphNode, numNodes: *mut usize) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphGetEdges(
        hGraph: CUgraph,
        from: *mut CUgraphNode,
        to: *mut CUgraphNode,
        numEdges: *mut usize,
    ) {
        lacks("graphs")
    }

    /// Graphs: not supported.
    fn cuGraphDebugDotPrint(hGraph: CUgraph, path: *const c_char, flags: c_uint) {
        lacks("graphs")
    }

    /// Imported memory: not supported.
    fn cuImportExternalMemory(extMem_out: *mut CUexternalMemory, memHandleDesc: *const c_void) {
        lacks("imported memory")
    }

    /// Imported memory: not supported.
    fn cuExternalMemoryGetMappedBuffer(
        devPtr: *mut CUdeviceptr,
        extMem: CUexternalMemory,
        bufferDesc: *const c_void,
    ) {
        lacks("imported memory")
    }

    /// Imported memory: not supported.
    fn cuDestroyExternalMemory(extMem: CUexternalMemory) {
        lacks("imported memory")
    }
}
