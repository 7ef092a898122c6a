#pragma once

#include <sqlite3.h>

/// SQLITE_TRANSIENT, a cast that Swift cannot import: SQLite copies the bytes before the call returns.
static inline sqlite3_destructor_type opencodefs_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/// Closing the last connection leaves the log as it is. (Variadic: Swift cannot call it.)
static inline int opencodefs_sqlite_leave_log(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// Keeps no account of the memory in use, for which each allocation would take a lock of the whole process. To be called before
/// any other function. (Variadic: Swift cannot call it.)
static inline int opencodefs_sqlite_keep_no_account(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
