// A file of a directory source, read as Argo CD reads it: its text decoded as utfutil does, split
// and decoded as YAMLOrJSONDecoder of apimachinery does, made objects as its Unstructured does, and
// taken as getObjsFromYAMLOrJSON and GenerateManifests of Argo CD do.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"sigs.k8s.io/yaml"
)

type object map[string]interface{}

// decoded is the text without a mark, in UTF-8.
func decoded(file string) (string, error) {
	text, _, err := transform.String(utf.BOMOverride(utf.UTF8.NewDecoder()), file)
	return text, err
}

func (o object) text(field string) string {
	s, _ := o[field].(string)
	return s
}

func (o object) child(field string) object {
	m, _ := o[field].(map[string]interface{})
	return m
}

// Decoding JSON into Unstructured; null is no object and no error.
func fromJSON(data []byte) (object, error) {
	if string(bytes.TrimSpace(data)) == "null" {
		return nil, nil
	}
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, err
	}
	if o.text("kind") == "" || strings.Count(o.text("apiVersion"), "/") > 1 {
		return nil, errors.New("no kind")
	}
	return o, nil
}

// The documents of YAML: lines that begin with --- stand between them.
func yamlObjects(text string) (objects []object, err error) {
	lines := bufio.NewReader(strings.NewReader(text))
	document := ""
	add := func() error {
		if document == "" {
			return nil
		}
		data, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			return err
		}
		o, err := fromJSON(data)
		if o != nil {
			objects = append(objects, o)
		}
		document = ""
		return err
	}
	for {
		line, err := lines.ReadString('\n')
		if line == "" {
			return objects, add()
		}
		if err == nil { // ReadLine drops what ends a line
			line = strings.TrimSuffix(line[:len(line)-1], "\r")
		}
		line += "\n"
		if strings.HasPrefix(line, "---") {
			behind := strings.TrimSpace(line[3:])
			if behind != "" && behind[0] != '#' {
				return objects, errors.New("text behind the separator")
			}
			if document != "" {
				if err := add(); err != nil {
					return objects, err
				}
				continue
			}
		}
		document += line
	}
}

func fromYAMLOrJSON(text string) (objects []object, err error) {
	head := text
	if len(head) > 4096 {
		head = head[:4096]
	}
	if !strings.HasPrefix(strings.TrimLeftFunc(head, unicode.IsSpace), "{") {
		return yamlObjects(text)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	consumed := 0
	for count := 0; ; count++ {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if err == io.EOF {
			return objects, nil
		}
		var o object
		if err == nil {
			o, err = fromJSON(raw)
		}
		if err == nil {
			consumed = int(decoder.InputOffset())
			if o != nil {
				objects = append(objects, o)
			}
			continue
		}
		if count > 1 {
			return objects, err
		}
		// On as YAML, behind the blanks up to the end of the line.
		rest := text[consumed:]
		for {
			c, size := utf8.DecodeRuneInString(rest)
			if len(rest) < 4 || c == utf8.RuneError { // it looks four bytes ahead
				return objects, err
			}
			if unicode.IsSpace(c) {
				rest = rest[size:]
			}
			if !unicode.IsSpace(c) || c == '\n' {
				break
			}
		}
		more, err := yamlObjects(rest)
		return append(objects, more...), err
	}
}

// targets takes lists apart, as GenerateManifests does.
func targets(objects []object) (all []object, err error) {
	for _, o := range objects {
		items, isThere := o["items"]
		list, isList := items.([]interface{})
		_, hasSpec := o["spec"]
		_, hasStatus := o["status"]
		switch {
		case isList:
			for _, item := range list {
				m, isMap := item.(map[string]interface{})
				if !isMap {
					return nil, errors.New("an item that is no object")
				}
				all = append(all, m)
			}
		case isThere && items == nil && !hasSpec && !hasStatus:
		default:
			all = append(all, o)
		}
	}
	return all, nil
}

// readFile says "fails" or "objects" with what names each; those without kind or name are left out.
func readFile(file string, isJSON bool) string {
	text, err := decoded(file)
	if err != nil {
		return "fails"
	}
	var objects []object
	if isJSON {
		decoder := json.NewDecoder(strings.NewReader(text))
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return "fails"
		}
		o, err := fromJSON(raw)
		if err != nil || o == nil || decoder.More() {
			return "fails"
		}
		objects = []object{o}
	} else {
		objects, err = fromYAMLOrJSON(text)
		looksSo := strings.Contains(text, "apiVersion:") && strings.Contains(text, "kind:") &&
			strings.Contains(text, "metadata:")
		if err != nil && (len(objects) > 0 || looksSo) {
			return "fails"
		}
	}
	all, err := targets(objects)
	if err != nil {
		return "fails"
	}
	said := "objects"
	for _, o := range all {
		group := ""
		if slash := strings.IndexByte(o.text("apiVersion"), '/'); slash >= 0 {
			group = o.text("apiVersion")[:slash]
		}
		metadata := o.child("metadata")
		if o.text("kind") != "" && metadata.text("name") != "" {
			for _, s := range []string{group, o.text("kind"), metadata.text("namespace"), metadata.text("name")} {
				said += " " + hexField(s)
			}
		}
	}
	return said
}
