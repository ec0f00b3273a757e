#include "config/spot.h"
#include "base/json.h"
#include "base/mem.h"
#include "config/values.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No setting with a wrong value is longer, and what is may be a key that was taken for another
 * file. */
enum { SHOWN_BYTES = 100 };

/* A password in a URL, and its query, stay out of messages. */
static void describe_text(struct str text, char *out, size_t size)
{
    size_t cut = text.n;
    size_t query = str_find_char(text, '?');

    if (text.n > SHOWN_BYTES) {
        (void)snprintf(out, size, "a text of %zu bytes", text.n);
        return;
    }
    while (cut && text.p[cut - 1] != '@')
        cut--;
    (void)snprintf(out, size, "\"%s%.*s%s\"", cut ? "…@" : "", STR_ARG(str_sub(text, cut, query)),
                   query < text.n ? "?…" : "");
}

/* What stands in the file, in words. */
static void describe(const json_t *value, char *out, size_t size)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        describe_text(json_view(value), out, size);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        (void)snprintf(out, size, "the number %.15g", json_number_value(value));
        break;
    case JSON_OBJECT:
        (void)snprintf(out, size, "a mapping");
        break;
    case JSON_ARRAY:
        (void)snprintf(out, size, "a list");
        break;
    case JSON_NULL:
        (void)snprintf(out, size, "nothing");
        break;
    default:
        (void)snprintf(out, size, "%s", json_is_true(value) ? "true" : "false");
    }
}

bool spot_refuse(const struct reader *r, const struct spot *spot, const char *complaint,
                 const char *wanted)
{
    char found[256];

    describe(spot->value, found, sizeof found);
    err_what(r->err, ERR_CONFIG, "%s %s", spot->path[0] ? spot->path : "the configuration",
             complaint);
    err_where(r->err, "%s:%u", r->file, spot->line);
    err_why(r->err, "found %s, wanted %s", found, wanted);
    return false;
}

bool spot_wrong_type(const struct reader *r, const struct spot *spot, const char *wanted)
{
    return spot_refuse(r, spot, "has the wrong type", wanted);
}

/* 2.10 without quotes is the number 2.1, and no is false: say so before somebody wonders. */
static bool no_text(const struct reader *r, const struct spot *spot)
{
    if (json_is_number(spot->value) || json_is_boolean(spot->value))
        err_remedy(r->err, "put the value in quotes");
    return spot_wrong_type(r, spot, spot->key->wanted);
}

bool spot_wrong_value(const struct reader *r, const struct spot *spot)
{
    return spot_refuse(r, spot, "has a wrong value", spot->key->wanted);
}

bool spot_not_yet(const struct reader *r, const struct spot *spot)
{
    return spot_refuse(r, spot, "is not supported yet", spot->key->wanted);
}

void *spot_slot(const struct spot *spot)
{
    return (char *)spot->base + spot->key->offset;
}

size_t *spot_count(const struct spot *spot)
{
    return (size_t *)(void *)((char *)spot->base + spot->key->count_offset);
}

static void keep_text(const struct spot *spot, char *text)
{
    char **place = spot_slot(spot);

    free(*place);
    *place = text;
}

/* A text a C string can hold; `wanted` is said when it is none. */
bool spot_text(const struct reader *r, const struct spot *spot, struct str *out)
{
    *out = json_view(spot->value);
    if (!out->p)
        return no_text(r, spot);
    if (memchr(out->p, '\0', out->n))
        return spot_refuse(r, spot, "holds a NUL character", spot->key->wanted);
    return true;
}

bool spot_set_text(const struct reader *r, const struct spot *spot)
{
    const struct key *key = spot->key;
    struct str text;

    if (!spot_text(r, spot, &text))
        return false;
    if (key->automatic && str_is(text, key->automatic))
        text = STR("");
    else if (text.n == 0 && !key->may_be_empty)
        return spot_wrong_value(r, spot);
    else if (text.n && key->check && !key->check(text))
        return spot_wrong_value(r, spot);
    keep_text(spot, xstrndup(text));
    return true;
}

bool spot_set_expiry(const struct reader *r, const struct spot *spot)
{
    struct expiry *expiry = spot_slot(spot);
    struct str text;
    int64_t at;

    if (!spot_text(r, spot, &text))
        return false;
    if (!value_expiry(text, &at))
        return spot_wrong_value(r, spot);
    free(expiry->text);
    *expiry = (struct expiry){.text = xstrndup(text), .at = at};
    return true;
}

char *spot_resolve(const char *directory, struct str path)
{
    if (str_starts(path, STR("/")) || directory[0] == '\0')
        return xstrndup(path);
    return xasprintf("%s%s%.*s", directory, str_ends(str_from(directory), STR("/")) ? "" : "/",
                     STR_ARG(path));
}

bool spot_set_path(const struct reader *r, const struct spot *spot)
{
    struct str text;

    if (!spot_text(r, spot, &text))
        return false;
    if (text.n == 0 && !spot->key->may_be_empty)
        return spot_wrong_value(r, spot);
    if (spot->key->not_yet)
        return text.n == 0 || spot_not_yet(r, spot);
    keep_text(spot, text.n ? spot_resolve(r->directory, text) : xstrdup(""));
    return true;
}

bool spot_set_bool(const struct reader *r, const struct spot *spot)
{
    bool value = json_is_true(spot->value);

    if (!json_is_boolean(spot->value))
        return spot_wrong_type(r, spot, "true or false");
    memcpy(spot_slot(spot), &value, sizeof value);
    return true;
}

bool spot_set_choice(const struct reader *r, const struct spot *spot)
{
    const struct key *key = spot->key;
    /* YAML 1.1 reads a plain off as false. */
    struct str text = json_is_false(spot->value) ? STR("off") : json_view(spot->value);

    if (!text.p)
        return no_text(r, spot);
    for (size_t i = 0; i < key->n_choices; i++) {
        const struct choice *choice = &key->choices[i];
        bool as_bool = choice->value != 0;

        if (!str_is(text, choice->name))
            continue;
        if (choice->not_yet)
            return spot_not_yet(r, spot);
        if (key->as_bool)
            memcpy(spot_slot(spot), &as_bool, sizeof as_bool);
        else if (key->offset != KEY_NOWHERE)
            memcpy(spot_slot(spot), &choice->value, sizeof choice->value);
        return true;
    }
    return spot_wrong_value(r, spot);
}

/* A number as YAML writes it, or a text `parse` understands. */
static bool read_number(const struct reader *r, const struct spot *spot,
                        bool (*parse)(struct str text, uint64_t *value), uint64_t *out)
{
    struct str text = json_view(spot->value);
    uint64_t value = 0;

    if (parse && text.p) {
        if (!parse(text, &value))
            return spot_wrong_value(r, spot);
    } else if (json_is_number(spot->value)) {
        double number = json_number_value(spot->value);

        /* Past 2^53 a double skips whole numbers; no setting goes as far. */
        if (number != floor(number) || number < 0 || number > 0x1p53)
            return spot_wrong_value(r, spot);
        value = (uint64_t)number;
        /* A duration without a unit is a guess: only 0 needs none. */
        if (spot->key->type == KEY_DURATION && value)
            return spot_wrong_value(r, spot);
    } else {
        return spot_wrong_type(r, spot, spot->key->wanted);
    }
    if (value < spot->key->min || value > spot->key->max)
        return spot_refuse(r, spot, "is out of range", spot->key->wanted);
    if (spot->key->not_yet && value)
        return spot_not_yet(r, spot);
    *out = value;
    return true;
}

bool spot_set_size(const struct reader *r, const struct spot *spot)
{
    uint64_t value = 0;
    size_t bytes;

    if (!read_number(r, spot, value_size_bytes, &value))
        return false;
    bytes = (size_t)value;
    memcpy(spot_slot(spot), &bytes, sizeof bytes);
    return true;
}

bool spot_set_count(const struct reader *r, const struct spot *spot)
{
    uint64_t value = 0;
    unsigned narrow;

    if (!read_number(r, spot, spot->key->type == KEY_DURATION ? value_duration_ms : NULL, &value))
        return false;
    if (spot->key->not_yet)
        return true;
    narrow = (unsigned)value; /* the rows' maxima are at most UINT32_MAX */
    memcpy(spot_slot(spot), &narrow, sizeof narrow);
    return true;
}
