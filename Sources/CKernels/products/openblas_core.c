// OpenBLAS before 0.3.25 takes an Intel processor newer than itself for a Prescott and multiplies five to ten times too slowly
// (OpenMathLib/OpenBLAS issue 4267). It reads its choice from the environment once, when it is loaded; so this runs after that, before main
// and thus before any product is under way, and has it choose again.
#if defined(__x86_64__) && defined(__linux__)
#define _GNU_SOURCE
#include "ckernels.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

__attribute__((constructor)) static void choose_openblas_core(void) {
  static const char variable[] = "OPENBLAS_CORETYPE";
  char *(*core_name)(void) = (char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_corename");
  void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
  void (*init)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
  if (!core_name || !quit || !init || getenv(variable) || strcmp(core_name(), "Prescott") != 0) return;

  const char *core = wg_has_level(WG_LEVEL_AVX512) ? "SkylakeX" : wg_has_level(WG_LEVEL_AVX2) ? "Haswell" : NULL;
  if (!core || setenv(variable, core, 1) != 0) return;
  quit();
  init();
  unsetenv(variable);
}
#endif
