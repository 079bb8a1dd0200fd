package remote

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// netrcLogin looks hosts up in the netrc file of curl and git: $NETRC, or ~/.netrc. The file is read when the first host
// is asked for.
func netrcLogin() func(host string) (user, password string) {
	read := sync.OnceValue(func() map[string][2]string {
		file := os.Getenv("NETRC")
		if home, err := os.UserHomeDir(); file == "" && err == nil {
			file = filepath.Join(home, ".netrc")
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil
		}
		return parseNetrc(string(data))
	})
	return func(host string) (string, string) {
		logins := read()
		l, ok := logins[strings.ToLower(host)]
		if !ok {
			l = logins[""]
		}
		return l[0], l[1]
	}
}

// parseNetrc gives user and password by host, those of `default` under "". Macros are passed over: they end with an
// empty line.
func parseNetrc(text string) map[string][2]string {
	out := map[string][2]string{}
	host, known := "", false
	macro := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if macro = macro && len(words) > 0; macro {
			continue
		}
		for i := 0; i < len(words); i++ {
			next := ""
			if i+1 < len(words) {
				next = words[i+1]
			}
			switch words[i] {
			case "#":
				i = len(words)
			case "machine":
				host, known = strings.ToLower(next), true
				i++
			case "default":
				host, known = "", true
			case "login":
				if known {
					out[host] = [2]string{next, out[host][1]}
				}
				i++
			case "password":
				if known {
					out[host] = [2]string{out[host][0], next}
				}
				i++
			case "account":
				i++
			case "macdef":
				macro = true
				i = len(words)
			}
		}
	}
	return out
}
