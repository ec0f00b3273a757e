/* What is asked of the objects that were seen: which there are, and whether those are all. */
#include "base/mem.h"
#include "cluster/internal.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

static void objects_come_in_order_and_are_found(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c =
        cluster_of(LIST("{" API_APPLICATION "," META("b", "a") "},{" API_APPLICATION "," META(
            "a", "z") "},"
                      "{" API_APPLICATION "," META("a-b", "a") "},{" API_APPLICATION "," META(
                          "a", "a.b") "},"
                                      "{" API_SECRET "," META("c", "a") "}"));

    (void)state;
    assert_objects(c, CLUSTER_APPLICATION, "a/a.b a/z a-b/a b/a");
    assert_objects(c, CLUSTER_SECRET, "c/a");
    assert_null(cluster_find(c, CLUSTER_APPLICATION, STR("a"), STR("a")));
    assert_null(cluster_find(c, CLUSTER_APPLICATION, STR("c"), STR("a")));
    assert_null(cluster_find(c, CLUSTER_APPLICATION, STR(""), STR("z")));
    assert_null(cluster_find(c, CLUSTER_APPLICATION, STR("z"), STR("z")));
    assert_null(cluster_find(c, CLUSTER_APP_PROJECT, STR("a"), STR("z")));
    assert_int_equal(cluster_loaded_at(c), 1767225600);
    assert_notes(c, "");
}

static void an_identity_has_the_group_of_its_api(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c =
        cluster_of(LIST("{" API_EXTERNAL "," META("n", "a") "},"
                                                            "{" API_SECRET "," META("n", "a") "}"));
    const struct cluster_object *es = cluster_object_at(c, CLUSTER_EXTERNAL_SECRET, 0);
    const struct cluster_object *secret = cluster_object_at(c, CLUSTER_SECRET, 0);

    (void)state;
    assert_true(identity_is_kind(&es->id, "external-secrets.io", "ExternalSecret"));
    assert_true(identity_is_kind(&secret->id, "", "Secret"));
}

static void a_cluster_external_secret_has_no_namespace(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c = cluster_of(LIST("{" API_CLUSTER_EXTERNAL ",\"metadata\":{\"name\":\"a\"}},"
                                        "{" API_CLUSTER_EXTERNAL
                                        ",\"metadata\":{\"name\":\"b\",\"namespace\":\"\"}},"
                                        "{" API_CLUSTER_EXTERNAL "," META("n", "c") "}"));

    (void)state;
    assert_objects(c, CLUSTER_CLUSTER_EXTERNAL_SECRET, "/a /b");
    assert_notes(c, "s.json: items[2]: ClusterExternalSecret is left out: it has a "
                    "metadata.namespace, and its kind has none\n");
}

static void a_list_that_holds_one_makes_its_kind_complete(void **state)
{
    static const struct {
        const char *text;
        const char *complete;
        const char *notes;
    } cases[] = {
        {LIST(""), "", ""},
        {LIST("{" API_APPLICATION "," META("n", "a") "}"), "Application", ""},
        {LIST("{" API_APPLICATION "," META("n", "a") "},{" API_SECRET "," META("n", "a") "}"),
         "Application Secret", ""},
        {"{" API_APPLICATION "," META("n", "a") "}", "", ""},
        /* None of that name: then there is none. */
        {LIST("{" API_CONFIG_MAP "," META("n", "a") "}"), "ConfigMap", ""},
        {"{" API_CONFIG_MAP "," META("n", "a") "}", "", ""},
        {LIST("{" API_APPLICATION "," META("n", "a") "},{" API_APPLICATION "," META(
             "n", "B") "},"
                       "{" API_SECRET "," META("n", "a") "}"),
         "Secret",
         "s.json: items[1]: Application is left out: metadata.name \"B\" is no DNS-1123 "
         "subdomain\n"},
        {LIST("{" API_APPLICATION "," META("n", "a") "},{" API_SECRET "," META("n", "a") "},{}"),
         "", "s.json: items[2]: is left out: it does not say of what kind it is\n"},
        {LIST("{" API_APPLICATION "," META("n", "a") "},{" API_SECRET "," META("n", "a") "},"), "",
         "s.json:1: malformed JSON: invalid syntax (byte 204); what stands before it is kept\n"},
        {"{\"kind\":\"SecretList\",\"metadata\":{\"continue\":\"x\"},\"items\":[{" API_SECRET
         "," META("n", "a") "},{" API_PROJECT "," META("n", "a") "}]}",
         "", "s.json: the list goes on (metadata.continue): it was fetched with a limit\n"},
        {"{\"kind\":\"SecretList\",\"metadata\":{\"continue\":\"\"},\"items\":[{" API_SECRET
         "," META("n", "a") "}]}",
         "Secret", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(cluster_freep) struct cluster *c = cluster_of(cases[i].text);

        assert_complete(c, cases[i].complete);
        assert_notes(c, cases[i].notes);
    }
}

#define VERSIONED(version, project)                                                                \
    "{" API_APPLICATION "," META_VERSION("n", "a", version) ",\"spec\":{\"project\":\"" project    \
                                                            "\"}}"
#define UNVERSIONED(project)                                                                       \
    "{" API_APPLICATION "," META("n", "a") ",\"spec\":{\"project\":\"" project "\"}}"
#define RIVALS                                                                                     \
    "s.json: Application n/a: it stands there in another form in s.json, and "                     \
    "metadata.resourceVersion does not tell which one is newer: both are left out\n"

static void the_newer_of_two_counts(void **state)
{
    static const struct {
        const char *text;
        const char *project; /* NULL: none is kept */
    } cases[] = {
        {LIST(VERSIONED("9", "old") "," VERSIONED("10", "new")), "new"},
        {LIST(VERSIONED("10", "new") "," VERSIONED("9", "old")), "new"},
        {LIST(VERSIONED("99999999999999999999999", "old") "," VERSIONED("100000000000000000000000",
                                                                        "new")),
         "new"},
        {LIST(VERSIONED("0010", "new") "," VERSIONED("9", "old")), "new"},
        {LIST(VERSIONED("0", "old") "," VERSIONED("1", "new")), "new"},
        {LIST(VERSIONED("5", "old") "," VERSIONED("5", "old2") "," VERSIONED("6", "new")), "new"},
        {LIST(VERSIONED("5", "same") "," VERSIONED("5", "same")), "same"},
        {LIST(UNVERSIONED("same") "," VERSIONED("5", "same") "," UNVERSIONED("same")), "same"},
        {LIST(VERSIONED("5", "one") "," VERSIONED("5", "other")), NULL},
        {LIST(VERSIONED("5", "one") "," VERSIONED("05", "other")), NULL},
        {LIST(UNVERSIONED("one") "," UNVERSIONED("other")), NULL},
        {LIST(UNVERSIONED("one") "," VERSIONED("5", "other")), NULL},
        {LIST(VERSIONED("5", "one") "," VERSIONED("", "other")), NULL},
        {LIST(VERSIONED("5", "one") "," VERSIONED("6x", "other")), NULL},
        {LIST(VERSIONED("5", "one") "," VERSIONED("-6", "other")), NULL},
        {LIST(VERSIONED("4", "one") "," UNVERSIONED("two") "," VERSIONED("5", "three")), NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(cluster_freep) struct cluster *c = cluster_of(cases[i].text);
        AUTO(freep)
        char *wanted = xasprintf("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":"
                                 "\"Application\",\"metadata\":{\"name\":\"a\",\"namespace\":"
                                 "\"n\"},\"spec\":{\"project\":\"%s\"}}",
                                 cases[i].project ? cases[i].project : "");

        if (cases[i].project)
            assert_kept(c, CLUSTER_APPLICATION, wanted);
        else
            assert_objects(c, CLUSTER_APPLICATION, "");
        assert_notes(c, cases[i].project ? "" : RIVALS);
        assert_complete(c, cases[i].project ? "Application" : "");
        assert_true(cluster_is_whole(c));
    }
}

static void objects_of_another_kind_or_namespace_are_others(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c =
        cluster_of(LIST("{" API_APPLICATION "," META("n", "a") "},{" API_APPLICATION "," META(
            "m", "a") "},"
                      "{" API_PROJECT "," META("n", "a") ",\"spec\":{}}"));

    (void)state;
    assert_objects(c, CLUSTER_APPLICATION, "m/a n/a");
    assert_objects(c, CLUSTER_APP_PROJECT, "n/a");
    assert_notes(c, "");
}

static void the_greatest_version_is_told(void **state)
{
    static const struct {
        const char *text;
        const char *version;
    } cases[] = {
        {LIST(""), ""},
        {LIST(UNVERSIONED("p")), ""},
        {LIST(VERSIONED("9", "p") "," VERSIONED("10", "p") "," VERSIONED("8", "p")), "10"},
        {LIST(VERSIONED("18446744073709551616", "p") "," VERSIONED("9", "p")),
         "18446744073709551616"},
        {LIST(VERSIONED("7\\n", "p")), ""},
        /* Of whatever was seen, kept or not, and of the list itself. */
        {LIST(VERSIONED("7", "p") ",{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," META_VERSION(
             "n", "a", "70") "}"),
         "70"},
        {"{\"kind\":\"ApplicationList\",\"metadata\":{\"resourceVersion\":\"71\"},"
         "\"items\":[" VERSIONED("7", "p") "]}",
         "71"},
        {"{" API_PROJECT "," META_VERSION("n", "a", "000") "}", "0"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(cluster_freep) struct cluster *c = cluster_of(cases[i].text);

        assert_string_equal(cluster_resource_version(c), cases[i].version);
    }
}

static void no_longer_number_is_a_version(void **state)
{
    static const struct {
        int digits;
        bool counts;
    } cases[] = {{128, true}, {129, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep)
        char *text = xasprintf("{" API_PROJECT "," META_VERSION("n", "a", "1%0*d") "}",
                               cases[i].digits - 1, 0);
        AUTO(cluster_freep) struct cluster *c = cluster_of(text);

        assert_int_equal(str_from(cluster_resource_version(c)).n,
                         cases[i].counts ? cases[i].digits : 0);
    }
}

/* Half a million trees would take a test gigabytes: one stands for all. */
static void a_kind_has_a_greatest_number(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c = cluster_of(LIST("{" API_PROJECT "," META("n", "a") "}"));
    json_t *object = cluster_object_at(c, CLUSTER_APP_PROJECT, 0)->object;

    (void)state;
    assert_complete(c, "AppProject");
    for (int i = 1; i < CLUSTER_MAX_OBJECTS; i++)
        cluster_add(c, CLUSTER_APP_PROJECT, json_incref(object), STR(""), "s.json");
    assert_int_equal(cluster_n_objects(c, CLUSTER_APP_PROJECT), 500000);
    assert_notes(c, "");
    for (int i = 0; i < 3; i++)
        cluster_add(c, CLUSTER_APP_PROJECT, json_incref(object), STR(""), "s.json");
    assert_int_equal(cluster_n_objects(c, CLUSTER_APP_PROJECT), 500000);
    assert_notes(c,
                 "s.json: more than 500000 objects of kind AppProject: the others are left out\n");
    assert_complete(c, "");
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(cluster_kind_name(CLUSTER_APPLICATION), "Application");
    assert_string_equal(cluster_kind_name(CLUSTER_APP_PROJECT), "AppProject");
    assert_string_equal(cluster_kind_name(CLUSTER_EXTERNAL_SECRET), "ExternalSecret");
    assert_string_equal(cluster_kind_name(CLUSTER_CLUSTER_EXTERNAL_SECRET),
                        "ClusterExternalSecret");
    assert_string_equal(cluster_kind_name(CLUSTER_CONFIG_MAP), "ConfigMap");
    assert_string_equal(cluster_kind_name(CLUSTER_SECRET), "Secret");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_come_in_order_and_are_found),
        cmocka_unit_test(an_identity_has_the_group_of_its_api),
        cmocka_unit_test(a_cluster_external_secret_has_no_namespace),
        cmocka_unit_test(a_list_that_holds_one_makes_its_kind_complete),
        cmocka_unit_test(the_newer_of_two_counts),
        cmocka_unit_test(objects_of_another_kind_or_namespace_are_others),
        cmocka_unit_test(the_greatest_version_is_told),
        cmocka_unit_test(no_longer_number_is_a_version),
        cmocka_unit_test(a_kind_has_a_greatest_number),
        cmocka_unit_test(kinds_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
