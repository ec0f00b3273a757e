#include "report/check_report.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/json_out.h"
#include <stdlib.h>
#include <string.h>

/* One finding with a copy of what it is about; texts are escaped already. */
struct entry {
    struct finding finding;
    const char *rule;
    char *kind;
    char *namespace;
    char *name;
    char *file; /* "" when not known */
    unsigned line;
    size_t order; /* as it was added */
};

struct note {
    char *file; /* "" when not known */
    unsigned line;
    char *text;
};

struct check_report {
    size_t n_applications;
    size_t n_external_secrets;
    size_t n_webhook_configurations;
    struct entry *entries;
    size_t n_entries;
    size_t capacity_entries;
    struct note *notes;
    size_t n_notes;
    size_t capacity_notes;
};

struct check_report *check_report_new(void)
{
    return xcalloc(1, sizeof(struct check_report));
}

static void clear_entry(struct entry *e)
{
    for (size_t i = 0; i < e->finding.n_evidence; i++) {
        free(e->finding.evidence[i].saw);
        free(e->finding.evidence[i].source);
    }
    free(e->finding.evidence);
    free(e->finding.subject);
    free(e->finding.target);
    free(e->finding.message);
    free(e->kind);
    free(e->namespace);
    free(e->name);
    free(e->file);
}

void check_report_free(struct check_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_entries; i++)
        clear_entry(&r->entries[i]);
    free(r->entries);
    for (size_t i = 0; i < r->n_notes; i++) {
        free(r->notes[i].file);
        free(r->notes[i].text);
    }
    free(r->notes);
    free(r);
}

void check_report_freep(struct check_report **r)
{
    check_report_free(*r);
}

/* Escaped; max_bytes as in text_escape(). A path is never cut: tools open it. */
static char *escaped(struct str text, size_t max_bytes)
{
    struct buf b;

    buf_init(&b, 65536); /* PATH_MAX, each byte at most 8 once escaped */
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

static void add_entry(struct check_report *r, const char *rule, const struct finding *f,
                      const struct entry *about)
{
    struct entry *e;

    r->entries = xgrow(r->entries, r->n_entries, &r->capacity_entries, sizeof *r->entries);
    e = &r->entries[r->n_entries];
    *e = *about;
    e->finding = copy_finding(f);
    e->rule = rule;
    e->order = r->n_entries++;
}

void check_report_add(struct check_report *r, const struct review *review,
                      const struct verdict *verdict)
{
    r->n_applications += review->kind == REVIEW_APPLICATION;
    r->n_external_secrets += review->kind == REVIEW_EXTERNAL_SECRET;
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct entry about = {
            .kind = escaped(review->kind_text, TEXT_FIELD_MAX),
            .namespace = escaped(review->namespace, TEXT_FIELD_MAX),
            .name = escaped(review->name, TEXT_FIELD_MAX),
            .file = escaped(str_from(review->file), 0),
            .line = review->line,
        };

        add_entry(r, rule_id_name(verdict->findings[i].rule), &verdict->findings[i], &about);
    }
}

void check_report_count_webhook_configuration(struct check_report *r)
{
    r->n_webhook_configurations++;
}

void check_report_add_registration(struct check_report *r, const char *rule, const char *kind,
                                   struct str name, const char *file, unsigned line,
                                   const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct entry about = {
            .kind = xstrdup(kind),
            .namespace = xstrdup(""),
            .name = escaped(name, TEXT_FIELD_MAX),
            .file = escaped(str_from(file), 0),
            .line = line,
        };

        add_entry(r, rule, &verdict->findings[i], &about);
    }
}

void check_report_note(struct check_report *r, const char *file, unsigned line, const char *text)
{
    r->notes = xgrow(r->notes, r->n_notes, &r->capacity_notes, sizeof *r->notes);
    r->notes[r->n_notes++] = (struct note){
        .file = escaped(str_from(file), 0),
        .line = line,
        .text = escaped(str_from(text), 0),
    };
}

bool check_report_denies(const struct check_report *r)
{
    for (size_t i = 0; i < r->n_entries; i++)
        if (r->entries[i].finding.denies)
            return true;
    return false;
}

static int by_number(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = strcmp(a->file, b->file);

    if (!order)
        order = by_number(a->line, b->line);
    if (!order)
        order = strcmp(a->rule, b->rule);
    return order ? order : by_number(a->order, b->order);
}

/* The same run prints the same report, in whatever order objects were judged: file, line, rule.
 * The caller frees the array, whose items borrow from the report. */
static struct entry *sorted_entries(const struct check_report *r)
{
    struct entry *sorted = xcalloc(r->n_entries, sizeof *sorted);

    if (r->n_entries)
        memcpy(sorted, r->entries, r->n_entries * sizeof *sorted);
    qsort(sorted, r->n_entries, sizeof *sorted, by_place);
    return sorted;
}

static int by_note_place(const void *left, const void *right)
{
    const struct note *a = left;
    const struct note *b = right;
    int order = strcmp(a->file, b->file);

    if (!order)
        order = by_number(a->line, b->line);
    return order ? order : strcmp(a->text, b->text);
}

static struct note *sorted_notes(const struct check_report *r)
{
    struct note *sorted = xcalloc(r->n_notes, sizeof *sorted);

    if (r->n_notes)
        memcpy(sorted, r->notes, r->n_notes * sizeof *sorted);
    qsort(sorted, r->n_notes, sizeof *sorted, by_note_place);
    return sorted;
}

/* "file:line: ", "file: " or nothing. */
static void write_place(struct buf *out, const char *file, unsigned line)
{
    if (!file[0])
        return;
    buf_adds(out, file);
    if (line)
        buf_printf(out, ":%u", line);
    buf_adds(out, ": ");
}

/* What a person needs to know first: whether it stops them. */
static const char *outcome(const struct finding *f)
{
    return f->denies ? "deny" : finding_verdict_name(f->verdict);
}

static void write_finding(struct buf *out, const struct entry *e)
{
    const struct finding *f = &e->finding;

    write_place(out, e->file, e->line);
    buf_printf(out, "%s [%s] %s\n", outcome(f), e->rule, f->message);
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

    for (size_t i = 0; i < r->n_entries; i++) {
        n_denied += r->entries[i].finding.denies;
        n[r->entries[i].finding.verdict] += !r->entries[i].finding.denies;
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
    AUTO(freep) struct entry *entries = sorted_entries(r);
    AUTO(freep) struct note *notes = sorted_notes(r);

    for (size_t i = 0; i < r->n_entries; i++)
        write_finding(out, &entries[i]);
    for (size_t i = 0; i < r->n_notes; i++) {
        write_place(out, notes[i].file, notes[i].line);
        buf_printf(out, "note: %s\n", notes[i].text);
    }
    write_summary(r, out);
}

static void write_json_place(struct buf *out, const char *file, unsigned line)
{
    if (file[0])
        json_out_text(out, "file", str_from(file));
    else
        json_out_null(out, "file");
    if (line)
        json_out_number(out, "line", line);
    else
        json_out_null(out, "line");
}

static void write_json_finding(struct buf *out, const struct entry *e)
{
    const struct finding *f = &e->finding;

    json_out_open(out, NULL, '{');
    json_out_text(out, "rule", str_from(e->rule));
    json_out_text(out, "verdict", str_from(finding_verdict_name(f->verdict)));
    json_out_bool(out, "denies", f->denies);
    json_out_text(out, "kind", str_from(e->kind));
    json_out_text(out, "namespace", str_from(e->namespace));
    json_out_text(out, "name", str_from(e->name));
    write_json_place(out, e->file, e->line);
    json_out_text(out, "message", str_from(f->message));
    json_out_evidence(out, f);
    json_out_close(out, '}');
}

void check_report_json(const struct check_report *r, struct buf *out)
{
    AUTO(freep) struct entry *entries = sorted_entries(r);
    AUTO(freep) struct note *notes = sorted_notes(r);

    json_out_open(out, NULL, '{');
    json_out_text(out, "schema", STR("syncguard.check/v1"));
    json_out_open(out, "judged", '{');
    json_out_number(out, "applications", r->n_applications);
    json_out_number(out, "externalSecrets", r->n_external_secrets);
    if (r->n_webhook_configurations)
        json_out_number(out, "webhookConfigurations", r->n_webhook_configurations);
    json_out_close(out, '}');
    json_out_open(out, "findings", '[');
    for (size_t i = 0; i < r->n_entries; i++)
        write_json_finding(out, &entries[i]);
    json_out_close(out, ']');
    json_out_open(out, "notes", '[');
    for (size_t i = 0; i < r->n_notes; i++) {
        json_out_open(out, NULL, '{');
        write_json_place(out, notes[i].file, notes[i].line);
        json_out_text(out, "text", str_from(notes[i].text));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_close(out, '}');
    buf_addc(out, '\n');
}
