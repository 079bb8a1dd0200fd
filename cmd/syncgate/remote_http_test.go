package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRemoteRedirect(t *testing.T) {
	t.Parallel()
	evil := serveFiles(t, map[string]string{"/a.yaml": remoteAccount})
	far := serve(t, http.RedirectHandler(evil.URL+"/a.yaml", http.StatusFound))
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + far.URL + "/a.yaml\n"})
	r.want(2, []string{"app/kustomization.yaml:2: fetching " + far.URL + "/a.yaml: is served by " + evil.host + ", which is not an allowed host",
		"--allow-remote " + evil.host}, "render", "--allow-remote", far.host)
	if evil.hits.Load() != 0 {
		t.Error("a host that was not allowed was contacted")
	}
	r.want(0, []string{"name: far"}, "render", "--allow-remote", far.host, "--allow-remote", evil.host)
}

func TestRemoteTooLarge(t *testing.T) {
	t.Parallel()
	far := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := []byte(strings.Repeat("# nothing\n", 1<<16))
		for range 128 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + far.URL + "/a.yaml\n"})
	r.want(2, []string{"is larger than the 64 MB that are fetched"}, "render", "--allow-remote", far.host)
}

// Credentials come from the usual places, reach only their own host, and show up nowhere.
func TestRemoteCredentials(t *testing.T) {
	t.Parallel()
	const password = "hunter2-correct-horse"
	var other *farServer
	pair, ca := selfSigned(t)
	far := serveTLS(t, pair, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch user, pass, _ := r.BasicAuth(); {
		case r.URL.Path == "/away.yaml":
			http.Redirect(w, r, "https://"+other.host+"/a.yaml", http.StatusFound)
		case user != "me" || pass != password:
			http.Error(w, "who are you", http.StatusUnauthorized)
		default:
			w.Write([]byte(remoteAccount))
		}
	}))
	host := strings.Replace(strings.TrimPrefix(far.URL, "https://"), "127.0.0.1", "localhost", 1)
	leaked := false
	away := serveTLS(t, pair, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = leaked || r.Header.Get("Authorization") != ""
		w.Write([]byte(remoteAccount))
	}))
	other = &farServer{host: strings.TrimPrefix(away.URL, "https://")}
	repo := func(t *testing.T, ref string) *remoteRepo {
		r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + ref + "\n"})
		r.env = append(r.env, "SSL_CERT_FILE="+ca)
		return r
	}
	netrc := map[string]string{"netrc": "machine example.com login x password y\nmachine localhost\n  login me\n  password " + password + "\n"}
	for _, c := range []struct {
		name, ref string
		netrc     bool
		code      int
		want      string
	}{
		{"without", "https://" + host + "/a.yaml", false, 2, "401 Unauthorized"},
		{"netrc", "https://" + host + "/a.yaml", true, 0, "name: far"},
		{"in the URL", "https://me:" + password + "@" + host + "/a.yaml", false, 0, "name: far"},
		{"wrong in the URL", "https://me:" + password + "x@" + host + "/a.yaml", false, 2, "https://xxxxx@" + host},
		{"in the query", "https://" + host + "/a.yaml?access_token=" + password, false, 2, "access_token=xxxxx"},
		{"redirected", "https://" + host + "/away.yaml", true, 0, "name: far"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := repo(t, c.ref)
			if c.netrc {
				r.write(r.home, netrc)
			}
			allow := []string{"--allow-remote", host, "--allow-remote", other.host}
			out := r.want(c.code, []string{c.want}, append([]string{"render"}, allow...)...)
			out += r.want(c.code, nil, append([]string{"vendor"}, allow...)...)
			out += r.want(2, nil, "render", "--all", "--root", r.dir, "nowhere")
			if strings.Contains(out+r.lock(), password) {
				t.Errorf("the password is shown:\n%s\n%s", out, r.lock())
			}
		})
	}
	if leaked {
		t.Error("credentials went to another host")
	}
}

// A lock names the digest of something that is in the cache, but came from elsewhere: it does not count.
func TestRemoteLockOfAnotherURL(t *testing.T) {
	t.Parallel()
	far := serveFiles(t, map[string]string{"/a.yaml": remoteAccount})
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + far.URL + "/a.yaml\n"})
	r.want(0, nil, "vendor", "--allow-remote", far.host)
	lie := "http://" + far.host + "/evil.yaml"
	r.write(r.dir, map[string]string{"app/kustomization.yaml": "resources:\n- " + lie + "\n",
		".syncgate.lock": strings.ReplaceAll(r.lock(), far.URL+"/a.yaml", lie)})
	r.want(2, []string{"is in .syncgate.lock, but not in the cache"}, "render")
}

func TestRemoteBadInput(t *testing.T) {
	t.Parallel()
	far := serveFiles(t, map[string]string{"/a.yaml": remoteAccount, "/page": "<!DOCTYPE html>"})
	files := map[string]string{"app/kustomization.yaml": "resources:\n- " + far.URL + "/a.yaml\n"}
	r := newRemoteRepo(t, files)
	for host, want := range map[string]string{"https://github.com": "expected the name of a host", "": "expected the name of a host",
		"user:secret@h": "expected the name of a host", "*": "expected the name of a host"} {
		if out := r.want(2, []string{want}, "render", "--allow-remote", host); strings.Contains(out, "://user:secret") {
			t.Errorf("a password is shown:\n%s", out)
		}
	}
	r.write(r.dir, map[string]string{".syncgate.lock": "version: 1\nremotes:\n- ref: x\n  digset: sha256:0\n"})
	r.want(2, []string{"reading .syncgate.lock: ", "digset"}, "render")
	r.write(r.dir, map[string]string{".syncgate.lock": "version: 9\n"})
	r.want(2, []string{"it has version 9"}, "render")
	inside := newRemoteRepo(t, files)
	inside.env = append(inside.env, "XDG_CACHE_HOME="+filepath.Join(inside.dir, "cache"))
	inside.want(2, []string{"lies inside the repository"}, "render", "--allow-remote", far.host)
	damaged := newRemoteRepo(t, files)
	damaged.want(0, nil, "vendor", "--allow-remote", far.host)
	copies, err := filepath.Glob(filepath.Join(damaged.home, "cache", "syncgate", "remote", "*", "data"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies in the cache: %v %v", copies, err)
	}
	damaged.write(filepath.Dir(copies[0]), map[string]string{"data": strings.ReplaceAll(remoteAccount, "far", "evil")})
	damaged.want(2, []string{"the copy in the cache is damaged"}, "render")
	page := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + far.URL + "/page\n"})
	page.want(2, []string{"app/kustomization.yaml:2: "}, "render", "--allow-remote", far.host)
}

// selfSigned is a certificate for this machine's names, and the file of an authority that vouches for it.
func selfSigned(t *testing.T) (pair tls.Certificate, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, ca
}

func serveTLS(t *testing.T, pair tls.Certificate, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}
