#include "repository/words.h"
#include "base/attr.h"
#include <string.h>

/* Each kind that rules ask for (facts_is_asked_for(), is_kept_whole() in manifests.c) spells one of
 * these, its group or its own name; so does an annotation or label that rules read. */
static const char *const asked_for[] = {
    "argoproj.io",         /* Application, AppProject, ApplicationSet */
    "external-secrets.io", /* ExternalSecret, ClusterExternalSecret, stores */
    "Secret",              /* Secret, SealedSecret; core objects have no group to look for */
    "argocd-cm",           /* the ConfigMap */
};

/* YAML that may decode to other bytes than stand there: !!binary, also by a name that %TAG or a
 * verbatim tag gives it. */
static const char *const hiding[] = {"!!", "!<", "%TAG"};

static bool has_any(struct str bytes, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_contains(bytes, str_from(words[i])))
            return true;
    return false;
}

/* Escapes of a quoted scalar that make letters, or join two lines (YAML 1.1, 5.7); JSON's \u is one
 * of them. Every line break that libyaml knows starts with one of these bytes. */
static bool has_escape(struct str bytes)
{
    const char *at = bytes.p;
    const char *end = bytes.p + bytes.n;

    while (at < end && (at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        if (++at == end || strchr("xuU\r\n\xC2\xE2", *at))
            return true; /* strchr finds the NUL, too: nobody means that one */
        at++;
    }
    return false;
}

/* A byte-order mark of UTF-16. */
static bool is_wide(struct str bytes)
{
    return bytes.n >= 2 &&
           (memcmp(bytes.p, "\xFF\xFE", 2) == 0 || memcmp(bytes.p, "\xFE\xFF", 2) == 0);
}

struct words words_find(struct str bytes)
{
    struct words w = {
        .is_marked = str_contains(bytes, STR("+argocd:skip-file-rendering")),
        .is_templated = str_contains(bytes, STR("{{")),
        .names_argoproj = str_contains(bytes, STR("argoproj.io")),
        .names_external_secrets = str_contains(bytes, STR("external-secrets.io")),
    };

    w.is_plain = !has_any(bytes, asked_for, ARRAY_LEN(asked_for)) &&
                 !has_any(bytes, hiding, ARRAY_LEN(hiding)) && !has_escape(bytes) &&
                 !is_wide(bytes);
    return w;
}
