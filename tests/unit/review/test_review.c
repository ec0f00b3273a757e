/* test_review.c: a manifest in a file is judged as if it were created now. */
#include "base/json.h"
#include "review/review.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct review *from_text(const char *text, struct err *err)
{
    AUTO(json_unrefp) json_t *tree = NULL;
    struct review *r = NULL;

    assert_true(json_read(str_from(text), &tree, err));
    if (!review_from_manifest(tree, STR("argocd"), "apps/root.yaml", 4, &r, err))
        assert_null(r);
    return r; /* the tree goes away: the review must stand alone */
}

static void the_authors_status_is_left_out(void **state)
{
    struct err err = {0};
    AUTO(json_unrefp) json_t *wanted = NULL;
    AUTO(review_freep)
    struct review *r = from_text(
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\",\"metadata\":{\"name\":"
        "\"root\",\"labels\":{\"a\":\"b\"},\"deletionTimestamp\":\"x\",\"ownerReferences\":[1],"
        "\"finalizers\":[\"f\"],\"annotations\":{\"argocd.argoproj.io/"
        "hook\":\"Skip\",\"o\":\"p\"}},"
        "\"spec\":{\"project\":\"p\"},\"operation\":null,\"status\":{\"resources\":[]}}",
        &err);

    (void)state;
    assert_non_null(r);
    assert_int_equal(r->kind, REVIEW_APPLICATION);
    assert_int_equal(r->operation, OPERATION_CREATE);
    assert_true(str_is(r->operation_text, "CREATE"));
    assert_true(str_is(r->kind_text, "Application"));
    assert_true(str_is(r->namespace, "argocd"));
    assert_true(str_is(r->name, "root"));
    assert_int_equal(r->uid.n, 0);
    assert_string_equal(r->file, "apps/root.yaml");
    assert_int_equal(r->line, 4);
    assert_false(r->unchanged);
    assert_true(json_read(STR("{\"metadata\":{\"name\":\"root\",\"labels\":{\"a\":\"b\"},"
                              "\"finalizers\":[\"f\"],\"annotations\":{"
                              "\"argocd.argoproj.io/hook\":\"Skip\"}},\"spec\":{\"project\":"
                              "\"p\"}}"),
                          &wanted, &err));
    assert_true(json_equal(r->object, wanted));
    assert_null(r->old_object);
}

static void what_is_missing_is_named(void **state)
{
    static const char *const rows[][2] = {
        {"{\"kind\":\"Application\",\"metadata\":{\"name\":\"x\"}}",
         "the manifest has no apiVersion"},
        {"{\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}", "the manifest has no kind"},
        {"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"generateName\":\"x\"}}",
         "the manifest has no metadata.name"},
        {"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":1}",
         "the manifest has no metadata.name"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};

        assert_null(from_text(rows[i][0], &err));
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.what, rows[i][1]);
        assert_string_equal(err.where, "apps/root.yaml:4");
    }
}

static void kinds_go_by_group(void **state)
{
    static const struct {
        const char *text;
        enum review_kind wanted;
    } rows[] = {
        {"{\"apiVersion\":\"external-secrets.io/v1beta1\",\"kind\":\"ExternalSecret\","
         "\"metadata\":{\"name\":\"x\"}}",
         REVIEW_EXTERNAL_SECRET},
        {"{\"apiVersion\":\"app.k8s.io/"
         "v1\",\"kind\":\"Application\",\"metadata\":{\"name\":\"x\"}}",
         REVIEW_OTHER},
        {"{\"apiVersion\":\"v1\",\"kind\":\"Application\",\"metadata\":{\"name\":\"x\"}}",
         REVIEW_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        AUTO(review_freep) struct review *r = from_text(rows[i].text, &err);

        assert_non_null(r);
        assert_int_equal(r->kind, rows[i].wanted);
    }
}

static void annotations_of_a_wrong_type_are_undecided(void **state)
{
    struct err err = {0};
    AUTO(review_freep)
    struct review *r =
        from_text("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":"
                  "\"x\",\"annotations\":[1]}}",
                  &err);

    (void)state;
    assert_non_null(r);
    assert_null(r->object);
    assert_string_equal(r->object_unreadable, "its annotations are not an object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_authors_status_is_left_out),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(kinds_go_by_group),
        cmocka_unit_test(annotations_of_a_wrong_type_are_undecided),
    };

    return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
