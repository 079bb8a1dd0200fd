package fix

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// A chart from elsewhere that an Application renders with values of its own, as a mapping and as text.
const application = `
-- chart/Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
dependencies:
  - name: cache
    version: 1.0.0
    repository: https://charts.example.com
-- chart/charts/cache/Chart.yaml --
apiVersion: v2
name: cache
version: 1.0.0
-- chart/charts/cache/templates/pod.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: cache
spec:
  containers:
    - name: cache
      image: redis:8
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
-- app.yaml --
# the cache
kind: Application
spec:
  source:
    helm:
      valuesObject:
        cache:
          securityContext:
            runAsUser: 1000 # as the image
      values: |
        # small
        cache:
          replicas: 1
          securityContext:
            runAsUser: 1000
`

// TestHelmLayers writes values where a source keeps them: in a field of another document, or in a string there.
func TestHelmLayers(t *testing.T) {
	at := render.Keys("spec", "source", "helm")
	for _, test := range []struct {
		name  string
		layer render.ValueLayer
		want  string
	}{
		{"mapping", render.ValueLayer{File: "app.yaml", DocPath: at.Key("valuesObject"), Encoding: render.EncodingObject},
			"            runAsUser: 1000 # as the image\n            allowPrivilegeEscalation: false\n"},
		{"text", render.ValueLayer{File: "app.yaml", DocPath: at.Key("values"), Encoding: render.EncodingText},
			"            runAsUser: 1000\n            allowPrivilegeEscalation: false\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := treeOf(t, txtar.Parse([]byte(application)))
			src := render.Source{ID: "chart@app", Path: "chart", Kind: render.KindHelm,
				Helm: render.HelmOptions{Values: []render.ValueLayer{test.layer}}}
			v := fixSource(t, tree, src)
			if len(v.Files()) != 1 || len(v.Left()) != 0 {
				t.Fatalf("%d files changed, left %v", len(v.Files()), v.Left())
			}
			f := v.Files()[0]
			if f.Name != "app.yaml" || !strings.Contains(string(f.After), test.want) || len(f.After) != len(f.Before)+len("            allowPrivilegeEscalation: false\n") {
				t.Errorf("%s becomes\n%s\nwant in it\n%s", f.Name, f.After, test.want)
			}
		})
	}
}

// fixSource mends one source that discovery does not find.
func fixSource(t *testing.T, tree *render.Tree, src render.Source) *Verified {
	t.Helper()
	o := optionsFor(t, &txtar.Archive{Comment: []byte("select: pss/allowPrivilegeEscalation\n")})
	pool := render.NewPool(tree, render.Options{}, render.Limits{})
	defer pool.Close()
	p := newProver(tree, pool, o)
	p.layers = newLayerDocuments(tree, []render.Source{src})
	run, err := p.snapshot(context.Background(), []render.Source{src})
	if err != nil {
		t.Fatal(err)
	}
	p.before, p.loc = run, render.NewLocator(tree)
	p.inScope = map[string]bool{src.ID: true}
	v := &Verified{before: run}
	if err := p.climb(context.Background(), candidatesOf(v, o), v); err != nil {
		t.Fatal(err)
	}
	for _, f := range run.Findings {
		if f.Safety == check.FixManual {
			t.Fatalf("%s is manual", f.Message)
		}
	}
	return v
}
