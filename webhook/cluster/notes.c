#include "base/attr.h"
#include "base/mem.h"
#include "base/text.h"
#include "cluster/internal.h"
#include <stdlib.h>

/* A path may be longer than what other fields get, and its end is the part that tells. */
enum { NOTE_FIELD_MAX = 1024, NOTE_MAX = 8192 };

char *notes_escape(struct str text)
{
    struct buf out;

    buf_init(&out, NOTE_MAX);
    text_escape(&out, text, NOTE_FIELD_MAX);
    return buf_take(&out);
}

static struct cluster_note *next_note(struct cluster *c, const char *where)
{
    struct cluster_note *note;

    c->notes = xgrow(c->notes, c->n_notes, &c->notes_capacity, sizeof *c->notes);
    note = &c->notes[c->n_notes++];
    note->where = xstrdup(where);
    return note;
}

void notes_add(struct cluster *c, const char *where, const char *format, ...)
{
    struct buf text;
    va_list values;

    if (c->n_notes >= NOTES_MAX) {
        c->n_more_notes++;
        return;
    }
    buf_init(&text, NOTE_MAX);
    va_start(values, format);
    buf_vprintf(&text, format, values);
    va_end(values);
    next_note(c, where)->text = buf_take(&text);
}

void notes_finish(struct cluster *c)
{
    if (c->n_more_notes)
        next_note(c, "snapshots")->text =
            xasprintf("%zu more notes are not shown", c->n_more_notes);
}

void notes_free(struct cluster *c)
{
    for (size_t i = 0; i < c->n_notes; i++) {
        free(c->notes[i].where);
        free(c->notes[i].text);
    }
    free(c->notes);
}
