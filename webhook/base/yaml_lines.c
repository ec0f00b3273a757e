#include "base/yaml_lines.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>

/*
 * Open addressing over (address, index). A member is found by the address of jansson's own copy of
 * its key, which stays put while the member exists, so that no key is stored twice.
 */
struct entry {
    const void *where; /* NULL: free */
    size_t index;      /* of an array's item; MEMBER for an object's */
    unsigned line;
};

struct yaml_lines {
    struct entry *entries;
    size_t n;
    size_t n_slots;        /* a power of two, at least twice n */
    unsigned first_repeat; /* its line */
    bool has_repeats;
    bool has_merges;
};

static const size_t MEMBER = SIZE_MAX;

static size_t slot_of(const struct yaml_lines *lines, const void *where, size_t index)
{
    /* Fibonacci hashing spreads addresses, which differ in their middle bits only. */
    uint64_t h = ((uint64_t)(uintptr_t)where >> 4) + (uint64_t)index * 0x9E3779B97F4A7C15u;
    size_t i;

    h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9u;
    i = (size_t)(h ^ h >> 32) & (lines->n_slots - 1);
    while (lines->entries[i].where &&
           (lines->entries[i].where != where || lines->entries[i].index != index))
        i = (i + 1) & (lines->n_slots - 1);
    return i;
}

static void grow(struct yaml_lines *lines)
{
    struct entry *old = lines->entries;
    size_t n_old = lines->n_slots;

    lines->n_slots = n_old ? n_old * 2 : 64;
    lines->entries = xcalloc(lines->n_slots, sizeof *lines->entries);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].where)
            lines->entries[slot_of(lines, old[i].where, old[i].index)] = old[i];
    free(old);
}

static void set(struct yaml_lines *lines, const void *where, size_t index, unsigned line)
{
    struct entry *e;

    if (lines->n * 2 >= lines->n_slots)
        grow(lines);
    e = &lines->entries[slot_of(lines, where, index)];
    if (!e->where)
        lines->n++;
    *e = (struct entry){where, index, line};
}

static unsigned find(const struct yaml_lines *lines, const void *where, size_t index)
{
    if (!where || !lines->n_slots)
        return 0;
    return lines->entries[slot_of(lines, where, index)].line;
}

/* jansson's iterators take the object without const although they change nothing. */
static const char *own_key(const json_t *object, const char *key)
{
    void *at = json_object_iter_at((json_t *)(uintptr_t)object, key);

    return at ? json_object_iter_key(at) : NULL;
}

struct yaml_lines *yaml_lines_new(void)
{
    return xcalloc(1, sizeof(struct yaml_lines));
}

void yaml_lines_set_member(struct yaml_lines *lines, const json_t *object, const char *key,
                           unsigned line)
{
    set(lines, own_key(object, key), MEMBER, line);
}

void yaml_lines_set_item(struct yaml_lines *lines, const json_t *array, size_t index, unsigned line)
{
    set(lines, array, index, line);
}

void yaml_lines_note_repeat(struct yaml_lines *lines, unsigned line)
{
    if (!lines->has_repeats)
        lines->first_repeat = line;
    lines->has_repeats = true;
}

bool yaml_has_repeats(const struct yaml_lines *lines)
{
    return lines->has_repeats;
}

unsigned yaml_first_repeat(const struct yaml_lines *lines)
{
    return lines->first_repeat;
}

void yaml_lines_note_merge(struct yaml_lines *lines)
{
    lines->has_merges = true;
}

bool yaml_has_merges(const struct yaml_lines *lines)
{
    return lines->has_merges;
}

unsigned yaml_line_of(const struct yaml_lines *lines, const json_t *object, const char *key)
{
    if (!lines || !json_is_object(object) || !key)
        return 0;
    return find(lines, own_key(object, key), MEMBER);
}

unsigned yaml_line_at(const struct yaml_lines *lines, const json_t *array, size_t index)
{
    if (!lines || !json_is_array(array) || index >= json_array_size(array))
        return 0;
    return find(lines, array, index);
}

void yaml_lines_free(struct yaml_lines *lines)
{
    if (!lines)
        return;
    free(lines->entries);
    free(lines);
}

void yaml_lines_freep(struct yaml_lines **lines)
{
    yaml_lines_free(*lines);
}
