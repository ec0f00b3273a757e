#include "review/scan.h"
#include "base/mem.h"
#include "review/decode.h"
#include "review/key.h"
#include "review/paths.h"
#include "review/read.h"
#include "review/resources.h"
#include "review/spans.h"
#include "review/token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char too_much[] = "its fields take more than 9 MiB"; /* SCAN_ARENA_BYTES */

/* What comes next. */
enum state {
    STATE_VALUE,         /* the value of s->row, or one to be skipped */
    STATE_FIRST_KEY,     /* behind '{': a key or '}' */
    STATE_KEY,           /* behind ',' */
    STATE_IN_KEY,        /* the rest of a key */
    STATE_COLON,         /* behind a key */
    STATE_FIRST_ELEMENT, /* behind '[': a value or ']' */
    STATE_IN_STRING,     /* the rest of a value: skipped, and copied when s->capturing */
    STATE_IN_CONTAINER,
    STATE_IN_TOKEN,
    STATE_AFTER, /* behind a value: ',' or the end */
    STATE_END,   /* behind the document */
    STATE_FAILED,
};

/* top, request, object, metadata, annotations is the deepest chain of path_table. */
enum { MAX_FRAMES = 8 };

/* An object (the array of status.resources) that is looked at member by member. */
struct frame {
    enum path_level level;
    uint64_t seen; /* one bit per path_id: a second one is a duplicate key */
};
_Static_assert(N_PATHS <= 64, "frame.seen holds a bit per path");

struct scan {
    enum scan_path path;
    enum state state;
    struct frame frames[MAX_FRAMES];
    unsigned n_frames;
    uint64_t n_read;            /* bytes of the chunks before this one */
    const struct path_row *row; /* of the value being read; NULL: skip it */
    enum which_object which;    /* the object being read, or the last one */
    struct key key;
    struct token token;
    struct block_skip skip;
    char opener; /* of the container being skipped */

    bool capturing;
    bool capture_lost; /* past a limit: the bytes were taken back */
    size_t capture_from;
    struct spans spans;
    bool starved; /* the budget was used up, and what was kept is gone */

    scan_extent_fn on_extent;
    void *closure;
    uint64_t key_from;
    uint64_t value_from;
    struct scan_extent object_extents[N_OBJECTS];

    char failure[256];
};

/* The rest of the chunk. */
struct cursor {
    const char *start;
    const char *p;
    const char *end;
};

struct scan *scan_new(const struct scan_options *options)
{
    struct scan *s = xcalloc(1, sizeof *s);

    s->state = STATE_VALUE;
    spans_init(&s->spans, SCAN_ARENA_BYTES, options ? options->budget : NULL);
    if (options) {
        s->path = options->path;
        s->on_extent = options->on_extent;
        s->closure = options->closure;
    }
    return s;
}

void scan_free(struct scan *s)
{
    if (!s)
        return;
    spans_clear(&s->spans);
    free(s);
}

void scan_freep(struct scan **s)
{
    scan_free(*s);
}

static uint64_t position(const struct scan *s, const struct cursor *c)
{
    return s->n_read + (uint64_t)(c->p - c->start);
}

static void fail_malformed(struct scan *s, uint64_t at, const char *label, const char *what)
{
    s->state = STATE_FAILED;
    (void)snprintf(s->failure, sizeof s->failure, "the body is malformed JSON at byte %llu: %s%s%s",
                   (unsigned long long)at, label, *label ? " " : "", what);
}

static void fail_review(struct scan *s, const struct path_row *row, const char *what)
{
    s->state = STATE_FAILED;
    (void)snprintf(s->failure, sizeof s->failure, "the body is not an AdmissionReview: %s %s",
                   row->label, what);
}

static struct frame *top(struct scan *s)
{
    return &s->frames[s->n_frames - 1];
}

/* Rows of the request itself are kept with the first object's. */
static enum which_object which_of(const struct scan *s, const struct path_row *row)
{
    return path_is_of_object(row) ? s->which : OBJECT_NEW;
}

static bool in_object(const struct scan *s)
{
    return s->n_frames > 0 && s->frames[s->n_frames - 1].level >= LEVEL_OBJECT;
}

static bool is_unreadable(const struct scan *s)
{
    return s->spans.objects[s->which].unreadable != NULL;
}

static void report(struct scan *s, enum scan_extent_kind kind, uint64_t to)
{
    if (s->on_extent)
        s->on_extent(s->closure, &(struct scan_extent){.kind = kind,
                                                       .object = in_object(s) ? (int)s->which : -1,
                                                       .key_from = s->key_from,
                                                       .from = s->value_from,
                                                       .to = to});
}

/* Copies bytes of the value being captured, up to its limit. */
static void capture(struct scan *s, const char *p, size_t n)
{
    size_t so_far = s->spans.n - s->capture_from;
    size_t max = s->row && s->row->max_bytes ? s->row->max_bytes : SIZE_MAX;

    if (!s->capturing || s->capture_lost)
        return;
    if (n > max - so_far || !spans_add(&s->spans, (struct str){p, n})) {
        s->spans.n = s->capture_from;
        s->capture_lost = true;
    }
}

static void set_span(struct scan *s, enum which_object which, enum path_id id, size_t from)
{
    s->spans.at[which][id] =
        (struct span){.from = (uint32_t)from, .n = (uint32_t)(s->spans.n - from)};
}

/* A value cannot be used: it has another type, or is too large. */
static void apply_fault(struct scan *s, const char *reject, const char *unreadable)
{
    if (s->row->fault == FAULT_REJECT)
        fail_review(s, s->row, reject);
    else if (s->row->fault == FAULT_UNREADABLE)
        spans_give_up(&s->spans, s->which, unreadable);
}

static void end_capture(struct scan *s)
{
    size_t n = s->spans.n - s->capture_from;

    if (s->capture_lost)
        apply_fault(s, "is too long", too_much);
    else if (n == 4 && memcmp(s->spans.bytes + s->capture_from, "null", 4) == 0)
        s->spans.n = s->capture_from; /* null means absent */
    else
        set_span(s, which_of(s, s->row), path_id_of(s->row), s->capture_from);
}

/*
 * An entry of status.resources was captured: it stays, with a comma behind it, or is taken back.
 * Returns whether it was looked at.
 */
static bool end_element(struct scan *s, uint64_t at)
{
    struct str raw = {s->spans.bytes + s->capture_from, s->spans.n - s->capture_from};
    enum resource_answer answer;

    if (s->capture_lost) {
        spans_give_up(&s->spans, OBJECT_OLD, too_much);
        return false;
    }
    answer =
        resource_check(raw, read_plain_string(spans_get(&s->spans, OBJECT_NEW, PATH_REQUEST_NAME)));
    switch (answer) {
    case RESOURCE_WANTED:
        if (!spans_add(&s->spans, STR(",")))
            spans_give_up(&s->spans, OBJECT_OLD, too_much);
        return true;
    case RESOURCE_UNWANTED:
        s->spans.n = s->capture_from;
        return false;
    case RESOURCE_MALFORMED:
        fail_malformed(s, at, "", "an entry of status.resources before it");
        return true;
    case RESOURCE_UNREADABLE:
        spans_give_up(&s->spans, OBJECT_OLD, "an entry of its status.resources cannot be read");
        return true;
    }
    return true;
}

/* Behind the last byte of a value that was not descended into. `to`: the document's offset. */
static void end_value(struct scan *s, uint64_t to)
{
    bool looked_at = s->capturing;

    s->state = STATE_AFTER;
    if (s->capturing) {
        s->capturing = false;
        if (top(s)->level == LEVEL_RESOURCES)
            looked_at = end_element(s, to);
        else
            end_capture(s);
    }
    report(s, looked_at ? SCAN_EXTENT_CAPTURED : SCAN_EXTENT_SKIPPED, to);
}

static void push(struct scan *s, enum path_level level)
{
    s->frames[s->n_frames++] = (struct frame){.level = level};
    s->state = level == LEVEL_RESOURCES ? STATE_FIRST_ELEMENT : STATE_FIRST_KEY;
}

/*
 * Whether the entries of status.resources may matter: only the stored object's are evidence, and
 * only once something a rule reads is known to have changed. Go sorts keys, so metadata, operation
 * and spec of both objects stand before it. (Not `operation` alone: self-prune asks for the
 * Application's own entry after a change of spec or marks, too.) In a document sorted otherwise
 * the entries may stay unread; status.resources is then absent, never wrong.
 */
static bool wants_resources(const struct scan *s)
{
    return s->which == OBJECT_OLD && !is_unreadable(s) && s->spans.objects[OBJECT_NEW].present &&
           !s->spans.objects[OBJECT_NEW].unreadable && spans_differ(&s->spans);
}

/* Goes into the value of s->row when it is of the type the row descends into; false: skip it. */
static bool descend(struct scan *s, char c)
{
    enum path_id id = path_id_of(s->row);
    char wanted = s->row->action == PATH_DESCEND_ARRAY ? '[' : '{';

    if (id == PATH_OBJECT || id == PATH_OLD_OBJECT) {
        s->which = id == PATH_OBJECT ? OBJECT_NEW : OBJECT_OLD;
        s->spans.objects[s->which].mark = s->spans.n;
        s->object_extents[s->which] = (struct scan_extent){.kind = SCAN_EXTENT_OBJECT,
                                                           .object = (int)s->which,
                                                           .key_from = s->key_from,
                                                           .from = s->value_from};
        if (c == wanted)
            s->spans.objects[s->which].present = true;
    }
    if (c != wanted) {
        if (c != 'n') /* null means absent */
            apply_fault(s, "is not an object",
                        id == PATH_METADATA      ? "its metadata is not an object"
                        : id == PATH_ANNOTATIONS ? "its annotations are not an object"
                                                 : "it is not an object");
        return false;
    }
    if (id == PATH_STATUS_RESOURCES) {
        if (!wants_resources(s))
            return false;
        s->capture_from = s->spans.n;
        if (!spans_add(&s->spans, STR("["))) {
            spans_give_up(&s->spans, OBJECT_OLD, too_much);
            return false;
        }
        set_span(s, OBJECT_OLD, id, s->capture_from);
    }
    push(s, s->row->child);
    return true;
}

/* Whether the bytes of the value starting with `c` are kept. */
static bool wants_capture(const struct scan *s, char c)
{
    if (in_object(s) && is_unreadable(s))
        return false;
    if (s->frames[s->n_frames - 1].level == LEVEL_RESOURCES)
        return c == '{';
    return s->row && s->row->action == PATH_CAPTURE;
}

static void begin_value(struct scan *s, struct cursor *c)
{
    char first = *c->p;

    s->value_from = position(s, c);
    if (s->n_frames == 0) {
        if (first != '{') {
            fail_malformed(s, s->value_from, "", "a JSON object was expected");
            return;
        }
        c->p++;
        push(s, LEVEL_TOP);
        return;
    }
    if (top(s)->level == LEVEL_RESOURCES)
        s->key_from = s->value_from;
    if (s->row && s->row->action != PATH_CAPTURE) {
        if (descend(s, first)) {
            c->p++;
            return;
        }
        if (s->state == STATE_FAILED)
            return;
    }
    s->capturing = wants_capture(s, first);
    s->capture_lost = false;
    s->capture_from = s->spans.n;
    if (first == '"') {
        block_begin_string(&s->skip);
        s->state = STATE_IN_STRING;
    } else if (first == '{' || first == '[') {
        block_begin_container(&s->skip);
        s->opener = first;
        s->state = STATE_IN_CONTAINER;
    } else if (token_begin(&s->token, first)) {
        s->state = STATE_IN_TOKEN;
    } else {
        fail_malformed(s, s->value_from, "", "a value was expected");
        return;
    }
    capture(s, c->p, 1);
    c->p++;
}

static void read_string(struct scan *s, struct cursor *c)
{
    bool ended;
    size_t n = block_skip_string(&s->skip, s->path, c->p, (size_t)(c->end - c->p), &ended);

    capture(s, c->p, n);
    c->p += n;
    if (ended)
        end_value(s, position(s, c));
}

static void read_container(struct scan *s, struct cursor *c)
{
    bool ended;
    size_t n = block_skip_container(&s->skip, s->path, c->p, (size_t)(c->end - c->p), &ended);

    capture(s, c->p, n);
    c->p += n;
    if (!ended)
        return;
    if ((c->p[-1] == '}') != (s->opener == '{'))
        fail_malformed(s, position(s, c) - 1, "", "another closing bracket was expected");
    else
        end_value(s, position(s, c));
}

static void read_token(struct scan *s, struct cursor *c)
{
    const char *from = c->p;

    while (c->p < c->end && token_take(&s->token, *c->p))
        c->p++;
    capture(s, from, (size_t)(c->p - from));
    if (c->p == c->end)
        return;
    if (token_is_whole(&s->token))
        end_value(s, position(s, c));
    else
        fail_malformed(s, position(s, c), "", "a number, true, false or null is misspelt");
}

/* Behind the closing quote of a key. */
static void end_key(struct scan *s, uint64_t at)
{
    struct frame *frame = top(s);
    uint64_t bit;

    s->state = STATE_COLON;
    s->row = path_find(frame->level, key_text(&s->key));
    if (!s->row)
        return;
    bit = UINT64_C(1) << path_id_of(s->row);
    if (frame->seen & bit)
        fail_malformed(s, at, s->row->label, "appears twice");
    frame->seen |= bit;
}

static void read_key(struct scan *s, struct cursor *c)
{
    size_t n;
    enum key_step step = key_feed(&s->key, (struct str){c->p, (size_t)(c->end - c->p)}, &n);

    c->p += n;
    if (step == KEY_BAD)
        fail_malformed(s, position(s, c) - 1, "", s->key.fault);
    else if (step == KEY_ENDED)
        end_key(s, position(s, c));
}

/* The list of kept entries gets its end: "[", "[a,b," or, of a forgotten object, nothing. */
static void end_resources(struct scan *s)
{
    struct span *span = &s->spans.at[OBJECT_OLD][PATH_STATUS_RESOURCES];

    if (is_unreadable(s))
        return;
    if (s->spans.bytes[s->spans.n - 1] == ',') {
        s->spans.bytes[s->spans.n - 1] = ']';
    } else if (!spans_add(&s->spans, STR("]"))) {
        spans_give_up(&s->spans, OBJECT_OLD, too_much);
        return;
    }
    set_span(s, OBJECT_OLD, PATH_STATUS_RESOURCES, span->from);
}

/* Behind the closing bracket of a frame. `to`: the document's offset. */
static void pop(struct scan *s, uint64_t to)
{
    enum path_level level = top(s)->level;

    if (level == LEVEL_RESOURCES)
        end_resources(s);
    s->n_frames--;
    if (level == LEVEL_OBJECT && s->on_extent) {
        s->object_extents[s->which].to = to;
        s->on_extent(s->closure, &s->object_extents[s->which]);
    }
    s->state = s->n_frames ? STATE_AFTER : STATE_END;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* One structural character, blanks already behind us. */
static void read_structure(struct scan *s, struct cursor *c)
{
    char first = *c->p;
    bool in_array = s->n_frames && top(s)->level == LEVEL_RESOURCES;

    switch (s->state) {
    case STATE_FIRST_KEY:
    case STATE_KEY:
        if (first == '"') {
            s->key_from = position(s, c);
            c->p++;
            key_begin(&s->key);
            s->state = STATE_IN_KEY;
        } else if (first == '}' && s->state == STATE_FIRST_KEY) {
            c->p++;
            pop(s, position(s, c));
        } else {
            fail_malformed(s, position(s, c), "", "a key was expected");
        }
        return;
    case STATE_COLON:
        if (first != ':') {
            fail_malformed(s, position(s, c), "", "a colon was expected");
            return;
        }
        c->p++;
        s->state = STATE_VALUE;
        return;
    case STATE_FIRST_ELEMENT:
        s->row = NULL;
        if (first == ']') {
            c->p++;
            pop(s, position(s, c));
            return;
        }
        begin_value(s, c);
        return;
    case STATE_AFTER:
        if (first == ',') {
            c->p++;
            s->row = NULL;
            s->state = in_array ? STATE_VALUE : STATE_KEY;
        } else if (first == (in_array ? ']' : '}')) {
            c->p++;
            pop(s, position(s, c));
        } else {
            fail_malformed(s, position(s, c), "", "a comma or a closing bracket was expected");
        }
        return;
    case STATE_END:
        fail_malformed(s, position(s, c), "", "something follows the document");
        return;
    default:
        begin_value(s, c);
        return;
    }
}

bool scan_feed(struct scan *s, struct str chunk)
{
    struct cursor c = {chunk.p, chunk.p, chunk.n ? chunk.p + chunk.n : chunk.p};

    while (c.p < c.end && s->state != STATE_FAILED && !s->spans.starved) {
        switch (s->state) {
        case STATE_IN_STRING:
            read_string(s, &c);
            break;
        case STATE_IN_CONTAINER:
            read_container(s, &c);
            break;
        case STATE_IN_TOKEN:
            read_token(s, &c);
            break;
        case STATE_IN_KEY:
            read_key(s, &c);
            break;
        default:
            if (is_blank(*c.p))
                c.p++;
            else
                read_structure(s, &c);
            break;
        }
    }
    s->n_read += chunk.n;
    if (s->spans.starved) { /* what it holds may serve another review at once */
        s->starved = true;
        s->state = STATE_FAILED;
        spans_clear(&s->spans);
    }
    return s->state != STATE_FAILED;
}

bool scan_finish(struct scan *s, struct review **out, struct err *err)
{
    if (s->state != STATE_FAILED && s->state != STATE_END)
        fail_malformed(s, s->n_read, "", "it ends early");
    if (s->starved) {
        decode_no_memory(err);
        return false;
    }
    if (s->state == STATE_FAILED) {
        err_what(err, ERR_INPUT, "%s", s->failure);
        return false;
    }
    return decode(&s->spans, out, err);
}
