/// The vector instructions of the CPU's row-program interpreter, compiled for several x86-64 levels and chosen at load time.
///
/// Values stand in lanes of four types: 32-bit integers (also bool as 0 and 1, and uint8), 64-bit integers, floats and doubles. Every
/// kernel accepts a destination that is exactly one of its sources when both have lanes of one width; no other overlap is allowed.
#pragma once

#include "operations.h"

#include <stdint.h>

#define WG_SECOND(name, number) number,
#define WG_UNARY_NUMBER(name, ...) WG_UNARY_##name,
#define WG_BINARY_NUMBER(name, ...) WG_BINARY_##name,
#define WG_COMPARE_NUMBER(name, ...) WG_COMPARE_##name,
#define WG_REDUCE_NUMBER(name) WG_REDUCE_##name,
#define WG_DTYPE_NUMBER(name, ...) WG_DTYPE_##name,
enum { WG_LEVELS(WG_SECOND) WG_LEVEL_COUNT };
/// The types of lanes, and lanes of 0 and 1, which a cast can make.
enum { WG_LANE_TYPES(WG_SECOND) WG_BOOL, WG_LANE_TYPE_COUNT = WG_BOOL };
enum { WG_UNARIES(WG_UNARY_NUMBER) WG_UNARY_COUNT };
enum { WG_BINARIES(WG_BINARY_NUMBER) WG_BINARY_COUNT };
enum { WG_COMPARISONS(WG_COMPARE_NUMBER) WG_COMPARE_COUNT };
enum { WG_REDUCTIONS(WG_REDUCE_NUMBER) WG_REDUCE_COUNT };
enum { WG_DTYPES(WG_DTYPE_NUMBER) WG_DTYPE_COUNT };
#undef WG_SECOND
#undef WG_UNARY_NUMBER
#undef WG_BINARY_NUMBER
#undef WG_COMPARE_NUMBER
#undef WG_REDUCE_NUMBER
#undef WG_DTYPE_NUMBER

/// d[i] = f(a[i]).
typedef void (*wg_unary_fn)(void *d, const void *a, int64_t n);
/// d[i] = f(a[i], b[i]).
typedef void (*wg_binary_fn)(void *d, const void *a, const void *b, int64_t n);
/// d[i] = c[i] ? a[i] : b[i].
typedef void (*wg_select_fn)(void *d, const void *c, const void *a, const void *b, int64_t n);
/// Moves a block of `rows` × `columns` between memory with these strides (in elements) and packed lanes.
typedef void (*wg_move_fn)(void *d, const void *s, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride);
/// Combines n lanes into `state`: a double for float lanes, an int64 for integer lanes.
typedef void (*wg_reduce_fn)(void *state, const void *a, int64_t n);
/// Combines each column of a packed block into states[column].
typedef void (*wg_accumulate_fn)(void *states, const void *a, int64_t rows, int64_t columns);
/// d[i] = start + i.
typedef void (*wg_iota_fn)(int64_t *d, int64_t start, int64_t n);
/// d[i] = word `lane` of Philox-4×32-10 at counter (start + i, stream, 0) under `key`.
typedef void (*wg_random_fn)(int64_t *d, int64_t key, uint32_t stream, int lane, int64_t start, int64_t n);

/// The level in force; `wg_select_level` forces another for the calling thread and returns it, or -1 (and changes nothing) where this processor lacks it.
int wg_level(void);
int wg_select_level(int level);
int wg_has_level(int level);

/// Kernels of the level in force, by the numbers above; null where the operation has no meaning in the type. `unitInterval` goes by the type it makes.
wg_unary_fn wg_unary(int type, int op);
/// `shape`: 0 both operands are rows, 1 the second is a single number, 2 the first is.
wg_binary_fn wg_binary(int type, int op, int shape);
wg_binary_fn wg_compare(int type, int op, int shape);
/// `single`: bit 0 the condition, bit 1 the first, bit 2 the second operand is a single number.
wg_select_fn wg_select(int wide, int single);
/// From lanes to lanes; `to` may also be WG_BOOL.
wg_unary_fn wg_cast(int from, int to);
/// Floats to the nearest that float16 (0) or bfloat16 (1) can hold.
wg_unary_fn wg_rounded(int bfloat);
/// d[i] = a[0], of 4- or 8-byte lanes.
wg_unary_fn wg_fill(int wide);
wg_unary_fn wg_logical_not(void);
wg_move_fn wg_load(int dtype);
wg_move_fn wg_store(int dtype);
wg_reduce_fn wg_reduce(int type, int op);
wg_accumulate_fn wg_accumulate(int type, int op);
wg_iota_fn wg_iota(void);
wg_random_fn wg_random(void);

/// The names in Swift of what is numbered above, null past the last; and whether at least one type has a kernel for it.
enum { WG_UNARY_NAMES, WG_BINARY_NAMES, WG_COMPARE_NAMES, WG_REDUCE_NAMES, WG_DTYPE_NAMES, WG_LANE_NAMES, WG_LEVEL_NAMES };
const char *wg_name(int kind, int number);
int wg_has_kernel(int kind, int number);

/// How many cores this process may run on.
int wg_available_cores(void);

/// Tells the processor that this thread spins.
static inline void wg_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}
