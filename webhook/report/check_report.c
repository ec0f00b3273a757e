#include "report/check_report.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/json_out.h"
#include <stdlib.h>
#include <string.h>

/* Findings and notes in the order they were added. */
struct check_report {
    size_t n_applications;
    size_t n_external_secrets;
    size_t n_webhook_configurations;
    struct checked_object **objects; /* findings point to them */
    size_t n_objects;
    size_t capacity_objects;
    struct checked_finding *findings;
    size_t n_findings;
    size_t capacity_findings;
    struct checked_note *notes;
    size_t n_notes;
    size_t capacity_notes;
    struct check_sources sources;
};

struct check_report *check_report_new(void)
{
    return xcalloc(1, sizeof(struct check_report));
}

static void free_object(struct checked_object *o)
{
    free(o->kind);
    free(o->namespace);
    free(o->name);
    free(o->file);
    free(o);
}

static void clear_finding(struct finding *f)
{
    for (size_t i = 0; i < f->n_evidence; i++) {
        free(f->evidence[i].saw);
        free(f->evidence[i].source);
    }
    free(f->evidence);
    free(f->subject);
    free(f->target);
    free(f->message);
}

void check_report_free(struct check_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_objects; i++)
        free_object(r->objects[i]);
    free(r->objects);
    for (size_t i = 0; i < r->n_findings; i++)
        clear_finding(&r->findings[i].finding);
    free(r->findings);
    for (size_t i = 0; i < r->n_notes; i++) {
        free(r->notes[i].file);
        free(r->notes[i].text);
        free(r->notes[i].about);
    }
    free(r->notes);
    free(r);
}

void check_report_freep(struct check_report **r)
{
    check_report_free(*r);
}

/* Escaped; max_bytes as in text_escape(). */
static char *escaped(struct str text, size_t max_bytes)
{
    struct buf b;

    buf_init(&b, 65536); /* PATH_MAX or an err's text, each byte at most 8 once escaped */
    text_escape(&b, text, max_bytes);
    return buf_take(&b);
}

static struct finding copy_finding(const struct finding *f)
{
    struct finding copy = *f;

    copy.subject = xstrdup(f->subject);
    copy.target = xstrdup(f->target);
    copy.message = xstrdup(f->message);
    copy.evidence = xcalloc(f->n_evidence, sizeof *copy.evidence);
    for (size_t i = 0; i < f->n_evidence; i++)
        copy.evidence[i] =
            (struct evidence){xstrdup(f->evidence[i].saw), xstrdup(f->evidence[i].source)};
    return copy;
}

static void add_verdict(struct check_report *r, const char *rule, struct checked_object about,
                        const struct verdict *verdict)
{
    struct checked_object *object = xmalloc(sizeof *object);

    *object = about;
    r->objects = xgrow(r->objects, r->n_objects, &r->capacity_objects, sizeof *r->objects);
    r->objects[r->n_objects++] = object;
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct finding *f = &verdict->findings[i];

        r->findings = xgrow(r->findings, r->n_findings, &r->capacity_findings, sizeof *r->findings);
        r->findings[r->n_findings++] = (struct checked_finding){
            .object = object,
            .rule = rule ? rule : rule_id_name(f->rule),
            .finding = copy_finding(f),
        };
    }
}

static char *copied(const char *text)
{
    return xstrdup(text ? text : "");
}

void check_report_add(struct check_report *r, const struct review *review,
                      const struct verdict *verdict)
{
    r->n_applications += review->kind == REVIEW_APPLICATION;
    r->n_external_secrets += review->kind == REVIEW_EXTERNAL_SECRET;
    add_verdict(r, NULL,
                (struct checked_object){
                    .kind = escaped(review->kind_text, TEXT_FIELD_MAX),
                    .namespace = escaped(review->namespace, TEXT_FIELD_MAX),
                    .name = escaped(review->name, TEXT_FIELD_MAX),
                    .file = copied(review->file),
                    .line = review->line,
                },
                verdict);
}

void check_report_count_webhook_configuration(struct check_report *r)
{
    r->n_webhook_configurations++;
}

void check_report_add_registration(struct check_report *r, const char *rule, const char *kind,
                                   struct str name, const char *file, unsigned line,
                                   const struct verdict *verdict)
{
    add_verdict(r, rule,
                (struct checked_object){
                    .kind = xstrdup(kind),
                    .namespace = xstrdup(""),
                    .name = escaped(name, TEXT_FIELD_MAX),
                    .file = copied(file),
                    .line = line,
                },
                verdict);
}

void check_report_count_source(struct check_report *r, enum source_kind kind,
                               const struct verdict *verdict)
{
    bool undecided = false;

    for (size_t i = 0; i < verdict->n_findings; i++)
        undecided = undecided || verdict->findings[i].verdict == FINDING_UNDECIDED;
    r->sources.of[kind].decided += !undecided;
    r->sources.of[kind].undecided += undecided;
}

const struct check_sources *check_report_sources(const struct check_report *r)
{
    return &r->sources;
}

void check_report_note(struct check_report *r, const char *file, unsigned line, const char *text)
{
    r->notes = xgrow(r->notes, r->n_notes, &r->capacity_notes, sizeof *r->notes);
    r->notes[r->n_notes++] = (struct checked_note){
        .file = copied(file),
        .line = line,
        .text = escaped(str_from(text), 0),
    };
}

void check_report_advise(struct check_report *r, const struct advice *advice)
{
    struct checked_note *note;

    check_report_note(r, advice->file, advice->line, "");
    note = &r->notes[r->n_notes - 1];
    free(note->text);
    note->text = xstrdup(advice->text);
    note->is_advice = true;
    note->id = advice->id;
    note->about = xstrdup(advice->about);
}

bool check_report_denies(const struct check_report *r)
{
    for (size_t i = 0; i < r->n_findings; i++)
        if (r->findings[i].finding.denies)
            return true;
    return false;
}

static int by_number(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* Items are pointers into the report's array, so what was added first has the lower address. */
static int by_place(const void *left, const void *right)
{
    const struct checked_finding *a = *(const struct checked_finding *const *)left;
    const struct checked_finding *b = *(const struct checked_finding *const *)right;
    int order = strcmp(a->object->file, b->object->file);

    if (!order)
        order = by_number(a->object->line, b->object->line);
    if (!order)
        order = strcmp(a->rule, b->rule);
    return order ? order : (a > b) - (a < b);
}

static int by_note_place(const void *left, const void *right)
{
    const struct checked_note *a = *(const struct checked_note *const *)left;
    const struct checked_note *b = *(const struct checked_note *const *)right;
    int order = strcmp(a->file, b->file);

    if (!order)
        order = by_number(a->line, b->line);
    return order ? order : strcmp(a->text, b->text);
}

struct check_view *check_view_new(const struct check_report *r)
{
    struct check_view *v = xcalloc(1, sizeof *v);

    v->n_objects = r->n_objects;
    v->objects = xcalloc(v->n_objects, sizeof *v->objects);
    for (size_t i = 0; i < v->n_objects; i++)
        v->objects[i] = r->objects[i];
    v->n_findings = r->n_findings;
    v->findings = xcalloc(v->n_findings, sizeof *v->findings);
    for (size_t i = 0; i < v->n_findings; i++)
        v->findings[i] = &r->findings[i];
    qsort(v->findings, v->n_findings, sizeof *v->findings, by_place);
    v->n_notes = r->n_notes;
    v->notes = xcalloc(v->n_notes, sizeof *v->notes);
    for (size_t i = 0; i < v->n_notes; i++)
        v->notes[i] = &r->notes[i];
    qsort(v->notes, v->n_notes, sizeof *v->notes, by_note_place);
    return v;
}

void check_view_free(struct check_view *v)
{
    if (!v)
        return;
    free(v->objects);
    free(v->findings);
    free(v->notes);
    free(v);
}

void check_view_freep(struct check_view **v)
{
    check_view_free(*v);
}

void check_place_write(struct buf *out, const char *file, unsigned line)
{
    if (!file[0])
        return;
    /* never cut: tools open it */
    text_escape(out, str_from(file), 0);
    if (line)
        buf_printf(out, ":%u", line);
    buf_adds(out, ": ");
}

/* What a person needs to know first: whether it stops them. */
static const char *outcome(const struct finding *f)
{
    return f->denies ? "deny" : finding_verdict_name(f->verdict);
}

static void write_finding(struct buf *out, const struct checked_finding *c)
{
    const struct finding *f = &c->finding;

    check_place_write(out, c->object->file, c->object->line);
    buf_printf(out, "%s [%s] %s\n", outcome(f), c->rule, f->message);
    for (size_t i = 0; i < f->n_evidence; i++)
        buf_printf(out, "    %s%s%s%s\n", f->evidence[i].saw, f->evidence[i].source[0] ? " (" : "",
                   f->evidence[i].source, f->evidence[i].source[0] ? ")" : "");
    buf_addc(out, '\n');
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void write_summary(const struct check_report *r, struct buf *out)
{
    size_t n_denied = 0;
    size_t n[FINDING_EXEMPTED + 1] = {0};

    for (size_t i = 0; i < r->n_findings; i++) {
        const struct finding *f = &r->findings[i].finding;

        n_denied += f->denies;
        n[f->verdict] += !f->denies;
    }
    buf_printf(out, "%zu denied, %zu warning%s, %zu undecided", n_denied, n[FINDING_WARN],
               plural(n[FINDING_WARN]), n[FINDING_UNDECIDED]);
    if (n[FINDING_EXEMPTED])
        buf_printf(out, ", %zu exempted", n[FINDING_EXEMPTED]);
    buf_printf(out, " in %zu Application%s%s %zu ExternalSecret%s", r->n_applications,
               plural(r->n_applications), r->n_webhook_configurations ? "," : " and",
               r->n_external_secrets, plural(r->n_external_secrets));
    if (r->n_webhook_configurations)
        buf_printf(out, " and %zu webhook configuration%s", r->n_webhook_configurations,
                   plural(r->n_webhook_configurations));
    buf_printf(out, "; %zu note%s\n", r->n_notes, plural(r->n_notes));
}

void check_report_text(const struct check_report *r, struct buf *out)
{
    AUTO(check_view_freep) struct check_view *v = check_view_new(r);

    for (size_t i = 0; i < v->n_findings; i++)
        write_finding(out, v->findings[i]);
    for (size_t i = 0; i < v->n_notes; i++) {
        check_place_write(out, v->notes[i]->file, v->notes[i]->line);
        if (v->notes[i]->is_advice)
            buf_printf(out, "note [%s] %s\n", advice_name(v->notes[i]->id), v->notes[i]->text);
        else
            buf_printf(out, "note: %s\n", v->notes[i]->text);
    }
    check_sources_text(&r->sources, out);
    write_summary(r, out);
}

static void write_json_place(struct buf *out, const char *file, unsigned line)
{
    AUTO(freep) char *shown = escaped(str_from(file), 0);

    if (file[0])
        json_out_text(out, "file", str_from(shown));
    else
        json_out_null(out, "file");
    if (line)
        json_out_number(out, "line", line);
    else
        json_out_null(out, "line");
}

static void write_json_finding(struct buf *out, const struct checked_finding *c)
{
    const struct checked_object *o = c->object;
    const struct finding *f = &c->finding;

    json_out_open(out, NULL, '{');
    json_out_text(out, "rule", str_from(c->rule));
    json_out_text(out, "verdict", str_from(finding_verdict_name(f->verdict)));
    json_out_bool(out, "denies", f->denies);
    json_out_text(out, "kind", str_from(o->kind));
    json_out_text(out, "namespace", str_from(o->namespace));
    json_out_text(out, "name", str_from(o->name));
    write_json_place(out, o->file, o->line);
    json_out_text(out, "message", str_from(f->message));
    json_out_evidence(out, f);
    json_out_close(out, '}');
}

void check_report_json(const struct check_report *r, struct buf *out)
{
    AUTO(check_view_freep) struct check_view *v = check_view_new(r);

    json_out_open(out, NULL, '{');
    json_out_text(out, "schema", STR("syncguard.check/v1"));
    json_out_open(out, "judged", '{');
    json_out_number(out, "applications", r->n_applications);
    json_out_number(out, "externalSecrets", r->n_external_secrets);
    if (r->n_webhook_configurations)
        json_out_number(out, "webhookConfigurations", r->n_webhook_configurations);
    json_out_close(out, '}');
    json_out_open(out, "findings", '[');
    for (size_t i = 0; i < v->n_findings; i++)
        write_json_finding(out, v->findings[i]);
    json_out_close(out, ']');
    json_out_open(out, "notes", '[');
    for (size_t i = 0; i < v->n_notes; i++) {
        json_out_open(out, NULL, '{');
        write_json_place(out, v->notes[i]->file, v->notes[i]->line);
        if (v->notes[i]->is_advice)
            json_out_text(out, "id", str_from(advice_name(v->notes[i]->id)));
        json_out_text(out, "text", str_from(v->notes[i]->text));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    check_sources_json(&r->sources, "summary", out);
    json_out_close(out, '}');
    buf_addc(out, '\n');
}
