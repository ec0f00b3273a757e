#include "server/repeats.h"
#include "base/mem.h"
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct slot {
    uint64_t key;
    int64_t told; /* Unix seconds; 0 is never */
};

struct repeats {
    uint64_t seed; /* so that nobody outside can aim at a place of the table */
    pthread_mutex_t mutex;
    struct slot slots[REPEATS_SLOTS];
};

struct repeats *repeats_new(void)
{
    struct repeats *r = xcalloc(1, sizeof *r);

    (void)!getrandom(&r->seed, sizeof r->seed, GRND_NONBLOCK);
    (void)pthread_mutex_init(&r->mutex, NULL);
    return r;
}

void repeats_free(struct repeats *r)
{
    if (!r)
        return;
    (void)pthread_mutex_destroy(&r->mutex);
    free(r);
}

/* FNV-1a with a last mix; 64 bits are kept, so two findings that share a place are told apart. */
static void mix(uint64_t *hash, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *hash = (*hash ^ (unsigned char)p[i]) * 0x100000001B3U;
    *hash = (*hash ^ 0xFF) * 0x100000001B3U; /* the end of a part: "a","bc" is not "ab","c" */
}

static int mix_json(const char *p, size_t n, void *hash)
{
    for (size_t i = 0; i < n; i++)
        *(uint64_t *)hash = (*(uint64_t *)hash ^ (unsigned char)p[i]) * 0x100000001B3U;
    return 0;
}

static uint64_t key_of(const struct repeats *r, const struct review *review,
                       const struct finding *finding)
{
    uint64_t hash = 0xCBF29CE484222325U ^ r->seed;
    const json_t *spec = json_object_get(review->object, "spec");

    mix(&hash, review->kind_text.p, review->kind_text.n);
    mix(&hash, review->namespace.p, review->namespace.n);
    mix(&hash, review->name.p, review->name.n);
    mix(&hash, (const char *)&finding->rule, sizeof finding->rule);
    mix(&hash, finding->message, strlen(finding->message));
    if (spec)
        (void)json_dump_callback(spec, mix_json, &hash,
                                 JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDU;
    return hash ^ hash >> 33;
}

bool repeats_check(struct repeats *r, const struct review *review, const struct finding *finding,
                   int64_t now)
{
    uint64_t key = key_of(r, review, finding);
    struct slot *slot = &r->slots[key % REPEATS_SLOTS];
    bool told;

    (void)pthread_mutex_lock(&r->mutex);
    told = slot->told != 0 && slot->key == key && now >= slot->told &&
           now - slot->told < REPEATS_SECONDS;
    if (!told && !review->dry_run)
        *slot = (struct slot){.key = key, .told = now};
    (void)pthread_mutex_unlock(&r->mutex);
    return told;
}
