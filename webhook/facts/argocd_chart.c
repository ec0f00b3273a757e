#include "facts/argocd_chart.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "repository/helm_known.h"
#include <string.h>

/* Inline values of an Application; more is read as "may decide anything". */
enum { VALUES_MAX_BYTES = 1024 * 1024 };

static const char parameter_name[] = "configs.secret.createSecret";

/* Helm's --set reads these as false, null and 0, which the template takes for false; with
 * forceString any text but the empty one is true (strvals, typedVal). */
bool argocd_chart_parameter_is_false(const json_t *parameter)
{
    struct str value = json_str_at(parameter, "value");

    if (json_bool_at(parameter, "forceString", false))
        return value.n == 0;
    return value.n == 0 || str_eq_nocase(value, STR("false")) ||
           str_eq_nocase(value, STR("null")) || str_is(value, "0");
}

/* A name that may set more than it says: Argo CD escapes the value alone, and --set reads commas,
 * braces and brackets; or one that sets a whole map above. */
bool argocd_chart_parameter_hides(struct str name)
{
    static const char special[] = ",{}[]\\=";

    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '\0' || strchr(special, name.p[i]))
            return true;
    return str_is(name, "configs") || str_is(name, "configs.secret") ||
           str_starts(name, STR("configs.secret.createSecret.")) ||
           str_starts(name, STR("extraObjects"));
}

/* The last of a name wins. hidden: set where one cannot be told. */
static enum tri by_parameters(const json_t *helm, bool *hidden)
{
    const json_t *parameters = json_array_at(helm, "parameters");
    enum tri answer = TRI_NOT_KNOWN;

    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *one = json_array_get(parameters, i);
        struct str name = json_str_at(one, "name");

        if (str_is(name, parameter_name))
            answer = argocd_chart_parameter_is_false(one) ? TRI_NO : TRI_YES;
        *hidden = *hidden || argocd_chart_parameter_hides(name);
    }
    return answer;
}

static bool sets_by_file(const json_t *helm)
{
    const json_t *parameters = json_array_at(helm, "fileParameters");

    for (size_t i = 0; i < json_array_size(parameters); i++) {
        struct str name = json_str_at(json_array_get(parameters, i), "name");

        if (str_is(name, parameter_name) || argocd_chart_parameter_hides(name))
            return true;
    }
    return false;
}

/* What a Go template takes for false; null takes the chart's default away. */
static bool is_falsy(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_number(value) && json_number_value(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

static enum tri by_values(const json_t *values)
{
    const json_t *secret = json_object_at(json_object_at(values, "configs"), "secret");
    const json_t *create = json_object_get(secret, "createSecret");

    if (!create)
        return TRI_NOT_KNOWN;
    return is_falsy(create) ? TRI_NO : TRI_YES;
}

/* extraObjects may hold a Secret of that name. */
static bool brings_objects(const json_t *values)
{
    const json_t *extra = json_object_get(values, "extraObjects");

    return extra && !is_falsy(extra);
}

/* Argo CD takes valuesObject instead of values where it is set. out: borrowed or owned through
 * *parsed. False where the text cannot be read. */
static bool inline_values(const json_t *helm, json_t **parsed, const json_t **out)
{
    struct str text = json_str_at(helm, "values");
    struct err err = {0};

    *out = json_object_at(helm, "valuesObject");
    if (*out || !str_trim(text).n)
        return true;
    if (text.n > VALUES_MAX_BYTES || !yaml_read(text, 1, parsed, NULL, &err))
        return false;
    *out = *parsed;
    return true;
}

enum tri argocd_chart_makes_secret(const struct source *source)
{
    AUTO(json_unrefp) json_t *parsed = NULL;
    const json_t *values = NULL;
    bool has_files = json_array_size(json_array_at(source->helm, "valueFiles")) != 0;
    bool hidden = false;
    enum tri answer = by_parameters(source->helm, &hidden);

    if (hidden || sets_by_file(source->helm) || !inline_values(source->helm, &parsed, &values))
        return TRI_NOT_KNOWN;
    if (answer == TRI_NOT_KNOWN)
        answer = by_values(values);
    if (answer == TRI_NO)
        return has_files || brings_objects(values) ? TRI_NOT_KNOWN : TRI_NO;
    if (answer == TRI_YES)
        return TRI_YES;
    return has_files || !helm_is_argo_helm(source->repo_url) ? TRI_NOT_KNOWN : TRI_YES;
}

bool argocd_chart_annotates_secret(const struct source *source)
{
    static const char *const lists[] = {"valueFiles", "parameters", "fileParameters"};
    AUTO(json_unrefp) json_t *parsed = NULL;
    const json_t *values = NULL;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (json_array_size(json_array_at(source->helm, lists[i])))
            return true;
    if (!inline_values(source->helm, &parsed, &values))
        return true;
    return json_value_at(json_object_at(json_object_at(values, "configs"), "secret"),
                         "annotations") != NULL;
}

struct str argocd_chart_namespace(const struct source *source, const struct destination *d)
{
    AUTO(json_unrefp) json_t *parsed = NULL;
    const json_t *values = NULL;
    struct str own = json_str_at(source->helm, "namespace");

    if (!inline_values(source->helm, &parsed, &values) ||
        json_value_at(values, "namespaceOverride") ||
        json_array_size(json_array_at(source->helm, "valueFiles")))
        return STR_NONE;
    return own.n ? own : d->namespace;
}
