package render

import (
	"errors"
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	secretLeaf   = regexp.MustCompile(`(?i)pass(word|phrase|wd)?$|secret|token|credential|private|(api|access|encryption|signing|master|tls)_?-?key|dsn$`)
	secretBranch = regexp.MustCompile(`(?i)secret|credential`)
)

// shortestSecret is how long a value must be to be taken for a secret: hiding shorter ones would hide plain words.
const shortestSecret = 6

// redactError takes out of an error's message the values that stand under keys which look as if they held a secret:
// templates may quote any value when they fail.
func redactError(err error, vals ...map[string]any) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	secrets := map[string]bool{}
	for _, v := range vals {
		collectSecrets(v, false, e.Msg, secrets)
	}
	list := make([]string, 0, len(secrets))
	for s := range secrets {
		list = append(list, s)
	}
	sort.Slice(list, func(i, j int) bool { return len(list[i]) > len(list[j]) })
	out := *e
	for _, s := range list {
		out.Msg = replaceWord(out.Msg, s, "***")
	}
	return &out
}

// collectSecrets adds to out the strings below v that look like secrets and stand in msg.
func collectSecrets(v any, secret bool, msg string, out map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		for k, v := range x {
			_, leaf := v.(string)
			collectSecrets(v, secret || secretBranch.MatchString(k) || leaf && secretLeaf.MatchString(k), msg, out)
		}
	case []any:
		for _, v := range x {
			collectSecrets(v, secret, msg, out)
		}
	case string:
		if secret && len(x) >= shortestSecret && strings.Contains(msg, x) {
			out[x] = true
		}
	}
}

// replaceWord replaces word in s where no letter or digit stands right before or after it.
func replaceWord(s, word, with string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, word)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(word):])
		b.WriteString(s[:i])
		if inWord(before) || inWord(after) {
			b.WriteString(word)
		} else {
			b.WriteString(with)
		}
		s = s[i+len(word):]
	}
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
