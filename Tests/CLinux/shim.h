#pragma once

// What glibc declares for _GNU_SOURCE alone, which Swift's Glibc module is built without. For benchmarks; values from
// pipe(7) and fcntl(2).
#include <spawn.h>
#include <sys/types.h>

extern int pipe2(int ends[2], int flags);
extern ssize_t splice(int in, long long *in_offset, int out, long long *out_offset, size_t count, unsigned flags);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);

enum { OPENCODEFS_SETPIPE_SZ = 1031 };
