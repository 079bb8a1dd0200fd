package apiserver

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// policy is a level of the Pod Security Standards in a version.
type policy struct{ level, version string }

func (p policy) String() string { return p.level + ":" + p.version }

// parallel is how many requests are under way at once.
const parallel = 8

// The versions of the standard that are asked for: v1.25 is the first in which it was stable, v1.35 the server's own.
const oldest, newest = 25, 35

func policies() []policy {
	var out []policy
	for _, level := range []string{"baseline", "restricted"} {
		for minor := oldest; minor <= newest; minor++ {
			out = append(out, policy{level, fmt.Sprintf("v1.%d", minor)})
		}
		out = append(out, policy{level, "latest"})
	}
	return out
}

// TestVerdicts creates every pod under every policy: check must find something in exactly those that the server denies.
func TestVerdicts(t *testing.T) {
	var set podSet
	if err := set.addFixtures(); err != nil {
		t.Fatal(err)
	}
	for _, root := range repositories() {
		dir, err := filepath.Abs(root)
		if err != nil {
			t.Fatal(err)
		}
		if err := set.addRendered(dir); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := writePods(dir, set.pods); err != nil {
		t.Fatal(err)
	}
	table := newTable(set.pods)
	for _, p := range policies() {
		row, err := judge(p, dir, set.pods)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		table.add(p, row)
	}
	table.report(t)
}

// repositories are where workloads come from: the demo, the examples of our rules, and SYNCGATE_CORPUS when that is set.
func repositories() []string {
	out := []string{"../../testdata/demo", "../../testdata/rules"}
	if corpus := os.Getenv("SYNCGATE_CORPUS"); corpus != "" {
		out = append(out, corpus)
	}
	return out
}

// judge asks both judges about all pods.
func judge(p policy, dir string, pods []*pod) ([]judged, error) {
	opinions, err := check(dir, pods, p)
	if err != nil {
		return nil, err
	}
	namespace := p.level + "-" + dashed(p.version)
	if err := server.namespace(namespace, p); err != nil {
		return nil, err
	}
	answers, err := createAll(namespace, pods)
	if err != nil {
		return nil, err
	}
	out := make([]judged, len(pods))
	for i, pod := range pods {
		out[i] = judged{pod, answers[i], opinions[pod.name]}
	}
	return out, nil
}

// createAll posts all pods to a namespace, some at a time; the answers are in the order of the pods.
func createAll(namespace string, pods []*pod) ([]answer, error) {
	answers := make([]answer, len(pods))
	errs := make([]error, parallel)
	var wg sync.WaitGroup
	for worker := range parallel {
		wg.Go(func() {
			for i := worker; i < len(pods) && errs[worker] == nil; i += parallel {
				answers[i], errs[worker] = server.create(namespace, pods[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}
