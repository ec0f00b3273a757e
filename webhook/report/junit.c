#include "report/junit.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* What XML 1.0 cannot carry, not even as a reference, and what a reader would take for layout. */
static bool is_forbidden(uint32_t code)
{
    return code < 0x20 || code == 0xFFFE || code == 0xFFFF;
}

/* Content or an attribute between double quotes, of one line. */
static void add_xml(struct buf *out, struct str text)
{
    while (text.n) {
        uint32_t code = 0;
        size_t n = utf8_decode(text, &code);

        if (n == 0) {
            buf_printf(out, "\\u{%x}", (unsigned)(unsigned char)text.p[0]);
            n = 1;
        } else if (is_forbidden(code)) {
            buf_printf(out, "\\u{%x}", (unsigned)code);
        } else if (code == '&') {
            buf_adds(out, "&amp;");
        } else if (code == '<') {
            buf_adds(out, "&lt;");
        } else if (code == '>') {
            buf_adds(out, "&gt;");
        } else if (code == '"') {
            buf_adds(out, "&quot;");
        } else {
            buf_add(out, str_sub(text, 0, n));
        }
        text = str_sub(text, n, text.n);
    }
}

static void add_attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    add_xml(out, str_from(value));
    buf_addc(out, '"');
}

/* A path, which is not escaped yet. */
static void add_place(struct buf *out, const char *file, unsigned line)
{
    AUTO(buf_clearp) struct buf place = {.max = out->max};

    check_place_write(&place, file, line);
    add_xml(out, buf_str(&place));
}

/* One object as it was judged, or with a finding one of its findings; under its case's name. */
struct row {
    char *name;
    const struct checked_object *object;
    const struct checked_finding *finding; /* NULL for the object itself */
    size_t order;
};

struct rows {
    struct row *items;
    size_t n;
};

struct counts {
    size_t tests;
    size_t failures;
    size_t skipped;
};

static int by_case(const struct row *a, const struct row *b)
{
    int order = strcmp(a->object->kind, b->object->kind);

    return order ? order : strcmp(a->name, b->name);
}

/* Within a case the object itself first, the one that was added first before others. */
static int by_row(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    int order = by_case(a, b);

    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static char *case_name(const struct checked_object *o)
{
    return xasprintf("%s%s%s", o->namespace, o->namespace[0] ? "/" : "", o->name);
}

static struct rows sorted_rows(const struct check_view *v)
{
    struct rows rows = {.n = v->n_objects + v->n_findings};

    rows.items = xcalloc(rows.n, sizeof *rows.items);
    for (size_t i = 0; i < rows.n; i++) {
        const struct checked_finding *finding =
            i < v->n_objects ? NULL : v->findings[i - v->n_objects];
        const struct checked_object *object = finding ? finding->object : v->objects[i];

        rows.items[i] = (struct row){case_name(object), object, finding, i};
    }
    qsort(rows.items, rows.n, sizeof *rows.items, by_row);
    return rows;
}

static void rows_clear(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->items[i].name);
    free(rows->items);
}

/* The rows of the case that starts at `first`. */
static struct rows case_at(const struct rows *rows, size_t first)
{
    struct rows c = {.items = &rows->items[first], .n = 1};

    while (first + c.n < rows->n && by_case(c.items, &c.items[c.n]) == 0)
        c.n++;
    return c;
}

enum outcome { PASSED, SKIPPED, FAILED };

static enum outcome outcome_of(const struct row *row)
{
    if (!row->finding)
        return PASSED;
    if (row->finding->finding.denies)
        return FAILED;
    return row->finding->finding.verdict == FINDING_UNDECIDED ? SKIPPED : PASSED;
}

/* The first row with the worst outcome, which is the case's. */
static const struct row *deciding_row(const struct rows *c)
{
    const struct row *worst = &c->items[0];

    for (size_t i = 1; i < c->n; i++)
        if (outcome_of(&c->items[i]) > outcome_of(worst))
            worst = &c->items[i];
    return worst;
}

static struct counts count_cases(const struct rows *rows)
{
    struct counts counts = {0};

    for (size_t i = 0; i < rows->n;) {
        struct rows c = case_at(rows, i);
        enum outcome outcome = outcome_of(deciding_row(&c));

        counts.tests++;
        counts.failures += outcome == FAILED;
        counts.skipped += outcome == SKIPPED;
        i += c.n;
    }
    return counts;
}

static void write_counts(struct buf *out, const struct counts *counts)
{
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\">\n",
               counts->tests, counts->failures, counts->skipped);
}

static void write_finding(struct buf *out, const struct checked_finding *c)
{
    const struct finding *f = &c->finding;

    add_place(out, c->object->file, c->object->line);
    buf_printf(out, "%s [%s] ", f->denies ? "deny" : finding_verdict_name(f->verdict), c->rule);
    add_xml(out, str_from(f->message));
    buf_addc(out, '\n');
    for (size_t i = 0; i < f->n_evidence; i++) {
        buf_adds(out, "    ");
        add_xml(out, str_from(f->evidence[i].saw));
        if (f->evidence[i].source[0]) {
            buf_adds(out, " (");
            add_xml(out, str_from(f->evidence[i].source));
            buf_addc(out, ')');
        }
        buf_addc(out, '\n');
    }
}

/* The element that says why a case did not pass, with every finding of that sort: GitLab reads one
 * element. */
static void write_outcome(struct buf *out, const struct rows *c, const struct row *deciding)
{
    enum outcome outcome = outcome_of(deciding);
    const char *element = outcome == FAILED ? "failure" : "skipped";

    buf_printf(out, "      <%s", element);
    if (outcome == FAILED)
        add_attribute(out, "type", deciding->finding->rule);
    add_attribute(out, "message", deciding->finding->finding.message);
    buf_addc(out, '>');
    for (size_t i = 0; i < c->n; i++)
        if (outcome_of(&c->items[i]) == outcome)
            write_finding(out, c->items[i].finding);
    buf_printf(out, "</%s>\n", element);
}

/* Findings that did not decide the outcome. */
static void write_others(struct buf *out, const struct rows *c, enum outcome outcome)
{
    bool is_open = false;

    for (size_t i = 0; i < c->n; i++) {
        const struct row *row = &c->items[i];

        if (!row->finding || (outcome != PASSED && outcome_of(row) == outcome))
            continue;
        if (!is_open)
            buf_adds(out, "      <system-out>");
        is_open = true;
        write_finding(out, row->finding);
    }
    if (is_open)
        buf_adds(out, "</system-out>\n");
}

static void write_case(struct buf *out, const struct rows *c)
{
    const struct row *deciding = deciding_row(c);
    const struct checked_object *object = deciding->object;
    AUTO(buf_clearp) struct buf file = {.max = out->max};

    buf_adds(out, "    <testcase classname=\"syncguard.");
    add_xml(out, str_from(object->kind));
    buf_addc(out, '"');
    add_attribute(out, "name", deciding->name);
    text_escape(&file, str_from(object->file), 0);
    if (file.n)
        add_attribute(out, "file", buf_str(&file).p);
    buf_adds(out, " time=\"0\">\n");
    if (outcome_of(deciding) != PASSED)
        write_outcome(out, c, deciding);
    write_others(out, c, outcome_of(deciding));
    buf_adds(out, "    </testcase>\n");
}

static void write_notes(struct buf *out, const struct check_view *v)
{
    if (!v->n_notes)
        return;
    buf_adds(out, "    <system-out>");
    for (size_t i = 0; i < v->n_notes; i++) {
        add_place(out, v->notes[i]->file, v->notes[i]->line);
        if (v->notes[i]->is_advice)
            buf_printf(out, "note [%s] ", advice_name(v->notes[i]->id));
        else
            buf_adds(out, "note: ");
        add_xml(out, str_from(v->notes[i]->text));
        buf_addc(out, '\n');
    }
    buf_adds(out, "</system-out>\n");
}

void junit_write(const struct check_report *report, struct buf *out)
{
    AUTO(check_view_freep) struct check_view *v = check_view_new(report);
    AUTO(rows_clear) struct rows rows = sorted_rows(v);
    struct counts counts = count_cases(&rows);

    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"syncguard\"");
    write_counts(out, &counts);
    buf_adds(out, "  <testsuite name=\"syncguard check\"");
    write_counts(out, &counts);
    check_sources_junit(check_report_sources(report), out);
    for (size_t i = 0; i < rows.n;) {
        struct rows c = case_at(&rows, i);

        write_case(out, &c);
        i += c.n;
    }
    write_notes(out, v);
    buf_adds(out, "  </testsuite>\n</testsuites>\n");
}
