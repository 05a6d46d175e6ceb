#pragma once

/// How many blocks of memory the calling thread has asked for so far.
unsigned long allocation_count(void);
