// Texts become libraries: many texts in one run of clang, each in a namespace of its own, as many runs at once as there are cores.
#include "standin.h"

#include <algorithm>
#include <chrono>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <link.h>
#include <sched.h>
#include <spawn.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace {
constexpr size_t textsPerUnit = 64, bytesPerUnit = 200 << 10;

std::string slurp(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

std::string home() {
  static const std::string folder = [] {
    Dl_info info;
    dladdr((void *)home, &info);
    char *real = realpath(info.dli_fname, nullptr);
    std::string path = real ? real : info.dli_fname;
    free(real);
    return path.substr(0, path.rfind('/'));
  }();
  return folder;
}

/// A folder of this process's own, gone when it ends.
struct Scratch {
  std::string path;
  pid_t owner = getpid();
  std::vector<std::string> files;
  Scratch() {
    const char *root = getenv("TMPDIR");
    path = std::string(root && *root ? root : "/tmp") + "/wengert-standin-XXXXXX";
    if (!mkdtemp(&path[0])) path = "/tmp";
  }
  ~Scratch() {
    if (getpid() != owner) return;
    for (auto &file : files) unlink(file.c_str());
    rmdir(path.c_str());
  }
  std::string file(const std::string &extension) {
    files.push_back(path + "/" + std::to_string(files.size()) + extension);
    return files.back();
  }
};
Scratch &scratch() {
  static Scratch folder;
  return folder;
}

std::string hashOf(const std::string &text) {
  uint64_t a = 14695981039346656037ull, b = 0x9e3779b97f4a7c15ull;
  for (unsigned char c : text) {
    a = (a ^ c) * 1099511628211ull;
    b = (b + c) * 0xd1342543de82ef95ull;
    b ^= b >> 29;
  }
  return format("%016lx%016lx", (unsigned long)a, (unsigned long)b);
}

std::vector<std::string> command(bool isChecked) {
  const char *chosen = getenv("STANDIN_CLANG");
  std::vector<std::string> words = {chosen && *chosen ? chosen : STANDIN_CLANG};
  std::istringstream flags(isChecked ? STANDIN_CHECKED_FLAGS : STANDIN_PLAIN_FLAGS);
  for (std::string word; flags >> word;) words.push_back(word);
  bool isPrecompiled = !access(STANDIN_FOLDER "/device.h", R_OK);
  words.push_back(isPrecompiled ? "-include-pch" : "-include");
  words.push_back(home() + (!isPrecompiled ? "/device.h" : isChecked ? "/checked.pch" : "/plain.pch"));
  return words;
}

/// One run of clang.
struct Unit {
  std::vector<std::shared_ptr<Text>> texts;
  std::string source, library, log;
  pid_t process = 0;
  bool isDone = false;
};

/// Macros that the text defines, which must not reach the next.
std::vector<std::string> macrosOf(const std::string &source) {
  std::vector<std::string> names;
  for (size_t at = 0; (at = source.find('#', at)) != std::string::npos; at++) {
    size_t i = source.find_first_not_of(" \t", at + 1);
    if (i == std::string::npos || source.compare(i, 6, "define")) continue;
    i = source.find_first_not_of(" \t", i + 6);
    size_t end = i;
    while (end < source.size() && (isalnum((unsigned char)source[end]) || source[end] == '_')) end++;
    if (end > i) names.push_back(source.substr(i, end - i));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// The text, each kernel's shared memory in a section of its own.
std::string withSections(const Text &text, const std::string &section) {
  auto file = "\"text-" + text.hash + ".cu\"\n";
  std::string result = "#define STANDIN_SECTION \"" + section + "\"\n#line 1 " + file;
  size_t at = 0;
  int line = 1, number = 0;
  auto copyTo = [&](size_t end, const std::string &name) {
    line += (int)std::count(text.source.begin() + (long)at, text.source.begin() + (long)end, '\n');
    result += text.source.substr(at, end - at) + "\n#undef STANDIN_SECTION\n#define STANDIN_SECTION \"" + name + "\"\n#line " +
        std::to_string(line) + " " + file;
    at = end;
  };
  for (auto &entry : text.entries) {
    copyTo(entry.begin, section + "_" + std::to_string(number++));
    copyTo(entry.end, section);
  }
  return result + text.source.substr(at) + "\n#undef STANDIN_SECTION\n";
}

void writeSource(const Unit &unit) {
  std::ofstream file(unit.source);
  for (size_t n = 0; n < unit.texts.size(); n++) {
    auto &text = *unit.texts[n];
    auto section = "standin_shared_" + std::to_string(n), space = "standin_text_" + std::to_string(n);
    auto macros = macrosOf(text.preamble + text.source);
    for (auto &name : macros) file << "#pragma push_macro(\"" << name << "\")\n";
    file << text.preamble << "#pragma clang fp contract(" << (text.fusesMultiplyAdd ? "fast" : "off") << ")\nnamespace " << space << " {\n"
         << withSections(text, section) << "}\n";
    for (auto &name : macros) file << "#undef " << name << "\n#pragma pop_macro(\"" << name << "\")\n";
    int number = 0;
    for (auto &entry : text.entries)
      file << "STANDIN_ENTRY(" << space << ", " << entry.name << ", " << section << ", " << section << "_" << number++ << ")\n";
  }
}

void start(Unit &unit, bool isChecked) {
  unit.source = scratch().file(".cpp");
  unit.library = scratch().file(".so");
  unit.log = scratch().file(".log");
  writeSource(unit);
  auto words = command(isChecked);
  words.insert(words.end(), {"-o", unit.library, unit.source, "-x", "none", home() + "/kernel.o", "-lm"});
  std::vector<char *> arguments;
  for (auto &word : words) arguments.push_back(&word[0]);
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, unit.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  if (posix_spawnp(&unit.process, arguments[0], &actions, nullptr, arguments.data(), environ)) unit.process = 0;
  posix_spawn_file_actions_destroy(&actions);
}

void finish(Unit &unit) {
  int status = 1;
  if (unit.process)
    while (waitpid(unit.process, &status, 0) < 0 && errno == EINTR) {}
  unit.isDone = unit.process && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  unlink(unit.source.c_str());
}

void runUnits(std::vector<Unit> &units, bool isChecked) {
  cpu_set_t set;
  size_t cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)std::max(1, CPU_COUNT(&set)) : 1;
  for (size_t started = 0, finished = 0; finished < units.size(); finished++) {
    for (; started < units.size() && started < finished + cores; started++) start(units[started], isChecked);
    finish(units[finished]);
  }
  device().statistics.units += (long)units.size();
}

Library *load(const std::string &path) {
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return nullptr;
  auto link = (StandinLink *)dlsym(handle, "standin_link");
  link_map *map = nullptr;
  if (!link || dlinfo(handle, RTLD_DI_LINKMAP, &map)) return nullptr;
  *link->runtime = &kernelRuntime;
  auto library = new Library{handle, path, link, 0, 0};
  struct Search {
    link_map *map;
    Library *library;
  } search = {map, library};
  dl_iterate_phdr([](dl_phdr_info *info, size_t, void *data) {
    auto &s = *(Search *)data;
    if (info->dlpi_addr != s.map->l_addr || strcmp(info->dlpi_name, s.map->l_name)) return 0;
    s.library->start = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
      auto &header = info->dlpi_phdr[i];
      if (header.p_type != PT_LOAD) continue;
      s.library->start = std::min<uintptr_t>(s.library->start, info->dlpi_addr + header.p_vaddr);
      s.library->end = std::max<uintptr_t>(s.library->end, info->dlpi_addr + header.p_vaddr + header.p_memsz);
    }
    return 1;
  }, &search);
  return library;
}

// ---- the folder of compiled libraries: each text's name there is a symbolic link to the library that has it

std::string cachedName(const Text &text, bool isChecked) {
  return device().cacheFolder + "/" + text.hash + (isChecked ? ".checked" : ".plain");
}

/// Written aside under a name of this device's own, and renamed: other devices of this process and of others keep theirs at the same time.
void keep(const Unit &unit, bool isChecked) {
  auto &folder = device().cacheFolder;
  if (folder.empty()) return;
  mkdir(folder.c_str(), 0755);
  std::string all;
  for (auto &text : unit.texts) all += text->hash;
  auto name = "library-" + hashOf(all) + (isChecked ? ".checked.so" : ".plain.so"), aside = format(".%d.%lx", (int)getpid(), (unsigned long)&device());
  {
    std::ofstream file(folder + "/" + name + aside, std::ios::binary);
    file << slurp(unit.library);
    if (!file.flush()) return;
  }
  if (rename((folder + "/" + name + aside).c_str(), (folder + "/" + name).c_str())) return;
  for (auto &text : unit.texts) {
    auto link = cachedName(*text, isChecked);
    unlink((link + aside).c_str());
    if (!symlink(name.c_str(), (link + aside).c_str())) rename((link + aside).c_str(), link.c_str());
  }
}

/// Takes from the folder what it has; a library with many texts is loaded once.
void recall(std::vector<std::shared_ptr<Text>> &texts, bool isChecked) {
  auto &dev = device();
  if (dev.cacheFolder.empty()) return;
  static std::map<std::string, Library *> loaded;
  auto missing = std::remove_if(texts.begin(), texts.end(), [&](const std::shared_ptr<Text> &text) {
    char *real = realpath(cachedName(*text, isChecked).c_str(), nullptr);
    if (!real) return false;
    std::string path = real;
    free(real);
    auto &library = loaded[path];
    if (!library) {
      // A copy of its own, so that no other device of this process has the same variables.
      auto copy = scratch().file(".so");
      {
        std::ofstream file(copy, std::ios::binary);
        file << slurp(path);
      }
      library = load(copy);
    }
    if (!library) return false;
    dev.compiled[isChecked][text->hash] = {library, ""};
    dev.statistics.cached++;
    return true;
  });
  texts.erase(missing, texts.end());
}

void take(Unit &unit, bool isChecked) {
  auto &compiled = device().compiled[isChecked];
  Library *library = unit.isDone ? load(unit.library) : nullptr;
  std::string log = unit.isDone ? library ? slurp(unit.log) : std::string(dlerror()) : slurp(unit.log);
  if (!unit.process) log = "clang could not be started: " + command(isChecked)[0] + " (STANDIN_CLANG names another)";
  if (library) keep(unit, isChecked);
  for (auto &text : unit.texts) compiled[text->hash] = {library, log};
  device().statistics.texts += (long)unit.texts.size();
  unlink(unit.log.c_str());
}

std::vector<Unit> divide(const std::vector<std::shared_ptr<Text>> &texts) {
  std::vector<Unit> units;
  std::set<std::string> names;
  size_t bytes = 0;
  for (auto &text : texts) {
    bool isNew = units.empty() || units.back().texts.size() == textsPerUnit || bytes + text->source.size() > bytesPerUnit;
    for (auto &entry : text->entries) isNew = isNew || names.count(entry.name);
    if (isNew) {
      units.emplace_back();
      names.clear();
      bytes = 0;
    }
    units.back().texts.push_back(text);
    bytes += text->source.size();
    for (auto &entry : text->entries) names.insert(entry.name);
  }
  return units;
}

void compile(std::vector<std::shared_ptr<Text>> texts, bool isChecked) {
  auto begin = std::chrono::steady_clock::now();
  recall(texts, isChecked);
  auto units = divide(texts);
  runUnits(units, isChecked);
  // A unit that fails is compiled text by text, so that its other texts can be used and the log is the faulty one's.
  std::vector<Unit> single;
  for (auto &unit : units) {
    if (unit.isDone || unit.texts.size() == 1) take(unit, isChecked);
    else
      for (auto &text : unit.texts) single.push_back({{text}, "", "", "", 0, false});
  }
  runUnits(single, isChecked);
  for (auto &unit : single) take(unit, isChecked);
  device().statistics.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
}  // namespace

std::shared_ptr<Text> makeText(std::string source, const std::string &preamble, bool fusesMultiplyAdd) {
  auto &dev = device();
  // Loops that are not unrolled run as well here, and compile in half the time.
  const std::string unroll = "#pragma unroll", keep = "#pragma nounroll";
  for (size_t at = 0; (at = source.find(unroll, at)) != std::string::npos; at += keep.size()) source.replace(at, unroll.size(), keep);
  auto hash = hashOf(std::string(STANDIN_BUILD) + STANDIN_CHECKED_FLAGS + STANDIN_PLAIN_FLAGS + "\n" + preamble + "\n" + source +
      (fusesMultiplyAdd ? "+" : "-"));
  auto &known = dev.texts[hash];
  auto text = known.lock();
  if (!text) {
    text = std::make_shared<Text>(Text{source, preamble, hash, fusesMultiplyAdd, entryPoints(source)});
    known = text;
  }
  return text;
}

void compilePending(const std::vector<std::shared_ptr<Text>> &wanted) {
  auto &dev = device();
  bool mode = dev.isChecked;
  std::vector<std::shared_ptr<Text>> texts;
  std::set<std::string> seen;
  auto add = [&](const std::shared_ptr<Text> &text) {
    if (!dev.compiled[mode].count(text->hash) && seen.insert(text->hash).second) texts.push_back(text);
  };
  for (auto &text : wanted) add(text);
  if (texts.empty()) return;
  for (auto &entry : dev.modules)
    if (!dev.compiled[!mode].count(entry.second->text->hash)) add(entry.second->text);
  compile(std::move(texts), mode);
}

const Compiled &compileNow(const std::shared_ptr<Text> &text) {
  auto &compiled = device().compiled[device().isChecked];
  if (!compiled.count(text->hash)) compile({text}, device().isChecked);
  return compiled[text->hash];
}

std::string sourceLine(const std::string &file, int line) {
  auto where = format(", line %d", line);
  auto at = file.find("text-");
  if (at == std::string::npos) return where;
  auto found = device().texts.find(file.substr(at + 5, 32));
  auto text = found == device().texts.end() ? nullptr : found->second.lock();
  if (!text) return where;
  std::istringstream lines(text->source);
  std::string content;
  for (int i = 0; i < line && std::getline(lines, content); i++) {}
  auto first = content.find_first_not_of(" \t");
  return where + ": " + (first == std::string::npos ? "" : content.substr(first, 200));
}

std::string describePlace(const void *place) {
  Dl_info info;
  if (!dladdr(place, &info)) return "";
  auto offset = (unsigned long)((const char *)place - (const char *)info.dli_fbase - 1);
  for (auto tool : {"addr2line -i -e", "llvm-symbolizer --output-style=GNU -i -e"}) {
    FILE *pipe = popen(format("%s '%s' %#lx 2>/dev/null", tool, info.dli_fname, offset).c_str(), "r");
    if (!pipe) continue;
    char buffer[1024];
    std::string found;
    // Of inlined functions the innermost that is in a text.
    while (fgets(buffer, sizeof buffer, pipe)) {
      std::string line = buffer;
      auto colon = line.find(".cu:");
      if (!found.empty() || colon == std::string::npos || line.find("text-") == std::string::npos) continue;
      found = sourceLine(line, atoi(line.c_str() + colon + 4));
    }
    pclose(pipe);
    if (!found.empty()) return found;
  }
  return "";
}
