/* What names lead to in a clone, as the remote has them; and that a look at its references, which
 * opens nothing, notices whatever moves one. */
#include "base/mem.h"
#include "fixture.h"
#include "repository/git.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the branch main, tags and HEAD hold is one commit each, whose subject says its name. */
static const char remote[] =
    "git init -q -b main remote; cd remote\n"
    "for s in first tagged v1.1.0 app-1.2.0 second; do\n"
    "  echo $s >a; git add a; git commit -q -m $s; [ $s = first ] || git tag $s\n"
    "done; git tag -d second >/dev/null\n"
    "git branch side HEAD~1; git branch v9 HEAD~2; cd ..\n";

/* The subject of the commit it leads to, or why there is none. The caller frees it. */
static char *resolve(const struct fixture *f, const char *where, const char *revision,
                     const char *tag_prefix)
{
    AUTO(freep) char *path = fixture_path(f, where);
    AUTO(freep) char *question = NULL;
    struct git_argocd argocd = {.major = 3, .minor = 5};
    struct git_name name = {.revision = revision, .tag_prefix = tag_prefix};
    struct err err = {0};

    if (!git_resolve(path, NULL, &argocd, &name, 1, &err))
        fail_msg("%s: %s", err.what, err.why);
    if (!name.id.text[0])
        return name.why;
    question = xasprintf("%s %s", where, name.id.text);
    return xstrdup(run_in(f, "set -- $1; git -C $1 log -1 --format=%s $2", question));
}

static void assert_leads(const struct fixture *f, const char *where, const char *revision,
                         const char *subject)
{
    AUTO(freep) char *found = resolve(f, where, revision, "");

    assert_string_equal(found, subject);
}

#define NOT_FOUND "no branch, tag or commit is called so"

static void a_clone_shows_the_remote_and_not_itself(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f,
                 "git clone -q remote clone; cd clone; git checkout -q -b own\n"
                 "echo own >a; git commit -q -a -m own; git branch -f side own\n"
                 "cd ../remote; echo third >a; git commit -q -a -m third",
                 "");
    assert_leads(f, "clone", "", "second");
    assert_leads(f, "clone", "HEAD", "second");
    assert_leads(f, "clone", "main", "second");
    assert_leads(f, "clone", "refs/heads/main", "second");
    assert_leads(f, "clone", "side", "app-1.2.0");
    assert_leads(f, "clone", "tagged", "tagged");
    assert_leads(f, "clone", "own", NOT_FOUND);
    assert_leads(f, "clone", "refs/heads/own", NOT_FOUND);
    assert_leads(f, "clone", "refs/heads/side", "app-1.2.0");
    assert_leads(f, "clone", "refs/tags/tagged", "tagged");
    assert_leads(f, "clone", "1.x", "v1.1.0");
    (void)run_in(f, "git -C clone fetch -q", "");
    assert_leads(f, "clone", "main", "third");
    assert_leads(f, "clone", "HEAD", "third");
}

/* Argo CD finds none of these at a remote (ReferenceName.Short, IsTruncatedCommitSHA). */
static void what_argo_cd_does_not_find_is_not_found(void **state)
{
    static const char *const names[] = {"heads/main", "tags/tagged", "remotes/origin/main",
                                        "refs/remotes/origin/main", "origin/main"};
    struct fixture *f = *state;
    AUTO(freep) char *id = NULL;

    (void)run_in(f, remote, "");
    (void)run_in(f, "git clone -q remote clone", "");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_leads(f, "clone", names[i], NOT_FOUND);
    id = xstrdup(run_in(f, "git -C clone rev-parse HEAD", ""));
    id[7] = '\0';
    assert_leads(f, "clone", id, "second");
    id[6] = '\0';
    assert_leads(f, "clone", id, NOT_FOUND);
}

static void the_only_remote_may_have_another_name(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f,
                 "git clone -q -o upstream remote clone; cd clone\n"
                 "echo own >a; git commit -q -a -m own; git branch -f side HEAD",
                 "");
    assert_leads(f, "clone", "main", "second");
    assert_leads(f, "clone", "HEAD", "second");
    assert_leads(f, "clone", "side", "app-1.2.0");
}

/* What git init, git remote add and git fetch leave. */
static void a_clone_that_does_not_know_the_remote_s_head(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f,
                 "git init -q -b main clone; cd clone; git remote add origin ../remote\n"
                 "git fetch -q origin; git reset -q --hard origin/main\n"
                 "echo own >a; git commit -q -a -m own",
                 "");
    assert_leads(f, "clone", "HEAD", "second");
    (void)run_in(f, "git -C clone checkout -q -b own", "");
    assert_leads(f, "clone", "HEAD", "own");
}

static void what_came_from_elsewhere_is_not_the_remote_s(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f,
                 "git clone -q remote other; git -C other branch fork origin/side\n"
                 "git clone -q --single-branch remote clone; cd clone\n"
                 "git remote set-head origin -d; git fetch -q ../other fork",
                 "");
    assert_leads(f, "clone", "fork", NOT_FOUND);
    (void)run_in(f, "cd clone; git -C ../other checkout -q fork; git fetch -q ../other", "");
    assert_leads(f, "clone", "HEAD", "second");
    /* but what was fetched of it without a reference of its own is */
    (void)run_in(f, "cd clone; git fetch -q origin side", "");
    assert_leads(f, "clone", "side", "app-1.2.0");
    assert_leads(f, "clone", "refs/heads/side", "app-1.2.0");
}

static void a_mirror_has_the_remote_s_own_names(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f, "git clone -q --mirror remote mirror; git -C remote branch -q -f side HEAD",
                 "");
    assert_leads(f, "mirror", "", "second");
    assert_leads(f, "mirror", "side", "app-1.2.0");
    (void)run_in(f, "git -C mirror fetch -q", "");
    assert_leads(f, "mirror", "side", "second");
    assert_leads(f, "mirror", "gone", NOT_FOUND);
}

/* git-sync: an empty repository into which one reference is fetched by its name, and a detached
 * work tree of it behind a symlink. */
static void what_git_sync_leaves_is_enough(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f,
                 "git init -q -b git-sync root; cd root\n"
                 "git fetch -q ../remote side --depth 1; hash=$(git rev-parse FETCH_HEAD)\n"
                 "git worktree add -q --force --detach .worktrees/$hash $hash\n"
                 "ln -s .worktrees/$hash ../root/link",
                 "");
    assert_leads(f, "root/link", "side", "app-1.2.0");
    assert_leads(f, "root/link", "refs/heads/side", "app-1.2.0");
    assert_leads(f, "root/link", "", "app-1.2.0");
    assert_leads(f, "root/link", "main", NOT_FOUND "; the clone is shallow");
    (void)run_in(f, "cd root; git fetch -q ../remote HEAD --depth 1", "");
    assert_leads(f, "root/link", "HEAD", "second");
    assert_leads(f, "root/link", "side", NOT_FOUND "; the clone is shallow");
    (void)run_in(f, "cd root; git fetch -q ../remote refs/tags/tagged --depth 1", "");
    assert_leads(f, "root/link", "tagged", "tagged");
}

static void a_prefix_tells_tags_apart(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *with = NULL;
    AUTO(freep) char *version = NULL;
    AUTO(freep) char *without = NULL;

    (void)run_in(f, remote, "");
    with = resolve(f, "remote", "1.x", "app-");
    assert_string_equal(with, "app-1.2.0");
    without = resolve(f, "remote", "1.x", "");
    assert_string_equal(without, "v1.1.0");
    version = resolve(f, "remote", "1.2.0", "app-");
    assert_string_equal(version, "app-1.2.0");
}

static void a_missing_repository_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct git_argocd argocd = {0};
    struct git_name name = {.revision = "", .tag_prefix = ""};
    struct err err = {0};

    assert_false(git_resolve(f->directory, NULL, &argocd, &name, 1, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_null(name.why);
}

static void whatever_moves_a_reference_is_noticed(void **state)
{
    static const struct {
        const char *where;
        const char *script;
    } cases[] = {
        {"clone", "git -C clone fetch -q"},
        {"clone", "git -C clone pack-refs --all"},
        {"clone", "git -C clone update-ref refs/remotes/origin/a/b/c HEAD"},
        {"clone", "git -C clone update-ref refs/remotes/origin/a/b/c HEAD~1"},
        {"clone", "git -C clone update-ref -d refs/remotes/origin/a/b/c"},
        {"clone", "git -C clone tag new"},
        {"clone", "git -C clone checkout -q --detach HEAD~1"},
        {"mirror", "git -C remote branch -q extra; git -C mirror fetch -q"},
        {"linked", "git -C clone tag newer"},
        {"linked", "git -C linked checkout -q --detach HEAD~1"},
        {"link", "ln -s remote next; mv -T next link"},
    };
    struct fixture *f = *state;

    (void)run_in(f, remote, "");
    (void)run_in(f,
                 "git clone -q remote clone; git clone -q --mirror remote mirror\n"
                 "git -C clone worktree add -q --detach ../linked; ln -s clone link\n"
                 "cd remote; echo third >a; git commit -q -a -m third",
                 "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep) char *path = fixture_path(f, cases[i].where);
        uint64_t before = git_refs_signature(path);

        assert_true(git_refs_signature(path) == before);
        (void)run_in(f, cases[i].script, "");
        if (git_refs_signature(path) == before)
            fail_msg("not noticed: %s", cases[i].script);
    }
}

static void the_last_fetch_has_a_time(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *clone = fixture_path(f, "clone");
    AUTO(freep) char *linked = fixture_path(f, "linked");

    (void)run_in(f, remote, "");
    (void)run_in(f, "git clone -q remote clone; git -C clone worktree add -q --detach ../linked",
                 "");
    assert_int_equal(git_fetched_at(clone), 0);
    (void)run_in(f, "cd clone; git fetch -q; touch -d @1700000000 .git/FETCH_HEAD", "");
    assert_int_equal(git_fetched_at(clone), 1700000000);
    assert_int_equal(git_fetched_at(linked), 1700000000);
}

static void a_fetch_that_fails_is_none(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *clone = fixture_path(f, "clone");

    (void)run_in(f, remote, "");
    (void)run_in(f, "git clone -q remote clone; cd clone; git fetch -q", "");
    assert_true(git_fetched_at(clone) > 0);
    (void)run_in(f, "mv remote away; git -C clone fetch -q 2>/dev/null || :", "");
    assert_int_equal(git_fetched_at(clone), GIT_FETCH_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(a_clone_shows_the_remote_and_not_itself),
        CASE(what_argo_cd_does_not_find_is_not_found),
        CASE(the_only_remote_may_have_another_name),
        CASE(a_clone_that_does_not_know_the_remote_s_head),
        CASE(what_came_from_elsewhere_is_not_the_remote_s),
        CASE(a_mirror_has_the_remote_s_own_names),
        CASE(what_git_sync_leaves_is_enough),
        CASE(a_prefix_tells_tags_apart),
        CASE(a_missing_repository_is_an_error),
        CASE(whatever_moves_a_reference_is_noticed),
        CASE(the_last_fetch_has_a_time),
        CASE(a_fetch_that_fails_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
