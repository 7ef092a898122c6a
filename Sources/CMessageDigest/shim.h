#pragma once

#include <stdint.h>
#include <stddef.h>
#include <sha2.h>
