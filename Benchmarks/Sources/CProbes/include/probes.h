#pragma once

/// How many blocks of memory the calling thread has asked for so far.
unsigned long allocation_count(void);

/// As many integer additions, each of which waits for the one before: a cycle each.
void dependent_additions(unsigned long count);
