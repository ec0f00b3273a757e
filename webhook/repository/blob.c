#include "repository/blob.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "repository/contents.h"
#include "repository/decode.h"
#include "repository/kustomize_text.h"
#include <stdlib.h>

struct text {
    char *text; /* NULL: too long */
};

struct blob {
    atomic_uint references;
    struct words words;
    bool is_lfs_pointer;
    size_t n_bytes;
    _Atomic(void *) parts[N_BLOB_PARTS];
};

/*
 * What Git LFS leaves in a commit, and in a checkout without it: the name of content that lies
 * elsewhere (git-lfs/docs/spec.md, "The Pointer"). Argo CD replaces it where the repository has
 * enableLfs set (util/git/client.go, Checkout), and reads the pointer itself where not.
 */
static bool is_lfs_pointer(struct str bytes)
{
    return str_starts(bytes, STR("version https://git-lfs.github.com/spec/"));
}

struct blob *blob_new(struct str bytes)
{
    struct blob *b = xcalloc(1, sizeof *b);

    atomic_init(&b->references, 1);
    b->words = words_find(bytes);
    b->is_lfs_pointer = is_lfs_pointer(bytes);
    b->n_bytes = bytes.n;
    return b;
}

struct blob *blob_ref(struct blob *b)
{
    (void)atomic_fetch_add_explicit(&b->references, 1, memory_order_relaxed);
    return b;
}

static struct document *document_new(struct str bytes)
{
    struct document *d = xcalloc(1, sizeof *d);
    AUTO(freep) char *owned = NULL;
    struct str text;
    struct err err = {0};

    decode_text(bytes, &text, &owned);
    if (!yaml_read(text, 1, &d->json, NULL, &err)) {
        d->is_not_known = err.kind == ERR_LIMIT;
        d->what = err.kind == ERR_LIMIT ? xasprintf("is not read: %s", err.what)
                                        : xasprintf("is malformed YAML (%s)", err.where);
    } else if (d->json && !json_is_object(d->json)) {
        d->what = xstrdup("holds no YAML mapping");
    }
    if (d->what) {
        json_decref(d->json);
        d->json = NULL;
    }
    return d;
}

/* Of the mapping, what kustomize takes it for. */
static struct document *kustomization_new(struct str bytes)
{
    struct document *d = document_new(bytes);
    AUTO(json_unrefp) json_t *written = steal(&d->json);

    if (written)
        d->is_not_known = kustomize_text_compile(written, &d->json, &d->what) == TRI_NOT_KNOWN;
    return d;
}

static struct document *kustomize_text_new(struct str bytes)
{
    struct document *d = xcalloc(1, sizeof *d);

    d->is_not_known = kustomize_text_read(bytes, &d->json, &d->what) == TRI_NOT_KNOWN;
    return d;
}

static struct document *env_keys_new(struct str bytes)
{
    struct document *d = xcalloc(1, sizeof *d);

    d->json = kustomize_text_env_keys(bytes);
    return d;
}

static void *part_new(enum blob_part part, struct str bytes)
{
    struct text *text;

    switch (part) {
    case BLOB_YAML:
        return parse_new(bytes, SYNTAX_YAML, CONTENTS_MAX_NODES);
    case BLOB_JSON:
        return parse_new(bytes, SYNTAX_JSON, CONTENTS_MAX_NODES);
    case BLOB_DOCUMENT:
        return document_new(bytes);
    case BLOB_HELM:
        return helm_words_read(bytes);
    case BLOB_KUSTOMIZATION:
        return kustomization_new(bytes);
    case BLOB_KUSTOMIZE_TEXT:
        return kustomize_text_new(bytes);
    case BLOB_ENV_KEYS:
        return env_keys_new(bytes);
    case BLOB_TEMPLATE:
        return helm_template_read(bytes);
    case BLOB_ARCHIVE:
        return helm_archive_read(bytes, 0);
    case BLOB_TEXT:
    case N_BLOB_PARTS:
        break;
    }
    text = xcalloc(1, sizeof *text);
    text->text = bytes.n <= BLOB_TEXT_MAX_BYTES ? xstrndup(bytes) : NULL;
    return text;
}

static void part_free(enum blob_part part, void *p)
{
    struct document *document = p;
    struct text *text = p;

    if (!p)
        return;
    switch (part) {
    case BLOB_YAML:
    case BLOB_JSON:
        parse_unref(p);
        return;
    case BLOB_HELM:
        helm_words_free(p);
        return;
    case BLOB_TEMPLATE:
        helm_template_free(p);
        return;
    case BLOB_ARCHIVE:
        helm_archive_free(p);
        return;
    case BLOB_DOCUMENT:
    case BLOB_KUSTOMIZATION:
    case BLOB_KUSTOMIZE_TEXT:
    case BLOB_ENV_KEYS:
        json_decref(document->json);
        free(document->what);
        break;
    case BLOB_TEXT:
    case N_BLOB_PARTS:
        free(text->text);
        break;
    }
    free(p);
}

void blob_unref(struct blob *b)
{
    if (!b || atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < N_BLOB_PARTS; i++)
        part_free((enum blob_part)i, atomic_load_explicit(&b->parts[i], memory_order_acquire));
    free(b);
}

const struct words *blob_words(const struct blob *b)
{
    return &b->words;
}

size_t blob_n_bytes(const struct blob *b)
{
    return b->n_bytes;
}

bool blob_is_lfs_pointer(const struct blob *b)
{
    return b->is_lfs_pointer;
}

static void *part_of(const struct blob *b, enum blob_part part)
{
    return atomic_load_explicit(&b->parts[part], memory_order_acquire);
}

bool blob_has(const struct blob *b, enum blob_part part)
{
    return part_of(b, part) != NULL;
}

/* Takes over `made`. */
static void settle_part(struct blob *b, enum blob_part part, void *made)
{
    void *none = NULL;

    if (!atomic_compare_exchange_strong_explicit(&b->parts[part], &none, made, memory_order_acq_rel,
                                                 memory_order_acquire))
        part_free(part, made);
}

void blob_add(struct blob *b, enum blob_part part, struct str bytes)
{
    if (!blob_has(b, part))
        settle_part(b, part, part_new(part, bytes));
}

void blob_add_archive(struct blob *b, struct str bytes, unsigned depth)
{
    if (!blob_has(b, BLOB_ARCHIVE))
        settle_part(b, BLOB_ARCHIVE, helm_archive_read(bytes, depth));
}

struct parse *blob_parse(const struct blob *b, enum parse_syntax syntax)
{
    return part_of(b, syntax == SYNTAX_JSON ? BLOB_JSON : BLOB_YAML);
}

const struct document *blob_document(const struct blob *b, enum blob_part part)
{
    return part_of(b, part);
}

const struct helm_words *blob_helm(const struct blob *b)
{
    return part_of(b, BLOB_HELM);
}

const char *blob_text(const struct blob *b)
{
    const struct text *text = part_of(b, BLOB_TEXT);

    return text ? text->text : NULL;
}

const struct helm_template *blob_template(const struct blob *b)
{
    return part_of(b, BLOB_TEMPLATE);
}

const struct helm_archive *blob_archive(const struct blob *b)
{
    return part_of(b, BLOB_ARCHIVE);
}
