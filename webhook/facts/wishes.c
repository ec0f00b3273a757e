#include "facts/wishes.h"
#include "base/mem.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct kept_wish {
    struct wish wish;
    uint64_t asked; /* when last, counted in questions */
    bool was_known; /* by_known at the load before */
};

struct wish_list {
    struct kept_wish items[WISHES_MAX];
    size_t n;
    struct wish refused[WISHES_MAX]; /* by known Applications, the first of them */
    size_t n_refused;
};

struct wishes {
    atomic_uint references;
    pthread_mutex_t lock;
    struct wish_list *lists; /* by repository; under the lock, as is the rest */
    size_t n;
    uint64_t questions;
    bool are_new;
};

struct str wish_revision(struct str target_revision)
{
    return !target_revision.p || str_is(target_revision, "HEAD") ? STR("") : target_revision;
}

bool wish_is(const struct wish *w, struct str revision, struct str tag_prefix)
{
    return str_eq(str_from(w->revision), revision) && str_eq(str_from(w->tag_prefix), tag_prefix);
}

void wish_clear(struct wish *w)
{
    free(w->revision);
    free(w->tag_prefix);
}

struct wishes *wishes_new(size_t n_repositories)
{
    struct wishes *w = xcalloc(1, sizeof *w);

    atomic_init(&w->references, 1);
    (void)pthread_mutex_init(&w->lock, NULL);
    w->n = n_repositories;
    w->lists = xcalloc(n_repositories, sizeof *w->lists);
    return w;
}

struct wishes *wishes_ref(struct wishes *w)
{
    (void)atomic_fetch_add_explicit(&w->references, 1, memory_order_relaxed);
    return w;
}

static void forget_refused(struct wish_list *list)
{
    for (size_t i = 0; i < list->n_refused; i++)
        wish_clear(&list->refused[i]);
    list->n_refused = 0;
}

void wishes_unref(struct wishes *w)
{
    if (!w || atomic_fetch_sub_explicit(&w->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < w->n; i++) {
        forget_refused(&w->lists[i]);
        for (size_t k = 0; k < w->lists[i].n; k++)
            wish_clear(&w->lists[i].items[k].wish);
    }
    free(w->lists);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

/* git-check-ref-format(1) allows more than a file system takes; a range of versions is shorter. */
static bool is_possible(struct str text)
{
    return text.n <= NAME_MAX && !(text.n && memchr(text.p, '\0', text.n));
}

/* What known Applications ask for comes first, then what was asked for last. */
static int by_weight(const void *a, const void *b)
{
    const struct kept_wish *x = a;
    const struct kept_wish *y = b;

    if (x->wish.by_known != y->wish.by_known)
        return x->wish.by_known ? -1 : 1;
    if (x->was_known != y->was_known)
        return x->was_known ? -1 : 1;
    return x->asked > y->asked ? -1 : x->asked < y->asked;
}

static struct kept_wish *find(struct wish_list *list, struct str revision, struct str tag_prefix)
{
    for (size_t i = 0; i < list->n; i++)
        if (wish_is(&list->items[i].wish, revision, tag_prefix))
            return &list->items[i];
    return NULL;
}

/* Room for one more; NULL where all are asked for by known Applications. */
static struct kept_wish *make_room(struct wish_list *list)
{
    struct kept_wish *last;

    if (list->n < WISHES_MAX)
        return &list->items[list->n++];
    qsort(list->items, list->n, sizeof *list->items, by_weight);
    last = &list->items[list->n - 1];
    if (last->wish.by_known)
        return NULL;
    wish_clear(&last->wish);
    return last;
}

static struct wish wish_of(struct str revision, struct str tag_prefix)
{
    return (struct wish){.revision = xstrndup(revision),
                         .tag_prefix = xstrndup(tag_prefix.p ? tag_prefix : STR(""))};
}

static void refuse(struct wish_list *list, struct str revision, struct str tag_prefix)
{
    for (size_t i = 0; i < list->n_refused; i++)
        if (wish_is(&list->refused[i], revision, tag_prefix))
            return;
    if (list->n_refused < WISHES_MAX)
        list->refused[list->n_refused++] = wish_of(revision, tag_prefix);
}

bool wishes_add(struct wishes *w, size_t repository, struct str revision, struct str tag_prefix,
                bool by_known)
{
    struct kept_wish *kept;

    if (!is_possible(revision) || !is_possible(tag_prefix))
        return true; /* nobody has it */
    (void)pthread_mutex_lock(&w->lock);
    kept = find(&w->lists[repository], revision, tag_prefix);
    if (!kept) {
        kept = make_room(&w->lists[repository]);
        if (kept) {
            kept->wish = wish_of(revision, tag_prefix);
            kept->was_known = false;
            w->are_new = true;
        }
    }
    if (kept) {
        kept->asked = ++w->questions;
        kept->wish.by_known |= by_known;
    } else if (by_known) {
        refuse(&w->lists[repository], revision, tag_prefix);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return kept != NULL;
}

void wishes_begin(struct wishes *w)
{
    (void)pthread_mutex_lock(&w->lock);
    w->are_new = false;
    for (size_t i = 0; i < w->n; i++) {
        forget_refused(&w->lists[i]);
        for (size_t k = 0; k < w->lists[i].n; k++) {
            struct kept_wish *kept = &w->lists[i].items[k];

            kept->was_known = kept->wish.by_known;
            kept->wish.by_known = false;
        }
    }
    (void)pthread_mutex_unlock(&w->lock);
}

void wishes_take(struct wishes *w, size_t repository, struct wishes *other, size_t from)
{
    struct wish wishes[WISHES_MAX];
    size_t n = wishes_copy(other, from, wishes);

    for (size_t i = n; i-- > 0;) { /* the most wanted last, as if asked for just now */
        wishes_add(w, repository, str_from(wishes[i].revision), str_from(wishes[i].tag_prefix),
                   wishes[i].by_known);
        wish_clear(&wishes[i]);
    }
}

size_t wishes_copy(struct wishes *w, size_t repository, struct wish *out)
{
    struct wish_list *list = &w->lists[repository];
    size_t n;

    (void)pthread_mutex_lock(&w->lock);
    n = list->n;
    if (n)
        qsort(list->items, n, sizeof *list->items, by_weight);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct wish){
            .revision = xstrdup(list->items[i].wish.revision),
            .tag_prefix = xstrdup(list->items[i].wish.tag_prefix),
            .by_known = list->items[i].wish.by_known || list->items[i].was_known,
        };
    (void)pthread_mutex_unlock(&w->lock);
    return n;
}

size_t wishes_refused(struct wishes *w, size_t repository, struct wish *out)
{
    const struct wish_list *list = &w->lists[repository];
    size_t n;

    (void)pthread_mutex_lock(&w->lock);
    n = list->n_refused;
    for (size_t i = 0; i < n; i++)
        out[i] =
            wish_of(str_from(list->refused[i].revision), str_from(list->refused[i].tag_prefix));
    (void)pthread_mutex_unlock(&w->lock);
    return n;
}

bool wishes_are_new(struct wishes *w)
{
    bool are_new;

    (void)pthread_mutex_lock(&w->lock);
    are_new = w->are_new;
    (void)pthread_mutex_unlock(&w->lock);
    return are_new;
}
