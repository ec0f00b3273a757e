/* Which tags a range of versions leads to, by vectors run against Masterminds/semver. */
#include "repository/semver.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_TAGS = 8 };

/* "-" is looked up as written, "+" with the prefix before it, "?" not known, else the tags. */
static const struct vector {
    const char *revision;
    const char *tags;
    const char *wanted;
} vectors[] = {
    /* No ranges. */
    {"HEAD", "1.0.0", "-"},
    {"", "1.0.0", "-"},
    {"main", "1.0.0 main", "-"},
    {"v1.0.0", "v1.0.0 1.0.0", "-"},
    {"1.2", "1.2.0 1.2.9", "-"},
    {"v1", "v1.0.0", "-"},
    {"1.02", "1.2.0", "-"},
    {"1.2.3-rc.1", "1.2.3-rc.1", "-"},
    {"release-1.x", "1.0.0", "-"},
    {"==1.0", "1.0.0", "-"},
    {"1.0,", "1.0.0", "-"},
    {"1.0,,1.0", "1.0.0", "-"},
    {">1.0<2.0", "1.0.0", "-"},
    {"1.x.y", "1.0.0", "-"},
    {"V1.x", "1.0.0", "-"},
    {"99999999999999999999.x", "1.0.0", "-"},
    /* Wildcards and partial versions. */
    {"*", "1.0.0 2.0.0 1.9.9 3.0.0-rc1", "2.0.0"},
    {"1.x", "1.0.0 v1.9.9 2.0.0", "v1.9.9"},
    {"v1.*", "1.0.0 v1.9.9 2.0.0", "v1.9.9"},
    {"1.2.X", "1.2.0 1.2.10 1.2.9 1.3.0", "1.2.10"},
    {"1.x.7", "1.2.0 1.3.0", "1.3.0"},
    {"=1.2", "1.2.0 1.2.9 1.3.0", "1.2.9"},
    {" 1.2", "1.2.0 1.2.9 1.3.0", "1.2.9"},
    {"=1.2.3", "1.2.3 1.2.4", "1.2.3"},
    {"1.x", "main latest x 1.2.3.4", "-"},
    {"1.x", "2.0.0", "-"},
    /* Comparisons. */
    {">1.0", "1.0.9 1.1.0", "1.1.0"},
    {">1", "1.9.9", "-"},
    {">1.x", "1.9.9 2.0.0", "2.0.0"},
    {">=1.0.0 <2.0.0", "1.0.0 1.5.0 2.0.0", "1.5.0"},
    {">=1.0.0,<2.0.0", "1.0.0 1.5.0 2.0.0", "1.5.0"},
    {"=>1.0.0 , =<1.4.0", "1.0.0 1.4.0 1.5.0", "1.4.0"},
    {"<=1.4", "1.4.9 1.5.0", "1.4.9"},
    {"<1.4", "1.3.9 1.4.0", "1.3.9"},
    {"!=1.5.0", "1.0.0 1.5.0", "1.0.0"},
    {"!=1.x", "1.0.0 2.0.0 1.5.0", "2.0.0"},
    {"~1.2", "1.2.9 1.3.0", "1.2.9"},
    {"~> 1.2.3", "1.2.9 1.3.0", "1.2.9"},
    {"~1", "1.9.9 2.0.0", "1.9.9"},
    {"~0.0.0", "5.0.0 1.0.0", "5.0.0"}, /* so it takes anything */
    {"^1.2", "1.1.0 1.9.0 2.0.0", "1.9.0"},
    {"^0.2", "0.2.9 0.3.0", "0.2.9"},
    {"^0.0.3", "0.0.3 0.0.4", "0.0.3"},
    {"^*", "0.0.0-a 1.0.0", "-"}, /* and this almost nothing */
    {"1.0.0 - 1.4.0", "1.0.0 1.4.0 1.5.0", "1.4.0"},
    {"1 - 2 !=2.0.0", "1.0.0 2.0.0", "1.0.0"}, /* since 3.2.1 */
    {"1.x || >=3", "1.0.0 2.0.0 3.1.0", "3.1.0"},
    /* Prereleases. */
    {"1.x", "1.0.0 1.1.0-rc1", "1.0.0"},
    {">=1.0.0-0", "1.0.0 1.1.0-rc1", "1.1.0-rc1"},
    {"*-0", "1.0.0-rc.2 1.0.0-rc.10 1.0.0-rc.x.1", "1.0.0-rc.x.1"},
    {"*-0", "1.0.0-rc.2 1.0.0-rc.10 1.0.0-rc", "1.0.0-rc.10"},
    {">=1.0.0-0 <2.0.0", "1.0.0 1.1.0-rc1", "1.0.0 1.1.0-rc1"}, /* before 3.2 the former */
    /* The same version in several spellings. */
    {"1.x", "1.0.0 v1.0.0 1.0 1.0.0+build 0.9.0", "1.0.0 v1.0.0 1.0 1.0.0+build"},
    /* Releases of Argo CD that differ. */
    {"2024.x", "2024.1.0 2024.02.0", "2024.1.0 2024.02.0"},
    {"2024.x", "2024.02.0", "?"},
    {"1.x", "1.0.0 1.0.0-01", "?"},
    {"1.x", "1.0.0 20240101000000000000000", "?"},
    {"*", "0.0.0", "?"},
    {"~01", "1.0.0", "?"},
};

static size_t split(const char *text, struct str tags[MAX_TAGS])
{
    struct str rest = str_from(text);
    size_t n = 0;

    while (rest.n && n < MAX_TAGS && str_split(&rest, ' ', &tags[n]))
        n++;
    return n;
}

static void show(const struct semver_question *q, char text[256])
{
    bool taken[MAX_TAGS];
    enum semver_found found = semver_pick(q, taken);
    size_t n = 0;

    (void)snprintf(text, 256, "%s",
                   found == SEMVER_LITERAL    ? "-"
                   : found == SEMVER_PREFIXED ? "+"
                   : found == SEMVER_TAGS     ? ""
                                              : "?");
    for (size_t i = 0; i < q->n_tags && found == SEMVER_TAGS; i++)
        if (taken[i])
            n += (size_t)snprintf(text + n, 256 - n, "%s%.*s", n ? " " : "", STR_ARG(q->tags[i]));
}

static bool is_answer(struct semver_question *q, const char *tags, const char *wanted)
{
    struct str list[MAX_TAGS];
    char text[256];

    q->tags = list;
    q->n_tags = split(tags, list);
    show(q, text);
    if (strcmp(text, wanted) == 0)
        return true;
    print_error("%.*s of %s on Argo CD %u.%u: expected %s, got %s\n", STR_ARG(q->revision), tags,
                q->argocd_major, q->argocd_minor, wanted, text);
    return false;
}

static void test_vectors(void **state)
{
    bool all = true;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct semver_question q = {.revision = str_from(vectors[i].revision)};

        all &= is_answer(&q, vectors[i].tags, vectors[i].wanted);
    }
    assert_true(all);
}

static void test_releases_of_argocd(void **state)
{
    static const struct {
        unsigned major;
        unsigned minor;
        const char *revision;
        const char *tags;
        const char *wanted;
    } rows[] = {
        {2, 11, "1.x", "1.0.0", "-"},
        {1, 8, "1.x", "1.0.0", "-"},
        {2, 12, "1.x", "1.0.0", "1.0.0"},
        {2, 12, "2024.x", "2024.02.0", "2024.02.0"},
        {2, 14, "2024.x", "2024.02.0", "-"},
        {3, 1, "2024.x", "2024.02.0", "-"},
        {3, 2, "2024.x", "2024.02.0", "2024.02.0"},
        {4, 0, "2024.x", "2024.02.0", "2024.02.0"},
        {3, 0, "1.x", "1.0.0 1.0.0-01", "1.0.0"},
        {3, 1, "1.x", "1.0.0 1.0.0-01", "1.0.0"},
        {3, 2, "1.x", "1.0.0 1.0.0-01", "-"},
        {3, 0, "1.x", "1.0.0 20240101000000000000000", "1.0.0"},
        {3, 1, "1.x", "1.0.0 20240101000000000000000", "-"},
        {3, 0, "*", "0.0.0", "-"},
        {3, 1, "*", "0.0.0", "0.0.0"},
        {3, 1, ">=1.0.0-0 <2.0.0", "1.0.0 1.1.0-rc1", "1.0.0"},
        {3, 2, ">=1.0.0-0 <2.0.0", "1.0.0 1.1.0-rc1", "1.1.0-rc1"},
    };
    bool all = true;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct semver_question q = {.revision = str_from(rows[i].revision),
                                    .argocd_major = rows[i].major,
                                    .argocd_minor = rows[i].minor};

        all &= is_answer(&q, rows[i].tags, rows[i].wanted);
    }
    assert_true(all);
}

static void test_tag_prefix(void **state)
{
    struct semver_question q = {.tag_prefix = STR("app-"), .argocd_major = 3, .argocd_minor = 5};

    (void)state;
    q.revision = STR("1.x");
    assert_true(is_answer(&q, "app-1.0.0 app-v1.1.0 1.9.0 ap-1.8.0", "app-v1.1.0"));
    assert_true(is_answer(&q, "1.9.0", "-"));
    assert_true(is_answer(&q, "app-1.0.0 1.0.0-01", "app-1.0.0"));
    q.revision = STR("1.0.0");
    assert_true(is_answer(&q, "1.0.0", "+"));
    q.revision = STR("main");
    assert_true(is_answer(&q, "app-1.0.0", "-"));
}

static void test_long_revision_is_not_known(void **state)
{
    char long_one[SEMVER_MAX_REVISION + 1];
    struct semver_question q = {.revision = {long_one, sizeof long_one}};

    (void)state;
    memset(long_one, ' ', sizeof long_one);
    long_one[0] = '*';
    assert_true(is_answer(&q, "1.0.0", "?"));
    assert_false(semver_is_constraint(q.revision));
    q.revision.n--;
    assert_true(is_answer(&q, "1.0.0", "1.0.0"));
    assert_true(semver_is_constraint(q.revision));
}

static void test_what_is_a_constraint(void **state)
{
    (void)state;
    assert_true(semver_is_constraint(STR("1.x")));
    assert_true(semver_is_constraint(STR("x")));
    assert_true(semver_is_constraint(STR(">= 1 - 2 || ~3")) == false);
    assert_true(semver_is_constraint(STR("1 - 2 || ~3")));
    assert_false(semver_is_constraint(STR("1.0")));
    assert_false(semver_is_constraint(STR("main")));
    assert_false(semver_is_constraint(STR("")));
    assert_false(semver_is_constraint(((struct str){"1\0.x", 4})));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_releases_of_argocd),
        cmocka_unit_test(test_tag_prefix),
        cmocka_unit_test(test_long_revision_is_not_known),
        cmocka_unit_test(test_what_is_a_constraint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
