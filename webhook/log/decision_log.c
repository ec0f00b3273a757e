#include "log/decision_log.h"
#include "base/mem.h"
#include "log/queue.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Why lines are lost. Each is said once until lines get through again. */
enum fault { FAULT_WRITE, FAULT_STALLED, FAULT_TOO_LONG, N_FAULTS };

static const char *const fault_texts[] = {
    [FAULT_WRITE] = "decision lines are lost: they cannot be written",
    [FAULT_STALLED] = "decision lines are lost: their reader does not read",
    [FAULT_TOO_LONG] = "a decision line is lost: it is too long",
};

struct decision_log {
    struct metrics *metrics;
    struct program_log *program_log;
    struct log_queue *queue;
    pthread_mutex_t mutex;
    /* Under the mutex: */
    bool said[N_FAULTS];
    uint64_t n_lost; /* since lines got through */
};

/* number: an errno, 0 without one. */
static void lose(struct decision_log *log, enum fault fault, int number)
{
    struct err err = {0};
    bool said;

    (void)pthread_mutex_lock(&log->mutex);
    said = log->said[fault];
    log->said[fault] = true;
    log->n_lost++;
    (void)pthread_mutex_unlock(&log->mutex);
    metrics_log_dropped(log->metrics);
    if (said)
        return;
    err_what(&err, ERR_SYSTEM, "%s", fault_texts[fault]);
    if (number)
        err_why_errno(&err, number);
    err_remedy(&err, "syncguard_log_dropped_total counts them");
    program_log_err(log->program_log, LOG_ERROR, "decision-log", &err);
}

static void on_lost(void *closure, uint64_t tag, int error)
{
    (void)tag;
    lose(closure, error ? FAULT_WRITE : FAULT_STALLED, error);
}

/* Lines get through: what was lost until now is told once. */
static void on_written(void *closure)
{
    struct decision_log *log = closure;
    bool lost;
    uint64_t n;

    (void)pthread_mutex_lock(&log->mutex);
    lost = log->said[FAULT_WRITE] || log->said[FAULT_STALLED];
    n = log->n_lost;
    log->n_lost = 0;
    memset(log->said, 0, sizeof log->said);
    (void)pthread_mutex_unlock(&log->mutex);
    if (lost)
        program_log_event(log->program_log, LOG_WARNING, "decision-log",
                          "decision lines are written again; %llu were lost",
                          (unsigned long long)n);
}

struct decision_log *decision_log_new(int fd, struct metrics *metrics,
                                      struct program_log *program_log)
{
    struct decision_log *log = xcalloc(1, sizeof *log);

    log->metrics = metrics;
    log->program_log = program_log;
    (void)pthread_mutex_init(&log->mutex, NULL);
    log->queue = log_queue_new(&(struct log_queue_options){
        .fd = fd,
        .max_bytes = DECISION_LOG_MAX_BYTES,
        .written = on_written,
        .lost = on_lost,
        .closure = log,
    });
    return log;
}

void decision_log_free(struct decision_log *log)
{
    if (!log)
        return;
    log_queue_free(log->queue);
    (void)pthread_mutex_destroy(&log->mutex);
    free(log);
}

bool decision_log_line(struct decision_log *log, struct str line, bool droppable)
{
    if (line.n > DECISION_LOG_MAX_BYTES) {
        decision_log_too_long(log);
        return false;
    }
    if (log_queue_add(log->queue, line, 0, droppable ? 0 : DECISION_LOG_WAIT_MS))
        return true;
    lose(log, FAULT_STALLED, 0);
    return false;
}

void decision_log_too_long(struct decision_log *log)
{
    lose(log, FAULT_TOO_LONG, 0);
}
