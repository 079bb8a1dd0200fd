package check

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// NewPolicy checks a level and a version of the standard. "latest" means the cluster's own version: newer versions
// of the standard also relax checks, and a cluster enforces the one it knows.
func NewPolicy(level, levelVersion, kubeVersion string) (Policy, error) {
	kube, err := version.ParseGeneric(kubeVersion)
	if err != nil {
		return Policy{}, fmt.Errorf("kube version %q: expected v1.N or v1.N.M", kubeVersion)
	}
	p := Policy{Level: level, Version: levelVersion}
	if levelVersion == "latest" || levelVersion == "" {
		p.Version = fmt.Sprintf("v%d.%d", kube.Major(), kube.Minor())
	}
	if _, err := levelOf(p); err != nil {
		return Policy{}, err
	}
	minor, ok := strings.CutPrefix(p.Version, "v1.")
	if n, err := strconv.Atoi(minor); !ok || err != nil || n < 0 {
		return Policy{}, fmt.Errorf("version %q of the standard: expected latest or v1.N", levelVersion)
	}
	return p, nil
}
