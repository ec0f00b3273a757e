#include "review/block.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

enum { BLOCK_BYTES = 64, WORD_BYTES = 8 };

/* One bit per byte of a block, the first byte in bit 0. */
struct masks {
    uint64_t quotes;
    uint64_t backslashes;
    uint64_t opens;
    uint64_t closes;
};

typedef void (*classify_fn)(const char *p, struct masks *m);

/* The loops below are written once and built twice: a constant classify_fn is inlined. */
#define INLINED static inline __attribute__((always_inline))

/* '[' and '{' differ in bit 0x20 alone, ']' and '}' too: one comparison finds both. */
enum { BRACKET_BIT = 0x20 };

/* The bytes of `word` that equal `c`, as eight bits; exact for every byte (no borrow crosses). */
INLINED uint64_t word_equals(uint64_t word, unsigned char c)
{
    const uint64_t low7 = UINT64_C(0x7F7F7F7F7F7F7F7F);
    uint64_t x = word ^ (UINT64_C(0x0101010101010101) * c);
    uint64_t high = ~(((x & low7) + low7) | x | low7); /* 0x80 where the byte is equal */

    return (high >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

INLINED void classify_portable(const char *p, struct masks *m)
{
    *m = (struct masks){0};
    for (unsigned i = 0; i < BLOCK_BYTES; i += WORD_BYTES) {
        uint64_t word;
        uint64_t folded;

        memcpy(&word, p + i, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        folded = word | (UINT64_C(0x0101010101010101) * BRACKET_BIT);
        m->quotes |= word_equals(word, '"') << i;
        m->backslashes |= word_equals(word, '\\') << i;
        m->opens |= word_equals(folded, '{') << i;
        m->closes |= word_equals(folded, '}') << i;
    }
}

#if defined(__SSE2__)
INLINED uint64_t sse2_equals(const __m128i v[4], char c)
{
    const __m128i wanted = _mm_set1_epi8(c);
    uint64_t mask = 0;

    for (unsigned i = 0; i < 4; i++)
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], wanted)) << (16 * i);
    return mask;
}

INLINED void classify_best(const char *p, struct masks *m)
{
    const __m128i bit = _mm_set1_epi8(BRACKET_BIT);
    __m128i v[4];
    __m128i folded[4];

    for (unsigned i = 0; i < 4; i++) {
        memcpy(&v[i], p + (size_t)16 * i, sizeof v[i]); /* an unaligned load */
        folded[i] = _mm_or_si128(v[i], bit);
    }
    m->quotes = sse2_equals(v, '"');
    m->backslashes = sse2_equals(v, '\\');
    m->opens = sse2_equals(folded, '{');
    m->closes = sse2_equals(folded, '}');
}
#elif defined(__aarch64__) && defined(__ARM_NEON)
/* NEON has no movemask: weight each byte by its bit and add neighbours until eight bytes are left.
 */
INLINED uint64_t neon_equals(const uint8x16_t v[4], uint8_t c)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t weight = vld1q_u8(weights);
    const uint8x16_t wanted = vdupq_n_u8(c);
    uint8x16_t a = vpaddq_u8(vandq_u8(vceqq_u8(v[0], wanted), weight),
                             vandq_u8(vceqq_u8(v[1], wanted), weight));
    uint8x16_t b = vpaddq_u8(vandq_u8(vceqq_u8(v[2], wanted), weight),
                             vandq_u8(vceqq_u8(v[3], wanted), weight));

    a = vpaddq_u8(a, b);
    a = vpaddq_u8(a, a);
    return vgetq_lane_u64(vreinterpretq_u64_u8(a), 0);
}

INLINED void classify_best(const char *p, struct masks *m)
{
    const uint8x16_t bit = vdupq_n_u8(BRACKET_BIT);
    uint8x16_t v[4];
    uint8x16_t folded[4];

    for (unsigned i = 0; i < 4; i++) {
        v[i] = vld1q_u8((const uint8_t *)p + (size_t)16 * i);
        folded[i] = vorrq_u8(v[i], bit);
    }
    m->quotes = neon_equals(v, '"');
    m->backslashes = neon_equals(v, '\\');
    m->opens = neon_equals(folded, '{');
    m->closes = neon_equals(folded, '}');
}
#else
#define classify_best classify_portable
#endif

/* The baseline has no popcnt instruction and libgcc's is a call: this stays in registers. */
INLINED uint64_t count_bits(uint64_t x)
{
    x -= (x >> 1) & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (x * UINT64_C(0x0101010101010101)) >> 56;
}

/* Bit i of the result is the parity of bits 0..i: inside or outside a string. */
INLINED uint64_t prefix_xor(uint64_t x)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        x ^= x << shift;
    return x;
}

/*
 * The quotes that no backslash hides. A byte is escaped when the byte before is a backslash that is
 * not escaped itself, that is at the odd places behind the start of a run; the subtraction carries
 * along each run. n is how many bytes of the block are real.
 * Source: simdjson, json_escape_scanner (Langdale and Lemire, "Parsing Gigabytes of JSON per
 * Second", section 3.1.1).
 */
INLINED uint64_t real_quotes(struct block_skip *b, const struct masks *m, size_t n)
{
    const uint64_t odd = UINT64_C(0xAAAAAAAAAAAAAAAA);
    uint64_t carried = b->escaped;
    uint64_t first;
    uint64_t code;
    uint64_t escaped;

    if (!m->backslashes) {
        b->escaped = 0;
        return m->quotes & ~carried;
    }
    first = m->backslashes & ~carried;
    code = (((first << 1) | odd) - first) ^ odd;
    escaped = code ^ (m->backslashes | carried);
    b->escaped = ((code & m->backslashes) >> (n - 1)) & 1;
    return m->quotes & ~escaped;
}

/* A whole block in place, or what is left with blanks behind it. */
INLINED const char *block_at(const char *p, size_t *n, char padded[static BLOCK_BYTES])
{
    if (*n >= BLOCK_BYTES) {
        *n = BLOCK_BYTES;
        return p;
    }
    memset(padded, ' ', BLOCK_BYTES);
    memcpy(padded, p, *n);
    return padded;
}

/* The first close that brings the depth to nothing: its bit number, or BLOCK_BYTES. */
INLINED unsigned find_end(uint64_t depth, uint64_t opens, uint64_t closes)
{
    for (uint64_t n_closed = 1; closes; n_closed++) {
        uint64_t bit = closes & -closes;

        if (depth + count_bits(opens & (bit - 1)) == n_closed)
            return (unsigned)__builtin_ctzll(bit);
        closes ^= bit;
    }
    return BLOCK_BYTES;
}

INLINED size_t skip_string(struct block_skip *b, classify_fn classify, const char *p, size_t n,
                           bool *ended)
{
    struct block_skip now = *b;

    *ended = false;
    for (size_t at = 0; at < n;) {
        char padded[BLOCK_BYTES];
        size_t n_block = n - at;
        const char *block = block_at(p + at, &n_block, padded);
        struct masks m;
        uint64_t quotes;

        classify(block, &m);
        quotes = real_quotes(&now, &m, n_block);
        if (quotes) {
            *ended = true;
            return at + (size_t)__builtin_ctzll(quotes) + 1;
        }
        at += n_block;
    }
    *b = now;
    return n;
}

INLINED size_t skip_container(struct block_skip *b, classify_fn classify, const char *p, size_t n,
                              bool *ended)
{
    struct block_skip now = *b;

    *ended = false;
    for (size_t at = 0; at < n;) {
        char padded[BLOCK_BYTES];
        size_t n_block = n - at;
        const char *block = block_at(p + at, &n_block, padded);
        struct masks m;
        uint64_t strings;
        uint64_t n_closes;

        classify(block, &m);
        strings = prefix_xor(real_quotes(&now, &m, n_block)) ^ now.in_string;
        now.in_string = -(strings >> 63);
        m.opens &= ~strings;
        m.closes &= ~strings;
        n_closes = count_bits(m.closes);
        if (n_closes >= now.depth) { /* the end may be here: look at each close in turn */
            unsigned end = find_end(now.depth, m.opens, m.closes);

            if (end < BLOCK_BYTES) {
                *ended = true;
                return at + end + 1;
            }
        }
        now.depth += count_bits(m.opens) - n_closes;
        at += n_block;
    }
    *b = now;
    return n;
}

void block_begin_string(struct block_skip *b)
{
    *b = (struct block_skip){.in_string = UINT64_MAX};
}

void block_begin_container(struct block_skip *b)
{
    *b = (struct block_skip){.depth = 1};
}

size_t block_skip_string(struct block_skip *b, enum scan_path path, const char *p, size_t n,
                         bool *ended)
{
    return path == SCAN_BEST ? skip_string(b, classify_best, p, n, ended)
                             : skip_string(b, classify_portable, p, n, ended);
}

size_t block_skip_container(struct block_skip *b, enum scan_path path, const char *p, size_t n,
                            bool *ended)
{
    return path == SCAN_BEST ? skip_container(b, classify_best, p, n, ended)
                             : skip_container(b, classify_portable, p, n, ended);
}
