package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	push "github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/syncgate/syncgate/render"
)

// imageRegistry is a registry in this process that counts requests. front, when set, may answer in its place.
type imageRegistry struct {
	host  string
	hits  atomic.Int64
	front func(w http.ResponseWriter, r *http.Request) bool
}

func newImageRegistry(t *testing.T) *imageRegistry {
	t.Helper()
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := &imageRegistry{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		if s.front == nil || !s.front(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	s.host = strings.TrimPrefix(srv.URL, "http://")
	return s
}

// image makes an image with a config.
func image(t *testing.T, os string, c v1.Config) v1.Image {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: os, Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}, Config: c})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (s *imageRegistry) push(t *testing.T, tag string, img push.Taggable) string {
	t.Helper()
	ref, err := name.ParseReference(s.host + "/" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := push.Push(ref, img); err != nil {
		t.Fatal(err)
	}
	return s.host + "/" + tag
}

func open(t *testing.T, cache string, hosts ...string) *Images {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	s, err := OpenImages(ImageOptions{Hosts: hosts, CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestImageConfig(t *testing.T) {
	far := newImageRegistry(t)
	web := far.push(t, "shop/web:1", image(t, "linux", v1.Config{User: "101:0", Env: []string{"PASSWORD=hunter2"},
		ExposedPorts: map[string]struct{}{"80/tcp": {}, "8443": {}, "53/udp": {}, "x/tcp": {}},
		Volumes:      map[string]struct{}{"/data/": {}, "/var/cache": {}, "relative": {}, "/": {}}}))
	dir := t.TempDir()
	s := open(t, dir, far.host)
	c, err := s.Config(context.Background(), web)
	if err != nil {
		t.Fatal(err)
	}
	want := render.ImageConfig{Digest: c.Digest, User: "101:0", Ports: []int32{53, 80, 8443}, Volumes: []string{"/data", "/var/cache"}}
	if !reflect.DeepEqual(*c, want) || !strings.HasPrefix(c.Digest, "sha256:") {
		t.Errorf("got %+v, want %+v", *c, want)
	}
	n := far.hits.Load()
	if again, err := s.Config(context.Background(), web); err != nil || again != c || far.hits.Load() != n {
		t.Errorf("asked twice in a run: %v, %d more requests", err, far.hits.Load()-n)
	}
	if u := s.Unknown(); len(u) > 0 {
		t.Errorf("unknown: %v", u)
	}

	// Another run asks for the tag's digest only; a digest that the cache holds needs neither network nor permission.
	var paths []string
	far.front = func(_ http.ResponseWriter, r *http.Request) bool {
		paths = append(paths, r.Method+" "+r.URL.Path)
		return false
	}
	if again, err := open(t, dir, far.host).Config(context.Background(), web); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("from the cache: %+v, %v", again, err)
	}
	if !slices.Equal(paths, []string{"GET /v2/", "HEAD /v2/shop/web/manifests/1"}) {
		t.Errorf("requests with a cache: %v", paths)
	}
	n = far.hits.Load()
	byDigest := far.host + "/shop/web@" + c.Digest
	if again, err := open(t, dir).Config(context.Background(), byDigest); err != nil || !reflect.DeepEqual(again, c) || far.hits.Load() != n {
		t.Errorf("by digest from the cache: %+v, %v", again, err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 1 {
		t.Fatalf("cache: %v", files)
	}
	if data, _ := os.ReadFile(files[0]); strings.Contains(string(data), "hunter2") {
		t.Errorf("the cache holds the environment: %s", data)
	}
	os.WriteFile(files[0], []byte("{"), 0o600)
	if again, err := open(t, dir, far.host).Config(context.Background(), byDigest); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("with a damaged cache: %+v, %v", again, err)
	}
}

func TestImageIndex(t *testing.T) {
	far := newImageRegistry(t)
	add := func(os, arch, user string) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: image(t, os, v1.Config{User: user}), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}}}
	}
	both := far.push(t, "both:1", mutate.AppendManifests(empty.Index, add("windows", "amd64", "1"), add("linux", "arm64", "2"), add("linux", "amd64", "3")))
	arm := far.push(t, "arm:1", mutate.AppendManifests(empty.Index, add("windows", "amd64", "1"), add("linux", "arm64", "2"), add("linux", "arm", "4")))
	windows := far.push(t, "windows:1", mutate.AppendManifests(empty.Index, add("windows", "amd64", "1")))
	alone := far.push(t, "alone:1", image(t, "windows", v1.Config{User: "1"}))
	s := open(t, t.TempDir(), far.host)
	for ref, user := range map[string]string{both: "3", arm: "2"} {
		if c, err := s.Config(context.Background(), ref); err != nil || c.User != user {
			t.Errorf("%s: %+v, %v, want the user %s", ref, c, err, user)
		}
	}
	for _, ref := range []string{windows, alone} {
		if _, err := s.Config(context.Background(), ref); !errors.Is(err, errNotLinux) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestUID(t *testing.T) {
	for user, want := range map[string]string{"": "0 true", "0": "0 true", "0:0": "0 true", ":5": "0 true", "101": "101 true", "101:nginx": "101 true",
		"nginx": "0 false", "root": "0 false", "nginx:101": "0 false"} {
		c := render.ImageConfig{User: user}
		uid, ok := c.UID()
		if got := fmt.Sprint(uid, ok); got != want {
			t.Errorf("USER %q: %s, want %s", user, got, want)
		}
	}
}

// A reference comes from a stranger's repository: no host is contacted that the user did not name, nor one of this machine's
// network that a registry leads to.
func TestImageHosts(t *testing.T) {
	var inside atomic.Int64
	hit := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inside.Add(1); io.WriteString(w, `{"token": "x"}`) })
	plain, tls := httptest.NewServer(hit), httptest.NewTLSServer(hit)
	t.Cleanup(plain.Close)
	t.Cleanup(tls.Close)
	ask := func(ref string, hosts ...string) string {
		_, err := open(t, t.TempDir(), hosts...).Config(context.Background(), ref)
		if err == nil {
			t.Fatalf("%s: no error", ref)
		}
		return err.Error()
	}
	plainHost, tlsHost := strings.TrimPrefix(plain.URL, "http://"), strings.TrimPrefix(tls.URL, "https://")
	for ref, want := range map[string]string{
		plainHost + "/app:1":                  plainHost + " is not an allowed host",
		tlsHost + "/app:1":                    tlsHost + " is not an allowed host",
		"169.254.169.254/latest/meta-data:1":  "169.254.169.254 is not an allowed host",
		"localhost:5000/app":                  "localhost:5000 is not an allowed host",
		"nginx":                               "docker.io is not an allowed host",
		"me:hunter2@registry.example/a":       "its reference cannot be read",
		"registry.example/a:1\nX-Injected: y": "its reference cannot be read",
	} {
		if got := ask(ref, "registry.invalid"); got != want {
			t.Errorf("%s: %s, want %s", ref, got, want)
		}
	}
	far := newImageRegistry(t)
	ref := far.push(t, "app:1", image(t, "linux", v1.Config{User: "1"}))
	for _, to := range []string{plain.URL, tls.URL} {
		far.front = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.Redirect(w, r, to+"/x", http.StatusTemporaryRedirect)
				return true
			}
			return false
		}
		redirected := ask(ref, far.host)
		far.front = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+to+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		realm := ask(ref, far.host)
		want := "the registry sends on to " + tlsHost + ", which may not be contacted"
		if to == plain.URL {
			want = "the registry cannot be reached: " + plainHost + " is not contacted without TLS"
		}
		if redirected != want || realm != want {
			t.Errorf("%s:\n%s\n%s\nwant %s", to, redirected, realm, want)
		}
	}
	if n := inside.Load(); n > 0 {
		t.Errorf("%d requests to hosts that nobody allowed", n)
	}
}

func TestPublicAddresses(t *testing.T) {
	for text, want := range map[string]bool{"93.184.216.34": true, "2606:2800:220:1::1": true, "127.0.0.1": false, "10.1.2.3": false,
		"172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "255.255.255.255": false,
		"224.0.0.1": false, "::1": false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "::ffff:10.0.0.1": false,
		"::ffff:93.184.216.34": true, "64:ff9b::a9fe:a9fe": false, "64:ff9b::5db8:d822": true, "2002:a9fe:a9fe::1": false, "::169.254.169.254": false, "ff02::1": false} {
		if got := isPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if err := publicOnly("tcp4", "10.0.0.1:443", nil); !errors.Is(err, errNotPublic) {
		t.Error(err)
	}
	if err := publicOnly("tcp4", "93.184.216.34:443", nil); err != nil {
		t.Error(err)
	}
}

// What goes wrong is said of each image, and a registry that is down is asked once.
func TestImageUnknown(t *testing.T) {
	far := newImageRegistry(t)
	good := far.push(t, "good:1", image(t, "linux", v1.Config{User: "1"}))
	odd := far.push(t, "odd:1", image(t, "linux", v1.Config{User: "a\x1b[31mb"}))
	big := far.push(t, "big:1", image(t, "linux", v1.Config{Env: []string{strings.Repeat("x", maxImageRead)}}))
	gone := httptest.NewServer(http.NotFoundHandler())
	down := strings.TrimPrefix(gone.URL, "http://")
	gone.Close()
	s := open(t, t.TempDir(), far.host, down)
	var wg sync.WaitGroup
	for _, ref := range []string{good, odd, big, far.host + "/none:1", "ghcr.io/org/aa", "ghcr.io/org/bb", "ghcr.io/org/cc", "ghcr.io/org/dd", "ghcr.io/org/ee",
		"me:hunter2@ghcr.io/a", "me:hunter2@ghcr.io/a:1"} {
		wg.Go(func() { s.Config(context.Background(), ref) })
	}
	wg.Wait()
	for _, ref := range []string{down + "/app:1", down + "/bpp:1"} {
		s.Config(context.Background(), ref)
	}
	got := strings.Join(s.Unknown(), "\n")
	for _, want := range []string{
		odd + ": its USER is none that a report can show",
		far.host + "/none:1: the registry has no such image",
		"ghcr.io/org/aa, ghcr.io/org/bb, ghcr.io/org/cc and 2 more: ghcr.io is not an allowed host; allow it with --allow-remote ghcr.io",
		down + "/app:1, " + down + "/bpp:1: the registry cannot be reached: ",
		big + ": the answer has more than the 4 MB that are read",
	} {
		if !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") || strings.Contains(got, good) || len(s.Unknown()) != 6 {
		t.Errorf("unknown:\n%s", got)
	}
	far.front = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	s = open(t, t.TempDir(), far.host)
	for _, ref := range []string{good, odd} {
		s.Config(context.Background(), ref)
	}
	n := far.hits.Load()
	s.Config(context.Background(), big)
	if got := s.Unknown(); len(got) != 1 || !strings.Contains(got[0], "429 Too Many Requests") || far.hits.Load() != n {
		t.Errorf("slowed down: %v", got)
	}
}

func TestImageCachePrune(t *testing.T) {
	c := imageCache{t.TempDir()}
	for i := range maxImageEntries {
		os.WriteFile(filepath.Join(c.dir, fmt.Sprint(i)), nil, 0o600)
	}
	digest := "sha256:" + strings.Repeat("a", 64)
	c.put(&render.ImageConfig{Digest: digest, User: "5"})
	if list, _ := os.ReadDir(c.dir); len(list) != maxImageEntries*9/10 {
		t.Errorf("%d files", len(list))
	}
	if got := c.get(digest); got == nil || got.User != "5" {
		t.Errorf("the newest is gone: %+v", got)
	}
	for _, bad := range []string{"sha256:../../x", "md5:" + strings.Repeat("a", 32), ""} {
		if _, ok := c.file(bad); ok {
			t.Errorf("%q has a file", bad)
		}
	}
	if _, err := openImageCache(filepath.Join(c.dir, "in"), c.dir); err == nil {
		t.Error("a cache inside the repository")
	}
}
