#include "server/validate.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/store.h"
#include "report/answer.h"
#include "report/decision.h"
#include "review/scan.h"
#include "rules/judge.h"
#include "server/clock.h"
#include "server/request.h"
#include "server/watch.h"
#include <stdlib.h>

/* A line carries the fields of one object that rules read; report/ bounds each of them. */
enum { DECISION_LINE_MAX_BYTES = 2 * 1024 * 1024 };

static void begin(struct request *r)
{
    if (!r->scan)
        r->scan = scan_new(&(struct scan_options){.budget = &r->server->memory});
}

void validate_chunk(struct request *r, struct str chunk)
{
    begin(r);
    /* Malformed is found out at the end: the rest of the body has to be read anyway. */
    (void)scan_feed(r->scan, chunk);
}

/* A 503 is no verdict: the API server tries again, then does as its failurePolicy says. */
static void refuse(const struct err *err, struct reply *reply)
{
    bool starved = err->kind == ERR_LIMIT;

    reply->status = starved ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_BAD_REQUEST;
    reply->type = "text/plain; charset=utf-8";
    reply->rejected = starved ? "memory" : "malformed";
    text_escape(&reply->body, str_from(err->what), 0);
    buf_addc(&reply->body, '\n');
}

/*
 * The verdict without the ratchet's warnings that were given within the hour. The findings of the
 * copy are borrowed. n_repeats: how many were left out.
 */
static struct verdict without_repeats(struct server *s, const struct review *review,
                                      const struct verdict *verdict, int64_t now,
                                      struct finding *room)
{
    struct verdict told = {.allowed = verdict->allowed, .findings = room};

    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct finding *f = &verdict->findings[i];

        if (!f->ratcheted || !repeats_check(s->repeats, review, f, now))
            room[told.n_findings++] = *f;
    }
    return told;
}

static void log_decision(struct request *r, const struct review *review,
                         const struct verdict *verdict, size_t n_told, const struct facts *facts,
                         int64_t now, uint64_t duration_us)
{
    const struct server_options *o = &r->server->options;
    AUTO(buf_clearp) struct buf line = {0};

    buf_init(&line, DECISION_LINE_MAX_BYTES);
    if (verdict->allowed && verdict->n_findings == 0 && !atomic_load(&r->server->log_allowed))
        return;
    decision_write(&line, review, verdict, facts, now, duration_us);
    if (buf_ok(&line))
        (void)decision_log_line(o->decision_log, buf_str(&line), verdict->allowed && n_told == 0);
    else
        decision_log_too_long(o->decision_log);
}

static void count(struct request *r, const struct review *review, const struct verdict *verdict,
                  uint64_t duration_us)
{
    static const char *const kinds[] = {
        [REVIEW_APPLICATION] = "Application",
        [REVIEW_EXTERNAL_SECRET] = "ExternalSecret",
        [REVIEW_OTHER] = "other",
    };
    static const char *const operations[] = {
        [OPERATION_CREATE] = "CREATE",
        [OPERATION_UPDATE] = "UPDATE",
        [OPERATION_DELETE] = "DELETE",
        [OPERATION_OTHER] = "other",
    };
    struct metrics *m = r->server->options.metrics;

    metrics_review(m, kinds[review->kind], operations[review->operation],
                   verdict->allowed ? "allow" : "deny", duration_us, r->n_received);
    for (size_t i = 0; i < verdict->n_findings; i++)
        metrics_finding(m, rule_id_name(verdict->findings[i].rule),
                        finding_verdict_name(verdict->findings[i].verdict));
}

void validate_answer(struct request *r, struct reply *reply)
{
    AUTO(review_freep) struct review *review = NULL;
    AUTO(verdict_freep) struct verdict *verdict = NULL;
    AUTO(freep) struct finding *room = NULL;
    AUTO(facts_unrefp) struct facts *facts = NULL;
    struct verdict told;
    struct err err = {0};
    int64_t now = clock_unix_seconds();
    uint64_t duration_us;

    begin(r); /* where no byte came: an empty document */
    if (!scan_finish(r->scan, &review, &err)) {
        refuse(&err, reply);
        return;
    }
    if (!review->unchanged) /* nearly every request: allowed whatever the facts say */
        facts = facts_store_ref(r->server->options.facts);
    verdict = judge(review, facts, now);
    if (facts && facts_wants_more(facts) && r->server->options.facts_watch)
        watch_wake(r->server->options.facts_watch);
    room = xcalloc(verdict->n_findings + 1, sizeof *room);
    told = without_repeats(r->server, review, verdict, now, room);
    reply->type = "application/json";
    answer_write(&reply->body, review, &told);
    duration_us = (uint64_t)(clock_us() - r->started_us);
    count(r, review, verdict, duration_us);
    log_decision(r, review, verdict, told.n_findings, facts, now, duration_us);
}
