/* What judging a review may take is known before it is taken, and shared with other reviews. */
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "review/cost.h"
#include "review/scan.h"
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What jansson holds now, and the most it held; a chunk of malloc's has 8 bytes besides. */
static size_t held;
static size_t most;

static void *counted_malloc(size_t n)
{
    void *p = malloc(n);

    held += p ? malloc_usable_size(p) + 8 : 0;
    most = held > most ? held : most;
    return p;
}

static void counted_free(void *p)
{
    held -= p ? malloc_usable_size(p) + 8 : 0;
    free(p);
}

static size_t cost_of_tree(const char *text)
{
    json_t *tree = NULL;
    struct err err = {0};

    held = most = 0;
    json_set_alloc_funcs(counted_malloc, counted_free);
    assert_true(json_read_value(str_from(text), &tree, &err));
    json_decref(tree);
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(held, 0);
    return most;
}

/* head, then `piece` n times with its number for %d, then tail. */
static char *repeated(const char *head, const char *piece, unsigned n, const char *tail)
{
    char *text = xcalloc(1, strlen(head) + (strlen(piece) + 12) * n + strlen(tail) + 1);
    char *at = stpcpy(text, head);

    for (unsigned i = 0; i < n; i++) {
        const char *number = strstr(piece, "%d");

        if (number)
            at += sprintf(at, "%.*s%u%s", (int)(number - piece), piece, i, number + 2);
        else
            at = stpcpy(at, piece);
    }
    (void)stpcpy(at, tail);
    return text;
}

static void a_tree_takes_no_more_than_was_said(void **state)
{
    static const char *const pieces[][3] = {
        {"[", "{},", "0]"},
        {"[", "[],", "0]"},
        {"[", "0,", "0]"},
        {"[", "0.5,", "0]"},
        {"[", "\"\",", "0]"},
        {"[", "true,", "0]"},
        {"{", "\"%d\":0,", "\"\":0}"},
        {"{", "\"%d\":{},", "\"\":0}"},
        {"{", "\"%d\":[[]],", "\"\":0}"},
        {"[", "{\"a\":0},", "0]"},
        {"[", "{\"a\":{\"a\":\"\"}},", "0]"},
        {"[", "\"0123456789012345678901234567890123456789\",", "0]"},
        {"\"", "0123456789", "\""},
        {"\"", "{},[],", "\""},
        {"\"", "\\u0041\\n", "\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        for (unsigned n = 1; n <= 30000; n = n * 3 + 1) {
            char *text = repeated(pieces[i][0], pieces[i][1], n, pieces[i][2]);
            size_t said = cost_of_value(str_from(text), false);
            size_t took = cost_of_tree(text);

            /* An empty lexer takes some 200 bytes. */
            if (took > said + 512)
                print_error("%s %s: %zu taken, %zu said\n", pieces[i][0], pieces[i][1], took, said);
            assert_true(took <= said + 512);
            assert_true(cost_of_value(str_from(text), true) >= said);
            free(text);
        }
    }
}

static void usual_values_are_cheap_enough(void **state)
{
    char *values = repeated("\"", "  name%d: some value of it # and why\\n", 10000, "\"");

    (void)state;
    /* 400 kB of Helm values, far more than anybody writes. */
    assert_in_range(cost_of_value(str_from(values), true), 400000, 16 * 1024 * 1024);
    free(values);
}

static void merge_keys_count_for_what_they_copy(void **state)
{
    static const char once[] = "\"a: &a {b: 0}\\nc: {<<: *a}\\n\"";
    char *many = repeated("\"a: &a {", "k%d: 0, ", 1000, "}\\n");
    char *all = repeated(many, "m%d: {<<: *a}\\n", 1000, "\"");

    (void)state;
    assert_in_range(cost_of_value(str_from(once), true), 1000, 10000);
    assert_true(cost_of_value(str_from(all), true) > 100U * 1000 * 1000);
    free(all);
    free(many);
}

static char *review_of(const char *spec)
{
    return xasprintf("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                     "\"request\":{\"uid\":\"u\",\"kind\":{\"group\":\"argoproj.io\",\"kind\":"
                     "\"Application\"},\"operation\":\"CREATE\",\"object\":{\"spec\":%s}}}",
                     spec);
}

static struct scan *scanned(struct budget *b, const char *text)
{
    struct scan *s = scan_new(&(struct scan_options){.budget = b});

    (void)scan_feed(s, str_from(text));
    return s;
}

static void a_review_gives_back_what_it_took(void **state)
{
    struct budget b = {.max = 1024 * 1024};
    AUTO(freep) char *text = review_of("{\"a\":[{},{}]}");
    AUTO(scan_freep) struct scan *s = scanned(&b, text);
    struct review *r = NULL;
    struct err err = {0};

    (void)state;
    assert_true(b.taken > 0);
    assert_true(scan_finish(s, &r, &err));
    assert_null(r->object_unreadable);
    assert_true(b.taken > cost_of_value(STR("{\"a\":[{},{}]}"), true));
    review_free(r);
    assert_int_equal(b.taken, 0);
}

static void a_body_that_finds_no_room_is_turned_away(void **state)
{
    struct budget b = {.max = 256 * 1024, .taken = 255 * 1024};
    char *spec = repeated("\"", "0123456789", 10000, "\"");
    AUTO(freep) char *text = review_of(spec);
    struct scan *s = scanned(&b, text);
    struct review *r = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(b.taken, 255 * 1024);
    assert_false(scan_finish(s, &r, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    scan_free(s);
    assert_int_equal(b.taken, 255 * 1024);
    free(spec);
}

static void a_tree_that_finds_no_room_is_turned_away(void **state)
{
    struct budget b = {.max = 4 * 1024 * 1024};
    char *spec = repeated("[", "{},", 1000, "0]");
    AUTO(freep) char *text = review_of(spec);
    struct scan *s = scanned(&b, text);
    struct review *r = NULL;
    struct err err = {0};

    (void)state;
    assert_true(budget_take(&b, b.max - b.taken - 1000));
    assert_false(scan_finish(s, &r, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    scan_free(s);
    free(spec);
}

static void an_object_that_never_fits_is_unreadable(void **state)
{
    struct budget b = {.max = 256 * 1024};
    char *spec = repeated("[", "{},", 10000, "0]");
    AUTO(freep) char *text = review_of(spec);
    struct scan *s = scanned(&b, text);
    struct review *r = NULL;
    struct err err = {0};

    (void)state;
    assert_true(scan_finish(s, &r, &err));
    assert_string_equal(r->object_unreadable, "judging it would take too much memory");
    review_free(r);
    scan_free(s);
    assert_int_equal(b.taken, 0);
    free(spec);
}

static void a_budget_is_never_exceeded(void **state)
{
    struct budget b = {.max = 10};

    (void)state;
    assert_true(budget_take(&b, 10));
    assert_false(budget_take(&b, 1));
    assert_false(budget_take(&b, SIZE_MAX));
    assert_true(budget_take(&b, 0));
    budget_give(&b, 4);
    assert_false(budget_take(&b, 5));
    assert_true(budget_take(&b, 4));
    assert_true(budget_take(NULL, SIZE_MAX));
    budget_give(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_takes_no_more_than_was_said),
        cmocka_unit_test(usual_values_are_cheap_enough),
        cmocka_unit_test(merge_keys_count_for_what_they_copy),
        cmocka_unit_test(a_review_gives_back_what_it_took),
        cmocka_unit_test(a_body_that_finds_no_room_is_turned_away),
        cmocka_unit_test(a_tree_that_finds_no_room_is_turned_away),
        cmocka_unit_test(an_object_that_never_fits_is_unreadable),
        cmocka_unit_test(a_budget_is_never_exceeded),
    };

    return cmocka_run_group_tests_name("review/cost", tests, NULL, NULL);
}
