/* Any bytes as YAML: an error says what is wrong and where; a tree can be written as JSON and read
 * back as the same; every line it names lies within the text. */
#include "base/yaml.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIRST_LINE = 7 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Aliased values are visited at each use; the document's budget bounds that. */
static void check_lines(const struct yaml_lines *lines, json_t *value, unsigned last)
{
    const char *key;
    json_t *item;
    size_t i;

    json_object_foreach(value, key, item)
    {
        unsigned line = yaml_line_of(lines, value, key);

        require(line >= FIRST_LINE && line <= last);
        check_lines(lines, item, last);
    }
    json_array_foreach(value, i, item)
    {
        unsigned line = yaml_line_at(lines, value, i);

        require(line >= FIRST_LINE && line <= last);
        check_lines(lines, item, last);
    }
}

static void check_tree(json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    json_t *again;
    json_error_t detail;

    require(text != NULL);
    again = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &detail);
    require(again != NULL);
    require(json_equal(value, again));
    json_decref(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct err err = {0};
    struct yaml_lines *lines = NULL;
    json_t *value = NULL;

    if (!yaml_read(text, FIRST_LINE, &value, &lines, &err)) {
        require(value == NULL && lines == NULL);
        require(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
        require(err.what[0] != '\0' && err.why[0] != '\0');
        return 0;
    }
    require(lines != NULL && err.kind == ERR_NONE);
    if (value) {
        /* Every line has at least one byte. */
        check_lines(lines, value, (unsigned)(FIRST_LINE + size));
        check_tree(value);
    }
    require(yaml_line_of(lines, value, "no such key \x01") == 0);
    json_decref(value);
    yaml_lines_free(lines);
    return 0;
}
