package check

import (
	"math"
	"regexp"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/zricethezav/gitleaks/v8/config"
)

// leakRule is one pattern of gitleaks. Its expressions are compiled when a text first holds one of its keywords: all of
// them would take longer than judging a repository that holds none.
//
// gitleaks' own detector is not used: it obeys a "gitleaks:allow" in the text, which a stranger can write, logs what it finds,
// and brings archive readers with it.
type leakRule struct {
	ID          string
	Path        string
	Regex       string
	SecretGroup int
	Entropy     float64
	Keywords    []string
	Allowlists  []leakAllowlist

	once sync.Once
	re   *regexp.Regexp
}

// leakAllowlist says which matches of a rule are none.
type leakAllowlist struct {
	Condition   string // AND, or else any of the lists will do
	RegexTarget string // secret when empty, else match or line
	Paths       []string
	Regexes     []string
	StopWords   []string

	once sync.Once
	list *config.Allowlist
}

type leakConfig struct {
	AllowList leakAllowlist
	Rules     []leakRule
}

var leaks = sync.OnceValue(func() *leakConfig {
	c := &leakConfig{}
	if _, err := toml.Decode(config.DefaultConfig, c); err != nil {
		panic("check: gitleaks' rules: " + err.Error()) // they are part of the program
	}
	return c
})

// leakMin is the length of the shortest text that a pattern of gitleaks can match.
const leakMin = 16

// leakIn names the pattern of gitleaks that a text matches, "" for none. Patterns for certain files are left out, and the
// generic one, which goes by names: secret/env knows those better.
func leakIn(text string) string {
	if len(text) < leakMin || !strings.ContainsFunc(text, isDigit) && !strings.Contains(text, "PRIVATE KEY") {
		return ""
	}
	lower := strings.ToLower(text)
	c := leaks()
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.Path == "" && r.Regex != "" && r.ID != "generic-api-key" && r.mentioned(lower) && r.matches(text, &c.AllowList) {
			return r.ID
		}
	}
	return ""
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// mentioned reports whether a text in lower case holds a keyword of the rule.
func (r *leakRule) mentioned(lower string) bool {
	for _, k := range r.Keywords {
		if strings.Contains(lower, strings.ToLower(k)) {
			return true
		}
	}
	return len(r.Keywords) == 0
}

func (r *leakRule) matches(text string, global *leakAllowlist) bool {
	r.once.Do(func() { r.re = regexp.MustCompile(r.Regex) })
	for _, at := range r.re.FindAllStringSubmatchIndex(text, -1) {
		match := strings.Trim(text[at[0]:at[1]], "\n")
		secret := r.secretOf(match)
		if r.Entropy > 0 && entropy(secret) <= r.Entropy || isPlaceholder(secret) {
			continue
		}
		line := text[strings.LastIndexByte(text[:at[0]], '\n')+1:]
		line, _, _ = strings.Cut(line, "\n")
		allowed := global.allows(secret, match, line)
		for i := range r.Allowlists {
			allowed = allowed || r.Allowlists[i].allows(secret, match, line)
		}
		if !allowed {
			return true
		}
	}
	return false
}

// secretOf is the part of a match that is secret: the rule's group, or the first one that holds anything, or all of it.
func (r *leakRule) secretOf(match string) string {
	groups := r.re.FindStringSubmatch(match)
	if r.SecretGroup > 0 && r.SecretGroup < len(groups) {
		return groups[r.SecretGroup]
	}
	for i := 1; i < len(groups); i++ {
		if groups[i] != "" {
			return groups[i]
		}
	}
	return match
}

// allows reports whether a match is none. A list that asks for certain files too never does: there are none here.
func (a *leakAllowlist) allows(secret, match, line string) bool {
	if a.Condition == "AND" && len(a.Paths) > 0 || len(a.Regexes)+len(a.StopWords) == 0 {
		return false
	}
	a.once.Do(func() {
		a.list = &config.Allowlist{StopWords: a.StopWords}
		for _, re := range a.Regexes {
			a.list.Regexes = append(a.list.Regexes, regexp.MustCompile(re))
		}
		if a.list.Validate() != nil {
			panic("check: an allowlist of gitleaks is empty") // it is part of the program, and was looked at above
		}
	})
	target := secret
	switch a.RegexTarget {
	case "match":
		target = match
	case "line":
		target = line
	}
	stop, _ := a.list.ContainsStopWord(secret)
	return stop || a.list.RegexAllowed(target)
}

// entropy is Shannon's, in bits for each character.
func entropy(s string) float64 {
	count, n := map[rune]int{}, 0
	for _, r := range s {
		count[r]++
		n++
	}
	bits := 0.0
	for _, c := range count {
		p := float64(c) / float64(n)
		bits -= p * math.Log2(p)
	}
	return bits
}
