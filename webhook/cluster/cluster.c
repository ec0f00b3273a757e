#include "cluster/cluster.h"
#include "base/json.h"
#include "base/mem.h"
#include "cluster/internal.h"
#include <stdlib.h>
#include <string.h>

/* An API server's are 64 bits; they come as text of which nobody promises that. */
enum { VERSION_MAX_DIGITS = 128 };

/* Without leading zeros; empty when it is no decimal number. */
static struct str digits_of(struct str version)
{
    if (version.n == 0 || version.n > VERSION_MAX_DIGITS)
        return STR("");
    for (size_t i = 0; i < version.n; i++)
        if (version.p[i] < '0' || version.p[i] > '9')
            return STR("");
    while (version.n > 1 && version.p[0] == '0')
        version = str_sub(version, 1, version.n);
    return version;
}

static int compare_versions(struct str a, struct str b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return str_cmp(a, b);
}

void cluster_see_version(struct cluster *c, struct str version)
{
    struct str digits = digits_of(version);

    if (compare_versions(digits, str_from(c->version)) <= 0)
        return;
    free(c->version);
    c->version = xstrndup(digits);
}

static void leave_out_the_rest(struct cluster *c, enum cluster_kind kind, const char *file)
{
    struct set *set = &c->sets[kind];

    if (!set->full)
        notes_add(c, file, "more than %d objects of kind %s: the others are left out",
                  CLUSTER_MAX_OBJECTS, cluster_kind_name(kind));
    set->full = true;
    set->incomplete = true;
}

void cluster_add(struct cluster *c, enum cluster_kind kind, json_t *object, struct str version,
                 const char *file)
{
    struct set *set = &c->sets[kind];
    struct entry entry = {.kept.object = object, .file = file};

    if (set->n >= CLUSTER_MAX_OBJECTS) {
        leave_out_the_rest(c, kind, file);
        json_decref(object);
        return;
    }
    (void)identity_read(object, &entry.kept.id); /* kind and name were looked at: it has both */
    entry.version = xstrndup(digits_of(version));
    set->entries = xgrow(set->entries, set->n, &set->capacity, sizeof entry);
    set->entries[set->n++] = entry;
}

void cluster_nothing_is_complete(struct cluster *c)
{
    for (size_t i = 0; i < N_CLUSTER_KINDS; i++)
        c->sets[i].incomplete = true;
}

static int compare_places(struct str namespace, struct str name, const struct identity *id)
{
    int order = str_cmp(namespace, id->namespace);

    return order ? order : str_cmp(name, id->name);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;

    return compare_places(left->kept.id.namespace, left->kept.id.name, &right->kept.id);
}

static void entry_clear(struct entry *entry)
{
    json_decref(entry->kept.object);
    free(entry->version);
}

/* The entry of the greatest version; one without any where none has one. */
static size_t newest_of(const struct entry *group, size_t n)
{
    size_t newest = 0;

    for (size_t i = 1; i < n; i++)
        if (compare_versions(str_from(group[i].version), str_from(group[newest].version)) > 0)
            newest = i;
    return newest;
}

/* Another entry that is not known to be older, and differs; n when there is none. */
static size_t rival_of(const struct entry *group, size_t n, size_t newest)
{
    const struct entry *best = &group[newest];

    for (size_t i = 0; i < n; i++) {
        bool older = group[i].version[0] && strcmp(group[i].version, best->version) != 0;

        if (i != newest && !older && !json_equal(group[i].kept.object, best->kept.object))
            return i;
    }
    return n;
}

static void note_rivals(struct cluster *c, enum cluster_kind kind, const struct entry *one,
                        const struct entry *other)
{
    const struct identity *id = &one->kept.id;
    char *where = xasprintf("%s: %s %.*s%s%.*s", one->file, cluster_kind_name(kind),
                            STR_ARG(id->namespace), id->namespace.n ? "/" : "", STR_ARG(id->name));

    notes_add(c, where,
              "it stands there in another form in %s, and metadata.resourceVersion does not tell "
              "which one is newer: both are left out",
              other->file);
    free(where);
}

/* Leaves at most one of the entries that name one object; returns how many. */
static size_t settle(struct cluster *c, enum cluster_kind kind, struct entry *group, size_t n)
{
    size_t newest = newest_of(group, n);
    size_t rival = rival_of(group, n, newest);
    bool keep = rival == n;
    struct entry kept = group[newest];

    if (!keep) {
        note_rivals(c, kind, &group[newest < rival ? newest : rival],
                    &group[newest < rival ? rival : newest]);
        c->sets[kind].incomplete = true;
    }
    for (size_t i = 0; i < n; i++)
        if (!keep || i != newest)
            entry_clear(&group[i]);
    group[0] = kept;
    return keep ? 1 : 0;
}

static void settle_set(struct cluster *c, enum cluster_kind kind)
{
    struct set *set = &c->sets[kind];
    size_t n = 0;
    size_t end;

    if (set->n)
        qsort(set->entries, set->n, sizeof *set->entries, compare_entries);
    for (size_t at = 0; at < set->n; at = end) {
        end = at + 1;
        while (end < set->n && compare_entries(&set->entries[at], &set->entries[end]) == 0)
            end++;
        if (settle(c, kind, &set->entries[at], end - at))
            set->entries[n++] = set->entries[at];
    }
    set->n = n;
}

void cluster_finish(struct cluster *c)
{
    for (unsigned i = 0; i < N_CLUSTER_KINDS; i++)
        settle_set(c, (enum cluster_kind)i);
    notes_finish(c);
}

void cluster_free(struct cluster *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < N_CLUSTER_KINDS; i++) {
        for (size_t j = 0; j < c->sets[i].n; j++)
            entry_clear(&c->sets[i].entries[j]);
        free(c->sets[i].entries);
    }
    for (size_t i = 0; i < c->n_files; i++) {
        free(c->files[i].path);
        free(c->files[i].shown);
    }
    free(c->files);
    notes_free(c);
    free(c->version);
    free(c);
}

void cluster_freep(struct cluster **c)
{
    cluster_free(*c);
}

bool cluster_is_whole(const struct cluster *c)
{
    return !c->torn;
}

int64_t cluster_loaded_at(const struct cluster *c)
{
    return c->loaded_at;
}

const char *cluster_resource_version(const struct cluster *c)
{
    return c->version;
}

size_t cluster_n_objects(const struct cluster *c, enum cluster_kind kind)
{
    return c->sets[kind].n;
}

const struct cluster_object *cluster_object_at(const struct cluster *c, enum cluster_kind kind,
                                               size_t index)
{
    return &c->sets[kind].entries[index].kept;
}

const struct cluster_object *cluster_find(const struct cluster *c, enum cluster_kind kind,
                                          struct str namespace, struct str name)
{
    const struct set *set = &c->sets[kind];
    size_t low = 0;
    size_t high = set->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_places(namespace, name, &set->entries[middle].kept.id);

        if (order == 0)
            return &set->entries[middle].kept;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool cluster_is_complete(const struct cluster *c, enum cluster_kind kind)
{
    return !c->torn && c->sets[kind].listed && !c->sets[kind].incomplete;
}

size_t cluster_n_notes(const struct cluster *c)
{
    return c->n_notes;
}

const struct cluster_note *cluster_note_at(const struct cluster *c, size_t index)
{
    return &c->notes[index];
}
