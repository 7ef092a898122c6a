#pragma once

// Swift's Glibc module leaves getopt_long(3) out. Its variables are not safe between threads, which Swift refuses to
// import; options are read before there is a second thread.
#include <getopt.h>

/// Makes the next call of getopt_long begin anew.
static inline void opencodefs_getopt_restart(void) { optind = 0; }
/// The word that comes next.
static inline int opencodefs_getopt_position(void) { return optind; }
/// The argument of the option just found, or NULL.
static inline const char *opencodefs_getopt_argument(void) { return optarg; }
