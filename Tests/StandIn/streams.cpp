// Streams: queues that do nothing until somebody waits for them.
#include "standin.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

uint64_t threadNumber() {
  static std::atomic<uint64_t> next{1};
  static thread_local uint64_t number = next++;
  return number;
}

std::shared_ptr<Stream> streamOf(void *handle) {
  auto &dev = device();
  // The legacy stream and, as here a thread has no other, the thread's own.
  if ((uintptr_t)handle <= 2) {
    if (!dev.legacy) {
      dev.legacy = std::make_shared<Stream>(true);
      dev.legacy->isLegacy = true;
    }
    return dev.legacy;
  }
  auto found = dev.streams.find(handle);
  if (found != dev.streams.end()) return found->second;
  mistake(CUDA_ERROR_INVALID_HANDLE, "a stream that does not exist");
  return nullptr;
}

void invalidate(Capture &capture) { capture.isInvalid = true; }

CUresult refuseWhileCapturing() {
  for (auto capture : device().captures) {
    // 0: global, 1: of this thread, 2: relaxed.
    if (capture->mode == 2 || (capture->mode == 1 && capture->thread != threadNumber())) continue;
    if (capture->isInvalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    invalidate(*capture);
    return mistake(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "a call that must not be made while a stream is captured");
  }
  return CUDA_SUCCESS;
}

CUresult enqueue(const std::shared_ptr<Stream> &stream, Work work, std::vector<Mark> after) {
  auto &dev = device();
  if (stream->capture) {
    auto &capture = *stream->capture;
    if (capture.isInvalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    capture.work.push_back(std::move(work));
    if (stream.get() != capture.origin) capture.unjoined.insert(stream.get());
    return CUDA_SUCCESS;
  }
  auto waitFor = [&](const std::shared_ptr<Stream> &other) {
    if (other->completed < other->queued) after.push_back({other, other->queued});
  };
  if (stream->isLegacy) {
    for (auto &entry : dev.streams) {
      if (!entry.second->isBlocking) continue;
      if (entry.second->capture) {
        invalidate(*entry.second->capture);
        return mistake(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy stream is used while a stream that waits for it is captured");
      }
      waitFor(entry.second);
    }
  } else if (stream->isBlocking && dev.legacy) {
    waitFor(dev.legacy);
  }
  stream->queue.push_back({std::move(work), std::move(after)});
  stream->queued++;
  return CUDA_SUCCESS;
}

namespace {
/// Lets other threads work with the device for a moment.
void letOthersRun() {
  openMemory(false);
  device().lock.unlock();
  std::this_thread::sleep_for(std::chrono::microseconds(50));
  device().lock.lock();
  openMemory(true);
}
}  // namespace

CUresult waitFor(const Mark &last, bool isPatient) {
  auto &dev = device();
  if (dev.code || !last.stream || last.stream->completed >= last.number) return dev.code;
  OpenMemory open;
  std::vector<Mark> marks = {last};
  uint64_t generation = dev.generation;
  while (!marks.empty()) {
    if (dev.code) return dev.code;
    if (dev.generation != generation) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    auto stream = marks.back().stream;
    if (stream->completed >= marks.back().number) {
      marks.pop_back();
      continue;
    }
    if (stream->isRunning) {
      if (!isPatient) return dev.code;
      letOthersRun();
      continue;
    }
    auto &operation = stream->queue.front();
    auto pending = std::find_if(operation.after.begin(), operation.after.end(), [](Mark &m) { return m.stream->completed < m.number; });
    if (pending != operation.after.end()) {
      marks.push_back(*pending);
      continue;
    }
    stream->isRunning = true;
    Work work = operation.run;
    bool isFinished = work();
    while (!isFinished && isPatient && !dev.code && dev.generation == generation) {
      letOthersRun();
      if (!dev.code && dev.generation == generation) isFinished = work();
    }
    stream->isRunning = false;
    if (dev.generation != generation) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if (dev.code || !isFinished) return dev.code;
    if (stream->queue.empty()) continue;  // dropped by a reset meanwhile
    stream->queue.pop_front();
    stream->completed++;
  }
  return dev.code;
}

CUresult waitForAll(bool isPatient) {
  auto &dev = device();
  std::vector<Mark> marks;
  if (dev.legacy) marks.push_back({dev.legacy, dev.legacy->queued});
  for (auto &entry : dev.streams) marks.push_back({entry.second, entry.second->queued});
  for (auto &mark : marks)
    if (auto code = waitFor(mark, isPatient)) return code;
  return dev.code;
}
