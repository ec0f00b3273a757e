/* review.h: one object to judge, read-only: from an AdmissionReview or from a manifest file. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <jansson.h>

enum review_operation { OPERATION_CREATE, OPERATION_UPDATE, OPERATION_DELETE, OPERATION_OTHER };
enum review_kind { REVIEW_APPLICATION, REVIEW_EXTERNAL_SECRET, REVIEW_OTHER };

/* A field of the request that was absent or null is "". */
struct review {
    struct str uid; /* empty for a manifest file */
    enum review_operation operation;
    enum review_kind kind; /* by group and kind of request.kind, any version */
    struct str kind_text;  /* request.kind.kind */
    struct str operation_text;
    struct str namespace; /* from the request, never from the object's text (design 8) */
    struct str name;      /* request.name; empty with generateName */
    struct str resource;  /* request.resource.resource: "applications" */
    struct str sub_resource;
    bool dry_run;
    struct str user;
    const json_t *groups; /* array of strings, or NULL; NULL too when they take more than 64 KiB */

    /*
     * An UPDATE without sub-resource whose compared fields (those of design 3.6; path_table says
     * which) are byte-equal in object and oldObject: nothing a rule reads has changed, and
     * `object`, `old_object` stay NULL (jansson was not called on them).
     */
    bool unchanged;

    /*
     * Projections: {"metadata": {name, namespace, generateName, labels, ownerReferences,
     * deletionTimestamp, finalizers, annotations: only those of design 3.6}, "spec", "operation",
     * "status": {"resources": [only the entries rules ask for]}}. NULL when absent. A field that is
     * absent or null has no member, and metadata, annotations, status only stand where one of their
     * fields does. `status` is the stored object's (old_object) alone: entries of kind Secret, and
     * of kind Application with this review's name; absent when it was not read (scan.c, why).
     */
    json_t *object;
    json_t *old_object;
    /* NULL, or why the object (it stays NULL) could not be read although the review itself could:
     * the verdict is undecided then, never an HTTP error. Static text: "its … ", "it is …". */
    const char *object_unreadable;
    const char *old_object_unreadable;

    /* Where it stands, for a manifest file; NULL and 0 otherwise. */
    const char *file;
    unsigned line;

    void *owned; /* what the views point into; review.c's own business */
};

void review_free(struct review *r); /* NULL is fine */
void review_freep(struct review **r);

/*
 * A review of one manifest as if it were created now. `status`, metadata.deletionTimestamp and
 * ownerReferences are left out: in a file they are the author's to write (design 5).
 * object     borrowed: copied as far as needed.
 * namespace  the effective one; "" stays "".
 * file       borrowed, must outlive the review; may be NULL.
 * The projection is that of a CREATE's `object`; annotations of a wrong type make it unreadable.
 * Fails with ERR_INPUT when apiVersion, kind or metadata.name is missing.
 */
bool review_from_manifest(const json_t *object, struct str namespace, const char *file,
                          unsigned line, struct review **out, struct err *err) MUST_CHECK;

/*
 * The review that a line of the decision log tells of, as far as judge() reads it
 * (report/logged.h): kind, names, operation, and what the line shows of the objects. Whether
 * that is all there was is for logged_check() to say.
 * line  borrowed; copied as far as needed.
 * Fails with ERR_INPUT when the line has no operation, or shows objects in an older form.
 */
bool review_from_line(const json_t *line, struct review **out, struct err *err) MUST_CHECK;
