/* What `audit` makes of a decision log. */
#include "base/mem.h"
#include "report/audit.h"
#include "report/log_lines.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

#define OUT_MAX ((size_t)64 * 1024 * 1024)

/* The members that audit reads, in the order of decision_write(). */
#define LINE(time, kind, name, user, dry, decision, findings)                                      \
    "{\"time\":\"" time "\",\"event\":\"decision\",\"uid\":\"u-" time "\",\"kind\":\"" kind        \
    "\",\"namespace\":\"argocd\",\"name\":\"" name "\",\"user\":\"" user "\",\"dryRun\":" dry      \
    ",\"decision\":\"" decision "\",\"findings\":[" findings "]}\n"
#define FINDING(rule, verdict, denies)                                                             \
    "{\"rule\":\"" rule "\",\"verdict\":\"" verdict "\",\"denies\":" denies                        \
    ",\"message\":\"What " rule " says.\"}"
#define DENY FINDING("self-reference", "deny", "true")
#define ROOT(time, user, dry) LINE(time, "Application", "root", user, dry, "deny", DENY)

static struct audit *audit_of(const char *log, int64_t since)
{
    struct audit *a = audit_new(since);

    log_lines_begin(audit_lines(a), "d.log");
    log_lines_add(audit_lines(a), str_from(log));
    log_lines_end(audit_lines(a));
    return a;
}

static void assert_text(const char *log, const char *wanted)
{
    AUTO(audit_freep) struct audit *a = audit_of(log, INT64_MIN);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    audit_text(a, &out);
    assert_true(buf_ok(&out));
    assert_string_equal(buf_str(&out).p, wanted);
}

#define HEAD "     denied     warned  undecided   exempted  first                 last\n"
#define NOON "2026-06-09T12:00:00Z"
#define LATER "2026-06-09T12:05:00Z"

static void repeats_collapse_and_dry_runs_stand_apart(void **state)
{
    (void)state;
    assert_text(
        ROOT(LATER, "jane", "false") ROOT(NOON, "jane", "false") ROOT(NOON, "jane", "true")
            ROOT(NOON, "joe", "false")
                LINE(NOON, "ExternalSecret", "es", "jane", "false", "allow",
                     FINDING("self-prune", "warn", "false") "," FINDING(
                         "self-prune", "undecided", "false") "," FINDING("self-prune", "exempted",
                                                                         "false"))
                    LINE(NOON, "Application", "fine", "jane", "false", "allow", ""),
        "denials\n"
        "     denied  first                 last\n"
        "          2  2026-06-09T12:00:00Z  2026-06-09T12:05:00Z  Application argocd/root "
        "[self-reference] by jane\n"
        "          What self-reference says.\n"
        "          1  2026-06-09T12:00:00Z  2026-06-09T12:00:00Z  (dry run) Application "
        "argocd/root [self-reference] by jane\n"
        "          What self-reference says.\n"
        "          1  2026-06-09T12:00:00Z  2026-06-09T12:00:00Z  Application argocd/root "
        "[self-reference] by joe\n"
        "          What self-reference says.\n"
        "\n"
        "by rule\n" HEAD "          3          0          0          0  2026-06-09T12:00:00Z  "
        "2026-06-09T12:05:00Z  self-reference\n"
        "          1          0          0          0  2026-06-09T12:00:00Z  "
        "2026-06-09T12:00:00Z  (dry run) self-reference\n"
        "          0          1          1          1  2026-06-09T12:00:00Z  "
        "2026-06-09T12:00:00Z  self-prune\n"
        "\n"
        "by object\n" HEAD "          3          0          0          0  2026-06-09T12:00:00Z  "
        "2026-06-09T12:05:00Z  Application argocd/root\n"
        "          1          0          0          0  2026-06-09T12:00:00Z  "
        "2026-06-09T12:00:00Z  (dry run) Application argocd/root\n"
        "          0          1          1          1  2026-06-09T12:00:00Z  "
        "2026-06-09T12:00:00Z  ExternalSecret argocd/es\n"
        "\n"
        "by user\n" HEAD "          2          1          1          1  2026-06-09T12:00:00Z  "
        "2026-06-09T12:05:00Z  jane\n"
        "          1          0          0          0  2026-06-09T12:00:00Z  "
        "2026-06-09T12:00:00Z  (dry run) jane\n"
        "          1          0          0          0  2026-06-09T12:00:00Z  "
        "2026-06-09T12:00:00Z  joe\n"
        "\n"
        "4 denied (1 in dry runs), 1 warned, 1 undecided, 1 exempted in 6 decisions; 0 lines "
        "skipped\n");
}

/* Two denying findings of one rule are one denied request. */
static void a_request_counts_once(void **state)
{
    AUTO(audit_freep)
    struct audit *a = audit_of(LINE(NOON, "Application", "root", "jane", "false", "deny",
                                    DENY "," DENY "," FINDING("self-prune", "undecided", "true")),
                               INT64_MIN);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    audit_json(a, &out);
    assert_non_null(strstr(buf_str(&out).p, "\"requests\":[{\"dryRun\":false,\"denied\":1,"));
    assert_non_null(strstr(buf_str(&out).p, "{\"rule\":\"self-reference\",\"dryRun\":false,"
                                            "\"denied\":1,"));
    assert_non_null(strstr(buf_str(&out).p, "{\"rule\":\"self-prune\",\"dryRun\":false,"
                                            "\"denied\":1,\"warned\":0,\"undecided\":0,"));
    assert_non_null(strstr(buf_str(&out).p, "{\"user\":\"jane\",\"dryRun\":false,\"denied\":1,"));
}

static void nothing_denied_is_said_too(void **state)
{
    (void)state;
    assert_text("",
                "0 denied, 0 warned, 0 undecided, 0 exempted in 0 decisions; 0 lines skipped\n");
}

#define SEEN_ONCE(name)                                                                            \
    "by user\n" HEAD "          1          0          0          0  2026-06-09T12:00:00Z  "        \
    "2026-06-09T12:00:00Z  " name "\n"

static void assert_seen(const char *log, const char *part)
{
    AUTO(audit_freep) struct audit *a = audit_of(log, INT64_MIN);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    audit_text(a, &out);
    if (!strstr(buf_str(&out).p, part))
        print_error("%s\nis not in\n%s\n", part, buf_str(&out).p);
    assert_non_null(strstr(buf_str(&out).p, part));
}

/* How kubectl and container runtimes hand a line on. */
static void prefixes_do_not_matter(void **state)
{
    static const char *const prefixes[] = {"", "[pod/syncguard-0/syncguard] ",
                                           "2026-06-09T12:00:01.5Z ",
                                           "2026-06-09T12:00:01.5Z stdout F ", "syncguard-0  | "};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        AUTO(freep) char *log = xasprintf("%s%s", prefixes[i], ROOT(NOON, "jane", "false"));

        assert_seen(log, SEEN_ONCE("jane"));
    }
    /* Windows line ends, no line end at all, blank lines. */
    assert_seen("\r\n\n  \n", "in 0 decisions; 0 lines skipped\n");
    assert_seen("{\"log\":\"{\\\"time\\\":\\\"" NOON "\\\",\\\"event\\\":\\\"decision\\\","
                "\\\"kind\\\":\\\"Application\\\",\\\"namespace\\\":\\\"a\\\",\\\"name\\\":\\\"b"
                "\\\",\\\"user\\\":\\\"jane\\\",\\\"dryRun\\\":false,\\\"decision\\\":\\\"allow"
                "\\\",\\\"findings\\\":[]}\\n\",\"stream\":\"stdout\"}",
                "in 1 decision; 0 lines skipped\n");
}

static void other_lines_are_counted_and_broken_decisions_named(void **state)
{
    (void)state;
    assert_text(
        "I0609 12:00:00 something else\n"
        "{\"level\":\"info\",\"event\":\"facts-loaded\"}\n"
        "no decision {\n"
        "{\"event\":\"decision\",\"time\":\"2026-06\n"
        "{\"event\":\"decision\",\"decision\":\"maybe\"}\n"
        "{\"event\":\"decision\",\"decision\":\"deny\",\"time\":\"2026-06-09\"}\n"
        "{\"event\":\"decision\",\"decision\":\"deny\",\"time\":\"" NOON "\",\"dryRun\":0}\n"
        "{\"event\":\"decision\",\"decision\":\"deny\",\"time\":\"" NOON "\",\"dryRun\":true,"
        "\"kind\":[],\"namespace\":\"a\",\"name\":\"b\",\"user\":\"c\"}\n" LINE(
            NOON, "A", "b", "c", "true", "allow", "1")
            LINE(NOON, "A", "b", "c", "true", "deny", FINDING("r", "fine", "true"))
                LINE(NOON, "A", "b", "c", "true", "deny", FINDING("r", "deny", "false"))
                    LINE(NOON, "A", "b", "c", "true", "allow",
                         DENY) "{\"event\":\"decision\",\"decision\":\"allow\",\"time\":\"" NOON
                               "\",\"dryRun\":true,"
                               "\"kind\":\"A\",\"namespace\":\"a\",\"name\":\"b\",\"user\":\"c\","
                               "\"findings\":{}}\n"
                               "{\"event\":\"decision\",\"event\":\"decision\"}",
        "d.log:4: note: a decision that is no JSON, or was cut\n"
        "d.log:5: note: a decision that is neither allow nor deny\n"
        "d.log:6: note: a decision without a time\n"
        "d.log:7: note: a decision that does not say whether it is a dry run\n"
        "d.log:8: note: a decision without kind, namespace, name or user\n"
        "d.log:9: note: a decision with a finding that cannot be read\n"
        "d.log:10: note: a decision with a finding that cannot be read\n"
        "d.log:11: note: a decision that its findings do not bear out\n"
        "d.log:12: note: a decision that its findings do not bear out\n"
        "d.log:13: note: a decision without findings\n"
        "d.log:14: note: a decision that is no JSON, or was cut\n"
        "0 denied, 0 warned, 0 undecided, 0 exempted in 0 decisions; 14 lines skipped\n");
}

static void names_cannot_forge_lines(void **state)
{
    (void)state;
    /* What the log escaped stays as it is; what somebody wrote into it is escaped. */
    assert_seen(ROOT(NOON, "jane\\\\u{a}", "false"), SEEN_ONCE("jane\\u{a}"));
    assert_seen(ROOT(NOON, "a\\nb\\u001b\\u0000\\u202e", "false"),
                SEEN_ONCE("a\\u{a}b\\u{1b}\\u{0}\\u{202e}"));
    assert_seen(ROOT(NOON, "", "false"), SEEN_ONCE("(nobody named)"));
    assert_seen(LINE(NOON, "Application", "", "jane", "false", "deny", DENY),
                "Application argocd/(name to be generated) [self-reference] by jane\n");
}

static void long_names_and_messages_are_cut(void **state)
{
    char name[4001];
    AUTO(freep) char *log = NULL;

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    log = xasprintf("{\"time\":\"" NOON "\",\"event\":\"decision\",\"kind\":\"A\","
                    "\"namespace\":\"n\",\"name\":\"%s\",\"user\":\"u\",\"dryRun\":false,"
                    "\"decision\":\"deny\",\"findings\":[{\"rule\":\"r\",\"verdict\":\"deny\","
                    "\"denies\":true,\"message\":\"%s\"}]}\n",
                    name, name);
    {
        AUTO(audit_freep) struct audit *a = audit_of(log, INT64_MIN);
        AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

        audit_text(a, &out);
        assert_in_range(buf_str(&out).n, LOG_MESSAGE_MAX + 400, LOG_MESSAGE_MAX + 1200);
    }
}

/* A line that never ends takes the memory of one line; the next line is read. */
static void a_line_without_end_is_passed_over(void **state)
{
    AUTO(audit_freep) struct audit *a = audit_new(INT64_MIN);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    static char piece[64 * 1024];

    (void)state;
    memset(piece, '{', sizeof piece);
    log_lines_begin(audit_lines(a), "endless\n.log");
    for (size_t i = 0; i < 1024; i++)
        log_lines_add(audit_lines(a), (struct str){piece, sizeof piece});
    log_lines_add(audit_lines(a), STR("\n" ROOT(NOON, "jane", "false")));
    log_lines_end(audit_lines(a));
    audit_text(a, &out);
    assert_non_null(strstr(buf_str(&out).p,
                           "endless\\u{a}.log:1: note: a line that is too long for a decision\n"
                           "1 denied, 0 warned, 0 undecided, 0 exempted in 1 decision; 1 line "
                           "skipped\n"));
}

static void a_flood_of_names_is_bounded(void **state)
{
    AUTO(audit_freep) struct audit *a = audit_new(INT64_MIN);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    char line[1024];

    (void)state;
    log_lines_begin(audit_lines(a), "-");
    for (unsigned i = 0; i < AUDIT_ROWS_MAX + 5; i++) {
        int n = snprintf(line, sizeof line,
                         "{\"time\":\"" NOON "\",\"event\":\"decision\",\"kind\":\"A\","
                         "\"namespace\":\"n\",\"name\":\"%u\",\"user\":\"u\",\"dryRun\":false,"
                         "\"decision\":\"deny\",\"findings\":[" DENY "]}\n",
                         i);

        log_lines_add(audit_lines(a), (struct str){line, (size_t)n});
        log_lines_add(audit_lines(a), STR("{\"event\":\"decision\"}\n"));
    }
    audit_json(a, &out);
    assert_true(buf_ok(&out));
    assert_non_null(strstr(buf_str(&out).p,
                           "\"more\":{\"rules\":0,\"objects\":5,\"users\":0,\"denials\":5},"
                           "\"lines\":{\"decisions\":10005,\"earlier\":0,\"other\":0,"
                           "\"malformed\":10005,\"tooLong\":0}"));
    assert_non_null(strstr(buf_str(&out).p, "\"users\":[{\"user\":\"u\",\"dryRun\":false,"
                                            "\"denied\":10005,"));
    buf_reset(&out);
    audit_text(a, &out);
    assert_non_null(strstr(buf_str(&out).p, "and 5 more findings, not kept apart"));
    assert_non_null(strstr(buf_str(&out).p, "note: 9985 more such lines\n"));
}

static void since_leaves_out_what_was_before(void **state)
{
    /* 2026-06-09T12:05:00Z */
    AUTO(audit_freep)
    struct audit *a = audit_of(ROOT(NOON, "jane", "false") ROOT(LATER, "jane", "false")
                                   ROOT("2026-06-09T21:05:00+09:00", "jane", "false"),
                               1781006700);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    audit_text(a, &out);
    assert_non_null(strstr(buf_str(&out).p, "2 denied, 0 warned, 0 undecided, 0 exempted in 2 "
                                            "decisions; 1 earlier, 0 lines skipped\n"));
}

static void json_keeps_its_schema(void **state)
{
    AUTO(audit_freep) struct audit *a = audit_of(ROOT(NOON, "jane", "true") "x decision {\n", 0);
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    audit_json(a, &out);
    assert_string_equal(
        buf_str(&out).p,
        "{\"schema\":\"syncguard.audit/v1\",\"since\":\"1970-01-01T00:00:00Z\","
        "\"requests\":[{\"dryRun\":true,\"denied\":1,\"warned\":0,\"undecided\":0,\"exempted\":0,"
        "\"first\":\"" NOON "\",\"last\":\"" NOON "\"}],"
        "\"rules\":[{\"rule\":\"self-reference\",\"dryRun\":true,\"denied\":1,\"warned\":0,"
        "\"undecided\":0,\"exempted\":0,\"first\":\"" NOON "\",\"last\":\"" NOON "\"}],"
        "\"objects\":[{\"kind\":\"Application\",\"namespace\":\"argocd\",\"name\":\"root\","
        "\"dryRun\":true,\"denied\":1,\"warned\":0,\"undecided\":0,\"exempted\":0,"
        "\"first\":\"" NOON "\",\"last\":\"" NOON "\"}],"
        "\"users\":[{\"user\":\"jane\",\"dryRun\":true,\"denied\":1,\"warned\":0,"
        "\"undecided\":0,\"exempted\":0,\"first\":\"" NOON "\",\"last\":\"" NOON "\"}],"
        "\"denials\":[{\"kind\":\"Application\",\"namespace\":\"argocd\",\"name\":\"root\","
        "\"rule\":\"self-reference\",\"user\":\"jane\",\"dryRun\":true,\"denied\":1,"
        "\"first\":\"" NOON "\",\"last\":\"" NOON "\",\"lastUid\":\"u-" NOON "\","
        "\"lastMessage\":\"What self-reference says.\"}],"
        "\"more\":{\"rules\":0,\"objects\":0,\"users\":0,\"denials\":0},"
        "\"lines\":{\"decisions\":1,\"earlier\":0,\"other\":1,\"malformed\":0,\"tooLong\":0},"
        "\"notes\":[]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_collapse_and_dry_runs_stand_apart),
        cmocka_unit_test(a_request_counts_once),
        cmocka_unit_test(nothing_denied_is_said_too),
        cmocka_unit_test(prefixes_do_not_matter),
        cmocka_unit_test(other_lines_are_counted_and_broken_decisions_named),
        cmocka_unit_test(names_cannot_forge_lines),
        cmocka_unit_test(long_names_and_messages_are_cut),
        cmocka_unit_test(a_line_without_end_is_passed_over),
        cmocka_unit_test(a_flood_of_names_is_bounded),
        cmocka_unit_test(since_leaves_out_what_was_before),
        cmocka_unit_test(json_keeps_its_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
