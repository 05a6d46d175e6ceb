#pragma once
// Open MPI's handles are casts in macros, which Swift does not see.
#include <mpi.h>

enum { CMPI_FLOAT, CMPI_DOUBLE, CMPI_INT32, CMPI_BYTE };
enum { CMPI_SUM, CMPI_MAXIMUM, CMPI_MINIMUM };

static inline MPI_Datatype cmpi_type(int type) {
  return type == CMPI_FLOAT ? MPI_FLOAT : type == CMPI_DOUBLE ? MPI_DOUBLE : type == CMPI_INT32 ? MPI_INT32_T : MPI_BYTE;
}

static inline MPI_Op cmpi_operation(int operation) {
  return operation == CMPI_SUM ? MPI_SUM : operation == CMPI_MAXIMUM ? MPI_MAX : MPI_MIN;
}

/// Joins the other workers; a call at a time, from any thread. Whether MPI grants that.
static inline int cmpi_start(void) {
  int provided = 0;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS) return 0;
  return provided >= MPI_THREAD_SERIALIZED;
}

static inline int cmpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

static inline int cmpi_count(void) {
  int count = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &count);
  return count;
}

static inline void cmpi_all_reduce(void *values, int count, int type, int operation) {
  MPI_Allreduce(MPI_IN_PLACE, values, count, cmpi_type(type), cmpi_operation(operation), MPI_COMM_WORLD);
}

/// Each worker's `count` values to all, `counts[r]` of worker r at `places[r]`.
static inline void cmpi_all_gather(const void *values, int count, void *all, const int *counts, const int *places, int type) {
  MPI_Allgatherv(values, count, cmpi_type(type), all, counts, places, cmpi_type(type), MPI_COMM_WORLD);
}

static inline void cmpi_barrier(void) { MPI_Barrier(MPI_COMM_WORLD); }
static inline void cmpi_finish(void) { MPI_Finalize(); }
static inline void cmpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }
