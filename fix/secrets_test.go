package fix

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	sealed "github.com/bitnami-labs/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"github.com/bitnami-labs/sealed-secrets/pkg/crypto"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// controller is a Sealed Secrets controller's key, and its certificate as kubeseal --fetch-cert prints it.
var controller = sync.OnceValues(func() (*rsa.PrivateKey, []byte) {
	key, cert, err := crypto.GeneratePrivateKeyAndCert(2048, time.Hour, "test")
	if err != nil {
		panic(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
})

// unsealed reads a SealedSecret with sealed-secrets' own code.
func unsealed(o *render.Object, namespace, name string) (*corev1.Secret, error) {
	var s sealed.SealedSecret
	if err := json.Unmarshal(o.JSON, &s); err != nil {
		return nil, err
	}
	s.Namespace, s.Name = namespace, name
	key, _ := controller()
	print, err := crypto.PublicKeyFingerprint(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return s.Unseal(scheme.Codecs, map[string]*rsa.PrivateKey{print: key})
}

// sealOptions are the options of a config with fix.secrets to: sealed.
func sealOptions(t *testing.T) Options {
	t.Helper()
	o := optionsFor(t, &txtar.Archive{})
	_, cert := controller()
	sealer, err := NewSealer(cert)
	if err != nil {
		t.Fatal(err)
	}
	o.Sealer, o.Check.Remedies.Secrets.To = sealer, check.ToSealed
	o.Check.Selection.Select = []string{"secret"}
	return o
}

// rendered are all objects of a tree, by kind, namespace and name.
func rendered(t *testing.T, tree *render.Tree) map[string]*render.Object {
	t.Helper()
	found, err := render.Discover(tree, render.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*render.Object{}
	for _, s := range found.Sources {
		res := render.Render(tree, s, render.Options{})
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		for i := range res.Objects {
			o := &res.Objects[i]
			out[o.Kind+" "+check.NamespaceOf(&s, o)+"/"+o.Name] = o
		}
	}
	return out
}

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        env:
        - name: DB_PASSWORD # of the user web
          value: hunter2
        - {name: LOG, value: debug}
        - {name: API_TOKEN, value: 8f14e45fceea167a5a36}
      - name: side
        image: side:1
        env:
        - name: DB_PASSWORD
          value: hunter3
        - name: API_TOKEN
          value: "8f14e45fceea167a5a36"
`

// TestSealed seals Secrets and credentials, and has sealed-secrets' own code unseal what is rendered then: every byte, label
// and annotation is as before, in no other namespace and under no other name.
func TestSealed(t *testing.T) {
	for name, text := range map[string]string{
		"comments stay": `
-- a.yaml --
# the team's

# and a blank line
apiVersion: v1
kind: Secret
metadata: # here
  name: db
  namespace: shop # not there
  labels: {app: web}
  annotations:
    note: "kept"
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"user":"hunter2"}}'
type: Opaque # why not
immutable: true
data:
  # of the user
  password: |-
    aHVudGVy
    Mg==
  binary: AP8AgQ==
stringData:
  user: "app"
  ca.crt: |
    line 1

    line 3
# the end
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: shop}
`,
		"data first": `
-- a.yaml --
stringData: {password: "hunter2 and\tmore", empty: ""}
kind: Secret
apiVersion: v1
metadata: {namespace: shop, name: db}
`,
		"JSON": `
-- a.json --
{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, "stringData": {"password": "hunter2"}}
`,
		"in a List": `
-- a.yaml --
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: other, namespace: shop}
- apiVersion: v1
  kind: Secret
  metadata:
    name: db
    namespace: shop
  stringData:
    password: hunter2
`,
		"stringData wins": `
-- a.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
data: {password: b2xk}
stringData: {password: hunter2}
`,
		"kustomize": `
-- base/kustomization.yaml --
resources: [secret.yaml]
-- base/secret.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  password: hunter2
-- prod/kustomization.yaml --
resources: [../base]
namespace: shop
commonLabels: {team: shop}
`,
		"env":           "\n-- a.yaml --" + web,
		"env in a List": "\n-- a.yaml --\napiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(web), "\n", "\n  ") + "\n",
		"env in kustomize": "\n-- kustomization.yaml --\nnamespace: shop\nresources: [a.yaml]\n-- a.yaml --" +
			strings.Replace(web, ", namespace: shop", "", 1),
		"env whose Secret is taken": "\n-- a.yaml --" + web + `
---
apiVersion: v1
kind: Secret
metadata: {name: web-env, namespace: shop}
stringData: {password: hunter4}
`,
	} {
		t.Run(name, func(t *testing.T) {
			archive := txtar.Parse([]byte(text))
			testSealed(t, archive)
			for i := range archive.Files {
				archive.Files[i].Data = bytes.ReplaceAll(bytes.TrimRight(archive.Files[i].Data, "\n"), []byte("\n"), []byte("\r\n"))
			}
			testSealed(t, archive)
		})
	}
}

func testSealed(t *testing.T, archive *txtar.Archive) {
	t.Helper()
	tree, o := treeOf(t, archive), sealOptions(t)
	v, err := Fix(context.Background(), tree, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Left()) > 0 || len(v.Files()) == 0 {
		t.Fatalf("files changed: %d, left: %s", len(v.Files()), leftText(v))
	}
	for _, f := range v.Files() {
		keepsComments(t, &f)
		if crlf := bytes.Count(f.After, []byte("\r\n")); crlf > 0 && crlf != bytes.Count(f.After, []byte("\n")) {
			t.Errorf("%s mixes line breaks", f.Name)
		}
		if bytes.HasSuffix(f.Before, []byte("\n")) != bytes.HasSuffix(f.After, []byte("\n")) {
			t.Errorf("%s: the last line break changed", f.Name)
		}
	}
	fixed := tree.With(contentsOf(v))
	again, err := Fix(context.Background(), fixed, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Files())+len(again.Before().Findings) > 0 {
		t.Errorf("a second run finds more to do: %d files, %d findings", len(again.Files()), len(again.Before().Findings))
	}
	before, after := rendered(t, tree), rendered(t, fixed)
	secrets := map[string]*corev1.Secret{}
	for id, o := range after {
		if o.Kind == "SealedSecret" {
			_, id, _ := strings.Cut(id, " ")
			secrets[id] = mustUnseal(t, o, id)
		}
	}
	sameSecrets(t, before, secrets)
	sameEnv(t, before, after, secrets)
}

// mustUnseal unseals where it must work, and wants it to fail where it must not.
func mustUnseal(t *testing.T, o *render.Object, id string) *corev1.Secret {
	t.Helper()
	namespace, _, _ := strings.Cut(id, "/")
	s, err := unsealed(o, namespace, o.Name)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	if _, err := unsealed(o, namespace+"x", o.Name); err == nil {
		t.Errorf("%s can be unsealed in another namespace", id)
	}
	if _, err := unsealed(o, namespace, o.Name+"x"); err == nil {
		t.Errorf("%s can be unsealed under another name", id)
	}
	return s
}

// sameSecrets holds what was unsealed against the Secrets that were there.
func sameSecrets(t *testing.T, before map[string]*render.Object, secrets map[string]*corev1.Secret) {
	t.Helper()
	for id, o := range before {
		if o.Kind != "Secret" {
			continue
		}
		var old corev1.Secret
		if err := json.Unmarshal(o.JSON, &old); err != nil {
			t.Fatal(err)
		}
		if old.Data == nil {
			old.Data = map[string][]byte{}
		}
		for k, v := range old.StringData {
			old.Data[k] = []byte(v)
		}
		delete(old.Annotations, "kubectl.kubernetes.io/last-applied-configuration")
		now := secrets[strings.TrimPrefix(id, "Secret ")]
		if now == nil {
			t.Errorf("%s is gone", id)
			continue
		}
		if !maps.EqualFunc(old.Data, now.Data, bytes.Equal) || old.Type != now.Type || !maps.Equal(old.Labels, now.Labels) ||
			!maps.Equal(old.Annotations, now.Annotations) || (old.Immutable == nil) != (now.Immutable == nil) {
			t.Errorf("%s unseals to\n%+v\nbut was\n%+v", id, now, old)
		}
	}
}

// sameEnv resolves the references of pods, and wants each container to get what it got.
func sameEnv(t *testing.T, before, after map[string]*render.Object, secrets map[string]*corev1.Secret) {
	t.Helper()
	for id, o := range before {
		if o.Kind != "Deployment" {
			continue
		}
		namespace, _, _ := strings.Cut(strings.TrimPrefix(id, "Deployment "), "/")
		old, now := envOf(t, o, namespace, nil), envOf(t, after[id], namespace, secrets)
		if !maps.Equal(old, now) {
			t.Errorf("%s: containers get %v, and got %v", id, now, old)
		}
	}
}

func envOf(t *testing.T, o *render.Object, namespace string, secrets map[string]*corev1.Secret) map[string]string {
	t.Helper()
	var d struct {
		Spec struct{ Template corev1.PodTemplateSpec }
	}
	if err := json.Unmarshal(o.JSON, &d); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range d.Spec.Template.Spec.Containers {
		for _, e := range c.Env {
			value := e.Value
			if e.ValueFrom != nil {
				s := secrets[namespace+"/"+e.ValueFrom.SecretKeyRef.Name]
				if s == nil || e.Value != "" {
					t.Fatalf("%s: %s refers to nothing", c.Name, e.Name)
				}
				value = string(s.Data[e.ValueFrom.SecretKeyRef.Key])
			}
			out[c.Name+" "+e.Name] = value
		}
	}
	return out
}

// keepsComments wants every comment that stood outside of data.
func keepsComments(t *testing.T, f *FileChange) {
	t.Helper()
	for _, comment := range []string{"# the team's", "# and a blank line", "# here", "# not there", "# the end", "# of the user web"} {
		if bytes.Contains(f.Before, []byte(comment)) && !bytes.Contains(f.After, []byte(comment)) {
			t.Errorf("%s lost %s", f.Name, comment)
		}
	}
}

// TestNotSealed states what is left to people, and why.
func TestNotSealed(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\nstringData:\n  password: hunter2\n"
	for name, test := range map[string]struct{ text, reason string }{
		"no namespace": {"-- a.yaml --\n" + strings.Replace(secret, "  namespace: shop\n", "", 1), "nobody says which namespace it goes to"},
		"no name":      {"-- a.yaml --\n" + strings.Replace(secret, "  name: db\n", "  generateName: db-\n", 1), "it has no name"},
		"another scope": {"-- a.yaml --\n" + strings.Replace(secret, "stringData:", "  annotations: {sealedsecrets.bitnami.com/cluster-wide: \"true\"}\nstringData:", 1),
			"it has the annotation sealedsecrets.bitnami.com/cluster-wide"},
		"a value that is filled in": {"-- a.yaml --\n" + secret + "  user: <path:kv/db#user>\n", "something fills in stringData.user"},
		"a prefix": {"-- kustomization.yaml --\nresources: [a.yaml]\nnamePrefix: x-\n-- a.yaml --\n" + secret,
			"the cluster knows it as x-db, which a.yaml does not"},
		"a generator": {"-- kustomization.yaml --\nnamespace: shop\nsecretGenerator: [{name: gen, literals: [password=hunter2]}]\n",
			"A generator gives its name a hash"},
		"two namespaces": {"-- base/kustomization.yaml --\nresources: [a.yaml]\n-- base/a.yaml --\n" +
			secret + "-- a/kustomization.yaml --\nresources: [../base]\nnamespace: a\n-- b/kustomization.yaml --\nresources: [../base]\nnamespace: b\n",
			"give it other namespaces or names"},
		"a patch adds a value": {"-- kustomization.yaml --\nresources: [a.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: db, namespace: shop}\n    stringData: {more: hunter3}\n-- a.yaml --\n" +
			secret, "a patch or a generator adds values to it"},
		"a chart":           {"-- Chart.yaml --\nname: c\nversion: 1.0.0\napiVersion: v2\n-- templates/s.yaml --\n" + secret, "A chart makes this of its values"},
		"what is no base64": {"-- a.yaml --\n" + strings.Replace(secret, "stringData", "data", 1), "the API would refuse it"},
		"env in JSON": {"-- a.json --\n" + `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers": [` +
			`{"name": "web", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]}}` + "\n", "a JSON file takes no document beside this one"},
		"env of a patch": {"-- kustomization.yaml --\nresources: [a.yaml]\npatches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web, namespace: shop}\n    spec: {template: {spec: {containers: [{name: web, env: [{name: DB_PASSWORD, value: hunter9}]}]}}}\n-- a.yaml --" +
			web, "a.yaml has another value for it than what is rendered"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Fix(context.Background(), treeOf(t, txtar.Parse([]byte(test.text))), sealOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Files()) > 0 || !strings.Contains(leftText(v), test.reason) {
				t.Errorf("%d files changed, left: %s\nwant %s", len(v.Files()), leftText(v), test.reason)
			}
			if strings.Contains(leftText(v), "hunter") {
				t.Errorf("a reason shows a value: %s", leftText(v))
			}
		})
	}
}

// TestExternal takes values out of git only when the store holds them, and says there where they are.
func TestExternal(t *testing.T) {
	archive := txtar.Parse([]byte(`
-- a.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  labels: {app: web}
type: kubernetes.io/basic-auth
stringData:
  password: hunter2
  username: app
-- want.diff --
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: db
  namespace: shop
  labels: {app: web}
spec:
  data:
  - remoteRef:
      key: apps/shop-db
      property: password
    secretKey: password
  - remoteRef:
      key: apps/shop-db
      property: username
    secretKey: username
  refreshInterval: 1h
  secretStoreRef:
    name: vault
    kind: ClusterSecretStore
  target:
    name: db
    creationPolicy: Owner
    deletionPolicy: Retain
    template:
      metadata:
        labels:
          app: web
      type: kubernetes.io/basic-auth
`))
	o := sealOptions(t)
	o.Sealer = nil
	o.Check.Remedies.Secrets = check.SecretRemedy{To: check.ToExternal,
		Store: check.Store{Name: "vault", Kind: "ClusterSecretStore", Key: "apps/{namespace}-{name}"}}
	tree := treeOf(t, archive)
	v, err := Fix(context.Background(), tree, o)
	if err != nil || len(v.Files()) > 0 || !strings.Contains(leftText(v), "Put the values into the store first") {
		t.Fatalf("%v, %d files changed, left: %s", err, len(v.Files()), leftText(v))
	}
	o.Check.Remedies.Secrets.InStore = true
	if v, err = Fix(context.Background(), tree, o); err != nil || len(v.Files()) != 1 {
		t.Fatalf("%v, left: %s", err, leftText(v))
	}
	if got, want := string(v.Files()[0].After), string(archive.Files[1].Data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSealedCommentGoes wants a comment that quotes a value to go, and with it the document's other comments, since nobody
// can tell what else they say.
func TestSealedCommentGoes(t *testing.T) {
	archive := txtar.Parse([]byte("-- a.yaml --\n# outside\n---\n# echo -n hunter2hunter2 | base64\napiVersion: v1\nkind: Secret\nmetadata: {name: db, " +
		"namespace: shop}\nstringData:\n  password: hunter2hunter2\n---\n# below\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"))
	v, err := Fix(context.Background(), treeOf(t, archive), sealOptions(t))
	if err != nil || len(v.Files()) != 1 {
		t.Fatalf("%v, left: %s", err, leftText(v))
	}
	after := string(v.Files()[0].After)
	if strings.Contains(after, "hunter2") || !strings.Contains(after, "# outside\n---\n") || !strings.Contains(after, "---\n# below\n") {
		t.Errorf("got\n%s", after)
	}
}
