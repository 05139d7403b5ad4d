"""A program of the driver API in Python, by ctypes: loads libcuda.so.1 as such programs do. Prints "sum ok" when the sum is right."""

import ctypes
import sys

cuda = ctypes.CDLL("libcuda.so.1")
N = 3000


def call(name, *args):
    code = getattr(cuda, name)(*args)
    if code != 0:
        text = ctypes.c_char_p()
        cuda.cuGetErrorString(code, ctypes.byref(text))
        sys.exit(f"{name}: {text.value.decode()}")


call("cuInit", 0)
context, module, kernel = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
call("cuCtxCreate_v2", ctypes.byref(context), 0, 0)
with open(sys.argv[1], "rb") as file:
    call("cuModuleLoadData", ctypes.byref(module), file.read())
call("cuModuleGetFunction", ctypes.byref(kernel), module, b"vec_add_scalar")
array = ctypes.c_float * N
a, b, c = array(*range(N)), array(*(0.25 * i for i in range(N))), array()
size = ctypes.c_size_t(ctypes.sizeof(a))
pointers = [ctypes.c_uint64() for _ in range(3)]
for pointer in pointers:
    call("cuMemAlloc_v2", ctypes.byref(pointer), size)
call("cuMemcpyHtoD_v2", pointers[0], a, size)
call("cuMemcpyHtoD_v2", pointers[1], b, size)
values = [*pointers, ctypes.c_int64(N)]
params = (ctypes.c_void_p * 4)(*(ctypes.addressof(value) for value in values))
call("cuLaunchKernel", kernel, (N + 63) // 64, 1, 1, 64, 1, 1, 0, None, params, None)
call("cuCtxSynchronize")
call("cuMemcpyDtoH_v2", c, pointers[2], size)
assert all(c[i] == 1.25 * i for i in range(N))
print("sum ok")
