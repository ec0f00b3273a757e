/* revisions.c: Git repositories at the revisions that sources name, each commit read once. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/internal.h"
#include "repository/git.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool facts_is_exact(const struct facts *f, const struct repository_settings *s)
{
    return f->exact_revisions && !s->stands_for_all && !s->revision && git_is_repository(s->path);
}

static char *about(const struct facts *f, size_t index, struct str revision, const char *why)
{
    struct buf b;

    buf_init(&b, 4096);
    buf_adds(&b, "revision ");
    text_field(&b, revision.n ? revision : STR("HEAD"));
    buf_adds(&b, " of ");
    text_url(&b, str_from(f->settings->repositories[index].url));
    buf_adds(&b, " ");
    text_escape(&b, str_from(why), 600);
    return buf_take(&b);
}

/* A whole id is the commit itself, whatever else is called so (reference/argocd.md 1.1): no need to
 * look it up where a branch or tag has led to it. */
static const struct repository *find_by_id(const struct repository_fact *fact, struct str revision)
{
    for (size_t i = 0; i < fact->n_revisions; i++) {
        struct shared_repository *shared = fact->revisions[i].shared;

        if (shared && revision.n && str_is(revision, repository_commit(shared->repository)))
            return shared->repository;
    }
    return NULL;
}

const struct repository *facts_at_revision(const struct facts *f, size_t index,
                                           const struct source *source, char **why)
{
    const struct repository_fact *fact = &f->repositories[index];
    struct str revision = wish_revision(source->target_revision);
    struct str prefix = source->tag_prefix.n ? source->tag_prefix : STR("");

    bool is_listed = wishes_add(f->wishes, index, revision, prefix, f->loading);

    for (size_t i = 0; i < fact->n_revisions; i++) {
        const struct revision_fact *r = &fact->revisions[i];

        if (!wish_is(&r->wish, revision, prefix))
            continue;
        if (!r->shared)
            *why = about(f, index, revision, r->why);
        return r->shared ? r->shared->repository : NULL;
    }
    if (find_by_id(fact, revision))
        return find_by_id(fact, revision);
    *why = about(f, index, revision,
                 is_listed ? "has not been read yet"
                           : "is not read: Applications name more than the 32 revisions that are "
                             "read of a repository");
    return NULL;
}

static struct shared_repository *find_commit(const struct repository_fact *fact, const char *commit)
{
    for (size_t i = 0; fact && i < fact->n_revisions; i++) {
        struct shared_repository *shared = fact->revisions[i].shared;

        if (shared && strcmp(repository_commit(shared->repository), commit) == 0)
            return shared;
    }
    return NULL;
}

/* out->why is set where it cannot be read. */
static void read_revision(struct facts *f, const struct repository_fact *former, size_t index,
                          const char *commit, struct revision_fact *out, int64_t now)
{
    struct repository_fact *fact = &f->repositories[index];
    struct shared_repository *found = find_commit(fact, commit);
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    if (!found) {
        found = find_commit(former, commit);
        /* read once more, for what may be there by now; the rest is shared */
        if (found && !repository_is_whole(found->repository))
            found = NULL;
    }
    out->seen_at = now;
    if (found)
        out->shared = facts_share(found);
    else if (!facts_read_repository(f, index, commit, former, now, &out->shared, &err))
        out->why = xasprintf("cannot be read: %s", err_text(&err, text));
}

/* Takes over `text`. */
static void note(struct facts *f, size_t index, char *text)
{
    struct buf where;

    buf_init(&where, 4096);
    text_url(&where, str_from(f->settings->repositories[index].url));
    facts_add_note(f, buf_take(&where), text);
}

/* What known Applications need and is not there; what requests name is their author's. */
static void note_missing(struct facts *f, size_t index, const struct revision_fact *r)
{
    if (!r->shared && (r->wish.by_known || r->wish.revision[0] == '\0'))
        note(f, index, about(f, index, str_from(r->wish.revision), r->why));
}

/* A fetch that failed, or was killed, leaves names empty or damaged: what they led to before is
 * used until somebody had time to look. */
static void keep_revision(struct facts *f, const struct repository_fact *former, size_t index,
                          struct revision_fact *r, int64_t now)
{
    const struct revision_fact *before = NULL;
    AUTO(freep) char *why = NULL;

    for (size_t i = 0; former && !before && i < former->n_revisions; i++)
        if (wish_is(&former->revisions[i].wish, str_from(r->wish.revision),
                    str_from(r->wish.tag_prefix)))
            before = &former->revisions[i];
    if (!before || !before->shared || now - before->seen_at >= FACTS_KEEP_SECONDS)
        return;
    why = xasprintf("%s; what it led to before is used for ten minutes", r->why);
    note(f, index, about(f, index, str_from(r->wish.revision), why));
    free(r->why);
    r->why = NULL;
    r->shared = facts_share(before->shared);
    r->seen_at = before->seen_at;
    r->kept = true;
}

static void read_all(struct facts *f, const struct repository_fact *former, size_t index,
                     const struct git_name *names, const struct wish *wishes, size_t n, int64_t now)
{
    struct repository_fact *fact = &f->repositories[index];

    fact->revisions = xcalloc(n, sizeof *fact->revisions);
    for (size_t i = 0; i < n; i++) {
        struct revision_fact *r = &fact->revisions[i];

        *r = (struct revision_fact){.wish = wishes[i]};
        if (names[i].id.text[0])
            read_revision(f, former, index, names[i].id.text, r, now);
        else
            r->why = xasprintf("leads to no commit here: %s", names[i].why);
        if (r->why && (names[i].id.text[0] || names[i].is_broken))
            keep_revision(f, former, index, r, now);
        fact->n_revisions = i + 1; /* so that the next can share it */
        note_missing(f, index, r);
        if (r->shared && r->wish.revision[0] == '\0' && r->wish.tag_prefix[0] == '\0')
            fact->shared = facts_share(r->shared);
    }
}

void facts_note_refused(struct facts *f)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        struct wish refused[WISHES_MAX];
        size_t n = wishes_refused(f->wishes, i, refused);

        for (size_t k = 0; k < n; k++) {
            note(f, i,
                 about(f, i, str_from(refused[k].revision),
                       "is not read: Applications name more than the 32 revisions that are read "
                       "of a repository"));
            wish_clear(&refused[k]);
        }
    }
}

bool facts_read_revisions(struct facts *f, const struct repository_fact *former, size_t index,
                          int64_t now, struct err *err)
{
    struct repository_fact *fact = &f->repositories[index];
    const char *path = f->settings->repositories[index].path;
    struct wish wishes[WISHES_MAX];
    struct git_name names[WISHES_MAX] = {{0}};
    struct git_argocd argocd = {0};
    size_t n;
    bool good;

    /* HEAD holds the definitions, whoever asks for it. */
    (void)wishes_add(f->wishes, index, STR(""), STR(""), true);
    n = wishes_copy(f->wishes, index, wishes);
    for (size_t i = 0; i < n; i++)
        names[i] =
            (struct git_name){.revision = wishes[i].revision, .tag_prefix = wishes[i].tag_prefix};
    fact->is_exact = true;
    /* before they are resolved: what moves meanwhile is seen at the next look */
    fact->signature = git_refs_signature(path);
    (void)facts_argocd_version(f, &argocd.major, &argocd.minor);
    good = git_resolve(path, f->memo, &argocd, names, n, err);
    if (good)
        read_all(f, former, index, names, wishes, n, now);
    for (size_t i = 0; i < n; i++) {
        free(names[i].why);
        if (!good)
            wish_clear(&wishes[i]);
    }
    return good;
}

static struct fetched *share_fetched(struct fetched *fetched)
{
    if (fetched)
        (void)atomic_fetch_add_explicit(&fetched->references, 1, memory_order_relaxed);
    return fetched;
}

void facts_watch_fetch(struct facts *f, const struct repository_fact *former, size_t index)
{
    struct repository_fact *fact = &f->repositories[index];

    fact->fetched = share_fetched(former ? former->fetched : NULL);
    if (!fact->fetched) {
        fact->fetched = xcalloc(1, sizeof *fact->fetched);
        atomic_init(&fact->fetched->references, 1);
        atomic_init(&fact->fetched->at, 0);
    }
    facts_look_at_fetch(f, index);
}

void facts_copy_revisions(struct repository_fact *out, const struct repository_fact *from)
{
    out->is_exact = from->is_exact;
    out->signature = from->signature;
    out->revisions = xcalloc(from->n_revisions, sizeof *out->revisions);
    out->n_revisions = from->n_revisions;
    for (size_t i = 0; i < from->n_revisions; i++) {
        const struct revision_fact *r = &from->revisions[i];

        out->revisions[i] = (struct revision_fact){
            .wish = {.revision = xstrdup(r->wish.revision),
                     .tag_prefix = xstrdup(r->wish.tag_prefix),
                     .by_known = r->wish.by_known},
            .shared = r->shared ? facts_share(r->shared) : NULL,
            .why = r->why ? xstrdup(r->why) : NULL,
            .seen_at = r->seen_at,
            .kept = r->kept,
        };
    }
}

bool facts_revisions_moved(const struct facts *f, size_t index, int64_t now)
{
    const struct repository_fact *fact = &f->repositories[index];

    for (size_t i = 0; i < fact->n_revisions; i++) {
        const struct revision_fact *r = &fact->revisions[i];

        if ((r->kept && now - r->seen_at >= FACTS_KEEP_SECONDS) ||
            (r->shared && repository_has_lost(r->shared->repository)))
            return true;
    }
    return git_refs_signature(f->settings->repositories[index].path) != fact->signature;
}

static int64_t modified_at(const char *path)
{
    struct stat st;

    return path && path[0] && stat(path, &st) == 0 ? st.st_mtim.tv_sec : 0;
}

void facts_look_at_fetch(const struct facts *f, size_t index)
{
    const struct repository_settings *s = &f->settings->repositories[index];
    struct fetched *fetched = f->repositories[index].fetched;
    int64_t at = git_fetched_at(s->path);
    int64_t beat = modified_at(s->heartbeat);
    int64_t before;

    if (!fetched)
        return;
    before = atomic_load_explicit(&fetched->at, memory_order_relaxed);
    if (at == GIT_FETCH_FAILED && before)
        at = before; /* what it brought is still what there is */
    atomic_store_explicit(&fetched->at, beat && beat > at ? beat : at, memory_order_relaxed);
}

void facts_clear_revisions(struct repository_fact *fact)
{
    for (size_t i = 0; i < fact->n_revisions; i++) {
        wish_clear(&fact->revisions[i].wish);
        facts_unshare(fact->revisions[i].shared);
        free(fact->revisions[i].why);
    }
    free(fact->revisions);
    if (fact->fetched &&
        atomic_fetch_sub_explicit(&fact->fetched->references, 1, memory_order_acq_rel) == 1)
        free(fact->fetched);
    fact->revisions = NULL;
    fact->n_revisions = 0;
    fact->fetched = NULL;
}
