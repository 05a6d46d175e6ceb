/* Finished programs called from C, and from whatever calls C: the library libwengert-c. Documentation/Interchange.md describes it.
 *
 * Tensors come and go as those of DLPack, in host memory. A function that fails returns NULL or a number that is not 0, and wengert_last_error says why. Any
 * number of threads may call one program. */
#ifndef WENGERT_H
#define WENGERT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is needed of DLPack (dmlc/dlpack), unless its own header was included before. */
#ifndef DLPACK_DLPACK_H_
#define DLPACK_DLPACK_H_

/* 1 is the host. */
typedef struct {
  int32_t device_type;
  int32_t device_id;
} DLDevice;

/* Codes: 0 int, 1 unsigned int, 2 float, 4 bfloat16, 6 bool. */
typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;

typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  /* In elements; NULL if row-major. */
  int64_t *strides;
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;

#endif

typedef struct wengert_program wengert_program;

/* Why the last call of this thread failed, until its next one. */
const char *wengert_last_error(void);

/* The program of a file that Program.save has written; NULL if it cannot be read. */
wengert_program *wengert_load(const char *path);

/* Gives a program back. Results stay. */
void wengert_release(wengert_program *program);

/* How many tensors the program takes (is_output 0) or makes (1); -1 for no program. */
int32_t wengert_count(const wengert_program *program, int32_t is_output);

/* The dotted name of tensor number index, which stays as long as the program; empty if it has none, NULL if there is no such tensor. */
const char *wengert_name(const wengert_program *program, int32_t is_output, int32_t index);

/* The type of tensor number index, and how many axes it has. */
int32_t wengert_type(const wengert_program *program, int32_t is_output, int32_t index, DLDataType *dtype, int32_t *rank);

/* The extent of an axis: its number, or -1 and the expression in symbols, which stays as long as the program (NULL for a number). */
int32_t wengert_extent(
    const wengert_program *program, int32_t is_output, int32_t index, int32_t axis, int64_t *number, const char **symbols);

/* Calls the program. The arguments are read in place, during the call alone, if their elements are row-major and aligned as their type is, and copied
 * otherwise; copied, if it is not NULL, is told how many were. Each result is in memory of its own until its deleter is called. */
int32_t wengert_call(
    const wengert_program *program, const DLTensor *const *arguments, int32_t argument_count, DLManagedTensor **results,
    int32_t result_count, int32_t *copied);

/* The same result once more: both have a deleter, and the memory goes with the last. NULL if the tensor is not a result of wengert_call. */
DLManagedTensor *wengert_share(const DLManagedTensor *result);

#ifdef __cplusplus
}
#endif

#endif
