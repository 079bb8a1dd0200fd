//go:build conformance

package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"sort"
	"strings"

	k8syaml "k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// compareMasked compares outside what differs between two runs of the command.
func compareMasked(chart string, want, again, got []any, sum *helmTotals) string {
	if !reflect.DeepEqual(kindsOf(want), kindsOf(again)) {
		sum.masked = append(sum.masked, chart+": order")
		for _, list := range [][]any{want, again, got} {
			sort.SliceStable(list, func(i, j int) bool { return identity(list[i]) < identity(list[j]) })
		}
	}
	if !reflect.DeepEqual(kindsOf(want), kindsOf(got)) {
		return fmt.Sprintf("objects differ:\nhelm: %s\nours: %s", identities(want), identities(got))
	}
	for i := range want {
		for _, path := range differences(want[i], again[i], nil) {
			sum.masked = append(sum.masked, chart+": "+identity(want[i])+" "+path.String())
			maskField(want[i], path)
			maskField(got[i], path)
		}
		if d := differences(want[i], got[i], nil); len(d) > 0 {
			return fmt.Sprintf("%s differs at %s", identity(want[i]), d)
		}
	}
	return ""
}

// kindsOf tell lists apart whose objects have random names.
func kindsOf(list []any) []string {
	out := make([]string, len(list))
	for i := range list {
		m, _ := list[i].(map[string]any)
		out[i] = fmt.Sprint(m["apiVersion"], " ", m["kind"])
	}
	return out
}

func identities(list []any) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = identity(list[i])
	}
	return out
}

func identity(v any) string {
	m, _ := v.(map[string]any)
	meta, _ := m["metadata"].(map[string]any)
	return fmt.Sprintf("%v %v %v/%v", m["apiVersion"], m["kind"], meta["namespace"], meta["name"])
}

// differences are the paths at which two values differ.
func differences(a, b any, at Path) []Path {
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok {
			var out []Path
			for k := range x {
				if _, ok := y[k]; !ok {
					out = append(out, at.Key(k))
				} else {
					out = append(out, differences(x[k], y[k], at.Key(k))...)
				}
			}
			for k := range y {
				if _, ok := x[k]; !ok {
					out = append(out, at.Key(k))
				}
			}
			return out
		}
	}
	if x, ok := a.([]any); ok {
		if y, ok := b.([]any); ok && len(x) == len(y) {
			var out []Path
			for i := range x {
				out = append(out, differences(x[i], y[i], at.At(i))...)
			}
			return out
		}
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []Path{at}
}

func maskField(v any, p Path) {
	for i, s := range p {
		last := i == len(p)-1
		switch x := v.(type) {
		case map[string]any:
			if last {
				x[s.Key] = "masked"
			}
			v = x[s.Key]
		case []any:
			if s.Index >= len(x) {
				return
			}
			if last {
				x[s.Index] = "masked"
			}
			v = x[s.Index]
		}
	}
}

// parseManifests reads the command's output as kubectl would, items of lists one by one.
func parseManifests(out string) ([]any, error) {
	r := k8syaml.NewYAMLReader(bufio.NewReader(strings.NewReader(out)))
	var list []any
	for {
		doc, err := r.Read()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		var v any
		if err := sigsyaml.Unmarshal(doc, &v); err != nil {
			return nil, err
		}
		list = appendItems(list, v)
	}
}

func appendItems(list []any, v any) []any {
	m, ok := v.(map[string]any)
	if !ok {
		return list
	}
	items, isList := m["items"].([]any)
	if kind, _ := m["kind"].(string); !isList || !strings.HasSuffix(kind, "List") {
		return append(list, v)
	}
	for _, item := range items {
		list = appendItems(list, item)
	}
	return list
}

var (
	ownWords = []string{"values don't meet the schema of chart", "***", errClosed.Error()}
	noWord   = regexp.MustCompile(`\s+`)
)

// compareErrors reports whether our error is the cause of the command's: each part of it stands there.
func compareErrors(helm, ours error, tree *Tree) string {
	switch {
	case helm == nil:
		return "helm renders, ours fails: " + ours.Error()
	case ours == nil:
		return "ours renders, helm fails: " + helm.Error()
	}
	var e *Error
	if !errors.As(ours, &e) {
		return "not an *Error: " + ours.Error()
	}
	if e.File == "" || !tree.Exists(e.File) && !strings.Contains(e.Msg, "no such file") {
		return fmt.Sprintf("the error names %q, which does not exist: %s", e.File, e.Msg)
	}
	theirs := noWord.ReplaceAllString(helm.Error(), " ")
	for _, part := range regexp.MustCompile(`: |; |:\d+`).Split(e.Msg, -1) {
		for _, w := range ownWords {
			part = strings.ReplaceAll(part, w, "")
		}
		if strings.HasPrefix(part, "additional properties") {
			continue // in random order, as helm prints them
		}
		if part = strings.TrimSpace(noWord.ReplaceAllString(part, " ")); !strings.Contains(theirs, part) {
			return fmt.Sprintf("error differs (%q):\nhelm: %sours: %v", part, helm, e)
		}
	}
	return ""
}
