#include "report/answer.h"
#include "base/text.h"
#include "base/utf8.h"
#include "report/json_out.h"
#include <stdio.h>
#include <string.h>

/* Room for "and N more findings …" behind what fits. */
enum { MORE_MAX = 100 };

/* The longest start of `text` within max_bytes that ends between characters. */
static struct str cut_bytes(struct str text, size_t max_bytes)
{
    size_t n = max_bytes < text.n ? max_bytes : text.n;

    while (n && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    return str_sub(text, 0, n);
}

/* Cuts up to max_runes characters off *rest and counts them; a stray byte counts as one. */
static struct str cut_runes(struct str text, size_t max_runes, size_t *n_runes)
{
    size_t n = 0;

    *n_runes = 0;
    while (n < text.n && *n_runes < max_runes) {
        uint32_t code;
        size_t step = utf8_decode(str_sub(text, n, text.n), &code);

        n += step ? step : 1;
        (*n_runes)++;
    }
    return str_sub(text, 0, n);
}

static void add_more(struct buf *out, size_t n, const char *what)
{
    buf_printf(out, "… and %zu more %s%s: the decision log has them all", n, what,
               n == 1 ? "" : "s");
}

/*
 * One line without controls, whatever a rule forgot to escape: the API server drops a warning that
 * holds a control character, and a terminal obeys it. What is escaped already stays as it is, so
 * text_escape(), which doubles a backslash before more, sees the text between backslashes only.
 */
static void add_line(struct buf *out, const char *text)
{
    struct str rest = str_from(text);
    struct str part;

    while (str_split(&rest, '\\', &part)) {
        while (part.n) {
            size_t n = 0;

            while (n < part.n && (unsigned char)part.p[n] >= 0x20)
                n++;
            text_escape(out, str_sub(part, 0, n), 0);
            if (n < part.n)
                buf_addc(out, ' ');
            part = str_sub(part, n + 1, part.n);
        }
        if (rest.p) /* there was one */
            buf_addc(out, '\\');
    }
}

/* Longer texts are cut anyway. */
enum { ANSWER_LINE_MAX = 8 * ANSWER_MESSAGE_MAX };

void answer_message(struct buf *out, const struct verdict *verdict)
{
    size_t left = ANSWER_MESSAGE_MAX - MORE_MAX;
    size_t n_denials = 0;
    size_t n_written = 0;
    AUTO(buf_clearp) struct buf line = {.max = ANSWER_LINE_MAX};

    for (size_t i = 0; i < verdict->n_findings; i++)
        n_denials += verdict->findings[i].denies;
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct finding *f = &verdict->findings[i];
        const char *rule = rule_id_name(f->rule);
        size_t frame = strlen(rule) + sizeof "\n[] " - 1;
        struct str message;
        struct str fits;

        if (!f->denies)
            continue;
        buf_reset(&line);
        add_line(&line, f->message);
        message = buf_str(&line);
        /* A stump of a sentence teaches nobody: only the first finding is ever cut. */
        if (n_written && frame + message.n > left)
            break;
        fits = cut_bytes(message, left - frame);
        buf_printf(out, "%s[%s] %.*s%s", n_written ? "\n" : "", rule, STR_ARG(fits),
                   fits.n < message.n ? "…" : "");
        left -= frame + fits.n;
        n_written++;
    }
    if (n_written < n_denials) {
        buf_addc(out, '\n');
        add_more(out, n_denials - n_written, "denial");
    }
}

static void write_warning(struct buf *line, const struct finding *f)
{
    buf_printf(line, "[%s] %s", rule_id_name(f->rule),
               f->ratcheted && f->verdict != FINDING_EXEMPTED
                   ? "not new with this change, so allowed: "
                   : "");
    add_line(line, f->message);
}

static void write_warnings(struct buf *out, const struct verdict *verdict)
{
    size_t left = ANSWER_WARNINGS_RUNES - MORE_MAX;
    size_t n_warnings = 0;
    size_t n_written = 0;
    AUTO(buf_clearp) struct buf line = {.max = ANSWER_LINE_MAX};

    for (size_t i = 0; i < verdict->n_findings; i++)
        n_warnings += !verdict->findings[i].denies;
    if (!n_warnings)
        return;
    json_out_open(out, "warnings", '[');
    for (size_t i = 0; i < verdict->n_findings; i++) {
        size_t n_runes;
        struct str fits;

        if (verdict->findings[i].denies)
            continue;
        buf_reset(&line);
        write_warning(&line, &verdict->findings[i]);
        fits = cut_runes(buf_str(&line), ANSWER_WARNING_RUNES, &n_runes);
        if (n_runes > left)
            break;
        left -= n_runes;
        if (fits.n < line.n) {
            /* The last rune makes room for the "…". */
            fits = cut_runes(buf_str(&line), ANSWER_WARNING_RUNES - 1, &n_runes);
            line.n = fits.n;
            buf_adds(&line, "…");
        }
        json_out_text(out, NULL, buf_str(&line));
        n_written++;
    }
    if (n_written < n_warnings) {
        buf_reset(&line);
        add_more(&line, n_warnings - n_written, "warning");
        json_out_text(out, NULL, buf_str(&line));
    }
    json_out_close(out, ']');
}

/* The API server puts the webhook's name and a '/' before each key. The uid is nowhere else in its
 * audit event, and leads to the line of the decision log. */
static void write_audit(struct buf *out, struct str uid, const struct verdict *verdict)
{
    AUTO(buf_clearp) struct buf rules = {0};
    bool seen[N_RULES] = {false};

    buf_init(&rules, 1024); /* four rule names */
    for (size_t i = 0; i < verdict->n_findings; i++) {
        enum rule_id id = verdict->findings[i].rule;

        if (seen[id])
            continue;
        seen[id] = true;
        buf_printf(&rules, "%s%s", rules.n ? "," : "", rule_id_name(id));
    }
    json_out_open(out, "auditAnnotations", '{');
    json_out_text(out, "decision", verdict->allowed ? STR("allow") : STR("deny"));
    if (rules.n)
        json_out_text(out, "rules", buf_str(&rules));
    json_out_text(out, "uid", uid);
    json_out_close(out, '}');
}

void answer_write(struct buf *out, const struct review *review, const struct verdict *verdict)
{
    buf_adds(out, "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"");
    json_out_open(out, "response", '{');
    /* Uncut and as it came: the API server compares it. */
    json_out_text(out, "uid", review->uid);
    json_out_bool(out, "allowed", verdict->allowed);
    if (!verdict->allowed) {
        AUTO(buf_clearp) struct buf message = {0};

        buf_init(&message, ANSWER_MESSAGE_MAX);
        answer_message(&message, verdict);
        json_out_open(out, "status", '{');
        json_out_number(out, "code", 403);
        json_out_text(out, "reason", STR("Forbidden"));
        json_out_text(out, "message", buf_str(&message));
        json_out_close(out, '}');
    }
    write_warnings(out, verdict);
    /* Most requests find nothing: their audit events stay as they were. */
    if (verdict->n_findings)
        write_audit(out, review->uid, verdict);
    buf_adds(out, "}}");
}
