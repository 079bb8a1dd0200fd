package check

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Glob is a pattern for names or for paths. The zero value matches nothing.
type Glob struct {
	text string
	re   *regexp.Regexp
}

// Globs is a list of patterns, of which one must match.
type Globs []Glob

// NameGlob is a pattern for a name (of an object, a namespace, an image): "*" stands for any number of characters, "?"
// for one.
func NameGlob(text string) (Glob, error) {
	if text == "" {
		return Glob{}, fmt.Errorf("is empty; * matches everything")
	}
	re := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(text))
	return compileGlob(text, re)
}

// PathGlob is a pattern for a path below the repository's root: "*" and "?" stop at "/", "**" does not. A pattern that
// matches a folder matches all that is in it.
func PathGlob(text string) (Glob, error) {
	clean := path.Clean(text)
	switch {
	case text == "":
		return Glob{}, fmt.Errorf("is empty; ** matches everything")
	case path.IsAbs(text), clean == "..", strings.HasPrefix(clean, "../"):
		return Glob{}, fmt.Errorf("%q leads out of the repository; paths are relative to its root", text)
	case clean == ".":
		clean = "**"
	}
	re := strings.NewReplacer(`/\*\*/`, `/(?:.*/)?`, `\*\*/`, `(?:.*/)?`, `/\*\*`, `(?:/.*)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\?`, `[^/]`).
		Replace(regexp.QuoteMeta(clean))
	return compileGlob(text, re+`(?:/.*)?`)
}

func compileGlob(text, re string) (Glob, error) {
	compiled, err := regexp.Compile(`(?s)^(?:` + re + `)$`)
	if err != nil {
		return Glob{}, fmt.Errorf("%q is no pattern: %w", text, err)
	}
	return Glob{text: text, re: compiled}, nil
}

// Match reports whether the pattern covers all of s.
func (g Glob) Match(s string) bool { return g.re != nil && g.re.MatchString(s) }

// String is the pattern as written.
func (g Glob) String() string { return g.text }

// exactly is the weight of a pattern without wildcards.
const exactly = 1 << 20

// weight says how specific a pattern is: exactly without wildcards, else the number of its other characters. It is never
// 0.
func (g Glob) weight() int {
	if !strings.ContainsAny(g.text, "*?") {
		return exactly
	}
	return 1 + len(g.text) - strings.Count(g.text, "*") - strings.Count(g.text, "?")
}

// Match reports whether a pattern of the list covers s.
func (gs Globs) Match(s string) bool { return gs.best(s) > 0 }

// best is the greatest weight of the patterns that match, 0 when none does.
func (gs Globs) best(s string) int {
	most := 0
	for _, g := range gs {
		if g.Match(s) {
			most = max(most, g.weight())
		}
	}
	return most
}
