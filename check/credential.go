package check

import (
	"regexp"
	"strings"
	"unicode"
)

// credentialIn says how a named value gives itself away as a credential, "" when it does not: by a pattern of gitleaks, as
// a password in a URL, or by its name together with its form.
func credentialIn(name, value string) string {
	if isPlaceholder(value) {
		return ""
	}
	if p := passwordOf(withoutTokens(value)); p != "" && !isPlaceholder(p) {
		return "a password in a URL"
	}
	if by := leakIn(name + "=" + value); by != "" {
		return by
	}
	if kind := kindOfName(name); kind != notSecret && looksSecret(kind, name, value) {
		return "by its name"
	}
	return ""
}

// nameKind is what a name says about its value.
type nameKind int

const (
	notSecret  nameKind = iota
	passwordIs          // a password: whatever is written there is one
	keyIs               // a key or token: made by a machine, or at least by somebody who meant it
	secretIs            // either a secret or the name of one
	sharedIs            // a secret that two sides share: made by somebody who meant it
)

// sharedSecrets are the words before "secret" where that is no Secret's name.
var sharedSecrets = set("client", "jwt", "consumer", "cookie", "session", "shared", "hmac", "nextauth", "application")

// secretWords are words of a name that say that something about it is secret.
var secretWords = set("password", "passwd", "pass", "pwd", "passphrase", "secret", "token", "apikey", "credential", "credentials", "key",
	"dsn", "cookie", "htpasswd", "auth")

// keyPairs are the two last words of names of keys; others that end with "key" may be anything: a cache key, a sort key.
var keyPairs = set("api key", "access key", "secret key", "private key", "encryption key", "signing key", "master key", "auth key",
	"account key", "storage key", "shared key", "jwt key", "hmac key", "deploy key", "service key", "app key", "application key",
	"secret base", "key base", "erlang cookie", "cookie secret", "connection string", "subscription key", "license key",
	"integration key", "write key", "admin key", "server key", "client key", "cipher key", "crypt key", "session key", "root key")

// kindOfName judges a name by its last words; a number at its end does not count.
func kindOfName(name string) nameKind {
	words := wordsOf(name)
	for len(words) > 1 && strings.Trim(words[len(words)-1], "0123456789") == "" {
		words = words[:len(words)-1]
	}
	if len(words) == 0 || words[0] == "public" || words[0] == "no" || words[0] == "old" && len(words) == 2 && words[1] == "pwd" {
		return notSecret
	}
	last, pair := words[len(words)-1], ""
	if len(words) > 1 {
		pair = words[len(words)-2] + " " + last
	}
	if strings.HasSuffix(last, "password") || strings.HasSuffix(last, "passwd") || last == "passphrase" {
		return passwordIs
	}
	switch last {
	case "pass", "pwd", "pw":
		if len(words) > 1 {
			return passwordIs
		}
		return notSecret
	case "token", "apikey", "secretkey", "accesskey", "privatekey", "apitoken", "accesstoken", "authtoken", "bearer":
		if pair == "public token" {
			return notSecret
		}
		return keyIs
	case "secret", "credential", "credentials", "creds":
		if last == "secret" && len(words) > 1 && sharedSecrets[words[len(words)-2]] {
			return sharedIs
		}
		return secretIs
	}
	if keyPairs[pair] {
		return keyIs
	}
	return notSecret
}

// wordsOf splits a name into lower-case words: DB_PASSWORD, db-password, db.password, dbPassword.
func wordsOf(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !isAlnum(r):
			end()
			continue
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]):
			end()
		case i > 0 && i+1 < len(runes) && unicode.IsUpper(r) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}

var (
	plainPath = regexp.MustCompile(`^(?:~|\.{1,2})?(?:/[A-Za-z0-9._@-]+)+/?$|^[A-Za-z]:\\`)
	fileName  = regexp.MustCompile(`^[A-Za-z0-9._/-]+\.(?:ya?ml|json|txt|pem|crt|key|cert|conf|cfg|ini|env|p12|jks|pub|token|properties|sh|py)$`)
	anyURL    = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
	number    = regexp.MustCompile(`^[-+]?[0-9]+(?:\.[0-9]+)?(?:ns|us|ms|s|m|h|d|[KMGT]i?B?)?$`)
	hostName  = regexp.MustCompile(`^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]+)?$`)
	dnsLabel  = regexp.MustCompile(`^[a-z]+[0-9]?(?:[-_./][a-z0-9]+)*$`)
	// names that people give to Secrets
	objectName = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*-(?:secrets?|tls|certs?|credentials?|creds|keys?|tokens?|config)$`)
	lowerWord  = regexp.MustCompile(`^[a-z]+$`)
	identName  = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`)
)

// switches are values that turn something on or off, or choose a way.
var switches = set("true", "false", "yes", "no", "on", "off", "enabled", "disabled", "enable", "disable", "required", "optional", "auto",
	"default", "always", "never", "file", "env", "vault", "kubernetes", "bearer", "basic", "jwt", "null", "none", "nil", "plain", "plaintext",
	"undefined")

// looksSecret reports whether a value has the form of what its name promises.
func looksSecret(kind nameKind, name, value string) bool {
	v := strings.TrimSpace(value)
	lower := strings.ToLower(v)
	switch {
	case switches[lower], plainPath.MatchString(v), fileName.MatchString(v), anyURL.MatchString(v), identName.MatchString(v):
		return false
	case publicPEM(v), withoutTokens(v) != v:
		return false
	case number.MatchString(v):
		return kind == passwordIs && len(strings.Trim(v, "0123456789")) == 0 && len(v) >= 4
	case strings.ContainsAny(v, "{}[]\n") && kind != passwordIs:
		return false
	}
	if kind == passwordIs {
		return len(v) >= 3 && !strings.Contains(v, " ")
	}
	if len(v) < 6 || strings.ContainsAny(v, " \t,;") || hostName.MatchString(v) || sameWords(name, v) {
		return false
	}
	if kind == sharedIs {
		return !objectName.MatchString(v)
	}
	if dnsLabel.MatchString(v) && (kind == secretIs || strings.ContainsAny(v, "-_./")) {
		return mixes(v)
	}
	words := wordsOf(name)
	return !lowerWord.MatchString(v) || len(v) >= 20 || len(words) > 1 && words[len(words)-2] == "secret"
}

// sameWords reports whether a value only repeats its name, or a part of it: what stands for a key, not a key.
func sameWords(name, value string) bool {
	n, v := strings.Join(wordsOf(name), ""), strings.Join(wordsOf(value), "")
	return strings.Contains(n, v) || strings.HasSuffix(v, n) && strings.ContainsAny(value, "-_. ")
}

// mixes reports whether a text has the digits among its letters that machines make and people seldom type: no Secret's name.
func mixes(v string) bool {
	changes, digits := 0, 0
	for i := range len(v) {
		d := v[i] >= '0' && v[i] <= '9'
		if d {
			digits++
		}
		if i > 0 && d != (v[i-1] >= '0' && v[i-1] <= '9') {
			changes++
		}
	}
	return len(v) >= 16 && digits >= 3 && changes >= 4
}

// assignment matches a line of a config file that gives a value to a name.
var assignment = regexp.MustCompile(`^\s*(?:export\s+|-\s+)?["']?([A-Za-z0-9_.-]+)["']?\s*(?:[:=]|=>)\s*["']?([^"'\s,][^"'\n]*?)["']?[,;]?\s*$`)

// holdsCredential reports whether a text, such as a config file, holds a credential.
func holdsCredential(text string) bool {
	if leakIn(text) != "" {
		return true
	}
	for line := range strings.Lines(text) {
		if p := passwordOf(line); p != "" && !isPlaceholder(p) {
			return true
		}
		m := assignment.FindStringSubmatch(line)
		if m == nil || isPlaceholder(m[2]) {
			continue
		}
		if kind := kindOfName(m[1]); kind != notSecret && looksSecret(kind, m[1], m[2]) {
			return true
		}
	}
	return false
}
