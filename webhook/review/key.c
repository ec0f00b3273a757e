#include "review/key.h"
#include <string.h>

enum key_state {
    STATE_PLAIN,
    STATE_TAIL,   /* inside a UTF-8 sequence */
    STATE_ESCAPE, /* behind a backslash */
    STATE_HEX,    /* inside \uXXXX */
};

void key_begin(struct key *k)
{
    k->n = 0;
    k->too_long = false;
    k->state = STATE_PLAIN;
    k->surrogate = 0;
    k->fault = NULL;
}

struct str key_text(const struct key *k)
{
    return k->too_long ? STR_NONE : (struct str){k->text, k->n};
}

static void add(struct key *k, const char *p, size_t n)
{
    if (k->too_long || n > KEY_MAX - k->n) {
        k->too_long = true;
        return;
    }
    memcpy(k->text + k->n, p, n);
    k->n += n;
}

static void add_code(struct key *k, uint32_t c)
{
    char out[4];
    size_t n;

    if (c < 0x80) {
        out[0] = (char)c;
        n = 1;
    } else if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        n = 2;
    } else if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        n = 3;
    } else {
        out[0] = (char)(0xF0 | c >> 18);
        out[1] = (char)(0x80 | (c >> 12 & 0x3F));
        out[2] = (char)(0x80 | (c >> 6 & 0x3F));
        out[3] = (char)(0x80 | (c & 0x3F));
        n = 4;
    }
    add(k, out, n);
}

/* Source: The Unicode Standard, table 3-7. False when no sequence starts with `c`. */
static bool begin_utf8(struct key *k, unsigned char c)
{
    k->low = 0x80;
    k->high = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) {
        k->left = 1;
    } else if (c >= 0xE0 && c <= 0xEF) {
        k->left = 2;
        if (c == 0xE0)
            k->low = 0xA0;
        if (c == 0xED)
            k->high = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
        k->left = 3;
        if (c == 0xF0)
            k->low = 0x90;
        if (c == 0xF4)
            k->high = 0x8F;
    } else {
        return false;
    }
    k->state = STATE_TAIL;
    return true;
}

static enum key_step bad(struct key *k, const char *fault)
{
    k->fault = fault;
    return KEY_BAD;
}

static enum key_step take_plain(struct key *k, unsigned char c)
{
    if (k->surrogate && c != '\\')
        return bad(k, "half of a surrogate pair in a key");
    if (c == '"')
        return KEY_ENDED;
    if (c == '\\') {
        k->state = STATE_ESCAPE;
        return KEY_MORE;
    }
    if (c < 0x20)
        return bad(k, "a control character in a key");
    if (c >= 0x80 && !begin_utf8(k, c))
        return bad(k, "a key that is not UTF-8");
    add(k, &(char){(char)c}, 1);
    return KEY_MORE;
}

static enum key_step take_tail(struct key *k, unsigned char c)
{
    if (c < k->low || c > k->high)
        return bad(k, "a key that is not UTF-8");
    k->low = 0x80;
    k->high = 0xBF;
    add(k, &(char){(char)c}, 1);
    if (--k->left == 0)
        k->state = STATE_PLAIN;
    return KEY_MORE;
}

static enum key_step take_escape(struct key *k, unsigned char c)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (c == 'u') {
        k->state = STATE_HEX;
        k->left = 4;
        k->code = 0;
        return KEY_MORE;
    }
    if (k->surrogate)
        return bad(k, "half of a surrogate pair in a key");
    found = c ? strchr(from, c) : NULL;
    if (!found)
        return bad(k, "an invalid escape in a key");
    add(k, to + (found - from), 1);
    k->state = STATE_PLAIN;
    return KEY_MORE;
}

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

static enum key_step take_hex(struct key *k, unsigned char c)
{
    int digit = hex_digit(c);
    bool is_low;

    if (digit < 0)
        return bad(k, "an invalid escape in a key");
    k->code = k->code << 4 | (uint32_t)digit;
    if (--k->left)
        return KEY_MORE;
    k->state = STATE_PLAIN;
    is_low = k->code >= 0xDC00 && k->code <= 0xDFFF;
    if (is_low != (k->surrogate != 0))
        return bad(k, "half of a surrogate pair in a key");
    if (is_low) {
        add_code(k, 0x10000 + ((k->surrogate - 0xD800) << 10) + (k->code - 0xDC00));
        k->surrogate = 0;
    } else if (k->code >= 0xD800 && k->code <= 0xDBFF) {
        k->surrogate = k->code;
    } else {
        add_code(k, k->code);
    }
    return KEY_MORE;
}

/* Nearly every key is plain ASCII: how many such bytes come next. */
static size_t count_plain(struct str bytes)
{
    size_t n = 0;

    while (n < bytes.n) {
        unsigned char c = (unsigned char)bytes.p[n];

        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
        n++;
    }
    return n;
}

enum key_step key_feed(struct key *k, struct str bytes, size_t *n_taken)
{
    size_t i = 0;
    enum key_step step = KEY_MORE;

    while (i < bytes.n && step == KEY_MORE) {
        unsigned char c;

        if (k->state == STATE_PLAIN && !k->surrogate) {
            size_t n = count_plain(str_sub(bytes, i, bytes.n));

            add(k, bytes.p + i, n);
            i += n;
            if (i == bytes.n)
                break;
        }
        c = (unsigned char)bytes.p[i++];
        switch ((enum key_state)k->state) {
        case STATE_PLAIN:
            step = take_plain(k, c);
            break;
        case STATE_TAIL:
            step = take_tail(k, c);
            break;
        case STATE_ESCAPE:
            step = take_escape(k, c);
            break;
        case STATE_HEX:
            step = take_hex(k, c);
            break;
        }
    }
    *n_taken = i;
    return step;
}
