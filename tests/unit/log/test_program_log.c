/* The program log: one JSON object a line that outside text cannot break out of. */
#include "base/buf.h"
#include "base/json.h"
#include "log/program_log.h"
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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
    };

    return cmocka_run_group_tests_name("log/program_log", tests, NULL, NULL);
}
