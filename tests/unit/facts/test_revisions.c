/* A Git repository is judged at the revision that each source names, and what is asked for is read
 * by the next load, never by who asks. */
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "config/config.h"
#include "facts/internal.h"
#include "fixture.h"
#include "review/review.h"
#include "rules/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG "repositories: [{url: 'https://h/r', path: repo, fresh: 5m}]\n"

enum { NOW = 1700000000 };

static const char root[] = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
                           "metadata: {name: root, namespace: argocd}\n"
                           "spec: {source: {repoURL: 'https://h/r', path: apps, targetRevision: "
                           "prod}, destination: {server: 'https://kubernetes.default.svc'}}\n";

static void git(const struct world *w, const char *script)
{
    AUTO(freep)
    char *command = xasprintf("set -e; cd '%s/repo'; export GIT_CONFIG_GLOBAL=/dev/null "
                              "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@e GIT_COMMITTER_NAME=a "
                              "GIT_COMMITTER_EMAIL=a@e; %s",
                              w->root, script);

    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the test's own text */
}

/* Branch main holds nothing; branch prod holds root's definition below apps/. */
static void init(struct world *w)
{
    world_init(w, CONFIG);
    world_write(w, "repo/README.md", "nothing\n");
    git(w,
        "git init -q -b main . && git add . && git commit -q -m main && git checkout -q -b prod");
    world_write(w, "repo/apps/root.yaml", root);
    git(w, "git add . && git commit -q -m prod && git checkout -q main");
}

static struct facts *load(const struct world *w, const struct facts *former, int64_t now)
{
    struct facts_options options = {
        .settings = w->settings, .former = former, .exact_revisions = true};

    return facts_load(&options, now);
}

/* The verdict on creating that Application. */
static struct verdict *judge_text(const struct facts *f, const char *text, int64_t now)
{
    struct err err = {0};
    AUTO(json_unrefp) json_t *object = NULL;
    AUTO(review_freep) struct review *review = NULL;

    assert_true(yaml_read(str_from(text), 1, &object, NULL, &err));
    assert_true(review_from_manifest(object, STR("argocd"), "x.yaml", 1, &review, &err));
    return judge(review, f, now);
}

static void assert_says(const struct verdict *v, bool allowed, const char *part)
{
    if (v->allowed != allowed && v->n_findings)
        print_message("%s\n", v->findings[0].message);
    assert_int_equal(v->allowed, allowed);
    if (!part) {
        assert_int_equal(v->n_findings, 0);
        return;
    }
    assert_true(v->n_findings > 0);
    if (!strstr(v->findings[0].message, part))
        assert_string_equal(v->findings[0].message, part);
}

static void a_revision_is_read_once_somebody_asks_for_it(void **state)
{
    struct world w;
    struct facts *first;
    struct facts *second;
    struct verdict *v;

    (void)state;
    init(&w);
    first = load(&w, NULL, NOW);
    assert_false(facts_wants_more(first));
    v = judge_text(first, root, NOW);
    assert_says(v, true, "revision prod of https://h/r has not been read yet");
    verdict_free(v);
    assert_true(facts_wants_more(first));
    assert_true(facts_changed(first, NOW));
    second = load(&w, first, NOW + 1);
    assert_false(facts_wants_more(second));
    v = judge_text(second, root, NOW);
    assert_says(v, false, "apps/root.yaml:3, which its own source path apps renders in r@");
    verdict_free(v);
    assert_int_equal(facts_n_revisions(second, 0), 2);
    facts_unref(first);
    facts_unref(second);
    world_clear(&w);
}

/* The configuration has another repository before it; nothing is read anew, nothing forgotten. */
static void a_commit_that_a_branch_led_to_is_known_by_its_id(void **state)
{
    static const char form[] =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        "metadata: {name: root, namespace: argocd}\n"
        "spec: {source: {repoURL: 'https://h/r', path: apps, targetRevision: '%s%s'}, "
        "destination: {server: 'https://kubernetes.default.svc'}}\n";
    struct world w;
    struct facts *first;
    struct facts *second;
    const char *id = NULL;

    (void)state;
    init(&w);
    first = load(&w, NULL, NOW);
    verdict_free(judge_text(first, root, NOW));
    second = load(&w, first, NOW + 1);
    for (size_t i = 0; i < facts_n_revisions(second, 0); i++)
        if (str_is(facts_revision_at(second, 0, i).name, "prod"))
            id = repository_commit(facts_revision_at(second, 0, i).repository);
    assert_non_null(id);
    for (int is_other = 0; is_other < 2; is_other++) {
        AUTO(freep) char *text = xasprintf(form, id, is_other ? "0" : "");
        struct verdict *v = judge_text(second, text, NOW + 1);

        assert_says(v, is_other, is_other ? "has not been read yet" : "apps/root.yaml:3, which");
        verdict_free(v);
    }
    facts_unref(first);
    facts_unref(second);
    world_clear(&w);
}

static void other_settings_keep_what_was_read_and_asked_for(void **state)
{
    static const char config[] = "repositories:\n- {url: 'https://h/other', path: nowhere}\n"
                                 "- {url: 'https://h/r', path: repo, fresh: 1h}\n";
    struct world w;
    struct facts *f;
    struct facts *next;
    struct settings *settings = NULL;
    struct err err = {0};

    (void)state;
    init(&w);
    f = load(&w, NULL, NOW);
    verdict_free(judge_text(f, root, NOW));
    next = load(&w, f, NOW);
    facts_unref(f);
    f = next;
    assert_true(config_parse(str_from(config), "config", w.root, &settings, &err));
    settings_free(w.settings);
    w.settings = settings;
    next = load(&w, f, NOW + 5);
    assert_false(facts_wants_more(next));
    assert_ptr_equal(facts_settings(next), settings);
    assert_null(facts_repository(next, 0));
    assert_ptr_equal(facts_repository(f, 0), facts_repository(next, 1));
    assert_int_equal(facts_n_revisions(next, 1), 2);
    /* The former settings live as long as the facts that judge by them. */
    assert_int_equal(facts_settings(f)->n_repositories, 1);
    facts_unref(f);
    f = load(&w, next, NOW + 6);
    assert_int_equal(facts_n_revisions(f, 1), 2);
    facts_unref(next);
    facts_unref(f);
    world_clear(&w);
}

static void a_moved_branch_is_read_again_and_what_stayed_is_shared(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    init(&w);
    f = load(&w, NULL, NOW);
    verdict_free(judge_text(f, root, NOW));
    next = load(&w, f, NOW);
    facts_unref(f);
    f = next;
    assert_false(facts_changed(f, NOW));
    git(&w, "git checkout -q prod && git rm -q apps/root.yaml && mkdir apps && echo >apps/x && git "
            "add . && git commit -q -m repaired && git checkout -q main");
    assert_true(facts_changed(f, NOW));
    next = load(&w, f, NOW + 5);
    assert_ptr_equal(facts_repository(f, 0), facts_repository(next, 0)); /* main stayed */
    v = judge_text(next, root, NOW);
    assert_says(v, true, NULL);
    verdict_free(v);
    facts_unref(f);
    facts_unref(next);
    world_clear(&w);
}

static void names_of_one_commit_share_what_was_read(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    size_t n_prod = 0;

    (void)state;
    init(&w);
    git(&w, "git tag v1.4.0 prod; git tag v1.3.0 main");
    f = load(&w, NULL, NOW);
    (void)wishes_add(f->wishes, 0, STR("prod"), STR(""), false);
    (void)wishes_add(f->wishes, 0, STR("1.x"), STR(""), false);
    (void)wishes_add(f->wishes, 0, STR("gone"), STR(""), false);
    next = load(&w, f, NOW);
    for (size_t i = 0; i < facts_n_revisions(next, 0); i++) {
        struct facts_revision r = facts_revision_at(next, 0, i);

        if (str_is(r.name, "gone"))
            assert_string_equal(r.why,
                                "leads to no commit here: no branch, tag or commit is called so");
        n_prod += str_is(r.name, "prod") || str_is(r.name, "1.x");
        if (str_is(r.name, "prod"))
            for (size_t k = 0; k < facts_n_revisions(next, 0); k++)
                if (str_is(facts_revision_at(next, 0, k).name, "1.x"))
                    assert_ptr_equal(facts_revision_at(next, 0, k).repository, r.repository);
    }
    assert_int_equal(n_prod, 2);
    assert_int_equal(facts_n_notes(next), 0); /* what requests name is their author's */
    facts_unref(f);
    facts_unref(next);
    world_clear(&w);
}

static void what_known_Applications_ask_for_is_read_at_once(void **state)
{
    struct world w;
    struct facts *f;
    struct verdict *v;

    (void)state;
    init(&w);
    world_write(&w, "repo/entry.yaml",
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
                "metadata: {name: entry, namespace: argocd}\n"
                "spec: {source: {repoURL: 'https://h/r', path: apps, targetRevision: prod}, "
                "destination: {server: 'https://kubernetes.default.svc'}}\n");
    git(&w, "git add . && git commit -q -m entry");
    f = load(&w, NULL, NOW);
    assert_false(facts_wants_more(f));
    assert_int_equal(facts_n_revisions(f, 0), 2);
    v = judge_text(f, root, NOW);
    assert_says(v, false, "Application argocd/root would sync itself");
    verdict_free(v);
    facts_unref(f);
    world_clear(&w);
}

static void a_denial_says_what_it_rests_on_until_that_is_stale(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    init(&w);
    f = load(&w, NULL, NOW);
    verdict_free(judge_text(f, root, NOW));
    next = load(&w, f, NOW);
    facts_unref(f);
    v = judge_text(next, root, NOW + 9999); /* nobody knows when it was fetched */
    assert_says(v, false,
                ", read 2023-11-14T22:13:20Z; what is pushed counts once it is fetched "
                "there.)");
    verdict_free(v);
    git(&w, "echo >.git/FETCH_HEAD; touch -d @1700000060 .git/FETCH_HEAD");
    f = load(&w, next, NOW + 60);
    facts_unref(next);
    v = judge_text(f, root, NOW + 60 + 300);
    assert_says(v, false,
                ", fetched 2023-11-14T22:14:20Z; what is pushed counts once it is fetched "
                "there.)");
    verdict_free(v);
    v = judge_text(f, root, NOW + 60 + 301);
    assert_says(v, true, "Not decided, because what it rests on (r@");
    assert_says(v, true,
                ", fetched 2023-11-14T22:14:20Z) is older than repositories[].fresh "
                "allows: Application argocd/root would sync itself: ");
    verdict_free(v);
    /* a fetch that moves nothing is seen without loading anything */
    git(&w, "touch -d @1700000400 .git/FETCH_HEAD");
    (void)facts_changed(f, NOW + 400);
    v = judge_text(f, root, NOW + 500);
    assert_int_equal(v->allowed, false);
    verdict_free(v);
    facts_unref(f);
    world_clear(&w);
}

static void a_repository_that_cannot_be_read_stands_in_for_itself(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    init(&w);
    f = load(&w, NULL, NOW);
    verdict_free(judge_text(f, root, NOW));
    next = load(&w, f, NOW);
    facts_unref(f);
    git(&w, "mv .git ../gone; rm -rf apps README.md");
    /* an empty directory would stand for every revision: it does not, what was read does */
    f = load(&w, next, NOW + 10);
    facts_unref(next);
    v = judge_text(f, root, NOW + 10);
    assert_int_equal(v->allowed, false);
    verdict_free(v);
    next = load(&w, f, NOW + 700);
    facts_unref(f);
    v = judge_text(next, root, NOW + 700);
    assert_says(v, true, "repository https://h/r could not be read");
    verdict_free(v);
    f = next;
    facts_unref(f);
    world_clear(&w);
}

/* A fetch that fails leaves FETCH_HEAD empty, where git-sync has all its names; a crash leaves
 * references empty. */
static void a_name_that_a_fetch_damaged_stands_in_for_itself(void **state)
{
    static const struct {
        const char *damage;
        const char *mend;
        const char *note;
    } cases[] = {
        {"cp .git/FETCH_HEAD ../kept && : >.git/FETCH_HEAD && git branch -q -D prod",
         "cp ../kept .git/FETCH_HEAD",
         "revision prod of https://h/r leads to no commit here: no branch, tag or commit is called "
         "so"},
        {"rm .git/FETCH_HEAD && cp .git/refs/heads/prod ../kept && : >.git/refs/heads/prod",
         "cp ../kept .git/refs/heads/prod",
         "revision prod of https://h/r leads to no commit here: a reference is damaged"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w;
        struct facts *f;
        struct facts *next;
        struct verdict *v;

        init(&w);
        git(&w, "git fetch -q . prod");
        f = load(&w, NULL, NOW);
        verdict_free(judge_text(f, root, NOW));
        next = load(&w, f, NOW);
        facts_unref(f);
        assert_int_equal(facts_n_notes(next), 0);
        git(&w, cases[i].damage);
        assert_true(facts_changed(next, NOW + 10));
        f = load(&w, next, NOW + 10);
        facts_unref(next);
        v = judge_text(f, root, NOW + 10);
        assert_int_equal(v->allowed, false);
        verdict_free(v);
        assert_int_equal(facts_n_notes(f), 1);
        assert_string_equal(facts_note_at(f, 0)->where, "https://h/r");
        assert_non_null(strstr(facts_note_at(f, 0)->text, cases[i].note));
        assert_non_null(strstr(facts_note_at(f, 0)->text, "; what it led to before is used for ten "
                                                          "minutes"));
        /* each load keeps it, until the time is up */
        next = load(&w, f, NOW + 590);
        facts_unref(f);
        v = judge_text(next, root, NOW + 590);
        assert_int_equal(v->allowed, false);
        verdict_free(v);
        assert_false(facts_changed(next, NOW + 599));
        assert_true(facts_changed(next, NOW + 600));
        f = load(&w, next, NOW + 600);
        v = judge_text(f, root, NOW + 600);
        assert_int_equal(v->allowed, true);
        verdict_free(v);
        facts_unref(f);
        git(&w, cases[i].mend);
        assert_true(facts_changed(next, NOW + 591));
        f = load(&w, next, NOW + 591);
        facts_unref(next);
        v = judge_text(f, root, NOW + 591);
        assert_int_equal(v->allowed, false);
        verdict_free(v);
        assert_int_equal(facts_n_notes(f), 0);
        facts_unref(f);
        world_clear(&w);
    }
}

/* What is gone after a fetch that came to its end is gone at once. */
static void a_branch_that_is_gone_is_gone(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    init(&w);
    f = load(&w, NULL, NOW);
    verdict_free(judge_text(f, root, NOW));
    next = load(&w, f, NOW);
    facts_unref(f);
    git(&w, "git branch -q -D prod");
    f = load(&w, next, NOW + 10);
    facts_unref(next);
    v = judge_text(f, root, NOW + 10);
    assert_says(v, true, "leads to no commit here: no branch, tag or commit is called so");
    verdict_free(v);
    facts_unref(f);
    world_clear(&w);
}

static void a_hydrated_branch_is_read_where_it_is(void **state)
{
    static const char hydrated[] =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        "metadata: {name: root, namespace: argocd}\n"
        "spec: {sourceHydrator: {drySource: {repoURL: 'https://h/r', path: dry, targetRevision: "
        "main}, syncSource: {targetBranch: prod, path: apps}}, destination: {server: "
        "'https://kubernetes.default.svc'}}\n";
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    init(&w);
    f = load(&w, NULL, NOW);
    v = judge_text(f, hydrated, NOW);
    assert_says(v, true, "revision prod of https://h/r has not been read yet");
    verdict_free(v);
    next = load(&w, f, NOW);
    v = judge_text(next, hydrated, NOW);
    assert_says(v, false, "apps/root.yaml:3, which its own source path apps renders in r@");
    verdict_free(v);
    facts_unref(f);
    facts_unref(next);
    world_clear(&w);
}

#define CHILD(name, path, revision)                                                                \
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: " name                  \
    ", namespace: argocd}\nspec: {source: {repoURL: 'https://h/r', path: " path                    \
    ", targetRevision: " revision "}, destination: {server: 'https://kubernetes.default.svc'}}\n"

/* entry (main) renders one (branch one), which renders two (branch two), which renders entry. */
static void a_ring_leads_through_several_revisions(void **state)
{
    struct world w;
    struct facts *f;
    struct verdict *v;

    (void)state;
    world_init(&w, CONFIG);
    world_write(&w, "repo/apps/entry.yaml", CHILD("entry", "apps", "one"));
    git(&w,
        "git init -q -b main . && git add . && git commit -q -m main && git checkout -q -b one");
    git(&w, "git rm -q -r apps");
    world_write(&w, "repo/apps/one.yaml", CHILD("one", "apps", "two"));
    git(&w, "git add . && git commit -q -m one && git checkout -q -b two && git rm -q -r apps");
    world_write(&w, "repo/apps/back.yaml", CHILD("entry", "apps", "one"));
    git(&w, "git add . && git commit -q -m two && git checkout -q main");
    f = load(&w, NULL, NOW);
    assert_int_equal(facts_n_revisions(f, 0), 3);
    v = judge_text(f, CHILD("entry", "apps", "one"), NOW);
    assert_says(v, false,
                "Application argocd/entry would sync itself through others: argocd/entry renders "
                "argocd/one (apps/one.yaml:3), which renders argocd/entry (apps/back.yaml:3)");
    verdict_free(v);
    v = judge_text(f, CHILD("other", "apps", "one"), NOW);
    assert_says(v, true, NULL);
    verdict_free(v);
    facts_unref(f);
    world_clear(&w);
}

/* HEAD is one of the 32. */
static void a_revision_too_many_is_a_note(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    world_init(&w, CONFIG);
    for (unsigned i = 0; i < WISHES_MAX + 1; i++) {
        AUTO(freep) char *path = xasprintf("repo/apps/%02u.yaml", i);
        AUTO(freep) char *name = xasprintf("b%02u", i);
        AUTO(freep)
        char *text = xasprintf("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: "
                               "{name: %s, namespace: argocd}\nspec: {source: {repoURL: "
                               "'https://h/r', path: apps, targetRevision: %s}, destination: "
                               "{server: 'https://kubernetes.default.svc'}}\n",
                               name, name);

        world_write(&w, path, text);
    }
    world_write(&w, "repo/apps/entry.yaml", CHILD("entry", "apps", "HEAD"));
    git(&w, "git init -q -b main . && git add . && git commit -q -m main && "
            "for i in $(seq -w 0 31); do git branch b$i; done");
    f = load(&w, NULL, NOW);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(facts_n_revisions(f, 0), WISHES_MAX);
        assert_int_equal(facts_n_notes(f), 2);
        assert_string_equal(facts_note_at(f, 0)->text,
                            "revision b31 of https://h/r is not read: Applications name more than "
                            "the 32 revisions that are read of a repository");
        assert_non_null(strstr(facts_note_at(f, 1)->text, "revision b32 of https://h/r is not"));
        v = judge_text(f, CHILD("b31", "apps", "b31"), NOW);
        assert_says(v, true,
                    "revision b31 of https://h/r is not read: Applications name more than");
        verdict_free(v);
        assert_false(facts_wants_more(f));
        next = load(&w, f, NOW);
        facts_unref(f);
        f = next;
    }
    facts_unref(f);
    world_clear(&w);
}

/* What a known Application needs and the repository lacks. */
static void a_known_revision_that_is_missing_is_a_note(void **state)
{
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG);
    world_write(&w, "repo/apps/entry.yaml", CHILD("entry", "apps", "gone"));
    git(&w, "git init -q -b main . && git add . && git commit -q -m main");
    f = load(&w, NULL, NOW);
    assert_int_equal(facts_n_notes(f), 1);
    assert_string_equal(facts_note_at(f, 0)->text,
                        "revision gone of https://h/r leads to no commit here: no branch, tag or "
                        "commit is called so");
    facts_unref(f);
    world_clear(&w);
}

/* A partial clone, or one that lost an object, into which somebody fetches what was missing. */
static void what_was_missing_is_read_once_it_is_there(void **state)
{
    struct world w;
    struct facts *f;
    struct facts *next;
    struct verdict *v;

    (void)state;
    init(&w);
    git(&w, "id=$(git rev-parse prod:apps/root.yaml) && file=.git/objects/$(echo $id | cut "
            "-c1-2)/$(echo $id | cut -c3-) && mv $file ../lost && echo $file >../where");
    f = load(&w, NULL, NOW);
    verdict_free(judge_text(f, root, NOW));
    next = load(&w, f, NOW);
    v = judge_text(next, root, NOW);
    assert_says(v, true,
                "apps/root.yaml cannot be read (its object is missing: a partial or damaged "
                "clone)");
    verdict_free(v);
    facts_unref(f);
    git(&w, "mv ../lost $(cat ../where) && git tag fetched");
    assert_true(facts_changed(next, NOW));
    f = load(&w, next, NOW);
    v = judge_text(f, root, NOW);
    assert_says(v, false, "apps/root.yaml:3, which its own source path apps renders in r@");
    verdict_free(v);
    facts_unref(f);
    facts_unref(next);
    world_clear(&w);
}

static void wishes_are_bounded_and_known_ones_stay(void **state)
{
    struct wishes *w = wishes_new(1);
    struct wish copied[WISHES_MAX];
    bool found = false;
    size_t n;

    (void)state;
    (void)wishes_add(w, 0, STR("known"), STR(""), true);
    for (unsigned i = 0; i < 1000; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "b%u", i);
        (void)wishes_add(w, 0, str_from(name), STR(""), false);
    }
    n = wishes_copy(w, 0, copied);
    assert_int_equal(n, WISHES_MAX);
    assert_string_equal(copied[0].revision, "known");
    assert_string_equal(copied[1].revision, "b999");
    for (size_t i = 0; i < n; i++) {
        found = found || strcmp(copied[i].revision, "b0") == 0;
        wish_clear(&copied[i]);
    }
    assert_false(found);
    assert_true(wishes_are_new(w));
    wishes_begin(w);
    (void)wishes_add(w, 0, STR("b999"), STR(""), false);
    assert_false(wishes_are_new(w));
    wishes_unref(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revision_is_read_once_somebody_asks_for_it),
        cmocka_unit_test(a_commit_that_a_branch_led_to_is_known_by_its_id),
        cmocka_unit_test(other_settings_keep_what_was_read_and_asked_for),
        cmocka_unit_test(a_moved_branch_is_read_again_and_what_stayed_is_shared),
        cmocka_unit_test(names_of_one_commit_share_what_was_read),
        cmocka_unit_test(what_known_Applications_ask_for_is_read_at_once),
        cmocka_unit_test(a_denial_says_what_it_rests_on_until_that_is_stale),
        cmocka_unit_test(a_repository_that_cannot_be_read_stands_in_for_itself),
        cmocka_unit_test(a_name_that_a_fetch_damaged_stands_in_for_itself),
        cmocka_unit_test(a_branch_that_is_gone_is_gone),
        cmocka_unit_test(a_revision_too_many_is_a_note),
        cmocka_unit_test(a_known_revision_that_is_missing_is_a_note),
        cmocka_unit_test(a_hydrated_branch_is_read_where_it_is),
        cmocka_unit_test(a_ring_leads_through_several_revisions),
        cmocka_unit_test(what_was_missing_is_read_once_it_is_there),
        cmocka_unit_test(wishes_are_bounded_and_known_ones_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
