// NVRTC: its image is the text, compiled at once or when the device needs it.
#include "image.h"
#include "standin.h"

#include <cstdlib>

namespace {
enum nvrtcResult {
  NVRTC_SUCCESS, NVRTC_ERROR_OUT_OF_MEMORY, NVRTC_ERROR_PROGRAM_CREATION_FAILURE, NVRTC_ERROR_INVALID_INPUT, NVRTC_ERROR_INVALID_PROGRAM,
  NVRTC_ERROR_INVALID_OPTION, NVRTC_ERROR_COMPILATION, NVRTC_ERROR_BUILTIN_OPERATION_FAILURE,
};

constexpr char magic[] = "Wengert stand-in image 1";
struct Header {
  char magic[sizeof ::magic];
  bool fuses;
  uint64_t preamble, source;
};

struct Program {
  std::string source, log, image;
  int architecture = 52;
  bool isReal = false, isCompiled = false;
};
std::set<Program *> programs;
const int architectures[] = {80, 86, 89, 90};

/// The parts of an option: "--name=value", or "--name" and the next.
struct Options {
  int count;
  const char *const *words;
  int next = 0;
  bool take(std::string &name, std::string &value, bool &hasValue) {
    if (next >= count) return false;
    name = words[next++];
    auto equals = name.find('=');
    hasValue = equals != std::string::npos;
    value = hasValue ? name.substr(equals + 1) : "";
    name = name.substr(0, equals);
    return true;
  }
};

/// Reads the options; what the compiler says of a wrong one goes to the log.
bool parse(Program &program, Options options, std::string &preamble, bool &fuses) {
  std::string name, value;
  bool hasValue;
  auto refuse = [&] {
    program.log = "nvrtc: error: invalid value for " + name + (hasValue ? ": " + value : "") + "\n";
    return false;
  };
  while (options.take(name, value, hasValue)) {
    auto following = [&] {
      if (!hasValue && options.next < options.count) value = options.words[options.next++], hasValue = true;
    };
    if (name == "--gpu-architecture" || name == "-arch") {
      following();
      bool isReal = value.compare(0, 3, "sm_") == 0, isKnown = false;
      auto digits = value.find('_');
      if (!isReal && value.compare(0, 8, "compute_")) return refuse();
      program.architecture = atoi(value.c_str() + digits + 1);
      program.isReal = isReal;
      for (int a : architectures) isKnown |= a == program.architecture;
      if (!isKnown) return refuse();
    } else if (name == "--fmad" || name == "-fmad") {
      if (value != "true" && value != "false") return refuse();
      fuses = value == "true";
    } else if (name == "--std" || name == "-std") {
      following();
      if (value != "c++11" && value != "c++14" && value != "c++17" && value != "c++20") return refuse();
    } else if (name == "--ptxas-options" || name == "-Xptxas") {
      following();
      if (value.empty()) return refuse();
    } else if (name == "--define-macro" || name == "-D" || (name.compare(0, 2, "-D") == 0 && name.size() > 2)) {
      std::string macro = name.compare(0, 2, "-D") == 0 && name.size() > 2 ? name.substr(2) : "";
      if (macro.empty()) {
        following();
        auto equals = value.find('=');
        macro = value.substr(0, equals);
        hasValue = equals != std::string::npos;
        value = hasValue ? value.substr(equals + 1) : "";
      }
      preamble += "#define " + macro + " " + (hasValue ? value : "1") + "\n";
    } else if (name == "-default-device" || name == "--device-as-default-execution-space" || name == "--restrict" || name == "-restrict" ||
        name == "--generate-line-info" || name == "-lineinfo" || name == "--extra-device-vectorization" ||
        name == "-extra-device-vectorization" || name == "--disable-warnings" || name == "-w") {
      if (hasValue) return refuse();
    } else if (name == "--use_fast_math" || name == "-use_fast_math") {
      program.log = "nvrtc: error: " + name + " is not for texts whose results are compared\n";
      return false;
    } else {
      program.log = "nvrtc: error: unrecognized option " + name + " found\n";
      return false;
    }
  }
  preamble += "#define __CUDA_ARCH__ " + std::to_string(program.architecture) + "0\n";
  return true;
}

nvrtcResult copyOut(const std::string &from, char *to) {
  if (!to) return NVRTC_ERROR_INVALID_INPUT;
  memcpy(to, from.data(), from.size());
  return NVRTC_SUCCESS;
}
}  // namespace

std::string makeImage(const std::string &source, const std::string &preamble, bool fusesMultiplyAdd) {
  Header header = {};
  memcpy(header.magic, magic, sizeof magic);
  header.fuses = fusesMultiplyAdd;
  header.preamble = preamble.size();
  header.source = source.size();
  return std::string((const char *)&header, sizeof header) + preamble + source;
}

bool readImage(const void *image, std::string &source, std::string &preamble, bool &fusesMultiplyAdd) {
  if (strncmp((const char *)image, magic, sizeof magic)) return false;
  Header header;
  memcpy(&header, image, sizeof header);
  auto text = (const char *)image + sizeof header;
  fusesMultiplyAdd = header.fuses;
  preamble.assign(text, header.preamble);
  source.assign(text + header.preamble, header.source);
  return true;
}

#define PROGRAM \
  CALL(NeedsNothing); \
  auto program = (Program *)handle; \
  if (!programs.count(program)) return NVRTC_ERROR_INVALID_PROGRAM

STANDIN_API int nvrtcVersion(int *major, int *minor) {
  CALL(NeedsNothing);
  if (!major || !minor) return NVRTC_ERROR_INVALID_INPUT;
  *major = 12;
  *minor = 4;
  return NVRTC_SUCCESS;
}
STANDIN_API int nvrtcGetNumSupportedArchs(int *count) {
  CALL(NeedsNothing);
  if (!count) return NVRTC_ERROR_INVALID_INPUT;
  *count = sizeof architectures / sizeof *architectures;
  return NVRTC_SUCCESS;
}
STANDIN_API int nvrtcGetSupportedArchs(int *list) {
  CALL(NeedsNothing);
  if (!list) return NVRTC_ERROR_INVALID_INPUT;
  memcpy(list, architectures, sizeof architectures);
  return NVRTC_SUCCESS;
}

STANDIN_API const char *nvrtcGetErrorString(int result) {
  static const char *const names[] = {"NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
      "NVRTC_ERROR_INVALID_INPUT", "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION", "NVRTC_ERROR_COMPILATION",
      "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE"};
  return result >= 0 && result < 8 ? names[result] : "NVRTC_ERROR unknown";
}

STANDIN_API int nvrtcCreateProgram(void **handle, const char *source, const char *, int headers, const char *const *, const char *const *) {
  CALL(NeedsNothing);
  if (!handle || !source || headers < 0) return NVRTC_ERROR_INVALID_INPUT;
  auto program = new Program;
  program->source = source;
  programs.insert(program);
  *handle = program;
  return NVRTC_SUCCESS;
}

STANDIN_API int nvrtcDestroyProgram(void **handlePointer) {
  auto handle = handlePointer ? *handlePointer : nullptr;
  PROGRAM;
  programs.erase(program);
  delete program;
  *handlePointer = nullptr;
  return NVRTC_SUCCESS;
}

STANDIN_API int nvrtcCompileProgram(void *handle, int count, const char *const *words) {
  PROGRAM;
  std::string preamble;
  bool fuses = true;
  program->log.clear();
  program->isCompiled = false;
  if (count < 0 || (count && !words)) return NVRTC_ERROR_INVALID_INPUT;
  if (!parse(*program, {count, words}, preamble, fuses)) return NVRTC_ERROR_INVALID_OPTION;
  if (!device().isDeferred) {
    auto &compiled = compileNow(makeText(program->source, preamble, fuses));
    program->log = compiled.log;
    if (!compiled.library) return NVRTC_ERROR_COMPILATION;
  }
  program->image = makeImage(program->source, preamble, fuses);
  program->isCompiled = true;
  return NVRTC_SUCCESS;
}

STANDIN_API int nvrtcGetProgramLogSize(void *handle, size_t *bytes) {
  PROGRAM;
  if (!bytes) return NVRTC_ERROR_INVALID_INPUT;
  *bytes = program->log.size() + 1;
  return NVRTC_SUCCESS;
}
STANDIN_API int nvrtcGetProgramLog(void *handle, char *log) {
  PROGRAM;
  return copyOut(program->log + '\0', log);
}

// A virtual architecture has no code of a device; both are the text.
STANDIN_API int nvrtcGetCUBINSize(void *handle, size_t *bytes) {
  PROGRAM;
  if (!bytes) return NVRTC_ERROR_INVALID_INPUT;
  *bytes = program->isCompiled && program->isReal ? program->image.size() : 0;
  return program->isCompiled ? NVRTC_SUCCESS : NVRTC_ERROR_INVALID_PROGRAM;
}
STANDIN_API int nvrtcGetCUBIN(void *handle, char *image) {
  PROGRAM;
  return program->isCompiled && program->isReal ? copyOut(program->image, image) : NVRTC_ERROR_INVALID_PROGRAM;
}
STANDIN_API int nvrtcGetPTXSize(void *handle, size_t *bytes) {
  PROGRAM;
  if (!bytes) return NVRTC_ERROR_INVALID_INPUT;
  *bytes = program->isCompiled ? program->image.size() : 0;
  return program->isCompiled ? NVRTC_SUCCESS : NVRTC_ERROR_INVALID_PROGRAM;
}
STANDIN_API int nvrtcGetPTX(void *handle, char *image) {
  PROGRAM;
  return program->isCompiled ? copyOut(program->image, image) : NVRTC_ERROR_INVALID_PROGRAM;
}
