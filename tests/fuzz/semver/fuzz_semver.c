/* Any revision and any tags: a version is no constraint, what is taken fits for whoever knows the
 * release, and what all releases agree on each of them says. The first line of the input is the
 * revision, the second the prefix of tags, the others are tags. */
#include "repository/semver.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_TAGS = 16 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t count(const bool *taken, size_t n)
{
    size_t n_taken = 0;

    for (size_t i = 0; i < n; i++)
        n_taken += taken[i];
    return n_taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        unsigned major;
        unsigned minor;
    } releases[] = {{2, 12}, {2, 14}, {3, 1}, {3, 2}};
    struct str rest = {(const char *)data, size};
    struct str tags[MAX_TAGS];
    bool all[MAX_TAGS];
    struct semver_question q = {.tags = tags};
    enum semver_found found;

    if (!size || !str_split(&rest, '\n', &q.revision))
        return 0;
    if (rest.p)
        (void)str_split(&rest, '\n', &q.tag_prefix);
    while (rest.p && q.n_tags < MAX_TAGS && str_split(&rest, '\n', &tags[q.n_tags]))
        q.n_tags++;
    found = semver_pick(&q, all);
    require((found == SEMVER_TAGS) == (count(all, q.n_tags) > 0));
    require(found != SEMVER_PREFIXED || q.tag_prefix.n > 0);
    require(found != SEMVER_PREFIXED || !semver_is_constraint(q.revision));
    for (size_t i = 0; i < q.n_tags; i++)
        require(!all[i] || str_starts(tags[i], q.tag_prefix));
    for (size_t i = 0; i < sizeof releases / sizeof *releases && found != SEMVER_NOT_KNOWN; i++) {
        bool one[MAX_TAGS];

        q.argocd_major = releases[i].major;
        q.argocd_minor = releases[i].minor;
        require(semver_pick(&q, one) == found);
        for (size_t k = 0; k < q.n_tags; k++)
            require(!one[k] || all[k]);
    }
    return 0;
}
