package check

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// isPlaceholder reports whether a text holds no value of its own: it is empty, says that something is to be put there, is
// filled in by a tool on the way to the cluster, refers to a store, or is encrypted.
func isPlaceholder(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || emptyValue[s] || emptyWord[strings.ToLower(s)] || encrypted.MatchString(s) || reference.MatchString(s) {
		return true
	}
	if len(s) <= maxPlaceholder && (saysSo.MatchString(s) || filler.MatchString(s)) {
		return true
	}
	rest := withoutTokens(s)
	switch {
	case rest == s:
		return false
	case !strings.ContainsFunc(rest, isAlnum):
		return true
	case !strings.Contains(s, "\n"):
		return strings.Contains(s, "://") && !hasUserinfo(rest)
	}
	return substituted.MatchString(s) && !holdsCredential(substituted.ReplaceAllString(s, ""))
}

// maxPlaceholder bounds what is compared with phrases such as "change me": whoever writes more than that means it.
const maxPlaceholder = 80

// emptyValue are values that hold nothing.
var emptyValue = map[string]bool{`""`: true, `''`: true, "{}": true, "[]": true, `{"auths":{}}`: true, `{"auths": {}}`: true}

// emptyWord are words for nothing, in lower case.
var emptyWord = map[string]bool{"null": true, "nil": true, "none": true, "undefined": true, "unset": true, "n/a": true, "todo": true,
	"tbd": true, "fixme": true, "placeholder": true, "redacted": true, "masked": true, "changeme": true, "changeit": true}

// encrypted matches what SOPS, PGP, age and Ansible Vault write in the place of a value.
var encrypted = regexp.MustCompile(`(?s)^(?:ENC\[[A-Z0-9_]+,.*\]|-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----.*|\$ANSIBLE_VAULT;.*)$`)

// reference matches what names a value in a store: Bank-Vaults (vault:, >>vault:), vals (ref+vault://), 1Password (op://),
// AWS, Azure Key Vault to Kubernetes, and the schemes of helm-secrets and others.
var reference = regexp.MustCompile(`^(?:(?:>>)?vault:[^\s]+|ref\+[a-z0-9]+:[^\s]+|op://[^\s]+|` +
	`arn:aws[a-z-]*:(?:secretsmanager|ssm|kms):[^\s]+|(?:secrets?|awssm|awsssm|gcpsm|azurekeyvault|secretref)://?[^\s]+|` +
	`[^\s@]+@azurekeyvault)$`)

// saysSo matches phrases that ask for a value: change-me, replace_with_your_key, your password, insert the token here.
var saysSo = regexp.MustCompile(`(?i)^(?:` + strings.Join([]string{
	`(?:please[-_ ]?)?(?:change|replace)[-_ ]?(?:me|this|it|with|before|in|your|the).*`,
	`(?:please[-_ ])?(?:insert|enter|fill|update|set|add|put|provide|generate|paste|override|must|should|to)[-_ ](?:me|this|it|in|here|your|the|a|an|with|be)(?:[-_ ].*)?`,
	`your[-_ ].*`,
	`your(?:password|passwd|secret|token|key|api).*`,
	`.*[-_ ]here`,
	`(?:example|sample|dummy|fake|mock|placeholder)[-_ ]?(?:password|passwd|secret|token|key|value|api[-_ ]?key)`,
	`(?:example|sample|dummy|fake|mock|placeholder)`,
	`(?:todo|fixme|tbd)\b.*`,
	`not[-_ ]?(?:set|used|a[-_ ]real.*)`,
	`.*EXAMPLE(?:KEY)?`,
}, "|") + `)[.!]*$`)

// filler matches what only fills a place: xxxx, ****, ----.
var filler = regexp.MustCompile(`^(?:[xX]{3,}|\*+|\.{2,}|-{2,}|_{2,}|\?+|#+)$`)

// token matches what a tool replaces: <password>, <path:…#…> of the Argo CD Vault plugin, $(VAR) and ${VAR}, {{ template }},
// %VAR%, %(var)s, __VAR__, @VAR@, #{VAR}#.
var token = regexp.MustCompile(`<[^<>\n]+>|\$\([^()\n]+\)|\$\{[^{}\n]*\}|\{\{.*?\}\}|#\{[^{}\n]+\}#?|%\([^)\n]+\)s|%[A-Z_][A-Z0-9_]*%|` +
	`__[A-Z0-9]+(?:_[A-Z0-9]+)*__|@[A-Z_][A-Z0-9_]*@`)

// substituted matches what the Argo CD Vault plugin and envsubst, as Flux has it, replace inside of longer values.
var substituted = regexp.MustCompile(`<path:[^<>\n]+>|\$\{[A-Za-z_][^{}\n]*\}`)

// variable matches a whole value that is a shell variable: $DB_PASSWORD, $db_password, $dbPassword. $ecret is a password.
var variable = regexp.MustCompile(`^\$(?:[A-Z_][A-Z0-9_]*|[a-z]+(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:\.[A-Za-z_][A-Za-z0-9_]*)+)$`)

// fallback matches a ${VAR} with what it is when nobody sets it.
var fallback = regexp.MustCompile(`^\$\{[A-Za-z0-9_.]+\s*:?[-=]\s*(.*)\}$`)

// withoutTokens takes out what a tool replaces. What a token falls back to stays.
func withoutTokens(s string) string {
	if variable.MatchString(s) {
		return ""
	}
	return token.ReplaceAllStringFunc(s, func(t string) string {
		if m := fallback.FindStringSubmatch(t); m != nil && !isPlaceholder(m[1]) {
			return m[1]
		}
		return ""
	})
}

// hasUserinfo reports whether a URL stands in a text that holds a password.
func hasUserinfo(s string) bool { return passwordOf(s) != "" }

var urlWithUser = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://([^\s/@"'?#]*):([^\s/"'?#]*)@`)

// passwordOf is the password in a URL that stands in a text, "" when there is none. It may hold an @, and what comes after
// the last one is the host.
func passwordOf(s string) string {
	m := urlWithUser.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	if p, err := url.PathUnescape(m[2]); err == nil {
		return p
	}
	return m[2]
}

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
