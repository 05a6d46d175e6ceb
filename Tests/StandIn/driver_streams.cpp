// The driver's functions of streams, events, captured graphs and host functions.
#include "standin.h"

#include <chrono>

#define STREAM(handle) \
  auto stream = streamOf(handle); \
  if (!stream) return CUDA_ERROR_INVALID_HANDLE

#define EVENT(handle) \
  auto found = device().events.find(handle); \
  if (found == device().events.end()) return mistake(CUDA_ERROR_INVALID_HANDLE, "an event that does not exist"); \
  auto &event = *found->second

namespace {
/// A captured stream answers no questions, and the capture that was asked is lost.
CUresult refuseCaptured(Stream &stream) {
  if (!stream.capture) return CUDA_SUCCESS;
  if (stream.capture->isInvalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  invalidate(*stream.capture);
  return mistake(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "waiting for a stream, or asking it, while it is captured");
}

CUresult refuseLegacy(Stream &stream) {
  if (!stream.isLegacy) return CUDA_SUCCESS;
  for (auto &entry : device().streams) {
    if (!entry.second->isBlocking || !entry.second->capture) continue;
    invalidate(*entry.second->capture);
    return mistake(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy stream is used while a stream that waits for it is captured");
  }
  return CUDA_SUCCESS;
}

bool isComplete(const Mark &mark) { return !mark.stream || mark.stream->completed >= mark.number; }

/// The legacy stream stands for all blocking ones.
CUresult waitForStream(const std::shared_ptr<Stream> &stream) {
  if (stream->isLegacy)
    for (auto &entry : device().streams)
      if (entry.second->isBlocking)
        if (auto code = waitFor({entry.second, entry.second->queued})) return code;
  return waitFor({stream, stream->queued});
}
}  // namespace

STANDIN_API CUresult cuStreamCreate(void **handle, unsigned flags) {
  CALL(NeedsContext);
  if (!handle || flags > 1) return CUDA_ERROR_INVALID_VALUE;
  auto stream = std::make_shared<Stream>(flags == 0);
  device().streams[stream.get()] = stream;
  *handle = stream.get();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuStreamCreateWithPriority(void **handle, unsigned flags, int) { return cuStreamCreate(handle, flags); }

STANDIN_API CUresult cuStreamDestroy_v2(void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (stream->isLegacy) return CUDA_ERROR_INVALID_VALUE;
  if (auto code = refuseCaptured(*stream)) return code;
  // What is queued still runs, and nobody can wait for it later.
  auto code = waitFor({stream, stream->queued});
  device().streams.erase(handle);
  return code;
}

STANDIN_API CUresult cuStreamSynchronize(void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (auto code = refuseCaptured(*stream)) return code;
  if (auto code = refuseLegacy(*stream)) return code;
  return waitForStream(stream);
}

STANDIN_API CUresult cuStreamQuery(void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  if (auto code = refuseCaptured(*stream)) return code;
  if (auto code = refuseLegacy(*stream)) return code;
  return isComplete({stream, stream->queued}) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

STANDIN_API CUresult cuStreamWaitEvent(void *streamHandle, void *eventHandle, unsigned flags) {
  CALL(NeedsContext);
  STREAM(streamHandle);
  EVENT(eventHandle);
  if (flags > 1) return CUDA_ERROR_INVALID_VALUE;
  if (event.capture) {
    auto capture = event.capture;
    if (!device().captures.count(capture.get())) return mistake(CUDA_ERROR_CAPTURED_EVENT, "an event of a capture that has ended");
    if (capture->isInvalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (stream->capture && stream->capture != capture) {
      invalidate(*capture);
      invalidate(*stream->capture);
      return mistake(CUDA_ERROR_STREAM_CAPTURE_MERGE, "one capture waits for another");
    }
    // The stream joins the capture; what the event's stream did is then part of it.
    stream->capture = capture;
    capture->streams.insert(stream.get());
    capture->unjoined.erase(event.mark.stream.get());
    if (stream.get() != capture->origin) capture->unjoined.insert(stream.get());
    return CUDA_SUCCESS;
  }
  if (stream->capture) {
    if (!event.mark.stream) return CUDA_SUCCESS;
    invalidate(*stream->capture);
    return mistake(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "a captured stream waits for work outside of its capture");
  }
  if (isComplete(event.mark)) return CUDA_SUCCESS;
  return enqueue(stream, [] { return true; }, {event.mark});
}

STANDIN_API CUresult cuStreamIsCapturing(void *handle, int *status) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!status) return CUDA_ERROR_INVALID_VALUE;
  if (auto code = refuseLegacy(*stream)) return code;
  // None, active, invalidated.
  *status = !stream->capture ? 0 : stream->capture->isInvalid ? 2 : 1;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuLaunchHostFunc(void *handle, void (*function)(void *), void *data) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!function) return CUDA_ERROR_INVALID_VALUE;
  return enqueue(stream, [=] {
    openMemory(false);
    device().isInHostFunction = true;
    function(data);
    device().isInHostFunction = false;
    openMemory(true);
    return true;
  });
}

// ---- events

STANDIN_API CUresult cuEventCreate(void **handle, unsigned flags) {
  CALL(NeedsContext);
  if (!handle || flags & ~7u) return CUDA_ERROR_INVALID_VALUE;
  auto event = new Event{{}, nullptr, nullptr, !(flags & 2)};
  device().events[event].reset(event);
  *handle = event;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuEventDestroy_v2(void *handle) {
  CALL(NeedsContext);
  EVENT(handle);
  (void)event;
  device().events.erase(found);
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuEventRecord(void *eventHandle, void *streamHandle) {
  CALL(NeedsContext);
  EVENT(eventHandle);
  STREAM(streamHandle);
  if (stream->capture) {
    if (stream->capture->isInvalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    event.capture = stream->capture;
    event.mark = {stream, 0};
    return CUDA_SUCCESS;
  }
  auto time = std::make_shared<double>(0);
  auto code = enqueue(stream, [time] {
    *time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return true;
  });
  if (code) return code;
  event.capture.reset();
  event.mark = {stream, stream->queued};
  event.time = time;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuEventQuery(void *handle) {
  CALL(NeedsContext);
  EVENT(handle);
  if (event.capture) return mistake(CUDA_ERROR_CAPTURED_EVENT, "asking an event of a capture");
  return isComplete(event.mark) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

STANDIN_API CUresult cuEventSynchronize(void *handle) {
  CALL(NeedsContext);
  EVENT(handle);
  if (event.capture) return mistake(CUDA_ERROR_CAPTURED_EVENT, "waiting for an event of a capture");
  return waitFor(Mark(event.mark));
}

STANDIN_API CUresult cuEventElapsedTime(float *milliseconds, void *start, void *end) {
  CALL(NeedsContext);
  auto &events = device().events;
  auto first = events.find(start), last = events.find(end);
  if (first == events.end() || last == events.end()) return mistake(CUDA_ERROR_INVALID_HANDLE, "an event that does not exist");
  if (!milliseconds) return CUDA_ERROR_INVALID_VALUE;
  for (auto event : {first->second.get(), last->second.get()}) {
    if (!event->hasTime || !event->time) return mistake(CUDA_ERROR_INVALID_HANDLE, "the time of an event that has none");
    if (!isComplete(event->mark)) return CUDA_ERROR_NOT_READY;
  }
  *milliseconds = (float)(*last->second->time - *first->second->time);
  return CUDA_SUCCESS;
}

// ---- graphs: a list of work with the arguments and pointers it was captured with

STANDIN_API CUresult cuStreamBeginCapture_v2(void *handle, int mode) {
  CALL(NeedsContext);
  STREAM(handle);
  if (mode < 0 || mode > 2) return CUDA_ERROR_INVALID_VALUE;
  if (stream->isLegacy) return mistake(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the legacy stream cannot be captured");
  if (stream->capture) return mistake(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "a capture of a stream that is captured");
  auto capture = std::make_shared<Capture>();
  capture->origin = stream.get();
  capture->mode = mode;
  capture->thread = threadNumber();
  capture->streams.insert(stream.get());
  stream->capture = capture;
  device().captures.insert(capture.get());
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuStreamEndCapture(void *handle, void **graph) {
  CALL(NeedsContext);
  STREAM(handle);
  if (!graph) return CUDA_ERROR_INVALID_VALUE;
  *graph = nullptr;
  auto capture = stream->capture;
  if (!capture) return mistake(CUDA_ERROR_INVALID_VALUE, "the end of a capture that was not begun");
  if (capture->origin != stream.get())
    return mistake(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "a capture ends in a stream where it did not begin");
  if (capture->mode != 2 && capture->thread != threadNumber())
    return mistake(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "a capture ends on a thread where it did not begin");
  auto &dev = device();
  for (auto &entry : dev.streams)
    if (entry.second->capture == capture) entry.second->capture.reset();
  dev.captures.erase(capture.get());
  if (capture->isInvalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (!capture->unjoined.empty()) return mistake(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "a capture ends before all its streams have joined");
  auto list = std::make_shared<std::vector<Work>>(std::move(capture->work));
  dev.graphs[list.get()] = list;
  *graph = list.get();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) {
  CALL(NeedsContext);
  auto &dev = device();
  auto found = dev.graphs.find(graph);
  if (found == dev.graphs.end()) return mistake(CUDA_ERROR_INVALID_VALUE, "a graph that does not exist");
  if (!executable) return CUDA_ERROR_INVALID_VALUE;
  auto list = std::make_shared<std::vector<Work>>(*found->second);
  dev.executables[list.get()] = list;
  *executable = list.get();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuGraphLaunch(void *executable, void *handle) {
  CALL(NeedsContext);
  STREAM(handle);
  auto found = device().executables.find(executable);
  if (found == device().executables.end()) return mistake(CUDA_ERROR_INVALID_VALUE, "an executable graph that does not exist");
  for (auto &work : *found->second)
    if (auto code = enqueue(stream, work)) return code;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuGraphGetNodes(void *graph, void **nodes, size_t *count) {
  CALL(NeedsContext);
  auto found = device().graphs.find(graph);
  if (found == device().graphs.end() || !count || nodes) return CUDA_ERROR_INVALID_VALUE;
  *count = found->second->size();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuGraphExecDestroy(void *executable) {
  CALL(NeedsContext);
  return device().executables.erase(executable) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

STANDIN_API CUresult cuGraphDestroy(void *graph) {
  CALL(NeedsContext);
  return device().graphs.erase(graph) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
