#include "rules/exemption.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is said of exemptions around a message: two fields of outside text each, twice at most. */
enum { NOTES_MAX = 2000 };

/* The annotation, "<rule>: <reason>". */
struct claim {
    struct str rule;
    struct str reason; /* empty when there is none */
};

static struct claim read_claim(struct str annotation)
{
    struct claim claim = {0};
    struct str rest = annotation;

    (void)str_split(&rest, ':', &claim.rule);
    claim.rule = str_trim(claim.rule);
    claim.reason = str_trim(rest);
    return claim;
}

static void replace_message(struct finding *f, struct buf *message)
{
    free(f->message);
    f->message = buf_take(message);
}

static void add_note(struct finding *f, const char *note)
{
    struct buf m;

    buf_init(&m, MESSAGE_MAX + NOTES_MAX);
    buf_printf(&m, "%s %s", f->message, note);
    replace_message(f, &m);
}

/* by: "its annotation …", "the configuration …" */
static void exempt(struct finding *f, const char *by, struct str reason, const char *source)
{
    struct buf m;

    buf_init(&m, MESSAGE_MAX + NOTES_MAX);
    buf_printf(&m, "Exempted by %s (%s): %s", by, show(reason).text, f->message);
    replace_message(f, &m);
    buf_printf(&m, "exempted by %s: %s", by, show(reason).text);
    finding_add_evidence(f, buf_str(&m).p, source);
    buf_clear(&m);
    f->verdict = FINDING_EXEMPTED;
    f->denies = false;
}

/* The entry that counts; else NULL, and *expired the one that counted last, if any. */
static const struct exemption *find_entry(const struct exempt_subject *s, enum rule_id rule,
                                          const struct exemption **expired)
{
    *expired = NULL;
    for (size_t i = 0; i < s->settings->n_exemptions; i++) {
        const struct exemption *e = &s->settings->exemptions[i];

        if (e->rule != rule || !str_is(s->namespace, e->namespace) || !str_is(s->name, e->name))
            continue;
        if (!e->expires.text || s->now < e->expires.at)
            return e;
        if (!*expired || e->expires.at > (*expired)->expires.at)
            *expired = e;
    }
    return NULL;
}

static void exempt_by_entry(struct finding *f, const struct exemption *e)
{
    char by[300] = "the configuration";

    if (e->expires.text)
        (void)snprintf(by, sizeof by, "the configuration until %s",
                       show(str_from(e->expires.text)).text);
    exempt(f, by, str_from(e->reason), "configuration");
}

static void say_expired(struct finding *f, const struct exemption *e)
{
    char note[700];

    (void)snprintf(note, sizeof note,
                   "The configuration exempted it until %s (%s): that has expired.",
                   show(str_from(e->expires.text)).text, show(str_from(e->reason)).text);
    add_note(f, note);
}

static bool is_about_protected(const struct settings *settings, const struct finding *f)
{
    for (size_t i = 0; i < settings->n_protected; i++) {
        const struct protected_secret *secret = &settings->protected_secrets[i];
        struct identity id = {.namespace = str_from(secret->namespace),
                              .name = str_from(secret->name)};
        char target[300];

        (void)snprintf(target, sizeof target, "Secret %s", show_id(&id).text);
        if (strcmp(f->target, target) == 0)
            return true;
    }
    return false;
}

/* Whether the claim is about this finding and counts. Else `why` says why it does not, and stays
 * empty where the claim is about another rule. */
static bool check_claim(const struct exempt_subject *s, const struct finding *f,
                        const struct claim *claim, struct buf *why)
{
    enum rule_id rule;

    if (!rule_id_find(claim->rule, &rule)) {
        buf_printf(why, "there is no rule \"%s\" (wanted \"<rule>: <reason>\")",
                   show(claim->rule).text);
        return false;
    }
    if (rule != f->rule)
        return false;
    if (!claim->reason.n)
        buf_adds(why, "it gives no reason (wanted \"<rule>: <reason>\")");
    else if (is_about_protected(s->settings, f))
        buf_adds(why, "only the configuration exempts what is about a protected Secret");
    else if (!settings_annotation_lists_rule(s->settings, rule))
        buf_adds(why, "the configuration does not list this rule in exemptions.annotation.rules");
    else if (!settings_annotation_lists_namespace(s->settings, s->namespace))
        buf_printf(why,
                   "the configuration does not list namespace %s in "
                   "exemptions.annotation.namespaces",
                   show(s->namespace).text);
    return why->n == 0;
}

void exemption_apply(const struct exempt_subject *s, struct finding *f)
{
    const struct exemption *expired;
    const struct exemption *entry = find_entry(s, f->rule, &expired);
    struct claim claim = read_claim(s->annotation);
    AUTO(buf_clearp) struct buf why = {0};

    buf_init(&why, NOTES_MAX);
    if (entry) {
        exempt_by_entry(f, entry);
        return;
    }
    if (s->annotation.p && check_claim(s, f, &claim, &why)) {
        exempt(f, "its annotation " ANNOTATION_EXEMPT, claim.reason, "object");
        return;
    }
    if (expired)
        say_expired(f, expired);
    if (why.n) {
        AUTO(freep)
        char *note =
            xasprintf("The annotation " ANNOTATION_EXEMPT " does not count: %s.", buf_str(&why).p);

        add_note(f, note);
    }
}
