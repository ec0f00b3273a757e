#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t utf8_decode(struct str text, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)text.p;

    if (text.n == 0)
        return 0;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    if (p[0] >= 0xC2 && p[0] <= 0xDF && text.n >= 2 && is_tail(p[1])) {
        *code = (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if ((p[0] & 0xF0) == 0xE0 && text.n >= 3 && is_tail(p[1]) && is_tail(p[2])) {
        *code = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3Fu);
        return *code < 0x800 || (*code >= 0xD800 && *code <= 0xDFFF) ? 0 : 3;
    }
    if ((p[0] & 0xF8) == 0xF0 && text.n >= 4 && is_tail(p[1]) && is_tail(p[2]) && is_tail(p[3])) {
        *code = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
                (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3Fu);
        return *code < 0x10000 || *code > 0x10FFFF ? 0 : 4;
    }
    return 0;
}

bool utf8_is_valid(struct str text)
{
    uint32_t code;

    while (text.n) {
        size_t n = utf8_decode(text, &code);

        if (n == 0)
            return false;
        text = str_sub(text, n, text.n);
    }
    return true;
}
