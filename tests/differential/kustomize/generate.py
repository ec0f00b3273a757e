"""Random trees of kustomizations, nasty on purpose, and what kustomize makes of each.

Every tree is made of one seed, so that a finding can be made again. Texts are written as JSON,
which is YAML, or as the YAML that a person writes, with the oddities of one.
"""

import json
import random

import yaml

REMOTE = "https://git.example.com/org/repo//remote%d?ref=v1"
HOOK = "argocd.argoproj.io/hook"
LOCAL = "config.kubernetes.io/local-config"
NAMES = ["a", "b", "app", "apps", "web", "root", "argocd-cm", "x1"]
NAMESPACES = ["argocd", "team", "default", None, None, None]
KINDS = [
    ("argoproj.io/v1alpha1", "Application"),
    ("argoproj.io/v1alpha1", "Application"),
    ("argoproj.io/v1alpha1", "Application"),
    ("argoproj.io/v1alpha1", "AppProject"),
    ("external-secrets.io/v1", "ExternalSecret"),
    ("v1", "ConfigMap"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Namespace"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("example.com/v1", "Widget"),
]
NAMES_OF_FILES = ["kustomization.yaml"] * 8 + ["kustomization.yml", "Kustomization"]
KUSTOMIZATION = "kustomize.config.k8s.io/v1beta1"
COMPONENT = "kustomize.config.k8s.io/v1alpha1"


class Tree:
    """Files by path, and what the generator knows of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.files = {}
        self.links = {}
        self.remotes = []
        self.objects = []
        self.known = []  # of these, what the kustomization being written can see
        self.visible = {}  # that by folder
        self.kustomizations = {}
        self.options = {}
        self.nasty = self.random.random() < 0.35
        self.granted = False  # kustomize would need what is not there: a plugin, a chart from elsewhere

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def nasty_one_in(self, n):
        return self.nasty and self.one_in(n)

    def pick(self, items):
        return self.random.choice(items)


def spec_of(tree, kind):
    if kind == "Application":
        return {
            "project": "default",
            "source": {"repoURL": "https://git.example.com/r.git", "path": "x", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "n"},
        }
    if kind == "Deployment":
        return {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {
                "metadata": {"labels": {"app": "x"}},
                "spec": {"containers": [{"name": "main", "image": "i:1", "args": ["a"]}]},
            },
        }
    if kind == "Service":
        return {"ports": [{"port": 80}]}
    if kind == "ClusterRole":
        return None
    return {"field": "value", "list": [1, 2], "deep": {"er": {"x": "y"}}}


def new_object(tree):
    version, kind = tree.pick(KINDS)
    metadata = {"name": tree.pick(NAMES) if tree.one_in(9) else "n%d" % len(tree.objects)}
    namespace = tree.pick(NAMESPACES)
    if namespace:
        metadata["namespace"] = namespace
    if tree.one_in(3):
        metadata["labels"] = {"tier": tree.pick(["front", "back"])}
    if tree.one_in(4):
        metadata["annotations"] = {tree.pick([HOOK, "note", "team/owner"]): tree.pick(["Skip", "Sync", "x"])}
    if tree.one_in(14):
        metadata.setdefault("annotations", {})[LOCAL] = tree.pick(["true", "false", ""])
    found = {"apiVersion": version, "kind": kind, "metadata": metadata}
    spec = spec_of(tree, kind)
    if kind in ("ConfigMap", "Secret"):
        found["data"] = {"key": "dmFsdWU=", "name": "renamed"}
    elif spec is not None:
        found["spec"] = spec
    if tree.nasty_one_in(25):
        damage(tree, found)
    tree.objects.append(found)
    return found


def damage(tree, found):
    metadata = found["metadata"]
    kind = tree.random.randrange(12)
    if kind == 0:
        del found["kind"]
    elif kind == 1:
        del metadata["name"]
    elif kind == 2:
        metadata["name"] = tree.pick([123, True, None, "", "2001-01-01", "a,b"])
    elif kind == 3:
        metadata["namespace"] = tree.pick([7, "", None])
    elif kind == 4:
        del found["apiVersion"]
    elif kind == 5:
        found["metadata"] = tree.pick([None, "x", []])
    elif kind == 6:
        found["items"] = [{"kind": "X"}]
    elif kind == 7:
        found["kind"] = "FooList"
        found["items"] = tree.pick([None, [], [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "i"}}], "x"])
    elif kind == 8:
        metadata["labels"] = tree.pick([None, {"a": 1}, {"a": None}])
    elif kind == 9:
        metadata["annotations"] = tree.pick([None, {HOOK: None}, {"a": 1}, {HOOK: True}])
    elif kind == 10:
        found["apiVersion"] = tree.pick(["", "v1", "argoproj.io/v1", 1])
    else:
        found["kind"] = tree.pick(["", "application", 5])


def yaml_of(tree, value):
    """JSON is YAML; now and then with what an editor or another system leaves."""
    if tree.one_in(4):
        return json.dumps(value, indent=tree.pick([None, 1])) + "\n"
    return yaml.safe_dump(value, default_flow_style=False, sort_keys=tree.one_in(2))


def documents(tree, found):
    texts = [yaml_of(tree, one) for one in found]
    if len(texts) > 1 and texts[0].startswith("{") and not tree.one_in(6):
        texts[0] = "# first\n" + texts[0]  # or Argo CD takes it for JSON values in a row
    if tree.one_in(10):
        texts = [yaml_of(tree, {"apiVersion": "v1", "kind": "List", "items": found})]
    separator = tree.pick(["---\n", "---\n", "--- # next\n", "---   \n"])
    text = separator.join(texts)
    if tree.one_in(8):
        text = "---\n" + text
    if tree.one_in(8):
        text = "# comment\n" + text
    if tree.nasty_one_in(12):
        text = text.replace("\n", "\r\n")
    if tree.nasty_one_in(12):
        text = "\ufeff" + text
    if tree.nasty_one_in(40):
        text += tree.pick(["---\n{}\n", "---\n", "---\n# end\n", "---\nnull\n", "...\n", "---\n[]\n", "---", "--- x\n"])
    if tree.nasty_one_in(60):
        text = tree.pick(["", "# nothing\n", "{}\n", "[\n", "hello\n", "a: b\n", "[]\n", "kind: X\n", "- a\n",
                          "kind: X\nmetadata: {name: q}\nmetadata: {name: r}\n",
                          "x: &m {name: q}\nkind: X\nmetadata: {<<: *m}\n",
                          "kind: X\nmetadata:\n\tname: q\n", "{kind: X, metadata: {name: yes}}\n"])
    return text


def write_objects(tree, folder):
    n = tree.pick([1, 1, 1, 2, 3])
    name = tree.pick(["app", "cm", "all", "res"]) + str(len(tree.files)) + tree.pick([".yaml", ".yaml", ".yml", ".json", ".txt", ""])
    count = 1 if name.endswith(".json") else n
    tree.files[folder + "/" + name] = documents(tree, [new_object(tree) for _ in range(count)])
    return name


def a_known(tree):
    """An object that may well be there, or a made up one."""
    if tree.known and not tree.one_in(30):
        return tree.pick(tree.known)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ghost"}}


def text_at(found, *keys):
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def target_of(tree):
    known = a_known(tree)
    target = {}
    if tree.one_in(2):
        target["kind"] = tree.pick([text_at(known, "kind"), "Application", "App.*", "(Application|Deployment)", "ConfigMap"])
    if tree.one_in(2):
        target["name"] = tree.pick([text_at(known, "metadata", "name"), ".*", "a.*", "a|b", "[a-b]", "app", "p-a", "^app$"])
    if tree.one_in(5):
        target["namespace"] = tree.pick(["argocd", "default", "team", ""])
    if tree.one_in(6):
        target["group"] = tree.pick(["argoproj.io", "apps", ""])
    if tree.one_in(8):
        target["version"] = tree.pick(["v1", "v1alpha1", "v1.*"])
    if tree.one_in(6):
        target["labelSelector"] = tree.pick(["tier=front", "tier", "!tier", "tier!=back", "tier in (front)", "tier==front,x!=y"])
    if tree.one_in(8):
        target["annotationSelector"] = tree.pick(["note=x", "note", HOOK + "=Skip"])
    if tree.nasty_one_in(20):
        target[tree.pick(["name", "kind"])] = tree.pick(["[", "a**", "\\d+", "(?i)APP", "a{1,2}", "+", "a b"])
    return target


OPERATIONS = [
    lambda t: {"op": "replace", "path": "/metadata/name", "value": t.pick(NAMES)},
    lambda t: {"op": "replace", "path": "/metadata/namespace", "value": "moved"},
    lambda t: {"op": "add", "path": "/metadata/namespace", "value": t.pick(["moved", "argocd"])},
    lambda t: {"op": "remove", "path": "/metadata/namespace"},
    lambda t: {"op": "add", "path": "/metadata/annotations/argocd.argoproj.io~1hook", "value": "Skip"},
    lambda t: {"op": "add", "path": "/metadata/annotations", "value": {HOOK: "Skip"}},
    lambda t: {"op": "add", "path": "/metadata/labels/x", "value": "y"},
    lambda t: {"op": "remove", "path": "/metadata/labels"},
    lambda t: {"op": "replace", "path": "/spec/source/targetRevision", "value": "v2"},
    lambda t: {"op": "add", "path": "/spec/source/path", "value": "y"},
    lambda t: {"op": "replace", "path": "/spec/replicas", "value": 3},
    lambda t: {"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "b"},
    lambda t: {"op": "replace", "path": "/spec/template/spec/containers/%d/image" % t.pick([0, 1]), "value": "j"},
    lambda t: {"op": "remove", "path": "/spec/template/spec/containers/0"},
    lambda t: {"op": "test", "path": "/spec/replicas", "value": 1},
    lambda t: {"op": "test", "path": "/metadata/name", "value": t.pick(NAMES)},
    lambda t: {"op": "replace", "path": "/kind", "value": "Gadget"},
    lambda t: {"op": "replace", "path": "/apiVersion", "value": "example.org/v2"},
    lambda t: {"op": "copy", "from": "/metadata/name", "path": "/metadata/labels/copied"},
    lambda t: {"op": "copy", "from": "/metadata/name", "path": "/metadata/namespace"},
    lambda t: {"op": "move", "from": "/spec/field", "path": "/spec/moved"},
    lambda t: {"op": "add", "path": "/data/more", "value": "x"},
    lambda t: {"op": "remove", "path": "/data/key"},
    lambda t: {"op": "remove", "path": "/spec/list/1"},
    lambda t: {"op": "add", "path": "/spec/list/%d" % t.pick([0, 2, 3]), "value": 9},
]
SAFE_OPERATIONS = OPERATIONS[:3] + [OPERATIONS[5], OPERATIONS[16], OPERATIONS[17], OPERATIONS[19]] + [
    lambda t: {"op": "replace", "path": "/metadata/name", "value": "m%d" % t.random.randrange(1000)},
    lambda t: {"op": "add", "path": "/metadata/labels", "value": {"tier": "front"}},
]
ODD_OPERATIONS = [
    lambda t: {"op": "add", "value": 1},
    lambda t: {"op": "add", "path": "", "value": {}},
    lambda t: {"op": "frob", "path": "/x"},
    lambda t: {"op": "add", "path": "x", "value": 1},
    lambda t: {"op": "remove", "path": "/metadata/name"},
    lambda t: {"op": "remove", "path": "/metadata"},
    lambda t: {"op": "replace", "path": "/metadata/name", "value": 5},
    lambda t: {"op": "replace", "path": "/metadata/name"},
    lambda t: {"op": "add", "path": "/spec/list/-1", "value": 1},
    lambda t: {"op": "remove", "path": "/kind"},
]


def operations(tree):
    found = [tree.pick(OPERATIONS if tree.one_in(4) else SAFE_OPERATIONS)(tree) for _ in range(tree.pick([1, 1, 2]))]
    if tree.nasty_one_in(12):
        found.append(tree.pick(ODD_OPERATIONS)(tree))
    return found


def strategic(tree, known):
    patch = {
        "apiVersion": text_at(known, "apiVersion") or "v1",
        "kind": text_at(known, "kind") or "X",
        "metadata": {"name": text_at(known, "metadata", "name") or "x"},
    }
    if text_at(known, "metadata", "namespace") and not tree.one_in(6):
        patch["metadata"]["namespace"] = known["metadata"]["namespace"]
    what = tree.random.randrange(13)
    if what == 0:
        patch["$patch"] = "delete"
    elif what == 1:
        patch["$patch"] = tree.pick(["replace", "merge", "frob"])
    elif what == 2:
        patch["metadata"]["annotations"] = {HOOK: tree.pick(["Skip", None, "Sync"])}
    elif what == 3:
        patch["metadata"]["labels"] = {"tier": tree.pick(["front", None])}
    elif what == 4:
        patch["spec"] = {"replicas": 2}
    elif what == 5:
        patch["spec"] = {"source": {"targetRevision": "v3"}}
    elif what == 6:
        patch["spec"] = {"template": {"spec": {"containers": [{"name": "main", "image": "k"}]}}}
    elif what == 7:
        patch["spec"] = tree.pick([{"source": None}, None, {"list": ["z"]}, {"deep": {"$patch": "replace", "q": 1}}])
    elif what == 8:
        patch["data"] = tree.pick([{"key": None}, {"other": "x"}])
    elif what == 9 and tree.nasty:
        patch["spec"] = tree.pick(["text", {"template": "x"}, [1], {"deep": {"er": "x"}}, {"list": {"a": 1}}])
    elif what == 10 and tree.nasty:
        patch["metadata"]["annotations"] = tree.pick([None, {"$patch": "replace", "a": "b"}])
    elif what == 11:
        patch["metadata"]["annotations"] = {LOCAL: "true"}
    return patch


def add_file(tree, folder, stem, text):
    name = "%s%d%s" % (stem, len(tree.files), tree.pick([".yaml", ".yaml", ".json", ""]))
    tree.files[folder + "/" + name] = text
    return name


def put(tree, folder, entry, value, stem="patch"):
    text = yaml_of(tree, value)
    if tree.nasty_one_in(25):
        text = tree.pick(["", "# nothing\n", "[\n", "null\n", text + "---\n" + text, "hello\n", "[{op: add}]\n", "{}\n"])
    if tree.one_in(2):
        entry["patch"] = text
    else:
        entry["path"] = add_file(tree, folder, stem, text)
    if tree.nasty_one_in(25):
        entry["path"] = tree.pick(["missing.yaml", "../outside.yaml", ""])


def patch_entry(tree, folder):
    entry = {}
    if tree.one_in(2):
        put(tree, folder, entry, operations(tree))
        if not tree.nasty_one_in(15):
            entry["target"] = target_of(tree)
    else:
        known = a_known(tree)
        put(tree, folder, entry, strategic(tree, known))
        if tree.one_in(2):
            entry["target"] = target_of(tree)
            if tree.one_in(2):
                entry["target"] = {"kind": text_at(known, "kind"), "name": text_at(known, "metadata", "name")}
        if tree.one_in(4):
            entry["options"] = {tree.pick(["allowNameChange", "allowKindChange"]): tree.pick([True, True, False])}
    return entry


def generator(tree, folder):
    entry = {"name": tree.pick(NAMES + ["made", "gen%d" % len(tree.files)]), "literals": ["a=b"]}
    if tree.one_in(4):
        entry["literals"] = [tree.pick(["name=renamed", "a='quoted'", 'a="q', "a=", "a=b=c", "a=two words"])]
    if tree.one_in(3):
        entry["behavior"] = tree.pick(["merge", "replace", "create", "create", "frob"])
    if entry.get("behavior") in ("merge", "replace"):
        known = [o for o in tree.known if text_at(o, "kind") in ("ConfigMap", "Secret")]
        if known and not tree.one_in(6):
            entry["name"] = text_at(tree.pick(known), "metadata", "name") or "x"
    if tree.one_in(4):
        entry["namespace"] = tree.pick(["argocd", "team", "default"])
    if tree.one_in(3):
        entry["options"] = {"disableNameSuffixHash": tree.pick([True, False])}
    if tree.one_in(8):
        entry.setdefault("options", {})["annotations"] = {HOOK: "Skip"}
    if tree.one_in(4):
        entry["files"] = [add_file(tree, folder, "data", "text\n")]
    if tree.one_in(6):
        entry["files"] = entry.get("files", []) + ["k=" + add_file(tree, folder, "data", "text\n")]
    if tree.one_in(5):
        entry["envs"] = [add_file(tree, folder, "env", tree.pick(["A=b\n# c\n\nC=d\n", "X=1\n", "a=1\n" if tree.nasty else "y=1\n"]))]
    if tree.nasty_one_in(15):
        entry[tree.pick(["literals", "files", "envs"])] = tree.pick([["nothing"], ["=x"], ["x="], ["a=b", "a=c"], "x", [1]])
    return entry


def replacement(tree, folder):
    source = a_known(tree)
    selector = {"kind": text_at(source, "kind"), "name": text_at(source, "metadata", "name")}
    if text_at(source, "kind") in ("ConfigMap", "Secret") and tree.one_in(2):
        selector["fieldPath"] = tree.pick(["data.name", "data.key", "data.none"])
    elif tree.one_in(3):
        selector["fieldPath"] = tree.pick(["metadata.name", "metadata.namespace", "spec.field", "kind", "spec.source.path"])
    if tree.one_in(8):
        selector["options"] = {"delimiter": tree.pick(["-", "."]), "index": tree.pick([0, 1])}
    known = a_known(tree)
    target = {"select": {"kind": text_at(known, "kind")}}
    if tree.one_in(2):
        target["select"]["name"] = text_at(known, "metadata", "name")
    if tree.one_in(6):
        target["reject"] = [{"name": tree.pick(NAMES)}]
    if not tree.one_in(6):
        target["fieldPaths"] = [tree.pick(["metadata.name", "metadata.namespace", "spec.field", "spec.source.targetRevision",
                                           "metadata.annotations.[argocd.argoproj.io/hook]", "metadata.labels.tier",
                                           "spec.template.spec.containers.[name=main].image", "spec.new.field", "kind",
                                           "spec.list.0", "data.key", "spec.template.spec.containers.*.image"])]
    if tree.one_in(3):
        target["options"] = {"create": True}
    if tree.one_in(10):
        target.setdefault("options", {})["delimiter"] = "-"
    found = {"source": selector, "targets": [target]}
    if tree.one_in(8):
        found = {"sourceValue": "given", "targets": [target]}
    if tree.nasty_one_in(15):
        found.pop(tree.pick(list(found)))
    if tree.one_in(4):
        return {"path": add_file(tree, folder, "replacement", yaml_of(tree, tree.pick([found, [found]])))}
    return found


SPECS = {
    "metadata/name": [{"path": "metadata/name"}],
    "metadata/labels": [{"path": "metadata/labels", "create": True}],
    "metadata/annotations": [{"path": "metadata/annotations", "create": True}],
    "metadata/namespace": [{"path": "metadata/namespace", "create": True}],
}


def field_specs(tree, path):
    """The usual ones, or for some kinds only, or beside others."""
    specs = json.loads(json.dumps(SPECS[path]))
    if tree.one_in(4):
        specs[0]["kind"] = tree.pick(["Application", "ConfigMap", "Deployment", "Widget"])
    if tree.one_in(8):
        specs[0]["group"] = tree.pick(["argoproj.io", "apps", ""])
    if tree.one_in(8):
        specs[0]["create"] = tree.pick([True, False])
    if tree.one_in(5):
        specs.append({"path": tree.pick(["spec/field", "spec/deep/er", "spec/list", "spec/template/metadata/labels", "spec/new/one",
                                         "spec/template/spec/containers[]/image", "data/key", "spec/replicas"]),
                      "create": tree.pick([True, False])})
        if tree.one_in(2):
            specs[-1]["kind"] = tree.pick(["Application", "Widget", "Deployment"])
    if tree.nasty_one_in(10):
        return tree.pick([[], None, [{"path": ""}], [{"path": "metadata/labels/x"}], [{"path": "kind"}], [{"path": "metadata"}], "x"])
    return specs


def transformer(tree, folder):
    kind = tree.random.randrange(15)
    name = {"name": "t%d" % tree.random.randrange(1000)}
    builtin = {"apiVersion": "builtin", "metadata": name}
    if kind == 0:
        found = {"apiVersion": "builtin", "kind": "NamespaceTransformer", "metadata": dict(name, namespace="by-plugin"),
                 **({"unsetOnly": True} if tree.one_in(2) else {})}
        if tree.one_in(2):
            found["fieldSpecs"] = field_specs(tree, "metadata/namespace")
            if tree.one_in(2) and found["fieldSpecs"]:
                found["fieldSpecs"] = [{"path": "metadata/name", "kind": "Namespace", "create": True}]
        if tree.one_in(4):
            found["setRoleBindingSubjects"] = tree.pick(["none", "defaultOnly", "allServiceAccounts", "some"])
        return found
    if kind == 1:
        return dict(builtin, kind="PrefixTransformer", prefix="t-", fieldSpecs=field_specs(tree, "metadata/name"))
    if kind == 2:
        return dict(builtin, kind="SuffixTransformer", suffix="-t", fieldSpecs=field_specs(tree, "metadata/name"))
    if kind == 3:
        return dict(builtin, kind="PrefixSuffixTransformer", prefix=tree.pick(["t-", ""]), suffix="-t",
                    fieldSpecs=field_specs(tree, "metadata/name"))
    if kind == 4:
        return dict(builtin, kind="AnnotationsTransformer", annotations={tree.pick([HOOK, "q"]): "Skip"},
                    fieldSpecs=field_specs(tree, "metadata/annotations"))
    if kind == 5:
        return dict(builtin, kind="LabelTransformer", labels={"tier": "back"}, fieldSpecs=field_specs(tree, "metadata/labels"))
    if kind in (6, 7):
        return dict(builtin, kind="PatchTransformer", **patch_entry(tree, folder))
    if kind == 8:
        entry = {"target": dict(target_of(tree), name=tree.pick(NAMES + [".*", "n1"]))}
        if tree.one_in(2):
            entry["jsonOp"] = yaml_of(tree, operations(tree))
        else:
            entry["path"] = add_file(tree, folder, "patch", yaml_of(tree, operations(tree)))
        return dict(builtin, kind="PatchJson6902Transformer", **entry)
    if kind == 9:
        patch = yaml_of(tree, strategic(tree, a_known(tree)))
        entry = {"patches": patch} if tree.one_in(2) else {"paths": [patch if tree.one_in(3) else add_file(tree, folder, "patch", patch)]}
        return dict(builtin, kind="PatchStrategicMergeTransformer", **entry)
    if kind == 10:
        return dict(builtin, kind="ReplacementTransformer", replacements=[replacement(tree, folder)])
    if kind == 11:
        return dict(builtin, kind="ImageTagTransformer", imageTag={"name": "i", "newTag": "3"},
                    fieldSpecs=[{"path": tree.pick(["spec/template/spec/containers[]/image", "spec/image", "spec/field"]), "create": True}])
    if kind == 12:
        return dict(builtin, kind="ReplicaCountTransformer", replica={"name": text_at(a_known(tree), "metadata", "name"), "count": 2},
                    fieldSpecs=[{"path": "spec/replicas", "create": True, "kind": "Deployment"}])
    if kind == 13 and tree.one_in(3):
        return dict(builtin, kind=tree.pick(["ConfigMapGenerator", "HashTransformer", "ValueAddTransformer", "Nothing"]))
    if kind == 14 and tree.one_in(3):
        return {"apiVersion": "example.com/v1", "kind": "Custom", "metadata": name}
    return dict(builtin, kind="LabelTransformer", labels={"more": "x"}, fieldSpecs=SPECS["metadata/labels"])


def plugin_generator(tree, folder):
    name = {"name": "g%d" % tree.random.randrange(1000)}
    kind = tree.random.randrange(8)
    if kind == 7:
        tree.granted = True
        return {"apiVersion": "example.com/v1", "kind": "Custom", "metadata": name}
    if kind == 6:
        return {"apiVersion": "builtin", "kind": tree.pick(["LabelTransformer", "Nothing", "ConfigMapGenerator"]), "metadata": name}
    entry = dict(generator(tree, folder), apiVersion="builtin", kind=tree.pick(["ConfigMapGenerator", "SecretGenerator"]), metadata=name)
    if tree.one_in(3):
        del entry["name"]
    if tree.one_in(4):
        name["namespace"] = "team"
    return entry


def configuration(tree):
    """Mostly what people write: references of resources of their own."""
    found = {}
    spec = {"kind": tree.pick(["Widget", "Application", "Deployment", "ConfigMap"]),
            "path": tree.pick(["spec/field", "spec/deep/er", "spec/list", "spec/source/repoURL", "spec/none/here", "data/name",
                               "spec/template/metadata/annotations/a.b\\/c", "spec/template/spec/containers[]/name"])}
    what = tree.random.randrange(10)
    if what < 4:
        found["nameReference"] = [{"kind": tree.pick(["ConfigMap", "Secret"]), "version": "v1", "fieldSpecs": [spec]}]
    elif what < 6:
        found["varReference"] = [spec]
    elif what == 6:
        found["images"] = [spec]
    elif what == 7:
        found["namespace"] = [dict(spec, create=tree.pick([True, False]))]
    elif what == 8:
        found[tree.pick(["commonLabels", "commonAnnotations", "labels", "templateLabels"])] = [dict(spec, create=tree.pick([True, False]))]
    else:
        found["replicas"] = [{"kind": "Widget", "path": "spec/field", "create": True}]
    if tree.one_in(8):
        found[tree.pick(["namePrefix", "nameSuffix", "namespace", "commonLabels", "commonAnnotations", "images", "replicas"])] = [
            tree.pick([{"path": "metadata/name"}, {"path": "metadata/name", "kind": "Application"}, {"path": "metadata/namespace", "create": True},
                       {"path": "metadata/labels", "create": True}, {"path": "metadata/annotations", "create": True}, {"path": "spec/replicas"},
                       {"path": "spec/replicas", "kind": "Deployment"}, {"path": "spec/containers[]/image"}, {"path": "spec/field", "kind": "Widget"}])]
    if tree.nasty_one_in(8):
        found = tree.pick([{"frob": []}, {"namePrefix": "x"}, [], {"images": [{"path": 1}]}, {"nameReference": [{"name": "x"}]}, {}])
    return found


def var(tree):
    known = a_known(tree)
    objref = {"apiVersion": text_at(known, "apiVersion"), "kind": text_at(known, "kind"), "name": text_at(known, "metadata", "name")}
    if tree.one_in(5):
        objref["namespace"] = tree.pick(["argocd", "team"])
    found = {"name": "V%d" % tree.random.randrange(1000), "objref": objref}
    if tree.one_in(2):
        found["fieldref"] = {tree.pick(["fieldPath", "fieldpath"]): tree.pick(["metadata.name", "metadata.namespace", "data.key", "data.name", "spec.field",
                                                                               "spec.deep", "spec.list[0]"])}
    return found


def chart(tree, folder):
    """A chart that lies beside the kustomization, or one from elsewhere."""
    name = "chart%d" % len(tree.files)
    found = {"name": name, "releaseName": "release"}
    if tree.one_in(5):
        tree.granted = True
        return dict(found, repo="https://charts.example.com", version="1.0.0")
    home = "charts"
    tree.files["%s/%s/%s/Chart.yaml" % (folder, home, name)] = "apiVersion: v2\nname: %s\nversion: 1.0.0\n" % name
    tree.files["%s/%s/%s/values.yaml" % (folder, home, name)] = "app: a\n"
    tree.files["%s/%s/%s/templates/all.yaml" % (folder, home, name)] = tree.pick([
        yaml.safe_dump(new_object(tree)),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-cm}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {{ .Values.app }}-made\n  namespace: argocd\n",
        "{{ if .Values.on }}\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n{{ end }}\n",
        "{{ toYaml .Values.object }}\n" if tree.nasty else "# nothing\n",
    ])
    if tree.one_in(3):
        found["valuesInline"] = {"app": "b", "object": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "inline"}}}
    if tree.one_in(4):
        found["valuesFile"] = add_file(tree, folder, "values", "app: c\non: true\n")
    if tree.nasty_one_in(6):
        found["name"] = "gone"
    return found


def put_item(tree, folder, value):
    text = yaml_of(tree, value)
    return text if tree.one_in(2) else add_file(tree, folder, "conf", text)


def resources(tree, folder, below):
    found = [write_objects(tree, folder) for _ in range(tree.pick([0, 1, 1, 2, 3]))]
    for other in below:
        found.append(up(folder) + other)
    if tree.one_in(9):
        tree.remotes.append(None)
        found.append(REMOTE % (len(tree.remotes) - 1))
    if tree.nasty_one_in(25):
        found.append(tree.pick(["missing.yaml", "", "..", ".", "../..", "/etc/hostname", "nothing/", "../outside.yaml",
                                "example.com/a/b", found[0] if found else "x", "sub/../" + (found[0] if found else "x")]))
    tree.random.shuffle(found)
    return found


def up(folder):
    return "../" * (folder.count("/") + 1)


def settings(tree, folder, document):
    """Every feature, each now and then."""
    if tree.one_in(3):
        document["namespace"] = tree.pick(["argocd", "team", "ns", ""])
    if tree.one_in(4):
        document["namePrefix"] = tree.pick(["p-", "dev-", "", "1-"])
    if tree.one_in(5):
        document["nameSuffix"] = tree.pick(["-s", "-v2"])
    if tree.one_in(6):
        document["commonLabels"] = {"tier": "back"}
    if tree.one_in(6):
        document["labels"] = [{"pairs": {"extra": "x"}, "includeSelectors": tree.pick([True, False])}]
    if tree.one_in(7):
        document["commonAnnotations"] = {tree.pick([HOOK, "note", "note2", "n"] if tree.nasty else [HOOK, "note"]): tree.pick(["Skip", "x"])}
    if tree.one_in(3):
        document["patches"] = [patch_entry(tree, folder) for _ in range(tree.pick([1, 1, 2]))]
    if tree.one_in(9):
        patch = yaml_of(tree, strategic(tree, a_known(tree)))
        document["patchesStrategicMerge"] = [patch if tree.one_in(3) else add_file(tree, folder, "patch", patch)]
    if tree.one_in(9):
        entry = {"target": dict(target_of(tree), name=tree.pick(NAMES))}
        put(tree, folder, entry, operations(tree))
        document["patchesJson6902"] = [entry]
    if tree.one_in(8):
        document["configMapGenerator"] = [generator(tree, folder)]
    if tree.one_in(10):
        document["secretGenerator"] = [dict(generator(tree, folder), type="Opaque")]
    if tree.one_in(12):
        document["generatorOptions"] = {"disableNameSuffixHash": True, "labels": {"g": "o"}}
    if tree.one_in(10):
        document["images"] = [{"name": "i", "newTag": "2"}]
    if tree.one_in(12):
        workloads = [o for o in tree.known if text_at(o, "kind") == "Deployment"] or [a_known(tree)]
        if len(workloads) > 1 or tree.one_in(4):
            document["replicas"] = [{"name": text_at(tree.pick(workloads), "metadata", "name") or "x", "count": 2}]
    if tree.one_in(8):
        document["replacements"] = [replacement(tree, folder)]
    if tree.one_in(7):
        document["transformers"] = [put_item(tree, folder, transformer(tree, folder)) for _ in range(tree.pick([1, 1, 2]))]
    if tree.one_in(20):
        document["buildMetadata"] = ["originAnnotations", "transformerAnnotations", "managedByLabel"]
    if tree.one_in(20):
        document["sortOptions"] = {"order": tree.pick(["fifo", "legacy"])}
    if tree.one_in(20):
        document["metadata"] = {"name": "k"}
    if tree.one_in(16):
        document["generators"] = [put_item(tree, folder, plugin_generator(tree, folder))]
    if tree.one_in(18):
        document["configurations"] = [add_file(tree, folder, "config", yaml_of(tree, configuration(tree)))]
    if tree.one_in(25):
        document["vars"] = [var(tree) for _ in range(tree.pick([1, 1, 2]))]
    if tree.one_in(40):
        document["openapi"] = {"path": add_file(tree, folder, "schema", json.dumps({"definitions": {}}))}
        if tree.nasty_one_in(3):
            document["openapi"] = tree.pick([{"path": "missing.json"}, {"version": "v1.20.4"}, {"version": "v9"}])
    if tree.one_in(60):
        document["crds"] = [add_file(tree, folder, "crd", tree.pick(["{}\n", yaml_of(tree, new_object(tree))]))]
    if tree.one_in(25):
        document["helmCharts"] = [chart(tree, folder)]


def spoil(tree, document):
    """What kustomize refuses, or takes all the same."""
    kind = tree.random.randrange(12)
    if kind == 0:
        document["unknown"] = tree.pick([1, None])
    elif kind == 1:
        document[tree.pick(["namespace", "namePrefix", "resources", "patches", "commonLabels", "images"])] = tree.pick([1, "x", [1], {"a": 1}, True, None])
    elif kind == 2:
        for key in list(document):
            document[key.upper()] = document.pop(key)
    elif kind == 3:
        document["kind"] = tree.pick(["Kustomize", "Component", "kustomization", "", None])
    elif kind == 4:
        document["apiVersion"] = tree.pick(["v1", COMPONENT, "", None])
    elif kind == 5:
        document.clear()
    elif kind == 6:
        document["patches"] = [{"path": "p.yaml", "target": {"foo": "bar"}}]
    elif kind == 7:
        document["bases"] = document.pop("resources", [])
    elif kind == 8:
        document["resources"] = tree.pick([None, [], [None], "a.yaml"])
    elif kind == 9:
        document["replicas"] = [{"name": "a", "count": tree.pick(["1", 1.5, None, 2])}]
    elif kind == 10:
        document["labels"] = [{"pairs": {"a": "b"}, "fields": [{"path": "spec/x", "create": True}]}]
    else:
        document["patches"] = [None]


def write_kustomization(tree, folder, document):
    name = tree.pick(NAMES_OF_FILES)
    text = yaml_of(tree, document)
    if tree.nasty_one_in(15):
        text = text.replace("\n", "\r\n")
    if tree.nasty_one_in(20):
        text = "\ufeff" + text
    if tree.nasty_one_in(60):
        text = tree.pick(["", "# nothing\n", "- a\n", "[\n", "null\n", text + "---\nnamePrefix: z\n"])
    tree.files[folder + "/" + name] = text
    tree.kustomizations[folder] = (name, document)
    if tree.nasty_one_in(60):
        tree.files[folder + "/" + tree.pick(["kustomization.yml", "Kustomization", "kustomization.yaml"])] = text


def make_level(tree, folder, below, is_component=False):
    document = {}
    if is_component or not tree.one_in(3):
        document["apiVersion"] = COMPONENT if is_component else KUSTOMIZATION
        document["kind"] = "Component" if is_component else "Kustomization"
    first = len(tree.objects)
    document["resources"] = resources(tree, folder, below)
    tree.known = [o for other in below for o in tree.visible.get(other, [])] + tree.objects[first:]
    tree.visible[folder] = tree.known
    if is_component:
        tree.known = tree.known + tree.visible.get("top", [])
    if tree.known or tree.one_in(6):
        settings(tree, folder, document)
    if tree.nasty_one_in(8):
        spoil(tree, document)
    return document


def make_remotes(tree):
    for i in range(len(tree.remotes)):
        folder = "remote%d" % i
        document = {"resources": [write_objects(tree, folder) for _ in range(tree.pick([1, 2]))]}
        if tree.one_in(3):
            document["namePrefix"] = "r-"
        if tree.one_in(3):
            document["namespace"] = "far"
        tree.remotes[i] = True
        tree.files[folder + "/kustomization.yaml"] = json.dumps(document)


def make_options(tree):
    options = {}
    tree.known = tree.visible["top"]
    if tree.one_in(3):
        options["namePrefix"] = tree.pick(["o-", ""])
    if tree.one_in(4):
        options["nameSuffix"] = "-o"
    if tree.one_in(3):
        options["namespace"] = tree.pick(["own", ""])
    if tree.one_in(4):
        known = a_known(tree)
        options["patches"] = [{"patch": json.dumps(strategic(tree, known)), "target": {"kind": text_at(known, "kind") or "X"}}]
        if tree.one_in(2):
            options["patches"] = [{"patch": json.dumps(operations(tree)), "target": target_of(tree)}]
    if tree.one_in(4):
        options["commonLabels"] = {"own": "label"}
    if tree.one_in(5):
        options["commonAnnotations"] = {tree.pick([HOOK, "own"]): "Skip"}
    if tree.one_in(5):
        options["images"] = ["i=j:2"]
    if tree.one_in(6) and "part0" in tree.kustomizations:
        options["components"] = ["../part0"]
    return options


def make(seed):
    tree = Tree(seed)
    parts = ["part%d" % i for i in range(tree.pick([0, 0, 0, 1, 2]))]
    bases = ["base%d" % i for i in range(tree.pick([0, 1, 1, 2]))]
    middles = ["mid%d" % i for i in range(tree.pick([0, 0, 1, 2]))]
    tree.files["outside.yaml"] = yaml_of(tree, new_object(tree))
    for folder in bases:
        write_kustomization(tree, folder, make_level(tree, folder, []))
    for folder in middles:
        below = [b for b in bases if tree.one_in(2)]
        write_kustomization(tree, folder, make_level(tree, folder, below))
    # parts come last, so that their patches may know every object, but are written before the top
    below = [b for b in bases + middles if not tree.one_in(3)]
    if tree.nasty_one_in(40):
        below.append(tree.pick(["top", "part0", "nowhere"]))
    document = make_level(tree, "top", below)
    for folder in parts:
        write_kustomization(tree, folder, make_level(tree, folder, [], is_component=not tree.nasty_one_in(12)))
    if parts and not tree.one_in(4):
        document["components"] = ["../" + part for part in parts]
    write_kustomization(tree, "top", document)
    if tree.nasty_one_in(25):
        tree.links["top/" + tree.pick(["link.yaml", "kustomization.yml"])] = tree.pick(["../outside.yaml", "kustomization.yaml", "gone"])
    make_remotes(tree)
    if tree.one_in(5):
        tree.options = make_options(tree)
    return tree
