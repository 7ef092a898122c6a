#pragma once

// The newest interface of libfuse 3.14, the version of Debian 12. _FILE_OFFSET_BITS stays unset: off_t has 64 bits
// anyway, and setting it gives Swift two definitions of struct statvfs.
#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>
#include <malloc.h>

/// Blocks of a megabyte and more go back to the system when they are freed. By itself glibc keeps them, for each thread
/// that ever needed one. (A macro that Swift cannot import.)
static inline void opencodefs_return_large_blocks(void) { mallopt(M_MMAP_THRESHOLD, 1 << 20); }

/// RENAME_NOREPLACE of renameat2(2), which Glibc shows to GNU programs only.
static const unsigned int opencodefs_rename_noreplace = 1;
