#include "base/yaml_scalar.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG "tag:yaml.org,2002:"

/* Every spelling go-yaml looks up before it tries numbers. Source: resolve.go, resolveMapList. */
static const struct word {
    char text[sizeof(uint64_t)]; /* padded with zeros */
    enum yaml_scalar_kind kind;
    bool truth;
    double number;
} words[] = {
    {"", YAML_SCALAR_NULL, false, 0},
    {"~", YAML_SCALAR_NULL, false, 0},
    {"null", YAML_SCALAR_NULL, false, 0},
    {"Null", YAML_SCALAR_NULL, false, 0},
    {"NULL", YAML_SCALAR_NULL, false, 0},
    {"y", YAML_SCALAR_BOOL, true, 0},
    {"Y", YAML_SCALAR_BOOL, true, 0},
    {"yes", YAML_SCALAR_BOOL, true, 0},
    {"Yes", YAML_SCALAR_BOOL, true, 0},
    {"YES", YAML_SCALAR_BOOL, true, 0},
    {"true", YAML_SCALAR_BOOL, true, 0},
    {"True", YAML_SCALAR_BOOL, true, 0},
    {"TRUE", YAML_SCALAR_BOOL, true, 0},
    {"on", YAML_SCALAR_BOOL, true, 0},
    {"On", YAML_SCALAR_BOOL, true, 0},
    {"ON", YAML_SCALAR_BOOL, true, 0},
    {"n", YAML_SCALAR_BOOL, false, 0},
    {"N", YAML_SCALAR_BOOL, false, 0},
    {"no", YAML_SCALAR_BOOL, false, 0},
    {"No", YAML_SCALAR_BOOL, false, 0},
    {"NO", YAML_SCALAR_BOOL, false, 0},
    {"false", YAML_SCALAR_BOOL, false, 0},
    {"False", YAML_SCALAR_BOOL, false, 0},
    {"FALSE", YAML_SCALAR_BOOL, false, 0},
    {"off", YAML_SCALAR_BOOL, false, 0},
    {"Off", YAML_SCALAR_BOOL, false, 0},
    {"OFF", YAML_SCALAR_BOOL, false, 0},
    {".nan", YAML_SCALAR_FLOAT, false, NAN},
    {".NaN", YAML_SCALAR_FLOAT, false, NAN},
    {".NAN", YAML_SCALAR_FLOAT, false, NAN},
    {".inf", YAML_SCALAR_FLOAT, false, INFINITY},
    {".Inf", YAML_SCALAR_FLOAT, false, INFINITY},
    {".INF", YAML_SCALAR_FLOAT, false, INFINITY},
    {"+.inf", YAML_SCALAR_FLOAT, false, INFINITY},
    {"+.Inf", YAML_SCALAR_FLOAT, false, INFINITY},
    {"+.INF", YAML_SCALAR_FLOAT, false, INFINITY},
    {"-.inf", YAML_SCALAR_FLOAT, false, -INFINITY},
    {"-.Inf", YAML_SCALAR_FLOAT, false, -INFINITY},
    {"-.INF", YAML_SCALAR_FLOAT, false, -INFINITY},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool look_up(struct str text, struct yaml_scalar *out)
{
    char key[sizeof words[0].text] = "";

    /* 5: the longest spelling, "false" or "+.inf" */
    if (text.n > 5 || str_find_char(text, '\0') < text.n)
        return false;
    if (text.n)
        memcpy(key, text.p, text.n);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (memcmp(key, words[i].text, sizeof key) != 0)
            continue;
        out->kind = words[i].kind;
        out->truth = words[i].truth;
        out->number = words[i].number;
        return true;
    }
    return false;
}

/* strconv.ParseUint; base 0 reads 0b, 0o, 0x and a leading 0 (octal). No underscores arrive here.
 */
static bool parse_unsigned(struct str s, unsigned base, uint64_t *out)
{
    uint64_t value = 0;

    if (s.n == 0)
        return false;
    if (base == 0) {
        char mark = s.n >= 3 && s.p[0] == '0' ? (char)(s.p[1] | 0x20) : '\0';

        base = 10;
        if (mark == 'b' || mark == 'o' || mark == 'x') {
            base = mark == 'b' ? 2 : mark == 'o' ? 8 : 16;
            s = str_sub(s, 2, s.n);
        } else if (s.p[0] == '0') {
            base = 8;
            s = str_sub(s, 1, s.n);
        }
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        char lower = (char)(c | 0x20);
        unsigned digit = 99;

        if (is_digit(c))
            digit = (unsigned)(c - '0');
        else if (lower >= 'a' && lower <= 'z')
            digit = (unsigned)(lower - 'a') + 10;
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

/* strconv.ParseInt(s, base, 64). */
static bool parse_signed(struct str s, unsigned base, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    uint64_t value;

    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_sub(s, 1, s.n);
    if (!parse_unsigned(s, base, &value))
        return false;
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* Go: underscores may stand only between digits. Source: strconv, underscoreOK. */
static bool underscores_ok(struct str s)
{
    char saw = '^';

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (is_digit(c)) {
            saw = '0';
        } else if (c == '_') {
            if (saw != '0')
                return false;
            saw = '_';
        } else {
            if (saw == '_')
                return false;
            saw = '!';
        }
    }
    return saw != '_';
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? Source: resolve.go, yamlStyleFloat. */
static bool looks_like_float(struct str s)
{
    size_t i = 0;
    size_t n_before = 0;
    size_t n_after = 0;

    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
        i++;
    for (; i < s.n && is_digit(s.p[i]); i++)
        n_before++;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && is_digit(s.p[i]); i++)
            n_after++;
    if (n_before + n_after == 0)
        return false;
    if (i < s.n && (s.p[i] | 0x20) == 'e') {
        size_t n_exponent = 0;

        i++;
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
            i++;
        for (; i < s.n && is_digit(s.p[i]); i++)
            n_exponent++;
        if (n_exponent == 0)
            return false;
    }
    return i == s.n;
}

/* strconv.ParseFloat of text that looks like one; past the range of a double Go refuses. */
static bool parse_float(struct str s, double *out)
{
    AUTO(freep) char *text = NULL;
    double value;

    if (!looks_like_float(s))
        return false;
    text = xstrndup(s);
    value = strtod(text, NULL);
    if (isinf(value))
        return false;
    *out = value;
    return true;
}

static struct str without_underscores(struct str text, char *room)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '_')
            room[n++] = text.p[i];
    return (struct str){room, n};
}

/* Text that starts with a digit or a sign. Source: resolve.go, resolve, hints 'D' and 'S'. */
static bool read_number(struct str text, struct yaml_scalar *out)
{
    AUTO(freep) char *room = xmalloc(text.n + 1);
    struct str plain = without_underscores(text, room);

    if (parse_signed(plain, 0, &out->integer)) {
        out->kind = YAML_SCALAR_INT;
        return true;
    }
    if (parse_unsigned(plain, 0, &out->big)) {
        out->kind = YAML_SCALAR_UINT;
        return true;
    }
    if (parse_float(plain, &out->number)) {
        out->kind = YAML_SCALAR_FLOAT;
        return true;
    }
    /* go-yaml cuts the prefix and parses again, so that a second sign passes: 0b-11 is -3. Its
     * other attempts here (0b beyond int64, -0b) cannot succeed where those above failed. */
    if (str_starts(plain, STR("0b")) &&
        parse_signed(str_sub(plain, 2, plain.n), 2, &out->integer)) {
        out->kind = YAML_SCALAR_INT;
        return true;
    }
    return false;
}

/* Text that starts with a dot: Go's own float syntax, underscores checked by its rule. */
static bool read_dotted(struct str text, struct yaml_scalar *out)
{
    AUTO(freep) char *room = NULL;

    if (!underscores_ok(text))
        return false;
    room = xmalloc(text.n + 1);
    if (!parse_float(without_underscores(text, room), &out->number))
        return false;
    out->kind = YAML_SCALAR_FLOAT;
    return true;
}

static void read_untagged(struct str text, struct yaml_scalar *out)
{
    char c = text.n ? text.p[0] : '\0';

    if (look_up(text, out))
        return;
    if (c == '.' && read_dotted(text, out))
        return;
    if ((is_digit(c) || c == '+' || c == '-') && read_number(text, out))
        return;
    out->kind = YAML_SCALAR_STRING;
    out->text = text;
}

/* Go's base64.StdEncoding: line breaks are skipped anywhere, padding is required, the unused bits
 * of the last character are not looked at. */
static bool decode_base64(struct str in, char *out, size_t *n_out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t group = 0;
    unsigned n_chars = 0;
    unsigned n_padding = 0;

    *n_out = 0;
    for (size_t i = 0; i < in.n; i++) {
        const char *at;

        if (in.p[i] == '\n' || in.p[i] == '\r')
            continue;
        if (in.p[i] == '=') {
            if (n_chars + n_padding < 2 || n_chars + n_padding > 3)
                return false;
            n_padding++;
            continue;
        }
        at = in.p[i] ? strchr(alphabet, in.p[i]) : NULL;
        if (!at || n_padding)
            return false;
        group = group << 6 | (uint32_t)(at - alphabet);
        if (++n_chars < 4)
            continue;
        out[(*n_out)++] = (char)(group >> 16);
        out[(*n_out)++] = (char)(group >> 8);
        out[(*n_out)++] = (char)group;
        group = 0;
        n_chars = 0;
    }
    if (n_chars == 0)
        return n_padding == 0;
    if (n_chars + n_padding != 4 || n_chars == 1)
        return false;
    group <<= 6 * n_padding;
    out[(*n_out)++] = (char)(group >> 16);
    if (n_chars == 3)
        out[(*n_out)++] = (char)(group >> 8);
    return true;
}

static bool read_binary(struct str text, struct arena *keep, struct yaml_scalar *out,
                        struct err *err)
{
    char *bytes = arena_alloc(keep, text.n + 3);
    size_t n = 0;

    if (!bytes) {
        err_what(err, ERR_LIMIT, "YAML document with too much text");
        return false;
    }
    if (!decode_base64(text, bytes, &n)) {
        err_what(err, ERR_INPUT, "malformed YAML");
        err_why(err, "go-yaml: !!binary value contains invalid base64 data");
        return false;
    }
    out->kind = YAML_SCALAR_STRING;
    out->text = (struct str){bytes, n};
    return true;
}

static const char *const kind_tags[] = {
    [YAML_SCALAR_NULL] = "null", [YAML_SCALAR_BOOL] = "bool",   [YAML_SCALAR_INT] = "int",
    [YAML_SCALAR_UINT] = "int",  [YAML_SCALAR_FLOAT] = "float", [YAML_SCALAR_STRING] = "str",
};

/* Reads one or two digits at *at, as Go's "1" and "2" fields do. */
static unsigned read_field(struct str text, size_t *at)
{
    unsigned value = 0;

    for (int n = 0; n < 2 && *at < text.n && is_digit(text.p[*at]); n++, (*at)++)
        value = value * 10 + (unsigned)(text.p[*at] - '0');
    return value;
}

/* "2006-1-2" with a day that every month has. */
static bool is_plain_date(struct str text)
{
    size_t at = 5; /* behind "2006-" */
    unsigned month = read_field(text, &at);
    unsigned day;

    if (at == text.n || text.p[at] != '-')
        return false;
    at++;
    day = read_field(text, &at);
    return at == text.n && month >= 1 && month <= 12 && day >= 1 && day <= 28;
}

/*
 * A !!timestamp stays the string it was written as, when it is one. Go's time.Parse decides; the
 * plain date and what cannot be a date are certain, the rest is left open.
 */
static bool read_timestamp(struct str text, struct yaml_scalar *out, struct err *err)
{
    size_t n_year = 0;

    while (n_year < text.n && is_digit(text.p[n_year]))
        n_year++;
    if (n_year != 4 || n_year == text.n || text.p[n_year] != '-') {
        err_what(err, ERR_INPUT, "malformed YAML");
        err_why(err, "go-yaml: the value does not fit its tag !!timestamp");
        return false;
    }
    if (!is_plain_date(text)) {
        err_what(err, ERR_LIMIT, "YAML whose meaning to Argo CD is not known");
        err_why(err, "a !!timestamp that is more than a date");
        return false;
    }
    out->kind = YAML_SCALAR_STRING;
    out->text = text;
    return true;
}

bool yaml_scalar_resolve(struct str tag, struct str text, bool plain, struct arena *keep,
                         struct yaml_scalar *out, struct err *err)
{
    static const char *const resolvable[] = {TAG "bool", TAG "int", TAG "float", TAG "null"};
    struct str name;

    memset(out, 0, sizeof *out);
    if (tag.n == 0 && plain) {
        read_untagged(text, out);
        return true;
    }
    if (str_is(tag, TAG "binary"))
        return read_binary(text, keep, out, err);
    if (str_is(tag, TAG "timestamp"))
        return read_timestamp(text, out, err);
    for (size_t i = 0; i < ARRAY_LEN(resolvable); i++) {
        if (!str_is(tag, resolvable[i]))
            continue;
        name = str_sub(tag, sizeof TAG - 1, tag.n);
        read_untagged(text, out);
        if (str_is(name, kind_tags[out->kind]))
            return true;
        if (str_is(name, "float") && out->kind == YAML_SCALAR_INT) {
            out->kind = YAML_SCALAR_FLOAT;
            out->number = (double)out->integer;
            return true;
        }
        err_what(err, ERR_INPUT, "malformed YAML");
        err_why(err, "go-yaml: cannot decode !!%s as a !!%.*s", kind_tags[out->kind],
                STR_ARG(name));
        return false;
    }
    /* Quoted, !!str, or a tag go-yaml does not know: the text as it is. */
    out->kind = YAML_SCALAR_STRING;
    out->text = text;
    return true;
}

/* The fewest digits that read back as the same double, as Go writes a float64: "d.ddde±xx". */
static void shortest(double number, char text[static YAML_KEY_MAX])
{
    for (int digits = 0; digits < 17; digits++) {
        (void)snprintf(text, YAML_KEY_MAX, "%.*e", digits, number);
        if (strtod(text, NULL) == number)
            return;
    }
}

/* Go writes integral floats below 1e21 without a point, padding the shortest digits with zeros:
 * that, and not the exact value, is what the reader of the JSON sees. */
static json_t *integral(double number)
{
    char text[YAML_KEY_MAX];
    char digits[YAML_KEY_MAX];
    size_t n = 0;
    long exponent;
    int64_t integer;
    const char *e;

    shortest(number, text);
    e = strchr(text, 'e');
    exponent = e ? strtol(e + 1, NULL, 10) : 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n < (size_t)exponent + (number < 0 ? 2 : 1))
        digits[n++] = '0';
    if (!parse_signed((struct str){digits, n}, 10, &integer))
        return json_real(number);
    return json_integer(integer);
}

static json_t *string_json(struct str text)
{
    AUTO(buf_clearp) struct buf fixed = {.max = 3 * text.n}; /* U+FFFD takes three bytes */

    if (utf8_is_valid(text))
        return json_stringn_nocheck(text.p ? text.p : "", text.n);
    while (text.n) {
        uint32_t code;
        size_t n = utf8_decode(text, &code);

        if (n)
            buf_add(&fixed, str_sub(text, 0, n));
        else
            buf_adds(&fixed, "\xEF\xBF\xBD");
        text = str_sub(text, n ? n : 1, text.n);
    }
    return json_stringn_nocheck(buf_str(&fixed).p, fixed.n);
}

json_t *yaml_scalar_json(const struct yaml_scalar *s)
{
    switch (s->kind) {
    case YAML_SCALAR_NULL:
        return json_null();
    case YAML_SCALAR_BOOL:
        return json_boolean(s->truth);
    case YAML_SCALAR_INT:
        return xneed(json_integer(s->integer));
    case YAML_SCALAR_UINT:
        return xneed(json_real((double)s->big));
    case YAML_SCALAR_FLOAT:
        if (!isfinite(s->number))
            return NULL;
        if (s->number == trunc(s->number) && fabs(s->number) < 1e19)
            return xneed(integral(s->number));
        return xneed(json_real(s->number));
    case YAML_SCALAR_STRING:
        break;
    }
    return xneed(string_json(s->text));
}

/* strconv.FormatFloat(v, 'g', -1, 32): as few digits as tell one float from the next, with an
 * exponent below 1e-4 and from 1e6 on. */
static void float_key(double number, char room[static YAML_KEY_MAX])
{
    float narrow = (float)number;
    char text[YAML_KEY_MAX];
    long exponent;
    int digits;

    if (isnan(narrow) || isinf(narrow)) {
        (void)snprintf(room, YAML_KEY_MAX, "%s",
                       isnan(narrow) ? ".nan"
                       : narrow > 0  ? ".inf"
                                     : "-.inf");
        return;
    }
    for (digits = 0; digits < 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits, (double)narrow);
        if (strtof(text, NULL) == narrow)
            break;
        /* Above a power of two floats are twice as far apart as below: the next decimal away from
         * zero may still read back where the nearest one, towards zero, does not. */
        exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
        (void)snprintf(text, sizeof text, "%.*e", digits,
                       (double)narrow + copysign(0.5 * pow(10, (double)exponent - digits), narrow));
        if (strtof(text, NULL) == narrow)
            break;
    }
    exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 6)
        (void)snprintf(room, YAML_KEY_MAX, "%s", text);
    else
        (void)snprintf(room, YAML_KEY_MAX, "%.*f", digits > exponent ? digits - (int)exponent : 0,
                       strtod(text, NULL));
}

bool yaml_scalar_key(const struct yaml_scalar *s, char room[static YAML_KEY_MAX], struct str *out)
{
    switch (s->kind) {
    case YAML_SCALAR_NULL:
    case YAML_SCALAR_UINT:
        return false;
    case YAML_SCALAR_BOOL:
        *out = s->truth ? STR("true") : STR("false");
        return true;
    case YAML_SCALAR_INT:
        (void)snprintf(room, YAML_KEY_MAX, "%lld", (long long)s->integer);
        *out = str_from(room);
        return true;
    case YAML_SCALAR_FLOAT:
        float_key(s->number, room);
        *out = str_from(room);
        return true;
    case YAML_SCALAR_STRING:
        break;
    }
    *out = s->text;
    return true;
}
