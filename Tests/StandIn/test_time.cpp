// How fast the stand-in is; printed, and no part of the tests: test STAND-IN TEXTS time.
#include "test_support.h"

#include <ctime>

namespace {
double seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void timeCompiler() {
  auto prelude = readText("prelude.cu"), body = readText("rows.cu");
  for (int isChecked : {0, 1})
    for (int count : {1, 64, 256}) {
      cuda->options(0, isChecked);
      vector<std::unique_ptr<Loaded>> modules;
      Buffer<float> X(vector<float>(4, 1));
      for (int i = 0; i < count; i++) {
        auto text = prelude + body, suffix = "_" + std::to_string(1000 * isChecked + count + i) + "(";
        for (string name : {"bias_gelu", "softmax", "row_sums", "column_sums"}) text = replaced(text, name + "(", name + suffix);
        modules.emplace_back(new Loaded(text));
      }
      long units, unitsBefore;
      double taken, takenBefore;
      (*cuda)("standin_compile_statistics", nullptr, &unitsBefore, nullptr, &takenBefore);
      auto name = "column_sums_" + std::to_string(1000 * isChecked + count);
      EQUAL(launch(modules[0]->function(name.c_str()), 1, 1, 64, X.address, X.address, 1, 4), 0);
      (*cuda)("standin_compile_statistics", nullptr, &units, nullptr, &taken);
      printf("%-7s %3d texts of 4 kernels: %.3f s in %ld runs\n", isChecked ? "checked" : "plain", count, taken - takenBefore,
          units - unitsBefore);
    }
}

template <class F> void time(const char *name, double elements, F run) {
  run();
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    double begin = seconds();
    run();
    best = fmin(best, seconds() - begin);
  }
  printf("%-32s %8.1f M/s\n", name, elements / best / 1e6);
}

void timeKernels() {
  Loaded rows(readText("prelude.cu") + readText("rows.cu")), products(readText("prelude.cu") + readText("products.cu"));
  for (int isChecked : {0, 1}) {
    cuda->options(0, isChecked);
    printf("%s, elements or multiply-adds of CPU time:\n", isChecked ? "checked" : "plain");
    int count = isChecked ? 1 << 18 : 1 << 22, lines = isChecked ? 64 : 1024, side = isChecked ? 128 : 512;
    Buffer<float> X(randomFloats((size_t)count)), B(randomFloats(1024)), Y((size_t)count);
    time("bias and GELU", count, [&] {
      EQUAL(launch(rows.function("bias_gelu"), 256, 1, 256, X.address, B.address, Y.address, count, 1024), 0);
    });
    Buffer<uint16_t> U(randomBF16((size_t)lines * 1024)), V((size_t)lines * 1024);
    struct {
      Pointer x, y;
      int width;
    } arguments = {U.address, V.address, 1024};
    time("softmax", lines * 1024, [&] { EQUAL(launch(rows.function("softmax"), (unsigned)lines, 1, 256, arguments), 0); });
    unsigned tiles = (unsigned)side / 64;
    time("matmul", (double)side * side * side, [&] {
      EQUAL(launch(products.function("matmul"), tiles, tiles, 256, X.address, X.address, Y.address, side, side, side), 0);
    });
    time("tensor cores", (double)side * side * side, [&] {
      unsigned columns = (unsigned)side / 8, rows = (unsigned)side / 16;
      EQUAL(launch(products.function("mma_product"), columns, rows, 32, X.address, X.address, Y.address, side, side), 0);
    });
  }
  cuda->options(0, 0);
}
}  // namespace

void timeAll() {
  timeKernels();
  timeCompiler();
}
