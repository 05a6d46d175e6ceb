// The driver's functions of modules and launches.
#include "image.h"
#include "standin.h"

#include <algorithm>
#include <dlfcn.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {
/// At most `bytes` from `from`, fewer where memory ends: how long a parameter is shows only when its text is compiled.
std::vector<unsigned char> readArgument(const void *from, size_t bytes) {
  std::vector<unsigned char> copy(bytes);
  iovec local = {copy.data(), bytes}, remote = {const_cast<void *>(from), bytes};
  ssize_t count = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  if (count < 0) {
    // Where that call is not allowed: to the end of the page, which is mapped as a whole.
    count = (ssize_t)std::min(bytes, 4096 - (uintptr_t)from % 4096);
    memcpy(copy.data(), from, (size_t)count);
  }
  copy.resize((size_t)count);
  return copy;
}

std::shared_ptr<Module> moduleOf(Function *function) {
  auto found = device().functions.find(function);
  return found == device().functions.end() ? nullptr : found->second;
}
}  // namespace

STANDIN_API CUresult cuModuleLoadData(void **handle, const void *image) {
  CALL(NeedsContext);
  if (auto code = refuseWhileCapturing()) return code;
  if (!handle || !image) return CUDA_ERROR_INVALID_VALUE;
  std::string source, preamble;
  bool fuses;
  if (!readImage(image, source, preamble, fuses)) return mistake(CUDA_ERROR_INVALID_IMAGE, "an image that is not the stand-in's");
  auto module = std::make_shared<Module>();
  module->text = makeText(source, preamble, fuses);
  device().modules[module.get()] = module;
  *handle = module.get();
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuModuleUnload(void *handle) {
  CALL(NeedsContext);
  if (auto code = refuseWhileCapturing()) return code;
  auto &dev = device();
  auto found = dev.modules.find(handle);
  if (found == dev.modules.end()) return mistake(CUDA_ERROR_INVALID_HANDLE, "a module that is not loaded");
  for (auto &function : found->second->functions) dev.functions.erase(function.get());
  dev.modules.erase(found);
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuModuleGetFunction(void **handle, void *moduleHandle, const char *name) {
  CALL(NeedsContext);
  if (!handle || !name) return CUDA_ERROR_INVALID_VALUE;
  auto found = device().modules.find(moduleHandle);
  if (found == device().modules.end()) return mistake(CUDA_ERROR_INVALID_HANDLE, "a module that is not loaded");
  auto &module = found->second;
  for (auto &function : module->functions) {
    if (function->entry.name != name) continue;
    *handle = function.get();
    return CUDA_SUCCESS;
  }
  for (auto &entry : module->text->entries) {
    if (entry.name != name) continue;
    module->functions.emplace_back(new Function{module.get(), entry});
    *handle = module->functions.back().get();
    device().functions[*handle] = module;
    return CUDA_SUCCESS;
  }
  return mistake(CUDA_ERROR_NOT_FOUND, format("no kernel %s in the module", name));
}

STANDIN_API CUresult cuFuncGetAttribute(int *value, int attribute, void *handle) {
  CALL(NeedsContext);
  auto function = (Function *)handle;
  auto module = moduleOf(function);
  if (!module) return mistake(CUDA_ERROR_INVALID_HANDLE, "a function that does not exist");
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
  case 0: *value = function->entry.maxThreads; return CUDA_SUCCESS;
  case 1: {  // static shared memory
    auto entry = compiledEntry(*function);
    if (!entry) {
      breakContext(CUDA_ERROR_INVALID_PTX, "kernel " + function->entry.name + " does not compile:\n" + compileNow(module->text).log);
      return CUDA_ERROR_INVALID_PTX;
    }
    *value = (int)staticSharedBytes(*entry);
    return CUDA_SUCCESS;
  }
  case 2: case 3: case 7: *value = 0; return CUDA_SUCCESS;  // constants, local memory, cache mode
  case 4: *value = 32; return CUDA_SUCCESS;                  // registers
  case 5: case 6: *value = 90; return CUDA_SUCCESS;          // versions of PTX and of the code
  case 8: *value = function->dynamicLimit; return CUDA_SUCCESS;
  case 9: *value = -1; return CUDA_SUCCESS;                  // the carve-out of shared memory
  default: return CUDA_ERROR_INVALID_VALUE;
  }
}

STANDIN_API CUresult cuFuncSetAttribute(void *handle, int attribute, int value) {
  CALL(NeedsContext);
  auto function = (Function *)handle;
  if (!moduleOf(function)) return mistake(CUDA_ERROR_INVALID_HANDLE, "a function that does not exist");
  if (attribute == 9 && value >= -1 && value <= 100) return CUDA_SUCCESS;
  if (attribute != 8 || value < 0 || value > STANDIN_DYNAMIC_SHARED)
    return mistake(CUDA_ERROR_INVALID_VALUE, format("attribute %d of a function cannot be %d", attribute, value));
  function->dynamicLimit = value;
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *handle, int threads, size_t sharedBytes) {
  CALL(NeedsContext);
  auto function = (Function *)handle;
  if (!moduleOf(function)) return mistake(CUDA_ERROR_INVALID_HANDLE, "a function that does not exist");
  if (!blocks || threads < 1) return CUDA_ERROR_INVALID_VALUE;
  int byThreads = threads > function->entry.maxThreads ? 0 : 2048 / ((threads + 31) / 32 * 32);
  int byMemory = (int)((228 << 10) / (sharedBytes + 1024));
  *blocks = sharedBytes > (size_t)function->dynamicLimit ? 0 : std::min({32, byThreads, byMemory});
  return CUDA_SUCCESS;
}

STANDIN_API CUresult cuLaunchKernel(void *handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
    unsigned sharedBytes, void *streamHandle, void **parameters, void **extra) {
  CALL(NeedsContext);
  auto function = (Function *)handle;
  auto module = moduleOf(function);
  if (!module) return mistake(CUDA_ERROR_INVALID_HANDLE, "a function that does not exist");
  auto stream = streamOf(streamHandle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  auto launch = std::make_shared<Launch>(Launch{module, function, {gx, gy, gz}, {bx, by, bz}, sharedBytes, extra != nullptr, 0, {}});
  if (auto code = checkLaunch(*launch)) return code;
  auto name = function->entry.name.c_str();
  auto invalid = [&](const char *what) { return mistake(CUDA_ERROR_INVALID_VALUE, format("kernel %s: %s", name, what)); };
  if (extra) {
    if (parameters) return invalid("parameters given twice");
    const void *buffer = nullptr;
    size_t size = 0;
    // CU_LAUNCH_PARAM_END, _BUFFER_POINTER, _BUFFER_SIZE
    for (int i = 0; extra[i]; i += 2) {
      if (extra[i] == (void *)1) buffer = extra[i + 1];
      else if (extra[i] == (void *)2) size = *(size_t *)extra[i + 1];
      else return invalid("an unknown extra option");
    }
    if (!buffer && (size || function->entry.parameters)) return invalid("no buffer of parameters");
    if (size > 4096) return invalid("more than 4096 bytes of parameters");
    launch->arguments.emplace_back((const unsigned char *)buffer, (const unsigned char *)buffer + size);
  } else if (function->entry.parameters) {
    if (!parameters) return invalid("no parameters");
    auto compiled = function->compiled[device().isChecked];
    for (int i = 0; i < function->entry.parameters; i++) {
      if (!parameters[i]) return invalid("a parameter that is null");
      size_t bytes = compiled ? compiled->sizes[i] : 4096;
      launch->arguments.push_back(readArgument(parameters[i], bytes));
    }
  }
  auto &injected = device().injectedLaunch;
  if (injected.countdown && --injected.countdown == 0) launch->failure = injected.code;
  queuedLaunches().push_back(launch);
  return enqueue(stream, [launch] {
    runKernel(*launch);
    return true;
  });
}

STANDIN_API CUresult cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t, int *status) {
  CALL(NeedsNothing);
  if (!symbol || !function) return CUDA_ERROR_INVALID_VALUE;
  Dl_info info;
  dladdr((void *)cuGetProcAddress_v2, &info);
  void *self = dlopen(info.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  *function = nullptr;
  for (auto suffix : {"_v2", "", "WithFlags"})
    if (self && !*function && version >= 12000) *function = dlsym(self, (std::string(symbol) + suffix).c_str());
  if (self) dlclose(self);
  // Found; not found.
  if (status) *status = *function ? 0 : 1;
  return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
