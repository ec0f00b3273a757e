/* The files of a Git repository itself: its configuration, its references, and whatever lies in
 * place of one of them. */
#include "base/mem.h"
#include "fixture.h"
#include "repository/git.h"
#include "repository/git_setup.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One commit that leads by loose and by packed names, in loose objects and in a pack. */
static const char one[] = "git init -q -b main one; cd one\n"
                          "echo 1 >a; git add a; git commit -q -m packed; git tag v1.0.0\n"
                          "git gc -q; git pack-refs --all\n"
                          "echo 2 >b; git add b; git commit -q -m loose; git tag v1.1.0\n"
                          "git fetch -q . HEAD\n";

/* A new copy of it. */
static const char copy[] = "rm -rf copy; cp -a one copy; cd copy";

static struct git_name ask(const char *path, const char *revision, struct err *err, bool *good)
{
    struct git_argocd argocd = {.major = 3, .minor = 5};
    struct git_name name = {.revision = revision, .tag_prefix = ""};

    *good = git_resolve(path, NULL, &argocd, &name, 1, err);
    return name;
}

/* What nobody writes to, and what never ends. */
static const char *const odd[] = {"mkfifo $1", "ln -s /dev/zero $1", "ln -s /dev/full $1"};

/* The test ends, or nobody hears of it. */
static void nothing_in_place_of_a_file_is_waited_for(void **state)
{
    static const struct {
        const char *file;
        const char *revision;
        const char *says; /* NULL: it leads to a commit all the same */
        bool is_broken;   /* and may pass */
    } cases[] = {
        {"HEAD", "main", "it holds no .git", false},
        {"config", "main", "its configuration cannot be read, or is no regular file", false},
        {"packed-refs", "v1.0.0", "packed-refs cannot be read", true},
        {"packed-refs", "refs/tags/v1.1.0", NULL, false},
        {"packed-refs", "1.x", "packed-refs cannot be read", true},
        {"refs/heads/main", "main", "a reference cannot be read", true},
        {"refs/heads/main", "HEAD", NULL, false}, /* by FETCH_HEAD */
        {"refs/heads/main", "v1.0.0", NULL, false},
        {"refs/tags/v1.1.0", "v1.1.0", "a reference cannot be read", true},
        {"refs/tags/v1.1.0", "1.x", "a reference cannot be read", true},
        {"refs/tags/v2.0.0", "1.x", NULL, false},
        {"refs/heads/other", "main", NULL, false},
        {"FETCH_HEAD", "gone", "FETCH_HEAD cannot be read", true},
        {"FETCH_HEAD", "main", NULL, false},
        {"shallow", "main", NULL, false},
        {"objects/info/alternates", "main", "its list of alternates cannot be read", false},
        {"objects/info/commit-graph", "main", NULL, false},
        {"objects/pack/multi-pack-index", "main", "", false},
        {"objects/pack/pack-*.idx", "main", "", false},
        {"objects/pack/pack-*.pack", "main", "", false},
        {"objects/$(git rev-parse main | sed 's|..|&/|')", "main", "its object is damaged", true},
        {"index", "main", NULL, false},
        {"description", "main", NULL, false},
    };

    struct fixture *f = *state;

    (void)run_in(f, one, "");
    for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(odd); i++) {
        const char *file = cases[i / ARRAY_LEN(odd)].file;
        const char *says = cases[i / ARRAY_LEN(odd)].says;
        AUTO(freep) char *path = fixture_path(f, "copy");
        AUTO(freep)
        char *script =
            xasprintf("%s\nset -- .git/%s; rm -f $1; %s", copy, file, odd[i % ARRAY_LEN(odd)]);
        struct git_name name;
        struct err err = {0};
        const char *said;
        bool good;

        /* HEAD as a symlink is an old way to write it; where it leads to nothing readable, that is
         * no failure of the whole */
        if (strcmp(file, "HEAD") == 0 && i % ARRAY_LEN(odd))
            continue;
        (void)run_in(f, script, "");
        name = ask(path, cases[i / ARRAY_LEN(odd)].revision, &err, &good);
        said = !good ? err.why : name.why ? name.why : "";
        if (!name.id.text[0] != (says != NULL) || (says && !strstr(said, says)))
            fail_msg("%s, %s: %s", file, odd[i % ARRAY_LEN(odd)], said);
        assert_int_equal(name.is_broken, cases[i / ARRAY_LEN(odd)].is_broken);
        free(name.why);
    }
}

static void a_crash_leaves_references_that_may_be_mended(void **state)
{
    static const struct {
        const char *damage;
        const char *says;
    } cases[] = {
        {": >.git/refs/heads/main", "a reference is damaged"},
        {"truncate -s 20 .git/refs/heads/main", "a reference is damaged"},
        {"head -c 41 /dev/zero >.git/refs/heads/main", "a reference is damaged"},
        {"echo 'ref: refs/heads/main' >.git/refs/heads/main", "a reference is damaged"},
        {"echo 0123456789012345678901234567890123456789 >.git/refs/heads/main",
         "its object is missing"},
        {"echo half >>.git/packed-refs; rm .git/refs/heads/main", "packed-refs is damaged"},
    };

    struct fixture *f = *state;

    (void)run_in(f, one, "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep) char *path = fixture_path(f, "copy");
        AUTO(freep) char *script = xasprintf("%s\n%s", copy, cases[i].damage);
        struct git_name name;
        struct err err = {0};
        bool good;

        (void)run_in(f, script, "");
        name = ask(path, "main", &err, &good);
        assert_true(good);
        if (!strstr(name.why, cases[i].says))
            assert_string_equal(name.why, cases[i].says);
        assert_true(name.is_broken);
        free(name.why);
    }
}

static void what_is_gone_does_not_come_back_unless_a_fetch_is_under_way(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *path = fixture_path(f, "one");
    struct git_name name;
    struct err err = {0};
    bool good;

    (void)run_in(f, one, "");
    name = ask(path, "gone", &err, &good);
    assert_false(name.is_broken);
    free(name.why);
    (void)run_in(f, ": >one/.git/FETCH_HEAD", "");
    name = ask(path, "gone", &err, &good);
    assert_true(name.is_broken);
    free(name.why);
    name = ask(path, "main", &err, &good);
    assert_false(name.is_broken);
    assert_true(name.id.text[0]);
}

static void names_lie_packed_sorted_or_not(void **state)
{
    static const char *const scripts[] = {
        "git pack-refs --all",
        /* as Git wrote them once */
        "git pack-refs --all; grep -v '^#' .git/packed-refs | sort -r | grep -v '\\^' >x; "
        "mv x .git/packed-refs",
        /* a loose one counts before the packed one */
        "git pack-refs --all; sed -i "
        "'s/^[0-9a-f]\\{40\\}/0123456789012345678901234567890123456789/' "
        ".git/packed-refs; git update-ref refs/heads/main $(cat x); "
        "git update-ref refs/tags/v1.1.0 $(cat x)",
    };

    struct fixture *f = *state;

    (void)run_in(f, one, "");
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        AUTO(freep) char *path = fixture_path(f, "copy");
        AUTO(freep)
        char *script = xasprintf("%s\ngit rev-parse main >x; git tag -a -m z z; git branch a; %s",
                                 copy, scripts[i]);
        const char *const names[] = {"main", "1.x", "refs/heads/main", "HEAD"};

        (void)run_in(f, script, "");
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            struct err err = {0};
            bool good;
            struct git_name name = ask(path, names[k], &err, &good);

            if (!name.id.text[0])
                fail_msg("%s: %s", scripts[i], name.why);
            assert_string_equal(run_in(f, "git -C copy log -1 --format=%s $1", name.id.text),
                                "loose");
        }
    }
}

/* What Git and `git config` make of the same text. */
static void a_configuration_is_read_as_git_reads_it(void **state)
{
    static const struct {
        const char *text;
        const char *remote; /* NULL: there is none */
        const char *url;
    } cases[] = {
        {"", NULL, NULL},
        {"[remote \"origin\"]\n\turl = https://h/r.git\n", "origin", "https://h/r.git"},
        {"[remote \"origin\"]\r\n\turl = https://h/r.git\r\n", "origin", "https://h/r.git"},
        {"\xEF\xBB\xBF[Remote \"origin\"] URL=u", "origin", "u"},
        {"[remote \"up\"]\nurl = u # what follows\n", "up", "u"},
        {"[remote \"up\"]\nurl = \"u # it\"; c\n", "up", "u # it"},
        {"[remote \"up\"]\nurl =   a   b\t \n", "up", "a   b"},
        {"[remote \"up\"]\nurl = a\\\n  b\n", "up", "a  b"},
        {"[remote \"u\\\"\\\\p\"]\nurl = \"\\\"\\\\\"\n", "u\"\\p", "\"\\"},
        {"[remote.up]\nurl = u\n", "up", "u"},
        {"[remote \"a\"]\nurl = u\n[remote \"b\"]\nurl = v\n", NULL, NULL},
        {"[remote \"a\"]\nurl = u\n[remote \"origin\"]\nurl = v\n", "origin", "v"},
        {"[remote \"origin\"]\nurl = v\nurl = w\n[remote \"a\"]\nurl = u\n", "origin", "v"},
        {"[remote \"a\"]\nfetch = u\n[remote \"b\"]\nurl = v\n", "b", "v"},
        {"# [remote \"a\"]\n; url = v\n[remote]\nurl = u\n", NULL, NULL},
        {"[core]\nrepositoryformatversion = 1\n[extensions]\npartialClone = origin\n"
         "worktreeConfig\nnoop = 1\n[remote \"a\"]\nurl = u",
         "a", "u"},
        {"[include]\npath = /dev/zero\n[remote \"a\"]\nurl = u", "a", "u"},
        {"[extensions]\nobjectFormat = sha1\nrefStorage = files\nother\n[remote \"a\"]\nurl = u",
         "a", "u"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct git_setup setup = {0};
        struct err err = {0};

        mkfile(f, "config", cases[i].text);
        if (!git_setup_read(f->directory, "p", &setup, &err))
            fail_msg("%s: %s", cases[i].text, err.why);
        if (!cases[i].remote) {
            assert_null(setup.remote);
        } else {
            assert_non_null(setup.remote);
            assert_string_equal(setup.remote, cases[i].remote);
            assert_string_equal(setup.url, cases[i].url);
        }
        git_setup_clear(&setup);
    }
}

static void a_repository_that_only_a_later_git_reads_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"[core]\nrepositoryformatversion = 2\n",
         "its format has version 2, and 1 is the last that is known here"},
        {"[core]\nrepositoryformatversion = 1\n[extensions]\nnew = 1\n",
         "its configuration asks for the extension new, which is not known here"},
        {"[extensions]\nobjectformat = sha256\n",
         "its configuration asks for the extension objectformat, which is not known here"},
        {"[extensions]\nrefStorage = reftable\n",
         "its configuration asks for the extension refStorage, which is not known here"},
        {"[remote \"a\n\"]", "its configuration is malformed"},
        {"[remote \"a\" x]", "its configuration is malformed"},
        {"[a]\n= b\n", "its configuration is malformed"},
        {"[a]\nb = \"c\n", "its configuration is malformed"},
        {"[a]\nb = \\c\n", "its configuration is malformed"},
        {"[a]\nb c\n", "its configuration is malformed"},
        {"[a", "its configuration is malformed"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct git_setup setup = {0};
        struct err err = {0};

        mkfile(f, "config", cases[i].text);
        assert_false(git_setup_read(f->directory, "p", &setup, &err));
        assert_string_equal(err.what, "p cannot be read as a Git repository");
        assert_string_equal(err.why, cases[i].why);
    }
}

/* What was found whole is not read again, and what was written since is. */
static void an_index_that_was_damaged_since_is_noticed(void **state)
{
    static const char *const damage[] = {
        "chmod u+w *.idx; printf x | dd of=$(ls *.idx) bs=1 seek=1040 conv=notrunc 2>/dev/null",
        "chmod u+w *.idx; printf x | dd of=$(ls *.idx) bs=1 seek=1040 conv=notrunc 2>/dev/null\n"
        "touch -r *.pack *.idx",
        "cp *.idx x; chmod u+w x; printf x | dd of=x bs=1 seek=1040 conv=notrunc 2>/dev/null; "
        "mv -f x $(ls *.idx)",
        "chmod u+w *.pack; truncate -s -1 *.pack",
        /* of 2^30 packs, for which libgit2 asks for 8 GB; its checksum is right */
        "git multi-pack-index write; head -c 8 multi-pack-index >x; printf '\\100\\0\\0\\0' >>x\n"
        "tail -c +13 multi-pack-index | head -c -20 >>x; rm -f multi-pack-index\n"
        "(cat x; openssl sha1 -binary x) >multi-pack-index; rm x",
    };
    struct fixture *f = *state;
    AUTO(freep) char *path = fixture_path(f, "copy");
    const struct git_argocd argocd = {.major = 3, .minor = 5};

    (void)run_in(f, one, "");
    for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
        AUTO(freep)
        char *script = xasprintf("cd copy/.git/objects/pack\n%s", damage[i]);
        struct git_memo *memo = git_memo_new();
        struct git_name name = {.revision = "v1.0.0", .tag_prefix = ""};
        struct err err = {0};

        (void)run_in(f, copy, "");
        let_the_clock_move();
        for (unsigned k = 0; k < 3; k++)
            assert_true(git_resolve(path, memo, &argocd, &name, 1, &err));
        assert_true(name.id.text[0]);
        (void)run_in(f, script, "");
        assert_false(git_resolve(path, memo, &argocd, &name, 1, &err));
        assert_non_null(strstr(err.what, "is damaged"));
        git_memo_unref(memo);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(nothing_in_place_of_a_file_is_waited_for),
        CASE(a_crash_leaves_references_that_may_be_mended),
        CASE(what_is_gone_does_not_come_back_unless_a_fetch_is_under_way),
        CASE(names_lie_packed_sorted_or_not),
        CASE(an_index_that_was_damaged_since_is_noticed),
        CASE(a_configuration_is_read_as_git_reads_it),
        CASE(a_repository_that_only_a_later_git_reads_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
