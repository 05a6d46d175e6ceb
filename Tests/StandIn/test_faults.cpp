// Mistakes planted in kernels: checked mode finds each, and says on which line.
#include "test_values.h"

namespace {
typedef double (*Run)(const Loaded &, int &);
double columnSums(const Loaded &m, int &code) { return testColumnSums(m, code, nullptr); }
double stages(const Loaded &m, int &code) { return testStages(m, code, 4096); }
double stagesWithHalf(const Loaded &m, int &code) { return testStages(m, code, 2048); }
double attention(const Loaded &m, int &code) { return testAttention(m, code, {130}, 1); }

struct Fault {
  const char *name, *text, *from, *to;
  Run run;
  int code;
  const char *says, *line;
};
const Fault faults[] = {
    {"no barrier after the partials", "rows.cu", "__syncthreads(); // BARRIER-A", "", testSoftmax, 719, "shared memory",
        "scratch[warp] = x;"},
    {"no barrier before scratch is used again", "rows.cu", "__syncthreads(); // BARRIER-C", "", testSoftmax, 719, "a race in shared memory",
        "x = warp_max(lane < warps"},
    {"no barrier before sums are used", "rows.cu", "__syncthreads(); // BARRIER-D", "", columnSums, 719, "shared memory",
        "t += sums[w][lane]"},
    {"no barrier at the end of a column", "rows.cu", "__syncthreads(); // BARRIER-E", "", columnSums, 719, "a race in shared memory",
        "sums[warp][lane] = s"},
    {"no barrier between the stages", "products.cu", "__syncthreads(); // BARRIER-F", "", testMatmul, 719, "shared memory", ", line "},
    {"tail one too far", "rows.cu", "i < count) y[i]", "i <= count) y[i]", testBiasGelu, 700,
        "4 bytes at 61452 of an allocation of 61452 bytes",
        "y[i] = gelu(x[i] + b[i % width])"},
    {"misaligned float4", "rows.cu", "reinterpret_cast<const float4 *>(x)[i]",
        "*reinterpret_cast<const float4 *>(x + 4 * i + (i < quads - 1))",
        testBiasGelu, 716, "misaligned", "float4 v ="},
    {"barrier in a branch", "rows.cu", "if (lane == 0) scratch[warp] = x;\n  __syncthreads(); // BARRIER-A",
        "if (lane == 0) { scratch[warp] = x; __syncthreads(); }", testSoftmax, 719, "", ", line "},
    {"shuffle in a branch", "rows.cu", "x = warp_sum(lane < warps ? scratch[lane] : 0.f);",
        "if (lane < warps) x = warp_sum(scratch[lane]);",
        testSoftmax, 719, "", "__shfl_xor_sync"},
    {"partials not initialised", "rows.cu", "x = warp_sum(lane < warps ? scratch[lane] : 0.f);", "x = warp_sum(scratch[lane]);",
        testSoftmax, 719,
        "reads shared memory that nobody has written", "warp_sum(scratch[lane])"},
    {"two blocks write one element", "rows.cu", "partial[(size_t)blockIdx.x * width + column] = t;", "partial[column] = t;", columnSums,
        719,
        "a race in global memory", "partial[column] = t"},
    {"an index outside a shared array", "rows.cu", "for (int w = 0; w < 8; w++) t += sums[w][lane];",
        "for (int w = 0; w < (width > 0 ? 9 : 8); w++) t += sums[w][lane];", columnSums, 719, "an index outside its array",
        "t += sums[w][lane]"},
    {"column sums without a bound", "rows.cu", "if (i >= width) return;", "", columnSums, 0, "", ", line "},
    {"attention without its first barrier", "attention.cu", "__syncthreads(); // ATTENTION-A", "", attention, 719,
        "a race in shared memory",
        "*(uint4 *)&"},
    {"attention without its second barrier", "attention.cu", "__syncthreads(); // ATTENTION-B", "", attention, 719, "shared memory",
        ", line "},
    {"no wait for a copy", "products.cu", "cp_async_wait(1); // WAIT", "", stages, 719, "reads shared memory that nobody has written",
        "127 - t"},
    {"a wait for too few groups", "products.cu", "cp_async_wait(1); // WAIT", "cp_async_wait(2);", stages, 719,
        "reads shared memory that nobody has written", "127 - t"},
    {"a stage overwritten while it is read", "products.cu", "__syncthreads(); // BARRIER-G", "", stages, 719, "shared memory", ", line "},
    {"too little dynamic shared memory", "products.cu", "// WAIT", "", stagesWithHalf, 700, "of 2048 bytes of dynamic shared memory",
        "cp_async16"},
};

void testKernelFaults() {
  for (auto &fault : faults) {
    cuda->options(0, 1);
    cuda->reset();
    int code = 0;
    double error;
    {
      Loaded module(replaced(withPrelude(fault.text), fault.from, fault.to));
      error = fault.run(module, code);
    }
    auto said = cuda->failure();
    CLAIM(code && !(error <= 1), "%s is not found", fault.name);
    if (fault.code) CLAIM(code == fault.code, "%s: code %d", fault.name, code);
    CLAIM(contains(said, fault.says), "%s", fault.name);
    CLAIM(contains(said, ", line ") && contains(said, fault.line), "%s: not the line", fault.name);
    CLAIM(contains(said, "kernel ") && contains(said, "thread ("), "%s", fault.name);
    if (getenv("STANDIN_VERBOSE")) printf("%s: %s\n", fault.name, said.c_str());
    cuda->reset();
  }
}

/// A kernel of 64 threads over x[64] and y[64]; what it is told, and what must be said in every order ("" for nothing).
struct Small {
  const char *body, *says;
  int code;
};
const Small smalls[] = {
    {"__shared__ float s[64]; s[t] = x[t]; __syncthreads(); float v = s[t] + s[(t + 1) % 64]; s[t] = v; __syncthreads(); y[t] = s[t];",
        "a race in shared memory", 719},
    {"__shared__ float s[64]; s[t] = x[t]; __syncthreads(); float v = s[t] + s[(t + 1) % 64]; __syncthreads(); s[t] = v; y[t] = s[t];", "",
        0},
    {"__shared__ float s[64]; s[t] = x[t]; __syncwarp(); y[t] = s[t ^ 1];", "", 0},
    {"__shared__ float s[64]; s[t] = x[t]; __syncwarp(t & 16 ? 0xffff0000u : 0xffffu); y[t] = s[t ^ 1];", "", 0},
    {"__shared__ float s[64]; s[t] = x[t]; y[t] = s[t ^ 1];", "shared memory", 719},
    {"__shared__ float s[64]; s[t] = x[t]; __syncwarp(); y[t] = s[(t + 32) % 64];", "shared memory", 719},
    {"y[0] = x[t];", "a race in global memory", 719},
    {"atomicAdd(y, x[t]);", "", 0},
    {"y[t] = x[t] + x[64 + t];", "of an allocation of 256 bytes, line ", 700},
    {"y[t] = x[t] + x[-1];", "at -4 of an allocation of 256 bytes", 700},
    {"y[t] = __shfl_sync(0xffffffffu, x[t], 3) + (float)__popc(__ballot_sync(0xffffffffu, t & 1));", "", 0},
    {"if (t < 32) y[t] = __shfl_down_sync(0xffu, x[t], 1); else y[t] = 0;", "mask", 719},
    {"unsigned m = __match_any_sync(0xffffffffu, t / 8); y[t] = (float)__reduce_add_sync(m, t & 1) + __reduce_max_sync(m, -t);", "", 0},
    {"y[t] = x[t]; if (t == 3) __trap();", "__trap()", 719},
    {"y[t] = (float)(1 << (t + 1));", "a shift by too many bits", 719},
    {"int n = __syncthreads_count(t < 5); y[t] = n == 5 && __syncthreads_or(t == 9) && !__syncthreads_and(t < 63) ? 1 : 1 / 0.f;", "", 0},
    {"WENGERT_SHARED_MEMORY(m); ((float *)m)[t] = x[t]; __syncthreads(); y[t] = ((float *)m)[63 - t];", "of dynamic shared memory", 700},
    {"((char *)y)[t] = 1; ((char *)y)[64 + t] = 2; ((short *)y)[64 + t] = 3; y[t] = 0;", "a race in global memory", 719},
    {"((char *)y)[4 * t] = 1; ((char *)y)[4 * t + 1] = 2; ((short *)y)[2 * t + 1] = 3;", "", 0},
};

void testSmallKernels() {
  vector<std::unique_ptr<Loaded>> modules;
  cuda->options(0, 1);
  cuda->reset();
  int number = 0;
  for (auto &small : smalls)
    modules.emplace_back(new Loaded("extern \"C\" __global__ void small_" + std::to_string(number++) +
        "(const float *x, float *y) { int t = threadIdx.x; " + small.body + " }"));
  number = 0;
  for (auto &small : smalls) {
    auto name = "small_" + std::to_string(number);
    auto function = modules[(size_t)number++]->function(name.c_str());
    for (int order : {0, 1, 2}) {
      cuda->options(order, 1);
      Buffer<float> X(randomFloats(64)), Y(vector<float>(64, 0));
      EQUAL(launch(function, 1, 1, 64, X.address, Y.address), small.code);
      auto said = cuda->failure();
      CLAIM(*small.says ? contains(said, small.says) : said.empty(), "order %d: %s", order, small.body);
      cuda->reset();
    }
  }
}

void testGlobalMemory() {
  cuda->options(0, 1);
  Loaded module("extern \"C\" __global__ void copy(const float *x, float *y) { y[threadIdx.x] = x[threadIdx.x]; }");
  auto copy = module.function("copy");
  Buffer<float> Y(3);
  {
    Pointer gone;
    {
      Buffer<float> X(vector<float>{1, 2, 3});
      gone = X.address;
    }
    EQUAL(launch(copy, 1, 1, 3, gone, Y.address), 700);
    CLAIM(contains(cuda->failure(), "that is freed, line 1: "), "use after free");
    cuda->reset();
  }
  Buffer<float> X(3);
  EQUAL(launch(copy, 1, 1, 3, X.address, Y.address), 719);
  CLAIM(contains(cuda->failure(), "reads global memory that nobody has written, line 1: "), "never written");
  cuda->reset();
  // A fill and a copy within the device write; so does a kernel.
  Buffer<float> Z(3);
  EQUAL((*cuda)("cuMemsetD32Async", X.address, 0x3f800000u, (size_t)3, nullptr), 0);
  EQUAL((*cuda)("cuMemcpyDtoDAsync_v2", Z.address, X.address, (size_t)12, nullptr), 0);
  EQUAL(launch(copy, 1, 1, 3, Z.address, Y.address), 0);
  EQUAL(launch(copy, 1, 1, 3, Y.address, Z.address), 0);
  CLAIM(Z.read() == vector<float>(3, 1), "values");
}
}  // namespace

void testFaults() {
  testKernelFaults();
  testSmallKernels();
  testGlobalMemory();
  cuda->options(0, 0);
  cuda->reset();
}
