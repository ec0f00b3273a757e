/* file.h: certificate and key files, read whole within a bound and replaced without a gap. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <sys/types.h>

/* A Kubernetes Secret holds at most 1 MiB, and so does any file that comes from one. */
enum { CERTS_FILE_MAX = 1024 * 1024 };

/* A file's bytes, NUL-terminated. They may be a key: always wiped before they are freed. */
struct certs_file {
    char *text;
    size_t n;
    mode_t mode;
};
/*
 * Reads a regular file of at most CERTS_FILE_MAX bytes. `out` is cleared by the caller.
 * Fails with ERR_SYSTEM or ERR_LIMIT, `where` naming the file.
 */
bool certs_file_load(const char *path, struct certs_file *out, struct err *err) MUST_CHECK;
void certs_file_clear(struct certs_file *file); /* for AUTO() */

/* A file that is written and synced under a temporary name, waiting to get its own. */
struct certs_staged {
    char *path;
    char *temporary;
};
/* mode: permissions of the new file, whatever the umask. The caller clears `out`. */
bool certs_file_stage(const char *directory, const char *name, struct str text, mode_t mode,
                      struct certs_staged *out, struct err *err) MUST_CHECK;
/* Gives it its name. Without `overwrite` an existing file is refused (ERR_CONFIG). */
bool certs_file_publish(struct certs_staged *staged, bool overwrite, struct err *err) MUST_CHECK;
/* Removes a temporary that was not published. */
void certs_staged_clear(struct certs_staged *staged);
/* ERR_CONFIG when `directory` holds `name` already. */
bool certs_file_is_free(const char *directory, const char *name, struct err *err) MUST_CHECK;
