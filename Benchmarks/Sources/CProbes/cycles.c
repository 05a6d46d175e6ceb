#include "probes.h"

#define TWICE(text) text text

void dependent_additions(unsigned long count) {
  unsigned long sum = 0, one = 1;
  for (unsigned long i = 0; i < count / 16; i++) {
#if defined(__x86_64__)
    // Of registers: additions of a constant are done before they are issued on some processors, several in a cycle.
    __asm__ volatile(TWICE(TWICE(TWICE(TWICE("add %1, %0\n\t")))) : "+r"(sum) : "r"(one));
#else
    for (int j = 0; j < 16; j++) __asm__ volatile("" : "+r"(sum) : "0"(sum + one));
#endif
  }
}
