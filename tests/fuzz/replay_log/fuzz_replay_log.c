/* Any bytes as a log to judge again: the same however they are cut into pieces, every decision is
 * judged, counted or said to be impossible, and no control character reaches the text. */
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "report/log_lines.h"
#include "report/projection.h"
#include "report/replay.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPORT_MAX = 64 * 1024 * 1024 };
static const int64_t now = 1767225600; /* 2026-01-01T00:00:00Z */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct replay *replay_of(const struct facts *facts, struct str log, size_t piece)
{
    struct replay *r = replay_new(facts, now, INT64_MIN);

    log_lines_begin(replay_lines(r), "d.log");
    for (size_t at = 0; at < log.n; at += piece)
        log_lines_add(replay_lines(r), str_sub(log, at, at + piece));
    log_lines_end(replay_lines(r));
    return r;
}

static json_int_t sum(const json_t *counts)
{
    json_t *copy = json_deep_copy(counts);
    json_int_t total = 0;
    const char *key;
    json_t *value;

    json_object_foreach(copy, key, value)
    {
        require(json_is_integer(value));
        total += json_integer_value(value);
    }
    json_decref(copy);
    return total;
}

static void check_json(struct str text, bool differs)
{
    json_error_t detail;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &detail);
    const json_t *judged = json_object_get(root, "judged");
    const json_t *rows = json_object_get(root, "differences");
    json_int_t times = 0;
    size_t index;
    const json_t *row;

    require(root != NULL);
    require(sum(judged) + sum(json_object_get(root, "notJudged")) ==
            json_integer_value(json_object_get(json_object_get(root, "lines"), "decisions")));
    json_array_foreach(rows, index, row) times += json_integer_value(json_object_get(row, "times"));
    /* Nothing of this size fills the table. */
    require(times + json_integer_value(json_object_get(judged, "same")) == sum(judged));
    require(differs == (json_integer_value(json_object_get(judged, "otherwise")) > 0));
    json_decref(root);
}

/* With the digest its fields have, so that they are judged, whatever they are. */
static void heal(json_t *line, const char *key)
{
    json_t *logged = json_object_get(line, key);
    const json_t *fields = json_object_at(logged, "fields");
    AUTO(freep) char *text = fields ? projection_text(fields) : NULL;
    char digest[DIGEST_HEX_MAX];

    if (text)
        (void)json_object_set_new(logged, "sha256",
                                  json_string(digest_sha256(str_from(text), digest)));
}

/* The first line again, as one of ours; NULL when it is no JSON. */
static char *healed(struct str log)
{
    AUTO(json_unrefp) json_t *line = NULL;
    struct err err = {0};

    if (!json_read(str_sub(log, 0, str_find_char(log, '\n')), &line, &err))
        return NULL;
    heal(line, "object");
    heal(line, "oldObject");
    return json_dumps(line, JSON_COMPACT);
}

static void replay_bytes(struct str log)
{
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp)
    struct facts *facts = facts_load(&(struct facts_options){.settings = settings}, now);
    AUTO(replay_freep) struct replay *whole = replay_of(facts, log, log.n ? log.n : 1);
    AUTO(replay_freep) struct replay *cut = replay_of(facts, log, 3);
    AUTO(buf_clearp) struct buf first = {.max = REPORT_MAX};
    AUTO(buf_clearp) struct buf second = {.max = REPORT_MAX};

    replay_json(whole, &first);
    replay_json(cut, &second);
    require(buf_ok(&first) && str_eq(buf_str(&first), buf_str(&second)));
    check_json(buf_str(&first), replay_differs(whole));
    buf_reset(&first);
    replay_text(whole, true, &first);
    require(buf_ok(&first));
    for (size_t i = 0; i < first.n; i++)
        require((unsigned char)first.p[i] >= 0x20 || first.p[i] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str log = {(const char *)data, size};
    AUTO(freep) char *line = healed(log);

    replay_bytes(log);
    if (line)
        replay_bytes(str_from(line));
    return 0;
}
