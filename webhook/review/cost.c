#include "review/cost.h"
#include "base/yaml.h"
#include <string.h>

/*
 * What jansson 2.14 allocates on a 64 bit system, with malloc's own part: an empty object 80 + 144
 * bytes, an empty array 48 + 80, a string 48 and its text, a member 80 and its key, up to 32 for
 * its place in the table, a number 32 and up to 24 for its place in an array.
 * Source: jansson 2.14, src/jansson_private.h, src/hashtable.c; test_cost.c counts what is
 * allocated.
 */
enum {
    TREE_OBJECT = 240,
    TREE_ARRAY = 144,
    TREE_STRING = 128,
    TREE_NEXT = 64,    /* behind a comma */
    TREE_MERGED = 110, /* a member that a merge key of YAML copies */
    TEXT_COPIES = 4,   /* in the tree, as text, in YAML's arena, on its way to a log line */
};

/*
 * The same and a struct yaml_node (184 bytes in its arena) for each value and key. Each stands
 * behind one of these characters or is one.
 */
enum {
    YAML_NEXT = 240,  /* a comma: a value */
    YAML_LINE = 320,  /* a value, or a mapping that begins there */
    YAML_ITEM = 320,  /* a dash: a list or a value */
    YAML_COLON = 300, /* a key and its member */
    YAML_OBJECT = 240,
    YAML_ARRAY = 144,
};

static size_t yaml_cost(char c)
{
    switch (c) {
    case '{':
        return YAML_OBJECT;
    case '[':
        return YAML_ARRAY;
    case ',':
        return YAML_NEXT;
    case ':':
    case '?':
        return YAML_COLON;
    default:
        return 0;
    }
}

static size_t tree_cost(char c)
{
    switch (c) {
    case '{':
        return TREE_OBJECT;
    case '[':
        return TREE_ARRAY;
    case ',':
        return TREE_NEXT;
    default:
        return 0;
    }
}

/* "<<: *a" copies every member of what it merges; base/yaml has a limit of such steps. */
static size_t merge_cost(struct str raw)
{
    size_t n_members = 0;
    size_t n_aliases = 0;

    if (raw.n == 0 || !memmem(raw.p, raw.n, "<<", 2))
        return 0;
    for (size_t i = 0; i < raw.n; i++) {
        n_members += raw.p[i] == ':';
        n_aliases += raw.p[i] == '*';
    }
    if (n_aliases && n_members > YAML_MAX_NODES / n_aliases)
        return (size_t)YAML_MAX_NODES * TREE_MERGED;
    return n_members * n_aliases * TREE_MERGED;
}

/* raw.p[i]: a dash that begins an item has a blank behind it, or the "\n" of JSON. */
static bool is_item(struct str raw, size_t i)
{
    return raw.p[i] == '-' && i + 1 < raw.n && (raw.p[i + 1] == ' ' || raw.p[i + 1] == '\\');
}

static size_t text_cost(struct str raw)
{
    size_t cost = merge_cost(raw);

    for (size_t i = 0; i < raw.n; i++) {
        cost += yaml_cost(raw.p[i]);
        if (is_item(raw, i))
            cost += YAML_ITEM;
        /* "\n", "\r" and "\u000a", and whatever else is escaped: few are */
        if (raw.p[i] == '\\' && i + 1 < raw.n && strchr("nru", raw.p[i + 1]))
            cost += YAML_LINE;
    }
    return cost;
}

size_t cost_of_value(struct str raw, bool yaml)
{
    size_t cost = TREE_NEXT + TEXT_COPIES * raw.n + (yaml ? text_cost(raw) : 0);
    bool in_string = false;

    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (c == '"') {
            in_string = !in_string;
            cost += in_string ? TREE_STRING : 0;
        } else if (in_string) {
            i += c == '\\';
        } else {
            cost += tree_cost(c);
        }
    }
    return cost;
}
