#pragma once

/* Swift's Glibc module leaves out what is GNU's alone. Without spawn.h, which that module has: ACTIONS is a
   posix_spawn_file_actions_t. */
static inline int opencodefs_spawn_in(void *actions, const char *directory) {
    extern int posix_spawn_file_actions_addchdir_np(void *, const char *);
    return posix_spawn_file_actions_addchdir_np(actions, directory);
}
