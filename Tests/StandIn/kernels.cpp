// Entry points of texts, the limits of launches, and the run of a kernel's blocks.
#include "standin.h"

#include <algorithm>
#include <dlfcn.h>

namespace {
/// The text without comments, strings and preprocessor lines, each character of them a blank.
std::string withoutComments(const std::string &source) {
  std::string text = source;
  bool isLineStart = true;
  for (size_t i = 0; i < text.size(); i++) {
    size_t end = i;
    if (text[i] == '#' && isLineStart) {
      while (end < text.size() && (text[end] != '\n' || text[end - 1] == '\\')) end++;
    } else if (!text.compare(i, 2, "//")) {
      end = std::min(text.find('\n', i), text.size());
    } else if (!text.compare(i, 2, "/*")) {
      end = text.find("*/", i + 2);
      end = end == std::string::npos ? text.size() : end + 2;
    } else if (text[i] == '"') {
      for (end = i + 1; end < text.size() && text[end] != '"' && text[end] != '\n'; end++)
        if (text[end] == '\\') end++;
      end = std::min(end + 1, text.size());
    }
    if (end > i) {
      for (; i < end; i++)
        if (text[i] != '\n') text[i] = ' ';
      i--;
    }
    isLineStart = text[i] == '\n' || (isLineStart && isspace((unsigned char)text[i]));
  }
  return text;
}

struct Scanner {
  const std::string &text;
  size_t at;
  void blanks() {
    while (at < text.size() && isspace((unsigned char)text[at])) at++;
  }
  std::string word() {
    blanks();
    size_t begin = at;
    while (at < text.size() && (isalnum((unsigned char)text[at]) || text[at] == '_')) at++;
    return text.substr(begin, at - begin);
  }
  /// What the parentheses here hold, and how many pieces between commas.
  std::string parentheses(int &pieces) {
    blanks();
    size_t begin = at + 1;
    int depth = 0, commas = 0;
    for (; at < text.size(); at++) {
      char c = text[at];
      if (strchr("([{<", c)) depth++;
      if (strchr(")]}>", c) && --depth == 0) break;
      if (c == ',' && depth == 1) commas++;
    }
    auto inside = text.substr(begin, at - begin);
    at++;
    auto first = inside.find_first_not_of(" \t\n\r");
    auto last = inside.find_last_not_of(" \t\n\r");
    bool isEmpty = first == std::string::npos || inside.substr(first, last - first + 1) == "void";
    pieces = isEmpty ? 0 : commas + 1;
    return inside;
  }
};

size_t staticBytes(const StandinEntry &entry, int i) { return (size_t)(entry.sharedEnd[i] - entry.shared[i]); }

/// The arguments where the kernel's parameters expect them; empty if there are too few bytes.
std::vector<void *> placeArguments(Launch &launch, const StandinEntry &entry) {
  std::vector<void *> places;
  auto &given = launch.arguments;
  size_t offset = 0;
  for (int i = 0; i < entry.count; i++) {
    size_t size = entry.sizes[i], alignment = entry.alignments[i];
    if (!launch.isBuffer) {
      if ((size_t)i >= given.size() || given[i].size() < size) return {};
      places.push_back(given[i].data());
      continue;
    }
    offset = (offset + alignment - 1) / alignment * alignment;
    if (offset + size > given[0].size()) return {};
    places.push_back(given[0].data() + offset);
    offset += size;
  }
  places.push_back(nullptr);
  return places;
}

size_t parameterBytes(const StandinEntry &entry) {
  size_t bytes = 0;
  for (int i = 0; i < entry.count; i++) {
    size_t alignment = entry.alignments[i];
    bytes = (bytes + alignment - 1) / alignment * alignment + entry.sizes[i];
  }
  return bytes;
}

std::vector<uint32_t> blockOrder(uint32_t count) {
  int order = device().order;
  std::vector<uint32_t> numbers(count);
  for (uint32_t i = 0; i < count; i++) numbers[i] = order == 1 ? count - 1 - i : i;
  if (order >= 2)
    for (uint32_t i = count; i > 1; i--) std::swap(numbers[i - 1], numbers[randomNumber() % i]);
  return numbers;
}

void describeShared(Region &region, uintptr_t start, size_t bytes) {
  region.start = start;
  region.bytes = bytes;
  region.shadow.reset(device().isChecked && bytes ? new Shadow(bytes, false) : nullptr);
}
}  // namespace

std::vector<EntryPoint> entryPoints(const std::string &source) {
  std::vector<EntryPoint> entries;
  auto text = withoutComments(source);
  for (size_t at = 0; (at = text.find("__global__", at)) != std::string::npos;) {
    Scanner scanner = {text, at + 10};
    EntryPoint entry = {"", 0, 1024, at, at};
    for (;;) {
      auto word = scanner.word();
      if (word.empty()) break;
      if (word == "__launch_bounds__") {
        int pieces;
        int limit = atoi(scanner.parentheses(pieces).c_str());
        if (limit > 0) entry.maxThreads = std::min(limit, 1024);
        continue;
      }
      scanner.blanks();
      if (scanner.at >= text.size() || text[scanner.at] != '(') continue;
      entry.name = word;
      scanner.parentheses(entry.parameters);
      scanner.blanks();
      break;
    }
    if (!entry.name.empty() && scanner.at < text.size() && text[scanner.at] == '{') {
      int depth = 0;
      for (; scanner.at < text.size(); scanner.at++) {
        if (text[scanner.at] == '{') depth++;
        if (text[scanner.at] == '}' && --depth == 0) break;
      }
      entry.end = std::min(scanner.at + 1, text.size());
      entries.push_back(entry);
    }
    at = std::max(scanner.at, at + 10);
  }
  return entries;
}

size_t staticSharedBytes(const StandinEntry &entry) { return staticBytes(entry, 0) + staticBytes(entry, 1); }

StandinEntry *compiledEntry(Function &function) {
  auto &dev = device();
  auto &entry = function.compiled[dev.isChecked];
  if (entry) return entry;
  auto &compiled = compileNow(function.module->text);
  if (!compiled.library) return nullptr;
  entry = (StandinEntry *)dlsym(compiled.library->handle, ("standin_entry_" + function.entry.name).c_str());
  return entry;
}

std::vector<std::weak_ptr<Launch>> &queuedLaunches() {
  static std::vector<std::weak_ptr<Launch>> launches;
  static size_t limit = 256;
  if (launches.size() >= limit) {
    auto isGone = [](const std::weak_ptr<Launch> &launch) { return launch.expired(); };
    launches.erase(std::remove_if(launches.begin(), launches.end(), isGone), launches.end());
    limit = std::max<size_t>(256, 2 * launches.size());
  }
  return launches;
}

CUresult checkLaunch(const Launch &launch) {
  auto g = launch.grid, b = launch.block;
  auto &function = *launch.function;
  auto name = function.entry.name.c_str();
  if (!g.x || !g.y || !g.z || !b.x || !b.y || !b.z)
    return mistake(CUDA_ERROR_INVALID_VALUE, format("kernel %s: a side of no blocks or threads", name));
  if (g.x > 0x7fffffff || g.y > 65535 || g.z > 65535)
    return mistake(CUDA_ERROR_INVALID_VALUE, format("kernel %s: a grid of %u × %u × %u blocks; 2147483647 × 65535 × 65535 is the limit",
        name, g.x, g.y, g.z));
  if (b.x > 1024 || b.y > 1024 || b.z > 64 || (uint64_t)b.x * b.y * b.z > 1024)
    return mistake(CUDA_ERROR_INVALID_VALUE, format("kernel %s: a block of %u × %u × %u threads", name, b.x, b.y, b.z));
  if (b.x * b.y * b.z > (unsigned)function.entry.maxThreads)
    return mistake(CUDA_ERROR_INVALID_VALUE, format("kernel %s: %u threads of a block; its launch bounds are %d", name, b.x * b.y * b.z,
        function.entry.maxThreads));
  if ((uint64_t)g.x * g.y * g.z >= 1u << 26)
    return mistake(CUDA_ERROR_INVALID_VALUE, format("kernel %s: more than 2²⁶ blocks, which the stand-in does not run", name));
  if (launch.sharedBytes > (size_t)function.dynamicLimit)
    return mistake(CUDA_ERROR_INVALID_VALUE,
        format("kernel %s: %zu bytes of dynamic shared memory; without an attribute of the function %d is the limit",
        name, launch.sharedBytes, function.dynamicLimit));
  return CUDA_SUCCESS;
}

void runKernel(const Launch &given) {
  auto &dev = device();
  auto &function = *given.function;
  auto name = function.entry.name.c_str();
  if (given.failure) return breakContext(given.failure, format("kernel %s: fails because a test wants it to", name));
  if (!function.compiled[dev.isChecked]) {
    std::vector<std::shared_ptr<Text>> wanted = {function.module->text};
    for (auto &launch : queuedLaunches())
      if (auto queued = launch.lock()) wanted.push_back(queued->module->text);
    compilePending(wanted);
  }
  auto entry = compiledEntry(function);
  if (!entry)
    return breakContext(CUDA_ERROR_INVALID_PTX, format("kernel %s does not compile:\n", name) + compileNow(function.module->text).log);

  Launch launch = given;
  auto arguments = placeArguments(launch, *entry);
  if (arguments.empty())
    return breakContext(CUDA_ERROR_INVALID_VALUE, format("kernel %s: its %d parameters need %zu bytes, which the launch does not give",
        name, entry->count, parameterBytes(*entry)));
  if (parameterBytes(*entry) > 4096)
    return breakContext(CUDA_ERROR_INVALID_VALUE, format("kernel %s: %zu bytes of parameters; 4096 is the limit", name,
        parameterBytes(*entry)));
  size_t sharedBytes = staticSharedBytes(*entry);
  if (sharedBytes > 48 << 10)
    return breakContext(CUDA_ERROR_INVALID_PTX, format("kernel %s: %zu bytes of static shared memory; 49152 is the limit", name,
        sharedBytes));
  if (sharedBytes + launch.sharedBytes > (size_t)std::max(function.dynamicLimit, 48 << 10))
    return breakContext(CUDA_ERROR_INVALID_VALUE, format("kernel %s: %zu bytes of static and %zu of dynamic shared memory", name,
        sharedBytes, launch.sharedBytes));

  Library *library = compileNow(function.module->text).library;
  block = {entry, library, arguments.data(), launch.grid, launch.block, 0};
  if (!dev.isChecked) forgetWritten();
  launchAge++;
  for (int i : {0, 1}) describeShared(sharedMemory[i], (uintptr_t)entry->shared[i], staticBytes(*entry, i));
  describeShared(sharedMemory[2], (uintptr_t)library->link->dynamicShared, launch.sharedBytes);
  KernelThread thread;
  for (uint32_t number : blockOrder(launch.grid.x * launch.grid.y * launch.grid.z)) {
    // What the last block left in shared memory is not there for the next.
    for (auto &shared : sharedMemory) {
      if (!shared.bytes) continue;
      memset((void *)shared.start, 0xff, shared.bytes);
      if (shared.shadow) std::fill(shared.shadow->isWritten.begin(), shared.shadow->isWritten.end(), 0);
    }
    blockAge++;
    block.number = number;
    if (!runBlock()) break;
  }
  for (auto &shared : sharedMemory) describeShared(shared, 0, 0);
}
