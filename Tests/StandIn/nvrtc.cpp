// NVRTC: texts are compiled as C++, several in one go, when they must run.
#include "runtime.h"
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <link.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace standin {

Options options;
std::recursive_mutex lock;
static std::vector<Module *> uncompiled;
static std::vector<std::string> files;

static std::string home() {
  Dl_info info;
  dladdr((void *)compileAll, &info);
  std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

static std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream stream;
  stream << file.rdbuf();
  return stream.str();
}

// The names of a text's kernels: what follows `__global__ void` and launch bounds.
std::vector<std::string> kernelNames(const std::string &text) {
  std::vector<std::string> names;
  for (size_t at = 0; (at = text.find("__global__", at)) != std::string::npos;) {
    at += 10;
    size_t open = text.find('(', at);
    if (text.compare(text.find_first_not_of(" \n", text.find("void", at) + 4), 17, "__launch_bounds__") == 0) {
      int depth = 0;
      for (; open < text.size(); open++) {
        if (text[open] == '(') depth++;
        if (text[open] == ')' && --depth == 0) break;
      }
      open = text.find('(', open);
    }
    if (open == std::string::npos) break;
    size_t end = text.find_last_not_of(" \n", open - 1) + 1, start = text.find_last_of(" \n)", end - 1) + 1;
    names.push_back(text.substr(start, end - start));
  }
  return names;
}

static std::string flagsOf(const Module &module) {
  bool fuses = true;
  for (auto &flag : module.flags)
    if (flag == "--fmad=false") fuses = false;
  return fuses ? "-ffp-contract=fast" : "-ffp-contract=off";
}

static std::string commandFor(const std::string &flags, const std::string &folder, const std::string &output) {
  const char *named = getenv("STANDIN_CLANG");
  std::string here = home(), checks = options.checked
    ? " -O1 -gline-tables-only -fsanitize=thread -mllvm -tsan-instrument-func-entry-exit=0 -mllvm -tsan-instrument-atomics=0"
      " -fsanitize=alignment,bounds,shift -fno-sanitize-link-runtime"
    : " -O1";
  return std::string(named ? named : "clang++") + " -std=c++17 -fPIC -shared -fno-exceptions -fno-rtti -w " + flags + checks + " -Wl,-Bsymbolic -include-pch " + here +
    (options.checked ? "/checked.pch" : "/plain.pch") + " " + folder + "/kernels.cpp " + here + "/instrumentation.o -o " + output + " > " + folder + "/log 2>&1";
}

// Texts in one translation unit, each in a namespace of its own, within that of what they begin with: what stands before the mark is compiled once for all that have it.
static std::string unitOf(const std::vector<Module *> &modules) {
  static const std::string mark = "// The kernel.\n";
  std::map<std::string, std::vector<Module *>> preludes;
  for (auto module : modules) {
    size_t at = module->text.find(mark);
    preludes[at == std::string::npos ? "" : module->text.substr(0, at)].push_back(module);
  }
  std::string unit;
  int number = 0, text = 0;
  for (auto &[prelude, users] : preludes) {
    std::string outer = "prelude" + std::to_string(number++);
    unit += "namespace " + outer + " {\n#line 1 \"kernel.cu\"\n" + prelude;
    long lines = std::count(prelude.begin(), prelude.end(), '\n');
    std::string binders;
    for (auto module : users) {
      std::string inner = "text" + std::to_string(text++);
      unit += "\nnamespace " + inner + " {\n#line " + std::to_string(lines + 1) + " \"kernel.cu\"\n" + module->text.substr(prelude.size()) + "\n}\n";
      for (auto &name : kernelNames(module->text))
        binders += "extern \"C\" __attribute__((visibility(\"default\"))) StandInCall *standin_bind_" + name + "(void **p) { return standin_bind(" + outer + "::" + inner + "::" + name + ", p); }\n";
    }
    unit += "}\n" + binders;
  }
  return unit + "static thread_local char standin_mark __attribute__((used));\nextern \"C\" __attribute__((visibility(\"default\"))) void standin_touch() { *(volatile char *)&standin_mark = 1; }\n";
}

static bool load(const std::vector<Module *> &modules, const std::string &path) {
  void *object = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!object) {
    find(200, "%s", dlerror());
    return false;
  }
  ((void (*)(StandInTable *))dlsym(object, "standin_set_table"))(&table);
  struct Search {
    const char *name;
    uintptr_t base;
    size_t shared;
  } search{path.c_str(), 0, 0};
  link_map *map;
  dlinfo(object, RTLD_DI_LINKMAP, &map);
  search.base = map->l_addr;
  dl_iterate_phdr([](dl_phdr_info *info, size_t, void *p) {
    auto &search = *(Search *)p;
    if (info->dlpi_addr != search.base) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
      auto &header = info->dlpi_phdr[i];
      if (header.p_type == PT_TLS) search.shared = header.p_memsz;
      if (header.p_type == PT_LOAD) ownMemory.push_back({info->dlpi_addr + header.p_vaddr, info->dlpi_addr + header.p_vaddr + header.p_memsz});
    }
    return 1;
  }, &search);
  for (auto module : modules) {
    module->object = object;
    module->path = path;
    module->sharedBytes = search.shared;
  }
  return true;
}

// Compiles some texts together. Returns the compiler's words if that fails.
static std::string compile(const std::vector<Module *> &modules, std::string &output) {
  char folder[] = "/tmp/standin-XXXXXX";
  if (!mkdtemp(folder)) return "no folder for a kernel";
  std::string base = folder;
  output = base + "/kernels.so";
  std::ofstream(base + "/kernels.cpp") << unitOf(modules);
  return system(commandFor(flagsOf(*modules[0]), base, output).c_str()) == 0 ? "" : read(base + "/log");
}

static void keep(const std::string &output) { files.push_back(output.substr(0, output.rfind('/'))); }

void compileAll() {
  auto modules = std::move(uncompiled);
  uncompiled.clear();
  if (modules.empty()) return;
  // Texts with other flags are other units; as many units at a time as there are processors.
  std::map<std::string, std::vector<Module *>> kinds;
  for (auto module : modules) kinds[flagsOf(*module)].push_back(module);
  struct Unit {
    std::vector<Module *> modules;
    std::string output, log;
  };
  std::vector<Unit> units;
  size_t processors = std::max(1u, std::thread::hardware_concurrency());
  for (auto &[flags, list] : kinds) {
    size_t size = std::min<size_t>(48, std::max<size_t>(8, (list.size() + processors - 1) / processors));
    for (size_t i = 0; i < list.size(); i += size) units.push_back({{list.begin() + i, list.begin() + std::min(list.size(), i + size)}, "", ""});
  }
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next++) < units.size();) units[i].log = compile(units[i].modules, units[i].output);
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min(processors, units.size()); i++) threads.emplace_back(work);
  work();
  for (auto &thread : threads) thread.join();
  for (auto &unit : units) {
    keep(unit.output);
    if (unit.log.empty()) {
      load(unit.modules, unit.output);
      continue;
    }
    // Which text was it?
    for (auto module : unit.modules) {
      std::string output, log = compile({module}, output);
      keep(output);
      if (log.empty()) load({module}, output);
      else find(209, "a kernel does not compile: %s", log.c_str());
    }
  }
}

char *sharedMemory(Module &module) {
  ((void (*)())dlsym(module.object, "standin_touch"))();
  void *p = nullptr;
  dlinfo(module.object, RTLD_DI_TLS_DATA, &p);
  return (char *)p;
}

static Module *runningModule;
void setRunning(Module *module) { runningModule = module; }

// "12" for code in line 12 of the running kernel's text.
std::string lineOf(const void *code) {
  Dl_info info;
  if (!runningModule || !dladdr(code, &info)) return "?";
  char command[512], line[256] = "";
  snprintf(command, sizeof command, "addr2line -e %s %#lx 2>/dev/null || llvm-symbolizer --obj=%s %#lx", runningModule->path.c_str(),
           (unsigned long)((uintptr_t)code - (uintptr_t)info.dli_fbase - 1), runningModule->path.c_str(), (unsigned long)((uintptr_t)code - (uintptr_t)info.dli_fbase - 1));
  FILE *pipe = popen(command, "r");
  if (!pipe) return "?";
  if (!fgets(line, sizeof line, pipe)) line[0] = 0;
  pclose(pipe);
  std::string text = line;
  size_t colon = text.rfind(':');
  return colon == std::string::npos ? "?" : text.substr(colon + 1, text.find_first_of(" \n", colon) - colon - 1);
}

std::string textOfLine(int line) {
  if (!runningModule || line <= 0) return "";
  std::stringstream stream(runningModule->text);
  std::string text;
  for (int i = 0; i < line && std::getline(stream, text); i++) {
  }
  size_t start = text.find_first_not_of(' ');
  return start == std::string::npos ? "" : text.substr(start);
}

struct Cleaner {
  ~Cleaner() {
    for (auto &folder : files)
      if (folder.compare(0, 13, "/tmp/standin-") == 0 && system(("rm -rf " + folder).c_str())) {
      }
  }
};
static Cleaner cleaner;

Module *newModule(const std::string &image) {
  // Flags, one a line, an empty line, the text.
  auto module = new Module;
  std::stringstream stream(image);
  std::string line;
  while (std::getline(stream, line) && !line.empty()) module->flags.push_back(line);
  module->text = image.substr(stream.tellg());
  uncompiled.push_back(module);
  return module;
}
void dropModule(Module *module) { uncompiled.erase(std::remove(uncompiled.begin(), uncompiled.end(), module), uncompiled.end()); }
}  // namespace standin

using namespace standin;
struct Program {
  std::string text, log, image;
};
API int nvrtcVersion(int *major, int *minor) { *major = 12, *minor = 4; return 0; }
API int nvrtcGetNumSupportedArchs(int *count) { *count = 4; return 0; }
API int nvrtcGetSupportedArchs(int *list) { list[0] = 80, list[1] = 86, list[2] = 89, list[3] = 90; return 0; }
API const char *nvrtcGetErrorString(int status) {
  switch (status) {
  case 0: return "NVRTC_SUCCESS";
  case 5: return "NVRTC_ERROR_INVALID_OPTION";
  case 6: return "NVRTC_ERROR_COMPILATION";
  default: return "NVRTC_ERROR";
  }
}
API int nvrtcCreateProgram(void **p, const char *text, const char *, int, const char *const *, const char *const *) { *p = new Program{text, "", ""}; return 0; }
API int nvrtcDestroyProgram(void **p) { delete (Program *)*p; *p = nullptr; return 0; }
API int nvrtcCompileProgram(void *p, int count, const char *const *flags) {
  auto &program = *(Program *)p;
  std::string image = "standin 1\n";
  for (int i = 0; i < count; i++) {
    std::string flag = flags[i];
    bool isKnown = false;
    for (auto known : {"--gpu-architecture=sm_", "--fmad=", "--std=c++17", "--ptxas-options=", "-default-device"}) isKnown |= flag.compare(0, strlen(known), known) == 0;
    if (!isKnown) {
      program.log = "unknown option " + flag;
      return 5;
    }
    image += flag + "\n";
  }
  program.image = image + "\n" + program.text;
  if (options.deferred) return 0;
  std::lock_guard<std::recursive_mutex> guard(lock);
  Module module;
  module.text = program.text;
  std::string output;
  program.log = compile({&module}, output);
  keep(output);
  return program.log.empty() ? 0 : 6;
}
API int nvrtcGetProgramLogSize(void *p, size_t *n) { *n = ((Program *)p)->log.size() + 1; return 0; }
API int nvrtcGetProgramLog(void *p, char *text) { strcpy(text, ((Program *)p)->log.c_str()); return 0; }
API int nvrtcGetCUBINSize(void *p, size_t *n) { *n = ((Program *)p)->image.size() + 1; return 0; }
API int nvrtcGetCUBIN(void *p, char *code) { memcpy(code, ((Program *)p)->image.c_str(), ((Program *)p)->image.size() + 1); return 0; }
