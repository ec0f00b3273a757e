#include "repository/words.h"
#include <stddef.h>
#include <string.h>

/*
 * Each kind that rules ask for (facts_is_asked_for(), is_kept_whole() in manifests.c) spells one of
 * the words below, its group or its own name, and so does every annotation that rules read. What
 * can hide a word: YAML's escapes that make letters or join two lines (YAML 1.1, 5.7; JSON's \u is
 * one of them), and tags whose values are decoded, by whatever name.
 *
 * Bytes are looked at once, for the rarest letter of each word: one search a word costs as much as
 * reading the file.
 */
enum letter { NONE, IN_ARGO, IN_EXTERNAL, IN_SECRET, IN_TAG, IN_DIRECTIVE, IN_ESCAPE, IN_TEMPLATE };

static const unsigned char letters[256] = {
    ['g'] = IN_ARGO,      ['x'] = IN_EXTERNAL, ['S'] = IN_SECRET,   ['!'] = IN_TAG,
    ['%'] = IN_DIRECTIVE, ['\\'] = IN_ESCAPE,  ['{'] = IN_TEMPLATE,
};

/* Whether the word stands where its letter at `offset` is found at `at`. */
static bool stands(struct str bytes, size_t at, struct str word, size_t offset)
{
    return at >= offset && bytes.n - (at - offset) >= word.n &&
           memcmp(bytes.p + at - offset, word.p, word.n) == 0;
}

static void find_argo(struct words *w, struct str bytes, size_t at)
{
    if (!stands(bytes, at, STR("argo"), 2))
        return;
    if (stands(bytes, at, STR("argoproj.io"), 2))
        w->names_argoproj = true; /* Application, AppProject, ApplicationSet, annotations */
    else if (stands(bytes, at, STR("argocd-cm"), 2))
        w->is_plain = false; /* the ConfigMap */
    else if (stands(bytes, at, STR("+argocd:skip-file-rendering"), 3))
        w->is_marked = true;
}

/* Every line break that libyaml knows starts with one of these bytes; strchr() finds the NUL as
 * well, which nobody means. */
static bool is_escape(struct str bytes, size_t at)
{
    return at + 1 == bytes.n || strchr("xuU\r\n\xC2\xE2", bytes.p[at + 1]);
}

static void find_at(struct words *w, struct str bytes, size_t at, enum letter letter)
{
    switch (letter) {
    case IN_ARGO:
        find_argo(w, bytes, at);
        break;
    case IN_EXTERNAL: /* ExternalSecret, ClusterExternalSecret, stores */
        if (stands(bytes, at, STR("external-secrets.io"), 1))
            w->names_external_secrets = true;
        break;
    case IN_SECRET: /* Secret, SealedSecret: the core group has no name to look for */
        if (stands(bytes, at, STR("Secret"), 0))
            w->is_plain = false;
        break;
    case IN_TAG: /* !!binary, and any tag written out */
        if (stands(bytes, at, STR("!!"), 0) || stands(bytes, at, STR("!<"), 0))
            w->is_plain = false;
        break;
    case IN_DIRECTIVE:
        if (stands(bytes, at, STR("%TAG"), 0))
            w->is_plain = false;
        break;
    case IN_ESCAPE:
        if (is_escape(bytes, at))
            w->is_plain = false;
        break;
    case IN_TEMPLATE:
        if (stands(bytes, at, STR("{{"), 0))
            w->is_templated = true;
        break;
    case NONE:
        break;
    }
}

/* A byte-order mark of UTF-16. */
static bool is_wide(struct str bytes)
{
    return str_starts(bytes, STR("\xFF\xFE")) || str_starts(bytes, STR("\xFE\xFF"));
}

struct words words_find(struct str bytes)
{
    struct words w = {.is_plain = !is_wide(bytes)};

    for (size_t i = 0; i < bytes.n; i++) {
        enum letter letter = letters[(unsigned char)bytes.p[i]];

        if (letter)
            find_at(&w, bytes, i, letter);
    }
    w.is_plain = w.is_plain && !w.names_argoproj && !w.names_external_secrets;
    return w;
}
