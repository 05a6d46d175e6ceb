// The driver's behaviour: captured graphs, limits of launches, parameters, errors, faults that a test orders.
#include "test_support.h"

namespace {
void testCapture() {
  Loaded module(addText);
  auto add = module.function("add");
  StreamHandle a, b, blocking(0);
  Buffer<float> X(vector<float>(4, 0)), Y(vector<float>(4, 0));
  EventHandle fork, join;
  void *graph = nullptr, *executable = nullptr;
  int status = -1;
  EQUAL((*cuda)("cuStreamBeginCapture_v2", a.stream, 0), 0);
  EQUAL((*cuda)("cuStreamIsCapturing", a.stream, &status), 0);
  EQUAL(status, 1);
  float value = 1;
  EQUAL(queue(a.stream, add, 1, 1, 4, 0, X.address, value, 4), 0);
  value = 100;  // the arguments are those of the capture
  EQUAL((*cuda)("cuEventRecord", fork.event, a.stream), 0);
  EQUAL((*cuda)("cuStreamWaitEvent", b.stream, fork.event, 0u), 0);
  EQUAL(queue(b.stream, add, 1, 1, 4, 0, Y.address, 2.f, 4), 0);
  EQUAL((*cuda)("cuEventRecord", join.event, b.stream), 0);
  EQUAL((*cuda)("cuEventQuery", join.event), 907);
  EQUAL((*cuda)("cuStreamWaitEvent", a.stream, join.event, 0u), 0);
  EQUAL((*cuda)("cuStreamEndCapture", a.stream, &graph), 0);
  EQUAL((*cuda)("cuGraphInstantiateWithFlags", &executable, graph, 0ull), 0);
  EQUAL((*cuda)("cuGraphDestroy", graph), 0);
  CLAIM(X.read()[0] == 0);
  for (int i = 0; i < 3; i++) EQUAL((*cuda)("cuGraphLaunch", executable, a.stream), 0);
  EQUAL(a.wait(), 0);
  CLAIM(X.read()[0] == 3 && Y.read()[3] == 6);
  EQUAL((*cuda)("cuGraphExecDestroy", executable), 0);
  EQUAL((*cuda)("cuGraphLaunch", executable, a.stream), 1);
  cuda->reset();

  // What must not happen during a capture, and ends it.
  Pointer p;
  auto during = [&](void *stream, int mode, int expected, int atEnd, auto call) {
    EQUAL((*cuda)("cuStreamBeginCapture_v2", stream, mode), 0);
    EQUAL(call(), expected);
    EQUAL((*cuda)("cuStreamEndCapture", stream, &graph), atEnd);
    if (!atEnd) EQUAL((*cuda)("cuGraphDestroy", graph), 0);
    cuda->reset();
  };
  during(a.stream, 0, 900, 901, [&] { return a.wait(); });
  during(a.stream, 0, 900, 901, [&] { return (*cuda)("cuStreamQuery", a.stream); });
  during(a.stream, 0, 900, 901, [&] { return (*cuda)("cuCtxSynchronize"); });
  during(a.stream, 0, 900, 901, [&] { return (*cuda)("cuMemAlloc_v2", &p, (size_t)4); });
  during(a.stream, 2, 0, 0, [&] { return (*cuda)("cuMemAlloc_v2", &p, (size_t)4); });
  during(a.stream, 0, 900, 0, [&] { return (*cuda)("cuMemAllocAsync", &p, (size_t)4, a.stream); });
  during(a.stream, 0, 900, 0, [&] { return (*cuda)("cuMemFreeAsync", X.address, a.stream); });
  during(blocking.stream, 0, 906, 901, [&] { return (*cuda)("cuMemsetD8Async", X.address, (unsigned char)0, (size_t)4, nullptr); });
  during(a.stream, 0, 0, 904, [&] {
    (*cuda)("cuEventRecord", fork.event, a.stream);
    (*cuda)("cuStreamWaitEvent", b.stream, fork.event, 0u);
    return queue(b.stream, add, 1, 1, 4, 0, Y.address, 2.f, 4);
  });
  during(a.stream, 0, 905, 901, [&] {
    EventHandle outside;
    (*cuda)("cuEventRecord", outside.event, b.stream);
    return (*cuda)("cuStreamWaitEvent", a.stream, outside.event, 0u);
  });
  EQUAL((*cuda)("cuStreamBeginCapture_v2", nullptr, 0), 900);
  EQUAL((*cuda)("cuStreamEndCapture", a.stream, &graph), 1);
  cuda->reset();
}

void testLimits() {
  Loaded module(string("struct Large { char bytes[4096]; };\nextern \"C\" __global__ void __launch_bounds__(128) bounded(float *x) {}\n") +
      "extern \"C\" __global__ void many(const Large a, int b) {}\n"
      "extern \"C\" __global__ void dynamic(float *x) {\n  WENGERT_SHARED_MEMORY(m);\n  m[threadIdx.x] = 1;\n}\n"
      "extern \"C\" __global__ void large(float *x) {\n  __shared__ float s[12289];\n  s[threadIdx.x] = 1;\n}\n"
      "extern \"C\" __global__ void packed(char a, double b, float *x, short c) { x[0] = (float)(a + b + c); }\n" + addText);
  Buffer<float> X(vector<float>(4, 0));
  auto code = [&](const char *name, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared) {
    float *x = (float *)X.address;
    void *parameters[] = {&x, &x, &x};
    return (*cuda)("cuLaunchKernel", module.function(name), gx, gy, gz, bx, by, bz, shared, nullptr, (void **)parameters, (void **)nullptr);
  };
  EQUAL(code("bounded", 1, 1, 1, 128, 1, 1, 0), 0);
  for (int wrong : {code("bounded", 1, 1, 1, 129, 1, 1, 0), code("bounded", 0, 1, 1, 1, 1, 1, 0), code("bounded", 1, 1, 1, 0, 1, 1, 0),
           code("dynamic", 1, 1, 1, 1025, 1, 1, 0), code("dynamic", 1, 1, 1, 32, 33, 1, 0), code("dynamic", 1, 1, 1, 1, 1, 65, 0),
           code("dynamic", 1, 65536, 1, 1, 1, 1, 0), code("dynamic", 1, 1, 65536, 1, 1, 1, 0), code("dynamic", 1, 1, 1, 1, 1, 1, 49153)})
    EQUAL(wrong, 1);
  EQUAL((*cuda)("cuFuncSetAttribute", module.function("dynamic"), 8, 232449), 1);
  EQUAL((*cuda)("cuFuncSetAttribute", module.function("dynamic"), 8, 232448), 0);
  EQUAL(code("dynamic", 1, 1, 1, 1024, 1, 1, 232448), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 0);
  int value = 0;
  EQUAL((*cuda)("cuFuncGetAttribute", &value, 1, module.function("large")), 0);
  EQUAL(value, 12289 * 4);
  EQUAL((*cuda)("cuFuncGetAttribute", &value, 0, module.function("bounded")), 0);
  EQUAL(value, 128);
  EQUAL(code("large", 1, 1, 1, 1, 1, 1, 0), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 218);
  CLAIM(contains(cuda->failure(), "static shared memory"));
  cuda->reset();
  void *function = nullptr;
  EQUAL((*cuda)("cuModuleGetFunction", &function, module.module, "nothing"), 500);
  cuda->reset();
  EQUAL((*cuda)("cuOccupancyMaxActiveBlocksPerMultiprocessor", &value, module.function("add"), 256, (size_t)0), 0);
  EQUAL(value, 8);

  // A buffer of parameters, at their natural alignment.
  struct {
    char a;
    double b;
    float *x;
    short c;
  } packed = {1, 2, (float *)X.address, 3};
  size_t bytes = sizeof packed;
  void *extra[] = {(void *)1, &packed, (void *)2, &bytes, nullptr};
  auto launchPacked = [&] {
    return (*cuda)("cuLaunchKernel", module.function("packed"), 1u, 1u, 1u, 1u, 1u, 1u, 0u, nullptr, (void **)nullptr, (void **)extra);
  };
  EQUAL(launchPacked(), 0);
  CLAIM(X.read()[0] == 6);
  bytes = 16;
  EQUAL(launchPacked(), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 1);
  CLAIM(contains(cuda->failure(), "parameters need 26 bytes"));
  cuda->reset();
  bytes = 4097;
  EQUAL(launchPacked(), 1);
  cuda->reset();
  struct {
    char bytes[4096];
  } many = {};
  EQUAL(queue(nullptr, module.function("many"), 1, 1, 1, 0, many, 0), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 1);
  CLAIM(contains(cuda->failure(), "4100 bytes of parameters"));
  cuda->reset();
}

void testErrors() {
  Loaded module(addText);
  auto add = module.function("add");
  Buffer<float> X(vector<float>(4, 0));
  // After a kernel that failed, every call says so.
  cuda->options(0, 1);
  EQUAL(launch(add, 1, 1, 5, X.address, 1.f, 5), 700);
  Pointer p;
  EQUAL((*cuda)("cuMemAlloc_v2", &p, (size_t)4), 700);
  EQUAL((*cuda)("cuStreamQuery", nullptr), 700);
  EQUAL((*cuda)("cuMemFree_v2", X.address), 700);
  cuda->options(0, 0);
  cuda->reset();
  EQUAL((*cuda)("cuCtxSynchronize"), 0);
  // In plain mode the processor says what is far from any memory.
  EQUAL(launch(add, 1, 1, 4, (Pointer)0x10000, 1.f, 4), 700);
  CLAIM(contains(cuda->failure(), "which is nobody's"));
  cuda->reset();
  Loaded divide("extern \"C\" __global__ void divide(int *x, int y) { x[0] = x[1] / y; }");
  EQUAL(launch(divide.function("divide"), 1, 1, 1, X.address, 0), 719);
  cuda->reset();
  // What a test orders to fail.
  (*cuda)("standin_fail", "cuMemAlloc_v2", 2l, 2);
  EQUAL((*cuda)("cuMemAlloc_v2", &p, (size_t)4), 0);
  EQUAL((*cuda)("cuMemFree_v2", p), 0);
  long count = cuda->count("cuMemAlloc_v2");
  EQUAL((*cuda)("cuMemAlloc_v2", &p, (size_t)4), 2);
  EQUAL((*cuda)("cuMemAlloc_v2", &p, (size_t)4), 0);
  EQUAL(cuda->count("cuMemAlloc_v2"), count + 2);
  EQUAL((*cuda)("cuMemFree_v2", p), 0);
  X.write(vector<float>(4, 0));
  (*cuda)("standin_fail_launch", 2l, 719);
  EQUAL(queue(nullptr, add, 1, 1, 4, 0, X.address, 1.f, 4), 0);
  EQUAL(queue(nullptr, add, 1, 1, 4, 0, X.address, 1.f, 4), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 719);
  cuda->reset();
  CLAIM(X.read()[0] == 1);
  // Handles that were destroyed.
  void *stream = nullptr;
  EQUAL((*cuda)("cuStreamCreate", &stream, 1u), 0);
  EQUAL((*cuda)("cuStreamDestroy_v2", stream), 0);
  EQUAL((*cuda)("cuStreamSynchronize", stream), 400);
  cuda->reset();
}

}  // namespace

void testLaunches() {
  testCapture();
  testLimits();
  testErrors();
}
