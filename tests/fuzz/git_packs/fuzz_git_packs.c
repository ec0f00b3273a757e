/* The index of a pack, or of several: what git_packs_check() calls whole does libgit2 no harm. The
 * first byte says which file, and whether its checksum is put right; the rest is that file but for
 * the checksum. */
#include "../fuzz_git.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/mem.h"
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SUM = 20, IS_MULTI = 1, IS_UNSUMMED = 2, IS_WITH_PACK_END = 4 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* "objects/pack/pack-….idx"; and the last bytes of the pack itself. */
static const char *find_index(unsigned char pack_end[static SUM])
{
    AUTO(freep) char *directory = xasprintf("%s/objects/pack", fuzz_git()->directory);
    static char name[128];
    DIR *dir = opendir(directory);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        size_t n = strlen(entry->d_name);

        if (n > 5 && strcmp(entry->d_name + n - 5, ".pack") == 0) {
            AUTO(freep) char *path = xasprintf("%s/%s", directory, entry->d_name);
            FILE *pack = fopen(path, "rbe");

            require(pack && fseek(pack, -SUM, SEEK_END) == 0);
            require(fread(pack_end, 1, SUM, pack) == SUM && fclose(pack) == 0);
            (void)snprintf(name, sizeof name, "objects/pack/%.*s.idx", (int)n - 5, entry->d_name);
        }
    }
    require(dir && name[0] && closedir(dir) == 0);
    return name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *index;
    static unsigned char pack_end[SUM];
    static char asked[2 * (GIT_OID_HEXSZ + 1)];
    const char *name;
    unsigned char *file;
    size_t n;

    if (!index) {
        const struct fuzz_git *git = fuzz_git();

        fuzz_git_pack();
        index = find_index(pack_end);
        (void)snprintf(asked, sizeof asked, "%s\n", git_oid_tostr_s(&git->commits[0]));
        (void)snprintf(asked + strlen(asked), 12, "%s", git_oid_tostr_s(&git->commits[1]));
    }
    if (size == 0)
        return 0;
    name = data[0] & IS_MULTI ? "objects/pack/multi-pack-index" : index;
    file = xmalloc(size + 2 * (size_t)SUM);
    n = size - 1;
    memcpy(file, data + 1, n);
    if (data[0] & IS_WITH_PACK_END) {
        memcpy(file + n, pack_end, SUM);
        n += SUM;
    }
    if (!(data[0] & IS_UNSUMMED)) {
        require(digest_sha1((struct str){(const char *)file, n}, file + n));
        n += SUM;
    }
    fuzz_git_write(index, STR(""));
    fuzz_git_write("objects/pack/multi-pack-index", STR(""));
    fuzz_git_write(name, (struct str){(const char *)file, n});
    free(file);
    fuzz_git_ask(str_from(asked), true);
    return 0;
}
