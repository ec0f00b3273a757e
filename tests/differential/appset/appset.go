// Generates patterns, templates and parameters, and holds what we make of them to the libraries that
// the ApplicationSet controller uses.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/bmatcuk/doublestar"
	"github.com/valyala/fasttemplate"
)

// One question, with the answer that is right.
type question struct {
	kind, a, b string
	wanted     string // "no", "yes", "fails", or a text in hexadecimal
	written    bool   // of a kind that people write
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

var (
	names = []string{"a", "b", "ab", "apps", "app", "env", "prod", "dev", "x-1", "Team_A", "eu.west"}
	nasty = []string{"*", "?", "[", "]", "^", "-", "\\", "a", "b", "/", "ab", "[ab]", "[^a]", "[a-b]", "[b-a]",
		"\\*", "é", "\xff", "日", "[é-日]", "[\xff]", "", ".", "**"}
)

func (r random) name() string { return r.pick(names) }

func (r random) path() string {
	s := r.name()
	for r.chance(2) {
		s += "/" + r.name()
	}
	return s
}

func (r random) pattern() (string, bool) {
	if r.chance(2) {
		s := r.pick([]string{"*", r.name(), r.name() + "*", "*" + r.name(), "?", r.name() + "-*"})
		for r.chance(2) {
			s += "/" + r.pick([]string{"*", r.name(), r.name() + "*", "**", "*-" + r.name(), "[a-z]*"})
		}
		return s, true
	}
	s := ""
	for n := r.Intn(9); n > 0; n-- {
		s += r.pick(nasty)
	}
	return s, false
}

// What a pattern may match: its parts taken at random.
func (r random) likeness(pattern string) string {
	s := ""
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			s += r.pick([]string{"", "a", "ab", "b", "a/b"})
		case '?':
			s += r.pick([]string{"a", "é", "\xff", "/"})
		case '[', ']', '^', '\\':
			if r.chance(4) {
				s += r.pick([]string{"a", "b", "/"})
			}
		default:
			s += string(pattern[i : i+1])
		}
	}
	return s
}

func (r random) match() question {
	pattern, written := r.pattern()
	name := r.path()
	if r.chance(2) {
		name = r.likeness(pattern)
	}
	matched, err := path.Match(pattern, name)
	return question{"m", pattern, name, yesOrNo(matched && err == nil), written}
}

// A repository of many names, once.
type files struct {
	root string
	all  []string
}

func (r random) files() *files {
	root, err := os.MkdirTemp("", "appset")
	if err != nil {
		fatal(err)
	}
	f := &files{root: root}
	for i := 0; i < 150; i++ {
		name := filepath.Join(root, r.path(), r.pick([]string{"config.json", "values.yaml", "config.yaml"}))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			fatal(err)
		}
	}
	f.run("init", "-q")
	f.run("add", ".")
	f.all = split(f.run("ls-files", "-z"))
	return f
}

func (f *files) run(arguments ...string) string {
	out, err := exec.Command("git", append([]string{"-C", f.root}, arguments...)...).Output()
	if err != nil {
		fatal(fmt.Errorf("git %q: %v", arguments, err))
	}
	return string(out)
}

func split(text string) []string {
	list := strings.Split(text, "\x00")
	return list[:len(list)-1]
}

// Ten files and one pattern; wanted is "differ" where the two ways of globbing do.
func (r random) selects(f *files) []question {
	pattern := r.pick([]string{"**/", "*/", "", r.path() + "/", "**/" + r.name() + "/", r.name() + "/*/", r.name() + "/**/"}) +
		r.pick([]string{"config.json", "*.yaml", "config.*", "*", "", "values.ya?l", "c*.json"})
	if r.chance(6) {
		pattern += r.pick([]string{"{a,b}", "[a-z]", "/", "x"})
	}
	if strings.HasPrefix(pattern, "/") || pattern == "" {
		pattern = "config.json"
	}
	chosen := map[string]bool{}
	for _, name := range split(f.run("ls-files", "--full-name", "-z", "--", pattern)) {
		chosen[name] = true
	}
	var list []question
	for i := 0; i < 10; i++ {
		name := r.pick(f.all)
		other, err := doublestar.Match(pattern, name)
		wanted := yesOrNo(chosen[name])
		if err != nil || other != chosen[name] {
			wanted = "differ"
		}
		list = append(list, question{"s", pattern, name, wanted, true})
	}
	return list
}

// Parameters as generators give them.
func (r random) plainParams() map[string]interface{} {
	params := map[string]interface{}{"path": r.path(), "path.basename": r.name(), "path[0]": r.name(),
		"values.x": r.name(), "a": r.pick([]string{"", "{{b}}", "}}", "é", "\n"})}
	if r.chance(2) {
		params["b"] = r.name()
	}
	return params
}

func (r random) tree(depth int) interface{} {
	switch k := r.Intn(9); {
	case k == 0 && depth > 0:
		list := []interface{}{}
		for n := r.Intn(4); n > 0; n-- {
			list = append(list, r.tree(depth-1))
		}
		return list
	case k < 4 && depth > 0:
		m := map[string]interface{}{}
		for n := r.Intn(5); n > 0; n-- {
			m[r.pick([]string{"a", "b", "path", "basename", "x_1", "with-dash", ""})] = r.tree(depth - 1)
		}
		return m
	case k < 7:
		return r.pick([]string{"a", "Ab.C", "", "apps/x", "é", "{{.a}}", "-.x.-"})
	case k == 7:
		return []interface{}{true, false, nil}[r.Intn(3)]
	default:
		return []interface{}{0.0, 1.0, -7.0, 12.5, 999999.0, 1000000.0, 1e21, 123456.0, -0.0}[r.Intn(9)]
	}
}

func (r random) goParams(written bool) map[string]interface{} {
	if written || r.chance(2) {
		p := r.path()
		segments := []interface{}{}
		for _, s := range strings.Split(p, "/") {
			segments = append(segments, s)
		}
		return map[string]interface{}{"path": map[string]interface{}{"path": p, "basename": path.Base(p), "segments": segments},
			"values": map[string]interface{}{"a": r.name()}, "a": r.name(), "b": r.tree(2)}
	}
	m, _ := r.tree(3).(map[string]interface{})
	return m
}

func (r random) plainTemplate() string {
	s := ""
	for n := 1 + r.Intn(4); n > 0; n-- {
		s += r.pick([]string{"{{path}}", "{{ path.basename }}", "{{path[0]}}", "{{values.x}}", "{{a}}", "{{ b}}", "{{}}", "{{ none }}",
			"-", "apps/", "{{", "}}", "{", "}", "\n", "{{\n}}", "{{{a}}}", "é", "{{.path}}"})
	}
	return s
}

func (r random) chain() string {
	s := ""
	for n := 1 + r.Intn(3); n > 0; n-- {
		s += "." + r.pick([]string{"a", "b", "path", "basename", "segments", "values", "x_1"})
	}
	return r.pick([]string{s, s, s, ".path.path", ".path.basename", ".a", ".values.a", ".", "..a", ".a.", ".with-dash", "." + "9"})
}

func (r random) action() string {
	e := r.chain()
	switch r.Intn(9) {
	case 0:
		e = "index " + e + r.pick([]string{" 0", " 1", " 2", " \"a\"", " \"with-dash\"", " 01", " -1", "", " 1 2", " \"x\\\"y\""})
	case 1:
		e += r.pick([]string{" | lower", "|normalize", " | normalize | lower", " | upper", " | quote", " | default \"x\"", " |", " | lower 1"})
	case 2:
		e = r.pick([]string{"if " + e, "end", "range .path.segments", "/* c */", "- .a -", "$x := .a", "\"a\"", "1", "lower .a", "normalize .path.path | lower", "lower", "lower .a .a", "", "(.a)", "(index .path.segments 0)"})
	}
	return "{{" + r.pick([]string{"", " ", "  "}) + e + r.pick([]string{"", " "}) + "}}"
}

// The templates that people write.
func (r random) writtenTemplate() string {
	s := ""
	for n := 1 + r.Intn(3); n > 0; n-- {
		s += r.pick([]string{"", "x-", "apps/", "-"}) + r.pick([]string{"{{.path.path}}", "{{ .path.basename }}", "{{.a}}",
			"{{ .values.a }}", "{{index .path.segments 0}}", "{{ index .path.segments 1 }}", "{{ .path.basename | normalize }}",
			"{{ normalize .path.path }}", "{{.a | lower}}", "{{ .path.basenameNormalized }}"})
	}
	return s
}

func (r random) goTemplate() string {
	s := ""
	for n := 1 + r.Intn(3); n > 0; n-- {
		s += r.pick([]string{"", "x-", "apps/", "}}", "{", "\n", " "}) + r.action()
	}
	if r.chance(30) {
		s += r.pick([]string{"{{", "{{ .a", "}"})
	}
	return s
}

var (
	isTemplate  = regexp.MustCompile(".*{{.*}}.*")
	invalidName = regexp.MustCompile("[^-a-z0-9.]")
)

func normalize(name string) string {
	name = invalidName.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > 253 {
		name = name[:253]
	}
	return strings.Trim(name, "-.")
}

func replacePlain(text string, params map[string]interface{}) string {
	if !isTemplate.MatchString(text) {
		return hexField(text)
	}
	t, err := fasttemplate.NewTemplate(text, "{{", "}}")
	if err != nil {
		return "fails"
	}
	return hexField(t.ExecuteFuncString(func(w io.Writer, tag string) (int, error) {
		name := strings.TrimSpace(tag)
		value, ok := params[name].(string)
		if name == "" || !ok {
			return fmt.Fprintf(w, "{{%s}}", tag)
		}
		return w.Write([]byte(value))
	}))
}

func replaceGo(text string, params map[string]interface{}, option string) string {
	functions := sprig.GenericFuncMap()
	functions["normalize"] = normalize
	t, err := template.New("").Funcs(functions).Option(option).Parse(text)
	if err != nil {
		return "fails"
	}
	var out bytes.Buffer
	if err := t.Execute(&out, params); err != nil {
		return "fails"
	}
	return hexField(out.String())
}

func (r random) template() question {
	if r.chance(3) {
		text, params := r.plainTemplate(), r.plainParams()
		b, _ := json.Marshal(params)
		return question{"p", text, string(b), replacePlain(text, params), true}
	}
	written := r.chance(2)
	given := r.goParams(written)
	text := r.goTemplate()
	if written {
		text = r.writtenTemplate()
	}
	if given == nil {
		given = map[string]interface{}{}
	}
	b, err := json.Marshal(given)
	if err != nil {
		fatal(err)
	}
	params := map[string]interface{}{}
	if err := json.Unmarshal(b, &params); err != nil {
		fatal(err)
	}
	if r.chance(2) {
		return question{"e", text, string(b), replaceGo(text, params, "missingkey=error"), written}
	}
	return question{"g", text, string(b), replaceGo(text, params, "missingkey=default"), written}
}

func (r random) nameToNormalize() question {
	s := ""
	for n := r.Intn(6); n > 0; n-- {
		s += r.pick([]string{"A", "b", "-", ".", "_", " ", "/", "9", "é", "İ", "Z.", "--"})
	}
	if r.chance(50) {
		s += strings.Repeat("a.", 130)
	}
	return question{"n", s, "", hexField(normalize(s)), true}
}

var tree *files

func batch(d *driver, r random, n int, t *tally) {
	var list []question
	if tree == nil {
		tree = r.files()
	}
	for len(list) < n {
		switch r.Intn(40) {
		case 0:
			list = append(list, r.selects(tree)...)
		case 1, 2, 3:
			list = append(list, r.nameToNormalize())
		case 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17:
			list = append(list, r.match())
		default:
			list = append(list, r.template())
		}
	}
	lines := make([]string, len(list))
	for i, q := range list {
		lines[i] = q.kind + " " + hexField(q.a) + " " + hexField(q.b)
	}
	kinds := map[string]string{"m": "paths", "s": "files", "p": "plain templates", "g": "Go templates", "e": "Go templates", "n": "names"}
	for i, got := range d.ask(lines) {
		q := list[i]
		if got == "?" {
			what := "not known of "
			if q.written {
				what = "not known of written "
			}
			if q.wanted == "fails" || q.wanted == "differ" || strings.Contains(q.wanted, hexField("<no value>")[1:]) {
				what = "rightly not known of "
			}
			t.count(what + kinds[q.kind])
			if strings.HasPrefix(what, "not known of written") {
				t.show("NOT KNOWN", fmt.Sprintf("%s %q %q: library %s", q.kind, q.a, q.b, q.wanted))
			}
			continue
		}
		t.count("decided of " + kinds[q.kind])
		if got != q.wanted {
			t.contradict("%s %q %q: library %s, we %s", q.kind, q.a, q.b, q.wanted, got)
		}
	}
}

func main() {
	defer func() {
		if tree != nil {
			os.RemoveAll(tree.root)
		}
	}()
	campaign("appset", batch)
}
