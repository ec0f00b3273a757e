#include "report/json_out.h"
#include "base/text.h"

/* Escaping makes at most 8 bytes of one; a field is cut at 200 of them and a "…". */
enum { FIELD_MAX = 1024 };

static void start(struct buf *out, const char *key)
{
    struct str last = out->n ? str_sub(buf_str(out), out->n - 1, out->n) : STR("\n");

    if (!str_contains(STR("{[:\n"), last))
        buf_addc(out, ',');
    if (key) {
        text_json(out, str_from(key));
        buf_addc(out, ':');
    }
}

void json_out_open(struct buf *out, const char *key, char bracket)
{
    start(out, key);
    buf_addc(out, bracket);
}

void json_out_close(struct buf *out, char bracket)
{
    buf_addc(out, bracket);
}

void json_out_text(struct buf *out, const char *key, struct str text)
{
    start(out, key);
    text_json(out, text);
}

void json_out_field(struct buf *out, const char *key, struct str text)
{
    AUTO(buf_clearp) struct buf field = {0};

    buf_init(&field, FIELD_MAX);
    text_field(&field, text);
    json_out_text(out, key, buf_str(&field));
}

void json_out_json(struct buf *out, const char *key, struct str text)
{
    start(out, key);
    buf_add(out, text);
}

void json_out_bool(struct buf *out, const char *key, bool value)
{
    start(out, key);
    buf_adds(out, value ? "true" : "false");
}

void json_out_number(struct buf *out, const char *key, unsigned long long value)
{
    start(out, key);
    buf_printf(out, "%llu", value);
}

void json_out_null(struct buf *out, const char *key)
{
    start(out, key);
    buf_adds(out, "null");
}

void json_out_evidence(struct buf *out, const struct finding *f)
{
    json_out_open(out, "evidence", '[');
    for (size_t i = 0; i < f->n_evidence; i++) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "saw", str_from(f->evidence[i].saw));
        json_out_text(out, "source", str_from(f->evidence[i].source));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}
