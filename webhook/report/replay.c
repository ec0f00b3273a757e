#include "report/replay.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/json_out.h"
#include "report/log_lines.h"
#include "report/logged.h"
#include "review/review.h"
#include "rules/judge.h"
#include <stdlib.h>
#include <string.h>

/* How today's verdict compares. */
enum change { SAME, OTHERWISE, OTHER_FINDINGS, NOT_KNOWN, N_CHANGES };
static const struct {
    const char *key; /* in JSON */
    const char *says;
} changes[N_CHANGES] = {
    [SAME] = {"same", "the same"},
    [OTHERWISE] = {"otherwise", "decided otherwise"},
    [OTHER_FINDINGS] = {"otherFindings", "the same on other findings"},
    [NOT_KNOWN] = {"notKnown", "not known"},
};

/* Why a decision cannot be judged again. */
enum obstacle { NO_OBSTACLE, OLDER, ALTERED, CUT_NAME, N_OBSTACLES };
static const struct {
    const char *key;
    const char *says;
    const char *note;
} obstacles[N_OBSTACLES] = {
    [OLDER] = {"older", "of an older version",
               "a decision of a version that logged too little to "
               "judge it again"},
    [ALTERED] = {"altered", "altered", "a decision whose object was altered after it was logged"},
    [CUT_NAME] = {"cutName", "with a name that was cut", "a decision whose object's name was cut"},
};

static const char *const outcome_names[N_LOG_OUTCOMES] = {"denied", "warned", "undecided",
                                                          "exempted"};

struct told {
    char *rule;
    char *message;
    enum log_outcome outcome;
};

/* A verdict, as far as it is shown. */
struct side {
    bool allowed;
    struct told findings[REPLAY_FINDINGS_MAX];
    size_t n_findings;
    size_t n_more;
};

enum { TEXT_OPERATION, TEXT_KIND, TEXT_NAMESPACE, TEXT_NAME, TEXT_USER, N_TEXTS };

/* Requests that are alike: a controller asks again and again. */
struct row {
    char *texts[N_TEXTS];
    bool dry_run;
    enum change change;
    char *missing; /* NOT_KNOWN: what the line lacks */
    uint64_t n;
    int64_t first;
    int64_t last;
    char *uid; /* of the first */
    struct side was;
    struct side is; /* by the first */
};

struct replay {
    const struct facts *facts;
    int64_t now;
    int64_t since;
    struct log_lines *lines;
    struct row *rows;
    size_t n_rows;
    size_t capacity;
    json_t *index; /* from what makes requests alike to the row's place */
    uint64_t n_more;
    uint64_t n[N_CHANGES];
    uint64_t n_obstacles[N_OBSTACLES];
};

static void judge_again(void *closure, const struct log_decision *d);

struct replay *replay_new(const struct facts *facts, int64_t now, int64_t since)
{
    struct replay *r = xcalloc(1, sizeof *r);

    r->facts = facts;
    r->now = now;
    r->since = since;
    r->lines = log_lines_new(since, judge_again, r);
    r->index = xneed(json_object());
    return r;
}

static void clear_side(struct side *s)
{
    for (size_t i = 0; i < s->n_findings; i++) {
        free(s->findings[i].rule);
        free(s->findings[i].message);
    }
}

static void clear_row(struct row *row)
{
    for (size_t i = 0; i < N_TEXTS; i++)
        free(row->texts[i]);
    free(row->missing);
    free(row->uid);
    clear_side(&row->was);
    clear_side(&row->is);
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_rows; i++)
        clear_row(&r->rows[i]);
    free(r->rows);
    json_decref(r->index);
    log_lines_free(r->lines);
    free(r);
}

void replay_freep(struct replay **r)
{
    replay_free(*r);
}

struct log_lines *replay_lines(struct replay *r)
{
    return r->lines;
}

bool replay_differs(const struct replay *r)
{
    return r->n[OTHERWISE] != 0;
}

static enum log_outcome outcome_of(const struct finding *f)
{
    if (f->denies)
        return LOG_DENIED;
    if (f->verdict == FINDING_UNDECIDED)
        return LOG_UNDECIDED;
    return f->verdict == FINDING_EXEMPTED ? LOG_EXEMPTED : LOG_WARNED;
}

/* The rule of that name; N_RULES for one that there is no longer. */
static size_t rule_of(struct str name)
{
    size_t i = 0;

    while (i < N_RULES && !str_is(name, rule_id_name((enum rule_id)i)))
        i++;
    return i;
}

/* Not by their messages: those name commits, which change every day. */
static bool same_findings(const struct log_decision *d, const struct verdict *v)
{
    size_t was[N_RULES + 1][N_LOG_OUTCOMES] = {{0}};
    size_t is[N_RULES + 1][N_LOG_OUTCOMES] = {{0}};

    for (size_t i = 0; i < json_array_size(d->findings); i++) {
        const json_t *finding = json_array_get(d->findings, i);

        was[rule_of(json_str_at(finding, "rule"))][log_outcome_of(finding)]++;
    }
    for (size_t i = 0; i < v->n_findings; i++)
        is[v->findings[i].rule][outcome_of(&v->findings[i])]++;
    return memcmp(was, is, sizeof was) == 0;
}

static void tell(struct side *s, struct str rule, enum log_outcome outcome, struct str message)
{
    if (s->n_findings == REPLAY_FINDINGS_MAX) {
        s->n_more++;
        return;
    }
    s->findings[s->n_findings++] = (struct told){
        .rule = log_shown(rule, TEXT_FIELD_MAX),
        .message = log_shown(message, LOG_MESSAGE_MAX),
        .outcome = outcome,
    };
}

/* What denies comes first: it is what the decision hangs on. */
static void tell_was(struct side *s, const struct log_decision *d)
{
    s->allowed = !d->is_denied;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < json_array_size(d->findings); i++) {
            const json_t *finding = json_array_get(d->findings, i);
            enum log_outcome outcome = log_outcome_of(finding);

            if ((outcome == LOG_DENIED) == (pass == 0))
                tell(s, json_str_at(finding, "rule"), outcome, json_str_at(finding, "message"));
        }
    }
}

static void tell_is(struct side *s, const struct verdict *v)
{
    s->allowed = v->allowed;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < v->n_findings; i++) {
            const struct finding *f = &v->findings[i];

            if (f->denies == (pass == 0))
                tell(s, str_from(rule_id_name(f->rule)), outcome_of(f), str_from(f->message));
        }
    }
}

static char *key_of(const struct log_decision *d, enum change change)
{
    struct buf key = {.max = LOG_LINE_MAX};
    const struct str parts[] = {
        d->kind,
        d->namespace,
        d->name,
        d->user,
        json_str_at(d->line, "operation"),
        json_str_at(json_object_get(d->line, "object"), "sha256"),
        json_str_at(json_object_get(d->line, "oldObject"), "sha256"),
    };

    buf_printf(&key, "%s %d %d", changes[change].key, d->dry_run, d->is_denied);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        AUTO(freep) char *part = log_shown(parts[i], TEXT_FIELD_MAX);

        buf_printf(&key, "\n%s", part);
    }
    return buf_take(&key);
}

/* The row of requests like this one, or a new one to be filled (n is 0); NULL when there is no
 * room. */
static struct row *find_row(struct replay *r, const struct log_decision *d, enum change change)
{
    AUTO(freep) char *key = key_of(d, change);
    const json_t *place = json_object_get(r->index, key);

    if (place)
        return &r->rows[json_integer_value(place)];
    if (r->n_rows == REPLAY_ROWS_MAX)
        return NULL;
    r->rows = xgrow(r->rows, r->n_rows, &r->capacity, sizeof *r->rows);
    r->rows[r->n_rows] = (struct row){.change = change, .first = INT64_MAX, .last = INT64_MIN};
    if (json_object_set_new_nocheck(r->index, key, xneed(json_integer((json_int_t)r->n_rows))) != 0)
        give_up("out of memory (JSON tree)");
    return &r->rows[r->n_rows++];
}

static void fill_row(struct row *row, const struct log_decision *d, const struct verdict *v,
                     struct str missing)
{
    const struct str texts[N_TEXTS] = {
        [TEXT_OPERATION] = json_str_at(d->line, "operation"),
        [TEXT_KIND] = d->kind,
        [TEXT_NAMESPACE] = d->namespace,
        [TEXT_NAME] = d->name,
        [TEXT_USER] = d->user,
    };

    for (size_t i = 0; i < N_TEXTS; i++)
        row->texts[i] = log_shown(texts[i], TEXT_FIELD_MAX + sizeof "…" - 1);
    row->uid = log_shown(d->uid, TEXT_FIELD_MAX);
    row->dry_run = d->dry_run;
    if (row->change == NOT_KNOWN)
        row->missing = log_shown(missing, LOG_MESSAGE_MAX);
    tell_was(&row->was, d);
    tell_is(&row->is, v);
}

static void compare(struct replay *r, const struct log_decision *d, const struct verdict *v,
                    bool is_lacking, struct str missing)
{
    enum change change = d->is_denied == v->allowed ? OTHERWISE
                         : same_findings(d, v)      ? SAME
                                                    : OTHER_FINDINGS;
    struct row *row;

    if (change != SAME && is_lacking)
        change = NOT_KNOWN;
    r->n[change]++;
    if (change == SAME)
        return;
    row = find_row(r, d, change);
    if (!row) {
        r->n_more++;
        return;
    }
    if (!row->n)
        fill_row(row, d, v, missing);
    row->n++;
    row->first = d->time < row->first ? d->time : row->first;
    row->last = d->time > row->last ? d->time : row->last;
}

/* An object's name and namespace need no escape and have at most 253 bytes (Kubernetes, object
 * names); what was escaped or cut is not the one that was judged. */
static bool is_cut(struct str name)
{
    return str_contains(name, STR("\\")) || str_contains(name, STR("…"));
}

/* missing: set, and *is_lacking, where the verdict may hang on what the line does not show. */
static enum obstacle find_obstacle(const struct replay *r, const struct log_decision *d,
                                   const struct review *review, bool *is_lacking,
                                   struct str *missing)
{
    static const char *const keys[] = {"object", "oldObject"};
    size_t n = review->operation == OPERATION_UPDATE ? 2 : 1;

    *is_lacking = false;
    if (is_cut(d->name) || is_cut(d->namespace))
        return CUT_NAME;
    if (review->unchanged)
        return NO_OBSTACLE;
    /* No rule judges the kind, or an older version saw nothing to show. */
    if (review->kind == REVIEW_OTHER)
        return json_array_size(d->findings) ? OLDER : NO_OBSTACLE;
    for (size_t i = 0; i < n; i++) {
        struct str at = STR_NONE;

        switch (logged_check(json_object_get(d->line, keys[i]), r->facts, &at)) {
        case LOGGED_WHOLE:
            break;
        case LOGGED_LACKING:
            *missing = *is_lacking ? *missing : at;
            *is_lacking = true;
            break;
        case LOGGED_ALTERED:
            return ALTERED;
        case LOGGED_OLDER:
            return OLDER;
        }
    }
    return NO_OBSTACLE;
}

static void judge_again(void *closure, const struct log_decision *d)
{
    struct replay *r = closure;
    AUTO(review_freep) struct review *review = NULL;
    AUTO(verdict_freep) struct verdict *v = NULL;
    struct str missing = STR_NONE;
    struct err err = {0};
    bool is_lacking = false;
    enum obstacle obstacle = OLDER;

    if (review_from_line(d->line, &review, &err))
        obstacle = find_obstacle(r, d, review, &is_lacking, &missing);
    if (obstacle != NO_OBSTACLE) {
        r->n_obstacles[obstacle]++;
        log_lines_note(r->lines, obstacles[obstacle].note);
        return;
    }
    v = judge(review, r->facts, r->now);
    compare(r, d, v, is_lacking, missing);
}

static bool is_told(const struct side *then, const struct told *f)
{
    for (size_t i = 0; then && i < then->n_findings; i++)
        if (strcmp(then->findings[i].rule, f->rule) == 0 &&
            strcmp(then->findings[i].message, f->message) == 0)
            return true;
    return false;
}

/* then: NULL, or what was told before: it is not told again. */
static void write_side(struct buf *out, const struct side *s, const struct side *then)
{
    static const char *const marks[N_LOG_OUTCOMES] = {"", "(warned) ", "(undecided) ",
                                                      "(exempted) "};

    for (size_t i = 0; i < s->n_findings; i++) {
        const struct told *f = &s->findings[i];

        buf_printf(out, "      %s[%s] %s\n", marks[f->outcome], f->rule,
                   is_told(then, f) ? "the same" : f->message);
    }
    if (s->n_more)
        buf_printf(out, "      and %zu more\n", s->n_more);
}

static void write_row(struct buf *out, const struct row *row)
{
    const char *is = row->is.allowed ? "allowed" : "denied";
    char time[LOG_TIME_MAX];

    buf_printf(out, "%s  ", log_time_text(row->first, time));
    if (row->n > 1)
        buf_printf(out, "to %s, %llu times:  ", log_time_text(row->last, time),
                   (unsigned long long)row->n);
    buf_printf(out, "%s%s %s %s%s%s by %s\n", row->dry_run ? "(dry run) " : "",
               row->texts[TEXT_OPERATION], row->texts[TEXT_KIND], row->texts[TEXT_NAMESPACE],
               row->texts[TEXT_NAMESPACE][0] ? "/" : "",
               row->texts[TEXT_NAME][0] ? row->texts[TEXT_NAME] : "(name to be generated)",
               row->texts[TEXT_USER][0] ? row->texts[TEXT_USER] : "(nobody named)");
    buf_printf(out, "    was %s\n", row->was.allowed ? "allowed" : "denied");
    write_side(out, &row->was, NULL);
    if (row->change == NOT_KNOWN)
        buf_printf(out,
                   "    is not known now: the line does not show %s as it was; judged by what "
                   "it shows, %s\n",
                   row->missing, is);
    else
        buf_printf(out, "    is %s now\n", is);
    write_side(out, &row->is, &row->was);
    buf_addc(out, '\n');
}

static uint64_t n_not_judged(const struct replay *r)
{
    uint64_t n = 0;

    for (size_t i = 0; i < N_OBSTACLES; i++)
        n += r->n_obstacles[i];
    return n;
}

static void write_not_judged(struct buf *out, const struct replay *r)
{
    const char *before = " (";

    buf_printf(out, "; %llu could not be judged again", (unsigned long long)n_not_judged(r));
    for (size_t i = NO_OBSTACLE + 1; i < N_OBSTACLES; i++) {
        if (!r->n_obstacles[i])
            continue;
        buf_printf(out, "%s%llu %s", before, (unsigned long long)r->n_obstacles[i],
                   obstacles[i].says);
        before = ", ";
    }
    if (n_not_judged(r))
        buf_addc(out, ')');
}

void replay_text(const struct replay *r, bool verbose, struct buf *out)
{
    const struct log_tally *tally = log_lines_tally(r->lines);
    uint64_t n_skipped = tally->n_other + tally->n_malformed + tally->n_too_long;
    uint64_t n_judged = tally->n_decisions - n_not_judged(r);

    for (size_t i = 0; i < r->n_rows; i++)
        if (verbose || r->rows[i].change != OTHER_FINDINGS)
            write_row(out, &r->rows[i]);
    if (r->n_more)
        buf_printf(out, "and %llu more differences, not kept apart: the table is full\n\n",
                   (unsigned long long)r->n_more);
    log_lines_write_notes(r->lines, out);
    buf_printf(out, "%llu decision%s judged again: ", (unsigned long long)n_judged,
               n_judged == 1 ? "" : "s");
    for (size_t i = 0; i < N_CHANGES; i++)
        buf_printf(out, "%s%llu %s", i ? ", " : "", (unsigned long long)r->n[i], changes[i].says);
    write_not_judged(out, r);
    if (r->since != INT64_MIN)
        buf_printf(out, "; %llu earlier", (unsigned long long)tally->n_earlier);
    buf_printf(out, "; %llu line%s skipped\n", (unsigned long long)n_skipped,
               n_skipped == 1 ? "" : "s");
}

static void write_json_side(struct buf *out, const char *key, const struct side *s)
{
    json_out_open(out, key, '{');
    json_out_text(out, "decision", s->allowed ? STR("allow") : STR("deny"));
    json_out_open(out, "findings", '[');
    for (size_t i = 0; i < s->n_findings; i++) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "rule", str_from(s->findings[i].rule));
        json_out_text(out, "outcome", str_from(outcome_names[s->findings[i].outcome]));
        json_out_text(out, "message", str_from(s->findings[i].message));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_number(out, "more", s->n_more);
    json_out_close(out, '}');
}

static void write_json_time(struct buf *out, const char *key, int64_t at)
{
    char text[LOG_TIME_MAX];

    json_out_text(out, key, str_from(log_time_text(at, text)));
}

static void write_json_row(struct buf *out, const struct row *row)
{
    static const char *const keys[N_TEXTS] = {"operation", "kind", "namespace", "name", "user"};

    json_out_open(out, NULL, '{');
    json_out_text(out, "change", str_from(changes[row->change].key));
    for (size_t i = 0; i < N_TEXTS; i++)
        json_out_text(out, keys[i], str_from(row->texts[i]));
    json_out_bool(out, "dryRun", row->dry_run);
    json_out_number(out, "times", row->n);
    write_json_time(out, "first", row->first);
    write_json_time(out, "last", row->last);
    json_out_text(out, "firstUid", str_from(row->uid));
    if (row->missing)
        json_out_text(out, "missing", str_from(row->missing));
    write_json_side(out, "was", &row->was);
    write_json_side(out, "is", &row->is);
    json_out_close(out, '}');
}

void replay_json(const struct replay *r, struct buf *out)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "schema", STR("syncguard.replay/v1"));
    if (r->since == INT64_MIN)
        json_out_null(out, "since");
    else
        write_json_time(out, "since", r->since);
    json_out_open(out, "judged", '{');
    for (size_t i = 0; i < N_CHANGES; i++)
        json_out_number(out, changes[i].key, r->n[i]);
    json_out_close(out, '}');
    json_out_open(out, "notJudged", '{');
    for (size_t i = NO_OBSTACLE + 1; i < N_OBSTACLES; i++)
        json_out_number(out, obstacles[i].key, r->n_obstacles[i]);
    json_out_close(out, '}');
    json_out_open(out, "differences", '[');
    for (size_t i = 0; i < r->n_rows; i++)
        write_json_row(out, &r->rows[i]);
    json_out_close(out, ']');
    json_out_number(out, "more", r->n_more);
    log_lines_write_json(r->lines, out);
    json_out_close(out, '}');
    buf_addc(out, '\n');
}
