/* Facts are loaded again and again, as a server does for months: what a process holds stays
 * bounded. test_soak [RELOADS] does more of them. */
#include "base/mem.h"
#include "facts/facts.h"
#include "fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RELOADS = 500,
    WARM_UP = 100, /* caches and the allocator have what they want by then */
    /* libgit2 1.5.1 lost 180 KB each time it opened such a repository: 72 MB of 400 reloads. */
    GROWTH_MAX_KB = 12 * 1024,
};

static unsigned long reloads = RELOADS;

/* What is freed is not held back for long, where this is built with the address sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

/* Kilobytes (proc_pid_status(5)). */
static long resident_anonymous(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long kb = -1;

    while (status && kb < 0 && fgets(line, sizeof line, status))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    if (status)
        (void)fclose(status);
    return kb;
}

/* Two commits of a partial clone (format 1), between which main goes to and fro; a plain directory
 * with a file that changes. */
static const char script[] =
    "set -e; cd '%s'; export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@e "
    "GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@e; cd repo; git init -q -b main .; mkdir apps; "
    "for i in $(seq 60); do printf 'apiVersion: argoproj.io/v1alpha1\\nkind: Application\\n"
    "metadata: {name: a%%s, namespace: argocd}\\nspec: {source: {repoURL: \"https://h/r\", "
    "path: apps, targetRevision: 1.x}}\\n' $i >apps/$i.yaml; done; "
    "git add .; git commit -q -m 1; git tag v1.0.0; git rev-parse HEAD >../first; "
    "echo '# changed' >>apps/1.yaml; git commit -q -a -m 2; git rev-parse HEAD >../second; "
    "git config core.repositoryformatversion 1; git config extensions.partialclone origin; "
    "git config remote.origin.url https://h/r";

static void reload_often(const struct world *w, struct facts **f)
{
    char commits[2][64];

    for (size_t i = 0; i < 2; i++) {
        AUTO(freep) char *from = xasprintf("%s/%s", w->root, i ? "second" : "first");
        FILE *file = fopen(from, "re");

        assert_non_null(file);
        assert_non_null(fgets(commits[i], sizeof commits[i], file));
        (void)fclose(file);
    }
    for (unsigned long i = 0; i < reloads; i++) {
        struct facts_options options = {
            .settings = w->settings, .former = *f, .exact_revisions = true};
        AUTO(freep) char *text = xasprintf("# %lu\n", i);
        struct facts *next;

        world_write(w, "repo/.git/refs/heads/main", commits[i % 2]);
        world_write(w, "plain/a.yaml", text);
        next = facts_load(&options, 1700000000 + (int64_t)i);
        assert_int_equal(facts_n_notes(next), 0);
        facts_unref(*f);
        *f = next;
    }
}

static void five_hundred_reloads_leave_nothing_behind(void **state)
{
    struct world w;
    AUTO(freep) char *command = NULL;
    struct facts *f = NULL;
    unsigned long all = reloads;
    long before;
    long after;

    (void)state;
    world_init(&w, "repositories: [{url: 'https://h/r', path: repo}, "
                   "{url: 'https://h/p', path: plain}]\n");
    world_write(&w, "plain/b.yaml", "a: b\n");
    command = xasprintf(script, w.root);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the test's own text */
    reloads = WARM_UP;
    reload_often(&w, &f);
    before = resident_anonymous();
    reloads = all - WARM_UP;
    reload_often(&w, &f);
    after = resident_anonymous();
    facts_unref(f);
    world_clear(&w);
    print_message("RssAnon after %d reloads %ld KB, after %lu %ld KB\n", WARM_UP, before, all,
                  after);
    assert_true(after - before < GROWTH_MAX_KB);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_hundred_reloads_leave_nothing_behind),
    };

    if (argc > 1 && strtoul(argv[1], NULL, 10) > WARM_UP)
        reloads = strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
