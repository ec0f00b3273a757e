#include "repository/helm_known.h"
#include "base/json.h"
#include "repository/helm_values.h"
#include "repository/helm_words.h"

/* Values nest no deeper where somebody wrote them (base/yaml.h). */
enum { DEPTH_MAX = 100 };

struct known {
    struct str namespace;
    helm_known_fn add;
    void *to;
};

static void add_any(const struct known *k)
{
    k->add(k->to, &(struct open_end){.argoproj = true, .any_namespace = true});
}

/* A name or a namespace that a template may be run on, or that is no text, may be any. */
static bool is_literal(const json_t *text)
{
    return helm_is_known(text) && json_is_string(text) && !str_contains(json_view(text), STR("{{"));
}

static void add_named(const struct known *k, const char *kind, const json_t *name,
                      const json_t *namespace)
{
    struct open_end end = {.argoproj = true, .kind = str_from(kind)};

    if (is_literal(name)) {
        end.is_whole_name = true;
        end.prefix = json_view(name);
    }
    if (is_literal(namespace) && json_string_length(namespace))
        end.namespace = json_view(namespace);
    else if (helm_is_known(namespace) && !json_is_string(namespace))
        end.namespace = k->namespace;
    end.any_namespace = !end.namespace.n;
    k->add(k->to, &end);
}

/* applications, applicationsets of argocd-apps. */
static void add_made(const struct known *k, const char *kind, const json_t *members)
{
    const char *key;
    json_t *member;

    if (helm_truth(members) == TRI_NO)
        return;
    if (!helm_is_known(members) || helm_is_open(members) ||
        (!json_is_object(members) && !json_is_array(members))) {
        add_any(k);
        return;
    }
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *one = json_array_get(members, i);

        add_named(k, kind, helm_values_get(one, STR("name")),
                  helm_values_get(one, STR("namespace")));
    }
    if (!json_is_object(members))
        return;
    json_object_foreach(json_unconst(members), key, member)
    {
        AUTO(json_unrefp) json_t *name = json_string(key);

        if (helm_truth(member) != TRI_NO)
            add_named(k, kind, name, helm_values_get(member, STR("namespace")));
    }
}

static void add_applications(const struct known *k, const json_t *values)
{
    if (helm_truth(helm_values_get(values, STR("itemTemplates"))) != TRI_NO)
        add_any(k);
    add_made(k, "Application", helm_values_get(values, STR("applications")));
    add_made(k, "ApplicationSet", helm_values_get(values, STR("applicationsets")));
}

static bool is_ours(struct str version, struct str kind)
{
    struct str group = str_sub(version, 0, str_find_char(version, '/'));

    return (str_is(group, GROUP_ARGOPROJ) || str_contains(version, STR("{{"))) &&
           (str_is(kind, "Application") || str_is(kind, "ApplicationSet") ||
            str_contains(kind, STR("{{")));
}

static void look_at_text(const struct known *k, struct str text)
{
    struct helm_words *words;

    if (!str_contains(text, STR(GROUP_ARGOPROJ)))
        return;
    words = helm_words_read(text);
    for (size_t i = 0; i < words->of[HELM_ARGOPROJ].n_names; i++) {
        const struct helm_name *name = &words->of[HELM_ARGOPROJ].names[i];

        k->add(k->to, &(struct open_end){.argoproj = true,
                                         .is_whole_name = name->is_whole,
                                         .prefix = name->before,
                                         .suffix = name->behind,
                                         .any_namespace = true});
    }
    helm_words_free(words);
}

/* Whole manifests, wherever they stand. */
static void look_at(const struct known *k, const json_t *value, unsigned depth)
{
    const char *key;
    json_t *member;

    if (!helm_is_known(value) || depth > DEPTH_MAX)
        return;
    if (json_is_string(value))
        look_at_text(k, json_view(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        look_at(k, json_array_get(value, i), depth + 1);
    if (!json_is_object(value))
        return;
    /* all of the values are no object, even where a manifest is used as a value file */
    if (depth && is_ours(json_str_at(value, "apiVersion"), json_str_at(value, "kind"))) {
        const json_t *metadata = helm_values_get(value, STR("metadata"));

        add_named(k, NULL, helm_values_get(metadata, STR("name")),
                  helm_values_get(metadata, STR("namespace")));
    }
    json_object_foreach(json_unconst(value), key, member) look_at(k, member, depth + 1);
}

void helm_known_ends(struct str chart, const json_t *values, struct str namespace,
                     helm_known_fn add, void *to)
{
    struct known k = {namespace, add, to};

    if (str_is(chart, "argocd-apps"))
        add_applications(&k, values);
    look_at(&k, values, 0);
}

bool helm_is_argo_helm(struct str url)
{
    static const char *const all[] = {
        "https://argoproj.github.io/argo-helm", "https://argoproj.github.io/argo-helm/",
        "oci://ghcr.io/argoproj/argo-helm", "ghcr.io/argoproj/argo-helm"};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (repo_url_eq(url, str_from(all[i])))
            return true;
    return false;
}

/* The member of what may be absent. */
static const json_t *member_of(const json_t *value, const char *key)
{
    return helm_is_known(value) && json_is_null(value) ? value
                                                       : helm_values_get(value, str_from(key));
}

enum tri helm_known_argocd_secret(struct str repository, const json_t *values, struct str namespace,
                                  struct argocd_secret *out)
{
    const json_t *secret = member_of(member_of(values, "configs"), "secret");
    const json_t *create = member_of(secret, "createSecret");
    const json_t *override = member_of(values, "namespaceOverride");
    enum tri is_made = helm_truth(create);

    *out = (struct argocd_secret){.is_annotated =
                                      helm_truth(member_of(secret, "annotations")) != TRI_NO};
    if (helm_truth(override) == TRI_NO)
        out->namespace = namespace;
    if (is_made == TRI_NO && json_is_null(create))
        is_made = helm_is_argo_helm(repository) ? TRI_YES : TRI_NOT_KNOWN;
    if (is_made == TRI_NO && helm_truth(member_of(values, "extraObjects")) != TRI_NO)
        is_made = TRI_NOT_KNOWN;
    return is_made;
}
