#include "report/audit.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/json_out.h"
#include "report/log_lines.h"
#include <stdlib.h>
#include <string.h>

static const char *const outcome_names[N_LOG_OUTCOMES] = {"denied", "warned", "undecided",
                                                          "exempted"};

enum {
    FIELDS_MAX = 5,
    KEY_MAX = FIELDS_MAX * 1024, /* a field is cut at 200 bytes of output */
};

/* What requests are counted by. A dry run always has a row of its own. */
struct table_kind {
    const char *key;     /* in JSON */
    const char *heading; /* in text */
    size_t n_fields;
    const char *fields[FIELDS_MAX];
};

enum table_id { BY_NOTHING, BY_RULE, BY_OBJECT, BY_USER, DENIALS, N_TABLES };
static const struct table_kind kinds[N_TABLES] = {
    [BY_NOTHING] = {"requests", NULL, 0, {NULL}},
    [BY_RULE] = {"rules", "by rule", 1, {"rule"}},
    [BY_OBJECT] = {"objects", "by object", 3, {"kind", "namespace", "name"}},
    [BY_USER] = {"users", "by user", 1, {"user"}},
    [DENIALS] = {"denials", "denials", 5, {"kind", "namespace", "name", "rule", "user"}},
};

struct row {
    char *fields[FIELDS_MAX];
    bool dry_run;
    uint64_t n[N_LOG_OUTCOMES]; /* requests with such a finding */
    int64_t first;
    int64_t last;
    char *uid; /* of the last request; denials only */
    char *message;
    /* Several findings of one request count once: which outcomes were counted for which one. */
    uint64_t request;
    unsigned seen;
};

struct table {
    struct row *rows;
    size_t n;
    size_t capacity;
    json_t *index;   /* from a row's fields to its place */
    uint64_t n_more; /* findings that found no room */
};

struct audit {
    int64_t since;
    struct log_lines *lines;
    uint64_t n_requests;
    struct table tables[N_TABLES];
};

static void count_decision(void *closure, const struct log_decision *d);

struct audit *audit_new(int64_t since)
{
    struct audit *a = xcalloc(1, sizeof *a);

    a->since = since;
    a->lines = log_lines_new(since, count_decision, a);
    for (size_t i = 0; i < N_TABLES; i++)
        a->tables[i].index = xneed(json_object());
    return a;
}

static void clear_row(struct row *row)
{
    for (size_t i = 0; i < FIELDS_MAX; i++)
        free(row->fields[i]);
    free(row->uid);
    free(row->message);
}

void audit_free(struct audit *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < N_TABLES; i++) {
        for (size_t k = 0; k < a->tables[i].n; k++)
            clear_row(&a->tables[i].rows[k]);
        free(a->tables[i].rows);
        json_decref(a->tables[i].index);
    }
    log_lines_free(a->lines);
    free(a);
}

void audit_freep(struct audit **a)
{
    audit_free(*a);
}

enum { FIELD_KIND, FIELD_NAMESPACE, FIELD_NAME, FIELD_RULE, FIELD_USER };

static struct row *add_row(struct table *t, const struct table_kind *kind, char *const *fields,
                           bool dry_run, const char *key)
{
    struct row *row;

    if (t->n == AUDIT_ROWS_MAX)
        return NULL;
    t->rows = xgrow(t->rows, t->n, &t->capacity, sizeof *t->rows);
    row = &t->rows[t->n];
    *row = (struct row){.dry_run = dry_run, .first = INT64_MAX, .last = INT64_MIN};
    for (size_t i = 0; i < kind->n_fields; i++)
        row->fields[i] = xstrdup(fields[i]);
    if (json_object_set_new_nocheck(t->index, key, xneed(json_integer((json_int_t)t->n))) != 0)
        give_up("out of memory (JSON tree)");
    t->n++;
    return row;
}

/* NULL when the table is full. fields: escaped, so that no field holds a line feed. */
static struct row *find_row(struct table *t, const struct table_kind *kind, char *const *fields,
                            bool dry_run)
{
    AUTO(buf_clearp) struct buf key = {.max = KEY_MAX};
    const json_t *place;

    buf_adds(&key, dry_run ? "dry" : "real");
    for (size_t i = 0; i < kind->n_fields; i++)
        buf_printf(&key, "\n%s", fields[i]);
    place = json_object_get(t->index, buf_str(&key).p);
    return place ? &t->rows[json_integer_value(place)]
                 : add_row(t, kind, fields, dry_run, buf_str(&key).p);
}

static void keep_last(struct row *row, const struct log_decision *d, struct str message)
{
    if (row->message && d->time < row->last)
        return;
    free(row->uid);
    free(row->message);
    row->uid = log_shown(d->uid, TEXT_FIELD_MAX);
    row->message = log_shown(message, LOG_MESSAGE_MAX);
}

static void count(struct audit *a, enum table_id id, char *const *fields,
                  const struct log_decision *d, enum log_outcome outcome, struct str message)
{
    struct table *t = &a->tables[id];
    struct row *row = find_row(t, &kinds[id], fields, d->dry_run);

    if (!row) {
        t->n_more++;
        return;
    }
    if (row->request != a->n_requests) {
        row->request = a->n_requests;
        row->seen = 0;
    }
    row->n[outcome] += !(row->seen & (1U << outcome));
    row->seen |= 1U << outcome;
    if (id == DENIALS)
        keep_last(row, d, message);
    row->first = d->time < row->first ? d->time : row->first;
    row->last = d->time > row->last ? d->time : row->last;
}

static void count_finding(struct audit *a, const struct log_decision *d, const json_t *finding)
{
    const struct str texts[FIELDS_MAX] = {d->kind, d->namespace, d->name,
                                          json_str_at(finding, "rule"), d->user};
    struct str message = json_str_at(finding, "message");
    enum log_outcome outcome = log_outcome_of(finding);
    char *fields[FIELDS_MAX];

    for (size_t i = 0; i < FIELDS_MAX; i++)
        fields[i] = log_shown(texts[i], TEXT_FIELD_MAX + sizeof "…" - 1);
    count(a, BY_NOTHING, fields, d, outcome, message);
    count(a, BY_RULE, &fields[FIELD_RULE], d, outcome, message);
    count(a, BY_OBJECT, &fields[FIELD_KIND], d, outcome, message);
    count(a, BY_USER, &fields[FIELD_USER], d, outcome, message);
    if (outcome == LOG_DENIED)
        count(a, DENIALS, fields, d, outcome, message);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        free(fields[i]);
}

static void count_decision(void *closure, const struct log_decision *d)
{
    struct audit *a = closure;

    a->n_requests++;
    for (size_t i = 0; i < json_array_size(d->findings); i++)
        count_finding(a, d, json_array_get(d->findings, i));
}

struct log_lines *audit_lines(struct audit *a)
{
    return a->lines;
}

/* Most denials first, then most of the milder outcomes, then by name. */
static int by_weight(const void *left, const void *right)
{
    const struct row *a = *(const struct row *const *)left;
    const struct row *b = *(const struct row *const *)right;

    for (size_t i = 0; i < N_LOG_OUTCOMES; i++)
        if (a->n[i] != b->n[i])
            return a->n[i] > b->n[i] ? -1 : 1;
    for (size_t i = 0; i < FIELDS_MAX && a->fields[i]; i++) {
        int order = strcmp(a->fields[i], b->fields[i]);

        if (order)
            return order;
    }
    return a->dry_run - b->dry_run;
}

static const struct row **sorted_rows(const struct table *t)
{
    const struct row **rows = xcalloc(t->n, sizeof *rows);

    for (size_t i = 0; i < t->n; i++)
        rows[i] = &t->rows[i];
    qsort(rows, t->n, sizeof *rows, by_weight);
    return rows;
}

/* "Kind namespace/name". */
static void write_object(struct buf *out, char *const *fields)
{
    buf_printf(out, "%s %s%s%s", fields[FIELD_KIND], fields[FIELD_NAMESPACE],
               fields[FIELD_NAMESPACE][0] ? "/" : "",
               fields[FIELD_NAME][0] ? fields[FIELD_NAME] : "(name to be generated)");
}

static void write_label(struct buf *out, enum table_id id, const struct row *row)
{
    if (row->dry_run)
        buf_adds(out, "(dry run) ");
    if (id == BY_OBJECT || id == DENIALS)
        write_object(out, row->fields);
    else
        buf_adds(out, row->fields[0][0] ? row->fields[0] : "(nobody named)");
    if (id == DENIALS)
        buf_printf(out, " [%s] by %s\n          %s", row->fields[FIELD_RULE],
                   row->fields[FIELD_USER], row->message);
}

static void write_table(struct buf *out, const struct audit *a, enum table_id id)
{
    const struct table *t = &a->tables[id];
    AUTO(freep) const struct row **rows = sorted_rows(t);
    size_t n_outcomes = id == DENIALS ? 1 : N_LOG_OUTCOMES;
    char first[LOG_TIME_MAX];
    char last[LOG_TIME_MAX];

    if (!t->n)
        return;
    buf_printf(out, "%s\n", kinds[id].heading);
    for (size_t i = 0; i < n_outcomes; i++)
        buf_printf(out, "%11s", outcome_names[i]);
    buf_adds(out, "  first                 last\n");
    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = 0; k < n_outcomes; k++)
            buf_printf(out, "%11llu", (unsigned long long)rows[i]->n[k]);
        buf_printf(out, "  %s  %s  ", log_time_text(rows[i]->first, first),
                   log_time_text(rows[i]->last, last));
        write_label(out, id, rows[i]);
        buf_addc(out, '\n');
    }
    if (t->n_more)
        buf_printf(out, "          and %llu more findings, not kept apart: the table is full\n",
                   (unsigned long long)t->n_more);
    buf_addc(out, '\n');
}

static unsigned long long total(const struct audit *a, enum log_outcome outcome, bool dry_run)
{
    const struct table *t = &a->tables[BY_NOTHING];

    for (size_t i = 0; i < t->n; i++)
        if (t->rows[i].dry_run == dry_run)
            return t->rows[i].n[outcome];
    return 0;
}

void audit_text(const struct audit *a, struct buf *out)
{
    static const enum table_id order[] = {DENIALS, BY_RULE, BY_OBJECT, BY_USER};
    const struct log_tally *tally = log_lines_tally(a->lines);
    uint64_t n_skipped = tally->n_other + tally->n_malformed + tally->n_too_long;

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        write_table(out, a, order[i]);
    log_lines_write_notes(a->lines, out);
    for (size_t i = 0; i < N_LOG_OUTCOMES; i++) {
        unsigned long long n_dry = total(a, (enum log_outcome)i, true);
        unsigned long long n_real = total(a, (enum log_outcome)i, false);

        buf_printf(out, "%s%llu %s", i ? ", " : "", n_real + n_dry, outcome_names[i]);
        if (n_dry)
            buf_printf(out, " (%llu in dry runs)", n_dry);
    }
    buf_printf(out, " in %llu decision%s; ", (unsigned long long)tally->n_decisions,
               tally->n_decisions == 1 ? "" : "s");
    if (a->since != INT64_MIN)
        buf_printf(out, "%llu earlier, ", (unsigned long long)tally->n_earlier);
    buf_printf(out, "%llu line%s skipped\n", (unsigned long long)n_skipped,
               n_skipped == 1 ? "" : "s");
}

static void write_json_time(struct buf *out, const char *key, int64_t at)
{
    char text[LOG_TIME_MAX];

    json_out_text(out, key, str_from(log_time_text(at, text)));
}

static void write_json_table(struct buf *out, const struct audit *a, enum table_id id)
{
    const struct table *t = &a->tables[id];
    AUTO(freep) const struct row **rows = sorted_rows(t);

    json_out_open(out, kinds[id].key, '[');
    for (size_t i = 0; i < t->n; i++) {
        const struct row *row = rows[i];

        json_out_open(out, NULL, '{');
        for (size_t k = 0; k < kinds[id].n_fields; k++)
            json_out_text(out, kinds[id].fields[k], str_from(row->fields[k]));
        json_out_bool(out, "dryRun", row->dry_run);
        for (size_t k = 0; k < (id == DENIALS ? 1 : N_LOG_OUTCOMES); k++)
            json_out_number(out, outcome_names[k], row->n[k]);
        write_json_time(out, "first", row->first);
        write_json_time(out, "last", row->last);
        if (id == DENIALS) {
            json_out_text(out, "lastUid", str_from(row->uid));
            json_out_text(out, "lastMessage", str_from(row->message));
        }
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

void audit_json(const struct audit *a, struct buf *out)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "schema", STR("syncguard.audit/v1"));
    if (a->since == INT64_MIN)
        json_out_null(out, "since");
    else
        write_json_time(out, "since", a->since);
    for (size_t i = 0; i < N_TABLES; i++)
        write_json_table(out, a, (enum table_id)i);
    json_out_open(out, "more", '{');
    for (size_t i = BY_RULE; i < N_TABLES; i++)
        json_out_number(out, kinds[i].key, a->tables[i].n_more);
    json_out_close(out, '}');
    log_lines_write_json(a->lines, out);
    json_out_close(out, '}');
    buf_addc(out, '\n');
}
