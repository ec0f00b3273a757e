#include "repository/contents.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/quote.h"
#include "repository/repository.h"
#include <stdlib.h>

/* The file that was read last. */
struct hand {
    struct file_bytes bytes;
    size_t node; /* whose they are, or NOBODY */
};

#define NOBODY SIZE_MAX
#define EMPTY_HAND ((struct hand){.node = NOBODY})

/* Files by their key: open addressing, filled while the contents are read. */
struct table {
    uint32_t *slots; /* node + 1; 0 is free */
    size_t mask;
};

/* What changes while others ask. */
struct state {
    _Atomic(struct content *) *by_node; /* NULL: not looked into yet, or no regular file */
    atomic_size_t nodes_left;
    atomic_size_t bytes_left;
    atomic_size_t n_read;
    atomic_size_t n_bytes;
    atomic_size_t n_shared;
    atomic_size_t n_parsed;
    atomic_size_t n_skipped;
    atomic_bool has_lost;
};

struct contents {
    const struct tree *tree;
    file_read_fn *read;
    void *from;
    bool is_commit;
    bool parse_all;
    /* A plain file whose ctime lies before this cannot have been written again since without
     * another ctime: it was the clock that files are stamped by, before any was read. */
    uint64_t settled_ns;
    struct table table;
    struct state *state;
};

bool contents_syntax(struct str name, enum parse_syntax *out)
{
    if (str_ends(name, STR(".json")))
        *out = SYNTAX_JSON;
    else if (str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")))
        *out = SYNTAX_YAML;
    else
        return false;
    return true;
}

bool contents_is_kustomization(struct str name)
{
    return str_is(name, "kustomization.yaml") || str_is(name, "kustomization.yml") ||
           str_is(name, "Kustomization");
}

bool contents_is_parsed(struct str name)
{
    enum parse_syntax syntax;

    return contents_syntax(name, &syntax) || contents_is_kustomization(name) ||
           str_is(name, ".helmignore");
}

/* The files other files are found through are kept as one document. */
static bool is_document(struct str name)
{
    return contents_is_kustomization(name) || str_is(name, "Chart.yaml") ||
           str_is(name, "requirements.yaml");
}

static enum blob_part document_part(struct str name)
{
    return contents_is_kustomization(name) ? BLOB_KUSTOMIZATION : BLOB_DOCUMENT;
}

static struct content *content_of(const struct contents *c, size_t node)
{
    return atomic_load_explicit(&c->state->by_node[node], memory_order_acquire);
}

static size_t count(atomic_size_t *counter, size_t n)
{
    return atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Takes up to `wanted` from a budget; how much there was. */
static size_t take(atomic_size_t *left, size_t wanted)
{
    size_t have = atomic_load_explicit(left, memory_order_relaxed);
    size_t taken;

    do {
        taken = wanted < have ? wanted : have;
    } while (!atomic_compare_exchange_weak_explicit(left, &have, have - taken, memory_order_relaxed,
                                                    memory_order_relaxed));
    return taken;
}

static void give_back(atomic_size_t *left, size_t n)
{
    (void)count(left, n);
}

/* Room for every file, twice over: a free slot ends each search. */
static void table_init(struct table *t, size_t n_nodes)
{
    size_t n = 16;

    while (n < 2 * n_nodes)
        n *= 2;
    t->slots = xcalloc(n, sizeof *t->slots);
    t->mask = n - 1;
}

/* Where a node of that key is, or would be. A commit's keys are evenly spread already. */
static uint32_t *table_slot(const struct contents *c, const struct tree_key *key)
{
    size_t at = (size_t)key->part[0] & c->table.mask;

    while (c->table.slots[at] && !tree_key_eq(&c->tree->nodes[c->table.slots[at] - 1].key, key))
        at = (at + 1) & c->table.mask;
    return &c->table.slots[at];
}

static struct blob *find_by_key(const struct contents *c, const struct tree_key *key)
{
    uint32_t slot = c->table.slots ? *table_slot(c, key) : 0;

    return slot ? content_of(c, slot - 1)->blob : NULL;
}

/* What lay at the same path, if it is still the same. Files are asked for in the order of the
 * trees: *at is how far those before them reached. */
static struct blob *find_by_path(const struct contents *former, size_t *at, const struct node *file)
{
    const struct content *content;
    const struct node *then;
    size_t node;

    if (!tree_find_from(former->tree, at, (struct str){file->path, file->n_path}))
        return NULL;
    node = *at;
    then = &former->tree->nodes[node];
    content = then->kind == NODE_FILE ? content_of(former, node) : NULL;
    if (!content || !tree_key_eq(&then->key, &file->key) || then->size_bytes != file->size_bytes ||
        (!former->is_commit && file->key.part[3] >= former->settled_ns))
        return NULL;
    return content->blob;
}

/* at: of each former one, see find_by_path(). */
static struct blob *find_shared(const struct contents *c, const struct contents_options *o,
                                size_t *at, const struct node *file)
{
    struct blob *found = NULL;

    if (!tree_key_is_known(&file->key))
        return NULL;
    for (size_t i = 0; !found && i < o->n_former; i++)
        if (o->former[i]->is_commit == c->is_commit)
            found = find_by_path(o->former[i], &at[i], file);
    if (!found && c->is_commit)
        found = find_by_key(c, &file->key);
    for (size_t i = 0; !found && c->is_commit && i < o->n_former; i++)
        if (o->former[i]->is_commit)
            found = find_by_key(o->former[i], &file->key);
    return found;
}

static struct str bytes_in(const struct hand *h)
{
    return (struct str){h->bytes.n ? h->bytes.p : "", h->bytes.n};
}

/* Where not, *unread says why; freed by the caller. */
static bool read_whole(const struct contents *c, size_t index, struct hand *h, char **unread)
{
    struct file_bytes *bytes = &h->bytes;
    const char *path = c->tree->nodes[index].path;
    size_t left = atomic_load_explicit(&c->state->bytes_left, memory_order_relaxed);
    bool is_last = left < REPOSITORY_MAX_FILE_BYTES;
    const char *why = NULL;

    if (h->node == index)
        return true;
    h->node = NOBODY;
    bytes->n = 0;
    bytes->size_bytes = 0;
    bytes->is_too_large = false;
    if (c->read(c->from, c->tree, index, is_last ? left : REPOSITORY_MAX_FILE_BYTES, bytes, &why)) {
        (void)take(&c->state->bytes_left, bytes->n);
        (void)count(&c->state->n_read, 1);
        (void)count(&c->state->n_bytes, bytes->n);
        h->node = index;
        return true;
    }
    if (bytes->is_too_large)
        *unread = xasprintf("%s is larger than what is read of one %s", shorten(path).text,
                            is_last ? "repository (1 GiB)" : "file (10 MiB)");
    else
        *unread = xasprintf("%s cannot be read (%s)", shorten(path).text, why);
    return false;
}

static void content_free(struct content *content)
{
    if (!content)
        return;
    for (size_t i = 0; i < N_SYNTAXES; i++)
        parsed_free(atomic_load_explicit(&content->parsed[i], memory_order_acquire));
    blob_unref(content->blob);
    free(content->document_why);
    free(content->unread);
    free(content);
}

/* Of the parts that the name asks for. */
static bool has_parts(const struct blob *b, struct str name)
{
    return (!is_document(name) || blob_has(b, document_part(name))) &&
           (!str_is(name, ".helmignore") || blob_has(b, BLOB_TEXT));
}

static void add_parts(const struct contents *c, struct blob *b, struct str name, struct str bytes)
{
    if (is_document(name)) {
        (void)count(&c->state->n_parsed, !blob_has(b, document_part(name)));
        blob_add(b, document_part(name), bytes);
    }
    if (str_is(name, ".helmignore"))
        blob_add(b, BLOB_TEXT, bytes);
}

static void show_document(struct content *content, const struct node *file)
{
    const struct document *d = blob_document(content->blob, document_part(node_name(file)));

    content->document = d->json;
    content->document_not_known = d->is_not_known;
    if (d->what)
        content->document_why = xasprintf("%s %s", shorten(file->path).text, d->what);
}

/* Takes over one reference of `blob`; NULL with `unread`. */
static struct content *content_new(const struct node *file, struct blob *blob, char *unread)
{
    struct content *content = xcalloc(1, sizeof *content);
    struct str name = node_name(file);

    content->blob = blob;
    content->unread = unread;
    content->size_bytes = blob ? blob_n_bytes(blob) : 0;
    if (blob && blob_is_lfs_pointer(blob)) {
        content->is_lfs_pointer = true;
        content->unread = xasprintf("%s cannot be read (it is a Git LFS pointer; the content is "
                                    "not in Git)",
                                    shorten(file->path).text);
    }
    if (content->unread) {
        content->names_argoproj = content->names_external_secrets = true;
        return content;
    }
    content->is_marked = blob_words(blob)->is_marked;
    content->is_templated = blob_words(blob)->is_templated;
    content->names_argoproj = blob_words(blob)->names_argoproj;
    content->names_external_secrets = blob_words(blob)->names_external_secrets;
    if (is_document(name))
        show_document(content, file);
    if (str_is(name, ".helmignore"))
        content->text = blob_text(blob);
    return content;
}

/* What several made at once is kept once. */
static struct content *settle_content(const struct contents *c, size_t index, struct content *made)
{
    struct content *there = NULL;

    if (atomic_compare_exchange_strong_explicit(&c->state->by_node[index], &there, made,
                                                memory_order_acq_rel, memory_order_acquire))
        return made;
    content_free(made);
    return there;
}

static struct content *look_into(const struct contents *c, size_t index, struct blob *shared,
                                 struct hand *h)
{
    const struct node *file = &c->tree->nodes[index];
    struct str name = node_name(file);
    struct content *made;
    char *unread = NULL;

    if (shared && (blob_is_lfs_pointer(shared) || has_parts(shared, name))) {
        (void)count(&c->state->n_shared, 1);
        return settle_content(c, index, content_new(file, blob_ref(shared), NULL));
    }
    if (!read_whole(c, index, h, &unread)) {
        made = content_new(file, NULL, unread);
        made->size_bytes = h->bytes.size_bytes;
        return settle_content(c, index, made);
    }
    shared = shared ? blob_ref(shared) : blob_new(bytes_in(h));
    add_parts(c, shared, name, bytes_in(h));
    return settle_content(c, index, content_new(file, shared, NULL));
}

/* The file's own name for what its bytes were parsed to; NULL where they were not. */
static const struct parsed *view(const struct contents *c, size_t index, struct content *content,
                                 enum parse_syntax syntax)
{
    const char *path = c->tree->nodes[index].path;
    struct parsed *there = atomic_load_explicit(&content->parsed[syntax], memory_order_acquire);
    struct parse *parse = there ? NULL : blob_parse(content->blob, syntax);
    struct parsed *made;
    size_t n_nodes;
    size_t have;

    if (!parse)
        return there;
    n_nodes = parse_n_nodes(parse);
    have = take(&c->state->nodes_left, n_nodes);
    made = have == n_nodes ? parsed_new(parse, path)
                           : parsed_not_known(path, manifests_too_many_nodes);
    if (have < n_nodes)
        give_back(&c->state->nodes_left, have);
    if (atomic_compare_exchange_strong_explicit(&content->parsed[syntax], &there, made,
                                                memory_order_acq_rel, memory_order_acquire))
        return made;
    if (have == n_nodes)
        give_back(&c->state->nodes_left, have);
    parsed_free(made);
    return there;
}

/* The same of a file that had been read. What kept it from being read may be over at the next load,
 * but for a budget. */
static bool read_again(const struct contents *c, size_t index, struct hand *h, char **unread)
{
    bool good = read_whole(c, index, h, unread);

    if (!good && !h->bytes.is_too_large)
        atomic_store_explicit(&c->state->has_lost, true, memory_order_relaxed);
    return good;
}

static enum blob_part part_of(enum parse_syntax syntax)
{
    return syntax == SYNTAX_JSON ? BLOB_JSON : BLOB_YAML;
}

static const struct parsed *demand(const struct contents *c, size_t index, struct content *content,
                                   enum parse_syntax syntax, struct hand *h)
{
    AUTO(freep) char *unread = NULL;
    struct parsed *there = NULL;
    struct parsed *made;

    if (content->unread)
        return NULL;
    if (!blob_has(content->blob, part_of(syntax))) {
        if (!read_again(c, index, h, &unread)) {
            made = parsed_unread(steal(&unread));
            if (atomic_compare_exchange_strong_explicit(&content->parsed[syntax], &there, made,
                                                        memory_order_acq_rel, memory_order_acquire))
                return made;
            parsed_free(made);
            return there;
        }
        blob_add(content->blob, part_of(syntax), bytes_in(h));
        (void)count(&c->state->n_parsed, 1);
    }
    return view(c, index, content, syntax);
}

static bool is_skipped(const struct contents *c, const struct content *content)
{
    return !c->parse_all && blob_words(content->blob)->is_plain;
}

/* --- reading all of it --- */

struct reader {
    struct contents *contents;
    const struct contents_options *options;
    size_t *at; /* how far in each of the former contents */
    struct hand hand;
};

/* As manifests, unless nobody would ask for any of them. */
static void read_manifests(struct reader *r, size_t index, enum parse_syntax syntax)
{
    const struct contents *c = r->contents;
    struct content *content = content_of(c, index);

    if (content->unread)
        return;
    if (is_skipped(c, content)) {
        (void)count(&c->state->n_skipped, 1);
        return;
    }
    if (syntax == SYNTAX_YAML &&
        atomic_load_explicit(&content->parsed[SYNTAX_JSON], memory_order_relaxed))
        content->is_yaml_extra = true;
    (void)demand(c, index, content, syntax, &r->hand);
}

static void read_file(struct reader *r, size_t index)
{
    struct contents *c = r->contents;
    const struct node *file = &c->tree->nodes[index];
    struct str name = node_name(file);
    bool is_asked_for = contents_is_parsed(name);
    struct blob *shared = find_shared(c, r->options, r->at, file);
    const struct content *content;
    enum parse_syntax syntax;

    if (!is_asked_for && (!shared || !has_parts(shared, name)))
        return;
    content = look_into(c, index, shared, &r->hand);
    if (c->is_commit && content->blob && tree_key_is_known(&file->key)) {
        uint32_t *slot = table_slot(c, &file->key);

        if (!*slot)
            *slot = (uint32_t)index + 1;
    }
    if (contents_syntax(name, &syntax))
        read_manifests(r, index, syntax);
}

/* A reading that the file's own name does not ask for. */
static void read_extra(struct reader *r, size_t index, enum parse_syntax syntax)
{
    struct contents *c = r->contents;

    if (c->tree->nodes[index].kind != NODE_FILE)
        return;
    if (!content_of(c, index))
        (void)look_into(c, index, NULL, &r->hand);
    read_manifests(r, index, syntax);
}

static void read_link(struct reader *r, const struct node *link)
{
    enum parse_syntax syntax;

    if (link->link_state == TREE_FOUND && contents_syntax(node_name(link), &syntax))
        read_extra(r, link->target, syntax);
}

/* kustomize reads a resource of any name as YAML; a .json that parses is as good. */
static void read_resources(struct reader *r, const struct node *kustomization, const json_t *list)
{
    const struct tree *tree = r->contents->tree;
    enum parse_syntax syntax;
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        size_t found;

        if (tree_follow(tree, kustomization->parent, json_view(entry), &found) == TREE_FOUND &&
            !(contents_syntax(node_name(&tree->nodes[found]), &syntax) && syntax == SYNTAX_JSON))
            read_extra(r, found, SYNTAX_YAML);
    }
}

static void read_extras(struct reader *r)
{
    const struct tree *tree = r->contents->tree;

    for (size_t i = 0; i < tree->n; i++) {
        const struct node *node = &tree->nodes[i];
        const struct content *content = content_of(r->contents, i);

        if (node->kind == NODE_SYMLINK)
            read_link(r, node);
        if (!content || !content->document || !contents_is_kustomization(node_name(node)))
            continue;
        read_resources(r, node, json_array_at(content->document, "resources"));
        read_resources(r, node, json_array_at(content->document, "bases"));
    }
}

struct contents *contents_read(const struct contents_options *options)
{
    const struct tree *tree = options->tree;
    struct contents *c = xcalloc(1, sizeof *c);
    struct reader r = {
        .contents = c,
        .options = options,
        .at = xcalloc(options->n_former + 1, sizeof *r.at),
        .hand = EMPTY_HAND,
    };

    c->tree = tree;
    c->read = options->read;
    c->from = options->from;
    c->is_commit = options->is_commit;
    c->parse_all = options->parse_all;
    c->settled_ns = tree_clock_ns();
    c->state = xcalloc(1, sizeof *c->state);
    c->state->by_node = xcalloc(tree->n, sizeof *c->state->by_node);
    atomic_init(&c->state->nodes_left, CONTENTS_MAX_NODES);
    atomic_init(&c->state->bytes_left, REPOSITORY_MAX_BYTES);
    if (c->is_commit)
        table_init(&c->table, tree->n);
    for (size_t i = 0; i < tree->n; i++)
        if (tree->nodes[i].kind == NODE_FILE)
            read_file(&r, i);
    read_extras(&r);
    file_bytes_clear(&r.hand.bytes);
    free(r.at);
    return c;
}

void contents_free(struct contents *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->tree->n; i++)
        content_free(content_of(c, i));
    free(c->state->by_node);
    free(c->state);
    free(c->table.slots);
    free(c);
}

/* --- asking --- */

static bool find_file(const struct contents *c, size_t node, size_t *file)
{
    const struct node *at = &c->tree->nodes[node];

    *file = node;
    if (at->kind == NODE_SYMLINK && at->link_state == TREE_FOUND)
        *file = at->target;
    return c->tree->nodes[*file].kind == NODE_FILE;
}

/* The symlinks have been followed. */
static struct content *looked_into(const struct contents *c, size_t file, struct hand *h)
{
    struct content *content = content_of(c, file);

    return content ? content : look_into(c, file, NULL, h);
}

const struct content *contents_at(const struct contents *c, size_t node)
{
    struct content *content = NULL;
    struct hand h = EMPTY_HAND;
    size_t file;

    if (find_file(c, node, &file))
        content = looked_into(c, file, &h);
    file_bytes_clear(&h.bytes);
    return content;
}

const struct content *contents_read_at(const struct contents *c, size_t node)
{
    return content_of(c, node);
}

const struct parsed *contents_parsed(const struct contents *c, size_t node,
                                     enum parse_syntax syntax)
{
    const struct parsed *parsed;
    struct hand h = EMPTY_HAND;
    struct content *content;
    size_t file;

    if (!find_file(c, node, &file))
        return NULL;
    content = looked_into(c, file, &h);
    parsed = atomic_load_explicit(&content->parsed[syntax], memory_order_acquire);
    if (!parsed)
        parsed = demand(c, file, content, syntax, &h);
    file_bytes_clear(&h.bytes);
    return parsed;
}

const struct parsed *contents_glance(const struct contents *c, size_t node,
                                     enum parse_syntax syntax)
{
    static const struct parsed skipped = {.state = PARSE_SKIPPED};
    const struct content *content = contents_at(c, node);

    if (content && !content->unread && is_skipped(c, content))
        return &skipped;
    return contents_parsed(c, node, syntax);
}

/* The blob with that part, NULL where it cannot be read. */
static const struct blob *demand_part(const struct contents *c, size_t node, enum blob_part part)
{
    AUTO(freep) char *unread = NULL;
    struct hand h = EMPTY_HAND;
    struct content *content;
    size_t file;

    if (!find_file(c, node, &file))
        return NULL;
    content = looked_into(c, file, &h);
    if (!content->unread && !blob_has(content->blob, part) && read_again(c, file, &h, &unread)) {
        blob_add(content->blob, part, bytes_in(&h));
        (void)count(&c->state->n_parsed, part == BLOB_DOCUMENT);
    }
    file_bytes_clear(&h.bytes);
    return content->unread ? NULL : content->blob;
}

const struct blob *contents_blob(const struct contents *c, size_t node, enum blob_part part)
{
    return demand_part(c, node, part);
}

const struct document *contents_document(const struct contents *c, size_t node)
{
    return contents_part(c, node, BLOB_DOCUMENT);
}

const struct document *contents_part(const struct contents *c, size_t node, enum blob_part part)
{
    const struct blob *blob = demand_part(c, node, part);

    return blob ? blob_document(blob, part) : NULL;
}

const struct helm_words *contents_helm(const struct contents *c, size_t node)
{
    const struct blob *blob = demand_part(c, node, BLOB_HELM);

    return blob ? blob_helm(blob) : NULL;
}

bool contents_has_lost(const struct contents *c)
{
    return atomic_load_explicit(&c->state->has_lost, memory_order_relaxed);
}

struct contents_cost contents_cost(const struct contents *c)
{
    struct contents_cost cost = {
        .n_read = atomic_load(&c->state->n_read),
        .n_bytes = atomic_load(&c->state->n_bytes),
        .n_shared = atomic_load(&c->state->n_shared),
        .n_parsed = atomic_load(&c->state->n_parsed),
        .n_skipped = atomic_load(&c->state->n_skipped),
        .n_nodes_left = atomic_load(&c->state->nodes_left),
    };

    for (size_t i = 0; i < c->tree->n; i++)
        cost.n_files += c->tree->nodes[i].kind == NODE_FILE;
    return cost;
}
