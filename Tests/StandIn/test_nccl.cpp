// NCCL: ranks as threads of this process, and as two processes.
#include "test_support.h"

#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {
struct Id {
  char bytes[128];
};
enum { Int32 = 2, Int64 = 4, Float16 = 6, Float32 = 7, Float64 = 8, BFloat16 = 9 };
enum { Sum, Product, Max, Min };

int join(void **communicator, int ranks, Id id, int rank) {
  auto function = (int (*)(void **, int, Id, int))dlsym(cuda->library, "ncclCommInitRank");
  return function(communicator, ranks, id, rank);
}

template <class T> vector<T> reduced(void *communicator, void *stream, const vector<T> &values, int type, int operation) {
  Buffer<T> X(values);
  EQUAL((*cuda)("ncclAllReduce", X.address, X.address, values.size(), type, operation, communicator, stream), 0);
  EQUAL((*cuda)("cuStreamSynchronize", stream), 0);
  return X.read();
}

/// One rank's part; its values are (i % 7) + rank + 1.
void runRank(Id id, int ranks, int rank) {
  void *communicator = nullptr, *stream = nullptr;
  EQUAL((*cuda)("cuStreamCreate", &stream, 1u), 0);
  EQUAL(join(&communicator, ranks, id, rank), 0);
  size_t count = 150001;  // several chunks
  vector<float> x(count), sum(count, 0), product(count, 1);
  for (size_t i = 0; i < count; i++) {
    x[i] = (float)(i % 7) + (float)rank + 1;
    for (int r = 0; r < ranks; r++) sum[i] += (float)(i % 7) + (float)r + 1, product[i] *= (float)(i % 7) + (float)r + 1;
  }
  CLAIM(reduced(communicator, stream, x, Float32, Sum) == sum);
  CLAIM(reduced(communicator, stream, x, Float32, Product) == product);
  CLAIM(reduced(communicator, stream, vector<double>(3, rank), Float64, Max) == vector<double>(3, ranks - 1));
  CLAIM(reduced(communicator, stream, vector<int>(3, rank - 5), Int32, Min) == vector<int>(3, -5));
  CLAIM(reduced(communicator, stream, vector<int64_t>(3, 1ll << 40), Int64, Sum) == vector<int64_t>(3, (1ll << 40) * ranks));
  CLAIM(reduced(communicator, stream, vector<uint16_t>(3, toBF16(1.5f)), BFloat16, Sum) == vector<uint16_t>(3,
      toBF16(1.5f * (float)ranks)));
  CLAIM(reduced(communicator, stream, vector<uint16_t>(3, 0x3e00), Float16, Max) == vector<uint16_t>(3, 0x3e00));
  {
    Buffer<float> X(x), gathered(count * (size_t)ranks), part(5);
    EQUAL((*cuda)("ncclGroupStart"), 0);
    EQUAL((*cuda)("ncclAllGather", X.address, gathered.address, count, (int)Float32, communicator, stream), 0);
    EQUAL((*cuda)("ncclReduceScatter", gathered.address, part.address, (size_t)5, (int)Float32, (int)Sum, communicator, stream), 0);
    EQUAL((*cuda)("ncclBroadcast", X.address, X.address, count, (int)Float32, ranks - 1, communicator, stream), 0);
    EQUAL((*cuda)("ncclGroupEnd"), 0);
    EQUAL((*cuda)("cuStreamSynchronize", stream), 0);
    auto all = gathered.read(), mine = part.read(), same = X.read();
    bool isRight = true;
    for (int r = 0; r < ranks; r++)
      for (size_t i = 0; i < count; i++) isRight = isRight && all[(size_t)r * count + i] == (float)(i % 7) + (float)r + 1;
    CLAIM(isRight, "an all-gather");
    for (size_t i = 0; i < 5; i++) isRight = isRight && mine[i] == all[(size_t)rank * 5 + i] * (float)ranks;
    CLAIM(isRight, "a reduce-scatter");
    CLAIM(same[3] == (float)(3 + ranks) && same[count - 1] == (float)((count - 1) % 7) + (float)ranks, "a broadcast");
  }
  EQUAL((*cuda)("ncclCommDestroy", communicator), 0);
  EQUAL((*cuda)("cuStreamDestroy_v2", stream), 0);
}
}  // namespace

void testNCCL() {
  int version = 0;
  EQUAL((*cuda)("ncclGetVersion", &version), 0);
  CLAIM(version > 20000);
  Id id;
  EQUAL((*cuda)("ncclGetUniqueId", (void *)&id), 0);
  // Two processes.
  fflush(stdout);
  pid_t child = fork();
  if (!child) {
    runRank(id, 2, 1);
    fflush(stdout);
    _exit(failures != 0);
  }
  runRank(id, 2, 0);
  int status = 1;
  waitpid(child, &status, 0);
  EQUAL(status, 0);
  // Three threads.
  EQUAL((*cuda)("ncclGetUniqueId", (void *)&id), 0);
  vector<std::thread> threads;
  for (int rank = 0; rank < 3; rank++)
    threads.emplace_back([=] {
      cuda->attach();
      runRank(id, 3, rank);
    });
  for (auto &thread : threads) thread.join();
  // Ranks that do not do the same are told so.
  EQUAL((*cuda)("ncclGetUniqueId", (void *)&id), 0);
  threads.clear();
  for (int rank = 0; rank < 2; rank++)
    threads.emplace_back([=] {
      cuda->attach();
      void *communicator = nullptr, *stream = nullptr;
      Pointer p = 0;
      EQUAL((*cuda)("cuStreamCreate", &stream, 1u), 0);
      EQUAL((*cuda)("cuMemAlloc_v2", &p, (size_t)64), 0);
      EQUAL(join(&communicator, 2, id, rank), 0);
      EQUAL((*cuda)("ncclAllReduce", p, p, (size_t)(4 + rank), (int)Float32, (int)Sum, communicator, stream), 0);
      EQUAL((*cuda)("cuStreamSynchronize", stream), 719);
    });
  for (auto &thread : threads) thread.join();
  CLAIM(contains(cuda->failure(), "an all-reduce of 4") && contains(cuda->failure(), "an all-reduce of 5"));
  cuda->reset();
}
