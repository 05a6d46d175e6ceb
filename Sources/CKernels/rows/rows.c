// Row programs' kernels: the tables of all levels, and the one in force.
#include "ckernels.h"
#include "joined.h"
#include "../math/philox.h"

typedef struct {
  wg_unary_fn unary[WG_UNARY_COUNT];
  wg_binary_fn binary[WG_BINARY_COUNT][3];
  wg_binary_fn compare[WG_COMPARE_COUNT][3];
  wg_reduce_fn reduce[WG_REDUCE_COUNT];
  wg_accumulate_fn accumulate[WG_REDUCE_COUNT];
} wg_lanes_table;

typedef struct {
  const wg_lanes_table *lanes[WG_LANE_TYPE_COUNT];
  wg_select_fn select[2][8];
  wg_unary_fn cast[WG_LANE_TYPE_COUNT][WG_BOOL + 1];
  wg_unary_fn rounded[2];
  wg_unary_fn fill[2];
  wg_unary_fn logical_not;
  wg_move_fn load[WG_DTYPE_COUNT];
  wg_move_fn store[WG_DTYPE_COUNT];
  wg_iota_fn iota;
  wg_random_fn random;
  wg_joined_fn pair[WG_JOINED_FIRST_COUNT][2][WG_JOINED_LAST_COUNT];
  wg_joined_fn tree[WG_JOINED_TREE_COUNT];
  wg_joined_update_fn update[WG_JOINED_UPDATE_COUNT];
  wg_joined_reduction_fn joined_reduction[WG_JOINED_REDUCTION_COUNT];
} wg_rows_table;

#define WG_SOURCE "rows/kernels.inc.h"
#define WG_TABLE wg_rows_table
#include "../dispatch.h"

wg_unary_fn wg_unary(int type, int op) { return table()->lanes[type]->unary[op]; }
wg_binary_fn wg_binary(int type, int op, int shape) { return table()->lanes[type]->binary[op][shape]; }
wg_binary_fn wg_compare(int type, int op, int shape) { return table()->lanes[type]->compare[op][shape]; }
wg_reduce_fn wg_reduce(int type, int op) { return table()->lanes[type]->reduce[op]; }
wg_accumulate_fn wg_accumulate(int type, int op) { return table()->lanes[type]->accumulate[op]; }
wg_select_fn wg_select(int wide, int single) { return table()->select[wide][single]; }
wg_unary_fn wg_cast(int from, int to) { return table()->cast[from][to]; }
wg_unary_fn wg_rounded(int bfloat) { return table()->rounded[bfloat]; }
wg_unary_fn wg_fill(int wide) { return table()->fill[wide]; }
wg_unary_fn wg_logical_not(void) { return table()->logical_not; }
wg_move_fn wg_load(int dtype) { return table()->load[dtype]; }
wg_move_fn wg_store(int dtype) { return table()->store[dtype]; }
wg_iota_fn wg_iota(void) { return table()->iota; }
wg_random_fn wg_random(void) { return table()->random; }
wg_joined_fn wg_joined_pair(int first, int last, int single) { return table()->pair[first][single][last]; }
wg_joined_fn wg_joined_tree(int tree) { return table()->tree[tree]; }
wg_joined_update_fn wg_joined_update(int update) { return table()->update[update]; }
wg_joined_reduction_fn wg_joined_reduction(int term) { return table()->joined_reduction[term]; }

int wg_has_kernel(int kind, int number) {
  if (!wg_name(kind, number)) return 0;
  if (kind == WG_DTYPE_NAMES) return wg_load(number) && wg_store(number);
  if (kind == WG_LANE_NAMES || kind == WG_LEVEL_NAMES) return 1;
  for (int type = 0; type < WG_LANE_TYPE_COUNT; type++) {
    const wg_lanes_table *lanes = table()->lanes[type];
    if (kind == WG_UNARY_NAMES && lanes->unary[number]) return 1;
    if (kind == WG_BINARY_NAMES && lanes->binary[number][0]) return 1;
    if (kind == WG_COMPARE_NAMES && lanes->compare[number][0]) return 1;
    if (kind == WG_REDUCE_NAMES && lanes->reduce[number] && lanes->accumulate[number]) return 1;
  }
  return 0;
}
