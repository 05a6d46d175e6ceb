// The kernels of one type of lanes at one level: T is the type, U the unsigned integer of its size, OF_T(name) a name of the type's, and KIND(macro) the one for
// its column in operations.h.

WG_UNARIES(KIND(UNARY))
WG_BINARIES(KIND(BINARY))
WG_COMPARISONS(COMPARE)

static const wg_lanes_table TYPED(lanes) = {
  .unary = {WG_UNARIES(KIND(UNARY_ENTRY))},
  .binary = {WG_BINARIES(KIND(BINARY_ENTRY))},
  .compare = {WG_COMPARISONS(COMPARE_ENTRY)},
  .reduce = {WG_REDUCTIONS(REDUCE_ENTRY)},
  .accumulate = {WG_REDUCTIONS(ACCUMULATE_ENTRY)},
};
