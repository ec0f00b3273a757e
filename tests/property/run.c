/* run.c: the options of a property test, and the smallest failing case it can find. */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 256 * 1024 };

static uint64_t read_number(const char *option, const char *text)
{
    char *end = NULL;
    unsigned long long n;

    errno = 0;
    n = text ? strtoull(text, &end, 10) : 0;
    if (!text || errno || end == text || *end) {
        (void)fprintf(stderr, "%s: a number is wanted\n", option);
        exit(2);
    }
    return n;
}

struct property_run property_options(int argc, char **argv, uint64_t count)
{
    struct property_run run = {.name = argv[0], .seed = 1, .count = count};

    for (int i = 1; i < argc; i += 2) {
        uint64_t value = read_number(argv[i], argv[i + 1]);

        if (strcmp(argv[i], "--seed") == 0) {
            run.seed = value;
        } else if (strcmp(argv[i], "--count") == 0) {
            run.count = value;
        } else {
            (void)fprintf(stderr, "usage: %s [--seed N] [--count N]\n", argv[0]);
            exit(2);
        }
    }
    return run;
}

/* What the search for a smaller case goes by. */
struct shrink {
    property_fn property;
    const struct world *worlds;
    const struct request *q;
    uint64_t salt;
    bool shrunk;
};

static bool still_fails(const struct shrink *s)
{
    AUTO(buf_clearp) struct buf why = {0};

    buf_init(&why, WHY_MAX);
    return !s->property(s->worlds, s->q, s->salt, &why);
}

/* The way to the object names it; without it there is no request. */
static bool is_needed(const char *key)
{
    return strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 || strcmp(key, "name") == 0 ||
           strcmp(key, "namespace") == 0 || strcmp(key, "metadata") == 0;
}

static void shrink_members(struct shrink *s, json_t *object, json_t *old, unsigned depth);

/* Takes the member out of both states, or puts it back and looks into it. */
static void shrink_member(struct shrink *s, json_t *object, json_t *old, const char *key,
                          unsigned depth)
{
    AUTO(json_unrefp) json_t *a = json_incref(json_object_get(object, key));
    AUTO(json_unrefp) json_t *b = json_incref(json_object_get(old, key));

    if (depth > 1 || !is_needed(key)) {
        (void)json_object_del(object, key);
        (void)json_object_del(old, key);
        if (still_fails(s)) {
            s->shrunk = true;
            return;
        }
        if (a)
            (void)json_object_set(object, key, a);
        if (b)
            (void)json_object_set(old, key, b);
    }
    shrink_members(s, json_is_object(a) ? a : NULL, json_is_object(b) ? b : NULL, depth + 1);
}

static void shrink_members(struct shrink *s, json_t *object, json_t *old, unsigned depth)
{
    AUTO(json_unrefp) json_t *keys = json_object();
    const char *key;
    json_t *unused;

    (void)json_object_update(keys, object ? object : keys);
    (void)json_object_update(keys, old ? old : keys);
    json_object_foreach(keys, key, unused) shrink_member(s, object, old, key, depth);
}

/* JSON of one state, on one line. */
static void print_state(const char *name, const json_t *state)
{
    AUTO(freep) char *text = state ? json_dumps(state, JSON_SORT_KEYS) : xstrdup("null");

    (void)printf("%s: %s\n", name, text);
}

bool property_check(const struct property_run *run, uint64_t index, property_fn property,
                    const struct world *worlds, struct request *q, uint64_t salt)
{
    struct shrink shrink = {.property = property, .worlds = worlds, .q = q, .salt = salt};
    struct buf why;

    buf_init(&why, WHY_MAX);
    if (property(worlds, q, salt, &why)) {
        buf_clear(&why);
        return true;
    }
    do {
        shrink.shrunk = false;
        shrink_members(&shrink, q->object, q->old_object, 0);
    } while (shrink.shrunk);
    buf_reset(&why);
    (void)property(worlds, q, salt, &why);
    (void)printf("FAIL: %s --seed %" PRIu64 " --count %" PRIu64 "\n%s\n", run->name, run->seed,
                 index + 1, why.p ? why.p : "");
    (void)printf("operation: %s %s %s\n", q->operation, q->sub_resource, q->kind ? q->kind : "");
    print_state("object", q->object);
    print_state("oldObject", q->old_object);
    print_state("configuration", worlds->config);
    buf_clear(&why);
    return false;
}
