/* What Git keeps of names in a repository, its files being the parts of the input and the last part
 * the revisions asked for: a name leads to a commit that is there, or it is said why not. */
#include "../fuzz_git.h"
#include "../fuzz_parts.h"
#include "base/attr.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
    "HEAD",
    "config",
    "packed-refs",
    "FETCH_HEAD",
    "refs/heads/main",
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/tags/v1.0.0",
    "commondir",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};

    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        fuzz_git_write(files[i], fuzz_next_part(&rest));
    fuzz_git_ask(rest, false);
    return 0;
}
