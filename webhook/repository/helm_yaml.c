#include "repository/helm_yaml.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/helm_values.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 60 };

static bool write_value(struct buf *out, const json_t *value, size_t indent, unsigned depth);

/* A key that is a word, and not one of those that YAML 1.1 reads as something else. */
static bool is_plain_key(struct str key)
{
    static const char *const others[] = {"y",   "n",    "yes",   "no",  "on",
                                         "off", "true", "false", "null"};

    if (!key.n || !isalpha((unsigned char)key.p[0]))
        return false;
    for (size_t i = 0; i < key.n; i++)
        if (!isalnum((unsigned char)key.p[i]) && key.p[i] != '-' && key.p[i] != '_' &&
            key.p[i] != '.' && key.p[i] != '/')
            return false;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (str_eq_nocase(key, str_from(others[i])))
            return false;
    return true;
}

static bool write_scalar(struct buf *out, const json_t *value)
{
    AUTO(freep) char *text = NULL;
    struct str string = json_view(value);

    if (!helm_is_known(value)) {
        buf_adds(out, "{{ ? }}");
        return true;
    }
    if (!str_contains(string, STR("{{"))) {
        /* templates may make text that is no UTF-8, and cut characters in two */
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        if (!text)
            return false;
        buf_adds(out, text);
        return true;
    }
    if (str_find_char(string, '\n') < string.n)
        return false;
    buf_addc(out, '\'');
    for (size_t i = 0; i < string.n; i++)
        buf_printf(out, "%s%c", string.p[i] == '\'' ? "'" : "", string.p[i]);
    buf_addc(out, '\'');
    return true;
}

static void start_line(struct buf *out, size_t indent)
{
    buf_addc(out, '\n');
    for (size_t i = 0; i < indent; i++)
        buf_addc(out, ' ');
}

static bool is_block(const json_t *value)
{
    return helm_is_known(value) && (json_object_size(value) || json_array_size(value));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool write_map(struct buf *out, const json_t *map, size_t indent, unsigned depth)
{
    AUTO(freep) const char **keys = xcalloc(json_object_size(map), sizeof *keys);
    size_t n = 0;
    const char *key;
    json_t *member;

    if (helm_is_open(map))
        return false;
    json_object_foreach(json_unconst(map), key, member) keys[n++] = key;
    qsort(keys, n, sizeof *keys, by_text);
    for (size_t i = 0; i < n; i++) {
        member = json_object_get(map, keys[i]);
        if (i)
            start_line(out, indent);
        if (is_plain_key(str_from(keys[i]))) {
            buf_adds(out, keys[i]);
        } else {
            AUTO(json_unrefp) json_t *text = xneed(json_string_nocheck(keys[i]));

            if (!write_scalar(out, text))
                return false;
        }
        buf_addc(out, ':');
        if (is_block(member))
            start_line(out, indent + 2);
        else
            buf_addc(out, ' ');
        if (!write_value(out, member, indent + 2, depth + 1))
            return false;
    }
    return true;
}

static bool write_list(struct buf *out, const json_t *list, size_t indent, unsigned depth)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i)
            start_line(out, indent);
        buf_adds(out, "- ");
        if (!write_value(out, json_array_get(list, i), indent + 2, depth + 1))
            return false;
    }
    return true;
}

static bool write_value(struct buf *out, const json_t *value, size_t indent, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return false;
    if (!is_block(value))
        return json_is_object(value) && helm_is_open(value) ? false : write_scalar(out, value);
    return json_is_object(value) ? write_map(out, value, indent, depth)
                                 : write_list(out, value, indent, depth);
}

bool helm_yaml_write(struct buf *out, const json_t *value)
{
    return helm_is_known(value) && write_value(out, value, 0, 0) && buf_ok(out);
}
