#include "advice/advice.h"
#include "base/json.h"
#include "base/mem.h"
#include "certs/certs.h"
#include "commands/check_registration.h"
#include "commands/console.h"
#include "commands/setup.h"
#include "config/nearest.h"
#include "report/check_report.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "rules/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A report of a hundred thousand findings; past it something else is wrong. */
#define REPORT_MAX ((size_t)256 * 1024 * 1024)

static const struct option_row check_options[] = {
    SETUP_OPTIONS,
    {"--webhook-configuration", "FILE", OPTION_LIST,
     "judge the ValidatingWebhookConfigurations in FILE (YAML or JSON; - is standard input) as "
     "registrations of syncguard; alone, no repository is judged"},
    {"--serving-certificate", "FILE", OPTION_VALUE,
     "with --webhook-configuration: the certificate (PEM) that the webhook serves; its CA and its "
     "names must be those of the registration"},
    {"--format", "text|json|sarif|junit", OPTION_VALUE, "how the report is written (text)"},
};

/* What a manifest becomes: the identity under which some Application renders it. */
struct placed {
    const struct manifest *manifest;
    struct str namespace;
    struct str name;
    bool changed;   /* by a patch: what is judged is what it was */
    json_t *object; /* of what was changed, where all of it is known: that is judged */
};

struct placements {
    struct placed *items;
    size_t n;
    size_t capacity;
};

static bool is_judged(const struct identity *id)
{
    return identity_is_kind(id, GROUP_ARGOPROJ, "Application") ||
           identity_is_kind(id, GROUP_EXTERNAL_SECRETS, "ExternalSecret");
}

static void place_output(struct placements *p, const struct output *output)
{
    for (size_t i = 0; i < output->n; i++) {
        const struct rendering *rendering = output->sources[i].rendering;

        for (size_t k = 0; rendering && k < rendering->n_objects; k++) {
            const struct rendered *object = &rendering->objects[k];

            /* without a namespace at all Argo CD cannot apply it */
            if (!object->manifest || !object->id.namespace.n || !is_judged(&object->manifest->id))
                continue;
            p->items = xgrow(p->items, p->n, &p->capacity, sizeof *p->items);
            p->items[p->n++] =
                (struct placed){object->manifest, object->id.namespace, object->id.name,
                                object->changed && !object->object, object->object};
        }
    }
}

static int by_place(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    int order;

    if (a->manifest != b->manifest)
        return a->manifest < b->manifest ? -1 : 1;
    order = str_cmp(a->namespace, b->namespace);
    return order ? order : str_cmp(a->name, b->name);
}

/* As it is written first, what is not known last. */
static int by_place_and_change(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    int order = by_place(a, b);

    if (!order)
        order = a->changed - b->changed;
    return order ? order : (a->object != NULL) - (b->object != NULL);
}

/* Whether one of those before says the same, or all that is known. kept: their number. */
static bool is_said(const struct placements *p, size_t kept, const struct placed *placed)
{
    for (size_t i = kept; i-- && by_place(&p->items[i], placed) == 0;)
        if (placed->changed || (!placed->object && !p->items[i].object) ||
            (placed->object && p->items[i].object &&
             json_equal(placed->object, p->items[i].object)))
            return true;
    return false;
}

/* Sorted, each manifest and identity once: one that ten Applications render is judged once. */
static struct placements place_all(const struct facts *f)
{
    struct placements p = {0};
    size_t kept = 0;

    for (size_t i = 0; i < facts_n_applications(f); i++)
        place_output(&p, facts_application(f, i)->output);
    if (p.n)
        qsort(p.items, p.n, sizeof *p.items, by_place_and_change);
    for (size_t i = 0; i < p.n; i++)
        if (!is_said(&p, kept, &p.items[i]))
            p.items[kept++] = p.items[i];
    p.n = kept;
    return p;
}

/* The first place of a manifest: p->n or another manifest's where it has none. */
static size_t find_place(const struct placements *p, const struct manifest *m)
{
    size_t low = 0;
    size_t high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->items[middle].manifest < m)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The namespace of what no known Application renders: as written, else Argo CD's own. */
static struct str written_namespace(const struct facts *f, const struct manifest *m,
                                    struct check_report *report)
{
    bool is_application = identity_is_kind(&m->id, GROUP_ARGOPROJ, "Application");

    if (m->id.namespace.n)
        return m->id.namespace;
    check_report_note(report, m->file, m->line,
                      is_application
                          ? "the Application names no namespace and no known Application renders "
                            "it: judged in Argo CD's own"
                          : "the ExternalSecret names no namespace and no known Application "
                            "renders it: judged without one");
    return is_application ? str_from(facts_settings(f)->argocd.namespace) : STR("");
}

/* The manifest's object with the name that kustomize gave it; the caller's reference. */
static json_t *renamed(const struct manifest *m, struct str name)
{
    json_t *object;
    json_t *metadata;

    if (str_eq(m->id.name, name))
        return json_incref(m->object);
    object = json_copy(m->object);
    metadata = json_copy(json_object_at(m->object, "metadata"));
    (void)json_object_set_new(metadata, "name", json_stringn_nocheck(name.p, name.n));
    (void)json_object_set_new(object, "metadata", metadata);
    return object;
}

/* What one run over the repositories needs. */
struct run {
    const struct facts *facts;
    int64_t now;
    struct check_report *report;
    struct placements placements;
    const struct known_application **by_manifest; /* those that stand in files, sorted */
    size_t n_by_manifest;
};

static int by_definition(const void *left, const void *right)
{
    const struct known_application *a = *(const struct known_application *const *)left;
    const struct known_application *b = *(const struct known_application *const *)right;

    return (a->manifest > b->manifest) - (a->manifest < b->manifest);
}

static void sort_definitions(struct run *r)
{
    size_t n = facts_n_applications(r->facts);

    r->by_manifest = xcalloc(n, sizeof(struct known_application *));
    for (size_t i = 0; i < n; i++)
        if (facts_application(r->facts, i)->manifest)
            r->by_manifest[r->n_by_manifest++] = facts_application(r->facts, i);
    if (r->n_by_manifest)
        qsort(r->by_manifest, r->n_by_manifest, sizeof(struct known_application *), by_definition);
}

/* An Application that is not this Argo CD's, or that cannot be read, has no source to count. */
static void count_source(const struct run *r, const struct placed *placed,
                         const struct verdict *verdict)
{
    struct known_application wanted = {.manifest = placed->manifest};
    const struct known_application *key = &wanted;
    const struct known_application **found = NULL;
    struct identity id = placed->manifest->id;

    if (r->n_by_manifest)
        found = bsearch(&key, r->by_manifest, r->n_by_manifest, sizeof(struct known_application *),
                        by_definition);
    if (!found)
        return;
    id.namespace = placed->namespace;
    id.name = placed->name;
    check_report_count_source(r->report, source_kind_of(*found, &id), verdict);
}

/* A patch may have mended what the manifest shows, so that nothing is denied for it. */
static void soften(struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_findings; i++) {
        struct finding *f = &verdict->findings[i];
        char *message;

        if (f->verdict != FINDING_DENY && !f->denies)
            continue;
        message = xasprintf("A kustomization's patch changes it, and what it becomes is not known. "
                            "As it is written: %s",
                            f->message);
        free(f->message);
        f->message = message;
        f->verdict = FINDING_UNDECIDED;
        f->denies = false;
    }
    verdict->allowed = true;
}

static void judge_one(const struct run *r, const struct placed *placed)
{
    const struct manifest *m = placed->manifest;
    AUTO(json_unrefp)
    json_t *object = placed->object ? json_incref(placed->object) : renamed(m, placed->name);
    AUTO(review_freep) struct review *review = NULL;
    AUTO(verdict_freep) struct verdict *verdict = NULL;
    struct err err = {0};

    if (!review_from_manifest(object, placed->namespace, m->file, m->line, &review, &err)) {
        check_report_note(r->report, m->file, m->line, err.what);
        return;
    }
    verdict = judge(review, r->facts, r->now);
    if (placed->changed) {
        soften(verdict);
        if (review->kind == REVIEW_APPLICATION)
            check_report_note(r->report, m->file, m->line,
                              "a kustomization changes the Application, and what it becomes is "
                              "not known: it is judged as it is written");
    }
    check_report_add(r->report, review, verdict);
    if (review->kind == REVIEW_APPLICATION)
        count_source(r, placed, verdict);
}

/* Under each identity it is rendered with, for that is what will exist; else as it is written, but
 * for what is a patch and no object. */
static void judge_manifest(const struct run *r, const struct repository *from,
                           const struct manifest *m)
{
    const struct placements *places = &r->placements;
    size_t first = find_place(places, m);
    size_t i = first;

    for (; i < places->n && places->items[i].manifest == m; i++)
        judge_one(r, &places->items[i]);
    if (i == first && !repository_is_patch(from, m)) {
        struct placed as_written = {.manifest = m,
                                    .namespace = written_namespace(r->facts, m, r->report),
                                    .name = m->id.name};

        judge_one(r, &as_written);
    }
}

/* Whether it exists may hang on what is not known, so that facts do not know it as an Application.
 */
static void count_made(const struct run *r, const struct made_application *made,
                       const struct verdict *verdict)
{
    AUTO(output_freep) struct output *output = facts_render(r->facts, made->app);
    const struct known_application known = {.app = made->app, .output = output};

    check_report_count_source(r->report, source_kind_of(&known, &made->app->id), verdict);
}

/* The Applications that ApplicationSets make; each stands where its set does. */
static void judge_made(const struct run *r)
{
    for (size_t i = 0; i < facts_n_made(r->facts); i++) {
        const struct made_application *made = facts_made(r->facts, i);
        const struct manifest *m = made->set->manifest;
        AUTO(review_freep) struct review *review = NULL;
        AUTO(verdict_freep) struct verdict *verdict = NULL;
        struct err err = {0};

        if (!m || !review_from_manifest(made->app->object, made->app->id.namespace, m->file,
                                        m->line, &review, &err))
            continue;
        verdict = judge(review, r->facts, r->now);
        check_report_add(r->report, review, verdict);
        count_made(r, made, verdict);
    }
}

static void add_notes(const struct facts *f, struct check_report *report)
{
    const struct tracking_facts *tracking = facts_tracking(f);

    for (size_t i = 0; i < facts_n_repositories(f); i++) {
        const struct repository *r = facts_repository(f, i);

        for (size_t k = 0; k < repository_n_notes(r); k++) {
            const struct repository_note *note = repository_note_at(r, k);

            check_report_note(report, note->file, note->line, note->text);
        }
    }
    for (size_t i = 0; i < facts_n_notes(f); i++)
        check_report_note(report, facts_note_at(f, i)->where, 0, facts_note_at(f, i)->text);
    if (tracking->assumed) {
        AUTO(freep)
        char *text =
            xasprintf("tracking by label is assumed: %s", tracking->why ? tracking->why : "");

        check_report_note(report, NULL, 0, text);
    }
}

static void add_advice(const struct facts *f, struct check_report *report)
{
    struct advice_list list;

    advise(f, &list);
    for (size_t i = 0; i < list.n; i++)
        check_report_advise(report, &list.items[i]);
    advice_clear(&list);
}

static void judge_all(const struct facts *f, int64_t now, struct check_report *report)
{
    struct run run = {.facts = f, .now = now, .report = report, .placements = place_all(f)};

    sort_definitions(&run);
    for (size_t i = 0; i < facts_n_repositories(f); i++) {
        const struct repository *r = facts_repository(f, i);

        for (size_t k = 0; k < repository_n_manifests(r); k++) {
            const struct manifest *m = repository_manifest(r, k);

            if (is_judged(&m->id))
                judge_manifest(&run, r, m);
        }
    }
    judge_made(&run);
    free(run.by_manifest);
    free(run.placements.items);
    add_notes(f, report);
    add_advice(f, report);
}

static void write_sarif(const struct check_report *report, struct buf *out)
{
    sarif_write(report, SYNCGUARD_VERSION, out);
}

typedef void (*write_fn)(const struct check_report *report, struct buf *out);

static bool read_format(const struct options *o, write_fn *write, struct err *err)
{
    static const char *const formats[] = {"text", "json", "sarif", "junit"};
    static const write_fn writers[] = {check_report_text, check_report_json, write_sarif,
                                       junit_write};
    const char *format = options_value(o, "--format");
    const char *meant;

    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(format ? format : "text", formats[i]) == 0) {
            *write = writers[i];
            return true;
        }
    }
    err_what(err, ERR_CONFIG, "--format wants text, json, sarif or junit, found %.60s", format);
    meant = nearest_word(str_from(format), formats, ARRAY_LEN(formats));
    if (meant)
        err_remedy(err, "did you mean %s?", meant);
    return false;
}

/* The repositories to judge: those of the options, DIR, or the working directory where nothing else
 * is to be judged. */
static bool read_arguments(const struct options *o, struct settings *s, struct err *err)
{
    if (options_n_arguments(o) > 1) {
        err_what(err, ERR_CONFIG, "one directory is wanted, found %zu", options_n_arguments(o));
        err_remedy(err, "give further ones as --repository URL=DIR");
        return false;
    }
    if (options_has(o, "--serving-certificate") && !options_has(o, "--webhook-configuration")) {
        err_what(err, ERR_CONFIG, "--serving-certificate goes with --webhook-configuration");
        return false;
    }
    if (options_n_arguments(o))
        return setup_add_work_tree(o, s, options_argument(o, 0), err);
    return s->n_repositories || options_has(o, "--webhook-configuration") ||
           setup_add_work_tree(o, s, ".", err);
}

static bool judge_repositories(const struct options *o, const struct settings *settings,
                               int64_t now, struct check_report *report, struct err *err)
{
    AUTO(facts_unrefp) struct facts *facts = NULL;

    if (!settings->n_repositories)
        return true;
    if (!setup_facts(o, settings, true, now, &facts, err))
        return false;
    judge_all(facts, now, report);
    return true;
}

static bool judge_registrations(const struct options *o, const struct settings *settings,
                                int64_t now, struct check_report *report, struct err *err)
{
    static const char option[] = "--webhook-configuration";
    const char *file = options_value(o, "--serving-certificate");
    AUTO(certs_serving_freep) struct certs_serving *serving = NULL;
    struct registration_basis basis = {.settings = settings, .now = now};

    if (file && !certs_serving_load(file, &serving, err))
        return false;
    basis.serving = serving;
    for (size_t i = 0; i < options_n_values(o, option); i++)
        if (!check_registration_load(options_value_at(o, option, i), &basis, report, err))
            return false;
    return true;
}

static int run_check(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    AUTO(settings_freep) struct settings *settings = NULL;
    AUTO(check_report_freep) struct check_report *report = check_report_new();
    AUTO(buf_clearp) struct buf out = {.max = REPORT_MAX};
    struct err err = {0};
    int64_t now = time(NULL);
    write_fn write;

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(command, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    if (!read_format(o, &write, &err) || !setup_settings(o, &settings, &err) ||
        !read_arguments(o, settings, &err) || !judge_repositories(o, settings, now, report, &err) ||
        !judge_registrations(o, settings, now, report, &err))
        return console_unable(command, &err);
    write(report, &out);
    return console_print(command, &out, check_report_denies(report) ? EXIT_DENIED : EXIT_OK);
}

const struct command command_check = {
    .name = "check",
    .synopsis =
        "[--repository URL=DIR[@REVISION]]... [--exact-revisions] [--config FILE]\n"
        "                       [--webhook-configuration FILE]... [--serving-certificate FILE]\n"
        "                       [--format text|json|sarif|junit] [DIR]",
    .says = "judge every Application and ExternalSecret that repositories hold",
    .details = "Judges each as if it were applied now, with the files as they lie there, or as "
               "REVISION holds them, standing for every targetRevision. DIR is a Git work tree "
               "whose remote called origin says its "
               "URL; without DIR, repositories and webhook configurations it is the working "
               "directory. Exits 0 when "
               "nothing is denied, 1 when something is, 2 when it could not run.",
    .options = check_options,
    .n_options = ARRAY_LEN(check_options),
    .run = run_check,
};
