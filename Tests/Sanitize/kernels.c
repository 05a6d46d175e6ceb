// Drives every kernel of CKernels at every level of this processor over odd sizes, strides, alignments and special values. Built with the sanitizers for undefined
// behavior and addresses, which end it at the first fault: see Documentation/Sanitizers.md. Every block of memory is exactly as large as the kernel's contract asks
// for, and begins at an address that is a multiple of its elements' size and of nothing more.
#include "kernels.h"

#include <stdio.h>

long calls;

static const int64_t SIZES[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 79, 127, 128, 129, 200, 257};
enum { SIZE_COUNT = sizeof SIZES / sizeof *SIZES };
static const int LANE_BYTES[] = {4, 8, 4, 8};

static int unary_bytes(int type, int op) { return op == WG_UNARY_isNaN || op == WG_UNARY_isFinite ? 4 : LANE_BYTES[type]; }

static void unaries(int type, int64_t n) {
  for (int op = 0; op < WG_UNARY_COUNT; op++) {
    wg_unary_fn f = wg_unary(type, op);
    if (!f) continue;
    int from = op == WG_UNARY_unitInterval ? WG_I64 : type, to = unary_bytes(type, op);
    for (int phase = 0; phase < 3; phase++) {
      block a = op == WG_UNARY_unitInterval ? words_block(n, phase) : lanes_block(from, n, phase), d = empty_block(to, n);
      f(d.at, a.at, n), calls++;
      if (to == LANE_BYTES[from]) {
        f(a.at, a.at, n), calls++;
        same(a, d, "unary", type, op);
      }
      drop(a), drop(d);
    }
  }
}

static void binary(wg_binary_fn f, int type, int to, int shape, int64_t n, const char *name, int op) {
  if (!f) return;
  for (int phase = 0; phase < 4; phase++) {
    block a = lanes_block(type, shape == 2 ? 1 : n, phase), b = lanes_block(type, shape == 1 ? 1 : n, phase * 5 + 1), d = empty_block(to, n);
    f(d.at, a.at, b.at, n), calls++;
    if (to == LANE_BYTES[type] && n > 0) {
      block in_place = shape == 2 ? b : a;
      f(in_place.at, a.at, b.at, n), calls++;
      same(in_place, d, name, type, op);
    }
    drop(a), drop(b), drop(d);
  }
}

static void binaries(int type, int64_t n) {
  for (int shape = 0; shape < 3; shape++) {
    for (int op = 0; op < WG_BINARY_COUNT; op++) binary(wg_binary(type, op, shape), type, LANE_BYTES[type], shape, n, "binary", op);
    for (int op = 0; op < WG_COMPARE_COUNT; op++) binary(wg_compare(type, op, shape), type, 4, shape, n, "compare", op);
  }
}

static void selects(int64_t n) {
  for (int wide = 0; wide < 2; wide++) {
    int type = wide ? WG_I64 : WG_I32;
    for (int single = 0; single < 8; single++) {
      wg_select_fn f = wg_select(wide, single);
      if (!f) continue;
      block c = truths_block(single & 1 ? 1 : n), a = lanes_block(type, single & 2 ? 1 : n, 1), b = lanes_block(type, single & 4 ? 1 : n, 2);
      block d = empty_block(LANE_BYTES[type], n);
      f(d.at, c.at, a.at, b.at, n), calls++;
      drop(a), drop(b), drop(c), drop(d);
    }
  }
}

static void casts(int from, int64_t n) {
  for (int to = 0; to <= WG_BOOL; to++) {
    wg_unary_fn f = wg_cast(from, to);
    for (int phase = 0; phase < 3; phase++) {
      block a = lanes_block(from, n, phase), d = empty_block(to == WG_BOOL ? 4 : LANE_BYTES[to], n);
      f(d.at, a.at, n), calls++;
      drop(a), drop(d);
    }
  }
}

static void fills(int64_t n) {
  for (int wide = 0; wide < 2; wide++) {
    block a = lanes_block(wide ? WG_I64 : WG_I32, 1, 3), d = empty_block(wide ? 8 : 4, n);
    wg_fill(wide)(d.at, a.at, n), calls++;
    drop(a), drop(d);
  }
  block a = truths_block(n), d = empty_block(4, n);
  wg_logical_not()(d.at, a.at, n), calls++;
  drop(a), drop(d);
}

static void reductions(int type, int64_t n) {
  for (int op = 0; op < WG_REDUCE_COUNT; op++) {
    for (int phase = 0; phase < 3; phase++) {
      block a = lanes_block(type, n, phase), state = lanes_block(type < WG_F32 ? WG_I64 : WG_F64, 1, phase);
      wg_reduce(type, op)(state.at, a.at, n), calls++;
      drop(a), drop(state);
    }
    for (int64_t rows = 0; rows < 8; rows++) {
      block a = lanes_block(type, rows * n, op), states = lanes_block(type < WG_F32 ? WG_I64 : WG_F64, n, 2);
      wg_accumulate(type, op)(states.at, a.at, rows, n), calls++;
      drop(a), drop(states);
    }
  }
}

static void counts(int64_t n) {
  block d = empty_block(8, n);
  wg_iota()(d.at, -3, n), calls++;
  const int64_t starts[] = {0, 1, INT64_C(0xfffffff0), INT64_C(0x7ffffffffffff000)};
  for (int s = 0; s < 4; s++) {
    for (int lane = 0; lane < 4; lane++) wg_random()(d.at, -1, 0xfffffffeu, lane, starts[s], n), calls++;
  }
  drop(d);
}

// Moves between memory and lanes: rows and columns side by side, with gaps, backwards, and, where memory is only read, repeated.
static void moves(int64_t rows, int64_t columns) {
  static const int BYTES[] = {1, 1, 4, 8, 2, 2, 4, 8}, LANES[] = {WG_I32, WG_I32, WG_I32, WG_I64, WG_F32, WG_F32, WG_F32, WG_F64};
  const int64_t strides[][2] = {{columns, 1}, {columns + 3, 1}, {1, rows}, {1, rows + 5}, {3 * columns, 3}, {-columns, -1}, {columns, -1},
                                {-1, rows},   {-columns, 1},    {0, 1},    {1, 0},        {0, 0}};
  for (int layout = 0; layout < 12; layout++) {
    int64_t row = strides[layout][0], column = strides[layout][1];
    int64_t low = (row < 0 ? row * (rows - 1) : 0) + (column < 0 ? column * (columns - 1) : 0);
    int64_t high = (row > 0 ? row * (rows - 1) : 0) + (column > 0 ? column * (columns - 1) : 0);
    int64_t count = rows && columns ? high - low + 1 : 0;
    for (int dtype = 0; dtype < WG_DTYPE_COUNT; dtype++) {
      block memory = bytes_block(BYTES[dtype], count), lanes = empty_block(LANE_BYTES[LANES[dtype]], rows * columns);
      char *start = memory.at - (count ? low * BYTES[dtype] : 0);
      wg_load(dtype)(lanes.at, start, rows, columns, row, column), calls++;
      if (layout < 9) {
        block values = lanes_block(LANES[dtype], rows * columns, dtype);
        wg_store(dtype)(start, values.at, rows, columns, row, column), calls++;
        drop(values);
      }
      drop(memory), drop(lanes);
    }
  }
}

static void joined(int64_t rows, int64_t columns) {
  for (int repeats = 0; repeats < 2; repeats++) {
    block blocks[7];
    wg_joined_operands operands;
    for (int i = 0; i < 7; i++) {
      int64_t step = repeats ? 0 : columns + i;
      int64_t last = rows > 0 && columns > 0 ? (rows - 1) * step + columns : 0;
      blocks[i] = lanes_block(WG_F32, last, i * 3);
      operands.at[i] = blocks[i].at, operands.step[i] = step * 4;
    }
    block d = empty_block(4, rows * columns), sums = empty_block(4, rows);
    for (int first = 0; first < WG_JOINED_FIRST_COUNT; first++) {
      for (int last = 0; last < WG_JOINED_LAST_COUNT; last++) {
        for (int single = 0; single < 2; single++) wg_joined_pair(first, last, single)(d.at, &operands, rows, columns), calls++;
      }
    }
    for (int tree = 0; tree < WG_JOINED_TREE_COUNT; tree++) wg_joined_tree(tree)(d.at, &operands, rows, columns), calls++;
    block square = empty_block(4, rows * columns), stepped = empty_block(4, rows * columns);
    for (int update = 0; update < WG_JOINED_UPDATE_COUNT; update++) {
      wg_joined_update(update)(d.at, square.at, stepped.at, &operands, &operands, &operands, rows, columns), calls++;
    }
    drop(square), drop(stepped);
    for (int term = 0; term < WG_JOINED_REDUCTION_COUNT; term++) {
      double state = 1;
      wg_joined_reduction(term)(d.at, sums.at, 1, &operands, rows, columns), calls++;
      wg_joined_reduction(term)(NULL, sums.at, 1, &operands, rows, columns), calls++;
      wg_joined_reduction(term)(NULL, &state, 0, &operands, rows < 1 ? rows : 1, columns), calls++;
    }
    drop(d), drop(sums);
    for (int i = 0; i < 7; i++) drop(blocks[i]);
  }
}

static void lines(int64_t n) {
  for (int type = 0; type < 4; type++) {
    for (int reverse = 0; reverse < 2; reverse++) {
      block s = lanes_block(type, n, 1), d = empty_block(LANE_BYTES[type], n);
      wg_running_sum(type, reverse)(d.at, s.at, n), calls++;
      wg_running_sum(type, reverse)(s.at, s.at, n), calls++;
      same(s, d, "running sum", type, reverse);
      drop(s), drop(d);
    }
    wg_candidates_fn candidates = wg_candidates(type);
    const uint64_t limits[] = {0, 1, 0x80000000u, 0xffffffffu, UINT64_C(0x100000000), UINT64_MAX};
    for (int limit = 0; candidates && limit < 6; limit++) {
      block x = lanes_block(type, n, limit), out = empty_block(8, n);
      candidates(x.at, n, limit & 1 ? UINT32_MAX : 0, limits[limit], 0xfffffff0u, (uint64_t *)out.at), calls++;
      drop(x), drop(out);
    }
    for (int64_t width = 0; width < 40; width += 13) {
      block target = lanes_block(type, 5 * (width + 1), 2), updates = lanes_block(type, n * (width + 2), 3), positions = empty_block(8, n);
      for (int64_t j = 0; j < n; j++) ((int64_t *)positions.at)[j] = j * 7 % 5;
      wg_add_rows(type)(target.at, width + 1, updates.at, width + 2, (int64_t *)positions.at, n, 1, 4, width), calls++;
      drop(target), drop(updates), drop(positions);
    }
  }
}

int main(void) {
  for (int level = WG_LEVEL_BASE; level < WG_LEVEL_COUNT; level++) {
    if (wg_select_level(level) != level) {
      printf("level %d: this processor lacks it\n", level);
      continue;
    }
    long before = calls;
    for (int s = 0; s < SIZE_COUNT; s++) {
      int64_t n = SIZES[s];
      for (int type = 0; type < 4; type++) unaries(type, n), binaries(type, n), casts(type, n), reductions(type, n);
      selects(n), fills(n), counts(n), lines(n);
      for (int64_t rows = 0; rows < 10; rows += rows < 3 ? 1 : 3) moves(rows, n), joined(rows, n);
    }
    operations();
    printf("level %d: %ld calls\n", level, calls - before);
  }
  printf("%s\n", failures ? "some results depend on where they go" : "all well");
  return failures != 0;
}
