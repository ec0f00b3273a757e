/* test_secret.c: who owns a Secret, and who wrote its labels. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/secret.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

static const char *const said[] = {"no", "yes", "not known"};

static json_t *from(const char *text)
{
    json_t *value = NULL;
    struct err err = {0};

    if (!json_read(str_from(text), &value, &err))
        fail_msg("%s: %s", text, err.why);
    return value;
}

/* A Secret argocd/argocd-secret with more members of its metadata (a comma before them). */
static struct secret *with(const char *metadata, const char *type)
{
    AUTO(freep)
    char *text = xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"%s\","
                           "\"metadata\":{\"name\":\"argocd-secret\",\"namespace\":\"argocd\"%s}}",
                           type, metadata);
    AUTO(json_unrefp) json_t *object = from(text);

    return secret_parse(object);
}

static struct external_secret *external_secret_named(const char *namespace, const char *name)
{
    AUTO(json_unrefp)
    json_t *object = from("{\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ExternalSecret\","
                          "\"metadata\":{},\"spec\":{\"target\":{\"name\":\"argocd-secret\"}}}");
    struct external_secret *es = NULL;
    struct err err = {0};

    if (!external_secret_parse(object, str_from(namespace), str_from(name), &es, &err))
        fail_msg("%s", err.what);
    return es;
}

#define OWNER(version, kind, name)                                                                 \
    "{\"apiVersion\":\"" version "\",\"kind\":\"" kind "\",\"name\":\"" name                       \
    "\",\"uid\":\"1\",\"controller\":true}"
#define OWNED_BY(list) ",\"ownerReferences\":" list
#define ES_A OWNER("external-secrets.io/v1", "ExternalSecret", "a")
#define ES_B OWNER("external-secrets.io/v1beta1", "ExternalSecret", "b")
#define OPERATOR OWNER("argoproj.io/v1beta1", "ArgoCD", "main")

static void owners_other_than_the_external_secret_count(void **state)
{
    static const struct {
        const char *metadata;
        const char *type;
        const char *namespace; /* of the ExternalSecret "a"; NULL: none is asked about */
        const char *other;     /* group/kind/name; NULL: no other owner */
        const char *owning;    /* ExternalSecret; NULL: none */
    } rows[] = {
        {"", "Opaque", "argocd", NULL, NULL},
        {OWNED_BY("[]"), "Opaque", NULL, NULL, NULL},
        {OWNED_BY("[" ES_A "]"), "Opaque", "argocd", NULL, "a"},
        {OWNED_BY("[" ES_A "]"), "Opaque", "", NULL, "a"},
        {OWNED_BY("[" ES_A "]"), "Opaque", NULL, "external-secrets.io/ExternalSecret/a", "a"},
        {OWNED_BY("[" ES_A "]"), "Opaque", "prod", "external-secrets.io/ExternalSecret/a", "a"},
        {OWNED_BY("[" ES_B "]"), "Opaque", "argocd", "external-secrets.io/ExternalSecret/b", "b"},
        {OWNED_BY("[" ES_A "," OPERATOR "]"), "Opaque", "argocd", "argoproj.io/ArgoCD/main", "a"},
        {OWNED_BY("[" OPERATOR "," ES_B "]"), "Opaque", "argocd", "argoproj.io/ArgoCD/main", "b"},
        {OWNED_BY("[" OWNER("v1", "ConfigMap", "a") "]"), "Opaque", "argocd", "/ConfigMap/a", NULL},
        {OWNED_BY("[" OWNER("other.io/v1", "ExternalSecret", "a") "]"), "Opaque", "argocd",
         "other.io/ExternalSecret/a", NULL},
        {OWNED_BY("[{}]"), "Opaque", "argocd", "//", NULL},
        {",\"annotations\":{\"kubernetes.io/service-account.name\":\"robot\"}",
         "kubernetes.io/service-account-token", "argocd", "/ServiceAccount/robot", NULL},
        {"", "kubernetes.io/service-account-token", NULL, "/ServiceAccount/", NULL},
        {OWNED_BY("[" ES_A "]"), "kubernetes.io/service-account-token", "argocd",
         "/ServiceAccount/", "a"},
        /* What no API server sends counts as absent. */
        {OWNED_BY("\"text\""), "Opaque", "argocd", NULL, NULL},
        {OWNED_BY("{\"a\":1}"), "Opaque", NULL, NULL, NULL},
        {OWNED_BY("[1,null,\"x\",[]]"), "Opaque", NULL, NULL, NULL},
        {OWNED_BY("[{\"apiVersion\":1,\"kind\":[],\"name\":{}}]"), "Opaque", NULL, "//", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(secret_freep) struct secret *s = with(rows[i].metadata, rows[i].type);
        AUTO(external_secret_freep)
        struct external_secret *es =
            rows[i].namespace ? external_secret_named(rows[i].namespace, "a") : NULL;
        struct identity owner = {STR("?"), STR("?"), STR("?"), STR("?")};
        AUTO(freep) char *other = NULL;
        bool found = secret_has_other_owner(s, es, &owner);

        assert_int_equal(secret_has_other_owner(s, es, NULL), found);
        other = xasprintf("%.*s/%.*s/%.*s", STR_ARG(owner.group), STR_ARG(owner.kind),
                          STR_ARG(owner.name));
        if (found != (rows[i].other != NULL) || (found && strcmp(other, rows[i].other) != 0))
            fail_msg("row %zu: expected %s, got %s", i, rows[i].other ? rows[i].other : "none",
                     found ? other : "none");
        if (!str_eq(secret_owning_external_secret(s), str_from(rows[i].owning)))
            fail_msg("row %zu: expected %s, got %.*s", i, rows[i].owning ? rows[i].owning : "none",
                     STR_ARG(secret_owning_external_secret(s)));
    }
}

#define K "argocd.argoproj.io/instance"
#define MANAGER "externalsecrets.external-secrets.io/"
#define LABELS "{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:" K "\":{}}}}"
#define ANNOTATIONS "{\"f:metadata\":{\"f:annotations\":{\"f:" K "\":{}}}}"
#define ENTRY(manager, fields)                                                                     \
    "{\"manager\":\"" manager "\",\"operation\":\"Update\",\"fieldsV1\":" fields "}"
#define MANAGED(list) ",\"managedFields\":" list
/* 27 letters: with the 36 of the prefix as long as a manager gets. */
#define FITS "abcdefghijklmnopqrstuvwxyz1"
#define LONG FITS "2"

static void managed_fields_tell_who_wrote(void **state)
{
    static const struct {
        const char *metadata;
        const char *name; /* of the ExternalSecret */
        enum tri label;
        enum tri annotation;
    } rows[] = {
        {"", "a", TRI_NOT_KNOWN, TRI_NOT_KNOWN},
        {MANAGED("[]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", LABELS) "]"), "a", TRI_YES, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", ANNOTATIONS) "]"), "a", TRI_NO, TRI_YES},
        {MANAGED("[" ENTRY(MANAGER "ab", LABELS) "]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY("argocd-controller", LABELS) "]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY("argocd-controller", LABELS) "," ENTRY(MANAGER "a", LABELS) "]"), "a",
         TRI_YES, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", "{}") "]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER FITS, LABELS) "]"), FITS, TRI_YES, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "sha3/0a", LABELS) "]"), FITS, TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "sha3/0a", LABELS) "]"), LONG, TRI_NOT_KNOWN, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER LONG, LABELS) "]"), LONG, TRI_NOT_KNOWN, TRI_NO},
        {MANAGED("[" ENTRY("other", LABELS) "]"), LONG, TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", "{\"f:metadata\":{\"f:labels\":{\"f:other\":{}}}}") "]"),
         "a", TRI_NO, TRI_NO},
        /* What no API server sends. */
        {MANAGED("{}"), "a", TRI_NOT_KNOWN, TRI_NOT_KNOWN},
        {MANAGED("[1,null,[],{\"manager\":1}]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", "\"text\"") "]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", "{\"f:metadata\":[]}") "]"), "a", TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", "{\"f:metadata\":{\"f:labels\":[\"f:" K "\"]}}") "]"), "a",
         TRI_NO, TRI_NO},
        {MANAGED("[" ENTRY(MANAGER "a", "{\"f:metadata\":{\"f:labels\":{\"" K "\":{}}}}") "]"), "a",
         TRI_NO, TRI_NO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(secret_freep) struct secret *s = with(rows[i].metadata, "Opaque");
        enum tri label = secret_label_is_of(s, STR(K), str_from(rows[i].name));
        enum tri annotation = secret_annotation_is_of(s, STR(K), str_from(rows[i].name));

        if (label != rows[i].label || annotation != rows[i].annotation)
            fail_msg("row %zu: expected %s and %s, got %s and %s", i, said[rows[i].label],
                     said[rows[i].annotation], said[label], said[annotation]);
    }
}

static void what_has_a_wrong_type_counts_as_absent(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"metadata\":1,\"type\":[]}",
        "{\"apiVersion\":1,\"kind\":2,\"metadata\":{\"name\":3,\"namespace\":[]},\"type\":{}}",
        "{\"metadata\":{\"labels\":[],\"annotations\":\"x\",\"ownerReferences\":7}}",
        "{\"metadata\":{\"managedFields\":\"x\"}}",
    };

    (void)state;
    secret_free(NULL);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(json_unrefp) json_t *object = from(texts[i]);
        AUTO(secret_freep) struct secret *s = secret_parse(object);

        assert_ptr_equal(s->object, object);
        assert_int_equal(s->id.name.n + s->id.kind.n, 0);
        assert_null(s->owners);
        assert_null(s->managed_fields);
        assert_null(s->marks.labels);
        assert_false(s->marks.has_owner || s->service_account_token);
        assert_false(secret_has_other_owner(s, NULL, NULL));
        assert_null(secret_owning_external_secret(s).p);
        assert_int_equal(secret_label_is_of(s, STR(K), STR("a")), TRI_NOT_KNOWN);
    }
}

static void an_ordinary_secret_is_read(void **state)
{
    AUTO(secret_freep)
    struct secret *s = with(",\"labels\":{\"" K "\":\"root\"}" OWNED_BY("[" ES_A "]"),
                            "kubernetes.io/service-account-token");

    (void)state;
    assert_true(identity_is_kind(&s->id, "", "Secret"));
    assert_true(str_is(s->id.namespace, "argocd") && str_is(s->id.name, "argocd-secret"));
    assert_true(str_is(marks_label(&s->marks, STR(K)), "root"));
    assert_true(s->marks.has_owner && s->service_account_token);
    assert_int_equal(json_array_size(s->owners), 1);
    assert_null(s->managed_fields);
}

enum { HOSTILE_MAX = 4 * 1024 * 1024, NAME_LONG = 100 * 1024 };

static void many_and_long_entries_are_read(void **state)
{
    AUTO(buf_clearp) struct buf b = {0};
    AUTO(secret_freep) struct secret *s = NULL;
    struct identity owner;

    (void)state;
    buf_init(&b, HOSTILE_MAX);
    buf_adds(&b, ",\"ownerReferences\":[");
    for (size_t i = 0; i < 10000; i++)
        buf_adds(&b, ES_A ",");
    buf_adds(&b, OPERATOR "],\"managedFields\":[");
    for (size_t i = 0; i < 10000; i++)
        buf_adds(&b, ENTRY("kubectl", LABELS) ",");
    buf_adds(&b, "{\"manager\":\"");
    for (size_t i = 0; i < NAME_LONG; i++)
        buf_addc(&b, 'm');
    buf_adds(&b, "\"}," ENTRY(MANAGER "a", ANNOTATIONS) "]");
    assert_true(buf_ok(&b));
    s = with(b.p, "Opaque");
    {
        AUTO(external_secret_freep)
        struct external_secret *es = external_secret_named("argocd", "a");

        assert_true(secret_has_other_owner(s, es, &owner));
    }
    assert_true(identity_is_kind(&owner, "argoproj.io", "ArgoCD"));
    assert_int_equal(secret_label_is_of(s, STR(K), STR("a")), TRI_NO);
    assert_int_equal(secret_annotation_is_of(s, STR(K), STR("a")), TRI_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_other_than_the_external_secret_count),
        cmocka_unit_test(managed_fields_tell_who_wrote),
        cmocka_unit_test(what_has_a_wrong_type_counts_as_absent),
        cmocka_unit_test(an_ordinary_secret_is_read),
        cmocka_unit_test(many_and_long_entries_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
