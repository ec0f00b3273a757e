// Generates YAML documents and manifest files, and holds what we read to go-yaml v2.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"

	"sigs.k8s.io/yaml"
)

var (
	scalars = []string{"a", "b", "name", "x y", "1", "0", "-1", "+1", "0123", "0o17", "0x1F", "0b101", "1_000",
		"1__0", "_1", "1_", "0x_1", "08", "1.5", "1.", ".5", "-.5", "1e3", "1E+3", "1e-3", "1e", "1.0", "1e400", "-0", "-0.0",
		".inf", "-.Inf", "+.INF", ".nan", ".NaN", "inf", "190:20:30", "12:30:45", "1:60", "yes", "No", "on", "OFF", "y", "N",
		"true", "True", "TRUE", "tRUE", "false", "null", "Null", "NULL", "~", "", "=", "<<", "2001-01-01",
		"2001-12-14t21:59:43.10-05:00", "2001-1-1", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
		"123456789012345678901234567890", "0.1", "1e22", "1e21", "1e-7", "100000000000000000000", "3.4028235e39",
		"0777777777777777777777", "0b", "0x", "1e1000", "4.9e-324", "0.30000000000000004", "16777217.0", "1_0.5",
		"\"\"", "''", "'a'", "\"a\"", "'it''s'", "\"\\n\\t\\x41\\u00e9\\U0001F600\\/\\e\\_\\N\\L\\P\\0\"", "\"\\ud83d\\ude00\"",
		"\"a\\\n  b\"", "\"a\n  b\"", "'a\n\n  b'", "\"\\x\"", "\"\\q\"", "\"\\uD800\"", "'1'", "\"true\"", "'null'",
		"a b", "a: b", "a #b", "a#b", "-", "- a", "?", "? a", ":", ":a", "a:", "[a, b]", "{a: b}", "[a, b", "{a: b", "[]", "{}", "[,]",
		"{a}", "{a: }", "{a, b: c}", "[a: b]", "{? a : b}", "[? a]", "{\"a\":b}", "{\"a\" :b}", "{a:b}", "{'a':1}", "@a", "`a", "%a", "&a", "*a", "!a", "|", ">", "|-", ">+",
		"|2", "!!str 1", "!!int \"1\"", "!!int a", "!!float 1", "!!bool yes", "!!bool \"yes\"", "!!null ''", "!!null a", "!!binary aGk=",
		"!!binary \"/w==\"", "!!binary a", "!!timestamp 2001-01-01", "!!timestamp a", "!custom a", "!custom 1", "!<tag:yaml.org,2002:str> 1", "! 1",
		"! a", "!!map {}", "!!seq []", "!!set {a, b}", "!!omap [a: b]", "!!str [a]", "!!merge <<", "!!value =", "!!str", "!e!tag a", "!!", "!<> a", "!local{ a",
		"日本", "é", "\u2028", "\u0085", "\ufeff", "\u00a0", "a\u2029b", "\x01", "\x7f", "\x85", "\xff", "\u200b", "😀",
		"a\tb", "\ta", "a\t", "a \t#c", "a\r", "{{ .Values.x }}", "{{a}}", "%YAML 1.1", "...", "---", "--- a", "a ... b", "1 2", "0.", "+.5", "0b12", "09.5", "0e0", "-0x1", "+0b1", "1,000", "1;2", "a,b", "a]", "a}"}
	keys = []string{"a", "b", "c", "a", "name", "kind", "<<", "\"<<\"", "'a'", "1", "1.0", "true", "yes", "y", "null", "~", "0x1", "01",
		"? a\n", "[a]", "{a: b}", "*a", "&a a", "!!str 1", "é", "", "-", "1e3", "a b", ".inf", "-0.0", "1.5", "0.1", "1e30", "123456789.5",
		"2001-01-01", "!!binary YQ==", "!!merge <<", "!!merge a", "=", "\"a\\tb\"", "9223372036854775808", "18446744073709551616", "&k k", "? ", "on", "12:30:45"}
	anchors = []string{"a", "b", "a", "x", "a-b", "é", "1"}
	nasty   = " \t\n\r:-?,[]{}#&*!|>'\"%@`~.<=\\/019axyoneE_\x00\x01\x7f\x85\xa0\xff\xc3\xa9\xe2\x80\xa8\xef\xbb\xbf"
)

// A value behind "key:" or "-", starting with a blank or a line's end; indent is its children's.
func (r random) node(depth int, indent string) string {
	properties := ""
	if r.chance(8) {
		properties += " &" + r.pick(anchors)
	}
	if r.chance(25) {
		properties += " " + r.pick([]string{"!!str", "!!map", "!!seq", "!x", "!", "!!int", "!!float", "!!null", "!!binary"})
		if r.chance(4) {
			properties += " &" + r.pick(anchors)
		}
	}
	switch k := r.Intn(12); {
	case depth == 0 || k < 4:
		s := r.pick(scalars)
		if r.chance(6) {
			s += " #" + r.pick(scalars)
		}
		return properties + " " + s + "\n"
	case k < 5:
		return " *" + r.pick(anchors) + "\n"
	case k < 6:
		return properties + " " + r.flow(depth) + "\n"
	case k < 7:
		return properties + r.block(indent)
	case k < 10:
		return properties + "\n" + r.mapping(depth-1, indent)
	default:
		if r.chance(3) && len(indent) >= 2 {
			indent = indent[:len(indent)-2]
		}
		return properties + "\n" + r.sequence(depth-1, indent)
	}
}

func (r random) block(indent string) string {
	s := " " + r.pick([]string{"|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|-2", "|0", "| #c", "|x"}) + "\n"
	for n := r.Intn(4); n > 0; n-- {
		s += r.pick([]string{indent, indent, indent, indent + " ", indent + "  ", "", "\t", indent + "\t", "  "}) +
			r.pick([]string{"a", "b c", "", "", "# c", "- d", "e: f", "---", "..."}) + "\n"
	}
	return s
}

func (r random) mapping(depth int, indent string) string {
	s := ""
	for n := 1 + r.Intn(4); n > 0; n-- {
		key := r.pick(keys)
		switch {
		case r.chance(3):
			key = r.pick(keys[:7])
		case r.chance(20):
			key = r.pick(scalars)
		}
		if key == "<<" && r.chance(2) {
			s += indent + "<<:" + r.pick([]string{" *" + r.pick(anchors), " [*a, *b]", " {a: 1, b: 2}", " [{a: 1}, *a]", " a", " [a]", " []", " ~", " [[{a: b}]]"}) + "\n"
			continue
		}
		s += indent + key + ":" + r.node(depth, indent+"  ")
		if r.chance(15) {
			s += r.pick([]string{"\n", "# c\n", indent + "# c\n", "   \n", "\t\n", "---\n", "...\n", indent + " \n"})
		}
	}
	return s
}

func (r random) sequence(depth int, indent string) string {
	s := ""
	for n := 1 + r.Intn(3); n > 0; n-- {
		switch r.Intn(6) {
		case 0:
			s += indent + "- " + strings.TrimPrefix(r.mapping(0, indent+"  "), indent+"  ")
		case 1:
			s += indent + "- " + strings.TrimPrefix(r.sequence(0, indent+"  "), indent+"  ")
		default:
			s += indent + "-" + r.node(depth, indent+"  ")
		}
	}
	return s
}

func (r random) flow(depth int) string {
	if depth == 0 || r.chance(3) {
		return r.pick(scalars)
	}
	gap := r.pick([]string{"", " ", " ", "\n  ", "\n"})
	s := ""
	if r.chance(2) {
		for n := r.Intn(4); n > 0; n-- {
			s += r.flow(depth-1) + "," + gap
		}
		if r.chance(2) {
			s = strings.TrimSuffix(s, ","+gap)
		}
		return "[" + gap + s + "]"
	}
	for n := r.Intn(4); n > 0; n-- {
		s += r.pick(keys) + r.pick([]string{":", ": ", ": ", ": ", " : ", ""}) + r.flow(depth-1) + r.pick([]string{",", ", ", ", ", ",\n  "})
	}
	if r.chance(2) {
		s = strings.TrimRight(s, ", \n")
	}
	return "{" + gap + s + "}"
}

func (r random) document() string {
	head := r.pick([]string{"", "", "", "", "", "---\n", "--- ", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "%TAG !e! tag:e:\n---\n", "# c\n", "\n", "\ufeff", " ", "%FOO\n---\n", "---\n---\n", "%YAML 2.0\n---\n"})
	s := ""
	switch r.Intn(8) {
	case 0:
		s = strings.TrimPrefix(r.node(0, ""), " ")
	case 1:
		s = r.flow(3) + "\n"
	case 2:
		s = r.sequence(2, "")
	default:
		s = r.mapping(2, "")
	}
	if r.chance(2) {
		// so that aliases lead somewhere
		s = r.pick([]string{"a: &a {a: 1, c: 3}\nb: &b\n  b: 2\n  a: 4\n", "z: [&a 1, &b {<<: {b: c}}, &x x]\n", "a: &a\n  - &b b\nx: &x {1: 2}\n"}) + s
	}
	s = head + s
	s += r.pick([]string{"", "", "", "", "...\n", "...\n---\nb\n", "---\nb: c\n", "# end", "\n\n"})
	return r.shape(s)
}

// What editors and byte flips do to text.
func (r random) shape(s string) string {
	if r.chance(10) {
		s = strings.ReplaceAll(s, "\n", "\r\n")
	}
	if r.chance(60) {
		s = strings.ReplaceAll(s, "\n", "\r")
	}
	if r.chance(20) {
		s = strings.TrimRight(s, "\n")
	}
	if r.chance(8) {
		s = r.damage(s)
	}
	switch {
	case r.chance(40):
		s = "\ufeff" + s
	case r.chance(60):
		s = utf16Text(s, r.chance(2))
		if r.chance(20) && len(s) > 3 {
			at := 2 + r.Intn(len(s)-2)
			s = s[:at] + string(nasty[r.Intn(len(nasty))]) + s[at+1:]
		}
		if r.chance(10) {
			s = s[:len(s)-1]
		}
	}
	return s
}

func utf16Text(s string, big bool) string {
	var b []byte
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(s))...) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

func (r random) damage(s string) string {
	b := []byte(s)
	for more := true; more; more = r.chance(2) {
		at := r.Intn(len(b) + 1)
		c := nasty[r.Intn(len(nasty))]
		switch k := r.Intn(6); {
		case k < 2 || at == len(b):
			b = append(b[:at:at], append([]byte{c}, b[at:]...)...)
		case k < 3:
			b = append(b[:at:at], b[at+1:]...)
		case k < 5:
			b[at] = c
		default: // a stretch moves
			from := r.Intn(len(b))
			to := from + r.Intn(len(b)-from)
			if to-from > 60 {
				to = from + 60
			}
			b = append(b[:at:at], append(append([]byte{}, b[from:to]...), b[at:]...)...)
		}
	}
	return string(b)
}

var (
	heads = []string{"apiVersion: argoproj.io/v1alpha1\nkind: Application\n", "apiVersion: v1\nkind: ConfigMap\n",
		"apiVersion: v1\nkind: Secret\n", "kind: List\napiVersion: v1\n", "apiVersion: v1\nkind: ConfigMapList\n",
		"apiVersion: a/b/c\nkind: K\n", "apiVersion: /\nkind: K\n", "apiVersion: 1\nkind: K\n", "apiVersion: ''\nkind: K\n",
		"kind: K\n", "apiVersion: v1\n", "apiVersion: v1\nkind: yes\n", "apiVersion: v1\nkind: ''\n", "kind: \"A\"\nkind: B\n",
		"<<: {kind: K, apiVersion: v1}\n", "\"\\u006bind\": K\n", "Kind: K\n", "apiVersion: apps/\nkind: D\n", ""}
	metadata = []string{"metadata:\n  name: a\n", "metadata: {name: a, namespace: b}\n", "metadata:\n  name: no\n", "metadata:\n  name: 1\n",
		"metadata:\n  name: 'no'\n", "metadata:\n  name: a\n  name: b\n", "metadata: &m\n  name: a\nx: *m\n", "metadata:\n  <<: &m {name: a}\n  name: c\n",
		"metadata:\n  name: c\n  <<: {name: a}\n", "metadata: []\n", "metadata: a\n", "metadata:\n  name: |\n    a\n", "metadata:\n  name: {{ .x }}\n",
		"metadata:\n  name: '{{ .x }}'\n", "metadata:\n\tname: a\n", "metadata:\n  namespace: 2001-01-01\n  name: 12:30:45\n", "metadata:\n  namespace: ~\n  name: a\n",
		"metadata:\n  name: \"a\\/b\"\n", "metadata:\n  name: \"\"\n", "Metadata:\n  name: a\n", "metadata:\n  annotations: {a: b}\n  name: x # c\n", "\"metadata\": {\"name\": \"a\"}\n"}
	bodies = []string{"spec: {}\n", "data:\n  a: |\n    ---\n    b\n", "data:\n  a: |\n---\n", "items: []\n", "items: ~\n", "items:\n- kind: A\n  metadata: {name: i}\n- kind: B\n  apiVersion: g/v1\n  metadata: {name: j}\n",
		"items: [1]\n", "items:\n- metadata: {name: i}\n", "items: [[]]\n", "items: {}\n", "status: {}\n", "data: {a: 1e400}\n", "data: {? [a] : b}\n", "data: {1: a, '1': b}\n", "",
		"<<<<<<< HEAD\na: b\n=======\na: c\n>>>>>>> x\n", "data: {a: .nan}\n", "a: *nowhere\n", "data:\n  a: \"b\n  c\n", "a: b\na: c\n", "x: \"\\x01\"\n"}
	seams = []string{"---\n", "---\n", "---\n", "--- # c\n", "--- a\n", "---a\n", "----\n", " ---\n", "---\r\n", "...\n", "...\n---\n", "---\n---\n", "---\n# c\n---\n", "", "\n", "--- \t\n", "---\u00a0\n", "--- |\n", "%YAML 1.1\n---\n", "---\n\n\n", "# ---\n"}
	jsons = []string{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`, `{"kind":"A","metadata":{"name":"a","namespace":"b"}}`,
		`{"apiVersion":"v1","kind":"List","items":[{"kind":"A","metadata":{"name":"i"}}]}`, `{"a":1}`, `{"kind":"A","kind":"B","metadata":{"name":"c"}}`,
		`{"kind":"A","metadata":{"name":"a"},"x":1e400}`, `{"kind":"A","metadata":{"name":"a"},"x":"\ud800"}`, `{"kind":"A","metadata":{"name":"\u0061\u0000"}}`,
		`{kind: A, metadata: {name: a}}`, `{"kind":"A","metadata":{"name":"a"},}`, `{"kind":"A",` + "\n" + `"metadata":{"name":"a"}}`, `[{"kind":"A"}]`, `null`, `1`, `"a"`, `{}`,
		`{"kind":"A","metadata":{"name":"a"}} // c`, `{"kind":"A" /* c */,"metadata":{"name":"a"}}`, `{'kind':'A','metadata':{'name':'a'}}`, `{"kind":"A","metadata":{"name":"a` + "\t" + `"}}`,
		`{"kind":"A","metadata":{"name":"a"},"x":-0,"y":01}`, `{"kind":"A","metadata":{"name":"a"},"x":[1,2`, `{"Kind":"A","metadata":{"name":"a"}}`, `{"kind":"A","metadata":{"name":"é` + "\xff" + `"}}`,
		`{"kind":"A","metadata":{"name":"a"},"items":null}`, `{"apiVersion":"a/b/c","kind":"A","metadata":{"name":"a"}}`}
	gaps = []string{"", " ", "\n", "\n", "\r\n", "\n\n", "\n---\n", ",", "\t", "\u00a0", "\n# c\n", "}", "]", "\n \n", "\f", "\v\n", "\x00"}
)

func (r random) manifest() string {
	s := r.pick(heads[:1+r.Intn(len(heads))]) + r.pick(metadata[:1+r.Intn(len(metadata))])
	for r.chance(2) {
		s += r.pick(bodies)
	}
	return s
}

func (r random) yamlFile() string {
	s := r.pick([]string{"", "", "", "\n", "# c\n", " ", "\t", "\u00a0"})
	for n := r.Intn(4); n >= 0; n-- {
		switch {
		case r.chance(5):
			s += r.pick(jsons) + r.pick(gaps)
		case r.chance(10):
			s += r.document()
		default:
			s += r.manifest()
		}
		if n > 0 {
			s += r.pick(seams[:3+r.Intn(2)*r.Intn(18)])
		}
	}
	return r.shape(s)
}

func (r random) jsonFile() string {
	s := r.pick(gaps[:4])
	for n := 0; n == 0 || r.chance(2); n++ {
		s += r.pick(jsons) + r.pick(gaps)
	}
	if r.chance(400) {
		s = strings.Repeat(" ", 4090+r.Intn(10)) + s
	}
	return r.shape(s)
}

type input struct {
	mode byte
	text string
}

func (r random) input() input {
	switch k := r.Intn(20); {
	case k < 9:
		return input{'v', r.document()}
	case k < 10:
		return input{'v', r.damage(r.pick(scalars))}
	case k < 16:
		return input{'y', r.yamlFile()}
	case k < 18:
		return input{'y', r.jsonFile()}
	default:
		return input{'j', r.jsonFile()}
	}
}

// readValue is what sigs.k8s.io/yaml makes of it, or why it makes nothing.
func readValue(text string) (value interface{}, failed string) {
	defer func() {
		if what := recover(); what != nil {
			failed = fmt.Sprint("panics: ", what)
		}
	}()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		return parseJSON(string(data))
	}
	return nil, err.Error()
}

func parseJSON(text string) (value interface{}, failed string) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err.Error()
	}
	return canonical(value), ""
}

// Numbers that Kubernetes' decoder takes for the same are the same: integers of 64 bits, or floats.
func canonical(value interface{}) interface{} {
	switch v := value.(type) {
	case map[string]interface{}:
		for key := range v {
			v[key] = canonical(v[key])
		}
	case []interface{}:
		for i := range v {
			v[i] = canonical(v[i])
		}
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n
		}
		f, _ := v.Float64()
		if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f)
		}
		return f
	}
	return value
}

func sayFile(text string, isJSON bool) (said string) {
	defer func() {
		if what := recover(); what != nil {
			said = fmt.Sprint("panics: ", what)
		}
	}()
	return readFile(text, isJSON)
}

func compareValue(text string, got string, t *tally) {
	want, failed := readValue(text)
	switch {
	case got[0] == '?':
		t.count("values not known")
		t.show("NOT KNOWN", fmt.Sprintf("%s: %q: library %v %s", got[2:], text, want, failed))
	case got == "refused":
		t.count("values refused")
		if failed == "" {
			t.contradict("%q: library %v, we refuse it", text, want)
		}
	default:
		t.count("values")
		ours, wrong := parseJSON(strings.TrimPrefix(got, "value "))
		if failed != "" {
			t.contradict("%q: library refuses it (%s), we %s", text, failed, got)
		} else if wrong != "" || !reflect.DeepEqual(ours, want) {
			t.contradict("%q: library %#v, we %s", text, want, got)
		}
	}
}

func compareFile(i input, got string, t *tally) {
	want := sayFile(i.text, i.mode == 'j')
	if got == "ignored" {
		got = "objects"
	}
	t.count("files " + map[bool]string{true: "not known", false: strings.Fields(got + " x")[0]}[got[0] == '?'])
	if got[0] == '?' {
		t.show("NOT KNOWN", fmt.Sprintf("%s: %c %q: library %s", got[2:], i.mode, i.text, want))
	} else if got != want {
		t.contradict("%c %q: library %s, we %s", i.mode, i.text, want, got)
	}
}

func batch(d *driver, r random, n int, t *tally) {
	inputs := make([]input, n)
	lines := make([]string, n)
	for i := range inputs {
		inputs[i] = r.input()
		lines[i] = fmt.Sprintf("%c %s", inputs[i].mode, hexField(inputs[i].text))
	}
	for i, got := range d.ask(lines) {
		if inputs[i].mode == 'v' {
			compareValue(inputs[i].text, got, t)
		} else {
			compareFile(inputs[i], got, t)
		}
	}
}

func main() {
	campaign("yaml", batch)
}
