// The tests of the stand-in: test FOLDER-OF-THE-STAND-IN FOLDER-OF-TEXTS [name].
#include "test_support.h"

#include <chrono>

const Driver *cuda;
string textFolder;
int failures, claims;

void testValues();
void testFaults();
void testDriver();
void testLaunches();
void testCompiler();
void testLibraries();
void testNCCL();
void timeAll();

int main(int count, char **words) {
  if (count < 3) return printf("usage: test STAND-IN TEXTS [name]\n"), 2;
  setvbuf(stdout, nullptr, _IOLBF, 0);
  textFolder = words[2];
  Driver driver(words[1]);
  cuda = &driver;
  driver.attach();
  struct {
    const char *name;
    void (*run)();
  } tests[] = {{"values", testValues}, {"faults", testFaults}, {"driver", testDriver}, {"launches", testLaunches},
      {"compiler", testCompiler}, {"libraries", testLibraries}, {"nccl", testNCCL}, {"time", timeAll}};
  for (auto &test : tests) {
    if (strcmp(count > 3 ? words[3] : test.name, test.name) || (count == 3 && test.run == timeAll)) continue;
    auto begin = std::chrono::steady_clock::now();
    int before = failures, claimed = claims;
    test.run();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    printf("%-10s %4d claims, %d failed, %.2f s\n", test.name, claims - claimed, failures - before, seconds);
  }
  return failures != 0;
}
