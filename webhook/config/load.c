/* load.c: the configuration from its file, with the directory its paths are relative to. */
#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 4096 };

/* Stops soon after CONFIG_MAX_BYTES: config_parse() then says how large it may be. */
static bool read_file(const char *file, struct buf *out, struct err *err)
{
    FILE *stream = fopen(file, "re");
    char piece[PIECE];
    size_t n;
    int problem = stream ? 0 : errno;

    while (stream && out->n <= CONFIG_MAX_BYTES && (n = fread(piece, 1, sizeof piece, stream)) > 0)
        buf_add(out, (struct str){piece, n});
    if (stream && ferror(stream))
        problem = errno;
    if (stream)
        (void)fclose(stream);
    if (!problem)
        return true;
    err_what(err, ERR_SYSTEM, "the configuration could not be read");
    err_where(err, "%s", file);
    err_why_errno(err, problem);
    return false;
}

bool config_load(const char *file, struct settings **out, struct err *err)
{
    AUTO(buf_clearp) struct buf text = {.max = CONFIG_MAX_BYTES + PIECE};
    const char *slash = strrchr(file, '/');
    AUTO(freep) char *directory = xstrndup((struct str){file, slash ? (size_t)(slash - file) : 0});

    if (!read_file(file, &text, err))
        return false;
    /* "/config.yaml" lies in "/", which the cut above has emptied. */
    return config_parse(buf_str(&text), file, slash == file ? "/" : directory, out, err);
}
