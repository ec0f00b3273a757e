#include "facts/argocd_chart.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"

/* Inline values of an Application; more is read as "may decide anything". */
enum { VALUES_MAX_BYTES = 1024 * 1024 };

static const char parameter_name[] = "configs.secret.createSecret";

/* --set reads false as a boolean unless forceString; a string counts as true in the template. */
static enum tri by_parameters(const json_t *helm)
{
    const json_t *parameters = json_array_at(helm, "parameters");
    enum tri answer = TRI_NOT_KNOWN;

    /* The last of a name wins. */
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *one = json_array_get(parameters, i);

        if (str_is(json_str_at(one, "name"), parameter_name))
            answer = str_is(json_str_at(one, "value"), "false") &&
                             !json_bool_at(one, "forceString", false)
                         ? TRI_NO
                         : TRI_YES;
    }
    return answer;
}

static bool sets_by_file(const json_t *helm)
{
    const json_t *parameters = json_array_at(helm, "fileParameters");

    for (size_t i = 0; i < json_array_size(parameters); i++)
        if (str_is(json_str_at(json_array_get(parameters, i), "name"), parameter_name))
            return true;
    return false;
}

static enum tri by_values(const json_t *values)
{
    const json_t *secret = json_object_at(json_object_at(values, "configs"), "secret");
    const json_t *create = json_value_at(secret, "createSecret");

    if (!create)
        return TRI_NOT_KNOWN;
    return json_is_false(create) ? TRI_NO : TRI_YES;
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

static bool is_argo_helm(struct str url)
{
    return str_contains(url, STR("argoproj.github.io/argo-helm")) ||
           str_contains(url, STR("ghcr.io/argoproj/argo-helm"));
}

enum tri argocd_chart_makes_secret(const struct source *source)
{
    AUTO(json_unrefp) json_t *parsed = NULL;
    const json_t *values = NULL;
    enum tri answer = by_parameters(source->helm);

    if (sets_by_file(source->helm))
        return TRI_NOT_KNOWN;
    if (answer != TRI_NOT_KNOWN)
        return answer;
    if (!inline_values(source->helm, &parsed, &values))
        return TRI_NOT_KNOWN;
    answer = by_values(values);
    if (answer != TRI_NOT_KNOWN)
        return answer;
    if (json_array_size(json_array_at(source->helm, "valueFiles")) ||
        !is_argo_helm(source->repo_url))
        return TRI_NOT_KNOWN;
    return TRI_YES;
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
