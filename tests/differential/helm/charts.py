"""charts.py: random charts, nasty on purpose, and Applications that render them."""
import gzip
import io
import random
import tarfile

NAMES = ["root", "root", "child", "my-app", "root-child", "child-root"]

GROUPS = {
    "Application": "argoproj.io/v1alpha1",
    "ApplicationSet": "argoproj.io/v1alpha1",
    "AppProject": "argoproj.io/v1alpha1",
    "Rollout": "argoproj.io/v1alpha1",
    "ExternalSecret": "external-secrets.io/v1",
    "ClusterExternalSecret": "external-secrets.io/v1",
    "SecretStore": "external-secrets.io/v1",
    "ConfigMap": "v1",
    "Secret": "v1",
    "Deployment": "apps/v1",
}
KINDS = ["Application"] * 6 + ["ExternalSecret"] * 2 + list(GROUPS)


class Chart:
    """One random repository: files (path to bytes), symlinks, and the Application."""

    def __init__(self, rng):
        self.rng = rng
        self.files = {}
        self.links = {}
        self.values = {}
        self.helm = {}
        self.outside = {}  # files of another repository, for $ref

    def maybe(self, p):
        return self.rng.random() < p

    # --- manifests -------------------------------------------------------------------------

    def annotations(self):
        rng = self.rng
        lines = []
        if self.maybe(0.25):
            lines.append('argocd.argoproj.io/sync-wave: "1"')
        if self.maybe(0.2):
            hook = rng.choice(["pre-install", "post-install,pre-upgrade", "test", "test-success",
                               "crd-install", "test-failure", " pre-install , post-delete",
                               "Pre-Install", "pre-install,what", '""'])
            lines.append("helm.sh/hook: " + hook)
        if self.maybe(0.1):
            lines.append("argocd.argoproj.io/hook: " + rng.choice(["Skip", "PreSync"]))
        if self.maybe(0.05):
            lines.append("number: 1")
        return lines

    def scalar(self, text):
        return self.rng.choice([text, text, text, '"%s"' % text, "'%s'" % text, text + " # why"])

    def manifest(self, kind=None, name=None):
        """A literal document."""
        rng = self.rng
        kind = kind or rng.choice(KINDS)
        version = GROUPS[kind]
        name = name or rng.choice(NAMES)
        if kind == "Application" and self.maybe(0.08):
            version = "app.k8s.io/v1beta1"
        shape = rng.random()
        if shape < 0.06:
            return '{"apiVersion": "%s", "kind": "%s", "metadata": {"name": "%s"}}\n' % (version, kind, name)
        if shape < 0.12:
            inner = self.manifest(kind, name).replace("\n", "\n    ").rstrip()
            if inner.startswith("{") or "---" in inner:
                return "apiVersion: v1\nkind: List\nitems: [%s]\n" % inner.split("\n")[0] if inner.startswith("{") \
                    else "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\n"
            return "apiVersion: v1\nkind: List\n%sitems:\n  -\n    %s\n" % (
                rng.choice(["", "", "metadata:\n  annotations:\n    helm.sh/hook: crd-install\n"]), inner)
        lines = ["apiVersion: " + self.scalar(version), "kind: " + self.scalar(kind)]
        if self.maybe(0.1):
            lines.append("kind: " + rng.choice(KINDS))  # twice
        if self.maybe(0.08):
            meta = ["metadata: {name: %s}" % name]
        else:
            meta = ["metadata:"]
            if self.maybe(0.15):
                meta.append("  labels:\n    name: other")
            meta.append("  name: " + self.scalar(name))
            if self.maybe(0.4):
                meta.append("  namespace: " + rng.choice(["argocd", "argocd", "default", "prod"]))
            notes = self.annotations()
            if notes:
                meta.append("  annotations:\n    " + "\n    ".join(notes))
            if self.maybe(0.04):
                meta.append("  name: " + rng.choice(NAMES))
        lines.append("\n".join(meta))
        if self.maybe(0.15):
            rng.shuffle(lines)
        lines.append(rng.choice(["spec:\n  project: default", "spec: {}", "data: {a: b}",
                                 "spec:\n  text: |\n    kind: Application\n    apiVersion: argoproj.io/v1alpha1",
                                 "rules:\n- apiGroups: [argoproj.io]\n  resources: [applications]"]))
        if self.maybe(0.08):
            lines.insert(rng.randrange(len(lines)), rng.choice(["# kind: Application", "", "  "]))
        return "\n".join(lines) + "\n"

    # --- templates -------------------------------------------------------------------------

    def name_template(self):
        return self.rng.choice([
            "{{ .Release.Name }}", "{{ .Values.name }}", "root-{{ .Values.env }}",
            "{{ .Values.env }}-child", "{{ .Release.Name }}-child", "'{{ .Values.name }}'",
            '"{{ .Values.env }}-root"', "{{ .Values.name | quote }}", "ro{{ .Values.ot }}",
            "{{ include \"name\" . }}", "root{{ if .Values.off }}-x{{ end }}", "{{- .Values.name }}",
            "{{ .Values.name -}}", "{{ printf \"%s\" \"root\" }}", "{{ .Chart.Name }}",
            "{{ include \"full\" . }}", "{{ include \"full\" . | trunc 4 }}",
            "{{ .Values.sub.name | default \"root\" }}", "{{ .Values.global.name }}",
            "{{ (index .Values.list 0).name }}", "{{ tpl .Values.ask . }}",
            "{{ ternary \"root\" \"other\" .Values.on }}", "{{ .Values.nothing | default .Values.name }}",
            "{{ $n := .Values.name }}{{ if .Values.on }}{{ $n = \"root\" }}{{ end }}{{ $n }}",
            "{{ coalesce .Values.nothing .Values.empty .Values.name }}", "{{ .Values.number }}",
            "{{ join \"-\" (list .Values.env \"child\") }}", "{{ (dict \"a\" .Values.name).a | lower }}",
            "{{ get .Values \"name\" | trimPrefix \"my-\" }}", "{{ .Values.name | upper | lower | squote }}",
            "{{ if and .Values.on (eq .Values.env \"dev\") }}root{{ else if not .Values.off }}child{{ else }}x{{ end }}",
            "{{ with .Values.labels }}{{ .a }}{{ else }}root{{ end }}", "{{ title .Values.name }}",
            "{{ range $k, $v := .Values.labels }}{{ $k }}{{ $v }}{{ end }}", "{{ required \"x\" .Values.name }}",
            "{{ range $i, $e := .Values.names }}{{ if $i }}{{ break }}{{ end }}{{ $e }}{{ end }}",
            self.half_known(), self.half_known(), self.changed(), self.changed()])

    def half_known(self):
        """Names that hang on functions which nobody follows, on files and on the cluster."""
        return self.rng.choice([
            "{{ printf \"root%s\" (nospace \"\") }}", "{{ printf \"%s-child\" (nospace .Values.name) | quote }}",
            "{{ printf \"ro%s\" (nospace \"ot\") | trunc 63 | trimSuffix \"-\" }}",
            "{{ printf \"root-%s\" (nospace \"\") | trunc 63 | trimSuffix \"-\" }}",
            "{{ printf \"root-%s\" (nospace .Values.env) | trunc 5 | trimSuffix \"-\" }}",
            "{{ printf \"%s%v\" .Values.name (nospace \"-x\") | trimSuffix \"-x\" }}",
            "{{ .Values.nothing | default (printf \"my-%s\" (nospace \"app\")) | quote }}",
            "{{ printf \"my-%s\" (nospace \"app\") | default \"root\" }}",
            "{{ printf \"%s\" (nospace \"\") | default \"root\" }}",
            "{{ include \"full\" . | printf \"%s-%s\" (nospace \"root\") | trunc 4 | squote }}",
            "{{ .Files.Get \"files/name\" | trim }}", "{{ $.Files.Get (printf \"files/%s\" \"name\") | trim | default \"root\" }}",
            "{{ .Files.Get \"files/none\" | default .Values.name }}", "{{ .Files.Get \"./files/name\" | default \"root\" }}",
            "{{ if .Files.Get \"values.yaml\" }}child{{ else }}root{{ end }}",
            "{{ if .Files.Get \"requirements.yaml\" }}child{{ else }}root{{ end }}",
            "{{ (lookup \"v1\" \"Secret\" \"argocd\" \"x\").name | default \"root\" }}",
            "{{ if lookup \"v1\" \"Pod\" \"\" \"\" }}child{{ else }}root{{ end }}",
            "{{ if .Capabilities.APIVersions.Has \"argoproj.io/v1alpha1\" }}root{{ else }}child{{ end }}",
            "{{ if semverCompare \">=1.20-0\" .Capabilities.KubeVersion.Version }}root{{ else }}child{{ end }}"])

    def changed(self):
        """Names out of maps that are changed: some of them are others', too."""
        return self.rng.choice([
            "{{ $d := dict \"a\" \"root\" }}{{ $_ := set $d \"a\" .Values.name }}{{ $d.a }}",
            "{{ $d := dict }}{{ if .Values.on }}{{ $_ := set $d \"a\" \"root\" }}{{ end }}{{ $d.a | default \"child\" }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $e := $d }}{{ $_ := set $d \"a\" \"root\" }}{{ $e.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $e := dict \"d\" $d }}{{ $_ := set $d \"a\" \"root\" }}{{ $e.d.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ with $d }}{{ $_ := set $d \"a\" \"root\" }}{{ .a }}{{ end }}",
            "{{ $d := dict \"v\" .Values }}{{ $_ := set $d.v \"name\" \"root\" }}{{ .Values.name }}",
            "{{ $d := deepCopy .Values }}{{ $_ := set $d \"name\" \"root\" }}{{ .Values.name }}",
            "{{ $d := deepCopy .Values }}{{ $_ := set $d \"name\" \"root\" }}{{ $d.name }}",
            "{{ $d := deepCopy .Values }}{{ $_ := set $d.labels \"a\" \"root\" }}{{ $d.labels.a }}",
            "{{ $m := merge (deepCopy .Values) (dict \"zz\" \"root\" \"name\" \"child\") }}{{ .Values.name }}",
            "{{ $m := merge (deepCopy .Values) (dict \"zz\" \"root\") }}{{ $m.zz }}",
            "{{ $m := merge (dict) .Values }}{{ $_ := set $m \"name\" \"root\" }}{{ .Values.name }}",
            "{{ $m := merge (dict) .Values }}{{ $_ := set $m.labels \"a\" \"root\" }}{{ .Values.labels.a }}",
            "{{ $d := dict \"labels\" .Values.labels }}{{ $_ := mergeOverwrite $d (dict \"labels\" (dict \"a\" \"root\")) }}{{ .Values.labels.a }}",
            "{{ $d := dict \"a\" \"root\" }}{{ $m := mergeOverwrite $d (deepCopy (.Values.nothing | default dict)) }}{{ $_ := set $d \"a\" \"child\" }}{{ $m.a }}",
            "{{ $d := dict \"a\" \"root\" }}{{ $m := mergeOverwrite $d (deepCopy (.Values.nothing | default dict)) }}{{ $m.a }}",
            "{{ $d := dict }}{{ range $i, $e := .Values.names }}{{ $_ := set $d \"a\" $e }}{{ end }}{{ $d.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ range $k, $v := .Values.labels }}{{ $_ := set $d $k \"root\" }}{{ end }}{{ $d.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ if nospace .Values.name }}{{ $_ := set $d \"a\" \"root\" }}{{ end }}{{ $d.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ range (splitList \",\" \"x,y\") }}{{ $d.a }}{{ $_ := set $d \"a\" \"-root\" }}{{ end }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $f := set $d \"a\" \"root\" }}{{ $_ := set $d \"a\" \"child\" }}{{ $f.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $_ := set $d \"b\" $d }}{{ $_ := set $d \"a\" \"root\" }}{{ $d.b.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $_ := unset $d \"a\" }}{{ $d.a | default \"root\" }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $_ := set $d (nospace \"a\") \"root\" }}{{ $d.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $_ := include \"sets\" $d }}{{ $d.a }}",
            "{{ $d := dict \"a\" \"child\" }}{{ $_ := set (index (list $d) 0) \"a\" \"root\" }}{{ $d.a }}",
            "{{ $_ := set .Values.labels \"a\" \"root\" }}{{ .Values.labels.a }}"])

    def templated(self):
        """A document with actions in it."""
        rng = self.rng
        kind = rng.choice(KINDS)
        version = GROUPS[kind]
        name = rng.choice(NAMES + [self.name_template() for _ in range(4)])
        shape = rng.random()
        if shape < 0.1:
            return self.whole()
        written_kind = kind
        if self.maybe(0.1):
            written_kind = rng.choice(["{{ .Values.kind }}", "{{ .Values.kind | default \"Application\" }}",
                                       "{{ printf \"%s\" \"Application\" }}"])
        if self.maybe(0.1):
            version = rng.choice(["{{ .Values.api }}", "{{ include \"api\" . }}", "{{ \"argoproj.io/v1alpha1\" }}"])
        lines = ["apiVersion: " + version, "kind: " + written_kind, "metadata:"]
        if self.maybe(0.15):
            lines.append(rng.choice(["  {{- include \"meta\" . | nindent 2 }}",
                                     "  {{- with .Values.labels }}\n  labels:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}",
                                     "  {{- toYaml .Values.meta | nindent 2 }}",
                                     "  {{- range $k, $v := .Values.meta }}\n  {{ $k }}: {{ $v }}\n  {{- end }}"]))
        lines.append("  name: " + name)
        if self.maybe(0.3):
            lines.append("  namespace: " + rng.choice(["argocd", "{{ .Release.Namespace }}", "{{ .Values.ns }}"]))
        if self.maybe(0.3):
            lines.append(rng.choice([
                "  {{- with .Values.labels }}\n  labels:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}",
                "  labels:\n    {{- include \"labels\" . | nindent 4 }}",
                "  labels:\n    {{- include \"labels\"\n      (merge (deepCopy .) (dict \"z\" \"y\"))\n      | nindent 4 }}",
                "  labels:\n    {{- include \"labels\" (merge (dict \"z\" \"y\") .) | nindent 4 }}",
                "  labels: {{- include \"labels\" . | nindent 4 }}",
                "  {{- include \"meta\" . | nindent 2 }}",
                "  {{- if .Values.on }}\n  finalizers: [a]\n  {{- end }}",
                "  {{- .Values.tail }}",
                "  {{- toYaml .Values.meta | nindent 2 }}",
                "  annotations: {argocd.argoproj.io/sync-wave: \"{{ .Values.wave }}\"}"]))
        lines.append("spec:")
        lines.append(rng.choice([
            "  project: {{ .Values.project }}", "  {{- toYaml .Values.spec | nindent 2 }}",
            "  a: {{ .Values.labels | toJson }}", "  {{ toYaml .Values.spec | indent 2 | trim }}",
            "  text: {{ tpl .Values.name . | quote }}\n  more: |\n    {{ .Values.name }}",
            "  x: {{ .Values.project }} # argoproj.io Application",
            "  {{- include \"spec\"\n      . | nindent 2 }}"]))
        if self.maybe(0.12):
            lines.append(rng.choice(["{{ include \"top\" . }}", "{{- include \"top\" . | nindent 0 }}",
                                     "{{- range $k, $v := .Values.top }}\n{{ $k }}: {{ $v }}\n{{- end }}",
                                     "# {{ .Values.project }}", "{{- /* kind: Application */}}",
                                     "{{/*\nkind: Application\n---\n*/}}",
                                     "# {{- toYaml .Values.top | nindent 0 }}",
                                     "{{ if .Values.on }}more: x{{ end }}"]))
        if self.maybe(0.2):
            at = rng.randrange(len(lines) + 1)
            lines.insert(at, "{{- if .Values.%s }}" % rng.choice(["on", "off"]))
            lines.append("{{- end }}")
        elif self.maybe(0.1):
            lines.insert(0, "{{- range .Values.list }}\n---")
            lines.append("{{- end }}")
            return "\n".join(lines).replace(".Values", "$.Values").replace("\" .", "\" $").replace(
                "{{- range $.Values.list", "{{- range .Values.list").replace(
                "toYaml .", "toYaml .").replace("$$", "$").replace("tpl $.Values.name .", "tpl $.Values.name $").replace(
                ".Release", "$.Release").replace(".Chart", "$.Chart").replace("$$", "$") + "\n"
        elif self.maybe(0.1):
            at = lines.index("kind: " + written_kind)
            lines[at] = "{{- if .Values.%s }}\nkind: %s\n{{- else }}\nkind: %s\n{{- end }}" % (
                rng.choice(["on", "off"]), rng.choice(KINDS), rng.choice(KINDS))
        return "\n".join(lines) + "\n"

    def whole(self):
        """Whole manifests from values, helpers or files."""
        return self.rng.choice([
            "{{ range .Values.extraObjects }}\n---\n{{ tpl (toYaml .) $ }}\n{{ end }}\n",
            "{{- range .Values.extraObjects }}\n---\n{{ toYaml . }}\n{{- end }}\n",
            "{{ .Values.text }}\n", "{{ tpl .Values.text . }}\n", "{{ include \"whole\" . }}\n",
            "{{- include \"whole\" . -}}\n", "{{ .Files.Get \"files/app.yaml\" }}\n",
            "{{ .Files.Get \"files/app.yaml\" | indent 0 }}\n", "{{ tpl (.Files.Get \"files/app.yaml\") . }}\n",
            "{{ $.Files.Get \"crds/c.yaml\" }}\n", "{{ .Files.Get \"Chart.yaml\" }}\n",
            "{{ .Files.Get \"templates/t0.yaml\" }}\n", "{{ .Files.Get \"charts/sub/files/app.yaml\" }}\n",
            "{{ .Files.Get \"README.md\" }}\n", "{{ .Files.Get \"requirements.yaml\" }}\n",
            "{{- if .Capabilities.APIVersions.Has \"argoproj.io/v1alpha1\" }}\n%s{{- else }}\n%s{{- end }}\n" % (
                self.manifest(), self.manifest()),
            "{{- if semverCompare \">=1.20-0\" .Capabilities.KubeVersion.Version }}\n%s{{- end }}\n---\n%s" % (
                self.manifest(), self.manifest()),
            "{{- if not (lookup \"v1\" \"Namespace\" \"\" \"x\") }}\n%s{{- end }}\n" % self.manifest(),
            "{{ range $path, $_ := .Files.Glob \"files/*\" }}\n---\n{{ $.Files.Get $path }}\n{{ end }}\n",
            "{{ template \"whole\" . }}\n",
            "{{- $app := dict \"apiVersion\" \"argoproj.io/v1alpha1\" \"kind\" \"Application\" \"metadata\" (dict \"name\" \"root\") }}\n{{ toYaml $app }}\n",
            "{{- range $name, $app := .Values.applications }}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {{ $name }}\nspec: {}\n{{- end }}\n",
            "  {{ .Values.text }}\n"])

    def helpers(self):
        rng = self.rng
        whole = rng.choice([self.manifest("Application"), self.manifest("ConfigMap"),
                            self.manifest("Rollout"), ""])
        return "".join([
            '{{ define "name" }}%s{{ end }}\n' % rng.choice(NAMES),
            '{{- define "full" -}}\n{{- if .Values.fullnameOverride }}\n{{- .Values.fullnameOverride | trunc 63 | '
            'trimSuffix "-" }}\n{{- else }}\n{{- $name := default .Chart.Name .Values.nameOverride }}\n'
            '{{- if contains $name .Release.Name }}\n{{- .Release.Name | trunc 63 | trimSuffix "-" }}\n'
            '{{- else }}\n{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}\n'
            '{{- end }}\n{{- end }}\n{{- end -}}\n',
            '{{- define "labels" -}}\na: b\nc: d\n{{- end }}\n',
            '{{- define "spec" -}}\na: b\n{{- end }}\n',
            rng.choice([""] * 6 + ['{{- define "sets" -}}\n{{- $_ := set . "a" "root" }}\n{{- end }}\n']),
            '{{- define "meta" -}}\n%s\n{{- end }}\n' % rng.choice(["labels: {a: b}", "labels: {a: b}", "name: root"]),
            '{{- define "top" -}}\n%s\n{{- end }}\n' % rng.choice(["more: x", "more: x", "kind: Application",
                                                                   "metadata: {name: root}"]),
            '{{- define "api" -}}\n%s\n{{- end }}\n' % rng.choice(["argoproj.io/v1alpha1", "v1", "apps/v1"]),
            '{{ define "whole" }}\n%s{{ end }}\n' % whole,
            rng.choice([""] * 9 + ['{{ define "chart/templates/t0.yaml" }}{{ end }}\n']),
        ])

    def template_file(self):
        rng = self.rng
        docs = [self.manifest() if self.maybe(0.55) else self.templated()
                for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        if self.maybe(0.25):
            docs = [self.manifest() for _ in docs]
        if self.maybe(0.04):
            docs.insert(rng.randrange(len(docs) + 1), rng.choice(
                ["# only a comment\n", "", "foo: bar\n", "just text\n", "- a\n", "null\n", "kind: [\n", "a: <no value>\n"]))
        separator = rng.choice(["---\n"] * 12 + ["--- \n", "--- # next\n", "---\n---\n", "\n---\n\n", "---\t\n",
                                                 "--- text\n", "...\n---\n", "----\n"])
        text = separator.join(docs)
        if self.maybe(0.15):
            text = rng.choice(["---\n", "\n", "# first\n", "---\n---\n", "{{- if .Values.on }}\n"]) + text
            if text.startswith("{{- if .Values.on"):
                text += "{{- end }}\n"
        if self.maybe(0.1):
            text += rng.choice(["---\n", "---", "\n\n", "...\n", "# end"])
        return self.encode(text)

    def encode(self, text):
        if self.maybe(0.05):
            text = text.replace("\n", "\r\n")
        data = text.encode()
        if self.maybe(0.03):
            data = b"\xef\xbb\xbf" + data
        if self.maybe(0.005):
            data = text.encode("utf-16")
        return data

    # --- values ----------------------------------------------------------------------------

    def some_values(self):
        rng = self.rng
        import yaml
        values = {"name": rng.choice(NAMES), "env": rng.choice(["dev", "prod", "child"]), "ot": "ot",
                  "project": "default", "kind": rng.choice(["Application", "ConfigMap", "Rollout"]),
                  "api": rng.choice(["v1", "argoproj.io/v1alpha1", "apps/v1"]), "on": True, "off": False,
                  "labels": {"a": "b"}, "meta": rng.choice([{"labels": {"x": "y"}}, {"name": "root"}, {}]),
                  "top": rng.choice([{"more": "x"}, {"kind": "Application"}, {}]), "ns": "argocd",
                  "wave": "1", "tail": rng.choice(["", "-tail"]), "spec": {"a": "b"}, "list": ["x"],
                  "extraObjects": [], "text": "", "applications": {}}
        values.update({"names": rng.sample(NAMES[1:], 2), "ask": rng.choice(["{{ .Values.env }}", "root", "{{ .Release.Name }}"]),
                       "number": rng.choice([1, 12.5, 1000000, 0, 7]), "empty": rng.choice(["", None, {}, []])})
        if self.maybe(0.5):
            values["list"] = [{"name": rng.choice(NAMES)}]
        if self.maybe(0.3):
            values["global"] = {"name": rng.choice(NAMES)}
        if self.maybe(0.3):
            values["sub"] = rng.choice([{"name": "root"}, {"enabled": False}, {"name": None}, {"global": {"name": "child"}},
                                        {"labels": {"a": None}}, None, {"on": False, "name": "child"}])
        if self.maybe(0.2):
            values[rng.choice(["nameOverride", "fullnameOverride"])] = rng.choice(NAMES + ["chi", "", "oo"])
        if self.maybe(0.2):
            values["tags"] = {"front": rng.choice([True, False, "x"])}
        if self.maybe(0.2):
            values["extraObjects"] = [{"apiVersion": GROUPS[k], "kind": k, "metadata": {"name": rng.choice(NAMES)}}
                                      for k in rng.sample(list(GROUPS), rng.choice([1, 2]))]
        if self.maybe(0.15):
            values["text"] = self.manifest()
        if self.maybe(0.15):
            values["applications"] = {rng.choice(NAMES): {}}
        if self.maybe(0.1):
            values["description"] = "The Application of argoproj.io"
        return yaml.safe_dump(values, width=10000)

    # --- charts ----------------------------------------------------------------------------

    def chart(self, prefix, name, depth, is_local=False):
        rng = self.rng
        lines = ["apiVersion: " + rng.choice(["v2", "v2", "v2", "v1"]), "name: " + name,
                 "version: " + rng.choice(["1.0.0", "1.0.0", "0.1.0", '"2.0.0"'])]
        if self.maybe(0.02):
            del lines[rng.randrange(len(lines))]
        if self.maybe(0.04):
            lines.append("type: " + rng.choice(["library", "application", "Library", '""']))
        elif depth and self.maybe(0.1):
            lines.append("type: library")
        deps = []
        n_sub = rng.choice([0, 0, 0, 1, 1, 2]) if depth < 2 else 0
        for i in range(n_sub):
            sub = rng.choice(["sub", "other"]) if self.maybe(0.9) else "sub%d" % i
            folder = sub if self.maybe(0.85) else rng.choice(["dir%d" % i, "_hidden", ".hidden"])
            where = rng.random()
            dep = None
            if self.maybe(0.6):
                dep = {"name": sub, "version": rng.choice(["1.0.0", "*", ">0.0.0", "9.9.9"])}
                if self.maybe(0.3):
                    dep["condition"] = rng.choice([sub + ".enabled", "missing.enabled", "on", "off"])
                if self.maybe(0.15):
                    dep["tags"] = ["front"]
                if self.maybe(0.15):
                    dep["alias"] = rng.choice(["aka", "other", "sub"])
                if self.maybe(0.1):
                    dep["import-values"] = ["data"]
                if self.maybe(0.4):
                    dep["repository"] = "file://../local" + sub
            if where < 0.6:
                self.chart(prefix + "charts/" + folder + "/", sub, depth + 1)
            elif where < 0.7 and not depth:
                inner = Chart(rng)
                inner.chart("", sub, 2)
                self.files[prefix + "charts/%s-1.0.0.tgz" % sub] = archive(sub, inner.files)
            elif where < 0.9 and not depth:
                dep = dep or {"name": sub, "version": "*"}
                dep["repository"] = "file://../local" + sub
                local = "local" + sub + "/"
                if local + "Chart.yaml" not in self.files:
                    self.chart(local, sub, 2, True)
            elif dep and not depth and self.maybe(0.7):
                dep["repository"] = "file://../local" + sub
            if dep:
                deps.append(dep)
        text = "\n".join(lines) + "\n"
        if deps:
            import yaml
            block = yaml.safe_dump({"dependencies": deps})
            if "apiVersion: v1" in text and self.maybe(0.7):
                self.files[prefix + "requirements.yaml"] = block.encode()
            else:
                text += block
        self.files[prefix + "Chart.yaml"] = self.encode(text)
        if not is_local and self.maybe(0.9) or is_local:
            self.files[prefix + "values.yaml"] = self.encode(self.some_values())
        for i in range(rng.choice([0, 1, 1, 2, 3])):
            file = rng.choice(["t%d.yaml"] * 12 + ["sub/t%d.yaml", "t%d.yml", "t%d.txt", "t%d.json", "t%d.tpl",
                                                   "_t%d.yaml", ".t%d.yaml", "tests/t%d.yaml", "t%dNOTES.txt",
                                                   "t%d.YAML", "t%d", "README%d.md", "t\u00e9%d.yaml"]) % i
            self.files[prefix + "templates/" + file] = self.template_file()
        if self.maybe(0.97):
            self.files[prefix + "templates/_helpers.tpl"] = self.helpers().encode()
        if self.maybe(0.15):
            self.files[prefix + "templates/NOTES.txt"] = b"The Application is ready: argoproj.io {{ .Release.Name }}\n"
        if self.maybe(0.12):
            self.files[prefix + "crds/" + rng.choice(["c.yaml", "c.yml", "sub/c.yaml", "_c.yaml", "c.txt", "c.YAML", "c.json"])] = \
                self.template_file() if self.maybe(0.3) else self.encode(self.manifest())
        if self.maybe(0.3):
            self.files[prefix + "files/app.yaml"] = self.manifest("Application").encode()
        if self.maybe(0.5):
            self.files[prefix + "files/name"] = self.encode(rng.choice(NAMES) + rng.choice(["", "\n"]))
        if self.maybe(0.1):
            self.files[prefix + "README.md"] = b"kind: Application of argoproj.io/v1alpha1\n"
        if self.maybe(0.03):
            self.files[prefix + "charts/" + rng.choice(["README.md", "_x", ".x", "x.prov"])] = b"hi\n"
        if self.maybe(0.2):
            self.files[prefix + ".helmignore"] = self.ignore().encode()
        if self.maybe(0.03):
            self.files[prefix + "Chart.lock"] = b"dependencies: []\ndigest: x\ngenerated: \"2024-01-01T00:00:00Z\"\n"

    def ignore(self):
        rng = self.rng
        lines = [rng.choice([
            "# templates/t0.yaml", "", "  ", "*.md", "t0.yaml", "/t0.yaml", "templates/t0.yaml",
            "/templates/t0.yaml", "templates/", "templates/*.yaml", "t?.yaml", "t[0-9].yaml", "t[^0].yaml",
            "!t0.yaml", "!templates/", "!*", "**/t0.yaml", "sub/", "/sub", "charts/", "charts", "charts/sub",
            "*.tgz", "files", "crds/", "values.yaml", "Chart.yaml", "t[", "a\\", "//t0.yaml", "t\u00e9*",
            "\\t0.yaml", "*0*", "*", "t*.y*ml", "tests", "_helpers.tpl", ".helmignore", "requirements.yaml",
            "charts/*/templates/*", "*/t0.yaml", "*/*/t0.yaml", "NOTES.txt", "[t]0.yaml", "[a-z]?.yaml",
            "t0.yaml   ", "\tt0.yaml", "templates/t1.yaml", "?0.yaml", "[]a]0", "[-]", "!", "/",
            "templates/[!t]*", "t\\?.yaml", "*.[yt]*"])
                 for _ in range(rng.choice([1, 1, 2, 3]))]
        if self.maybe(0.85):
            lines = [l for l in lines if not l.startswith("!")] or ["x"]
        text = rng.choice(["\n", "\n", "\r\n"]).join(lines) + rng.choice(["", "\n"])
        return rng.choice([text] * 9 + ["\ufeff" + text])

    def options(self):
        rng = self.rng
        import yaml
        helm = self.helm
        files = []
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            which = rng.random()
            if which < 0.35:
                self.files["chart/prod.yaml"] = self.some_values().encode()
                files.append("prod.yaml")
            elif which < 0.55:
                self.files["env/prod.yaml"] = self.some_values().encode()
                files.append(rng.choice(["/env/prod.yaml", "../env/prod.yaml"]))
            elif which < 0.6:
                files.append(rng.choice(["missing.yaml", "/missing.yaml"]))
            elif which < 0.8:
                self.files["env/prod.yaml"] = self.some_values().encode()
                files.append(rng.choice(["../env/*.yaml", "/env/prod.y?ml"]))
            elif which < 0.9:
                self.outside["prod.yaml"] = self.some_values().encode()
                files.append("$values/prod.yaml")
            else:
                self.files["chart/odd.yaml"] = rng.choice([b"", b"- a\n", b"a: [\n", b"a: b\n---\non: false\n", b"\xef\xbb\xbfa: b\n"])
                files.append("odd.yaml")
        if files:
            helm["valueFiles"] = files
        if self.maybe(0.4):
            helm["ignoreMissingValueFiles"] = True
        if self.maybe(0.15):
            helm["values"] = self.some_values()
        if self.maybe(0.1):
            helm["valuesObject"] = yaml.safe_load(self.some_values())
        if self.maybe(0.15):
            helm["parameters"] = [{"name": rng.choice(["kind", "on", "sub.enabled", "name", "extraObjects[0].kind"]),
                                   "value": rng.choice(["Application", "false", "true", "root"])}]
        if self.maybe(0.05):
            self.files["token.txt"] = self.manifest().encode()
            helm["fileParameters"] = [{"name": "text", "path": "../token.txt"}]
        if self.maybe(0.1):
            helm["skipCrds"] = True
        if self.maybe(0.05):
            helm["skipTests"] = True
        if self.maybe(0.1):
            helm["releaseName"] = "release"

    def links_in(self):
        rng = self.rng
        which = rng.random()
        if which < 0.3:
            self.files["elsewhere/x.yaml"] = self.manifest().encode()
            self.links["chart/templates/link.yaml"] = "../../elsewhere/x.yaml"
        elif which < 0.5:
            self.files["elsewhere/x.yaml"] = self.template_file()
            self.links["chart/templates/linked"] = "../../elsewhere"
        elif which < 0.6:
            self.links["chart/templates/dangling.yaml"] = "nowhere.yaml"
        elif which < 0.8 and not any(f.startswith("chart/charts/linked") for f in self.files):
            if not any(f.startswith("lib/") for f in self.files):
                self.chart("lib/", "linked", 2)
            self.links["chart/charts/linked"] = "../../lib"
        elif which < 0.9:
            self.links["chart/files2"] = "files" if any(f.startswith("chart/files/") for f in self.files) else "templates"
        else:
            self.files["shared.yaml"] = self.some_values().encode()
            self.files.pop("chart/values.yaml", None)
            self.links["chart/values.yaml"] = "../shared.yaml"

    def application(self):
        source = {"repoURL": "https://git.example.com/deploy.git", "path": "chart", "targetRevision": "main"}
        if self.helm:
            source["helm"] = self.helm
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                "metadata": {"name": "root", "namespace": "argocd"},
                "spec": {"source": source, "destination": {"server": "https://kubernetes.default.svc",
                                                           "namespace": "argocd"}}}


def archive(name, files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo(name + "/" + path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=0)


def make(seed):
    chart = Chart(random.Random(seed))
    chart.chart("chart/", "chart", 0)
    chart.options()
    if chart.maybe(0.12):
        chart.links_in()
    return chart
