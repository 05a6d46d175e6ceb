// NVRTC and what lies behind it: options, logs, many texts in one run of the compiler, the folder of compiled kernels.
#include "test_support.h"

#include <unistd.h>

namespace {
struct Counts {
  long texts, units, cached;
  double seconds;
};
Counts counts(const Driver &driver) {
  Counts c;
  driver("standin_compile_statistics", &c.texts, &c.units, &c.cached, &c.seconds);
  return c;
}

string scaleText(int number, const char *statement = "x[i] *= FACTOR;") {
  return "#define FACTOR " + std::to_string(number) + "\n#ifndef GUARD\n#define GUARD\n__device__ int indexOf(int i) { return i; }\n#endif\n"
      "struct Arguments { float *x; int n; };\nextern \"C\" __global__ void __launch_bounds__(64) scale_" + std::to_string(number) +
      "(const Arguments a) {\n  float *x = a.x;\n  int i = indexOf(threadIdx.x);\n  if (i < a.n) " + statement + "\n}\n";
}
struct Arguments {
  Pointer x;
  int n;
};

void testOptions() {
  string image, log, text = scaleText(1);
  EQUAL(compile(text, image, log, {"--gpu-architecture=sm_80", "--fmad=false", "--std=c++17", "--ptxas-options=-v", "-default-device"}), 0);
  EQUAL(compile(text, image, log, {"--gpu-architecture=compute_90", "--device-as-default-execution-space", "-DNAME=3"}), 0);
  CLAIM(image.empty());
  for (auto option : {"--gpu-architecture=sm_91", "--use_fast_math", "--fmad=maybe", "--std=c++98", "--verbose"}) {
    EQUAL(compile(text, image, log, {option}), 5);
    CLAIM(contains(log, "nvrtc: error"));
  }
  int major, minor, number, list[4];
  EQUAL((*cuda)("nvrtcVersion", &major, &minor), 0);
  CLAIM(major == 12 && minor == 4);
  EQUAL((*cuda)("nvrtcGetNumSupportedArchs", &number), 0);
  EQUAL(number, 4);
  EQUAL((*cuda)("nvrtcGetSupportedArchs", list), 0);
  CLAIM(list[0] == 80 && list[3] == 90);
  char data[64] = "not an image";
  void *module;
  EQUAL((*cuda)("cuModuleLoadData", &module, data), 200);
  cuda->reset();
}

void testEager() {
  cuda->options(0, 0, 0);
  string image, log;
  EQUAL(compile("extern \"C\" __global__ void eager(float *x) {\n  x[0] = undeclared;\n}\n", image, log), 6);
  CLAIM(contains(log, ".cu:2:10: error: use of undeclared identifier"), "%s", log.c_str());
  EQUAL(compile("extern \"C\" __global__ void eager(half *x) {}\n", image, log), 6);
  auto before = counts(*cuda);
  EQUAL(compile("extern \"C\" __global__ void eager(float *x) { x[0] = 1; }\n", image, log), 0);
  auto after = counts(*cuda);
  EQUAL(after.units, before.units + 1);
  cuda->options(0, 0, 1);
}

void testBatches() {
  cuda->options(0, 0);
  auto before = counts(*cuda);
  vector<std::unique_ptr<Loaded>> modules;
  for (int i = 1; i <= 70; i++) modules.emplace_back(new Loaded(scaleText(i)));
  Buffer<float> X(vector<float>(4, 1));
  for (int i = 1; i <= 70; i++) {
    auto function = modules[(size_t)i - 1]->function(("scale_" + std::to_string(i)).c_str());
    if (i % 10 == 0 || i < 4) EQUAL(queue(nullptr, function, 1, 1, 64, 0, Arguments{X.address, 4}), 0);
  }
  EQUAL(counts(*cuda).units, before.units);
  auto x = X.read();
  CLAIM(x[0] == 6.f * 10 * 20 * 30 * 40 * 50 * 60 * 70, "%g", x[0]);
  auto after = counts(*cuda);
  EQUAL(after.texts, before.texts + 70);
  EQUAL(after.units, before.units + 2);
  // A text that does not compile: the others do, and the device says what is wrong when the kernel should run.
  Loaded good(scaleText(101)), bad(scaleText(102, "x[i] *= undeclared;")), also(scaleText(103));
  EQUAL(queue(nullptr, good.function("scale_101"), 1, 1, 64, 0, Arguments{X.address, 4}), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 0);
  EQUAL(queue(nullptr, also.function("scale_103"), 1, 1, 64, 0, Arguments{X.address, 4}), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 0);
  EQUAL(queue(nullptr, bad.function("scale_102"), 1, 1, 64, 0, Arguments{X.address, 4}), 0);
  EQUAL((*cuda)("cuCtxSynchronize"), 218);
  CLAIM(contains(cuda->failure(), "kernel scale_102 does not compile") && contains(cuda->failure(), "undeclared identifier"));
  cuda->reset();
  // Two texts with one name are two kernels.
  Loaded first("extern \"C\" __global__ void same(float *x) { x[0] = 1; }"),
      second("extern \"C\" __global__ void same(float *x) { x[0] = 2; }");
  EQUAL(launch(first.function("same"), 1, 1, 1, X.address), 0);
  CLAIM(X.read()[0] == 1);
  EQUAL(launch(second.function("same"), 1, 1, 1, X.address), 0);
  CLAIM(X.read()[0] == 2);
}

void testContraction() {
  // 1 + 2⁻¹² squared is 1 + 2⁻¹¹ + 2⁻²⁴, of which a product on its own loses the last.
  string text = "extern \"C\" __global__ void multiply_add(float *x) { x[2] = x[0] * x[0] - x[1]; }\n"
      "extern \"C\" __global__ void multiply(float *x) { x[3] = __fmul_rn(x[0], x[0]) - x[1]; }\n";
  float a = 1 + 0x1p-12f, b = 1 + 0x1p-11f;
  for (bool fuses : {true, false}) {
    string image, log;
    EQUAL(compile(text, image, log, {"--gpu-architecture=sm_90", fuses ? "--fmad=true" : "--fmad=false"}), 0);
    void *module, *function;
    EQUAL((*cuda)("cuModuleLoadData", &module, image.data()), 0);
    Buffer<float> X(vector<float>{a, b, -1, -1});
    for (auto name : {"multiply_add", "multiply"}) {
      EQUAL((*cuda)("cuModuleGetFunction", &function, module, name), 0);
      EQUAL(launch(function, 1, 1, 1, X.address), 0);
    }
    auto x = X.read();
    CLAIM(x[3] == 0, "%g", x[3]);
    CLAIM(x[2] == (fuses && __builtin_cpu_supports("fma") ? 0x1p-24f : 0), "%g", x[2]);
    EQUAL((*cuda)("cuModuleUnload", module), 0);
  }
}

/// Values of what is built in, compared with what the manual says.
void testBuiltins() {
  Loaded module(readText("builtins.cu"));
  for (int isChecked : {0, 1}) {
    cuda->options(0, isChecked);
    Buffer<int> bad(vector<int>(1, -1));
    EQUAL(launch(module.function("builtins"), 1, 1, 32, bad.address), 0);
    CLAIM(bad.read()[0] == 0, "line %d of builtins.cu", bad.read()[0]);
    cuda->reset();
  }
  cuda->options(0, 0);
}

/// What a second process finds in the folder of the first.
void testFolder() {
  char folder[] = "/tmp/standin-cache-XXXXXX";
  CLAIM(mkdtemp(folder));
  Buffer<float> X(vector<float>(4, 1));
  string copy = string(folder) + "/second";
  Dl_info info;
  dladdr(dlsym(cuda->library, "cuInit"), &info);
  string from = info.dli_fname;
  CLAIM(!system(("cp -r " + from.substr(0, from.rfind('/')) + "/. " + copy).c_str()));
  cuda->options(0, 0, 1, folder);
  vector<std::unique_ptr<Loaded>> modules;
  for (int i = 200; i < 203; i++) modules.emplace_back(new Loaded(scaleText(i)));
  EQUAL(queue(nullptr, modules[1]->function("scale_201"), 1, 1, 64, 0, Arguments{X.address, 4}), 0);
  CLAIM(X.read()[3] == 201);
  cuda->options(0, 0);
  modules.clear();
  const Driver *former = cuda;
  Driver second(copy);
  cuda = &second;
  second.attach();
  second.options(0, 0, 1, folder);
  {
    Buffer<float> Y(vector<float>(4, 1));
    for (int i = 200; i < 203; i++) modules.emplace_back(new Loaded(scaleText(i)));
    for (int i = 0; i < 3; i++)
      EQUAL(queue(nullptr, modules[(size_t)i]->function(("scale_" + std::to_string(200 + i)).c_str()), 1, 1, 64, 0,
          Arguments{Y.address, 4}), 0);
    CLAIM(Y.read()[3] == 200.f * 201 * 202);
    auto c = counts(second);
    CLAIM(c.texts == 0 && c.units == 0 && c.cached == 3, "%ld %ld %ld", c.texts, c.units, c.cached);
    modules.clear();
  }
  cuda = former;
  CLAIM(!system((string("rm -r ") + folder).c_str()));
}
}  // namespace

void testCompiler() {
  testOptions();
  testEager();
  testBatches();
  testContraction();
  testBuiltins();
  testFolder();
}
