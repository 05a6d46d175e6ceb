#include "kernels.h"

#include <string.h>

// Numbers as scores and factors are: some large, some equal, one that is no number now and then.
static block reals(int bytes, int64_t count, int special) {
  block b = empty_block(bytes, count);
  for (int64_t i = 0; i < count; i++) {
    double value = (double)(i * 37 % 101) / 8 - 6;
    if (special && i % 29 == 7) value = i % 2 ? -__builtin_inf() : __builtin_nan("");
    if (bytes == 4)
      ((float *)b.at)[i] = (float)value;
    else
      ((double *)b.at)[i] = value;
  }
  return b;
}

#define OPERATIONS(T, s)                                                                                                                  \
  static void attention_##s(int64_t rows, int64_t columns, int special, const wg_dropout *dropout) {                                     \
    int64_t step = (columns + 15) / 16 * 16 + (special ? 3 : 0), count = rows > 0 ? (rows - 1) * step + (columns + 15) / 16 * 16 : 0;     \
    block x = reals(sizeof(T), count, special), g = reals(sizeof(T), count, special), lse = empty_block(sizeof(T), rows);                 \
    block inner = empty_block(sizeof(T), rows);                                                                                           \
    wg_softmax_##s((T *)x.at, step, rows, columns, (T *)lse.at, dropout), calls++;                                                       \
    wg_inner_##s((T *)x.at, step, (T *)g.at, step, rows, columns, (T *)inner.at), calls++;                                               \
    wg_softmax_gradient_##s((T *)x.at, (T *)g.at, step, rows, columns, (T *)lse.at, (T *)inner.at, (T)0.5, dropout), calls++;            \
    drop(x), drop(g), drop(lse), drop(inner);                                                                                             \
  }                                                                                                                                       \
  static void product_##s(int64_t m, int64_t n, int64_t k) {                                                                              \
    int64_t bRow = n + 1, cRow = n + 2;                                                                                                   \
    for (int layout = 0; layout < 4; layout++) {                                                                                          \
      int64_t aRow = layout & 1 ? 1 : k + 2, aColumn = layout & 1 ? m + 1 : 1;                                                            \
      block a = reals(sizeof(T), m && k ? (m - 1) * aRow + (k - 1) * aColumn + 1 : 0, 0), b = reals(sizeof(T), n && k ? (k - 1) * bRow + n : 0, 0);  \
      block c = reals(sizeof(T), m && n ? (m - 1) * cRow + n : 0, 0);                                                                     \
      wg_product_##s((T *)a.at, aRow, aColumn, (T *)b.at, bRow, (T *)c.at, cRow, m, n, k, (T)2, layout >> 1, b.at, k * 8), calls++;     \
      drop(a), drop(b), drop(c);                                                                                                          \
    }                                                                                                                                     \
  }                                                                                                                                       \
  static void product_of_panels_##s(int64_t m, int64_t n, int64_t k) {                                                                    \
    int64_t tile = wg_tile_##s().rows, step = k * tile + 3, panels = (m + tile - 1) / tile, bRow = n + 1, cRow = n + 2;                   \
    block a = reals(sizeof(T), panels * step, 0), b = reals(sizeof(T), n && k ? (k - 1) * bRow + n : 0, 0);                               \
    block c = reals(sizeof(T), m && n ? (m - 1) * cRow + n : 0, 0);                                                                       \
    for (int adds = 0; adds < 2; adds++)                                                                                                  \
      wg_product_of_panels_##s((T *)a.at, step, (T *)b.at, bRow, (T *)c.at, cRow, m, n, k, adds, a.at, m * 8), calls++;                   \
    drop(a), drop(b), drop(c);                                                                                                            \
  }                                                                                                                                       \
  static void arranged_##s(int64_t rows, int64_t columns) {                                                                               \
    int64_t width = 8 + rows % 4 * 8, step = columns + 3, padded = rows + 5, panels = (columns + width - 1) / width, panel = rows * width + 4;  \
    block a = reals(sizeof(T), rows && columns ? (rows - 1) * step + columns : 0, 1), d = empty_block(sizeof(T), columns * padded);       \
    block packed = empty_block(sizeof(T), panels * panel);                                                                                \
    wg_transpose_##s((T *)a.at, step, rows, columns, (T *)d.at, padded), calls++;                                                        \
    wg_pack_##s((T *)a.at, step, rows, columns, (T *)packed.at, width, panel), calls++;                                                  \
    wg_prefetch(a.at, step * (int64_t)sizeof(T), rows, columns * (int64_t)sizeof(T)), calls++;                                           \
    drop(a), drop(d), drop(packed);                                                                                                       \
  }
OPERATIONS(float, f32)
OPERATIONS(double, f64)

static void halves(int64_t count, int64_t step) {
  int64_t length = count > 0 ? (count - 1) * step + 1 : 0;
  block half = bytes_block(2, length), floats = empty_block(4, count), special = lanes_block(WG_F32, count, 0);
  wg_from_float16(half.at, step, (float *)floats.at, count), calls++;
  wg_from_bfloat16(half.at, step, (float *)floats.at, count), calls++;
  wg_to_float16((float *)special.at, half.at, step, count), calls++;
  wg_to_bfloat16((float *)special.at, half.at, step, count), calls++;
  drop(half), drop(floats), drop(special);
}

// The two ways to widen and round are one conversion: every half, and the middle between it and the next float16, or bfloat16.
static void agreement(void) {
  enum { COUNT = 65536 };
  block half = empty_block(2, COUNT), wide = empty_block(4, COUNT), wide2 = empty_block(4, COUNT), back = empty_block(2, COUNT), back2 = empty_block(2, COUNT);
  for (int i = 0; i < COUNT; i++) ((uint16_t *)half.at)[i] = (uint16_t)i;
  for (int bfloat = 0; bfloat < 2; bfloat++) {
    int dtype = bfloat ? WG_DTYPE_bfloat16 : WG_DTYPE_float16;
    wg_load(dtype)(wide.at, half.at, 1, COUNT, COUNT, 1), calls++;
    (bfloat ? wg_from_bfloat16 : wg_from_float16)(half.at, 1, (float *)wide2.at, COUNT), calls++;
    same(wide, wide2, "widened", WG_F32, dtype);
    for (int middle = 0; middle < 2; middle++) {
      wg_store(dtype)(back.at, wide.at, 1, COUNT, COUNT, 1), calls++;
      (bfloat ? wg_to_bfloat16 : wg_to_float16)((float *)wide.at, back2.at, 1, COUNT), calls++;
      same(back, back2, "rounded", WG_I32, dtype);
      for (int i = 0; i < COUNT; i++) ((uint32_t *)wide.at)[i] += bfloat ? 0x8000 : 0x1000;
    }
  }
  drop(half), drop(wide), drop(wide2), drop(back), drop(back2);
}

void operations(void) {
  agreement();
  const int64_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 9, 16, 17, 31, 33, 64, 70};
  enum { COUNT = sizeof sizes / sizeof *sizes };
  block keys = words_block(70, 0);
  const wg_dropout dropouts[] = {{3, 0, 64, 0.25, NULL, 0}, {~UINT64_C(0), UINT64_C(0xfffffff0), 300, 0.999, (uint64_t *)keys.at, 2}, {7, 5, 1, 0.0, NULL, 0}};
  for (int i = 0; i < COUNT; i++) {
    for (int j = 0; j < COUNT; j++) {
      int64_t rows = sizes[i], columns = sizes[j];
      arranged_f32(rows, columns), arranged_f64(rows, columns);
      for (int l = 1; l < COUNT; l += 2) product_f32(rows, columns, sizes[l]), product_f64(rows, columns, sizes[l]);
      product_f32(rows, columns, 257), product_f64(rows, columns, 130);
      if (columns == 0) continue;
      for (int special = 0; special < 2; special++) {
        attention_f32(rows, columns, special, NULL), attention_f64(rows, columns, special, NULL);
        for (int d = 0; d < 3; d++) {
          // The keys are of every other row, for as many rows as there are keys.
          if (dropouts[d].keys && rows > 35) continue;
          attention_f32(rows, columns, special, &dropouts[d]), attention_f64(rows, columns, special, &dropouts[d]);
        }
      }
    }
    halves(sizes[i], 1), halves(sizes[i], 3);
  }
  attention_f32(3, 600, 0, &dropouts[1]), attention_f64(33, 300, 1, &dropouts[0]);
  drop(keys);
}
