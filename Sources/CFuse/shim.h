#pragma once

// The newest interface of libfuse 3.14, the version of Debian 12. _FILE_OFFSET_BITS stays unset: off_t has 64 bits
// anyway, and setting it gives Swift two definitions of struct statvfs.
#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>
#include <malloc.h>

/// Memory that one request needed is there for the next, whichever thread answers it. By itself glibc has an arena for each
/// thread, and keeps in each what a large listing took; blocks of a megabyte and more go back to the system when they are
/// freed. (Macros that Swift cannot import.)
static inline void opencodefs_share_memory(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

/// RENAME_NOREPLACE of renameat2(2), which Glibc shows to GNU programs only.
static const unsigned int opencodefs_rename_noreplace = 1;
