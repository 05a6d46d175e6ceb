// Linked into every library of kernels: the way to the device, and the callbacks of clang's instrumentation.
#include "interface.h"
#include <cstddef>
#include <cstdint>
#include <cstring>

#define HIDDEN __attribute__((visibility("hidden")))
#define PLACE __builtin_return_address(0)

extern "C" {
HIDDEN StandinRuntime *standin_runtime;
HIDDEN StandinThread *standin_self;
HIDDEN unsigned char standin_dynamic[STANDIN_DYNAMIC_SHARED] __attribute__((aligned(128)));
__attribute__((visibility("default"))) StandinLink standin_link = {&standin_runtime, &standin_self, standin_dynamic};

#define ACCESS(name, bytes, kind) \
  HIDDEN void __tsan_##name(void *p) { standin_runtime->access(p, bytes, kind, PLACE); }
#define ACCESSES(bytes) \
  ACCESS(read##bytes, bytes, STANDIN_READ) \
  ACCESS(write##bytes, bytes, STANDIN_WRITE) \
  ACCESS(unaligned_read##bytes, bytes, STANDIN_READ) \
  ACCESS(unaligned_write##bytes, bytes, STANDIN_WRITE)
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

HIDDEN void __tsan_init() {}
HIDDEN void __tsan_func_entry(void *) {}
HIDDEN void __tsan_func_exit() {}
HIDDEN void __tsan_vptr_read(void **) {}
HIDDEN void __tsan_vptr_update(void **, void *) {}

HIDDEN void *__tsan_memcpy(void *to, const void *from, size_t bytes) {
  standin_runtime->access(from, bytes, STANDIN_READ, PLACE);
  standin_runtime->access(to, bytes, STANDIN_WRITE, PLACE);
  return memcpy(to, from, bytes);
}
HIDDEN void *__tsan_memmove(void *to, const void *from, size_t bytes) {
  standin_runtime->access(from, bytes, STANDIN_READ, PLACE);
  standin_runtime->access(to, bytes, STANDIN_WRITE, PLACE);
  return memmove(to, from, bytes);
}
HIDDEN void *__tsan_memset(void *to, int value, size_t bytes) {
  standin_runtime->access(to, bytes, STANDIN_WRITE, PLACE);
  return memset(to, value, bytes);
}

/// The beginning of what the compiler says of each check.
struct Place {
  const char *file;
  uint32_t line, column;
};
#define VIOLATION(name, code, what) \
  HIDDEN void __ubsan_handle_##name(Place *place, ...) { standin_runtime->fail(code, what, place->file, (int)place->line); }
VIOLATION(type_mismatch_v1, 716, "a misaligned access")
VIOLATION(out_of_bounds, 719, "an index outside its array")
VIOLATION(shift_out_of_bounds, 719, "a shift by too many bits")
}
