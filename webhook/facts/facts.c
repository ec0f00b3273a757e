#include "facts/facts.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/internal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void facts_add_note(struct facts *f, char *where, char *text)
{
    f->notes = xgrow(f->notes, f->n_notes, &f->capacity_notes, sizeof *f->notes);
    f->notes[f->n_notes++] = (struct facts_note){where, text};
}

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

static struct shared_repository *share(struct shared_repository *s)
{
    (void)atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

static void unshare(struct shared_repository *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    repository_free(s->repository);
    free(s);
}

static bool read_repository(const struct repository_settings *s, int64_t now,
                            struct shared_repository **out, struct err *err)
{
    AUTO(freep) struct str *aliases = xcalloc(s->n_aliases, sizeof *aliases);
    struct repository_spec spec = {
        .url = str_from(s->url),
        .aliases = aliases,
        .n_aliases = s->n_aliases,
        .path = s->path,
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

static void load_repository(struct facts *f, const struct facts *former, size_t index, int64_t now)
{
    const struct repository_settings *s = &f->settings->repositories[index];
    const struct repository_fact *before = former ? &former->repositories[index] : NULL;
    struct repository_fact *fact = &f->repositories[index];
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    if (before && before->shared && !repository_changed(before->shared->repository)) {
        *fact = (struct repository_fact){.shared = share(before->shared), .seen_at = now};
        return;
    }
    fact->probe = probe(s->path);
    if (read_repository(s, now, &fact->shared, &err)) {
        fact->seen_at = now;
        return;
    }
    if (before && before->shared && now - before->seen_at < FACTS_KEEP_SECONDS) {
        fact->shared = share(before->shared);
        fact->seen_at = before->seen_at;
        fact->kept = true;
        err_remedy(&err, "what was read before is used for ten minutes");
    }
    facts_add_note(f, url_label(str_from(s->url), s->path), xstrdup(err_text(&err, text)));
}

static void add_application(struct facts *f, const struct repository *r, const struct manifest *m)
{
    struct str argocd = str_from(f->settings->argocd.namespace);
    struct str namespace = m->id.namespace.n ? m->id.namespace : argocd;
    struct application *app;
    struct application_fact *fact;
    struct err err = {0};

    if (!facts_is_application_namespace(f, namespace))
        return;
    /* Status and marks in a file are the author's to write: rules that ask a known Application
     * about them look at where it came from. A definition no rule can read makes no fact. */
    if (!application_parse(m->object, namespace, STR_NONE, &app, &err)) {
        char text[ERR_TEXT_MAX];
        AUTO(buf_clearp) struct buf where;

        buf_init(&where, 4096);
        text_field(&where, str_from(m->file));
        buf_printf(&where, ":%u", m->line);
        facts_add_note(f, buf_take(&where), xstrdup(err_text(&err, text)));
        return;
    }
    f->applications = xgrow(f->applications, f->n_applications, &f->capacity_applications,
                            sizeof *f->applications);
    fact = &f->applications[f->n_applications++];
    *fact = (struct application_fact){.app = app, .output = facts_render(f, app)};
    fact->known = (struct known_application){
        .app = app, .repository = r, .manifest = m, .output = fact->output};
}

static void find_applications(struct facts *f)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository *r = facts_repository(f, i);

        for (size_t k = 0; r && k < repository_n_manifests(r); k++) {
            const struct manifest *m = repository_manifest(r, k);

            if (identity_is_kind(&m->id, GROUP_ARGOPROJ, "Application"))
                add_application(f, r, m);
        }
    }
}

static int by_identity(const void *a, const void *b)
{
    const struct application_fact *x = *(const struct application_fact *const *)a;
    const struct application_fact *y = *(const struct application_fact *const *)b;
    int order = str_cmp(x->app->id.namespace, y->app->id.namespace);

    return order ? order : str_cmp(x->app->id.name, y->app->id.name);
}

/* Environments often define the same Application differently in one repository: which of them is
 * live is not known then. */
static void find_differing_definitions(struct facts *f)
{
    AUTO(freep) struct application_fact **sorted = xcalloc(f->n_applications, sizeof(void *));

    for (size_t i = 0; i < f->n_applications; i++)
        sorted[i] = &f->applications[i];
    qsort(sorted, f->n_applications, sizeof(void *), by_identity);
    for (size_t first = 0, end; first < f->n_applications; first = end) {
        bool differ = false;

        for (end = first + 1;
             end < f->n_applications && by_identity(&sorted[first], &sorted[end]) == 0; end++)
            differ = differ || !json_equal(json_object_get(sorted[first]->app->object, "spec"),
                                           json_object_get(sorted[end]->app->object, "spec"));
        for (size_t i = first; differ && i < end; i++)
            sorted[i]->known.other = sorted[i == first ? first + 1 : first]->known.manifest;
    }
}

/* A definition beside a kustomization is certain when something known renders it as it is written.
 */
static void find_kustomized(struct facts *f)
{
    for (size_t i = 0; i < f->n_applications; i++) {
        struct known_application *known = &f->applications[i].known;

        known->is_kustomized = repository_is_kustomized(known->repository, known->manifest);
        for (size_t k = 0; known->is_kustomized && k < f->n_applications; k++) {
            const struct rendered *found = NULL;
            const struct source_output *by;
            const char *why;

            if (output_has(f->applications[k].output, &known->app->id, &found, &by, &why) ==
                    TRI_YES &&
                found->manifest == known->manifest)
                known->is_kustomized = false;
        }
    }
}

struct facts *facts_load(const struct facts_options *options, int64_t now)
{
    struct facts *f = xcalloc(1, sizeof *f);

    atomic_init(&f->references, 1);
    f->settings = options->settings;
    f->starting = options->without_repositories;
    f->repositories = xcalloc(f->settings->n_repositories, sizeof *f->repositories);
    for (size_t i = 0; i < f->settings->n_repositories && !f->starting; i++)
        load_repository(f, options->former, i, now);
    find_applications(f);
    find_differing_definitions(f);
    find_kustomized(f);
    facts_find_tracking(f, options->assume_label_tracking);
    return f;
}

struct facts *facts_ref(struct facts *f)
{
    (void)atomic_fetch_add_explicit(&f->references, 1, memory_order_relaxed);
    return f;
}

static void destroy(struct facts *f)
{
    for (size_t i = 0; i < f->n_applications; i++) {
        output_free(f->applications[i].output);
        application_free(f->applications[i].app);
    }
    free(f->applications);
    for (size_t i = 0; i < f->settings->n_repositories; i++)
        unshare(f->repositories[i].shared);
    free(f->repositories);
    for (size_t i = 0; i < f->n_notes; i++) {
        free(f->notes[i].where);
        free(f->notes[i].text);
    }
    free(f->notes);
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

bool facts_changed(const struct facts *f, int64_t now)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository_fact *fact = &f->repositories[i];

        if (fact->shared && !fact->kept) {
            if (repository_changed(fact->shared->repository))
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

const struct settings *facts_settings(const struct facts *f)
{
    return f->settings;
}

size_t facts_n_repositories(const struct facts *f)
{
    return f->settings->n_repositories;
}

const struct repository *facts_repository(const struct facts *f, size_t index)
{
    const struct shared_repository *shared = f->repositories[index].shared;

    return shared ? shared->repository : NULL;
}

int64_t facts_repository_seen_at(const struct facts *f, size_t index)
{
    return f->repositories[index].seen_at;
}

size_t facts_n_notes(const struct facts *f)
{
    return f->n_notes;
}

const struct facts_note *facts_note_at(const struct facts *f, size_t index)
{
    return &f->notes[index];
}

const struct tracking_facts *facts_tracking(const struct facts *f)
{
    return &f->tracking;
}

size_t facts_n_applications(const struct facts *f)
{
    return f->n_applications;
}

const struct known_application *facts_application(const struct facts *f, size_t index)
{
    return &f->applications[index].known;
}
