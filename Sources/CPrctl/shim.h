#include <sys/prctl.h>

/* prctl(2) takes variable arguments, which Swift cannot pass. */
static inline int opencodefs_undumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
