/* Any bytes as a decision log: counted the same however they are cut into pieces; the JSON is
 * JSON with counts that fit together, and no control character reaches the text. */
#include "base/json.h"
#include "report/audit.h"
#include "report/log_lines.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPORT_MAX = 64 * 1024 * 1024 };
static const int64_t since = 1767225600; /* 2026-01-01T00:00:00Z */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct audit *audit_of(struct str log, size_t piece)
{
    struct audit *a = audit_new(since);

    log_lines_begin(audit_lines(a), "d.log");
    for (size_t at = 0; at < log.n; at += piece)
        log_lines_add(audit_lines(a), str_sub(log, at, at + piece));
    log_lines_end(audit_lines(a));
    return a;
}

static json_int_t number_at(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);

    require(json_is_integer(number) && json_integer_value(number) >= 0);
    return json_integer_value(number);
}

/* The sum of a member over the rows of a table. */
static json_int_t sum(const json_t *root, const char *table, const char *key)
{
    const json_t *rows = json_object_get(root, table);
    json_int_t total = 0;
    size_t index;
    const json_t *row;

    require(json_is_array(rows));
    json_array_foreach(rows, index, row)
    {
        total += number_at(row, key);
        require(json_is_boolean(json_object_get(row, "dryRun")));
        require(json_str_at(row, "first").n > 0 && json_str_at(row, "last").n > 0);
    }
    return total;
}

static void check_json(struct str text)
{
    json_error_t detail;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &detail);
    const json_t *lines = json_object_get(root, "lines");

    require(root != NULL);
    require(sum(root, "requests", "denied") <= number_at(lines, "decisions"));
    /* Nothing of this size fills a table. */
    require(sum(root, "users", "denied") == sum(root, "requests", "denied"));
    require(sum(root, "objects", "denied") == sum(root, "requests", "denied"));
    require(sum(root, "denials", "denied") == sum(root, "rules", "denied"));
    require(sum(root, "rules", "denied") >= sum(root, "requests", "denied"));
    require(json_array_size(json_object_get(root, "notes")) <=
            (size_t)(number_at(lines, "malformed") + number_at(lines, "tooLong")));
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str log = {(const char *)data, size};
    AUTO(audit_freep) struct audit *whole = audit_of(log, size ? size : 1);
    AUTO(audit_freep) struct audit *cut = audit_of(log, 3);
    AUTO(buf_clearp) struct buf first = {.max = REPORT_MAX};
    AUTO(buf_clearp) struct buf second = {.max = REPORT_MAX};

    audit_json(whole, &first);
    audit_json(cut, &second);
    require(buf_ok(&first) && str_eq(buf_str(&first), buf_str(&second)));
    check_json(buf_str(&first));
    buf_reset(&first);
    audit_text(whole, &first);
    require(buf_ok(&first));
    for (size_t i = 0; i < first.n; i++)
        require((unsigned char)first.p[i] >= 0x20 || first.p[i] == '\n');
    return 0;
}
