#pragma once

/// Lets two files or folders exchange their names, as one step; 0, or -1 with errno set.
int cfiles_exchange(const char *first, const char *second);
