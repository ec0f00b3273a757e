#include "repository/helm_words.h"
#include "base/attr.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A document writes its name once, or once for each branch; more are not told apart. */
enum { NAMES_MAX = 64 };

static const struct {
    const char *group;
    const char *kinds[2];
} groups[N_HELM_GROUPS] = {
    [HELM_ARGOPROJ] = {"argoproj.io", {"Application", "ApplicationSet"}},
    [HELM_EXTERNAL_SECRETS] = {"external-secrets.io", {"ExternalSecret", "ClusterExternalSecret"}},
};

/* What the document under way says of one group. */
struct document_of {
    unsigned group_line;
    unsigned kind_line;
    bool writes_kind;
    bool other_kind;
    bool is_ours;    /* an apiVersion that is of the group, or not written out */
    bool is_foreign; /* one that is of another group */
};

struct scan {
    struct helm_words *out;
    unsigned line;
    struct document_of of[N_HELM_GROUPS];
    unsigned first_line; /* of text; 0: none yet */
    bool murky;          /* anything may be written at the start of a line */
    bool open_kind;      /* a kind that is not written out */
    bool has_kind;
    struct helm_name names[NAMES_MAX];
    size_t n_names;
    bool any_name;
    bool in_metadata;
    bool behind_name; /* the line before held the name */
    size_t indent;    /* of the fields of metadata; 0 before the first */
    bool in_comment;  /* until the action ends that started on a line before */
    bool in_action;
};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

static size_t find(struct str text, const char *word, size_t from)
{
    struct str rest = str_sub(text, from, text.n);
    const char *hit = rest.n ? memmem(rest.p, rest.n, word, strlen(word)) : NULL;

    return hit ? (size_t)(hit - text.p) : text.n;
}

static char char_at(struct str text, size_t at)
{
    return at < text.n ? text.p[at] : ' ';
}

static bool mentions_group(struct str line, const char *group)
{
    for (size_t at = find(line, group, 0); at < line.n; at = find(line, group, at + 1)) {
        char before = at ? line.p[at - 1] : ' ';
        char behind = char_at(line, at + strlen(group));

        if (!is_name_char(before) && before != '/' && !is_name_char(behind))
            return true;
    }
    return false;
}

static bool is_letter_of_sentence(struct str line, size_t blank, size_t letter)
{
    return blank < line.n && letter < line.n && line.p[blank] == ' ' &&
           isalpha((unsigned char)line.p[letter]);
}

static bool mentions_kind(struct str line, const char *kind)
{
    size_t n = strlen(kind);

    for (size_t at = find(line, kind, 0); at < line.n; at = find(line, kind, at + 1)) {
        char before = at ? line.p[at - 1] : ' ';
        char behind = char_at(line, at + n);
        bool is_part = isalnum((unsigned char)before) || before == '_' || before == '-' ||
                       isalnum((unsigned char)behind) || behind == '_' || behind == '-';

        if (!is_part && !is_letter_of_sentence(line, at + n, at + n + 1) &&
            !(at > 1 && is_letter_of_sentence(line, at - 1, at - 2)))
            return true;
    }
    return false;
}

static void note(unsigned *first, unsigned line)
{
    if (!*first)
        *first = line;
}

static void look_for_words(struct scan *s, struct str line)
{
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        if (mentions_group(line, groups[g].group)) {
            note(&s->of[g].group_line, s->line);
            note(&s->out->of[g].group_line, s->line);
        }
        for (size_t k = 0; k < ARRAY_LEN(groups[g].kinds); k++)
            if (mentions_kind(line, groups[g].kinds[k])) {
                note(&s->of[g].kind_line, s->line);
                note(&s->out->of[g].kind_line, s->line);
            }
    }
}

static void keep_name(struct helm_words_of *of, const struct helm_name *name)
{
    struct helm_name kept = *name;

    kept.owned = xasprintf("%.*s%.*s", STR_ARG(name->before), STR_ARG(name->behind));
    kept.before.p = kept.owned;
    kept.behind.p = kept.owned + kept.before.n;
    of->names = xgrow(of->names, of->n_names, &of->capacity, sizeof *of->names);
    of->names[of->n_names++] = kept;
}

static void keep_names(struct scan *s, struct helm_words_of *of, unsigned line)
{
    const struct helm_name any = {.before = STR(""), .behind = STR(""), .line = line};

    if (s->any_name || !s->n_names)
        keep_name(of, &any);
    else
        for (size_t i = 0; i < s->n_names; i++)
            keep_name(of, &s->names[i]);
}

static void end_document(struct scan *s)
{
    if (s->murky || s->open_kind || (s->first_line && !s->has_kind))
        note(&s->out->open_line, s->first_line ? s->first_line : s->line);
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        struct document_of *d = &s->of[g];
        struct helm_words_of *out = &s->out->of[g];
        bool other_group = d->is_foreign && !d->is_ours;
        bool other_kind = d->other_kind && !d->writes_kind && !s->open_kind;

        if (!d->group_line && !d->kind_line)
            continue;
        if (!s->murky && (other_group || other_kind))
            continue;
        if (!s->murky && d->writes_kind && !s->open_kind) {
            keep_names(s, out, d->kind_line);
            continue;
        }
        if (d->group_line)
            note(&out->open_group_line, d->group_line);
        if (d->kind_line)
            note(&out->open_kind_line, d->kind_line);
    }
    memset(s->of, 0, sizeof s->of);
    s->first_line = 0;
    s->murky = s->open_kind = s->has_kind = s->any_name = s->in_metadata = s->behind_name = false;
    s->n_names = 0;
    s->indent = 0;
}

/* A scalar as it stands behind its key: without comment and quotes. */
static struct str read_scalar(struct str text)
{
    size_t comment = find(text, " #", 0);

    text = str_trim(str_sub(text, 0, comment));
    if (text.n >= 2 && (text.p[0] == '"' || text.p[0] == '\'') && text.p[text.n - 1] == text.p[0])
        text = str_sub(text, 1, text.n - 1);
    return text;
}

/* A word that YAML reads as what it looks like. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_name_char(text.p[i]) && text.p[i] != '/')
            return false;
    return true;
}

static bool has_action(struct str text)
{
    return str_contains(text, STR("{{"));
}

static void read_kind(struct scan *s, struct str text)
{
    struct str kind = read_scalar(text);

    if (has_action(text) || !kind.n || !is_plain(kind)) {
        s->open_kind = true;
        return;
    }
    s->has_kind = true;
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        if (str_is(kind, groups[g].kinds[0]) || str_is(kind, groups[g].kinds[1]))
            s->of[g].writes_kind = true;
        else
            s->of[g].other_kind = true;
    }
}

static void read_api_version(struct scan *s, struct str text)
{
    struct str version = read_scalar(text);
    bool is_open = has_action(text) || !version.n || !is_plain(version);

    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        struct str group = str_sub(version, 0, str_find_char(version, '/'));

        if (is_open || str_is(group, groups[g].group))
            s->of[g].is_ours = true;
        else
            s->of[g].is_foreign = true;
    }
}

static void read_name(struct scan *s, struct str text)
{
    struct str value = read_scalar(text);
    struct helm_name name = {.before = value, .behind = STR(""), .is_whole = true, .line = s->line};
    size_t first = find(value, "{{", 0);

    if (s->n_names == NAMES_MAX) {
        s->any_name = true;
        return;
    }
    if (first < value.n) {
        size_t end = value.n;

        while (end && !(end > 1 && value.p[end - 1] == '}' && value.p[end - 2] == '}'))
            end--;
        name.is_whole = false;
        name.before = str_sub(value, 0, first);
        name.behind = str_sub(value, end, value.n);
        /* an action that is not closed, or that takes blanks away around itself */
        if (end < first + 2 || str_contains(value, STR("-}}")))
            name.behind = STR("");
    }
    if (!value.n || !is_plain(name.before) || !is_plain(name.behind))
        s->any_name = true;
    s->names[s->n_names++] = name;
    s->behind_name = true;
}

static size_t count_indent(struct str line)
{
    size_t n = 0;

    while (n < line.n && line.p[n] == ' ')
        n++;
    return n;
}

static bool starts_with_key(struct str text, const char *key, struct str *value)
{
    size_t n = strlen(key);

    if (!str_starts(text, str_from(key)))
        return false;
    while (n < text.n && text.p[n] == ' ')
        n++;
    if (char_at(text, n) != ':' ||
        (n + 1 < text.n && text.p[n + 1] != ' ' && text.p[n + 1] != '\t'))
        return false;
    *value = str_trim(str_sub(text, n + 1, text.n));
    return true;
}

static void read_field_of_metadata(struct scan *s, struct str text, size_t indent)
{
    struct str value;

    if (!s->indent)
        s->indent = indent;
    if (indent < s->indent)
        s->any_name = true; /* no mapping as it stands */
    if (indent != s->indent)
        return;
    if (starts_with_key(text, "name", &value))
        read_name(s, value);
    else if (!isalpha((unsigned char)text.p[0]))
        s->any_name = true; /* a quoted key, a merge, a flow */
}

static void read_top_field(struct scan *s, struct str text)
{
    struct str value;

    s->in_metadata = false;
    if (starts_with_key(text, "kind", &value)) {
        read_kind(s, value);
    } else if (starts_with_key(text, "apiVersion", &value)) {
        read_api_version(s, value);
    } else if (starts_with_key(text, "metadata", &value)) {
        s->in_metadata = true;
        s->indent = 0;
        s->any_name = s->any_name || read_scalar(value).n != 0;
    } else if (starts_with_key(text, "items", &value) ||
               !(isalpha((unsigned char)text.p[0]) || str_starts(text, STR("- ")))) {
        s->murky = true;
    }
}

/* The text of the action at the start of `text`, which is cut off; all that is left where it is not
 * closed on its line. */
static struct str cut_action(struct str *text, bool *is_closed)
{
    size_t end = find(*text, "}}", 2);
    struct str inside = str_sub(*text, 2, end);

    *is_closed = end < text->n;
    *text = str_trim(str_sub(*text, end + 2, text->n));
    if (inside.n && inside.p[0] == '-')
        inside = str_sub(inside, 1, inside.n);
    return str_trim(inside);
}

/* An action that writes nothing itself. */
static bool is_control(struct str inside)
{
    static const char *const words[] = {"if",     "else",  "end",   "range",   "with",
                                        "define", "block", "break", "continue"};
    size_t n = 0;

    if (str_starts(inside, STR("/*")))
        return true;
    if (str_starts(inside, STR("$")))
        return str_contains(inside, STR(":=")) || str_contains(inside, STR(" = "));
    while (n < inside.n && isalpha((unsigned char)inside.p[n]))
        n++;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(str_sub(inside, 0, n), words[i]))
            return true;
    return false;
}

/* Of `indent 4` or `nindent 4` the number, 0 where it is not written out. */
static size_t read_number(struct str text)
{
    size_t number = 0;

    for (size_t i = 0; i < text.n && isdigit((unsigned char)text.p[i]) && number < 1000; i++)
        number = number * 10 + (size_t)(text.p[i] - '0');
    return number;
}

/* The least indented lines that the text's actions write. False where none indents its lines. */
static bool find_indent(struct str text, size_t *out)
{
    static const char word[] = "indent ";
    bool found = false;

    for (size_t at = find(text, word, 0); at < text.n; at = find(text, word, at + 1)) {
        size_t number = read_number(str_sub(text, at + sizeof word - 1, text.n));

        *out = found && *out < number ? *out : number;
        found = true;
    }
    return found;
}

/* Lines of unknown text, of which the least indented have `indent` blanks. */
static void write_unknown(struct scan *s, size_t indent)
{
    if (!indent)
        s->murky = true;
    else if (s->in_metadata && indent <= (s->indent ? s->indent : indent))
        s->any_name = true;
}

static bool opens_action(struct str text)
{
    size_t last = text.n;

    for (size_t at = find(text, "{{", 0); at < text.n; at = find(text, "{{", at + 2))
        last = at;
    return last < text.n && find(text, "}}", last) == text.n;
}

/* Actions behind a key or in a comment. A value is taken for one line, YAML not. */
static void read_inner_actions(struct scan *s, struct str text)
{
    size_t indent = 0;

    if (has_action(text) && (find_indent(text, &indent) || str_contains(text, STR("toYaml"))))
        write_unknown(s, indent);
}

/* Whether anything but actions stands there: the line is then one of its own. */
static bool has_text(struct str text)
{
    bool is_closed = true;

    while (is_closed && str_starts(text, STR("{{")))
        (void)cut_action(&text, &is_closed);
    return text.n != 0;
}

/* A line that starts with an action. */
static void read_action_line(struct scan *s, struct str text, size_t indent)
{
    bool trims = str_starts(text, STR("{{-"));

    while (str_starts(text, STR("{{"))) {
        bool is_closed;
        struct str inside = cut_action(&text, &is_closed);
        bool trims_behind = is_closed && str_ends(inside, STR("-"));

        if (s->behind_name && trims && (trims_behind || !is_control(inside)))
            s->any_name = true; /* what follows may be joined to the name */
        if (str_starts(inside, STR("/*"))) {
            if (!is_closed)
                s->in_comment = true;
            continue;
        }
        if (is_control(inside)) {
            s->in_action = !is_closed;
            continue;
        }
        s->in_action = !is_closed;
        if (!is_closed || (!find_indent(inside, &indent) && !has_text(text)))
            indent = 0;
        write_unknown(s, indent);
        read_inner_actions(s, text);
        return;
    }
    if (text.n)
        write_unknown(s, 0);
}

/* False where the line lies within an action that started before. */
static bool leave_action(struct scan *s, struct str line)
{
    const char *end = s->in_comment ? "*/" : "}}";
    size_t at = find(line, end, 0);

    if (!s->in_comment && !s->in_action)
        return true;
    if (at < line.n) {
        struct str behind = str_trim(str_sub(line, find(line, "}}", at) + 2, line.n));

        s->in_comment = s->in_action = false;
        if (behind.n)
            s->murky = true;
    }
    return false;
}

static void read_line(struct scan *s, struct str line)
{
    size_t indent = count_indent(line);
    struct str text = str_trim(line);
    bool behind_name = s->behind_name;

    if (!leave_action(s, line)) {
        look_for_words(s, line);
        return;
    }
    if (!text.n || text.p[0] == '#') {
        s->murky = s->murky || opens_action(text);
        read_inner_actions(s, text);
        return;
    }
    if (str_starts(line, STR("---"))) {
        struct str behind = str_trim(str_sub(line, 3, line.n));

        end_document(s);
        s->murky = behind.n && behind.p[0] != '#';
        look_for_words(s, line);
        return;
    }
    look_for_words(s, line);
    if (str_starts(text, STR("{{"))) {
        read_action_line(s, text, indent);
        if (s->murky)
            note(&s->first_line, s->line);
        s->behind_name = behind_name && str_starts(text, STR("{{-"));
        return;
    }
    s->behind_name = false;
    note(&s->first_line, s->line);
    read_inner_actions(s, text);
    if (!indent)
        read_top_field(s, text);
    else if (s->in_metadata)
        read_field_of_metadata(s, text, indent);
    s->in_action = opens_action(text);
}

/* UTF-16, by its mark: what it says is not looked for. */
static bool is_utf16(struct str bytes)
{
    return str_starts(bytes, STR("\xFF\xFE")) || str_starts(bytes, STR("\xFE\xFF"));
}

/* Helm splits at every line that starts with ---, whatever stands behind. */
static bool has_odd_separator(struct str bytes)
{
    for (size_t at = find(bytes, "---", 0); at < bytes.n; at = find(bytes, "---", at + 3)) {
        struct str line = str_sub(bytes, at + 3, bytes.n);

        line = str_trim(str_sub(line, 0, str_find_char(line, '\n')));
        if ((!at || bytes.p[at - 1] == '\n') && line.n && line.p[0] != '#')
            return true;
    }
    return false;
}

static bool is_null(struct str text)
{
    text = str_trim(str_sub(text, 0, find(text, " #", 0)));
    return str_is(text, "null") || str_is(text, "Null") || str_is(text, "NULL") ||
           str_is(text, "~");
}

/* Documents that Helm and Argo CD take for none. */
static bool is_nothing(struct str bytes)
{
    struct str line;

    while (str_split(&bytes, '\n', &line)) {
        line = str_trim(line);
        if (line.n && line.p[0] != '#' && !str_starts(line, STR("---")) && !str_is(line, "...") &&
            !is_null(line))
            return false;
    }
    return true;
}

/* A value with an anchor or a tag of its own: what it comes to is not looked at. */
static bool has_properties(struct str bytes)
{
    struct str line;

    while (str_split(&bytes, '\n', &line))
        if (line.n && strchr("&!", line.p[0]))
            return true;
    return false;
}

/* A document whose first line is indented: Helm takes that away, and leaves the others as they are.
 */
static bool has_indented_start(struct str bytes)
{
    bool is_first = true;
    struct str line;

    while (str_split(&bytes, '\n', &line)) {
        struct str text = str_trim(line);

        if (is_first && text.n && line.p[0] != text.p[0] && text.p[0] != '#')
            return true;
        is_first = (is_first && !text.n) || str_starts(line, STR("---"));
    }
    return false;
}

/* Read as a stream of JSON where it is a file of its own, but not behind others. */
static bool looks_like_json(struct str bytes)
{
    if (str_starts(bytes, STR("\xEF\xBB\xBF")))
        bytes = str_sub(bytes, 3, bytes.n);
    return str_starts(str_trim(bytes), STR("{"));
}

static bool is_worth_a_scan(struct str bytes)
{
    if (has_action(bytes) || looks_like_json(bytes))
        return true;
    for (size_t g = 0; g < N_HELM_GROUPS; g++)
        if (str_contains(bytes, str_from(groups[g].group)) ||
            str_contains(bytes, str_from(groups[g].kinds[0])))
            return true;
    return false;
}

static void scan_all(struct helm_words *out, struct str bytes)
{
    struct scan s = {.out = out};
    struct str rest = bytes;
    struct str line;

    if (str_starts(rest, STR("\xEF\xBB\xBF")))
        rest = str_sub(rest, 3, rest.n);
    while (str_split(&rest, '\n', &line)) {
        s.line++;
        read_line(&s, line);
    }
    end_document(&s);
}

const char *helm_group_name(enum helm_group group)
{
    return groups[group].group;
}

const char *helm_kind_name(enum helm_group group)
{
    return groups[group].kinds[0];
}

struct helm_words *helm_words_read(struct str bytes)
{
    bool utf16 = is_utf16(bytes);
    bool scanned = !utf16 && is_worth_a_scan(bytes);
    struct helm_words words = {
        .is_templated = str_contains(bytes, STR("{{")),
        .is_nothing = !utf16 && is_nothing(bytes),
        .names_secrets = utf16 || str_contains(bytes, STR("Secret")),
        .has_hook = str_contains(bytes, STR("helm.sh/hook")),
        .has_items = str_contains(bytes, STR("items")),
        .is_changed = utf16 || str_contains(bytes, STR("<no value>")) || has_odd_separator(bytes) ||
                      looks_like_json(bytes) || has_indented_start(bytes) || has_properties(bytes),
    };
    struct helm_words *out;

    if (words.is_templated) {
        words.reads_files = str_contains(bytes, STR("Files"));
        words.defines = str_contains(bytes, STR("define")) || str_contains(bytes, STR("block"));
        words.names_templates = words.defines && str_contains(bytes, STR("/templates/"));
    }
    out = xmalloc(sizeof *out);
    *out = words;
    out->open_line = utf16;
    if (utf16)
        for (size_t g = 0; g < N_HELM_GROUPS; g++)
            out->of[g] = (struct helm_words_of){
                .group_line = 1, .kind_line = 1, .open_group_line = 1, .open_kind_line = 1};
    if (scanned)
        scan_all(out, bytes);
    return out;
}

void helm_words_free(struct helm_words *words)
{
    for (size_t g = 0; words && g < N_HELM_GROUPS; g++) {
        for (size_t i = 0; i < words->of[g].n_names; i++)
            free(words->of[g].names[i].owned);
        free(words->of[g].names);
    }
    free(words);
}
