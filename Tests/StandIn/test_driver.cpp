// The driver's behaviour: laziness, copies, protection, quarantine, two devices.
#include "test_support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {
void testDevice() {
  char name[64];
  EQUAL((*cuda)("cuDeviceGetName", name, 64, 0), 0);
  CLAIM(!strcmp(name, "Wengert stand-in"));
  int value = 0;
  for (auto pair : {std::pair<int, int>{75, 9}, {76, 0}, {16, 4}, {97, 232448}, {1, 1024}, {10, 32}, {115, 1}}) {
    EQUAL((*cuda)("cuDeviceGetAttribute", &value, pair.first, 0), 0);
    EQUAL(value, pair.second);
  }
  EQUAL((*cuda)("cuDeviceGet", &value, 1), 101);
  EQUAL((*cuda)("cuDriverGetVersion", &value), 0);
  EQUAL(value, 12040);
  const char *text = nullptr;
  EQUAL((*cuda)("cuGetErrorName", 700, &text), 0);
  CLAIM(!strcmp(text, "CUDA_ERROR_ILLEGAL_ADDRESS"));
  EQUAL((*cuda)("cuGetErrorName", 12345, &text), 1);
  void *function = nullptr;
  int status = -1;
  EQUAL((*cuda)("cuGetProcAddress_v2", "cuMemAlloc", &function, 12040, (uint64_t)0, &status), 0);
  CLAIM(function == dlsym(cuda->library, "cuMemAlloc_v2") && status == 0);
  // A thread without a current context is told so.
  std::thread([] {
    Pointer p;
    EQUAL((*cuda)("cuMemAlloc_v2", &p, (size_t)4), 201);
    EQUAL((*cuda)("cuStreamSynchronize", nullptr), 201);
    cuda->attach();
    EQUAL((*cuda)("cuCtxSynchronize"), 0);
  }).join();
}

void testStreams() {
  Loaded module(addText);
  auto add = module.function("add");
  Pinned host(4);
  Buffer<float> X(vector<float>(4, 1));
  StreamHandle a, b;
  EventHandle event;
  // Nothing runs before somebody waits.
  EQUAL(queue(a.stream, add, 1, 1, 4, 0, X.address, 1.f, 4), 0);
  host.values[0] = -1;
  EQUAL(toHost(host.values, X.address, 16, a.stream), 0);
  EQUAL((*cuda)("cuStreamQuery", a.stream), 600);
  EQUAL((*cuda)("cuEventRecord", event.event, a.stream), 0);
  EQUAL((*cuda)("cuEventQuery", event.event), 600);
  CLAIM(host.values[0] == -1, "%g", host.values[0]);
  // Another stream's work does not run with this one's, unless it waits for it.
  EQUAL(b.wait(), 0);
  CLAIM(host.values[0] == -1);
  EQUAL((*cuda)("cuStreamWaitEvent", b.stream, event.event, 0u), 0);
  EQUAL(queue(b.stream, add, 1, 1, 4, 0, X.address, 1.f, 4), 0);
  EQUAL(b.wait(), 0);
  CLAIM(host.values[0] == 2 && X.read()[0] == 3);
  EQUAL((*cuda)("cuStreamQuery", a.stream), 0);
  EQUAL((*cuda)("cuEventQuery", event.event), 0);
  EventHandle later;
  EQUAL((*cuda)("cuEventRecord", later.event, b.stream), 0);
  float milliseconds = -1;
  EQUAL((*cuda)("cuEventElapsedTime", &milliseconds, event.event, later.event), 600);
  EQUAL((*cuda)("cuEventSynchronize", later.event), 0);
  EQUAL((*cuda)("cuEventElapsedTime", &milliseconds, event.event, later.event), 0);
  CLAIM(milliseconds >= 0);
  // The legacy stream waits for blocking streams, and they for it.
  StreamHandle blocking(0);
  EQUAL(queue(blocking.stream, add, 1, 1, 4, 0, X.address, 10.f, 4), 0);
  EQUAL(queue(nullptr, add, 1, 1, 4, 0, X.address, 10.f, 4), 0);
  EQUAL((*cuda)("cuStreamSynchronize", nullptr), 0);
  EQUAL((*cuda)("cuStreamQuery", blocking.stream), 0);
  CLAIM(X.read()[3] == 23);
  // Host functions run in their place.
  int called = 0;
  EQUAL((*cuda)("cuLaunchHostFunc", a.stream, (void (*)(void *))[](void *data) {
    Pointer p;
    *(int *)data = 1 + (*cuda)("cuMemAlloc_v2", &p, (size_t)4);
  }, (void *)&called), 0);
  EQUAL(called, 0);
  EQUAL(a.wait(), 0);
  EQUAL(called, 801);
}

void testCopies() {
  Buffer<float> X(4);
  StreamHandle a;
  Pinned host(4);
  for (int i = 0; i < 4; i++) host.values[i] = 1;
  // Pinned memory is read when the copy runs; pageable memory before the call returns.
  EQUAL(toDevice(X.address, host.values, 16, a.stream), 0);
  host.values[0] = 2;
  EQUAL(a.wait(), 0);
  CLAIM(X.read()[0] == 2);
  vector<float> pageable(4, 3);
  EQUAL(toDevice(X.address, pageable.data(), 16, a.stream), 0);
  pageable[0] = 4;
  EQUAL(toHost(pageable.data(), X.address, 16, a.stream), 0);
  CLAIM(pageable[0] == 3);
  // Kernels use pinned memory where it is.
  Pointer mapped = 0;
  EQUAL((*cuda)("cuMemHostGetDevicePointer_v2", &mapped, (void *)host.values, 0u), 0);
  EQUAL(mapped, (Pointer)host.values);
  Loaded module(addText);
  for (int isChecked : {0, 1}) {
    cuda->options(0, isChecked);
    host.values[1] = 5;
    EQUAL(launch(module.function("add"), 1, 1, 4, mapped, 1.f, 4), 0);
    CLAIM(host.values[1] == 6);
  }
  cuda->options(0, 0);
  // Past an allocation's end.
  for (int code : {toDevice(X.address, pageable.data(), 17, a.stream), toHost(pageable.data(), X.address + 4, 16, a.stream),
           (*cuda)("cuMemsetD8Async", X.address, (unsigned char)0, (size_t)17, a.stream),
           (*cuda)("cuMemcpyDtoDAsync_v2", X.address, X.address + 8, (size_t)12, a.stream),
           (*cuda)("cuMemsetD32Async", X.address + 2, 0u, (size_t)1, a.stream)})
    EQUAL(code, 1);
  CLAIM(contains(cuda->failure(), "a copy to the device: 17 bytes at 0 of an allocation of 16 bytes"));
  cuda->reset();
  EQUAL((*cuda)("cuMemsetD16Async", X.address, (unsigned short)0x3f80, (size_t)8, a.stream), 0);
  EQUAL((*cuda)("cuMemsetD8Async", X.address + 12, (unsigned char)0, (size_t)4, a.stream), 0);
  EQUAL(a.wait(), 0);
  auto x = X.read();
  CLAIM(x[3] == 0 && x[0] > 1 && x[0] < 1.01);
}

void testMemory() {
  Buffer<float> X(vector<float>{1, 2, 3});
  fflush(stdout);
  pid_t child = fork();
  if (!child) {
    volatile float y = *(float *)X.address;
    _exit((int)y);
  }
  int status;
  waitpid(child, &status, 0);
  CLAIM(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "the host reads device memory");
  // Freed addresses are not given again, and new memory holds NaN.
  Pointer first, second;
  EQUAL((*cuda)("cuMemAlloc_v2", &first, (size_t)4096), 0);
  EQUAL((*cuda)("cuMemFree_v2", first), 0);
  EQUAL((*cuda)("cuMemFree_v2", first), 1);
  EQUAL((*cuda)("cuMemAlloc_v2", &second, (size_t)4096), 0);
  CLAIM(first != second && second % 256 == 0);
  float value = 0;
  EQUAL(toHost(&value, second, 4, nullptr), 0);
  CLAIM(value != value);
  EQUAL((*cuda)("cuMemFree_v2", second), 0);
  EQUAL((*cuda)("cuMemFree_v2", second + 256), 1);
  // Freed in a stream: in its order, and for others only once they have waited.
  StreamHandle a, b;
  Loaded module(addText);
  auto add = module.function("add");
  EQUAL((*cuda)("cuMemAllocAsync", &first, (size_t)16, a.stream), 0);
  EQUAL((*cuda)("cuMemsetD32Async", first, 0u, (size_t)4, a.stream), 0);
  EQUAL(queue(a.stream, add, 1, 1, 4, 0, first, 1.f, 4), 0);
  EQUAL((*cuda)("cuMemFreeAsync", first, a.stream), 0);
  EQUAL(a.wait(), 0);
  EQUAL(queue(a.stream, add, 1, 1, 4, 0, X.address, 1.f, 3), 0);
  EQUAL((*cuda)("cuMemAllocAsync", &first, (size_t)16, a.stream), 0);
  EQUAL((*cuda)("cuMemsetD32Async", first, 0u, (size_t)4, b.stream), 0);
  EQUAL(b.wait(), 700);
  CLAIM(contains(cuda->failure(), "not made yet"));
  cuda->reset();
  // Out of memory, and memory again when what is freed in a stream has been waited for.
  size_t available, total;
  EQUAL((*cuda)("cuMemGetInfo_v2", &available, &total), 0);
  CLAIM(total == 8ull << 30 && available < total);
  (*cuda)("standin_set_memory", total - available + (1 << 20));
  EQUAL((*cuda)("cuMemGetInfo_v2", &available, &total), 0);
  EQUAL(available, 1 << 20);
  EQUAL((*cuda)("cuMemAlloc_v2", &first, (size_t)(2 << 20)), 2);
  EQUAL((*cuda)("cuMemAllocAsync", &first, (size_t)(800 << 10), a.stream), 0);
  EQUAL((*cuda)("cuMemAlloc_v2", &second, (size_t)(800 << 10)), 2);
  EQUAL((*cuda)("cuMemFreeAsync", first, a.stream), 0);
  EQUAL((*cuda)("cuMemAllocAsync", &second, (size_t)(800 << 10), a.stream), 0);
  EQUAL((*cuda)("cuMemFreeAsync", second, a.stream), 0);
  EQUAL((*cuda)("cuMemFreeAsync", second, a.stream), 0);
  EQUAL(a.wait(), 700);
  cuda->reset();
  void *pool = nullptr;
  uint64_t used = 0, high = 0;
  EQUAL((*cuda)("cuDeviceGetDefaultMemPool", &pool, 0), 0);
  EQUAL((*cuda)("cuMemPoolGetAttribute", pool, 7, (void *)&used), 0);
  EQUAL((*cuda)("cuMemPoolGetAttribute", pool, 8, (void *)&high), 0);
  CLAIM(high >= 800 << 10 && used < high, "%zu %zu", (size_t)used, (size_t)high);
  EQUAL((*cuda)("cuMemPoolTrimTo", pool, (size_t)0), 0);
  (*cuda)("standin_set_memory", (size_t)8 << 30);
}

/// All addresses used up: the device begins again with those that were freed, on a second device with few of them.
void testAddresses(const Driver &other) {
  other("standin_set_address_space", (size_t)(1 << 20));
  Pointer kept, p;
  EQUAL(other("cuMemAlloc_v2", &kept, (size_t)1000), 0);
  vector<Pointer> seen;
  bool isAgain = false;
  for (int i = 0; i < 20; i++) {
    EQUAL(other("cuMemAlloc_v2", &p, (size_t)100000), 0);
    for (auto q : seen) isAgain |= q == p;
    CLAIM(i >= 9 || !isAgain, "used again after %d allocations", i);
    seen.push_back(p);
    EQUAL(other("cuMemFree_v2", p), 0);
  }
  CLAIM(isAgain && (p >= kept + 1000 || p + 100000 <= kept));
  EQUAL(other("cuMemFree_v2", kept), 0);
}

void testTwoDevices(const Driver &other) {
  Loaded module(addText);
  auto add = module.function("add");
  Buffer<float> X(vector<float>(4, 0));
  string image, log;
  void *theirs = nullptr, *theirAdd = nullptr;
  EQUAL(compile(addText, image, log), 0);
  EQUAL(other("cuModuleLoadData", &theirs, image.data()), 0);
  EQUAL(other("cuModuleGetFunction", &theirAdd, theirs, "add"), 0);
  Pointer p;
  EQUAL(other("cuMemAlloc_v2", &p, (size_t)16), 0);
  EQUAL(other("cuMemsetD32Async", p, 0u, (size_t)4, nullptr), 0);
  float value = 1;
  int count = 4;
  void *parameters[] = {&p, &value, &count};
  // Both at once, each on a thread.
  std::thread thread([&] {
    other.attach();
    for (int i = 0; i < 200; i++) {
      other("cuLaunchKernel", theirAdd, 1u, 1u, 1u, 4u, 1u, 1u, 0u, nullptr, (void **)parameters, (void **)nullptr);
      EQUAL(other("cuCtxSynchronize"), 0);
    }
  });
  for (int i = 0; i < 200; i++) EQUAL(launch(add, 1, 1, 4, X.address, 2.f, 4), 0);
  thread.join();
  float result[4];
  EQUAL(other("cuMemcpyDtoHAsync_v2", result, p, (size_t)16, nullptr), 0);
  CLAIM(result[0] == 200 && X.read()[3] == 400);
  // One's memory is nobody's for the other, one's failure not the other's.
  EQUAL(other("cuMemcpyDtoHAsync_v2", result, X.address, (size_t)16, nullptr), 1);
  EQUAL((*cuda)("cuStreamSynchronize", other.library), 400);
  CLAIM(other.failure() != cuda->failure());
  cuda->reset();
  other.reset();
}

void testContext(const Driver &other) {
  // The last release ends the context with all that it has.
  EQUAL(other("cuDevicePrimaryCtxRelease_v2", 0), 0);
  int released = 1;
  while (!other("cuDevicePrimaryCtxRelease_v2", 0)) released++;
  Pointer p;
  EQUAL(other("cuMemAlloc_v2", &p, (size_t)4), 709);
  other.attach();
  EQUAL(other("cuMemAlloc_v2", &p, (size_t)4), 0);
  CLAIM(released > 0);
}
}  // namespace

void testDriver() {
  testDevice();
  testStreams();
  testCopies();
  testMemory();
  char folder[] = "/tmp/standin-second-XXXXXX";
  CLAIM(mkdtemp(folder));
  Dl_info info;
  dladdr(dlsym(cuda->library, "cuInit"), &info);
  string from = info.dli_fname;
  from = from.substr(0, from.rfind('/'));
  CLAIM(!system(("cp -r " + from + "/. " + folder).c_str()));
  Driver other(folder);
  CLAIM(dlsym(other.library, "cuInit") != dlsym(cuda->library, "cuInit"));
  other.attach();
  testAddresses(other);
  testTwoDevices(other);
  testContext(other);
  CLAIM(!system((string("rm -r ") + folder).c_str()));
}
