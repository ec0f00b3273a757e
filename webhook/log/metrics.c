#include "log/metrics.h"
#include "base/mem.h"
#include "base/text.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The values a label may have; any other value is counted as "other", shown once it happened. */
struct label {
    const char *name;
    const char *const *values;
    size_t n;
};

enum { MAX_LABELS = 3 };

struct family {
    const char *name;
    const char *help;
    struct label labels[MAX_LABELS];
    size_t n_labels;
};

enum family_id { REVIEWS, FINDINGS, REJECTED, RELOADS, N_FAMILIES };

static const char *const kinds[] = {"Application", "ExternalSecret"};
static const char *const operations[] = {"CREATE", "UPDATE", "DELETE"};
static const char *const decisions[] = {"allow", "deny"};
static const char *const verdicts[] = {"deny", "warn", "undecided", "exempted"};
static const char *const reasons[] = {
    "client-certificate", "connections", "content-type", "deadline", "length-required",
    "malformed",          "memory",      "method",       "path",     "too-large",
    "unanswered"};
static const char *const reloaded[] = {"facts", "certificate", "client-ca", "configuration"};
static const char *const results[] = {"success", "failure"};

#define VALUES(set) (set), ARRAY_LEN(set)

/* The rules' own values come with metrics_rules(). */
static const struct family families[N_FAMILIES] = {
    [REVIEWS] = {"syncguard_reviews_total",
                 "AdmissionReviews answered.",
                 {{"kind", VALUES(kinds)},
                  {"operation", VALUES(operations)},
                  {"decision", VALUES(decisions)}},
                 3},
    [FINDINGS] = {"syncguard_findings_total",
                  "Findings of rules in reviews.",
                  {{"rule", NULL, 0}, {"verdict", VALUES(verdicts)}},
                  2},
    [REJECTED] = {"syncguard_rejected_total",
                  "Requests and connections turned away before a review was judged.",
                  {{"reason", VALUES(reasons)}},
                  1},
    [RELOADS] = {"syncguard_reloads_total",
                 "Reloads of what verdicts and answers rest on.",
                 {{"what", VALUES(reloaded)}, {"result", VALUES(results)}},
                 2},
};

/* Counters of the largest family: METRICS_MAX_RULES and "other", four verdicts and "other". */
enum { MAX_SERIES = (METRICS_MAX_RULES + 1) * 5, MAX_BUCKETS = 16 };

struct histogram_info {
    const char *name;
    const char *help;
    double scale;                /* what a unit of `upper` is worth on the page */
    uint64_t upper[MAX_BUCKETS]; /* inclusive */
    const char *le[MAX_BUCKETS]; /* the same as the page writes it */
    size_t n;
};

/* Around the answers: tens of microseconds for a status write, up to the 10 s an API server waits
 * by default. */
static const struct histogram_info durations = {
    "syncguard_review_duration_seconds",
    "From a review's headers to its answer.",
    1e-6,
    {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 2500000,
     10000000},
    {"0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
     "0.25", "1", "2.5", "10"},
    14,
};
/* etcd keeps objects below 1.5 MB; an UPDATE carries two. */
static const struct histogram_info sizes = {
    "syncguard_review_bytes",
    "Size of a review's body.",
    1,
    {1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 8388608},
    {"1024", "4096", "16384", "65536", "262144", "1048576", "4194304", "8388608"},
    8,
};

struct histogram {
    _Atomic uint64_t counts[MAX_BUCKETS + 1]; /* the last one is +Inf; not cumulative */
    _Atomic uint64_t sum;
};

struct dated {
    char *name;
    int64_t at;  /* Unix seconds; 0: never yet */
    bool loaded; /* of facts */
};
struct dates {
    struct dated *items;
    size_t n;
    size_t capacity;
};

struct metrics {
    char *version;
    char *revision;
    struct label rules;
    _Atomic uint64_t counters[N_FAMILIES][MAX_SERIES];
    struct histogram duration;
    struct histogram bytes;
    _Atomic int64_t inflight;
    _Atomic uint64_t log_dropped;
    _Atomic uint64_t program_log_dropped;
    pthread_mutex_t mutex; /* guards the two below */
    struct dates facts;
    struct dates certificates;
};

struct metrics *metrics_new(const char *version, const char *revision)
{
    struct metrics *m = xcalloc(1, sizeof *m);

    m->version = xstrdup(version);
    m->revision = xstrdup(revision);
    m->rules.name = "rule";
    (void)pthread_mutex_init(&m->mutex, NULL);
    return m;
}

static void dates_clear(struct dates *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->items[i].name);
    free(d->items);
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    dates_clear(&m->facts);
    dates_clear(&m->certificates);
    (void)pthread_mutex_destroy(&m->mutex);
    free(m->version);
    free(m->revision);
    free(m);
}

void metrics_rules(struct metrics *m, const char *const *rules, size_t n)
{
    m->rules.values = rules;
    m->rules.n = n < METRICS_MAX_RULES ? n : METRICS_MAX_RULES;
}

static const struct label *label_at(const struct metrics *m, enum family_id id, size_t i)
{
    const struct label *label = &families[id].labels[i];

    return label->values ? label : &m->rules;
}

/* The place of a value in its set; its end for "other". */
static size_t value_index(const struct label *label, const char *value)
{
    for (size_t i = 0; i < label->n; i++)
        if (value && strcmp(label->values[i], value) == 0)
            return i;
    return label->n;
}

/* Counters of a family lie row by row, with a place for "other" in each label. */
static void count(struct metrics *m, enum family_id id, const char *const values[])
{
    size_t index = 0;

    for (size_t i = 0; i < families[id].n_labels; i++) {
        const struct label *label = label_at(m, id, i);

        index = index * (label->n + 1) + value_index(label, values[i]);
    }
    atomic_fetch_add_explicit(&m->counters[id][index], 1, memory_order_relaxed);
}

static void observe(const struct histogram_info *info, struct histogram *h, uint64_t value)
{
    size_t i = 0;

    while (i < info->n && value > info->upper[i])
        i++;
    atomic_fetch_add_explicit(&h->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, value, memory_order_relaxed);
}

void metrics_review(struct metrics *m, const char *kind, const char *operation,
                    const char *decision, uint64_t duration_us, size_t body_bytes)
{
    count(m, REVIEWS, (const char *const[MAX_LABELS]){kind, operation, decision});
    observe(&durations, &m->duration, duration_us);
    observe(&sizes, &m->bytes, body_bytes);
}

void metrics_finding(struct metrics *m, const char *rule, const char *verdict)
{
    count(m, FINDINGS, (const char *const[MAX_LABELS]){rule, verdict});
}

void metrics_inflight(struct metrics *m, int change)
{
    atomic_fetch_add_explicit(&m->inflight, change, memory_order_relaxed);
}

void metrics_rejected(struct metrics *m, const char *reason)
{
    count(m, REJECTED, (const char *const[MAX_LABELS]){reason});
}

void metrics_reload(struct metrics *m, const char *what, const char *result)
{
    count(m, RELOADS, (const char *const[MAX_LABELS]){what, result});
}

void metrics_log_dropped(struct metrics *m)
{
    atomic_fetch_add_explicit(&m->log_dropped, 1, memory_order_relaxed);
}

void metrics_program_log_dropped(struct metrics *m)
{
    atomic_fetch_add_explicit(&m->program_log_dropped, 1, memory_order_relaxed);
}

/* The date of that name, made when it is missing; NULL when there are too many. Under the mutex. */
static struct dated *find_date(struct dates *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->items[i].name, name) == 0)
            return &d->items[i];
    if (d->n == METRICS_MAX_SOURCES)
        return NULL;
    d->items = xgrow(d->items, d->n, &d->capacity, sizeof *d->items);
    d->items[d->n] = (struct dated){.name = xstrdup(name)};
    return &d->items[d->n++];
}

void metrics_facts(struct metrics *m, const char *source, bool loaded, int64_t seen_at)
{
    struct dated *date;

    (void)pthread_mutex_lock(&m->mutex);
    date = find_date(&m->facts, source);
    if (date)
        *date = (struct dated){date->name, seen_at ? seen_at : date->at, loaded};
    (void)pthread_mutex_unlock(&m->mutex);
}

void metrics_facts_forget(struct metrics *m, const char *source)
{
    struct dates *d = &m->facts;

    (void)pthread_mutex_lock(&m->mutex);
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->items[i].name, source) == 0) {
            free(d->items[i].name);
            memmove(&d->items[i], &d->items[i + 1], (--d->n - i) * sizeof *d->items);
            break;
        }
    (void)pthread_mutex_unlock(&m->mutex);
}

void metrics_certificate(struct metrics *m, const char *which, int64_t not_after)
{
    struct dated *date;

    (void)pthread_mutex_lock(&m->mutex);
    date = find_date(&m->certificates, which);
    if (date)
        date->at = not_after;
    (void)pthread_mutex_unlock(&m->mutex);
}

/* Source: Prometheus text exposition format 0.0.4: backslash, quote and line feed are escaped in
 * a label's value; controls are already written as \u{…} by then. */
static void write_value(struct buf *out, const char *value)
{
    AUTO(buf_clearp) struct buf safe = {0};

    buf_init(&safe, TEXT_FIELD_MAX + 16);
    text_field(&safe, str_from(value));
    for (size_t i = 0; i < safe.n; i++) {
        if (safe.p[i] == '\\' || safe.p[i] == '"')
            buf_addc(out, '\\');
        buf_addc(out, safe.p[i]);
    }
}

static void write_header(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_series(const struct metrics *m, enum family_id id, size_t index, struct buf *out)
{
    const struct family *f = &families[id];
    const char *values[MAX_LABELS] = {0};
    bool is_other = false;
    size_t rest = index;
    uint64_t n = atomic_load_explicit(&m->counters[id][index], memory_order_relaxed);

    for (size_t i = f->n_labels; i-- > 0;) {
        const struct label *label = label_at(m, id, i);
        size_t place = rest % (label->n + 1);

        rest /= label->n + 1;
        is_other = is_other || place == label->n;
        values[i] = place == label->n ? "other" : label->values[place];
    }
    if (is_other && n == 0)
        return;
    buf_adds(out, f->name);
    for (size_t i = 0; i < f->n_labels; i++)
        buf_printf(out, "%s%s=\"%s\"", i ? "," : "{", label_at(m, id, i)->name, values[i]);
    buf_printf(out, "} %" PRIu64 "\n", n);
}

static void write_family(const struct metrics *m, enum family_id id, struct buf *out)
{
    size_t n = 1;

    for (size_t i = 0; i < families[id].n_labels; i++)
        n *= label_at(m, id, i)->n + 1;
    write_header(out, families[id].name, "counter", families[id].help);
    for (size_t i = 0; i < n; i++)
        write_series(m, id, i, out);
}

static void write_histogram(const struct histogram_info *info, const struct histogram *h,
                            struct buf *out)
{
    uint64_t below = 0;

    write_header(out, info->name, "histogram", info->help);
    for (size_t i = 0; i <= info->n; i++) {
        below += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        buf_printf(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", info->name,
                   i < info->n ? info->le[i] : "+Inf", below);
    }
    buf_printf(out, "%s_sum %.9g\n", info->name,
               (double)atomic_load_explicit(&h->sum, memory_order_relaxed) * info->scale);
    buf_printf(out, "%s_count %" PRIu64 "\n", info->name, below);
}

static void write_gauge(struct buf *out, const char *name, const char *label, const char *value,
                        int64_t n)
{
    buf_printf(out, "%s{%s=\"", name, label);
    write_value(out, value);
    buf_printf(out, "\"} %" PRId64 "\n", n);
}

/* Seconds since (sign 1) or until (sign -1) each date. Under the mutex. */
static void write_dates(const struct dates *d, const char *name, const char *label, int64_t now,
                        int sign, struct buf *out)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].at)
            write_gauge(out, name, label, d->items[i].name, sign * (now - d->items[i].at));
}

void metrics_write(struct metrics *m, int64_t now, struct buf *out)
{
    for (size_t id = 0; id < N_FAMILIES; id++)
        write_family(m, (enum family_id)id, out);
    write_histogram(&durations, &m->duration, out);
    write_histogram(&sizes, &m->bytes, out);
    write_header(out, "syncguard_inflight", "gauge", "Requests being read or answered.");
    buf_printf(out, "syncguard_inflight %" PRId64 "\n",
               atomic_load_explicit(&m->inflight, memory_order_relaxed));
    (void)pthread_mutex_lock(&m->mutex);
    write_header(out, "syncguard_facts_age_seconds", "gauge",
                 "Seconds since a source of facts was last seen to be as it is held.");
    write_dates(&m->facts, "syncguard_facts_age_seconds", "source", now, 1, out);
    write_header(out, "syncguard_facts_loaded", "gauge",
                 "Whether there are facts of a source: 0 leaves what needs them undecided.");
    for (size_t i = 0; i < m->facts.n; i++)
        write_gauge(out, "syncguard_facts_loaded", "source", m->facts.items[i].name,
                    m->facts.items[i].loaded);
    write_header(out, "syncguard_certificate_expiry_seconds", "gauge",
                 "Seconds until a certificate expires.");
    write_dates(&m->certificates, "syncguard_certificate_expiry_seconds", "which", now, -1, out);
    (void)pthread_mutex_unlock(&m->mutex);
    write_header(out, "syncguard_log_dropped_total", "counter",
                 "Decision lines that were dropped.");
    buf_printf(out, "syncguard_log_dropped_total %" PRIu64 "\n",
               atomic_load_explicit(&m->log_dropped, memory_order_relaxed));
    write_header(out, "syncguard_program_log_dropped_total", "counter",
                 "Lines of the program log that were dropped.");
    buf_printf(out, "syncguard_program_log_dropped_total %" PRIu64 "\n",
               atomic_load_explicit(&m->program_log_dropped, memory_order_relaxed));
    write_header(out, "syncguard_build_info", "gauge", "The running version.");
    buf_adds(out, "syncguard_build_info{version=\"");
    write_value(out, m->version);
    buf_adds(out, "\",revision=\"");
    write_value(out, m->revision);
    buf_adds(out, "\"} 1\n");
}
