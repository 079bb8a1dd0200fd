package check

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// ConfigFile is the name of the configuration (package config).
const ConfigFile = ".syncgate.yaml"

// NewestMinor is the newest v1 minor version of the standard that the upstream library knows: its own version, by
// go.mod. A policy that names a newer one is a mistake, since it would be held against older checks than it says.
const NewestMinor = 37

// NewPolicy checks a level, LevelAuto included, and a version of the standard. "latest" means the cluster's own version: newer versions
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
	if level != LevelAuto {
		if _, err := levelOf(p); err != nil {
			return Policy{}, err
		}
	}
	minor, ok := strings.CutPrefix(p.Version, "v1.")
	n, err := strconv.Atoi(minor)
	switch {
	case !ok || err != nil || n < 0:
		return Policy{}, fmt.Errorf("version %q of the standard: expected latest or v1.N", levelVersion)
	case n > NewestMinor && p.Version == levelVersion:
		return Policy{}, fmt.Errorf("version %q of the standard: the newest that this syncgate knows is v1.%d; use latest or update syncgate",
			levelVersion, NewestMinor)
	}
	return p, nil
}
