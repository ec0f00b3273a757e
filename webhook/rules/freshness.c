#include "rules/freshness.h"
#include <stdlib.h>
#include <time.h>

static struct shown show_time(int64_t at)
{
    time_t seconds = (time_t)at;
    struct tm utc;
    struct shown out = {""};

    if (gmtime_r(&seconds, &utc))
        (void)strftime(out.text, sizeof out.text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return out;
}

static void replace_message(struct finding *finding, struct buf *m)
{
    if (!buf_ok(m))
        return;
    free(finding->message);
    finding->message = buf_take(m);
}

/* "deploy@0123456789ab, fetched 2026-11-23T08:00:00Z" */
static void add_state(struct buf *m, const struct facts *f, const struct repository *r)
{
    size_t i = facts_index_of(f, r);
    int64_t fetched_at =
        i < facts_n_repositories(f) ? facts_repository_fetched_at(f, i) : repository_loaded_at(r);

    buf_adds(m, show_revision(r).text);
    if (fetched_at > 0)
        buf_printf(m, ", fetched %s", show_time(fetched_at).text);
    else if (fetched_at < 0)
        buf_printf(m, ", read %s, while its last fetch brought nothing",
                   show_time(repository_loaded_at(r)).text);
    else
        buf_printf(m, ", read %s", show_time(repository_loaded_at(r)).text);
}

static void doubt(const struct facts *f, struct finding *finding, const struct repository *stale)
{
    AUTO(buf_clearp) struct buf m = {0};

    buf_init(&m, 2 * (size_t)MESSAGE_MAX);
    buf_adds(&m, "Not decided, because what it rests on (");
    add_state(&m, f, stale);
    buf_adds(&m, ") is older than repositories[].fresh allows: ");
    buf_adds(&m, finding->message);
    replace_message(finding, &m);
    finding->verdict = FINDING_UNDECIDED;
}

static void add_states(const struct facts *f, struct finding *finding)
{
    const char *before = " (As of ";
    AUTO(buf_clearp) struct buf m = {0};

    buf_init(&m, 2 * (size_t)MESSAGE_MAX);
    buf_adds(&m, finding->message);
    for (size_t i = 0; i < finding->n_rests_on; i++)
        if (facts_is_moving(f, finding->rests_on[i])) {
            buf_adds(&m, before);
            add_state(&m, f, finding->rests_on[i]);
            before = "; ";
        }
    if (before[0] != ';')
        return;
    buf_adds(&m, "; what is pushed counts once it is fetched there.)");
    replace_message(finding, &m);
}

void freshness_apply(const struct facts *f, struct finding *finding, int64_t now)
{
    if (finding->verdict != FINDING_DENY)
        return;
    for (size_t i = 0; i < finding->n_rests_on; i++)
        if (facts_is_stale(f, finding->rests_on[i], now)) {
            doubt(f, finding, finding->rests_on[i]);
            return;
        }
    add_states(f, finding);
}
