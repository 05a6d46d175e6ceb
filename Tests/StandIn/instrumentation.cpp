// What the compiler's checks call in kernels: linked into each kernel's shared object.
#include "table.h"
#include <cstring>
#define HOOK extern "C" __attribute__((visibility("hidden"), used))

extern "C" __attribute__((visibility("hidden"))) StandInTable *standin_table;
StandInTable *standin_table = nullptr;
extern "C" __attribute__((visibility("default"))) void standin_set_table(StandInTable *table) { standin_table = table; }

#define ACCESSES(bytes) \
  HOOK void __tsan_read##bytes(void *p) { standin_table->access(p, bytes, false, __builtin_return_address(0)); } \
  HOOK void __tsan_write##bytes(void *p) { standin_table->access(p, bytes, true, __builtin_return_address(0)); } \
  HOOK void __tsan_read_write##bytes(void *p) { standin_table->access(p, bytes, true, __builtin_return_address(0)); } \
  HOOK void __tsan_unaligned_read##bytes(void *p) { standin_table->access(p, bytes, false, __builtin_return_address(0)); } \
  HOOK void __tsan_unaligned_write##bytes(void *p) { standin_table->access(p, bytes, true, __builtin_return_address(0)); } \
  HOOK void __tsan_unaligned_read_write##bytes(void *p) { standin_table->access(p, bytes, true, __builtin_return_address(0)); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
HOOK void __tsan_read_range(void *p, size_t n) { standin_table->access(p, n, false, __builtin_return_address(0)); }
HOOK void __tsan_write_range(void *p, size_t n) { standin_table->access(p, n, true, __builtin_return_address(0)); }
HOOK void __tsan_vptr_read(void **) {}
HOOK void __tsan_vptr_update(void **, void *) {}
HOOK void __tsan_init() {}
HOOK void __tsan_func_entry(void *) {}
HOOK void __tsan_func_exit() {}
HOOK void *__tsan_memcpy(void *to, const void *from, size_t n) {
  standin_table->access(from, n, false, __builtin_return_address(0));
  standin_table->access(to, n, true, __builtin_return_address(0));
  return memcpy(to, from, n);
}
HOOK void *__tsan_memmove(void *to, const void *from, size_t n) {
  standin_table->access(from, n, false, __builtin_return_address(0));
  standin_table->access(to, n, true, __builtin_return_address(0));
  return memmove(to, from, n);
}
HOOK void *__tsan_memset(void *to, int value, size_t n) {
  standin_table->access(to, n, true, __builtin_return_address(0));
  return memset(to, value, n);
}
// Each begins its data with the place in the source.
struct Place {
  const char *file;
  uint32_t line, column;
};
#define FINDING(name, what) \
  HOOK void name(Place *place, ...) { standin_table->fail(what, (int)place->line); }
FINDING(__ubsan_handle_type_mismatch_v1, "a misaligned access")
FINDING(__ubsan_handle_out_of_bounds, "an index outside its array")
FINDING(__ubsan_handle_shift_out_of_bounds, "a shift by too many bits")
