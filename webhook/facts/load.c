/* load.c: facts are loaded, share with those before them what has not changed, and are freed. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/internal.h"
#include "repository/git.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *url_label(struct str url, const char *path)
{
    struct buf b;

    buf_init(&b, 4096);
    if (url.n)
        text_url(&b, url);
    else
        text_field(&b, str_from(path));
    return buf_take(&b);
}

static struct probe probe(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return (struct probe){.error = errno};
    return (struct probe){
        .device = st.st_dev,
        .inode = st.st_ino,
        .changed_s = st.st_ctim.tv_sec,
        .changed_ns = st.st_ctim.tv_nsec,
    };
}

static bool same_probe(const struct probe *a, const struct probe *b)
{
    return a->error == b->error && a->device == b->device && a->inode == b->inode &&
           a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

struct shared_repository *facts_share(struct shared_repository *s)
{
    (void)atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

void facts_unshare(struct shared_repository *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    repository_free(s->repository);
    free(s);
}

/* What is held of the repository. out: room for fact->n_revisions + 1; NULL among them is fine. */
static size_t list_indices(const struct repository_fact *fact, const struct repository **out)
{
    size_t n = 0;

    out[n++] = fact->shared ? fact->shared->repository : NULL;
    for (size_t i = 0; i < fact->n_revisions; i++)
        if (fact->revisions[i].shared)
            out[n++] = fact->revisions[i].shared->repository;
    return n;
}

bool facts_read_repository(const struct facts *f, size_t index, const char *revision,
                           const struct repository_fact *former, int64_t now,
                           struct shared_repository **out, struct err *err)
{
    static const struct repository_fact none;
    const struct repository_settings *s = &f->settings->repositories[index];
    const struct repository_fact *fact = &f->repositories[index];
    AUTO(freep) struct str *aliases = xcalloc(s->n_aliases, sizeof *aliases);
    AUTO(freep)
    const struct repository **known =
        xcalloc(2 + fact->n_revisions + (former ? former->n_revisions : 0), sizeof(void *));
    size_t n_known = list_indices(former ? former : &none, known);
    struct repository_spec spec = {
        .url = str_from(s->url),
        .aliases = aliases,
        .n_aliases = s->n_aliases,
        .path = s->path,
        .revision = revision ? revision : s->revision,
        .parse_all = f->parse_all,
        .former = known,
        .memo = f->memo,
        .n_former = n_known + list_indices(fact, known + n_known),
    };
    struct repository *r = NULL;

    for (size_t i = 0; i < s->n_aliases; i++)
        aliases[i] = str_from(s->aliases[i]);
    if (!repository_load(&spec, now, &r, err))
        return false;
    *out = xcalloc(1, sizeof **out);
    atomic_init(&(*out)->references, 1);
    (*out)->repository = r;
    return true;
}

static void copy_repository(struct repository_fact *out, const struct repository_fact *from)
{
    out->shared = from->shared ? facts_share(from->shared) : NULL;
    out->seen_at = from->seen_at;
    facts_copy_revisions(out, from);
}

static bool is_unchanged(const struct repository_fact *fact)
{
    /* Names are resolved anew each time: what was wished for may be another. */
    return !fact->is_exact && fact->shared && !repository_changed(fact->shared->repository);
}

static bool read_anew(struct facts *f, const struct repository_fact *before, size_t index,
                      int64_t now, struct err *err)
{
    const struct repository_settings *s = &f->settings->repositories[index];

    if (facts_is_exact(f, s))
        return facts_read_revisions(f, before, index, now, err);
    if (before && before->is_exact) {
        /* What is left there would stand for every revision all of a sudden. */
        err_what(err, ERR_INPUT, "%.300s is no Git repository any more", s->path);
        return false;
    }
    return facts_read_repository(f, index, NULL, before, now, &f->repositories[index].shared, err);
}

static bool same_texts(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    for (size_t i = 0; i < n_a && n_a == n_b; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return n_a == n_b;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Whether what was read of one is what would be read of the other. */
static bool same_repository(const struct repository_settings *a,
                            const struct repository_settings *b)
{
    return strcmp(a->url, b->url) == 0 && strcmp(a->path, b->path) == 0 &&
           same_text(a->revision, b->revision) && same_text(a->heartbeat, b->heartbeat) &&
           a->stands_for_all == b->stands_for_all &&
           same_texts(a->aliases, a->n_aliases, b->aliases, b->n_aliases);
}

/* Which repository of the former settings this one is; their number where it is none of them. */
static size_t former_index(const struct facts *f, const struct facts *former, size_t index)
{
    size_t i = 0;

    if (former->settings == f->settings)
        return index;
    while (i < former->settings->n_repositories &&
           !same_repository(&former->settings->repositories[i], &f->settings->repositories[index]))
        i++;
    return i;
}

static const struct repository_fact *former_fact(const struct facts *f, const struct facts *former,
                                                 size_t index)
{
    size_t i = former ? former_index(f, former, index) : 0;

    return former && i < former->settings->n_repositories ? &former->repositories[i] : NULL;
}

/* Other settings have other repositories: what was asked of those that stay is asked again. */
static struct wishes *follow_wishes(const struct facts *f, const struct facts *former)
{
    struct wishes *w;

    if (former && former->settings == f->settings)
        return wishes_ref(former->wishes);
    w = wishes_new(f->settings->n_repositories);
    for (size_t i = 0; former && i < f->settings->n_repositories; i++) {
        size_t from = former_index(f, former, i);

        if (from < former->settings->n_repositories)
            wishes_take(w, i, former->wishes, from);
    }
    return w;
}

static void load_repository(struct facts *f, const struct repository_fact *before, size_t index,
                            int64_t now)
{
    const struct repository_settings *s = &f->settings->repositories[index];
    struct repository_fact *fact = &f->repositories[index];
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    if (before && is_unchanged(before)) {
        *fact = (struct repository_fact){.shared = facts_share(before->shared), .seen_at = now};
        return;
    }
    fact->probe = probe(s->path);
    if (read_anew(f, before, index, now, &err)) {
        fact->seen_at = now;
        return;
    }
    if (before && before->seen_at && now - before->seen_at < FACTS_KEEP_SECONDS) {
        copy_repository(fact, before);
        fact->kept = true;
        err_remedy(&err, "what was read before is used for ten minutes");
    }
    facts_add_note(f, url_label(str_from(s->url), s->path), xstrdup(err_text(&err, text)));
}

static struct shared_cluster *share_cluster(struct shared_cluster *s)
{
    if (s)
        (void)atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

static void unshare_cluster(struct shared_cluster *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    cluster_free(s->cluster);
    free(s);
}

static void note_cluster(struct facts *f, const struct cluster *c)
{
    for (size_t i = 0; i < cluster_n_notes(c); i++) {
        const struct cluster_note *note = cluster_note_at(c, i);

        facts_add_note(f, xstrdup(note->where), xstrdup(note->text));
    }
}

/* A snapshot that is being written anew is cut off for a moment: what was whole before stands in
 * for it. */
static bool keep_cluster(struct cluster_fact *fact, const struct cluster_fact *before, int64_t now)
{
    if (cluster_is_whole(fact->shared->cluster) || !before || !before->shared ||
        !cluster_is_whole(before->shared->cluster) || now - before->seen_at >= FACTS_KEEP_SECONDS)
        return false;
    fact->failed = fact->shared;
    fact->shared = share_cluster(before->shared);
    fact->seen_at = before->seen_at;
    return true;
}

static void load_cluster(struct facts *f, const struct facts *former, int64_t now)
{
    const struct settings *s = f->settings;
    const struct cluster_fact *before =
        former && same_texts(former->settings->cluster.snapshots,
                             former->settings->cluster.n_snapshots, s->cluster.snapshots,
                             s->cluster.n_snapshots)
            ? &former->cluster
            : NULL;
    struct cluster_fact *fact = &f->cluster;

    if (s->cluster.n_snapshots == 0)
        return;
    if (before && before->shared && !before->failed && !cluster_changed(before->shared->cluster)) {
        *fact = (struct cluster_fact){.shared = share_cluster(before->shared)};
        fact->seen_at = cluster_is_whole(fact->shared->cluster) ? now : before->seen_at;
        note_cluster(f, fact->shared->cluster);
        return;
    }
    fact->shared = xcalloc(1, sizeof *fact->shared);
    atomic_init(&fact->shared->references, 1);
    fact->shared->cluster =
        cluster_read_snapshots(s->cluster.snapshots, s->cluster.n_snapshots, now);
    note_cluster(f, fact->shared->cluster);
    if (cluster_is_whole(fact->shared->cluster))
        fact->seen_at = now;
    else if (keep_cluster(fact, before, now))
        facts_add_note(f, xstrdup("cluster"),
                       xstrdup("the snapshot that was read before is used for ten minutes"));
}

static struct facts *load_once(const struct facts_options *options, const struct facts *former,
                               int64_t now)
{
    struct facts *f = xcalloc(1, sizeof *f);

    atomic_init(&f->references, 1);
    f->settings = settings_ref(options->settings);
    f->starting = options->settings_alone;
    f->exact_revisions = options->exact_revisions;
    f->parse_all = options->parse_all;
    f->loading = true;
    f->wishes = follow_wishes(f, former);
    f->memo = former ? git_memo_ref(former->memo) : git_memo_new();
    wishes_begin(f->wishes);
    f->repositories = xcalloc(f->settings->n_repositories, sizeof *f->repositories);
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository_fact *before = former_fact(f, former, i);

        if (!f->starting)
            load_repository(f, before, i, now);
        facts_watch_fetch(f, before, i);
    }
    if (!f->starting)
        load_cluster(f, former, now);
    facts_find_applications(f, options->definitions_apply);
    facts_find_tracking(f, options->assume_label_tracking);
    facts_find_live(f);
    facts_note_refused(f);
    f->loading = false;
    return f;
}

/* Each round reads the revisions that the Applications found in the one before ask for; a chain of
 * Applications on ever other branches is longer than anybody's. */
enum { ROUNDS_MAX = 8 };

struct facts *facts_load(const struct facts_options *options, int64_t now)
{
    struct facts *f = load_once(options, options->former, now);

    for (unsigned i = 1; i < ROUNDS_MAX && wishes_are_new(f->wishes); i++) {
        struct facts *next = load_once(options, f, now);

        facts_unref(f);
        f = next;
    }
    return f;
}

struct facts *facts_ref(struct facts *f)
{
    (void)atomic_fetch_add_explicit(&f->references, 1, memory_order_relaxed);
    return f;
}

static void destroy(struct facts *f)
{
    facts_clear_live(f);
    facts_clear_index(f);
    facts_clear_sets(f);
    argocd_cm_free(f->argocd_cm);
    for (size_t i = 0; i < f->n_applications; i++) {
        output_free(f->applications[i].output);
        application_free(f->applications[i].app);
        free(f->applications[i].instance);
    }
    free(f->applications);
    unshare_cluster(f->cluster.shared);
    unshare_cluster(f->cluster.failed);
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        facts_unshare(f->repositories[i].shared);
        facts_clear_revisions(&f->repositories[i]);
    }
    free(f->repositories);
    wishes_unref(f->wishes);
    git_memo_unref(f->memo);
    for (size_t i = 0; i < f->n_notes; i++) {
        free(f->notes[i].where);
        free(f->notes[i].text);
    }
    free(f->notes);
    settings_free(f->settings);
    free(f);
}

void facts_unref(struct facts *f)
{
    if (f && atomic_fetch_sub_explicit(&f->references, 1, memory_order_acq_rel) == 1)
        destroy(f);
}

void facts_unrefp(struct facts **f)
{
    facts_unref(*f);
}

static bool changed_cluster(const struct facts *f, int64_t now)
{
    const struct cluster_fact *fact = &f->cluster;

    if (f->settings->cluster.n_snapshots == 0)
        return false;
    if (!fact->shared)
        return true;
    return cluster_changed(fact->failed ? fact->failed->cluster : fact->shared->cluster) ||
           (fact->failed && now - fact->seen_at >= FACTS_KEEP_SECONDS);
}

bool facts_changed(const struct facts *f, int64_t now)
{
    if (changed_cluster(f, now) || wishes_are_new(f->wishes))
        return true;
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository_fact *fact = &f->repositories[i];

        facts_look_at_fetch(f, i);
        if (fact->is_exact && !fact->kept) {
            if (facts_revisions_moved(f, i, now))
                return true;
        } else if (fact->shared && !fact->kept) {
            if (repository_changed(fact->shared->repository))
                return true;
        } else if (fact->is_exact) {
            /* A fetch that was under way may have been in the way: nothing tells when it is not. */
            return true;
        } else {
            struct probe seen = probe(f->settings->repositories[i].path);

            if (f->starting || !same_probe(&seen, &fact->probe) ||
                (fact->kept && now - fact->seen_at >= FACTS_KEEP_SECONDS))
                return true;
        }
    }
    return false;
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    return xstrndup(slash == path ? STR("/") : (struct str){path, (size_t)(slash - path)});
}

void facts_directories(const struct facts *f, void (*visit)(const char *directory, void *closure),
                       void *closure)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const char *path = f->settings->repositories[i].path;
        AUTO(freep) char *above = directory_of(path); /* of a symlink that is exchanged */

        visit(above, closure);
        if (f->repositories[i].is_exact)
            git_refs_directories(path, visit, closure);
        else
            visit(path, closure);
    }
    for (size_t i = 0; i < f->settings->cluster.n_snapshots; i++) {
        AUTO(freep) char *above = directory_of(f->settings->cluster.snapshots[i]);

        visit(above, closure);
    }
}
