package render

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// krustyCause is what remains of a message of krusty's without the chain of what was being done.
type krustyCause struct {
	dir  string // absolute directory of the innermost kustomization named, "" for the entry
	file string // the file at fault as that kustomization calls it, "" when unknown
	msg  string
}

// The wrappers of api/internal/target/kusttarget.go, from the outside in. A resource is tried as a file and then as a
// directory: chainDir drops the first complaint about a directory, chainFile the second about a file.
var (
	chainDir  = regexp.MustCompile(`^(?s:accumulation err='accumulating resources from '[^']*': '[^']*' must resolve to a file': )`)
	chainFile = regexp.MustCompile(`^(?s:accumulation err='(.*)': (?:must build at directory: .*|new root '[^']*' cannot be absolute))$`)
	chainIn   = regexp.MustCompile(`^(?:recursed accumulation of|recursed merging from|couldn't make target for) path '([^']*)': `)
	chainOf   = regexp.MustCompile(`^(?:accumulating resources|merging resources) from '([^']*)': `)
	chainText = regexp.MustCompile(`^(?:accumulateDirectory: |loader\.New )"`)
	chainTalk = regexp.MustCompile(`^(?:` + strings.Join([]string{
		`accumulating (?:resources|components)`, `loading generator plugins`, `failed to load generator`, `configuring external generator`,
		`merging (?:from generator|config|vars|CRDs) [^\n]*?`, `loading CRDs [^\n]*?`,
		"(?s:trouble configuring builtin \\w+ with config: `\n.*`)",
		`(?s:loading KV pairs: (?:env source files:|file sources:|literal sources) .*\])`,
	}, "|") + `): `)
)

// unchain follows a message inwards.
func unchain(msg string) krustyCause {
	c := krustyCause{msg: msg}
	for {
		next := c.msg
		if m := chainDir.FindString(next); m != "" {
			next = next[len(m):]
		} else if m := chainFile.FindStringSubmatch(next); m != nil {
			next = m[1]
		} else if m := chainIn.FindStringSubmatch(next); m != nil {
			c.dir, next = m[1], next[len(m[0]):]
		} else if m := chainOf.FindStringSubmatch(next); m != nil {
			c.file, next = m[1], next[len(m[0]):]
		} else if m := chainText.FindString(next); m != "" {
			if text, err := strconv.Unquote(next[len(m)-1:]); err == nil {
				next = text
			}
		} else if m := chainTalk.FindString(next); m != "" {
			next = next[len(m):]
		}
		if next == c.msg {
			return c
		}
		c.msg = next
	}
}

// tidy makes a cause one line that does not depend on where the repository lies, and that quotes no patch and no
// literal: they may hold secrets.
func (f *treeFS) tidy(msg string) string {
	root := regexp.MustCompile(regexp.QuoteMeta(f.t.Dir()) + `(?:` + regexp.QuoteMeta(string(filepath.Separator)) + `|\b)`)
	msg = root.ReplaceAllStringFunc(msg, func(s string) string {
		if strings.HasSuffix(s, string(filepath.Separator)) {
			return ""
		}
		return "."
	})
	msg = strings.Join(strings.Fields(plainIDs(withoutQuotes(msg))), " ")
	r, n := utf8.DecodeRuneInString(msg)
	if next, _ := utf8.DecodeRuneInString(msg[n:]); unicode.IsUpper(r) && unicode.IsLower(next) {
		msg = string(unicode.ToLower(r)) + msg[n:]
	}
	return msg
}

// quoting are the messages of api/kv and api/internal/builtins that quote what they complain about.
var quoting = []struct {
	quote *regexp.Regexp
	plain string
}{
	{regexp.MustCompile(`(?s)invalid literal source .*, expected key=value`), "invalid literal source, expected key=value"},
	{regexp.MustCompile(`(?s)has invalid utf8 bytes : .*`), "has invalid utf8 bytes"},
	{regexp.MustCompile(`\[patch: "(?:[^"\\]|\\.)*"\]`), "the patch"},
	{regexp.MustCompile(`(?s)(must specify one of patch and path|patch and path can't be set at the same time).*`), "$1"},
	{regexp.MustCompile(`(?s)^decoding .*: `), "decoding a JSON patch: "},
	{regexp.MustCompile(`(?s)(must specify a target for patch) .*`), "$1"},
	{regexp.MustCompile(`(?s)(empty item at .*?) in object .*`), "$1"},
}

func withoutQuotes(msg string) string {
	for _, q := range quoting {
		msg = q.quote.ReplaceAllString(msg, q.plain)
	}
	return msg
}

var printedID = regexp.MustCompile(`resid\.ResId\{Gvk:resid\.Gvk\{[^}]*Kind:"([^"]*)"[^}]*\}, Name:"([^"]*)", Namespace:"([^"]*)"\}`)

// plainIDs writes the identifiers that kustomize prints as Go values in a readable way.
func plainIDs(msg string) string {
	return printedID.ReplaceAllStringFunc(msg, func(s string) string {
		m := printedID.FindStringSubmatch(s)
		return (&Object{Kind: m[1], Name: m[2], Namespace: m[3]}).ID()
	})
}
