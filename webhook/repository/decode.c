#include "repository/decode.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

static char *put(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | (code >> 6));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | (code >> 12));
        *to++ = (char)(0x80 | ((code >> 6) & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | (code >> 18));
        *to++ = (char)(0x80 | ((code >> 12) & 0x3F));
        *to++ = (char)(0x80 | ((code >> 6) & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

static uint32_t unit_at(struct str bytes, size_t at, bool big_endian)
{
    uint32_t first = (unsigned char)bytes.p[at];
    uint32_t second = (unsigned char)bytes.p[at + 1];

    return big_endian ? first << 8 | second : second << 8 | first;
}

static void from_utf16(struct str bytes, bool big_endian, struct str *text, char **owned)
{
    char *to = xmalloc(bytes.n * 2 + 3); /* two bytes become three at most */
    size_t at = 0;

    *owned = to;
    while (at + 1 < bytes.n) {
        uint32_t code = unit_at(bytes, at, big_endian);

        at += 2;
        if (code >= 0xD800 && code < 0xDC00 && at + 1 < bytes.n) {
            uint32_t low = unit_at(bytes, at, big_endian);

            if (low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                at += 2;
            }
        }
        to = put(to, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
    }
    if (at < bytes.n) /* half a unit at the end */
        to = put(to, 0xFFFD);
    *text = (struct str){*owned, (size_t)(to - *owned)};
}

static bool is_ascii(struct str text)
{
    size_t i = 0;
    uint64_t block;

    for (; i + sizeof block <= text.n; i += sizeof block) {
        memcpy(&block, text.p + i, sizeof block);
        if (block & 0x8080808080808080U)
            return false;
    }
    for (; i < text.n; i++)
        if (text.p[i] & 0x80)
            return false;
    return true;
}

/* How much of what is no UTF-8 becomes one U+FFFD: as long as it could still become a character.
 * Source: golang.org/x/text encoding/unicode, utf8Decoder.Transform. */
static size_t count_bad(struct str s)
{
    unsigned char first = (unsigned char)s.p[0];
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    size_t most = first >= 0xF0 && first <= 0xF4 ? 3 : first >= 0xE0 && first <= 0xEF ? 2 : 1;
    size_t n = 1;

    for (; n < most && n < s.n; n++) {
        if ((unsigned char)s.p[n] < low || (unsigned char)s.p[n] > high)
            break;
        low = 0x80;
        high = 0xBF;
    }
    return n;
}

void decode_text(struct str bytes, struct str *text, char **owned)
{
    char *to;

    *owned = NULL;
    if (str_starts(bytes, STR("\xFF\xFE")) || str_starts(bytes, STR("\xFE\xFF"))) {
        from_utf16(str_sub(bytes, 2, bytes.n), bytes.p[0] == '\xFE', text, owned);
        return;
    }
    if (str_starts(bytes, STR("\xEF\xBB\xBF"))) {
        *text = str_sub(bytes, 3, bytes.n);
        return;
    }
    *text = bytes;
    if (is_ascii(bytes) || utf8_is_valid(bytes))
        return;
    to = *owned = xmalloc(bytes.n * (sizeof replacement - 1));
    for (size_t at = 0; at < bytes.n;) {
        uint32_t code;
        size_t n = utf8_decode(str_sub(bytes, at, bytes.n), &code);

        if (n) {
            memcpy(to, bytes.p + at, n);
            to += n;
            at += n;
        } else {
            memcpy(to, replacement, sizeof replacement - 1);
            to += sizeof replacement - 1;
            at += count_bad(str_sub(bytes, at, bytes.n));
        }
    }
    *text = (struct str){*owned, (size_t)(to - *owned)};
}
