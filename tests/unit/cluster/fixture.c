#include "fixture.h"
#include "base/buf.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

enum { TEXT_MAX = 64 * 1024 * 1024 };

struct cluster *cluster_of(const char *text)
{
    return cluster_read_snapshot_text(FILE_NAME, str_from(text), 1767225600);
}

static void assert_text(struct buf *b, const char *wanted)
{
    assert_true(buf_ok(b));
    assert_string_equal(b->p ? b->p : "", wanted);
    buf_clear(b);
}

static void add_notes(const struct cluster *c, struct buf *out)
{
    for (size_t i = 0; i < cluster_n_notes(c); i++)
        buf_printf(out, "%s: %s\n", cluster_note_at(c, i)->where, cluster_note_at(c, i)->text);
}

void assert_notes(const struct cluster *c, const char *wanted)
{
    struct buf found;

    buf_init(&found, TEXT_MAX);
    add_notes(c, &found);
    assert_text(&found, wanted);
}

void assert_objects(const struct cluster *c, enum cluster_kind kind, const char *wanted)
{
    struct buf found;

    buf_init(&found, TEXT_MAX);
    for (size_t i = 0; i < cluster_n_objects(c, kind); i++) {
        const struct cluster_object *object = cluster_object_at(c, kind, i);

        buf_printf(&found, "%s%.*s/%.*s", i ? " " : "", STR_ARG(object->id.namespace),
                   STR_ARG(object->id.name));
        assert_ptr_equal(cluster_find(c, kind, object->id.namespace, object->id.name), object);
    }
    assert_text(&found, wanted);
}

void assert_complete(const struct cluster *c, const char *wanted)
{
    struct buf found;

    buf_init(&found, TEXT_MAX);
    for (unsigned i = 0; i < N_CLUSTER_KINDS; i++)
        if (cluster_is_complete(c, (enum cluster_kind)i))
            buf_printf(&found, "%s%s", found.n ? " " : "", cluster_kind_name((enum cluster_kind)i));
    assert_text(&found, wanted);
}

void assert_kept(const struct cluster *c, enum cluster_kind kind, const char *wanted)
{
    AUTO(freep) char *found = NULL;

    assert_int_equal(cluster_n_objects(c, kind), 1);
    found = xneed(json_dumps(cluster_object_at(c, kind, 0)->object, JSON_SORT_KEYS | JSON_COMPACT));
    assert_string_equal(found, wanted);
}

char *everything(const struct cluster *c)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    add_notes(c, &out);
    for (unsigned kind = 0; kind < N_CLUSTER_KINDS; kind++)
        for (size_t i = 0; i < cluster_n_objects(c, (enum cluster_kind)kind); i++) {
            AUTO(freep)
            char *text = xneed(
                json_dumps(cluster_object_at(c, (enum cluster_kind)kind, i)->object, JSON_COMPACT));

            buf_printf(&out, "%s\n", text);
        }
    assert_true(buf_ok(&out));
    return buf_take(&out);
}
