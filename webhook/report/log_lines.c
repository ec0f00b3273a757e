#include "report/log_lines.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/values.h"
#include "report/json_out.h"
#include <stdlib.h>
#include <time.h>

struct note {
    char *file;
    uint64_t line;
    const char *text; /* a literal */
};

struct log_lines {
    int64_t since;
    log_decision_fn take;
    void *closure;
    struct log_tally tally;
    struct note notes[LOG_NOTES_MAX];
    size_t n_notes;
    uint64_t n_more_notes;
    const char *file;
    uint64_t line_number;
    struct buf line; /* what has come of the line so far; failed when that is too much */
};

struct log_lines *log_lines_new(int64_t since, log_decision_fn take, void *closure)
{
    struct log_lines *l = xcalloc(1, sizeof *l);

    l->since = since;
    l->take = take;
    l->closure = closure;
    buf_init(&l->line, LOG_LINE_MAX);
    return l;
}

void log_lines_free(struct log_lines *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n_notes; i++)
        free(l->notes[i].file);
    buf_clear(&l->line);
    free(l);
}

char *log_shown(struct str text, size_t max_bytes)
{
    struct buf b = {.max = 8 * (size_t)LOG_LINE_MAX}; /* each byte at most 8 once escaped */
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

const char *log_time_text(int64_t at, char out[static LOG_TIME_MAX])
{
    time_t seconds = (time_t)at;
    struct tm utc;

    if (!gmtime_r(&seconds, &utc) || !strftime(out, LOG_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc))
        out[0] = '\0';
    return out;
}

static bool read_outcome(const json_t *finding, enum log_outcome *outcome)
{
    static const char *const verdicts[N_LOG_OUTCOMES] = {"deny", "warn", "undecided", "exempted"};
    struct str verdict = json_str_at(finding, "verdict");
    const json_t *denies = json_value_at(finding, "denies");

    if (!json_is_boolean(denies))
        return false;
    for (size_t i = 0; i < N_LOG_OUTCOMES; i++) {
        if (str_is(verdict, verdicts[i])) {
            *outcome = i == LOG_DENIED ? LOG_WARNED : (enum log_outcome)i;
            if (json_is_true(denies))
                *outcome = LOG_DENIED;
            return true;
        }
    }
    return false;
}

enum log_outcome log_outcome_of(const json_t *finding)
{
    enum log_outcome outcome = LOG_WARNED;

    (void)read_outcome(finding, &outcome); /* was looked at when the line was read */
    return outcome;
}

/* NULL, or what is wrong with it. */
static const char *check_findings(const struct log_decision *d)
{
    bool denies = false;

    if (!json_is_array(d->findings))
        return "a decision without findings";
    for (size_t i = 0; i < json_array_size(d->findings); i++) {
        const json_t *finding = json_array_get(d->findings, i);
        enum log_outcome outcome;

        if (!json_str_at(finding, "rule").n || !json_str_at(finding, "message").p ||
            !read_outcome(finding, &outcome))
            return "a decision with a finding that cannot be read";
        denies = denies || outcome == LOG_DENIED;
    }
    return denies == d->is_denied ? NULL : "a decision that its findings do not bear out";
}

/* NULL, or what is wrong with it; a literal. */
static const char *read_decision(const json_t *line, struct log_decision *d)
{
    struct str decision = json_str_at(line, "decision");
    struct str time = json_str_at(line, "time");
    const json_t *dry_run = json_value_at(line, "dryRun");

    *d = (struct log_decision){
        .kind = json_str_at(line, "kind"),
        .namespace = json_str_at(line, "namespace"),
        .name = json_str_at(line, "name"),
        .user = json_str_at(line, "user"),
        .uid = json_str_at(line, "uid"),
        .is_denied = str_is(decision, "deny"),
        .dry_run = json_is_true(dry_run),
        .findings = json_object_get(line, "findings"),
        .line = line,
    };
    if (!d->is_denied && !str_is(decision, "allow"))
        return "a decision that is neither allow nor deny";
    /* A day alone is no time. */
    if (time.n <= sizeof "2026-06-09" - 1 || !value_expiry(time, &d->time))
        return "a decision without a time";
    if (!json_is_boolean(dry_run))
        return "a decision that does not say whether it is a dry run";
    if (!d->kind.p || !d->namespace.p || !d->name.p || !d->user.p)
        return "a decision without kind, namespace, name or user";
    return check_findings(d);
}

void log_lines_note(struct log_lines *l, const char *text)
{
    if (l->n_notes == LOG_NOTES_MAX) {
        l->n_more_notes++;
        return;
    }
    l->notes[l->n_notes++] = (struct note){
        .file = log_shown(str_from(l->file), LOG_MESSAGE_MAX),
        .line = l->line_number,
        .text = text,
    };
}

static void note_malformed(struct log_lines *l, const char *text)
{
    l->tally.n_malformed++;
    log_lines_note(l, text);
}

static void take_decision(struct log_lines *l, const json_t *line)
{
    struct log_decision d;
    const char *problem = read_decision(line, &d);

    if (problem) {
        note_malformed(l, problem);
        return;
    }
    if (d.time < l->since) {
        l->tally.n_earlier++;
        return;
    }
    l->tally.n_decisions++;
    l->take(l->closure, &d);
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

static void take_line(struct log_lines *l, struct str line)
{
    AUTO(json_unrefp) json_t *root = NULL;
    struct str inner;

    l->line_number++;
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
        take_decision(l, root);
    else if (!root && claims_decision(line))
        note_malformed(l, "a decision that is no JSON, or was cut");
    else
        l->tally.n_other += str_trim(line).n > 0;
}

static void end_line(struct log_lines *l)
{
    if (buf_ok(&l->line)) {
        take_line(l, buf_str(&l->line));
    } else {
        l->line_number++;
        l->tally.n_too_long++;
        log_lines_note(l, "a line that is too long for a decision");
    }
    buf_reset(&l->line);
}

void log_lines_begin(struct log_lines *l, const char *file)
{
    l->file = file;
    l->line_number = 0;
}

void log_lines_add(struct log_lines *l, struct str bytes)
{
    while (bytes.n) {
        size_t n = str_find_char(bytes, '\n');

        buf_add(&l->line, str_sub(bytes, 0, n));
        if (n == bytes.n)
            return;
        end_line(l);
        bytes = str_sub(bytes, n + 1, bytes.n);
    }
}

void log_lines_end(struct log_lines *l)
{
    if (l->line.n || !buf_ok(&l->line))
        end_line(l);
}

const struct log_tally *log_lines_tally(const struct log_lines *l)
{
    return &l->tally;
}

void log_lines_write_notes(const struct log_lines *l, struct buf *out)
{
    for (size_t i = 0; i < l->n_notes; i++)
        buf_printf(out, "%s:%llu: note: %s\n", l->notes[i].file,
                   (unsigned long long)l->notes[i].line, l->notes[i].text);
    if (l->n_more_notes)
        buf_printf(out, "note: %llu more such lines\n", (unsigned long long)l->n_more_notes);
}

void log_lines_write_json(const struct log_lines *l, struct buf *out)
{
    json_out_open(out, "lines", '{');
    json_out_number(out, "decisions", l->tally.n_decisions);
    json_out_number(out, "earlier", l->tally.n_earlier);
    json_out_number(out, "other", l->tally.n_other);
    json_out_number(out, "malformed", l->tally.n_malformed);
    json_out_number(out, "tooLong", l->tally.n_too_long);
    json_out_close(out, '}');
    json_out_open(out, "notes", '[');
    for (size_t i = 0; i < l->n_notes; i++) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "file", str_from(l->notes[i].file));
        json_out_number(out, "line", l->notes[i].line);
        json_out_text(out, "text", str_from(l->notes[i].text));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}
