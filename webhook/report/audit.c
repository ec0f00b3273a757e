#include "report/audit.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/values.h"
#include "report/json_out.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum outcome { DENIED, WARNED, UNDECIDED, EXEMPTED, N_OUTCOMES };
static const char *const outcome_names[N_OUTCOMES] = {"denied", "warned", "undecided", "exempted"};

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
    uint64_t n[N_OUTCOMES]; /* requests with such a finding */
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

struct note {
    char *file;
    uint64_t line;
    const char *text; /* a literal */
};

struct audit {
    int64_t since;
    struct table tables[N_TABLES];
    struct note notes[AUDIT_NOTES_MAX];
    size_t n_notes;
    uint64_t n_decisions;
    uint64_t n_earlier;
    uint64_t n_other;
    uint64_t n_malformed; /* noted, as far as there is room */
    uint64_t n_too_long;
    const char *file;
    uint64_t line_number;
    struct buf line; /* what has come of the line so far; failed when that is too much */
};

struct audit *audit_new(int64_t since)
{
    struct audit *a = xcalloc(1, sizeof *a);

    a->since = since;
    buf_init(&a->line, AUDIT_LINE_MAX);
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
    for (size_t i = 0; i < a->n_notes; i++)
        free(a->notes[i].file);
    buf_clear(&a->line);
    free(a);
}

void audit_freep(struct audit **a)
{
    audit_free(*a);
}

/* One decision, as far as it is counted. The views point into the line's JSON. */
struct decision {
    struct str fields[FIELDS_MAX]; /* those of DENIALS; the rule changes with the finding */
    struct str uid;
    bool is_denied;
    bool dry_run;
    int64_t time;
    const json_t *findings;
};

enum { FIELD_KIND, FIELD_NAMESPACE, FIELD_NAME, FIELD_RULE, FIELD_USER };

/*
 * Fit for any output. The log's own writer has escaped it already, and escaping that again would
 * double its backslashes: so what stands between backslashes is escaped. Cut at max_bytes.
 */
static char *shown(struct str text, size_t max_bytes)
{
    struct buf b = {.max = 8 * (size_t)AUDIT_LINE_MAX}; /* each byte at most 8 once escaped */
    struct str part;

    /* Of what is cut off anyway nothing need be escaped; no byte becomes less than one. */
    text = str_sub(text, 0, max_bytes + 4);
    while (str_split(&text, '\\', &part)) {
        text_escape(&b, part, 0);
        if (text.p) /* there was one */
            buf_addc(&b, '\\');
    }
    if (b.n > max_bytes) {
        size_t n = max_bytes;

        while (n && ((unsigned char)b.p[n] & 0xC0) == 0x80)
            n--;
        b.n = n;
        buf_adds(&b, "…");
    }
    return buf_take(&b);
}

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
        abort();
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

static void keep_last(struct row *row, const struct decision *d, struct str message)
{
    if (row->message && d->time < row->last)
        return;
    free(row->uid);
    free(row->message);
    row->uid = shown(d->uid, TEXT_FIELD_MAX);
    row->message = shown(message, AUDIT_MESSAGE_MAX);
}

static void count(struct audit *a, enum table_id id, char *const *fields, const struct decision *d,
                  enum outcome outcome, struct str message)
{
    struct table *t = &a->tables[id];
    struct row *row = find_row(t, &kinds[id], fields, d->dry_run);

    if (!row) {
        t->n_more++;
        return;
    }
    if (row->request != a->n_decisions) {
        row->request = a->n_decisions;
        row->seen = 0;
    }
    row->n[outcome] += !(row->seen & (1U << outcome));
    row->seen |= 1U << outcome;
    if (id == DENIALS)
        keep_last(row, d, message);
    row->first = d->time < row->first ? d->time : row->first;
    row->last = d->time > row->last ? d->time : row->last;
}

static bool read_outcome(const json_t *finding, enum outcome *outcome)
{
    static const char *const verdicts[N_OUTCOMES] = {"deny", "warn", "undecided", "exempted"};
    struct str verdict = json_str_at(finding, "verdict");
    const json_t *denies = json_value_at(finding, "denies");

    if (!json_is_boolean(denies))
        return false;
    for (size_t i = 0; i < N_OUTCOMES; i++) {
        if (str_is(verdict, verdicts[i])) {
            /* "deny" without force is what a warning is. */
            *outcome = i == DENIED ? WARNED : (enum outcome)i;
            if (json_is_true(denies))
                *outcome = DENIED;
            return true;
        }
    }
    return false;
}

static void count_finding(struct audit *a, struct decision *d, const json_t *finding)
{
    struct str message = json_str_at(finding, "message");
    enum outcome outcome = WARNED;
    char *fields[FIELDS_MAX];

    (void)read_outcome(finding, &outcome); /* was looked at when the line was read */
    d->fields[FIELD_RULE] = json_str_at(finding, "rule");
    for (size_t i = 0; i < FIELDS_MAX; i++)
        fields[i] = shown(d->fields[i], TEXT_FIELD_MAX + sizeof "…" - 1);
    count(a, BY_NOTHING, fields, d, outcome, message);
    count(a, BY_RULE, &fields[FIELD_RULE], d, outcome, message);
    count(a, BY_OBJECT, &fields[FIELD_KIND], d, outcome, message);
    count(a, BY_USER, &fields[FIELD_USER], d, outcome, message);
    if (outcome == DENIED)
        count(a, DENIALS, fields, d, outcome, message);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        free(fields[i]);
}

/* NULL, or what is wrong with it. */
static const char *check_findings(const struct decision *d)
{
    bool denies = false;

    if (!json_is_array(d->findings))
        return "a decision without findings";
    for (size_t i = 0; i < json_array_size(d->findings); i++) {
        const json_t *finding = json_array_get(d->findings, i);
        enum outcome outcome;

        if (!json_str_at(finding, "rule").n || !json_str_at(finding, "message").p ||
            !read_outcome(finding, &outcome))
            return "a decision with a finding that cannot be read";
        denies = denies || outcome == DENIED;
    }
    return denies == d->is_denied ? NULL : "a decision that its findings do not bear out";
}

/* NULL, or what is wrong with it; a literal. */
static const char *read_decision(const json_t *line, struct decision *d)
{
    static const char *const names[FIELDS_MAX] = {"kind", "namespace", "name", NULL, "user"};
    struct str decision = json_str_at(line, "decision");
    struct str time = json_str_at(line, "time");
    const json_t *dry_run = json_value_at(line, "dryRun");

    d->is_denied = str_is(decision, "deny");
    if (!d->is_denied && !str_is(decision, "allow"))
        return "a decision that is neither allow nor deny";
    /* A day alone is no time. */
    if (time.n <= sizeof "2026-06-09" - 1 || !value_expiry(time, &d->time))
        return "a decision without a time";
    if (!json_is_boolean(dry_run))
        return "a decision that does not say whether it is a dry run";
    d->dry_run = json_is_true(dry_run);
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        d->fields[i] = names[i] ? json_str_at(line, names[i]) : STR("");
        if (!d->fields[i].p)
            return "a decision without kind, namespace, name or user";
    }
    d->uid = json_str_at(line, "uid");
    d->findings = json_object_get(line, "findings");
    return check_findings(d);
}

static void add_note(struct audit *a, const char *text)
{
    if (a->n_notes == AUDIT_NOTES_MAX)
        return;
    a->notes[a->n_notes++] = (struct note){
        .file = shown(str_from(a->file), AUDIT_MESSAGE_MAX),
        .line = a->line_number,
        .text = text,
    };
}

static void note_malformed(struct audit *a, const char *text)
{
    a->n_malformed++;
    add_note(a, text);
}

static void take_decision(struct audit *a, const json_t *line)
{
    struct decision d = {0};
    const char *problem = read_decision(line, &d);

    if (problem) {
        note_malformed(a, problem);
        return;
    }
    if (d.time < a->since) {
        a->n_earlier++;
        return;
    }
    a->n_decisions++;
    for (size_t i = 0; i < json_array_size(d.findings); i++)
        count_finding(a, &d, json_array_get(d.findings, i));
}

static json_t *parse_line(struct str line)
{
    json_t *root = NULL;
    struct err err = {0};
    struct str object = str_trim(str_sub(line, str_find_char(line, '{'), line.n));

    return object.n && json_read(object, &root, &err) ? root : NULL;
}

/* Whether a line that cannot be read was one of ours: cut short by whoever carried it. */
static bool claims_decision(struct str line)
{
    return str_contains(line, STR("\"event\":\"decision\"")) ||
           str_contains(line, STR("\\\"event\\\":\\\"decision\\\""));
}

static void take_line(struct audit *a, struct str line)
{
    AUTO(json_unrefp) json_t *root = NULL;
    struct str inner;

    a->line_number++;
    /* Most lines of other programs are passed over unparsed. */
    if (str_contains(line, STR("decision")))
        root = parse_line(line);
    inner = json_str_at(root, "log");
    if (inner.p && !json_value_at(root, "event")) {
        json_t *outer = root;

        root = parse_line(inner);
        json_decref(outer);
    }
    if (root && str_is(json_str_at(root, "event"), "decision"))
        take_decision(a, root);
    else if (!root && claims_decision(line))
        note_malformed(a, "a decision that is no JSON, or was cut");
    else
        a->n_other += str_trim(line).n > 0;
}

static void end_line(struct audit *a)
{
    if (buf_ok(&a->line)) {
        take_line(a, buf_str(&a->line));
    } else {
        a->line_number++;
        a->n_too_long++;
        add_note(a, "a line that is too long for a decision");
    }
    buf_reset(&a->line);
}

void audit_begin(struct audit *a, const char *file)
{
    a->file = file;
    a->line_number = 0;
}

void audit_add(struct audit *a, struct str bytes)
{
    while (bytes.n) {
        size_t n = str_find_char(bytes, '\n');

        buf_add(&a->line, str_sub(bytes, 0, n));
        if (n == bytes.n)
            return;
        end_line(a);
        bytes = str_sub(bytes, n + 1, bytes.n);
    }
}

void audit_end(struct audit *a)
{
    if (a->line.n || !buf_ok(&a->line))
        end_line(a);
}

/* Most denials first, then most of the milder outcomes, then by name. */
static int by_weight(const void *left, const void *right)
{
    const struct row *a = *(const struct row *const *)left;
    const struct row *b = *(const struct row *const *)right;

    for (size_t i = 0; i < N_OUTCOMES; i++)
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

enum { TIME_MAX = 40 };

static const char *time_text(int64_t at, char out[static TIME_MAX])
{
    time_t seconds = (time_t)at;
    struct tm utc;

    if (!gmtime_r(&seconds, &utc) || !strftime(out, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc))
        out[0] = '\0';
    return out;
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
    size_t n_outcomes = id == DENIALS ? 1 : N_OUTCOMES;
    char first[TIME_MAX];
    char last[TIME_MAX];

    if (!t->n)
        return;
    buf_printf(out, "%s\n", kinds[id].heading);
    for (size_t i = 0; i < n_outcomes; i++)
        buf_printf(out, "%11s", outcome_names[i]);
    buf_adds(out, "  first                 last\n");
    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = 0; k < n_outcomes; k++)
            buf_printf(out, "%11llu", (unsigned long long)rows[i]->n[k]);
        buf_printf(out, "  %s  %s  ", time_text(rows[i]->first, first),
                   time_text(rows[i]->last, last));
        write_label(out, id, rows[i]);
        buf_addc(out, '\n');
    }
    if (t->n_more)
        buf_printf(out, "          and %llu more findings, not kept apart: the table is full\n",
                   (unsigned long long)t->n_more);
    buf_addc(out, '\n');
}

static unsigned long long total(const struct audit *a, enum outcome outcome, bool dry_run)
{
    const struct table *t = &a->tables[BY_NOTHING];

    for (size_t i = 0; i < t->n; i++)
        if (t->rows[i].dry_run == dry_run)
            return t->rows[i].n[outcome];
    return 0;
}

static void write_notes(struct buf *out, const struct audit *a)
{
    uint64_t n_more = a->n_malformed + a->n_too_long - a->n_notes;

    for (size_t i = 0; i < a->n_notes; i++)
        buf_printf(out, "%s:%llu: note: %s\n", a->notes[i].file,
                   (unsigned long long)a->notes[i].line, a->notes[i].text);
    if (n_more)
        buf_printf(out, "note: %llu more such lines\n", (unsigned long long)n_more);
}

void audit_text(const struct audit *a, struct buf *out)
{
    static const enum table_id order[] = {DENIALS, BY_RULE, BY_OBJECT, BY_USER};
    uint64_t n_skipped = a->n_other + a->n_malformed + a->n_too_long;

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        write_table(out, a, order[i]);
    write_notes(out, a);
    for (size_t i = 0; i < N_OUTCOMES; i++) {
        unsigned long long n_dry = total(a, (enum outcome)i, true);
        unsigned long long n_real = total(a, (enum outcome)i, false);

        buf_printf(out, "%s%llu %s", i ? ", " : "", n_real + n_dry, outcome_names[i]);
        if (n_dry)
            buf_printf(out, " (%llu in dry runs)", n_dry);
    }
    buf_printf(out, " in %llu decision%s; ", (unsigned long long)a->n_decisions,
               a->n_decisions == 1 ? "" : "s");
    if (a->since != INT64_MIN)
        buf_printf(out, "%llu earlier, ", (unsigned long long)a->n_earlier);
    buf_printf(out, "%llu line%s skipped\n", (unsigned long long)n_skipped,
               n_skipped == 1 ? "" : "s");
}

static void write_json_time(struct buf *out, const char *key, int64_t at)
{
    char text[TIME_MAX];

    json_out_text(out, key, str_from(time_text(at, text)));
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
        for (size_t k = 0; k < (id == DENIALS ? 1 : N_OUTCOMES); k++)
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
    json_out_open(out, "lines", '{');
    json_out_number(out, "decisions", a->n_decisions);
    json_out_number(out, "earlier", a->n_earlier);
    json_out_number(out, "other", a->n_other);
    json_out_number(out, "malformed", a->n_malformed);
    json_out_number(out, "tooLong", a->n_too_long);
    json_out_close(out, '}');
    json_out_open(out, "notes", '[');
    for (size_t i = 0; i < a->n_notes; i++) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "file", str_from(a->notes[i].file));
        json_out_number(out, "line", a->notes[i].line);
        json_out_text(out, "text", str_from(a->notes[i].text));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_close(out, '}');
    buf_addc(out, '\n');
}
