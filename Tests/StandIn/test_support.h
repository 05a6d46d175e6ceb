// What the tests share: the functions of a stand-in that is opened as a backend opens a driver, buffers, and claims.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <sstream>
#include <memory>
#include <string>
#include <vector>

using std::string;
using std::vector;
typedef uintptr_t Pointer;

/// The libraries of one folder.
struct Driver {
  void *library;
  explicit Driver(const string &folder) : library(dlopen((folder + "/libcuda.so.1").c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!library) printf("%s\n", dlerror()), exit(1);
  }
  template <class... A> int operator()(const char *name, A... arguments) const {
    auto function = (int (*)(A...))dlsym(library, name);
    if (!function) printf("no function %s\n", name), exit(1);
    return function(arguments...);
  }
  string failure() const { return ((const char *(*)())dlsym(library, "standin_failure"))(); }
  long count(const char *name) const { return ((long (*)(const char *))dlsym(library, "standin_count"))(name); }
  void options(int order, int isChecked, int isDeferred = 1, const char *folder = nullptr) const {
    (*this)("standin_options", order, isChecked, isDeferred, folder);
  }
  void reset() const { (*this)("standin_reset"); }
  void attach() const {
    void *context = nullptr;
    (*this)("cuInit", 0u);
    (*this)("cuDevicePrimaryCtxRetain", &context, 0);
    (*this)("cuCtxSetCurrent", context);
  }
};
extern const Driver *cuda;
extern string textFolder;

// ---- claims
extern int failures, claims;
#define CLAIM(condition, ...) \
  do { \
    claims++; \
    if (!(condition)) { \
      failures++; \
      printf("%s:%d: %s; ", __FILE__, __LINE__, #condition); \
      printf("" __VA_ARGS__); \
      printf(" [%.300s]\n", cuda->failure().c_str()); \
      if (failures == 20) printf("and so on\n"), exit(1); \
    } \
  } while (0)
#define EQUAL(call, expected) \
  do { \
    long long got = (long long)(call), want = (long long)(expected); \
    CLAIM(got == want, "%s is %lld and should be %lld", #call, got, want); \
  } while (0)
inline bool contains(const string &text, const string &part) { return text.find(part) != string::npos; }
/// A NaN is the largest error there is.
inline double worst(double a, double b) { return a != a || b != b ? NAN : a > b ? a : b; }

// ---- texts and kernels
inline string readText(const string &name) {
  std::ifstream file(textFolder + "/" + name);
  std::stringstream all;
  all << file.rdbuf();
  if (all.str().empty()) printf("no text %s\n", name.c_str()), exit(1);
  return all.str();
}
inline string withPrelude(const string &name) { return readText("prelude.cu") + readText(name); }
inline string replaced(string text, const string &from, const string &to) {
  auto at = text.find(from);
  if (at == string::npos) printf("no '%s' in a text\n", from.c_str()), exit(1);
  return text.replace(at, from.size(), to);
}
inline int compile(const string &text, string &image, string &log, vector<const char *> options = {"--gpu-architecture=sm_90"}) {
  void *program = nullptr;
  (*cuda)("nvrtcCreateProgram", &program, text.c_str(), "text.cu", 0, nullptr, nullptr);
  int code = (*cuda)("nvrtcCompileProgram", program, (int)options.size(), options.data());
  size_t bytes = 0;
  (*cuda)("nvrtcGetProgramLogSize", program, &bytes);
  log.resize(bytes);
  (*cuda)("nvrtcGetProgramLog", program, &log[0]);
  if (!code) {
    (*cuda)("nvrtcGetCUBINSize", program, &bytes);
    image.resize(bytes);
    (*cuda)("nvrtcGetCUBIN", program, &image[0]);
  }
  (*cuda)("nvrtcDestroyProgram", &program);
  return code;
}
struct Loaded {
  void *module = nullptr;
  explicit Loaded(const string &text) {
    string image, log;
    EQUAL(compile(text, image, log), 0);
    EQUAL((*cuda)("cuModuleLoadData", &module, image.data()), 0);
  }
  Loaded(const Loaded &) = delete;
  ~Loaded() { (*cuda)("cuModuleUnload", module); }
  void *function(const char *name) const {
    void *function = nullptr;
    EQUAL((*cuda)("cuModuleGetFunction", &function, module, name), 0);
    return function;
  }
};
template <class... A> int queue(void *stream, void *function, unsigned gx, unsigned gy, unsigned threads, unsigned sharedBytes,
    A... arguments) {
  void *parameters[] = {&arguments..., nullptr};
  return (*cuda)("cuLaunchKernel", function, gx, gy, 1u, threads, 1u, 1u, sharedBytes, stream, (void **)parameters, (void **)nullptr);
}
template <class... A> int launch(void *function, unsigned gx, unsigned gy, unsigned threads, A... arguments) {
  if (int code = queue(nullptr, function, gx, gy, threads, 0, arguments...)) return code;
  return (*cuda)("cuStreamSynchronize", nullptr);
}

// ---- memory
template <class T> struct Buffer {
  Pointer address = 0;
  size_t count;
  explicit Buffer(size_t count) : count(count) { EQUAL((*cuda)("cuMemAlloc_v2", &address, count * sizeof(T)), 0); }
  explicit Buffer(const vector<T> &values) : Buffer(values.size()) { write(values); }
  Buffer(const Buffer &) = delete;
  void write(const vector<T> &values) {
    EQUAL((*cuda)("cuMemcpyHtoDAsync_v2", address, values.data(), values.size() * sizeof(T), nullptr), 0);
  }
  vector<T> read() const {
    vector<T> values(count);
    memset(values.data(), 0xff, count * sizeof(T));
    (*cuda)("cuMemcpyDtoHAsync_v2", values.data(), address, count * sizeof(T), nullptr);
    return values;
  }
  ~Buffer() { (*cuda)("cuMemFree_v2", address); }
};

// ---- streams
inline const char *const addText = "extern \"C\" __global__ void add(float *x, float value, int count) {\n"
    "  int i = blockIdx.x * blockDim.x + threadIdx.x;\n  if (i < count) x[i] += value;\n}\n";

struct StreamHandle {
  void *stream = nullptr;
  explicit StreamHandle(unsigned flags = 1) { EQUAL((*cuda)("cuStreamCreate", &stream, flags), 0); }
  ~StreamHandle() { (*cuda)("cuStreamDestroy_v2", stream); }
  int wait() { return (*cuda)("cuStreamSynchronize", stream); }
};
struct EventHandle {
  void *event = nullptr;
  explicit EventHandle(unsigned flags = 0) { EQUAL((*cuda)("cuEventCreate", &event, flags), 0); }
  ~EventHandle() { (*cuda)("cuEventDestroy_v2", event); }
};
struct Pinned {
  float *values = nullptr;
  explicit Pinned(size_t count, unsigned flags = 2) { EQUAL((*cuda)("cuMemHostAlloc", (void **)&values, count * sizeof(float), flags), 0); }
  ~Pinned() { (*cuda)("cuMemFreeHost", (void *)values); }
};
inline int toDevice(Pointer to, const void *from, size_t bytes, void *stream) {
  return (*cuda)("cuMemcpyHtoDAsync_v2", to, from, bytes, stream);
}
inline int toHost(void *to, Pointer from, size_t bytes, void *stream) { return (*cuda)("cuMemcpyDtoHAsync_v2", to, from, bytes, stream); }

// ---- numbers
inline float randomFloat() {
  static uint64_t state = 9;
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (float)((double)(state >> 33) / 4294967296.0 * 4 - 1);
}
inline vector<float> randomFloats(size_t count) {
  vector<float> values(count);
  for (auto &v : values) v = randomFloat();
  return values;
}
inline uint16_t toBF16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline float fromBF16(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}
inline vector<uint16_t> randomBF16(size_t count) {
  vector<uint16_t> values(count);
  for (auto &v : values) v = toBF16(randomFloat());
  return values;
}
