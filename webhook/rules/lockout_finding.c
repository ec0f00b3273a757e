#include "base/mem.h"
#include "rules/lockout_rows.h"
#include <stdio.h>

enum {
    LISTED_MOST = 8,      /* what a message names before it says "and more" */
    LIST_TEXT_MAX = 2048, /* LISTED_MOST of 250 bytes each */
};

struct finding *lockout_add(const struct lockout *l, enum finding_verdict verdict,
                            const char *format, ...)
{
    struct verdict *v = l->verdict;
    struct buf m;
    struct finding *f;
    va_list values;

    buf_init(&m, MESSAGE_MAX);
    va_start(values, format);
    buf_vprintf(&m, format, values);
    va_end(values);
    if (!buf_ok(&m)) {
        buf_reset(&m);
        buf_adds(&m, "What was found is too long to be shown; see the evidence.");
    }
    v->findings = xrealloc(v->findings, (v->n_findings + 1) * sizeof *v->findings);
    f = &v->findings[v->n_findings++];
    *f = (struct finding){
        .rule = N_RULES,
        .verdict = verdict,
        .denies = verdict == FINDING_DENY,
        .subject = xasprintf("Webhook %s", show(l->r->webhook->name).text),
        .target = xstrdup(""),
        .message = buf_take(&m),
    };
    v->allowed = v->allowed && !f->denies;
    return f;
}

void lockout_saw(const struct lockout *l, struct finding *f, bool defaulted, const char *format,
                 ...)
{
    AUTO(freep)
    char *source =
        xasprintf("/webhooks/%zu%s%s", l->r->webhook->index, defaulted ? ", by default of " : "",
                  defaulted ? registration_version_name(l->r->configuration->version) : "");
    struct buf text;
    va_list values;

    buf_init(&text, MESSAGE_MAX);
    va_start(values, format);
    buf_vprintf(&text, format, values);
    va_end(values);
    finding_add_evidence(f, text.p ? text.p : "", source);
    buf_clear(&text);
}

struct shown lockout_name(const struct lockout *l)
{
    return show(l->r->webhook->name);
}

struct shown lockout_fate(const struct webhook *w)
{
    struct shown text;

    if (w->fails)
        (void)snprintf(text.text, sizeof text.text, "is refused");
    else
        (void)snprintf(text.text, sizeof text.text, "waits up to %d s for it", w->timeout_seconds);
    return text;
}

enum tri lockout_excludes(const struct webhook *w, const struct namespace_labels *n,
                          struct str *unknown)
{
    switch (label_selector_matches(&w->namespace_selector, n, unknown)) {
    case TRI_YES:
        return TRI_NO;
    case TRI_NO:
        return TRI_YES;
    case TRI_NOT_KNOWN:
        break;
    }
    return TRI_NOT_KNOWN;
}

struct lockout_list lockout_list_new(void)
{
    struct lockout_list list = {.n = 0};

    buf_init(&list.text, LIST_TEXT_MAX);
    return list;
}

void lockout_list_clear(struct lockout_list *list)
{
    buf_clear(&list->text);
}

bool lockout_list_is_full(const struct lockout_list *list)
{
    return list->n > LISTED_MOST;
}

void lockout_list_add(struct lockout_list *list, const char *text)
{
    if (list->n < LISTED_MOST)
        buf_printf(&list->text, "%s%s", list->n ? ", " : "", text);
    else if (list->n == LISTED_MOST)
        buf_adds(&list->text, " and more");
    list->n++;
}

const char *lockout_list_text(const struct lockout_list *list)
{
    return list->text.p ? list->text.p : "";
}
