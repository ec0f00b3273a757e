/* Kustomize sources (reference/argocd.md 2.4). */
#include "base/json.h"
#include "base/mem.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* k/kustomization.yaml with `text`, besides k/a.yaml, k/notes.txt (both hold an Application),
 * outside.yaml, k/broken.yaml, base/kustomization.yaml listing base/b.yaml, and empty/. */
struct kustomization_case {
    const char *says;
    const char *text;
    const char *expected;
};

#define A " | Application argocd/a"

static const struct kustomization_case cases[] = {
    {"a local file", "resources: [a.yaml]\n", "COMPLETE" A},
    {"kind and metadata",
     "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
     "metadata: {name: x}\nresources: [./a.yaml]\n",
     "COMPLETE" A},
    {"file names need no particular extension", "resources: [notes.txt]\n",
     "COMPLETE | Application argocd/notes"},
    {"a local directory", "resources: [../base]\n", "COMPLETE | Application argocd/b"},
    {"bases are resources", "bases: [../base]\nresources: [a.yaml]\n",
     "COMPLETE" A " | Application argocd/b"},
    {"a file in a directory below", "resources: [deep/c.yaml]\n",
     "COMPLETE | Application argocd/c"},
    {"no resources", "resources: []\n", "COMPLETE"},
    {"nothing at all", "resources:\n", "FAILS k/kustomization.yaml is empty"},
    {"fields in any case", "Resources: [a.yaml]\nNAMEPREFIX: p-\n",
     "COMPLETE | Application argocd/p-a"},
    {"a field that kustomize does not know", "resources: [a.yaml]\nfoo: 1\n",
     "FAILS k/kustomization.yaml has the unknown field foo"},
    {"namespace overrides", "namespace: team\nresources: [a.yaml]\n",
     "COMPLETE | Application team/a"},
    {"prefix and suffix", "namePrefix: p-\nnameSuffix: -s\nresources: [a.yaml]\n",
     "COMPLETE | Application argocd/p-a-s"},
    {"outer and inner prefix and suffix", "namePrefix: o-\nnameSuffix: -o\nresources: [../named]\n",
     "COMPLETE | Application team/o-i-d-i-o"},
    {"generators make ConfigMaps and Secrets only",
     "resources: [a.yaml]\nconfigMapGenerator:\n- name: x\n",
     "PARTIAL k/kustomization.yaml uses configMapGenerator" A
     " | no more argoproj | no more external-secrets"},
    {"images change no identity", "resources: [a.yaml]\nimages:\n- name: x\n", "COMPLETE" A},
    {"labels change marks only", "resources: [a.yaml]\ncommonLabels: {x: z}\n", "COMPLETE" A},
    {"an annotation may make everything a hook",
     "resources: [a.yaml]\ncommonAnnotations: {argocd.argoproj.io/hook: Skip}\n",
     "COMPLETE" A " skip"},
    {"a patch that deletes",
     "resources: [a.yaml]\npatches:\n- path: delete.yaml\n  target: {name: a}\n", "COMPLETE"},
    {"a patch of another object",
     "resources: [a.yaml]\npatches:\n- path: delete.yaml\n  target: {name: b}\n", "COMPLETE" A},
    {"a patch that names no object", "resources: [a.yaml]\npatches:\n- path: delete.yaml\n",
     "FAILS k/kustomization.yaml has patches for x, which is not among the resources"},
    {"a patch that keeps names",
     "resources: [a.yaml]\npatches:\n- target: {kind: Application}\n  patch: |\n    {kind: X, "
     "metadata: {name: z}, spec: {a: b}}\n",
     "COMPLETE" A},
    {"a patch that may change names",
     "resources: [a.yaml]\npatches:\n- target: {kind: Application}\n  options: {allowNameChange: "
     "true}\n  patch: |\n    {kind: X, metadata: {name: z}}\n",
     "COMPLETE | Application argocd/z"},
    {"a JSON patch that renames",
     "resources: [a.yaml]\npatches:\n- target: {kind: App.*}\n  patch: |\n    - {op: replace, "
     "path: "
     "/metadata/name, value: z}\n",
     "COMPLETE | Application argocd/z"},
    {"patchesJson6902 come behind the prefix",
     "resources: [a.yaml]\nnamePrefix: p-\npatchesJson6902:\n- target: {kind: Application, name: a}"
     "\n  patch: |\n    - {op: replace, path: /metadata/name, value: z}\n",
     "COMPLETE | Application argocd/z"},
    {"a JSON patch of what is not there",
     "resources: [a.yaml]\npatches:\n- target: {kind: Application}\n  patch: |\n    - {op: remove, "
     "path: /spec/x}\n",
     "FAILS k/kustomization.yaml has in patches a patch of Application a that has a path that the "
     "object lacks"},
    {"a pattern that Go refuses, of a patch that says nothing",
     "resources: [a.yaml]\npatches:\n- target: {kind: '+'}\n  patch: 'null'\n",
     "PARTIAL k/kustomization.yaml has in patches a target that is not evaluated | no more "
     "external-secrets"},
    {"a patch that says nothing",
     "resources: [a.yaml]\npatches:\n- target: {kind: Application}\n  patch: 'null'\n",
     "COMPLETE" A},
    {"a patch that is an empty mapping is no list of operations",
     "resources: [a.yaml]\npatches:\n- target: {kind: Application}\n  patch: '{}'\n",
     "FAILS k/kustomization.yaml has in patches a patch that is an empty mapping"},
    {"which nobody sees without an object",
     "resources: [a.yaml]\npatches:\n- target: {kind: Service}\n  patch: '{}'\n", "COMPLETE" A},
    {"repetitions of groups are evaluated",
     "resources: [a.yaml]\npatches:\n- target: {name: '(b|a)*(x|y)*.?'}\n  path: delete.yaml\n",
     "COMPLETE"},
    {"repetitions of repetitions are not: they would take hours",
     "resources: [a.yaml]\npatches:\n- target: {name: "
     "'(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*"
     "(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*x'}\n  path: "
     "delete.yaml\n",
     "PARTIAL k/kustomization.yaml has in patches a target that is not evaluated | no more "
     "external-secrets"},
    {"nor of what may be empty",
     "resources: [a.yaml]\npatches:\n- target: {name: "
     "'(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*"
     "(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*(|a)*x'}\n  path: "
     "delete.yaml\n",
     "PARTIAL k/kustomization.yaml has in patches a target that is not evaluated | no more "
     "external-secrets"},
    {"a pattern that Go reads otherwise",
     "resources: [a.yaml]\npatches:\n- target: {name: '(?i)A'}\n  path: delete.yaml\n",
     "PARTIAL k/kustomization.yaml has in patches a target that is not evaluated | no more "
     "external-secrets"},
    {"patchesStrategicMerge",
     "resources: [a.yaml]\npatchesStrategicMerge:\n- |\n  apiVersion: argoproj.io/v1alpha1\n  "
     "kind: "
     "Application\n  metadata: {name: a, namespace: argocd}\n  $patch: delete\n",
     "COMPLETE"},
    {"a replacement of the name",
     "resources: [a.yaml, notes.txt]\nreplacements:\n- source: {kind: Application, name: a}\n  "
     "targets:\n  - select: {name: notes}\n    fieldPaths: [metadata.namespace]\n",
     "COMPLETE" A " | Application a/notes"},
    {"a replacement of a part of a name",
     "resources: [a.yaml]\nreplacements:\n- sourceValue: z\n  targets:\n  - select: {name: a}\n   "
     " fieldPaths: [metadata.name]\n    options: {delimiter: '-'}\n",
     "COMPLETE | Application argocd/z"},
    {"a replacement before the first and behind the last part",
     "resources: [a.yaml]\nreplacements:\n- sourceValue: z\n  targets:\n  - select: {name: a}\n   "
     " fieldPaths: [metadata.name]\n    options: {delimiter: '-', index: -1}\n  - select: {kind: "
     "Application}\n    options: {delimiter: '--', index: 7}\n",
     "COMPLETE | Application argocd/z-a--z"},
    {"a replacement of the part between two",
     "resources: [a.yaml]\nnamePrefix: x-y-\nreplacements:\n- sourceValue: z\n  targets:\n  - "
     "select: {name: a}\n    options: {delimiter: '-', index: 1}\n",
     "COMPLETE | Application argocd/x-z-a"},
    {"a replacement by what is not kept",
     "resources: [path.yaml]\nreplacements:\n- source: {kind: Service, fieldPath: "
     "spec.path}\n  targets:\n  - select: {kind: Application}\n",
     "PARTIAL k/kustomization.yaml has a replacement of a part of Application p | Service "
     "default/v | no more external-secrets"},
    {"which may make two of one name",
     "resources: [a.yaml, path.yaml]\nreplacements:\n- source: {name: v, fieldPath: "
     "spec.path}\n  targets:\n  - select: {name: p}\n",
     "PARTIAL k/kustomization.yaml has a replacement of a part of Application p | "
     "no more external-secrets"},
    {"a replacement of a number by a text, which has no such type",
     "resources: [path.yaml]\nreplacements:\n- sourceValue: z\n  targets:\n  - select: {kind: "
     "Service}\n    fieldPaths: [spec.size]\n",
     "PARTIAL k/kustomization.yaml has a replacement of what is no text | no more "
     "external-secrets"},
    {"a replacement of a number by another",
     "resources: [path.yaml]\nreplacements:\n- sourceValue: '8'\n  targets:\n  - select: {kind: "
     "Service}\n    fieldPaths: [spec.size, spec.path]\n",
     "COMPLETE | Application argocd/p | Service default/v"},
    {"a replacement of a boolean by a number",
     "resources: [path.yaml]\nreplacements:\n- sourceValue: '8'\n  targets:\n  - select: {kind: "
     "Service}\n    fieldPaths: [spec.open]\n",
     "PARTIAL k/kustomization.yaml has a replacement of what is no text | no more "
     "external-secrets"},
    {"a replacement below a key that is a boolean to YAML 1.1",
     "resources: [path.yaml]\nreplacements:\n- sourceValue: z\n  targets:\n  - select: {kind: "
     "Service}\n    fieldPaths: [spec.odd.y]\n",
     "PARTIAL k/kustomization.yaml has a replacement of a field that is not kept | no more "
     "external-secrets"},
    {"a Namespace without apiVersion is none of Kubernetes' own",
     "namespace: team\nresources: [bare.yaml, namespace.yaml]\n",
     "COMPLETE | Namespace team/bare | Namespace default/team"},
    {"two of one name by a replacement", "resources: [../parts]\n",
     "FAILS parts/kustomization.yaml yields Application z twice"},
    {"images where a list of containers is none",
     "resources: [a.yaml]\nimages:\n- name: x\npatches:\n- target: {name: a}\n  patch: |\n    "
     "{kind: X, metadata: {name: z}, spec: {containers: x}}\n",
     "PARTIAL k/kustomization.yaml yields Application a, which has a value of another type where "
     "images stand | no more external-secrets"},
    {"which only matters with images",
     "resources: [a.yaml]\npatches:\n- target: {name: a}\n  patch: |\n    {kind: X, metadata: "
     "{name: z}, spec: {containers: x}}\n",
     "COMPLETE" A},
    {"images where spec is a list of a kind that has none",
     "resources: [a.yaml, secret.yaml]\nimages:\n- name: x\npatches:\n- target: {kind: Secret}\n  "
     "patch: |\n    {kind: X, metadata: {name: z}, spec: [1]}\n",
     "PARTIAL k/kustomization.yaml yields Secret s, which has a spec that is no mapping | no more "
     "external-secrets"},
    {"a Deployment whose spec is a list", "resources: [a.yaml, odd.yaml]\n",
     "PARTIAL k/kustomization.yaml lists k/odd.yaml:1 has a spec that is no mapping"},
    {"a transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  kind: PrefixTransformer\n  "
     "metadata: {name: t}\n  prefix: t-\n  fieldSpecs: [{path: metadata/name}]\n",
     "COMPLETE | Application argocd/t-a"},
    {"a prefix for other kinds",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: PrefixTransformer\n  prefix: t-\n  fieldSpecs: [{path: metadata/name, kind: "
     "Service}]\n",
     "COMPLETE" A},
    {"prefix and suffix by one transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: PrefixSuffixTransformer\n  prefix: p-\n  suffix: -s\n  fieldSpecs: [{path: "
     "metadata/name}]\n",
     "COMPLETE | Application argocd/p-a-s"},
    {"a prefix for a kind that it was, and is no more",
     "resources: [a.yaml]\nnamespace: team\npatchesJson6902:\n- target: {name: a}\n  patch: |\n    "
     "[{\"op\": \"replace\", \"path\": \"/kind\", \"value\": \"X\"}]\ntransformers:\n- |\n  "
     "{apiVersion: builtin, kind: PrefixTransformer, metadata: {name: t}, prefix: t-, fieldSpecs: "
     "[{path: metadata/name, kind: Application}]}\n",
     "COMPLETE | X team/a"},
    {"a prefix without fields fails",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: PrefixTransformer\n  prefix: t-\n",
     "FAILS k/kustomization.yaml uses the transformer PrefixTransformer without fieldSpecs"},
    {"a namespace, with fields of its own",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t, "
     "namespace: team}\n  kind: NamespaceTransformer\n  fieldSpecs: [{path: subjects/namespace, "
     "kind: RoleBinding}]\n",
     "COMPLETE | Application team/a"},
    {"labels in several places",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: LabelTransformer\n  labels: {x: z}\n  fieldSpecs: [{path: metadata/labels, create: "
     "true}, {path: spec/selector}]\n",
     "COMPLETE" A},
    {"labels where no labels stand",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: LabelTransformer\n  labels: {x: z}\n  fieldSpecs: [{path: metadata/name}]\n",
     "PARTIAL k/kustomization.yaml writes labels or annotations to metadata/name"},
    {"an annotation of one kind",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: AnnotationsTransformer\n  annotations: {argocd.argoproj.io/hook: Skip}\n  fieldSpecs: "
     "[{path: metadata/annotations, create: true, kind: Application}]\n",
     "COMPLETE" A " skip"},
    {"a patch as a transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: PatchTransformer\n  patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", "
     "\"value\": \"z\"}]'\n  target: {kind: Application}\n",
     "COMPLETE | Application argocd/z"},
    {"operations as a transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: PatchJson6902Transformer\n  jsonOp: '[{\"op\": \"replace\", \"path\": "
     "\"/metadata/name\", \"value\": \"z\"}]'\n  target: {kind: Application, name: a}\n",
     "COMPLETE | Application argocd/z"},
    {"a strategic merge as a transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: PatchStrategicMergeTransformer\n  patches: |\n    {apiVersion: argoproj.io/v1alpha1, "
     "kind: Application, metadata: {name: a, namespace: argocd}, $patch: delete}\n",
     "COMPLETE"},
    {"replacements as a transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: ReplacementTransformer\n  replacements:\n  - sourceValue: z\n    targets: [{select: "
     "{kind: Application}, fieldPaths: [metadata.name]}]\n",
     "COMPLETE | Application argocd/z"},
    {"a generator is no transformer",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  metadata: {name: t}\n  "
     "kind: ConfigMapGenerator\n",
     "FAILS k/kustomization.yaml uses the transformer ConfigMapGenerator, which is none"},
    {"inline transformers come before those in files",
     "resources: [a.yaml]\ntransformers:\n- second.yaml\n- |\n  {apiVersion: builtin, kind: "
     "PrefixTransformer, metadata: {name: t}, prefix: first-, fieldSpecs: [{path: "
     "metadata/name}]}\n",
     "COMPLETE | Application argocd/second-first-a"},
    {"a generator of ConfigMaps as a plugin",
     "resources: [a.yaml]\ngenerators:\n- |\n  {apiVersion: builtin, kind: ConfigMapGenerator, "
     "metadata: {name: g}, literals: [a=b]}\n",
     "PARTIAL k/kustomization.yaml uses generators" A
     " | no more argoproj | no more external-secrets"},
    {"a generator from elsewhere adds, and renames nothing",
     "resources: [a.yaml]\ngenerators:\n- |\n  {apiVersion: viaduct.ai/v1, kind: ksops, metadata: "
     "{name: g}}\n",
     "PARTIAL k/kustomization.yaml uses the generator ksops" A},
    {"a transformer is no generator",
     "resources: [a.yaml]\ngenerators:\n- |\n  {apiVersion: builtin, kind: LabelTransformer, "
     "metadata: {name: g}}\n",
     "FAILS k/kustomization.yaml uses the generator LabelTransformer, which is none"},
    {"configurations of references",
     "resources: [a.yaml]\nnamePrefix: p-\nconfigurations: [references.yaml]\n",
     "COMPLETE | Application argocd/p-a"},
    {"configurations of a namespace where a list stands",
     "resources: [a.yaml]\nconfigurations: [namespaces.yaml]\npatches:\n- target: {name: a}\n  "
     "patch: |\n    [{\"op\": \"add\", \"path\": \"/spec\", \"value\": {\"l\": [{}]}}]\n",
     "PARTIAL configurations speak of spec/l, which Application a may not take | no more "
     "external-secrets"},
    {"configurations of names",
     "resources: [a.yaml]\nnamePrefix: p-\nconfigurations: [names.yaml]\n",
     "PARTIAL k/kustomization.yaml has configurations that speak of metadata/name"},
    {"a configuration that kustomize does not know",
     "resources: [a.yaml]\nconfigurations: [secret.yaml]\n",
     "FAILS k/kustomization.yaml names a configuration that has the unknown field apiVersion"},
    {"a var of a name",
     "resources: [a.yaml]\nvars:\n- {name: V, objref: {apiVersion: argoproj.io/v1alpha1, kind: "
     "Application, name: a}}\n",
     "COMPLETE" A},
    {"a var of nothing fails",
     "resources: [a.yaml]\nvars:\n- {name: V, objref: {apiVersion: v1, kind: ConfigMap, name: "
     "a}}\n",
     "FAILS k/kustomization.yaml has the var for a, which is not among the resources"},
    {"a var of a Namespace in a namespace is of nothing",
     "resources: [namespace.yaml]\nvars:\n- {name: V, objref: {apiVersion: v1, kind: Namespace, "
     "name: ns, namespace: ns}}\n",
     "FAILS k/kustomization.yaml has the var for ns, which is not among the resources"},
    {"an object that is replaced as a whole",
     "resources: [a.yaml]\npatchesStrategicMerge:\n- |\n  {apiVersion: argoproj.io/v1alpha1, kind: "
     "Application, metadata: {name: a, namespace: argocd}, $patch: replace}\n",
     "PARTIAL k/kustomization.yaml has in patchesStrategicMerge a patch that takes annotations "
     "from Application a | no more external-secrets"},
    {"null among the annotations of a patch that may rename is a text",
     "resources: [a.yaml]\npatches:\n- options: {allowNameChange: true}\n  patch: |\n    "
     "{apiVersion: "
     "argoproj.io/v1alpha1, kind: Application, metadata: {name: a, namespace: argocd, annotations: "
     "{argocd.argoproj.io/hook: null}}}\n",
     "COMPLETE" A " hook"},
    {"a name that only a hash tells from another",
     "resources: [a.yaml]\nsecretGenerator:\n- {name: b, literals: [a=b]}\npatches:\n- target: "
     "{kind: "
     "Secret}\n  patch: |\n    [{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": "
     "\"s\"}]\ncomponents: [../secrets]\n",
     "PARTIAL k/kustomization.yaml uses secretGenerator | no more external-secrets"},
    {"a patch that deletes what a var refers to",
     "resources: [../var]\npatches:\n- path: delete.yaml\n  target: {name: v}\n",
     "PARTIAL k/kustomization.yaml has in patches a patch that deletes what a var refers to | no "
     "more argoproj | no more external-secrets"},
    {"replicas of a kind that configurations name",
     "resources: [a.yaml]\nconfigurations: [replicas.yaml]\nreplicas: [{name: a, count: 2}]\n",
     "PARTIAL k/kustomization.yaml has replicas for a by configurations | no more "
     "external-secrets"},
    {"labels below what is not kept of a Secret",
     "resources: [secret.yaml]\nsecretGenerator: [{name: s, behavior: merge, literals: "
     "[a=b]}]\ntransformers:\n- |\n  {apiVersion: builtin, kind: LabelTransformer, metadata: "
     "{name: "
     "t}, labels: {x: z}, fieldSpecs: [{path: data/a}]}\n",
     "PARTIAL k/kustomization.yaml uses secretGenerator | no more argoproj | no more "
     "external-secrets"},
    {"annotations where there are none, but for a name it bore before",
     "resources: [a.yaml]\nnamePrefix: p-\ntransformers:\n- |\n  {apiVersion: builtin, kind: "
     "AnnotationsTransformer, metadata: {name: t}, annotations: {argocd.argoproj.io/hook: Skip}, "
     "fieldSpecs: [{path: metadata/annotations}]}\n",
     "COMPLETE | Application argocd/p-a skip"},
    {"annotations where there are none",
     "resources: [a.yaml]\ntransformers:\n- |\n  {apiVersion: builtin, kind: "
     "AnnotationsTransformer, metadata: {name: t}, annotations: {argocd.argoproj.io/hook: Skip}, "
     "fieldSpecs: [{path: metadata/annotations}]}\n",
     "COMPLETE" A},
    {"a configuration that is an empty list", "resources: [a.yaml]\nconfigurations: [list.yaml]\n",
     "PARTIAL k/kustomization.yaml names a configuration that says nothing | no more "
     "external-secrets"},
    {"a configuration with a number for a path",
     "resources: [a.yaml]\nconfigurations: [number.yaml]\n",
     "PARTIAL k/kustomization.yaml names a configuration that is not followed"},
    {"a schema of one's own",
     "resources: [a.yaml]\nnamespace: team\nopenapi: {path: schema.json}\n",
     "COMPLETE | Application team/a"},
    {"a schema that is not there", "resources: [a.yaml]\nopenapi: {path: gone.json}\n",
     "FAILS k/kustomization.yaml names the file gone.json, which does not exist"},
    {"a replacement from what is generated",
     "resources: [a.yaml]\nconfigMapGenerator:\n- {name: c, literals: "
     "[\"n='z'\"]}\nreplacements:\n- source: {kind: ConfigMap, name: c, fieldPath: data.n}\n  "
     "targets: [{select: {kind: Application}, fieldPaths: [metadata.name]}]\n",
     "PARTIAL k/kustomization.yaml uses configMapGenerator | Application argocd/z | no more "
     "argoproj | no more external-secrets"},
    {"a chart beside it",
     "resources: [a.yaml]\nhelmGlobals: {chartHome: home}\nhelmCharts: [{name: plain}]\n",
     "PARTIAL k/kustomization.yaml uses a chart: Helm output is not rendered" A
     " | no more argoproj | no more external-secrets"},
    {"a patch that may be meant for a chart's object",
     "resources: [a.yaml]\nhelmGlobals: {chartHome: home}\nhelmCharts: [{name: "
     "plain}]\npatches:\n- "
     "target: {kind: Service}\n  patch: |\n    [{\"op\": \"remove\", \"path\": \"/spec/x\"}]\n",
     "PARTIAL k/kustomization.yaml uses a chart: Helm output is not rendered | no more "
     "external-secrets"},
    {"a patch that cannot be",
     "resources: [a.yaml]\nhelmGlobals: {chartHome: home}\nhelmCharts: [{name: "
     "plain}]\npatches:\n- "
     "target: {kind: Application}\n  patch: |\n    [{\"op\": \"add\", \"path\": \"/spec\", "
     "\"value\": "
     "{}}]\n",
     "PARTIAL k/kustomization.yaml uses a chart: Helm output is not rendered" A
     " | no more argoproj | no more external-secrets"},
    {"a chart that writes Applications",
     "helmGlobals: {chartHome: home}\nhelmCharts: [{name: apps}]\n",
     "PARTIAL k/kustomization.yaml uses a chart in which "
     "k/home/apps/templates/app.yaml:4 writes an object of kind Application | no more "
     "external-secrets"},
    {"a chart of which nothing is there fails", "helmCharts: [{name: x}]\n",
     "FAILS k/kustomization.yaml uses the chart charts/x, which does not exist"},
    {"a chart from elsewhere holds no definition",
     "helmCharts: [{name: x, repo: 'https://example.com'}]\n",
     "PARTIAL k/kustomization.yaml uses the chart x, which is not in Git | no more argoproj"},
    {"unless values bring it along",
     "helmCharts: [{name: x, repo: 'https://example.com', valuesInline: {extra: [{apiVersion: "
     "argoproj.io/v1alpha1, kind: Application}]}}]\n",
     "PARTIAL k/kustomization.yaml uses the chart x, which is not in Git"},
    {"a plugin",
     "resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: example.com/v1\n  kind: Any\n  "
     "metadata: {name: t}\n",
     "PARTIAL k/kustomization.yaml uses the transformer Any"},
    {"an empty list of patches is none", "resources: [a.yaml]\npatches: []\n", "COMPLETE" A},
    {"components", "resources: [a.yaml]\ncomponents: [../c]\n",
     "COMPLETE | Application argocd/c-a"},
    {"a component that is none", "resources: [a.yaml]\ncomponents: [../base]\n",
     "FAILS base/kustomization.yaml is no Component, and k/kustomization.yaml lists it among its "
     "components"},
    {"a remote resource leaves the local ones certain",
     "resources: [a.yaml, 'https://example.com/x?ref=v1']\n",
     "PARTIAL k/kustomization.yaml lists the remote resource https://example.com/x?ref=v1" A},
    {"a Component by itself", "kind: Component\nresources: [a.yaml]\n", "COMPLETE" A},
    {"a file outside the directory", "resources: [../outside.yaml]\n",
     "PARTIAL k/kustomization.yaml lists ../outside.yaml outside its directory, which only "
     "kustomize's option --load-restrictor allows | no more external-secrets"},
    {"a missing file fails", "resources: [a.yaml, gone.yaml]\n",
     "FAILS k/kustomization.yaml lists gone.yaml, which does not exist"},
    {"a path out of the repository fails", "resources: [../../x.yaml]\n",
     "FAILS k/kustomization.yaml lists ../../x.yaml, which leaves the repository or cannot be "
     "followed"},
    {"an absolute path fails", "resources: [/etc/passwd]\n",
     "FAILS k/kustomization.yaml lists /etc/passwd, which leaves the repository or cannot be "
     "followed"},
    {"broken YAML among the resources fails", "resources: [a.yaml, broken.yaml]\n",
     "FAILS k/broken.yaml is malformed YAML (line 4, column 10), and k/kustomization.yaml lists "
     "it"},
    {"a file that is no manifest fails", "resources: [values.yaml]\n",
     "FAILS k/values.yaml holds no object of a kind, and k/kustomization.yaml lists it"},
    {"a directory without kustomization fails", "resources: [../empty]\n",
     "FAILS empty holds no kustomization file"},
    {"two kustomization files in one directory fail", "resources: [../two]\n",
     "FAILS two holds more than one kustomization file"},
    {"a cycle fails", "resources: [../cycle]\n", "FAILS k/kustomization.yaml leads back to itself"},
    {"the same object twice fails", "resources: [a.yaml, a.yaml]\n",
     "FAILS k/kustomization.yaml yields Application a twice"},
    {"a malformed kustomization fails", "resources: [\n",
     "FAILS k/kustomization.yaml is malformed YAML (line 2, column 1)"},
    {"an empty kustomization fails", "# nothing\n", "FAILS k/kustomization.yaml is empty"},
    {"a list is no kustomization", "- a.yaml\n",
     "FAILS k/kustomization.yaml holds no YAML mapping"},
    {"resources must be a list", "resources: a.yaml\n",
     "FAILS k/kustomization.yaml has no list of names in resources"},
    {"a resource must be a name", "resources: [{a: b}]\n",
     "FAILS k/kustomization.yaml has no list of names in resources"},
    {"a prefix must be a name", "namePrefix: [x]\nresources: [a.yaml]\n",
     "FAILS k/kustomization.yaml has a value of another type in namePrefix"},
    {"local-config is left out", "resources: [local.yaml]\n", "COMPLETE"},
    {"a password never shows",
     "resources: ['https://bot:ghp_SECRET@github.com/org/repo//base?ref=main']\n",
     "PARTIAL k/kustomization.yaml lists the remote resource "
     "https://github.com/org/repo//base?ref=main"},
    {"nor does a token without scheme", "resources: ['ghp_SECRET@github.com/org/repo.git']\n",
     "PARTIAL k/kustomization.yaml lists the remote resource github.com/org/repo.git"},
    {"nor one behind git::", "resources: ['git::https://bot:ghp_SECRET@github.com/o/r']\n",
     "PARTIAL k/kustomization.yaml lists the remote resource github.com/o/r"},
    {"nor one in a query", "resources: ['https://example.com/x.yaml?ref=a&private_token=SECRET']\n",
     "PARTIAL k/kustomization.yaml lists the remote resource https://example.com/x.yaml?…"},
    {"nor one in what is taken for a path", "resources: ['bot:se?cret@example.com:x/y']\n",
     "FAILS k/kustomization.yaml lists example.com:x/y, which does not exist"},
    {"an entry forges no line", "resources: [\"x\\n[a] \\e[2J\\u202E\\u0085\"]\n",
     "FAILS k/kustomization.yaml lists x\\u{a}[a] \\u{1b}[2J\\u{202e}\\u{85}, which does not "
     "exist"},
    {"nor do escapes of its own", "resources: ['x\\u{a}']\n",
     "FAILS k/kustomization.yaml lists x\\\\u{a}, which does not exist"},
    {"nor does a kind", "kind: \"A\\nB\"\nresources: []\n",
     "FAILS k/kustomization.yaml is a A\\u{a}B"},
    {"nor does a key", "\"A\\nB\": 1\nresources: []\n",
     "FAILS k/kustomization.yaml has the unknown field A\\u{a}B"},
    {"nor does an object's name", "resources: [forged.yaml]\n",
     "FAILS k/kustomization.yaml yields A\\u{a}B C\\u{a}D twice"},
};

static void kustomization_cases(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct kustomization_case *c = &cases[i];
        const char *actual;

        fixture_renew(f);
        mkfiles(f, "k/a.yaml", APP("a"), "k/notes.txt", APP("notes"), "outside.yaml",
                APP("outside"), "k/broken.yaml", APP("{{ x }}"), "base/kustomization.yaml",
                "resources: [b.yaml]\n", "base/b.yaml", APP("b"), "empty/x.yaml", APP("x"),
                "k/values.yaml", "a: b\n", "two/kustomization.yaml", "resources: []\n",
                "two/Kustomization", "resources: []\n", "cycle/kustomization.yaml",
                "resources: [../k]\n", "k/deep/c.yaml", APP("c"), "named/kustomization.yml",
                "namespace: team\nnamePrefix: i-\nnameSuffix: -i\nresources: [d.yaml]\n",
                "named/d.yaml", APP("d"), "k/local.yaml",
                APP("l") "  annotations: {config.kubernetes.io/local-config: \"true\"}\n",
                "k/forged.yaml",
                "kind: \"A\\nB\"\nmetadata: {name: \"C\\nD\"}\n---\n"
                "kind: \"A\\nB\"\nmetadata: {name: \"C\\nD\"}\n",
                NULL);
        mkfiles(f, "k/delete.yaml", "kind: x\nmetadata: {name: x}\n$patch: delete\n",
                "c/kustomization.yaml",
                "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: c-\n",
                NULL);
        mkfiles(f, "k/second.yaml",
                "{apiVersion: builtin, kind: PrefixTransformer, metadata: {name: s}, prefix: "
                "second-, fieldSpecs: [{path: metadata/name}]}\n",
                "k/references.yaml",
                "nameReference:\n- {kind: ConfigMap, fieldSpecs: [{kind: X, path: spec/a}]}\n",
                "k/namespaces.yaml", "namespace:\n- {kind: Application, path: spec/l}\n",
                "k/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n",
                "secrets/kustomization.yaml", "kind: Component\nresources: [s.yaml]\n",
                "secrets/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\n",
                "var/kustomization.yaml",
                "resources: [v.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: Service, "
                "name: v}}]\n",
                "var/v.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: v}\n",
                "k/replicas.yaml", "replicas:\n- {kind: Application, path: spec/replicas}\n",
                "k/list.yaml", "[]\n", "k/number.yaml", "images:\n- {path: 1}\n", "k/names.yaml",
                "namePrefix:\n- {kind: Application, path: metadata/name}\n", "k/schema.json",
                "{}\n", "k/home/plain/Chart.yaml",
                "{apiVersion: v2, name: plain, version: 1.0.0}\n", "k/home/plain/templates/s.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\n",
                "k/home/apps/Chart.yaml", "{apiVersion: v2, name: apps, version: 1.0.0}\n",
                "k/home/apps/templates/app.yaml",
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n"
                "  name: {{ .Release.Name }}\n",
                NULL);
        mkfile(f, "k/bare.yaml", "kind: Namespace\nmetadata: {name: bare}\n");
        mkfiles(f, "k/path.yaml",
                APP("p") "---\nkind: Service\nmetadata: {name: v}\nspec: {path: x, size: 7, open: "
                         "true, odd: {y: z}}\n",
                "parts/kustomization.yaml",
                "resources: [x.yaml, w.yaml]\nreplacements:\n- {sourceValue: z, targets: [{select: "
                "{kind: Application}, options: {delimiter: '-'}}]}\n",
                "parts/x.yaml", APP("x"), "parts/w.yaml", APP("w"), NULL);
        mkfiles(f, "k/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
                "k/odd.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: [1]\n", NULL);
        mkfile(f, "k/kustomization.yaml", c->text);
        fixture_load(f);
        actual = rendered_path(f, "k");
        if (strcmp(actual, c->expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", c->says, c->expected, actual);
    }
}

static void names_do_not_grow_without_end(void **state)
{
    struct fixture *f = *state;
    char text[400];

    (void)snprintf(text, sizeof text, "namePrefix: %0250d\nresources: [a.yaml]\n", 0);
    mkfiles(f, "k/kustomization.yaml", text, "k/a.yaml", APP("long"), NULL);
    fixture_load(f);
    /* a plain number is no name at all in YAML; with a letter in front it is one */
    assert_string_equal(rendered_path(f, "k"),
                        "FAILS k/kustomization.yaml has a value of another type in namePrefix");
    (void)snprintf(text, sizeof text, "namePrefix: p%0249d\nresources: [a.yaml]\n", 0);
    mkfile(f, "k/kustomization.yaml", text);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "k"),
                        "PARTIAL k/kustomization.yaml makes names longer than 253 bytes");
}

static void some_kinds_keep_their_names(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "k/kustomization.yaml", "namePrefix: p-\nresources: [a.yaml]\n", "k/a.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n---\n" CONFIG_MAP("c"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "k"),
                        "COMPLETE | Namespace default/team | ConfigMap default/p-c");
}

static void the_applications_own_options_are_applied(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *prefix = json_pack("{s:s}", "namePrefix", "p-");
    AUTO(json_unrefp) json_t *images = json_pack("{s:[s]}", "images", "x:1");
    AUTO(json_unrefp) json_t *labels = json_pack("{s:{s:s}}", "commonLabels", "x", "z");
    struct source s = {.path = STR("k"), .kustomize = prefix};

    mkfiles(f, "k/kustomization.yaml", "resources: [a.yaml]\n", "k/a.yaml", APP("a"), NULL);
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/p-a");
    s.kustomize = images;
    assert_string_equal(rendered(f, &s), "COMPLETE" A);
    s.kustomize = labels;
    assert_string_equal(rendered(f, &s), "COMPLETE" A);
}

/* merge and replace change the object that another resource brings, create fails: what it holds is
 * not known then. */
static void a_generated_object_is_not_certain(void **state)
{
    static const struct {
        const char *says;
        const char *text;
        const char *expected;
    } generators[] = {
        {"another name", "resources: [cm.yaml]\nconfigMapGenerator:\n- {name: other}\n",
         "PARTIAL k/kustomization.yaml uses configMapGenerator | ConfigMap argocd/argocd-cm | "
         "Secret "
         "argocd/argocd-cm"},
        {"merged",
         "resources: [cm.yaml]\nconfigMapGenerator:\n- {name: argocd-cm, namespace: argocd, "
         "behavior: merge}\n",
         "PARTIAL k/kustomization.yaml uses configMapGenerator | Secret argocd/argocd-cm"},
        {"merged in another namespace",
         "resources: [cm.yaml]\nconfigMapGenerator:\n- {name: argocd-cm, behavior: merge}\n",
         "FAILS k/kustomization.yaml has configMapGenerator for argocd-cm, which is not among the "
         "resources"},
        {"created again",
         "resources: [cm.yaml]\nconfigMapGenerator:\n- {name: argocd-cm, namespace: argocd}\n",
         "FAILS k/kustomization.yaml generates ConfigMap argocd-cm, which the resources hold"},
        {"named as before a prefix",
         "resources: [../p]\nconfigMapGenerator:\n- {name: argocd-cm, namespace: argocd, behavior: "
         "merge}\n",
         "PARTIAL k/kustomization.yaml uses configMapGenerator | ConfigMap argocd/p-argocd-cm | "
         "Secret argocd/p-argocd-cm"},
        {"named as between two prefixes",
         "resources: [../q]\nconfigMapGenerator:\n- {name: p-argocd-cm, namespace: argocd, "
         "behavior: "
         "merge}\n",
         "PARTIAL k/kustomization.yaml uses configMapGenerator | ConfigMap argocd/q-p-argocd-cm | "
         "Secret argocd/q-p-argocd-cm"},
    };
    struct fixture *f = *state;

    mkfiles(f, "k/cm.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\n---\n"
            "apiVersion: v1\nkind: Secret\nmetadata: {name: argocd-cm, namespace: argocd}\n",
            "p/kustomization.yaml", "namePrefix: p-\nresources: [cm.yaml]\n", "p/cm.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\n---\n"
            "apiVersion: v1\nkind: Secret\nmetadata: {name: argocd-cm, namespace: argocd}\n",
            "q/kustomization.yaml", "namePrefix: q-\nresources: [../p]\n", NULL);
    for (size_t i = 0; i < ARRAY_LEN(generators); i++) {
        AUTO(freep)
        char *expected = xasprintf("%s%s", generators[i].expected,
                                   strncmp(generators[i].expected, "FAILS", 5) == 0
                                       ? ""
                                       : " | no more argoproj | no more external-secrets");
        const char *actual;

        mkfile(f, "k/kustomization.yaml", generators[i].text);
        fixture_load(f);
        actual = rendered_path(f, "k");
        if (strcmp(actual, expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", generators[i].says, expected, actual);
    }
}

/* A patch of what is not kept of a generated object: the hash still comes behind the suffix. */
static void a_generated_name_ends_in_a_hash(void **state)
{
    struct fixture *f = *state;
    struct source source = {.path = STR("k")};
    struct render_request q = {
        .source = &source, .app_name = STR("root"), .destination_namespace = STR("default")};
    AUTO(rendering_freep) struct rendering *r = NULL;

    mkfile(f, "k/kustomization.yaml",
           "nameSuffix: -s\nsecretGenerator:\n- {name: made, literals: [a=b]}\npatches:\n- "
           "target: {}\n  patch: |\n    {kind: Secret, metadata: {name: x}, data: {b: c}}\n");
    fixture_load(f);
    r = repository_render(f->repository, &q);
    assert_int_equal(r->state, RENDER_PARTIAL);
    assert_int_equal(r->n_open_ends, 1);
    assert_true(str_is(r->open_ends[0].kind, "Secret"));
    assert_true(str_is(r->open_ends[0].prefix, "made"));
    assert_true(str_is(r->open_ends[0].suffix, ""));
    assert_false(r->open_ends[0].is_whole_name);
}

static void an_options_name_forges_no_line(void **state)
{
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *option = json_pack("{s:s}", "A\nB", "x");
    struct source s = {.path = STR("k"), .kustomize = option};

    mkfile(f, "k/kustomization.yaml", "resources: []\n");
    fixture_load(f);
    assert_string_equal(rendered(f, &s),
                        "PARTIAL the source's kustomize option A\\u{a}B is not known");
}

static void an_unreadable_kustomization_is_not_known(void **state)
{
    struct fixture *f = *state;
    size_t n = REPOSITORY_MAX_FILE_BYTES + 1;
    AUTO(freep) char *text = xmalloc(n);

    memset(text, '#', n);
    mkbytes(f, "k/kustomization.yaml", text, n);
    fixture_load(f);
    assert_string_equal(
        rendered_path(f, "k"),
        "PARTIAL k/kustomization.yaml is larger than what is read of one file (10 MiB)");
}

/* Each level lists the next one twice: 2^30 visits if nobody counts. */
static void a_tower_of_diamonds_ends(void **state)
{
    struct fixture *f = *state;
    char path[64];
    char text[64];

    for (int i = 0; i < 30; i++) {
        (void)snprintf(path, sizeof path, "k%d/kustomization.yaml", i);
        (void)snprintf(text, sizeof text, "resources: [../k%d, ../k%d]\n", i + 1, i + 1);
        mkfile(f, path, text);
    }
    mkfile(f, "k30/kustomization.yaml", "resources: []\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "k0"), "PARTIAL its kustomizations take too many steps");
}

static void a_long_chain_ends(void **state)
{
    struct fixture *f = *state;
    char path[64];
    char text[64];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(path, sizeof path, "k%d/kustomization.yaml", i);
        (void)snprintf(text, sizeof text, "resources: [../k%d]\n", i + 1);
        mkfile(f, path, text);
    }
    fixture_load(f);
    assert_string_equal(rendered_path(f, "k0"),
                        "PARTIAL k32/kustomization.yaml lies deeper than 32 kustomizations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kustomization_cases, fixture_setup, fixture_teardown),
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(names_do_not_grow_without_end),
        CASE(some_kinds_keep_their_names),
        CASE(the_applications_own_options_are_applied),
        CASE(a_generated_object_is_not_certain),
        CASE(a_generated_name_ends_in_a_hash),
        CASE(an_options_name_forges_no_line),
        CASE(an_unreadable_kustomization_is_not_known),
        CASE(a_tower_of_diamonds_ends),
        CASE(a_long_chain_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
