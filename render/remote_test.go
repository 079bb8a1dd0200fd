package render

import "testing"

// What a source renders to depends on the lock as soon as it uses something remote.
func TestRemoteReadsLock(t *testing.T) {
	tree := writeRepo(t, map[string]string{"app/kustomization.yaml": "resources: [https://h.example/a.yaml]\n",
		"own/kustomization.yaml": "resources: [a.yaml]\n", "own/a.yaml": account})
	for name, want := range map[string]bool{"app": true, "own": false} {
		if got := Render(tree, kustomizeSource(name), Options{}).Read.Affected([]string{LockFile}); got != want {
			t.Errorf("%s: affected by the lock is %v", name, got)
		}
	}
}

// The first render says all that a kustomization needs, so that it is fetched in one go.
func TestRemoteNeeds(t *testing.T) {
	tree := writeRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- https://h.example/a.yaml\n- git@g.example:org/repo\ncomponents:\n- https://h.example/org/c\n"})
	res := Render(tree, kustomizeSource("app"), Options{})
	if res.Err == nil || len(res.Err.Needs) != 3 {
		t.Fatalf("%+v", res.Err)
	}
	for i, want := range []Remote{
		{Kind: RemoteFile, Ref: "https://h.example/a.yaml", File: "app/kustomization.yaml", Line: 2},
		{Kind: RemoteBase, Ref: "git@g.example:org/repo", File: "app/kustomization.yaml", Line: 3},
		{Kind: RemoteBase, Ref: "https://h.example/org/c", File: "app/kustomization.yaml", Line: 5},
	} {
		if res.Err.Needs[i] != want {
			t.Errorf("need %d: %+v", i, res.Err.Needs[i])
		}
	}
}
