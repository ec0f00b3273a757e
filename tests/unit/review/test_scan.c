/* test_scan.c: what the webhook makes of each shape of AdmissionReview. */
#include "base/buf.h"
#include "base/json.h"
#include "oracle.h"
#include "review/paths.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":"
#define REQUEST                                                                                    \
    HEAD "{\"uid\":\"u\",\"kind\":{\"group\":\"argoproj.io\",\"kind\":\"Application\"},"           \
         "\"name\":\"root\",\"namespace\":\"argocd\",\"operation\":\"UPDATE\","
#define PAIR(object, old) REQUEST "\"object\":" object ",\"oldObject\":" old "}}"

static struct review *read_good(const char *text)
{
    struct review *r = NULL;
    struct err err = {0};
    char complaint[COMPLAINT_MAX] = "";

    if (!feed(str_from(text), (struct feeding){0}, &r, &err))
        fail_msg("%s\nwas refused: %s (%s)", text, err.what, err.why);
    if (!oracle_holds(str_from(text), (struct oracle_options){.seed = 3}, complaint))
        fail_msg("%s\n%s", text, complaint);
    return r;
}

static void is_tree(const json_t *found, const char *wanted)
{
    AUTO(json_unrefp) json_t *tree = NULL;
    struct err err = {0};

    assert_true(json_read(str_from(wanted), &tree, &err));
    if (!found || !json_equal(found, tree)) {
        char *text = found ? json_dumps(found, JSON_COMPACT) : NULL;

        fail_msg("found %s, wanted %s", text ? text : "nothing", wanted);
    }
}

static void is_str(struct str found, const char *wanted)
{
    if (!str_is(found, wanted))
        fail_msg("found \"%.*s\", wanted \"%s\"", STR_ARG(found), wanted);
}

static void a_request_is_read_whole(void **state)
{
    AUTO(review_freep)
    struct review *r = read_good(
        HEAD "{ \"uid\" : \"u-1\", \"kind\":{\"group\":\"external-secrets.io\",\"version\":\"v1\","
             "\"kind\":\"ExternalSecret\"},\"resource\":{\"resource\":\"externalsecrets\"},"
             "\"subResource\":\"status\",\"requestKind\":{\"kind\":\"x\"},\"name\":\"n\\u0061\","
             "\"namespace\":\"ns\",\"operation\":\"CREATE\",\"userInfo\":{\"username\":\"admin\","
             "\"uid\":\"1\",\"groups\":[\"a\",\"b\"]},\"object\":{\"spec\":{\"n\":"
             "123456789012345678901234567890,\"z\":\"\\u0000\"},\"metadata\":{\"uid\":\"x\","
             "\"annotations\":{\"helm.sh/hook\":\"x\",\"other\":1}}},\"oldObject\":null,"
             "\"dryRun\":true,\"options\":{}}}\n");

    (void)state;
    is_str(r->uid, "u-1");
    assert_int_equal(r->kind, REVIEW_EXTERNAL_SECRET);
    is_str(r->kind_text, "ExternalSecret");
    is_str(r->resource, "externalsecrets");
    is_str(r->sub_resource, "status");
    is_str(r->name, "na");
    is_str(r->namespace, "ns");
    assert_int_equal(r->operation, OPERATION_CREATE);
    is_str(r->user, "admin");
    assert_int_equal(json_array_size(r->groups), 2);
    assert_true(r->dry_run);
    assert_false(r->unchanged);
    is_tree(r->object, "{\"spec\":{\"n\":123456789012345678901234567890,\"z\":\"\\u0000\"},"
                       "\"metadata\":{\"annotations\":{\"helm.sh/hook\":\"x\"}}}");
    assert_null(r->old_object);
    assert_null(r->old_object_unreadable);
}

static void operations_and_kinds_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        enum review_operation wanted;
    } rows[] = {{"\"DELETE\"", OPERATION_DELETE},
                {"\"CONNECT\"", OPERATION_OTHER},
                {"null", OPERATION_OTHER}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[512];
        AUTO(review_freep) struct review *r = NULL;

        (void)snprintf(text, sizeof text,
                       HEAD "{\"uid\":\"u\",\"operation\":%s,\"kind\":{\"group\":\"\",\"kind\":"
                            "\"Application\"}}}",
                       rows[i].text);
        r = read_good(text);
        assert_int_equal(r->operation, rows[i].wanted);
        assert_int_equal(r->kind, REVIEW_OTHER);
        assert_null(r->groups);
        assert_int_equal(r->user.n, 0);
    }
}

/* Places {"key": value} of a row at its level of an object (or of the request). */
static void place(char out[512], const struct path_row *row, const char *value)
{
    const char *before = row->level == LEVEL_METADATA      ? "\"metadata\":{"
                         : row->level == LEVEL_ANNOTATIONS ? "\"metadata\":{\"annotations\":{"
                                                           : "";
    const char *after = row->level == LEVEL_METADATA      ? "}"
                        : row->level == LEVEL_ANNOTATIONS ? "}}"
                                                          : "";

    (void)snprintf(out, 512, "{%s\"%s\":%s%s}", before, row->key.p, value, after);
}

static void every_row_of_an_object_is_kept_and_compared_as_it_says(void **state)
{
    (void)state;
    for (unsigned id = 0; id < N_PATHS; id++) {
        const struct path_row *row = &path_table[id];
        char one[512];
        char two[512];
        char text[2048];

        assert_ptr_equal(path_find(row->level, row->key), row);
        if (!path_is_of_object(row) || row->action != PATH_CAPTURE)
            continue;
        place(one, row, "{\"v\":[1]}");
        place(two, row, "{\"v\":[2]}");
        (void)snprintf(text, sizeof text, PAIR("%s", "%s"), one, two);
        {
            AUTO(review_freep) struct review *r = read_good(text);

            assert_int_equal(r->unchanged, !row->compared);
            if (row->compared) {
                is_tree(r->object, one);
                is_tree(r->old_object, two);
            }
        }
        (void)snprintf(text, sizeof text, PAIR("%s", "{}"), one);
        {
            AUTO(review_freep) struct review *r = read_good(text);

            assert_int_equal(r->unchanged, !row->compared);
        }
        (void)snprintf(text, sizeof text, PAIR("%s", "%s"), one, one);
        {
            AUTO(review_freep) struct review *r = read_good(text);

            assert_true(r->unchanged);
            assert_null(r->object);
            assert_null(r->old_object);
        }
        place(one, row, "null");
        (void)snprintf(text, sizeof text, PAIR("%s", "{}"), one);
        {
            AUTO(review_freep) struct review *r = read_good(text);

            assert_true(r->unchanged); /* null is absent */
        }
    }
}

static void the_shortcut_needs_an_update_of_two_readable_objects(void **state)
{
    static const char *const texts[] = {
        HEAD "{\"uid\":\"u\",\"operation\":\"DELETE\",\"object\":{},\"oldObject\":{}}}",
        HEAD "{\"uid\":\"u\",\"operation\":\"UPDATE\",\"subResource\":\"status\",\"object\":{},"
             "\"oldObject\":{}}}",
        PAIR("{}", "null"),
        PAIR("null", "{}"),
        PAIR("\"x\"", "{}"),
        PAIR("{}", "{\"metadata\":1}"),
        /* Equal for jansson, but not byte for byte: the rules compare. */
        PAIR("{\"spec\":{\"a\":1}}", "{\"spec\":{ \"a\":1}}"),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(review_freep) struct review *r = read_good(texts[i]);

        if (r->unchanged)
            fail_msg("unchanged: %s", texts[i]);
    }
}

static void wrong_types_inside_an_object_make_it_unreadable(void **state)
{
    static const char *const objects[][2] = {
        {"\"x\"", "it is not an object"},
        {"[]", "it is not an object"},
        {"{\"metadata\":\"x\"}", "its metadata is not an object"},
        {"{\"metadata\":{\"name\":\"x\",\"annotations\":[1]}}",
         "its annotations are not an object"},
        {"{\"spec\":{\"\\u0000\":1}}", "one of its keys contains a NUL character"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        char text[512];

        (void)snprintf(text, sizeof text, PAIR("%s", "{\"spec\":1}"), objects[i][0]);
        {
            AUTO(review_freep) struct review *r = read_good(text);

            assert_null(r->object);
            assert_string_equal(r->object_unreadable, objects[i][1]);
            is_tree(r->old_object, "{\"spec\":1}");
        }
        (void)snprintf(text, sizeof text, PAIR("{\"spec\":1}", "%s"), objects[i][0]);
        {
            AUTO(review_freep) struct review *r = read_good(text);

            assert_null(r->old_object);
            assert_string_equal(r->old_object_unreadable, objects[i][1]);
            is_tree(r->object, "{\"spec\":1}");
        }
    }
}

static void too_deep_a_spec_is_unreadable(void **state)
{
    AUTO(buf_clearp) struct buf text = {0};
    AUTO(review_freep) struct review *r = NULL;
    struct err err = {0};

    (void)state;
    buf_init(&text, 65536);
    buf_adds(&text, REQUEST "\"object\":{\"spec\":");
    for (unsigned i = 0; i < 2100; i++)
        buf_addc(&text, '[');
    for (unsigned i = 0; i < 2100; i++)
        buf_addc(&text, ']');
    buf_adds(&text, "}}}");
    assert_true(feed(buf_str(&text), (struct feeding){0}, &r, &err));
    assert_string_equal(r->object_unreadable, "it is nested deeper than 2048 levels");
}

#define RESOURCES                                                                                  \
    "\"status\":{\"resources\":[{\"kind\":\"Deployment\",\"name\":\"d\"},{\"kind\":\"Secret\","    \
    "\"name\":\"s\"},3,{\"kind\":\"Application\",\"name\":\"root\"},{\"kind\":\"Application\","    \
    "\"name\":\"child\"}]}"

static void resources_are_read_once_something_has_changed(void **state)
{
    AUTO(review_freep)
    struct review *changed =
        read_good(PAIR("{\"operation\":{}," RESOURCES "}", "{\"spec\":1," RESOURCES "}"));
    AUTO(review_freep)
    struct review *same =
        read_good(PAIR("{\"spec\":1," RESOURCES "}", "{\"spec\":1," RESOURCES "}"));
    AUTO(review_freep)
    struct review *unsorted =
        read_good(PAIR("{\"spec\":1}", "{\"spec\":1," RESOURCES ",\"operation\":2}"));

    (void)state;
    is_tree(changed->object, "{\"operation\":{}}");
    is_tree(changed->old_object,
            "{\"spec\":1,\"status\":{\"resources\":[{\"kind\":\"Secret\",\"name\":\"s\"},"
            "{\"kind\":\"Application\",\"name\":\"root\"}]}}");
    assert_true(same->unchanged);
    is_tree(unsorted->old_object, "{\"spec\":1,\"operation\":2}");
}

static void what_is_no_review_is_refused_with_one_sentence(void **state)
{
#define NOT "the body is not an AdmissionReview: "
#define BAD "the body is malformed JSON"
    static const char *const rows[][2] = {
        {"{}", NOT "apiVersion is \"\", wanted admission.k8s.io/v1"},
        {"{\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
         NOT "apiVersion is \"admission.k8s.io/v1beta1\", wanted admission.k8s.io/v1"},
        {"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"Pod\"}",
         NOT "kind is \"Pod\", wanted AdmissionReview"},
        {HEAD "null}", NOT "request.uid is missing"},
        {HEAD "{\"uid\":\"\"}}", NOT "request.uid is missing"},
        {HEAD "{\"uid\":1}}", NOT "request.uid is not a string"},
        {HEAD "[]}", NOT "request is not an object"},
        {HEAD "{\"uid\":\"u\",\"kind\":\"x\"}}", NOT "request.kind is not an object"},
        {HEAD "{\"uid\":\"u\",\"dryRun\":\"x\"}}", NOT "request.dryRun is not a boolean"},
        {HEAD "{\"uid\":\"u\",\"userInfo\":{\"groups\":[1]}}}",
         NOT "request.userInfo.groups is not a list of strings"},
        {"", BAD " at byte 0: it ends early"},
        {"[]", BAD " at byte 0: a JSON object was expected"},
        {"{\"a\":1}x", BAD " at byte 7: something follows the document"},
        {"{\"a\" 1}", BAD " at byte 5: a colon was expected"},
        {"{\"a\":1 2}", BAD " at byte 7: a comma or a closing bracket was expected"},
        {"{\"a\":}", BAD " at byte 5: a value was expected"},
        {"{\"a\":[}}", BAD " at byte 6: another closing bracket was expected"},
        {"{\"a\":tru}", BAD " at byte 8: a number, true, false or null is misspelt"},
        {"{\"a\":01}", BAD " at byte 6: a comma or a closing bracket was expected"},
        {"{,}", BAD " at byte 1: a key was expected"},
        {"{\"a\\q\":1}", BAD " at byte 4: an invalid escape in a key"},
        {"{\"\\ud800\":1}", BAD " at byte 8: half of a surrogate pair in a key"},
        {"{\"\xC0\xAF\":1}", BAD " at byte 2: a key that is not UTF-8"},
        {"{\"\n\":1}", BAD " at byte 2: a control character in a key"},
        {"{\"kind\":1,\"k\\u0069nd\":2}", BAD " at byte 21: kind appears twice"},
        {PAIR("{\"spec\":[tru]}", "{}"), BAD ": request.object.spec cannot be read"},
        {PAIR("{}", "{\"spec\":{\"a\":1,\"a\":2}}"), BAD ": request.oldObject.spec cannot be read"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct review *r = NULL;
        struct err err = {0};
        char complaint[COMPLAINT_MAX] = "";

        if (feed(str_from(rows[i][0]), (struct feeding){0}, &r, &err))
            fail_msg("accepted: %s", rows[i][0]);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.what, rows[i][1]);
        if (!oracle_holds(str_from(rows[i][0]), (struct oracle_options){.seed = 5}, complaint))
            fail_msg("%s: %s", rows[i][0], complaint);
    }
}

static void every_row_read_twice_is_refused(void **state)
{
    (void)state;
    for (unsigned id = 0; id < N_PATHS; id++) {
        const struct path_row *row = &path_table[id];
        char one[512];
        char twice[256];
        char text[2048];
        struct review *r = NULL;
        struct err err = {0};

        if (!path_is_of_object(row) || row->level == LEVEL_STATUS)
            continue;
        (void)snprintf(twice, sizeof twice, "null,\"%s\":null", row->key.p);
        place(one, row, twice);
        (void)snprintf(text, sizeof text, PAIR("{}", "%s"), one);
        if (feed(str_from(text), (struct feeding){0}, &r, &err))
            fail_msg("accepted: %s", text);
        assert_non_null(strstr(err.what, "appears twice"));
        assert_non_null(strstr(err.what, row->label));
    }
}

/* `n` letters in quotes. */
static void add_letters(struct buf *out, size_t n)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < n; i++)
        buf_addc(out, 'x');
    buf_addc(out, '"');
}

static void too_much_to_keep_is_undecided_and_never_refused(void **state)
{
    static const struct {
        size_t n_groups, n_spec, n_old_spec;
        bool groups, object, old;
    } rows[] = {
        {100, 1000, 1000, true, true, true},
        {100000, 1000, 1000, false, true, true},
        {100, SCAN_ARENA_BYTES, 1000, true, false, true},
        {100, 1000, SCAN_ARENA_BYTES, true, true, false},
        {100, SCAN_ARENA_BYTES / 3 * 2, SCAN_ARENA_BYTES / 3 * 2, true, true, false},
        {100, SCAN_ARENA_BYTES / 2 - 10000, SCAN_ARENA_BYTES / 2 - 10000, true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static const size_t chunks[] = {0, 1, 4099};

        for (size_t j = 0; j < ARRAY_LEN(chunks); j++) {
            AUTO(buf_clearp) struct buf text = {0};
            AUTO(review_freep) struct review *r = NULL;
            struct err err = {0};

            buf_init(&text, (size_t)4 * SCAN_ARENA_BYTES);
            buf_adds(&text, REQUEST "\"userInfo\":{\"username\":\"admin\",\"groups\":[");
            add_letters(&text, rows[i].n_groups);
            buf_adds(&text, "]},\"object\":{\"metadata\":{\"name\":\"root\"},\"spec\":");
            add_letters(&text, rows[i].n_spec);
            buf_adds(&text, "},\"oldObject\":{\"operation\":1,\"spec\":");
            add_letters(&text, rows[i].n_old_spec);
            buf_adds(&text, "}}}");
            assert_true(buf_ok(&text));
            assert_true(feed(buf_str(&text), (struct feeding){.chunk = chunks[j]}, &r, &err));
            is_str(r->user, "admin");
            assert_int_equal(r->groups != NULL, rows[i].groups);
            assert_int_equal(r->object != NULL, rows[i].object);
            assert_int_equal(r->object_unreadable == NULL, rows[i].object);
            assert_int_equal(r->old_object != NULL, rows[i].old);
            assert_int_equal(r->old_object_unreadable == NULL, rows[i].old);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_whole),
        cmocka_unit_test(operations_and_kinds_are_told_apart),
        cmocka_unit_test(every_row_of_an_object_is_kept_and_compared_as_it_says),
        cmocka_unit_test(the_shortcut_needs_an_update_of_two_readable_objects),
        cmocka_unit_test(wrong_types_inside_an_object_make_it_unreadable),
        cmocka_unit_test(too_deep_a_spec_is_unreadable),
        cmocka_unit_test(resources_are_read_once_something_has_changed),
        cmocka_unit_test(what_is_no_review_is_refused_with_one_sentence),
        cmocka_unit_test(every_row_read_twice_is_refused),
        cmocka_unit_test(too_much_to_keep_is_undecided_and_never_refused),
    };

    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
