#pragma once

// The newest interface of libfuse 3.14, the version of Debian 12. _FILE_OFFSET_BITS stays unset: off_t has 64 bits
// anyway, and setting it gives Swift two definitions of struct statvfs.
#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>
