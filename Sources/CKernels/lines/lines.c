#include "lines.h"
#include "ckernels.h"

typedef struct {
  wg_running_sum_fn running_sum[WG_LANE_TYPE_COUNT][2];
  wg_candidates_fn candidates[WG_LANE_TYPE_COUNT];
  wg_add_rows_fn add_rows[WG_LANE_TYPE_COUNT];
  wg_add_rows_wide_fn add_rows_wide;
  wg_add_wide_fn add_wide;
  wg_running_rows_fn running_rows;
} wg_lines_table;

#define WG_SOURCE "lines/lines.inc.h"
#define WG_TABLE wg_lines_table
#include "../dispatch.h"

wg_running_sum_fn wg_running_sum(int type, int reverse) { return table()->running_sum[type][reverse != 0]; }
wg_candidates_fn wg_candidates(int type) { return table()->candidates[type]; }
wg_add_rows_fn wg_add_rows(int type) { return table()->add_rows[type]; }
wg_add_rows_wide_fn wg_add_rows_wide(void) { return table()->add_rows_wide; }
wg_add_wide_fn wg_add_wide(void) { return table()->add_wide; }
wg_running_rows_fn wg_running_rows(void) { return table()->running_rows; }
