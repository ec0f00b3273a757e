/* The program log: one JSON object a line that outside text cannot break out of. */
#include "base/buf.h"
#include "base/json.h"
#include "log/metrics.h"
#include "log/program_log.h"
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    int ends[2];
    struct program_log *log;
    char text[128 * 1024];
    size_t n_text; /* of the line that was read */
};

static int set_up(void **state)
{
    static struct fixture f;

    assert_int_equal(pipe(f.ends), 0);
    f.log = program_log_new(f.ends[1]);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    program_log_free(f->log);
    (void)close(f->ends[0]);
    return 0;
}

/* The single line that was logged, as JSON. */
static json_t *only_line(struct fixture *f)
{
    AUTO(json_unrefp) json_t *line = NULL;
    struct err err = {0};
    ssize_t n;

    (void)close(f->ends[1]);
    n = read(f->ends[0], f->text, sizeof f->text);
    assert_true(n > 0);
    f->n_text = (size_t)n;
    assert_ptr_equal(memchr(f->text, '\n', (size_t)n), f->text + n - 1);
    assert_true(json_read((struct str){f->text, (size_t)n - 1}, &line, &err));
    return steal(&line);
}

static void a_message_from_outside_stays_on_its_line(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;

    program_log_event(f->log, LOG_WARNING, "test", "name %s",
                      "a\"}\n{\"event\":\"forged\"\x1b[31m\xe2\x80\xae\xff");
    line = only_line(f);
    assert_string_equal(json_string_value(json_object_get(line, "event")), "test");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
    assert_string_equal(json_string_value(json_object_get(line, "message")),
                        "name a\"}\\u{a}{\"event\":\"forged\"\\u{1b}[31m\\u{202e}\\u{ff}");
}

static void the_time_is_utc_with_milliseconds(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    const char *time;
    int n = 0;

    program_log_event(f->log, LOG_INFO, "test", "hello");
    line = only_line(f);
    time = json_string_value(json_object_get(line, "time"));
    assert_non_null(time);
    (void)sscanf(time, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &n);
    assert_int_equal(n, 24);
}

static void a_very_long_message_is_cut_and_still_a_line(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    static char text[20000];

    memset(text, '\n', sizeof text - 1);
    program_log_event(f->log, LOG_INFO, "test", "%s", text);
    line = only_line(f);
    /* Each line feed takes six bytes as JSON: \\u{a}. */
    assert_in_range(f->n_text, PIPE_BUF - 64, PIPE_BUF);
    assert_non_null(strstr(json_string_value(json_object_get(line, "message")), "…"));
}

static void a_character_is_not_cut_in_two(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    AUTO(buf_clearp) struct buf text = {0};
    const char *message;

    buf_init(&text, 8000);
    buf_adds(&text, "x");
    while (text.n < 4000)
        buf_adds(&text, "한");
    program_log_event(f->log, LOG_INFO, "test", "%s", text.p);
    line = only_line(f);
    message = json_string_value(json_object_get(line, "message"));
    assert_null(strstr(message, "\\u{"));
    assert_string_equal(message + strlen(message) - 6, "한…");
}

/* As of a reader that has stopped: nothing more fits. */
static size_t fill(int fd)
{
    char bytes[PIPE_BUF] = {0};
    size_t n = 0;

    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (write(fd, bytes, sizeof bytes) > 0)
        n += sizeof bytes;
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    return n;
}

static void a_reader_that_stalled_costs_lines_not_the_process(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    size_t n = fill(f->ends[1]);

    for (int i = 0; i < 3; i++)
        program_log_event(f->log, LOG_INFO, "test", "nobody reads this");
    assert_int_equal(read(f->ends[0], f->text, n), n);
    program_log_event(f->log, LOG_INFO, "test", "the reader is back");
    line = only_line(f);
    assert_string_equal(json_string_value(json_object_get(line, "message")), "the reader is back");
    assert_int_equal((int)json_number_value(json_object_get(line, "dropped")), 3);
}

static void what_was_dropped_is_said_once(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    size_t n = fill(f->ends[1]);
    ssize_t n_read;

    program_log_event(f->log, LOG_INFO, "test", "nobody reads this");
    assert_int_equal(read(f->ends[0], f->text, n), n);
    program_log_event(f->log, LOG_INFO, "test", "the reader is back");
    n_read = read(f->ends[0], f->text, sizeof f->text - 1);
    assert_true(n_read > 0);
    f->text[n_read] = '\0';
    assert_non_null(strstr(f->text, ",\"dropped\":1}\n"));
    program_log_event(f->log, LOG_INFO, "test", "still there");
    line = only_line(f);
    assert_null(json_object_get(line, "dropped"));
}

static void an_error_is_told_whole(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    err_what(&err, ERR_SYSTEM, "the file %s could not be read", "a\nb");
    err_remedy(&err, "look at it");
    program_log_err(f->log, LOG_ERROR, "test", &err);
    line = only_line(f);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(line, "message")), err_text(&err, text));
}

static void the_listening_line_carries_the_ports(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *line = NULL;
    json_t *listen;

    program_log_listening(f->log, "0.0.0.0", 8443, "127.0.0.1", 8080);
    line = only_line(f);
    listen = json_object_get(line, "listen");
    assert_string_equal(json_string_value(json_object_get(line, "event")), "listening");
    assert_string_equal(json_string_value(json_object_get(listen, "host")), "0.0.0.0");
    assert_int_equal((int)json_number_value(json_object_get(listen, "port")), 8443);
    assert_int_equal(
        (int)json_number_value(json_object_get(json_object_get(line, "admin"), "port")), 8080);
}

static unsigned long counted(struct metrics *m)
{
    static const char name[] = "\nsyncguard_program_log_dropped_total ";
    AUTO(buf_clearp) struct buf page = {0};
    const char *at;

    buf_init(&page, METRICS_PAGE_MAX);
    metrics_write(m, 0, &page);
    at = strstr(page.p, name);
    assert_non_null(at);
    return strtoul(at + sizeof name - 1, NULL, 10);
}

static void every_line_is_written_before_the_end(void **state)
{
    struct fixture *f = *state;
    struct metrics *m = metrics_new("0", "test");
    size_t n_lines = 0;
    ssize_t n;

    program_log_start(f->log, m);
    for (int i = 0; i < 500; i++)
        program_log_event(f->log, LOG_INFO, "test", "line %d", i);
    program_log_stop(f->log);
    n = read(f->ends[0], f->text, sizeof f->text);
    assert_true(n > 0);
    for (ssize_t i = 0; i < n; i++)
        n_lines += f->text[i] == '\n';
    assert_int_equal(n_lines, 500);
    assert_int_equal(counted(m), 0);
    metrics_free(m);
}

static void what_a_stalled_reader_loses_is_counted_and_said(void **state)
{
    struct fixture *f = *state;
    struct metrics *m = metrics_new("0", "test");
    static char line[3000];
    size_t n_told = 0;
    size_t n_pipe = fill(f->ends[1]);
    unsigned long n_lost;
    FILE *from;

    memset(line, 'x', sizeof line - 1);
    program_log_start(f->log, m);
    for (int i = 0; i < 1000; i++)
        program_log_event(f->log, LOG_INFO, "test", "%s", line);
    n_lost = counted(m);
    assert_in_range(n_lost, 800, 999); /* some are queued */
    assert_int_equal(read(f->ends[0], f->text, n_pipe), n_pipe);
    from = fdopen(dup(f->ends[0]), "r");
    assert_non_null(from);
    /* The writer catches up, and then somebody has something to say. */
    for (unsigned long i = 0; i < 1000 - n_lost; i++)
        assert_non_null(fgets(f->text, sizeof f->text, from));
    program_log_event(f->log, LOG_INFO, "test", "the reader is back");
    assert_non_null(fgets(f->text, sizeof f->text, from));
    assert_non_null(strstr(f->text, "the reader is back"));
    assert_non_null(strstr(f->text, ",\"dropped\":"));
    n_told = strtoul(strstr(f->text, ",\"dropped\":") + strlen(",\"dropped\":"), NULL, 10);
    assert_int_equal(n_told, n_lost);
    (void)fclose(from);
    program_log_stop(f->log);
    assert_int_equal(counted(m), n_lost);
    metrics_free(m);
}

/* Lines that nobody could write: the disk is full. */
static void what_cannot_be_written_is_counted(void **state)
{
    struct fixture *f = *state;
    struct metrics *m = metrics_new("0", "test");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct program_log *log = program_log_new(full);

    (void)f;
    program_log_start(log, m);
    for (int i = 0; i < 10; i++)
        program_log_event(log, LOG_INFO, "test", "nowhere");
    program_log_stop(log);
    assert_int_equal(counted(m), 10);
    program_log_free(log);
    (void)close(full);
    metrics_free(m);
}

struct teller {
    struct program_log *log;
    atomic_bool ends;
    atomic_ulong n_told;
};

static void *tell(void *p)
{
    struct teller *t = p;

    while (!atomic_load(&t->ends)) {
        program_log_event(t->log, LOG_INFO, "test", "%02000d", 0);
        (void)atomic_fetch_add(&t->n_told, 1);
    }
    return NULL;
}

/* Whether it goes on: a worker that waits for the log would not. */
static bool goes_on(const atomic_ulong *n)
{
    unsigned long wanted = atomic_load(n) + 5;
    const struct timespec pause = {.tv_nsec = 100000};

    for (int i = 0; i < 300000 && atomic_load(n) < wanted; i++)
        (void)nanosleep(&pause, NULL);
    return atomic_load(n) >= wanted;
}

/* Somebody else writes into the same pipe and takes each page that its reader frees: now and then
 * between the moment that poll(2) sees it and the write. */
static void a_pipe_that_others_fill_costs_no_wait(void **state)
{
    struct fixture *f = *state;
    struct metrics *m = metrics_new("0", "test");
    struct teller teller = {.log = f->log};
    char bytes[PIPE_BUF] = {0};
    pthread_t thread;
    char path[64];
    int other;

    (void)fill(f->ends[1]);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", f->ends[1]);
    other = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(other >= 0);
    program_log_start(f->log, m);
    assert_int_equal(pthread_create(&thread, NULL, tell, &teller), 0);
    for (int i = 0; i < 1000; i++) {
        assert_true(read(f->ends[0], f->text, PIPE_BUF) > 0);
        for (volatile int pause = i % 1000; pause; pause--)
            continue;
        (void)!write(other, bytes, sizeof bytes);
        assert_true(goes_on(&teller.n_told));
    }
    atomic_store(&teller.ends, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    /* The end comes all the same. */
    program_log_stop(f->log);
    assert_true(counted(m) > 0);
    (void)close(other);
    metrics_free(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_from_outside_stays_on_its_line),
        TEST(the_time_is_utc_with_milliseconds),
        TEST(a_very_long_message_is_cut_and_still_a_line),
        TEST(an_error_is_told_whole),
        TEST(the_listening_line_carries_the_ports),
        TEST(a_character_is_not_cut_in_two),
        TEST(a_reader_that_stalled_costs_lines_not_the_process),
        TEST(what_was_dropped_is_said_once),
        TEST(every_line_is_written_before_the_end),
        TEST(what_a_stalled_reader_loses_is_counted_and_said),
        TEST(what_cannot_be_written_is_counted),
        TEST(a_pipe_that_others_fill_costs_no_wait),
    };

    return cmocka_run_group_tests_name("log/program_log", tests, NULL, NULL);
}
