/* The decision log: bounded, never in the way of an answer for long, counting what it drops. */
#include "base/mem.h"
#include "log/decision_log.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINE = 64 * 1024 };

static unsigned long dropped(struct metrics *m)
{
    AUTO(buf_clearp) struct buf page = {0};
    const char *at;

    buf_init(&page, METRICS_PAGE_MAX);
    metrics_write(m, 0, &page);
    at = strstr(page.p, "\nsyncguard_log_dropped_total ");
    assert_non_null(at);
    return strtoul(at + strlen("\nsyncguard_log_dropped_total "), NULL, 10);
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A pipe that takes nothing more, as of a reader that has stopped. */
static void full_pipe(int ends[2])
{
    char bytes[4096] = {0};

    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], bytes, sizeof bytes) > 0)
        continue;
}

/* What the program log was told. */
struct told {
    struct program_log *log;
    FILE *file;
};

static struct told listen_in(void)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    return (struct told){program_log_new(fileno(file)), file};
}

/* How many of its lines hold the text. */
static size_t times_told(const struct told *told, const char *text)
{
    char line[8192];
    size_t n = 0;

    rewind(told->file);
    while (fgets(line, sizeof line, told->file))
        n += strstr(line, text) != NULL;
    return n;
}

static void told_free(struct told *told)
{
    program_log_free(told->log);
    (void)fclose(told->file);
}

struct reader {
    int fd;
    size_t n_lines;
    size_t n_bytes;
};

static void *read_all(void *p)
{
    struct reader *r = p;
    char bytes[65536];
    ssize_t n;

    while ((n = read(r->fd, bytes, sizeof bytes)) > 0) {
        r->n_bytes += (size_t)n;
        for (ssize_t i = 0; i < n; i++)
            r->n_lines += bytes[i] == '\n';
    }
    return NULL;
}

static void every_line_reaches_the_reader_before_the_end(void **state)
{
    struct metrics *m = metrics_new("0", "test");
    struct told told = listen_in();
    struct reader r = {0};
    struct decision_log *log;
    pthread_t thread;
    char *big = xmalloc(LINE);
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    r.fd = ends[0];
    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    log = decision_log_new(ends[1], m, told.log);
    memset(big, 'x', LINE - 1);
    big[LINE - 1] = '\n';
    for (int i = 0; i < 1000; i++)
        assert_true(decision_log_line(log, STR("{\"event\":\"decision\"}\n"), false));
    assert_true(decision_log_line(log, (struct str){big, LINE}, false));
    decision_log_free(log);
    (void)close(ends[1]);
    (void)pthread_join(thread, NULL);
    (void)close(ends[0]);
    assert_int_equal(r.n_lines, 1001);
    assert_int_equal(r.n_bytes, 1000 * 21 + LINE);
    assert_int_equal(dropped(m), 0);
    assert_int_equal(times_told(&told, "decision"), 0);
    told_free(&told);
    metrics_free(m);
    free(big);
}

static void a_full_queue_drops_allows_at_once_and_lets_denials_wait(void **state)
{
    struct metrics *m = metrics_new("0", "test");
    struct told told = listen_in();
    struct decision_log *log;
    char *line = xcalloc(1, LINE);
    int ends[2];
    int n_queued = 0;
    int64_t start;

    (void)state;
    full_pipe(ends);
    log = decision_log_new(ends[1], m, told.log);
    while (decision_log_line(log, (struct str){line, LINE}, true))
        n_queued++;
    assert_int_equal(n_queued, DECISION_LOG_MAX_BYTES / LINE);
    assert_int_equal(dropped(m), 1);
    start = now_ms();
    assert_false(decision_log_line(log, (struct str){line, LINE}, false));
    assert_true(now_ms() - start >= DECISION_LOG_WAIT_MS - 1);
    assert_int_equal(dropped(m), 2);
    /* One wait tells: nothing waits again until the reader reads. */
    start = now_ms();
    for (int i = 0; i < 20; i++)
        assert_false(decision_log_line(log, (struct str){line, LINE}, false));
    assert_true(now_ms() - start < DECISION_LOG_WAIT_MS * 10);
    assert_int_equal(dropped(m), 22);
    assert_int_equal(times_told(&told, "their reader does not read"), 1);
    /* The end comes although nobody reads, and what was queued counts as dropped. */
    decision_log_free(log);
    assert_int_equal(dropped(m), 22 + n_queued);
    assert_int_equal(times_told(&told, "decision-log"), 1);
    told_free(&told);
    (void)close(ends[0]);
    (void)close(ends[1]);
    metrics_free(m);
    free(line);
}

static void *drain_later(void *p)
{
    (void)usleep(20 * 1000);
    return read_all(p);
}

static void a_denial_waits_until_there_is_room(void **state)
{
    struct metrics *m = metrics_new("0", "test");
    struct told told = listen_in();
    struct decision_log *log;
    struct reader r = {0};
    pthread_t thread;
    char *line = xcalloc(1, LINE);
    int ends[2];

    (void)state;
    full_pipe(ends);
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    r.fd = ends[0];
    log = decision_log_new(ends[1], m, told.log);
    while (decision_log_line(log, (struct str){line, LINE}, true))
        continue;
    assert_int_equal(pthread_create(&thread, NULL, drain_later, &r), 0);
    assert_true(decision_log_line(log, (struct str){line, LINE}, false));
    decision_log_free(log);
    (void)close(ends[1]);
    (void)pthread_join(thread, NULL);
    (void)close(ends[0]);
    assert_int_equal(dropped(m), 1);
    assert_int_equal(times_told(&told, "written again; 1 were lost"), 1);
    told_free(&told);
    metrics_free(m);
    free(line);
}

static void a_reader_that_went_away_costs_lines_not_answers(void **state)
{
    struct metrics *m = metrics_new("0", "test");
    struct told told = listen_in();
    struct decision_log *log;
    int ends[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    log = decision_log_new(ends[1], m, told.log);
    for (int i = 0; i < 5; i++)
        assert_true(decision_log_line(log, STR("{}\n"), false));
    decision_log_free(log);
    (void)close(ends[1]);
    assert_int_equal(dropped(m), 5);
    assert_int_equal(times_told(&told, "they cannot be written: Broken pipe"), 1);
    assert_int_equal(times_told(&told, "decision-log"), 1);
    told_free(&told);
    metrics_free(m);
}

static void a_full_disk_is_said_once(void **state)
{
    struct metrics *m = metrics_new("0", "test");
    struct told told = listen_in();
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct decision_log *log;

    (void)state;
    assert_true(fd >= 0);
    log = decision_log_new(fd, m, told.log);
    for (int i = 0; i < 5; i++)
        assert_true(decision_log_line(log, STR("{}\n"), false));
    decision_log_free(log);
    (void)close(fd);
    assert_int_equal(dropped(m), 5);
    assert_int_equal(times_told(&told, "they cannot be written: No space left"), 1);
    assert_int_equal(times_told(&told, "decision-log"), 1);
    told_free(&told);
    metrics_free(m);
}

static void a_line_that_is_too_long_is_said(void **state)
{
    struct metrics *m = metrics_new("0", "test");
    struct told told = listen_in();
    char *line = xcalloc(1, DECISION_LOG_MAX_BYTES + 1);
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct decision_log *log = decision_log_new(fd, m, told.log);

    (void)state;
    assert_false(decision_log_line(log, (struct str){line, DECISION_LOG_MAX_BYTES + 1}, false));
    decision_log_too_long(log);
    decision_log_free(log);
    (void)close(fd);
    assert_int_equal(dropped(m), 2);
    assert_int_equal(times_told(&told, "it is too long"), 1);
    told_free(&told);
    metrics_free(m);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_reaches_the_reader_before_the_end),
        cmocka_unit_test(a_full_queue_drops_allows_at_once_and_lets_denials_wait),
        cmocka_unit_test(a_denial_waits_until_there_is_room),
        cmocka_unit_test(a_reader_that_went_away_costs_lines_not_answers),
        cmocka_unit_test(a_full_disk_is_said_once),
        cmocka_unit_test(a_line_that_is_too_long_is_said),
    };

    return cmocka_run_group_tests_name("log/decision_log", tests, NULL, NULL);
}
