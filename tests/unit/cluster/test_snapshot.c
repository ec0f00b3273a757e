/* What a snapshot may look like, and what a person reads when it looks otherwise. */
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

static void items_without_a_kind_have_that_of_their_list(void **state)
{
    /* As the API server writes it, and as kubectl sorts it. */
    static const char *const texts[] = {
        "{\"kind\":\"ApplicationList\",\"apiVersion\":\"argoproj.io/v1alpha1\",\"metadata\":{},"
        "\"items\":[{" META("n", "a") "},{" META("n", "b") "}]}",
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"items\":[{" META(
            "n", "a") "},"
                      "{" META("n", "b") "}],\"kind\":\"ApplicationList\",\"metadata\":{}}",
        "{\"items\":[{" META("n", "a") "},{" API_APPLICATION "," META(
            "n", "b") "}],"
                      "\"kind\":\"ApplicationList\",\"apiVersion\":\"argoproj.io/v1alpha1\"}",
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"items\":[{\"kind\":null," META(
            "n", "a") "},"
                      "{" META("n", "b") "}],\"kind\":\"ApplicationList\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(cluster_freep) struct cluster *c = cluster_of(texts[i]);

        assert_notes(c, "");
        assert_objects(c, CLUSTER_APPLICATION, "n/a n/b");
        assert_complete(c, "Application");
        assert_true(str_is(cluster_object_at(c, CLUSTER_APPLICATION, 0)->id.group, "argoproj.io"));
    }
}

/* Such a list is walked twice; what its items say of themselves is heard once. */
static void a_second_walk_looks_at_the_others_alone(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c = cluster_of("{\"items\":[{" META("n", "a") "},{" API_SECRET "," META(
        "n",
        "B") "},7,"
             "{" META("n",
                      "C") "}],"
                           "\"kind\":\"ApplicationList\",\"apiVersion\":\"argoproj.io/v1alpha1\"}");

    (void)state;
    assert_objects(c, CLUSTER_APPLICATION, "n/a");
    assert_notes(c, "s.json: items[1]: Secret is left out: metadata.name \"B\" is no DNS-1123 "
                    "subdomain\n"
                    "s.json: items[2]: is left out: it does not say of what kind it is\n"
                    "s.json: items[3]: Application is left out: metadata.name \"C\" is no DNS-1123 "
                    "subdomain\n");
}

static void every_kind_has_a_list_of_its_own(void **state)
{
    static const struct {
        const char *version;
        const char *name;
        enum cluster_kind kind;
    } cases[] = {
        {"argoproj.io/v1alpha1", "Application", CLUSTER_APPLICATION},
        {"argoproj.io/v1alpha1", "ApplicationSet", CLUSTER_APPLICATION_SET},
        {"argoproj.io/v1alpha1", "AppProject", CLUSTER_APP_PROJECT},
        {"external-secrets.io/v1alpha1", "ExternalSecret", CLUSTER_EXTERNAL_SECRET},
        {"external-secrets.io/v1beta1", "ExternalSecret", CLUSTER_EXTERNAL_SECRET},
        {"external-secrets.io/v1", "ExternalSecret", CLUSTER_EXTERNAL_SECRET},
        {"external-secrets.io/v1beta1", "ClusterExternalSecret", CLUSTER_CLUSTER_EXTERNAL_SECRET},
        {"external-secrets.io/v1", "ClusterExternalSecret", CLUSTER_CLUSTER_EXTERNAL_SECRET},
        {"v1", "ConfigMap", CLUSTER_CONFIG_MAP},
        {"v1", "Secret", CLUSTER_SECRET},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_cluster_wide = cases[i].kind == CLUSTER_CLUSTER_EXTERNAL_SECRET;
        AUTO(freep)
        char *text = xasprintf("{\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"items\":["
                               "{\"metadata\":{%s\"name\":\"argocd-cm\"}}]}",
                               cases[i].name, cases[i].version,
                               is_cluster_wide ? "" : "\"namespace\":\"n\",");
        AUTO(cluster_freep) struct cluster *c = cluster_of(text);

        assert_notes(c, "");
        assert_objects(c, cases[i].kind, is_cluster_wide ? "/argocd-cm" : "n/argocd-cm");
        assert_complete(c, cases[i].name);
    }
}

static void what_is_not_looked_at_is_passed_over(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c =
        cluster_of(LIST("{\"apiVersion\":\"app.k8s.io/v1\",\"kind\":\"Application\"," META(
            "n",
            "x") "},"
                 "{\"apiVersion\":\"v1\",\"kind\":\"Application\"," META(
                     "n",
                     "x") "},"
                          "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":7},"
                          "{" API_APPLICATION "," META("n", "a") "}"));

    (void)state;
    assert_notes(c, "");
    assert_objects(c, CLUSTER_APPLICATION, "n/a");
    assert_true(cluster_is_whole(c));
}

static void an_empty_list_holds_nothing(void **state)
{
    static const char *const texts[] = {
        LIST(""),
        LIST(" \n"),
        "{\"kind\":\"SecretList\",\"apiVersion\":\"v1\",\"items\":null}",
        " \r\n\t{\"kind\":\"DeploymentList\", \"items\" : [ ] } \n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(cluster_freep) struct cluster *c = cluster_of(texts[i]);

        assert_notes(c, "");
        assert_true(cluster_is_whole(c));
        assert_complete(c, "");
    }
}

/* As STR(), for a constant table. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

static void what_is_no_snapshot_is_a_note(void **state)
{
    static const struct {
        struct str text;
        const char *note;
    } cases[] = {
        {TEXT(""), "s.json:1: the file is empty (byte 0)\n"},
        {TEXT(" \n\n"), "s.json:3: the file is empty (byte 3)\n"},
        {TEXT("[]"),
         "s.json:1: it is no JSON object as \"kubectl get -o json\" writes it (byte 0)\n"},
        {TEXT("apiVersion: v1\n"),
         "s.json:1: it is no JSON object as \"kubectl get -o json\" writes it (byte 0)\n"},
        {TEXT("\xef\xbb\xbf{}"),
         "s.json:1: it is no JSON object as \"kubectl get -o json\" writes it (byte 0)\n"},
        {TEXT("\xff\xfe{\0}\0"),
         "s.json:1: it is no JSON object as \"kubectl get -o json\" writes it (byte 0)\n"},
        {TEXT("\0"),
         "s.json:1: it is no JSON object as \"kubectl get -o json\" writes it (byte 0)\n"},
        {TEXT("{}"), "s.json: it does not say of what kind it is\n"},
        {TEXT("{\"kind\":\"SecretList\",\"apiVersion\":\"v1\"}"),
         "s.json:1: it is a list without items (byte 39)\n"},
        {TEXT("{\"kind\":7}"), "s.json: it does not say of what kind it is\n"},
        {TEXT("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}"),
         "s.json: kind Pod is none that is looked at, nor a list of such\n"},
        {TEXT("{\"kind\":\"P\\u001b\\u202e\",\"apiVersion\":\"v1\"}"),
         "s.json: kind P\\u{1b}\\u{202e} is none that is looked at, nor a list of such\n"},
        {TEXT("{\"kind\":\"Pod\",\"items\":[]}"),
         "s.json: kind Pod is none that is looked at, nor a list of such\n"},
        {TEXT("{\"kind\":\"Pod\",\"items\":[{" API_APPLICATION "," META("n", "a") "}]}"),
         "s.json: kind Pod is none that is looked at, nor a list of such\n"},
        {TEXT(LIST("{\"kind\":\"Secret\"}")),
         "s.json: items[0]: is left out: it does not say of what kind it is\n"
         "s.json: none of its items is of a kind that is looked at\n"},
        {TEXT("{\"items\":[]}"), "s.json: it does not say of what kind it is\n"},
        {TEXT("{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{}}]}"),
         "s.json: none of its items is of a kind that is looked at\n"},
        {TEXT(LIST("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}")),
         "s.json: none of its items is of a kind that is looked at\n"},
        {TEXT("{\"kind\":\"List\",\"items\":{}}"), "s.json:1: its items are no list (byte 26)\n"},
        {TEXT("{\"kind\":\"List\",\"items\":[]}\n{}"),
         "s.json:2: something follows the JSON document: a file holds one (byte 27); what stands "
         "before it is kept\n"},
        {TEXT("{\"kind\":\"List\"}\0"),
         "s.json:1: something follows the JSON document: a file holds one (byte 15)\n"},
        {TEXT("{\"kind\":\"List\",\n\"kind\":\"List\"}"),
         "s.json:2: malformed JSON: a key that stands twice in one object (byte 16)\n"},
        {TEXT("{\"items\":[],\"items\":[]}"),
         "s.json:1: malformed JSON: a key that stands twice in one object (byte 12); what stands "
         "before it is kept\n"},
        {TEXT("{\"a\\u0000b\":1}"),
         "s.json:1: malformed JSON: a NUL character in a key (byte 1)\n"},
        {TEXT("{\"a\":{\"b\\u0000\":1}}"),
         "s.json:1: malformed JSON: a NUL character in a key (byte 15)\n"},
        {TEXT("{\"a\":{\"b\":1,\"b\":1}}"),
         "s.json:1: malformed JSON: a key that stands twice in one object (byte 15)\n"},
        {TEXT("{\"a\":\"\xc3\x28\"}"), "s.json:1: malformed JSON: invalid UTF-8 (byte 6)\n"},
        {TEXT("{\"a\":1e999}"), "s.json:1: malformed JSON: a number out of range (byte 10)\n"},
        {TEXT("{\"a\":01}"), "s.json:1: malformed JSON: invalid syntax (byte 6)\n"},
        {TEXT("{\"a\":1,}"), "s.json:1: malformed JSON: a key was expected (byte 7)\n"},
        {TEXT("{,}"), "s.json:1: malformed JSON: a key was expected (byte 1)\n"},
        {TEXT("{\"a\" 1}"), "s.json:1: malformed JSON: \":\" was expected (byte 5)\n"},
        {TEXT("{\"a\":1 2}"), "s.json:1: malformed JSON: \",\" or \"}\" was expected (byte 7)\n"},
        {TEXT("{\"items\":[1 2]}"),
         "s.json: items[0]: is left out: it does not say of what kind it is\n"
         "s.json:1: malformed JSON: \",\" or \"]\" was expected (byte 12); what stands before it "
         "is kept\n"},
        {TEXT("{\"items\":["),
         "s.json:1: the file is cut off (byte 10); what stands before it is kept\n"},
        {TEXT("{\"a\""), "s.json:1: the file is cut off: \":\" was expected (byte 4)\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(cluster_freep)
        struct cluster *c = cluster_read_snapshot_text(FILE_NAME, cases[i].text, 0);

        assert_notes(c, cases[i].note);
        assert_false(cluster_is_whole(c));
        assert_complete(c, "");
    }
}

static void names_that_no_api_server_sends_are_left_out(void **state)
{
    static const struct {
        const char *metadata;
        const char *note;
    } cases[] = {
        {"{}", "it has no metadata.name"},
        {"{\"name\":\"\",\"namespace\":\"n\"}", "metadata.name \"\" is no DNS-1123 subdomain"},
        {"{\"name\":7,\"namespace\":\"n\"}", "it has no metadata.name"},
        {"[]", "it has no metadata.name"},
        {"{\"name\":\"a\"}", "it has no metadata.namespace"},
        {"{\"name\":\"a\",\"namespace\":\"\"}", "metadata.namespace \"\" is no DNS-1123 label"},
        {"{\"name\":\"a\",\"namespace\":\"n.m\"}",
         "metadata.namespace \"n.m\" is no DNS-1123 label"},
        {"{\"name\":\"a\\nb\\u001b[31m\\u202e\",\"namespace\":\"n\"}",
         "metadata.name \"a\\u{a}b\\u{1b}[31m\\u{202e}\" is no DNS-1123 subdomain"},
        {"{\"name\":\"a\\u0000\",\"namespace\":\"n\"}",
         "metadata.name \"a\\u{0}\" is no DNS-1123 subdomain"},
        {"{\"name\":\"a/b\",\"namespace\":\"n\"}",
         "metadata.name \"a/b\" is no DNS-1123 subdomain"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep)
        char *text = xasprintf("{\"kind\":\"List\",\"items\":[{" API_SECRET ",\"metadata\":%s}]}",
                               cases[i].metadata);
        AUTO(freep)
        char *note = xasprintf("s.json: items[0]: Secret is left out: %s\n", cases[i].note);
        AUTO(cluster_freep) struct cluster *c = cluster_of(text);

        assert_notes(c, note);
        assert_objects(c, CLUSTER_SECRET, "");
        assert_complete(c, "");
        assert_true(cluster_is_whole(c));
    }
}

/* Nothing else than the end of a file tells that it is one: each cut is noticed, once, and what
 * stood before it is there. */
static void a_file_cut_anywhere_is_never_whole(void **state)
{
    static const char text[] =
        "{\n\"apiVersion\": \"v1\", \"items\": [\n"
        "{" API_APPLICATION "," META(
            "n", "a") ",\"spec\":{\"project\":\"p\\u00e4\xc3\xa4\"}},\n"
                      "{" API_APPLICATION "," META(
                          "n",
                          "b") ",\"x\":[1.5e3,true,false,null]}\n],\n"
                               "\"kind\": \"List\", \"metadata\": {\"resourceVersion\": \"\"}}";
    size_t n = sizeof text - 1;
    size_t most = 0;

    (void)state;
    for (size_t cut = 0; cut < n; cut++) {
        /* A copy of its own, so that a byte behind it is noticed. */
        char *part = xmalloc(cut + 1);
        struct cluster *c;

        memcpy(part, text, cut);
        part = xrealloc(part, cut ? cut : 1);
        c = cluster_read_snapshot_text(FILE_NAME, (struct str){part, cut}, 0);
        if (cluster_is_whole(c) || cluster_n_notes(c) != 1)
            print_error("cut at %zu: %zu notes\n", cut, cluster_n_notes(c));
        assert_false(cluster_is_whole(c));
        assert_int_equal(cluster_n_notes(c), 1);
        assert_complete(c, "");
        assert_true(cluster_n_objects(c, CLUSTER_APPLICATION) >= most);
        most = cluster_n_objects(c, CLUSTER_APPLICATION);
        cluster_free(c);
        free(part);
    }
    assert_int_equal(most, 2);
    {
        AUTO(cluster_freep) struct cluster *c = cluster_of(text);

        assert_notes(c, "");
        assert_objects(c, CLUSTER_APPLICATION, "n/a n/b");
        assert_complete(c, "Application");
    }
}

static void deep_nesting_is_a_note(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, (size_t)4 * 1024 * 1024);
    buf_adds(&text, "{\"kind\":\"List\",\"items\":[");
    for (int i = 0; i < 1000000; i++)
        buf_addc(&text, '[');
    {
        AUTO(cluster_freep)
        struct cluster *c = cluster_read_snapshot_text(FILE_NAME, buf_str(&text), 0);

        assert_notes(c, "s.json:1: malformed JSON: nested too deeply (byte 2073); what stands "
                        "before it is kept\n");
    }
    buf_clear(&text);
}

static void an_object_has_a_largest_size(void **state)
{
    static const struct {
        const char *head;
        const char *tail;
        size_t n;
        const char *note;
    } cases[] = {
        {"{\"kind\":\"List\",\"items\":[{" API_SECRET "," META("n", "a") ",\"data\":{\"k\":\"",
         "\"}}]}", CLUSTER_MAX_OBJECT_BYTES - 1000, ""},
        {"{\"kind\":\"List\",\"items\":[{" API_SECRET "," META("n", "a") ",\"data\":{\"k\":\"",
         "\"}}]}", CLUSTER_MAX_OBJECT_BYTES,
         "s.json:1: an object of more than 8388608 bytes (byte 8388632); what stands before it is "
         "kept\n"},
        {"{\"kind\":\"List\",\"x\":\"", "\"}", CLUSTER_MAX_OBJECT_BYTES,
         "s.json:1: an object of more than 8388608 bytes (byte 8388612)\n"},
        {"{\"kind\":\"List\",\"items\":[x,\"", "\"]}", CLUSTER_MAX_OBJECT_BYTES,
         "s.json:1: malformed JSON: invalid syntax (byte 25); what stands before it is kept\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep) char *filling = xmalloc(cases[i].n);
        struct buf text;
        struct cluster *c;

        buf_init(&text, (size_t)20 * 1024 * 1024);
        buf_adds(&text, cases[i].head);
        memset(filling, 'x', cases[i].n);
        buf_add(&text, (struct str){filling, cases[i].n});
        buf_adds(&text, cases[i].tail);
        assert_true(buf_ok(&text));
        c = cluster_read_snapshot_text(FILE_NAME, buf_str(&text), 0);
        assert_notes(c, cases[i].note);
        assert_objects(c, CLUSTER_SECRET, cases[i].note[0] ? "" : "n/a");
        cluster_free(c);
        buf_clear(&text);
    }
}

static void a_hundred_notes_are_enough(void **state)
{
    static const struct {
        int n;
        size_t notes;
        const char *last;
    } cases[] = {
        {100, 100, "s.json: items[99]"},
        {101, 101, "snapshots"},
        {1000, 101, "snapshots"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text;
        struct cluster *c;

        buf_init(&text, (size_t)1024 * 1024);
        buf_adds(&text, "{\"kind\":\"List\",\"items\":[{" API_SECRET "," META("n", "a") "}");
        for (int j = 1; j < cases[i].n + 1; j++)
            buf_adds(&text, j == 1 ? ",7" : ",{}");
        buf_adds(&text, "]}");
        c = cluster_read_snapshot_text(FILE_NAME, buf_str(&text), 0);
        assert_int_equal(cluster_n_notes(c), cases[i].notes);
        if (cases[i].notes == 101) {
            AUTO(freep) char *wanted = xasprintf("%d more notes are not shown", cases[i].n - 100);

            assert_string_equal(cluster_note_at(c, 100)->where, cases[i].last);
            assert_string_equal(cluster_note_at(c, 100)->text, wanted);
        }
        assert_string_equal(cluster_note_at(c, 99)->where, "s.json: items[100]");
        cluster_free(c);
        buf_clear(&text);
    }
}

static void fifty_thousand_objects_are_read(void **state)
{
    struct buf text;
    struct cluster *c;

    (void)state;
    buf_init(&text, (size_t)64 * 1024 * 1024);
    buf_adds(&text, "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"items\":[");
    /* From the last to the first: sorting has something to do. */
    for (int i = 49999; i >= 0; i--)
        buf_printf(&text,
                   "%s{\"metadata\":{\"namespace\":\"n%d\",\"name\":\"app-%05d\","
                   "\"resourceVersion\":\"%d\"},\"spec\":{\"source\":{\"repoURL\":"
                   "\"https://git.example.com/a.git\",\"path\":\"apps/%d\"}}}",
                   i == 49999 ? "" : ",\n", i % 10, i, i + 1, i);
    buf_adds(&text, "],\"kind\":\"ApplicationList\"}\n");
    assert_true(buf_ok(&text));
    c = cluster_read_snapshot_text(FILE_NAME, buf_str(&text), 0);
    assert_notes(c, "");
    assert_complete(c, "Application");
    assert_int_equal(cluster_n_objects(c, CLUSTER_APPLICATION), 50000);
    assert_string_equal(cluster_resource_version(c), "50000");
    for (int i = 0; i < 50000; i++) {
        AUTO(freep) char *namespace = xasprintf("n%d", i % 10);
        AUTO(freep) char *name = xasprintf("app-%05d", i);

        assert_non_null(cluster_find(c, CLUSTER_APPLICATION, str_from(namespace), str_from(name)));
    }
    cluster_free(c);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_without_a_kind_have_that_of_their_list),
        cmocka_unit_test(a_second_walk_looks_at_the_others_alone),
        cmocka_unit_test(every_kind_has_a_list_of_its_own),
        cmocka_unit_test(what_is_not_looked_at_is_passed_over),
        cmocka_unit_test(an_empty_list_holds_nothing),
        cmocka_unit_test(what_is_no_snapshot_is_a_note),
        cmocka_unit_test(names_that_no_api_server_sends_are_left_out),
        cmocka_unit_test(a_file_cut_anywhere_is_never_whole),
        cmocka_unit_test(deep_nesting_is_a_note),
        cmocka_unit_test(an_object_has_a_largest_size),
        cmocka_unit_test(a_hundred_notes_are_enough),
        cmocka_unit_test(fifty_thousand_objects_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
