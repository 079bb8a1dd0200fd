package check

import (
	"fmt"
	"regexp"
	"strings"
)

// volumeNames are the names that a new volume cannot have: those of volumes, and of what containers mount from
// elsewhere (a StatefulSet's claim templates).
func volumeNames(p *Pod) map[string]bool {
	names := map[string]bool{}
	for _, v := range p.Spec.Volumes {
		names[v.Name] = true
	}
	for _, c := range p.Containers() {
		for _, m := range c.VolumeMounts {
			names[m.Name] = true
		}
		for _, d := range c.VolumeDevices {
			names[d.Name] = true
		}
	}
	return names
}

var notLabel = regexp.MustCompile(`[^a-z0-9]+`)

// freeName makes a DNS label of a name that is not taken yet.
func freeName(taken map[string]bool, name string) string {
	const longest = 63
	name = strings.Trim(notLabel.ReplaceAllString(strings.ToLower(name), "-"), "-")
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = fmt.Sprintf("-%d", n)
		}
		label := strings.TrimRight(name[:min(len(name), longest-len(suffix))], "-") + suffix
		if !taken[label] {
			return label
		}
	}
}
