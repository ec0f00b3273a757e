/* Any pattern on any path: matching ends, leaks nothing, and plain text matches just itself. The
 * first line of the input is the pattern, the rest is the path. */
#include "repository/glob.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_plain(struct str pattern)
{
    for (size_t i = 0; i < pattern.n; i++)
        if ((unsigned char)pattern.p[i] >= 0x80 || !pattern.p[i] || strchr("*?[{\\", pattern.p[i]))
            return false;
    return pattern.n <= GLOB_MAX_PATTERN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = {(const char *)data, size};
    size_t cut = str_find_char(all, '\n');
    struct str pattern = str_sub(all, 0, cut);
    struct str path = str_sub(all, cut + 1, all.n);
    struct glob *g = NULL;
    enum glob_compiled compiled = glob_compile(pattern, &g);

    if (is_plain(pattern)) {
        require(compiled == GLOB_OK);
        require(glob_match(g, pattern) == TRI_YES);
        require(glob_match(g, path) == (str_eq(path, pattern) ? TRI_YES : TRI_NO));
    }
    require((compiled == GLOB_OK) == (g != NULL));
    if (g) {
        enum tri first = glob_match(g, path);

        require(glob_match(g, path) == first);
    }
    glob_free(g);
    return 0;
}
