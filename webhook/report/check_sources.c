#include "report/check_sources.h"
#include "report/json_out.h"

static size_t count(const struct check_sources *s, size_t kind)
{
    return s->of[kind].decided + s->of[kind].undecided;
}

static size_t count_all(const struct check_sources *s)
{
    size_t n = 0;

    for (size_t i = 0; i < N_SOURCE_KINDS; i++)
        n += count(s, i);
    return n;
}

void check_sources_text(const struct check_sources *s, struct buf *out)
{
    if (!count_all(s))
        return;
    if (out->n && !str_ends(buf_str(out), STR("\n\n")))
        buf_addc(out, '\n');
    buf_adds(out, "Applications by source   decided  undecided\n");
    for (size_t i = 0; i < N_SOURCE_KINDS; i++)
        if (count(s, i))
            buf_printf(out, "  %-20s %9zu %10zu\n", source_kind_name((enum source_kind)i),
                       s->of[i].decided, s->of[i].undecided);
}

void check_sources_json(const struct check_sources *s, const char *key, struct buf *out)
{
    size_t decided = 0;
    size_t undecided = 0;

    for (size_t i = 0; i < N_SOURCE_KINDS; i++) {
        decided += s->of[i].decided;
        undecided += s->of[i].undecided;
    }
    json_out_open(out, key, '{');
    json_out_open(out, "applications", '{');
    json_out_number(out, "decided", decided);
    json_out_number(out, "undecided", undecided);
    json_out_close(out, '}');
    json_out_open(out, "sources", '[');
    for (size_t i = 0; i < N_SOURCE_KINDS; i++) {
        if (!count(s, i))
            continue;
        json_out_open(out, NULL, '{');
        json_out_text(out, "source", str_from(source_kind_id((enum source_kind)i)));
        json_out_number(out, "decided", s->of[i].decided);
        json_out_number(out, "undecided", s->of[i].undecided);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_close(out, '}');
}

void check_sources_junit(const struct check_sources *s, struct buf *out)
{
    if (!count_all(s))
        return;
    buf_adds(out, "    <properties>\n");
    for (size_t i = 0; i < N_SOURCE_KINDS; i++) {
        const char *id = source_kind_id((enum source_kind)i);

        if (!count(s, i))
            continue;
        buf_printf(out, "      <property name=\"decided.%s\" value=\"%zu\"/>\n", id,
                   s->of[i].decided);
        buf_printf(out, "      <property name=\"undecided.%s\" value=\"%zu\"/>\n", id,
                   s->of[i].undecided);
    }
    buf_adds(out, "    </properties>\n");
}
