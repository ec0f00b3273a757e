/* What directory.include and exclude match, by the vectors run against gobwas/glob v0.2.3. */
#include "repository/glob.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum answer { NO, YES, NOT_KNOWN, INVALID };

static const char *const answer_names[] = {"no", "yes", "not known", "does not compile"};

static const struct vector {
    const char *pattern;
    const char *path;
    enum answer answer;
} vectors[] = {
    /* The table of reference/argocd.md 2.3. */
    {"root-app.yaml", "root-app.yaml", YES},
    {"root-app.yaml", "sub/root-app.yaml", NO},
    {"*.yaml", "a/b.yaml", YES},
    {"**/root-app.yaml", "root-app.yaml", NO},
    {"**/root-app.yaml", "x/root-app.yaml", YES},
    {"**root-app.yaml", "a/b/root-app.yaml", YES},
    {"a/*", "a/x/y", YES},
    {"{config.yaml,env/*}", "env/x/y.yaml", YES},
    {"{a,{b,c}}.yaml", "c.yaml", YES},
    {"a?c.yaml", "a/c.yaml", YES},
    {"a{,x}", "a", YES},
    {"ab*ba", "aba", YES},
    {"Root.yaml", "root.yaml", NO},
    {"{a.yaml, b.yaml}", "b.yaml", NO},
    {"a.yaml,b.yaml", "a.yaml", NO},
    {"./root-app.yaml", "root-app.yaml", NO},
    {"/root-app.yaml", "root-app.yaml", NO},
    {"!root-app.yaml", "x.yaml", NO},
    {"[!abc].yaml", "d.yaml", YES},
    {"[^abc].yaml", "a.yaml", YES},
    {"[a-zA-Z].yaml", "a.yaml", INVALID},
    {"[", "[", INVALID},
    {"[]", "[]", INVALID},
    {"[]a]", "a", INVALID},
    {"a\\*b", "a*b", YES},
    {"a\\*b", "axb", NO},
    {"{a,b", "a", YES},
    {"a/**/b.yaml", "a/b.yaml", YES},
    {"?.yaml", "\xC3\xA9.yaml", NO},
    {"x.yaml\ny.yaml\n", "x.yaml", NO},
    /* Run against the library as well. */
    {"", "", YES},
    {"", "a", NO},
    {"*", "", YES},
    {"*", "a/b", YES},
    {"?", "a", YES},
    {"?", "ab", NO},
    {"?", "", YES},
    {"a?*b", "ab", NO},
    {"a?*b", "axb", YES},
    {"*a*b*", "xaybz", YES},
    {"*a*b*", "xbyaz", NO},
    {"ab*ba", "ab", NO},
    {"[a]b*[b]a", "aba", NO}, /* rows, not literals: no overlap */
    {"[a]*[a]", "a", YES},
    {"{ab}*ba", "aba", YES},
    {"{ab*ba,x}", "aba", YES},
    {"{ab*ba}", "aba", YES},
    {"{a*b,a*c}", "ab", YES},
    {"[b-d]", "c", YES},
    {"[b-d]", "e", NO},
    {"[!b-d]", "c", NO},
    {"[!b-d]", "e", YES},
    {"[!!a]", "!", NO},
    {"[-a]", "-", YES},
    {"[a\\]]", "]", YES},
    {"[d-b]", "c", INVALID},
    {"[a-", "a", INVALID},
    {"[a-]", "a", INVALID},
    {"[a", "a", INVALID},
    {"[!", "a", INVALID},
    {"a\\", "a", YES},
    {"\\{a\\}", "{a}", YES},
    {"a}b", "a}b", YES},
    {"a]b", "a]b", YES},
    {"*.{yaml,yml}", "x/y.yml", YES},
    {"*.{yaml,yml}", "x/y.json", NO},
    {"{*.yaml,*.yml}", "x/y.yml", YES},
    {"{*.yaml,*.yml}", "x/y.json", NO},
    {"{*a*,*b*}", "xby", YES},
    {"{a/*,b/*}", "b/c", YES},
    {"{a/*,b/?}", "b/c", YES},
    {"{a,a}", "a", YES},
    {"{[ab],c?}", "b", YES},
    {"{[a]x,[a]y}", "ay", YES},
    {"**/{a,bc}/*.yaml", "q/bc/z.yaml", YES},
    {"{a,{b,cd}}.yaml", "cd.yaml", YES},
    {"{a,{b,{c}}}.yaml", "c.yaml", YES},
    {"{a,?}.yaml", "x.yaml", YES},
    {"{*,*b}", "", NO},
    {"{}", "", YES},
    {"a{}", "a", NOT_KNOWN}, /* the library panics */
    {"a{,}", "a", NOT_KNOWN},
    {"{x,y}a{,b}", "xa", YES},
    {"{a,,b}", "b", YES},
    {"{\xC3\xA9,b}", "b", YES},
    {"\xC3\xA9*", "\xC3\xA9/a", YES},
    {"*\xC3\xA9", "a", NO},
    {"{*.yaml,env/**}", "x/y.yaml", YES},
    {"{*.yaml,env/**}", "env/a", YES},
    {"{a,b,c/*}", "c/x/y", YES},
    {"{**/*.yaml,**/a.json}", "x/a.json", YES},
    {"{**/*.yaml,**/a.json}", "a.json", NO},
    {"{**/a.yaml,**/b*.yaml}", "x/b1.yaml", YES},
    {"{**/*.json,*-prod.yaml}", "x/y-prod.yaml", YES},
    {"{*,*.yaml}", "a.txt", YES},
    {"{*,**}", "a", YES},
    {"*{,.yaml}", "ab", YES},
    {"*{.yaml,}", "a.yaml", YES},
    {"*{.yaml,}", "b", YES},
    {"dev*{,.yaml}", "devb.yaml", YES},
    {"{.yaml,,.json}", "app.yaml", NO},
    {"{dev/*.yaml,prod/*.yaml}", "prod/a.yaml", YES},
    {"{dev/*.yaml,*.yaml}", "config.yaml", YES},
    {"{*/a/*,*/b/*}", "x/b/y", YES},
    {"{app/*,**/*}", "a", NO},
    {"{app/*,**/*}", "a/b", YES},
    {"**/{dev/*.json,*.yml}", "a/b.yml", YES},
    {"!(a.yaml)", "b.yaml", NO},
    {"!(a.yaml)", "!(a.yaml)", YES},
    {"{app1,app2}/*.{yaml,yml}", "app2/x.yml", YES},
    {"?\xC3\xA9", "a\xC3\xA9", NO},
    {"?\xC3\xA9", "\xC3\xA9\xC3\xA9", NO},
    {"[\xC3\xA9]", "\xC3\xA9", YES},
    {"[a\xC3\xA9]b",
     "\xC3\xA9"
     "b",
     NO},
    {"{\xC3\xA9,b}*",
     "\xC3\xA9"
     "a",
     YES},
    {"*{\xC3\xA9,b}?",
     "\xC3\xA9"
     "bc",
     YES},
    {"\xED\x95\x9C\xEA\xB8\x80/{a,b}.yaml", "\xED\x95\x9C\xEA\xB8\x80/b.yaml", YES},
    {"{a,b}.yaml", "\xED\x95\x9C.yaml", NO},
    {"*.{yaml,yml}", "\xED\x95\x9C\xEA\xB8\x80.yml", YES},
    {"{\xED\x95\x9C*,b}.yaml", "\xED\x95\x9C\xEA\xB8\x80.yaml", NO},
    {"[!a][!a]", "bb", YES},
    {"[!ab][!ab]", "cb", YES},
    {"[!ab][!ab]", "ba", YES},
    {"??", "a", NO},
    {"??", "ab", YES},
    {"a[b]c", "abc", YES},
    {"[a-c]*", "bx", YES},
    {"{[a-c],x}*", "cx", YES},
    {"{*a,b}{c,*d}", "bc", YES},
    {"{*a,b}{c,*d}", "xac", YES},
    {"{*a,*b}*", "xb1", NO},
    {"{a*b,a*c}", "ac", YES},
    {"{a,ab}*{c,bc}", "abc", YES},
    {"{,a}b", "b", YES},
    {"{,a}b", "ab", YES},
    {"*a*{b,c*}", "xaxcx", YES},
    {"\xFF", "\xFF", INVALID},
    {"\xEF\xBF\xBD", "x", INVALID},
};

static enum answer ask(struct str pattern, struct str path)
{
    struct glob *g = NULL;
    enum tri matched;

    switch (glob_compile(pattern, &g)) {
    case GLOB_INVALID:
        return INVALID;
    case GLOB_NOT_KNOWN:
        return NOT_KNOWN;
    case GLOB_OK:
        break;
    }
    matched = glob_match(g, path);
    glob_free(g);
    return matched == TRI_YES ? YES : matched == TRI_NO ? NO : NOT_KNOWN;
}

static void globs_match_what_the_library_matches(void **state)
{
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        enum answer got = ask(str_from(v->pattern), str_from(v->path));

        if (got == v->answer)
            continue;
        print_error("row %zu: \"%s\" on \"%s\": expected %s, got %s\n", i, v->pattern, v->path,
                    answer_names[v->answer], answer_names[got]);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
}

static void oversized_patterns_are_not_known(void **state)
{
    static char pattern[GLOB_MAX_PATTERN + 1];

    (void)state;
    memset(pattern, 'a', sizeof pattern);
    assert_int_equal(ask((struct str){pattern, sizeof pattern}, STR("a")), NOT_KNOWN);
    assert_int_equal(
        ask((struct str){pattern, GLOB_MAX_PATTERN}, (struct str){pattern, GLOB_MAX_PATTERN}), YES);
    assert_int_equal(ask(STR("a\0b"), STR("ab")), NOT_KNOWN);
    memset(pattern, '{', sizeof pattern);
    assert_int_equal(ask((struct str){pattern, 100}, STR("a")), NOT_KNOWN);
}

/* The library's matcher would take until the end of the universe. */
static void work_is_bounded(void **state)
{
    static char pattern[4000];
    static char path[4000];

    (void)state;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = 'b';
    assert_int_equal(ask((struct str){pattern, sizeof pattern}, (struct str){path, sizeof path}),
                     NOT_KNOWN);
    /* The library would find a yes, after all the ways to place 30 letters. */
    assert_int_equal(ask((struct str){pattern, 60}, (struct str){path, 200}), NOT_KNOWN);
    assert_int_equal(ask((struct str){pattern, 12}, (struct str){path, 30}), YES);
    assert_int_equal(ask(STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), (struct str){path, 60}), NO);
}

static void many_paths_share_one_budget(void **state)
{
    struct glob *g = NULL;
    size_t steps_left = 50;
    size_t n = 0;

    (void)state;
    assert_int_equal(glob_compile(STR("*.yaml"), &g), GLOB_OK);
    while (glob_match_within(g, STR("apps/a.yaml"), &steps_left) == TRI_YES)
        n++;
    assert_in_range(n, 10, 100);
    assert_int_equal(glob_match_within(g, STR("apps/a.yaml"), &steps_left), TRI_NOT_KNOWN);
    assert_int_equal(glob_match(g, STR("apps/a.yaml")), TRI_YES);
    glob_free(g);
}

static void nothing_is_freed_quietly(void **state)
{
    (void)state;
    glob_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_match_what_the_library_matches),
        cmocka_unit_test(oversized_patterns_are_not_known),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(many_paths_share_one_budget),
        cmocka_unit_test(nothing_is_freed_quietly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
