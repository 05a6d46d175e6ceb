// NCCL: ranks are threads or processes that meet in a file of shared memory, named by the communicator's id.
#include "numbers.h"
#include "standin.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace {
enum ncclResult { ncclSuccess, ncclUnhandledCudaError, ncclSystemError, ncclInternalError, ncclInvalidArgument, ncclInvalidUsage };
enum ncclDataType { ncclInt8, ncclUint8, ncclInt32, ncclUint32, ncclInt64, ncclUint64, ncclFloat16, ncclFloat32, ncclFloat64,
    ncclBfloat16 };
enum ncclRedOp { ncclSum, ncclProd, ncclMax, ncclMin, ncclAvg };
enum Collective { AllReduce, Broadcast, AllGather, ReduceScatter };
const char *const collectives[] = {"an all-reduce", "a broadcast", "an all-gather", "a reduce-scatter"};
constexpr size_t typeBytes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2};
constexpr int maxRanks = 64;
constexpr size_t slotBytes = 256 << 10;
constexpr auto patience = std::chrono::seconds(60);

/// What a rank does, so that ranks which do different things are told so.
struct CallOfRank {
  uint64_t kind, count, type, operation, root;
  bool operator==(const CallOfRank &o) const {
    return kind == o.kind && count == o.count && type == o.type && operation == o.operation && root == o.root;
  }
};
struct Shared {
  std::atomic<int> joined;
  /// Of each rank: the last step whose part it has left in its slot, and the last that it has taken from all slots.
  std::atomic<uint64_t> left[maxRanks], taken[maxRanks];
  CallOfRank calls[maxRanks];
};
struct Communicator {
  Shared *shared;
  int ranks, rank;
  uint64_t step = 0;
  Communicator(Shared *shared, int ranks, int rank) : shared(shared), ranks(ranks), rank(rank) {}
  ~Communicator() { munmap(shared, bytes()); }
  size_t bytes() const { return sizeof(Shared) + (size_t)ranks * slotBytes; }
  char *slot(int r) const { return (char *)(shared + 1) + (size_t)r * slotBytes; }
  bool all(const std::atomic<uint64_t> (&steps)[maxRanks], uint64_t least) const {
    return std::all_of(steps, steps + ranks, [&](const std::atomic<uint64_t> &s) { return s >= least; });
  }
};
std::map<void *, std::shared_ptr<Communicator>> communicators;

struct UniqueId {
  char bytes[128];
};

template <class T> void combine(T *to, const T *from, size_t count, int operation) {
  for (size_t i = 0; i < count; i++) {
    switch (operation) {
    case ncclProd: to[i] *= from[i]; break;
    case ncclMax: to[i] = std::max(to[i], from[i]); break;
    case ncclMin: to[i] = std::min(to[i], from[i]); break;
    default: to[i] += from[i];
    }
  }
}

template <float (*from)(uint16_t), uint16_t (*to)(float)> void combineHalves(uint16_t *a, const uint16_t *b, size_t count, int operation) {
  for (size_t i = 0; i < count; i++) {
    float x = from(a[i]), y = from(b[i]);
    combine(&x, &y, 1, operation);
    a[i] = to(x);
  }
}

void combine(void *to, const void *from, size_t count, int type, int operation) {
  switch (type) {
  case ncclInt8: return combine((int8_t *)to, (const int8_t *)from, count, operation);
  case ncclUint8: return combine((uint8_t *)to, (const uint8_t *)from, count, operation);
  case ncclInt32: return combine((int32_t *)to, (const int32_t *)from, count, operation);
  case ncclUint32: return combine((uint32_t *)to, (const uint32_t *)from, count, operation);
  case ncclInt64: return combine((int64_t *)to, (const int64_t *)from, count, operation);
  case ncclUint64: return combine((uint64_t *)to, (const uint64_t *)from, count, operation);
  case ncclFloat32: return combine((float *)to, (const float *)from, count, operation);
  case ncclFloat64: return combine((double *)to, (const double *)from, count, operation);
  case ncclFloat16: return combineHalves<fromF16, toF16>((uint16_t *)to, (const uint16_t *)from, count, operation);
  default: return combineHalves<fromBF16, toBF16>((uint16_t *)to, (const uint16_t *)from, count, operation);
  }
}

/// A collective as work of a stream: chunk by chunk every rank leaves its part in its slot, and takes what it needs of all.
struct Exchange {
  std::shared_ptr<Communicator> communicator;
  CallOfRank call;
  CUdeviceptr send, receive;
  size_t at = 0;
  bool hasLeft = false, isWaiting = false;
  std::chrono::steady_clock::time_point since;

  size_t element() const { return typeBytes[call.type]; }
  size_t ranks() const { return (size_t)communicator->ranks; }
  size_t sendBytes() const { return call.count * element() * (call.kind == ReduceScatter ? ranks() : 1); }
  size_t receiveBytes() const { return call.count * element() * (call.kind == AllGather ? ranks() : 1); }
  bool sends() const { return call.kind != Broadcast || (int)call.root == communicator->rank; }
  size_t chunk() const {
    size_t room = slotBytes / element() / (call.kind == ReduceScatter ? ranks() : 1);
    return std::min(room, (size_t)call.count - at);
  }

  void leave() {
    auto slot = communicator->slot(communicator->rank);
    size_t parts = call.kind == ReduceScatter ? ranks() : 1;
    for (size_t p = 0; sends() && p < parts; p++)
      memcpy(slot + p * chunk() * element(), (const char *)send + (p * call.count + at) * element(), chunk() * element());
    communicator->shared->calls[communicator->rank] = call;
  }

  void take() {
    auto out = (char *)receive + at * element();
    size_t bytes = chunk() * element(), mine = call.kind == ReduceScatter ? (size_t)communicator->rank * bytes : 0;
    switch (call.kind) {
    case Broadcast: memcpy(out, communicator->slot((int)call.root), bytes); break;
    case AllGather:
      for (int r = 0; r < communicator->ranks; r++) memcpy(out + (size_t)r * call.count * element(), communicator->slot(r), bytes);
      break;
    default:
      memcpy(out, communicator->slot(0) + mine, bytes);
      for (int r = 1; r < communicator->ranks; r++) combine(out, communicator->slot(r) + mine, chunk(), (int)call.type,
          (int)call.operation);
    }
  }

  bool areLive() {
    auto name = collectives[call.kind];
    auto before = std::move(device().message);
    device().message.clear();
    if ((!sends() || rangeOf(send, sendBytes(), name)) && rangeOf(receive, receiveBytes(), name)) {
      device().message = std::move(before);
      return true;
    }
    breakContext(CUDA_ERROR_ILLEGAL_ADDRESS, std::string(device().message));
    return false;
  }

  /// False while others have not come.
  bool wait(bool isReady, const std::atomic<uint64_t> (&steps)[maxRanks], uint64_t least) {
    if (!isReady && !isWaiting) since = std::chrono::steady_clock::now();
    isWaiting = !isReady;
    if (isReady || std::chrono::steady_clock::now() - since < patience) return isReady;
    for (int r = 0; r < communicator->ranks; r++)
      if (steps[r] < least)
        breakContext(CUDA_ERROR_LAUNCH_FAILED, format("%s of rank %d waits for rank %d", collectives[call.kind], communicator->rank, r));
    return false;
  }

  bool run() {
    auto &c = *communicator;
    auto &shared = *c.shared;
    if (!at && !hasLeft && !areLive()) return true;
    while (at < call.count) {
      uint64_t step = c.step + 1;
      if (!hasLeft) {
        if (!wait(c.all(shared.taken, step - 1), shared.taken, step - 1)) return false;
        leave();
        shared.left[c.rank] = step;
        hasLeft = true;
      }
      if (!wait(c.all(shared.left, step), shared.left, step)) return false;
      for (int r = 0; r < c.ranks; r++) {
        if (shared.calls[r] == call) continue;
        breakContext(CUDA_ERROR_LAUNCH_FAILED, format("rank %d calls %s of %lu elements, rank %d %s of %lu, or of another type", c.rank,
            collectives[call.kind], (unsigned long)call.count, r, collectives[shared.calls[r].kind], (unsigned long)shared.calls[r].count));
        return true;
      }
      take();
      at += chunk();
      hasLeft = false;
      c.step = step;
      shared.taken[c.rank] = step;
    }
    markWritten(receive, receiveBytes());
    // A graph runs it again.
    at = 0;
    return true;
  }
};

int collective(Collective kind, CUdeviceptr send, CUdeviceptr receive, size_t count, int type, int operation, int root, void *handle,
    void *streamHandle) {
  if (!hasContext() || device().code) return ncclUnhandledCudaError;
  auto found = communicators.find(handle);
  if (found == communicators.end()) return mistake(ncclInvalidArgument, "a communicator that does not exist");
  if (type < 0 || type > ncclBfloat16 || operation < 0 || operation >= ncclAvg || root < 0 || root >= found->second->ranks)
    return mistake(ncclInvalidArgument, format("%s: a type, operation or root that there is not", collectives[kind]));
  auto stream = streamOf(streamHandle);
  if (!stream) return ncclInvalidArgument;
  if (!count) return ncclSuccess;
  auto exchange = std::make_shared<Exchange>();
  exchange->communicator = found->second;
  exchange->call = {(uint64_t)kind, count, (uint64_t)type, (uint64_t)operation, (uint64_t)root};
  exchange->send = send;
  exchange->receive = receive;
  return enqueue(stream, [exchange] { return exchange->run(); }) ? ncclUnhandledCudaError : ncclSuccess;
}
thread_local int groups;
}  // namespace

STANDIN_API int ncclGetVersion(int *version) {
  CALL(NeedsNothing);
  if (!version) return ncclInvalidArgument;
  *version = 22005;
  return ncclSuccess;
}

STANDIN_API const char *ncclGetErrorString(int result) {
  static const char *const texts[] = {"no error", "unhandled cuda error", "unhandled system error", "internal error", "invalid argument",
      "invalid usage", "remote process exited or there was a network error", "NCCL operation in progress"};
  return result >= 0 && result < 8 ? texts[result] : "unknown result code";
}
STANDIN_API const char *ncclGetLastError(void *) { return device().message.c_str(); }

STANDIN_API int ncclGetUniqueId(UniqueId *id) {
  CALL(NeedsNothing);
  if (!id) return ncclInvalidArgument;
  std::random_device random;
  memset(id, 0, sizeof *id);
  snprintf(id->bytes, sizeof id->bytes, "wengert-standin-%08x%08x%08x", random(), random(), (unsigned)getpid());
  return ncclSuccess;
}

STANDIN_API int ncclCommInitRank(void **handle, int ranks, UniqueId id, int rank) {
  CALL(NeedsNothing);
  if (!hasContext() || device().code) return ncclUnhandledCudaError;
  id.bytes[sizeof id.bytes - 1] = 0;
  if (!handle || ranks < 1 || ranks > maxRanks || rank < 0 || rank >= ranks || strncmp(id.bytes, "wengert-standin-", 16) ||
      strchr(id.bytes, '/'))
    return ncclInvalidArgument;
  auto name = std::string("/") + id.bytes;
  size_t bytes = sizeof(Shared) + (size_t)ranks * slotBytes;
  int file = shm_open(name.c_str(), O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, (off_t)bytes)) return ncclSystemError;
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return ncclSystemError;
  auto communicator = std::make_shared<Communicator>((Shared *)memory, ranks, rank);
  // The last to come takes the name away, and the file goes with its last rank.
  if (++communicator->shared->joined == ranks) shm_unlink(name.c_str());
  communicators[communicator.get()] = communicator;
  *handle = communicator.get();
  call.lock.unlock();
  for (auto begin = std::chrono::steady_clock::now(); communicator->shared->joined < ranks;) {
    if (std::chrono::steady_clock::now() - begin > patience) {
      shm_unlink(name.c_str());
      return ncclSystemError;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return ncclSuccess;
}

STANDIN_API int ncclCommDestroy(void *handle) {
  CALL(NeedsNothing);
  auto found = communicators.find(handle);
  if (found == communicators.end()) return ncclInvalidArgument;
  waitForAll(false);
  communicators.erase(found);
  return ncclSuccess;
}

STANDIN_API int ncclCommAbort(void *handle) {
  CALL(NeedsNothing);
  return communicators.erase(handle) ? ncclSuccess : ncclInvalidArgument;
}

STANDIN_API int ncclCommCount(void *handle, int *count) {
  CALL(NeedsNothing);
  auto found = communicators.find(handle);
  if (found == communicators.end() || !count) return ncclInvalidArgument;
  *count = found->second->ranks;
  return ncclSuccess;
}

STANDIN_API int ncclCommUserRank(void *handle, int *rank) {
  CALL(NeedsNothing);
  auto found = communicators.find(handle);
  if (found == communicators.end() || !rank) return ncclInvalidArgument;
  *rank = found->second->rank;
  return ncclSuccess;
}

STANDIN_API int ncclCommGetAsyncError(void *handle, int *result) {
  CALL(NeedsNothing);
  if (!communicators.count(handle) || !result) return ncclInvalidArgument;
  *result = device().code ? ncclUnhandledCudaError : ncclSuccess;
  return ncclSuccess;
}

STANDIN_API int ncclGroupStart(void) {
  CALL(NeedsNothing);
  groups++;
  return ncclSuccess;
}
STANDIN_API int ncclGroupEnd(void) {
  CALL(NeedsNothing);
  return groups-- > 0 ? ncclSuccess : (groups = 0, ncclInvalidUsage);
}

STANDIN_API int ncclAllReduce(CUdeviceptr send, CUdeviceptr receive, size_t count, int type, int operation, void *handle, void *stream) {
  CALL(NeedsNothing);
  return collective(AllReduce, send, receive, count, type, operation, 0, handle, stream);
}
STANDIN_API int ncclBroadcast(CUdeviceptr send, CUdeviceptr receive, size_t count, int type, int root, void *handle, void *stream) {
  CALL(NeedsNothing);
  return collective(Broadcast, send, receive, count, type, ncclSum, root, handle, stream);
}
STANDIN_API int ncclAllGather(CUdeviceptr send, CUdeviceptr receive, size_t count, int type, void *handle, void *stream) {
  CALL(NeedsNothing);
  return collective(AllGather, send, receive, count, type, ncclSum, 0, handle, stream);
}
STANDIN_API int ncclReduceScatter(CUdeviceptr send, CUdeviceptr receive, size_t count, int type, int operation, void *handle,
    void *stream) {
  CALL(NeedsNothing);
  return collective(ReduceScatter, send, receive, count, type, operation, 0, handle, stream);
}
