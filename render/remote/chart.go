package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// chartSource is a packaged chart of a repository with an index (helm's pkg/repo).
type chartSource struct {
	store      *Store
	repository knownRepository
	at         *url.URL
	name       string
	version    string // a version or a range, "" for the newest
}

// chartSource tells what kind of repository a chart comes from.
func (s *Store) chartSource(r render.Remote) (source, error) {
	if !plainWord.MatchString(r.Chart) {
		return nil, &render.Error{Msg: fmt.Sprintf("%q is not the name of a chart", r.Chart), Hint: "expected letters, digits, dots and dashes"}
	}
	known, err := findRepository(r.Ref)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(known.URL, ociScheme) {
		return s.ociSourceOf(known.URL, r)
	}
	u, err := webURL(known.URL)
	if err != nil {
		return nil, &render.Error{Msg: render.PublicURL(known.URL) + " is not the address of a chart repository", Hint: "expected https://HOST/PATH or oci://HOST/PATH"}
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), ""
	return &chartSource{s, known, u, r.Chart, r.Version}, nil
}

func (c *chartSource) url() address { return addressOf(c.at) }

func (c *chartSource) identity(e Entry) string { return chartIdentity(c.at, c.name, e) }

// chartIdentity names one version of a chart.
func chartIdentity(repository *url.URL, name string, e Entry) string {
	return "chart " + render.PublicURL(repository.String()) + " " + name + " " + e.Resolved
}

func (c *chartSource) copy(dir string, e Entry) render.RemoteCopy { return chartCopy(dir, e) }

func chartCopy(dir string, e Entry) render.RemoteCopy {
	return render.RemoteCopy{Dir: dir, File: fileName, Version: e.Resolved}
}

func (c *chartSource) fetch(ctx context.Context, dir string, locked Entry) (Entry, error) {
	client, err := c.repository.client(c.store)
	if err != nil {
		return Entry{}, err
	}
	index, err := c.index(ctx, client)
	if err != nil {
		return Entry{}, fmt.Errorf("the repository's index: %w", err)
	}
	want := c.version
	if locked.Resolved != "" {
		want = locked.Resolved
	}
	found, err := index.find(c.name, want)
	if err != nil {
		return Entry{}, err
	}
	at, err := c.at.JoinPath("/").Parse(found.URLs[0])
	if err != nil || at.Scheme != "http" && at.Scheme != "https" {
		return Entry{}, fmt.Errorf("the index says that the chart is at %s, which is no address to get it from", render.PublicURL(found.URLs[0]))
	}
	user, password := c.repository.login(at)
	data, err := get(ctx, client, at, user, password)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Kind: render.RemoteChart, Resolved: found.Version}, os.WriteFile(filepath.Join(dir, fileName), data, 0o644)
}

// chartIndex is what is used of a repository's index.yaml.
type chartIndex struct {
	Entries map[string][]chartVersion `json:"entries"`
}

type chartVersion struct {
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
}

func (c *chartSource) index(ctx context.Context, client *http.Client) (chartIndex, error) {
	if known, ok := c.store.indexes[c.at.String()]; ok {
		return known, nil
	}
	at := c.at.JoinPath("index.yaml")
	user, password := c.repository.login(at)
	data, err := get(ctx, client, at, user, password)
	if err != nil {
		return chartIndex{}, err
	}
	var index chartIndex
	if err := sigsyaml.Unmarshal(data, &index); err != nil {
		return chartIndex{}, errors.New("it is not YAML")
	}
	c.store.indexes[c.at.String()] = index
	return index, nil
}

// find chooses as helm does: the version itself, or the newest in the range (pkg/repo IndexFile.Get).
func (x chartIndex) find(name, want string) (chartVersion, error) {
	list := slices.DeleteFunc(slices.Clone(x.Entries[name]), func(v chartVersion) bool {
		return len(v.URLs) == 0 || !plainWord.MatchString(v.Version)
	})
	versions := make([]string, len(list))
	for i, v := range list {
		versions[i] = v.Version
	}
	i, err := choose(versions, want)
	if err != nil {
		return chartVersion{}, err
	}
	if i < 0 {
		return chartVersion{}, fmt.Errorf("the repository has no %s", strings.TrimSpace("chart "+name+" "+want))
	}
	return list[i], nil
}

// choose gives the index of the version that is meant, -1 when there is none.
func choose(versions []string, want string) (int, error) {
	if i := slices.Index(versions, want); i >= 0 && want != "" {
		return i, nil
	}
	if want == "" {
		want = "*"
	}
	in, err := semver.NewConstraint(want)
	if err != nil {
		return -1, fmt.Errorf("%q is neither a version nor a range", want)
	}
	best, newest := -1, (*semver.Version)(nil)
	for i, text := range versions {
		if v, err := semver.NewVersion(text); err == nil && in.Check(v) && (newest == nil || v.GreaterThan(newest)) {
			best, newest = i, v
		}
	}
	return best, nil
}

// client is the store's, with the certificates that helm's configuration names for the repository.
func (k knownRepository) client(s *Store) (*http.Client, error) {
	if k.CAFile == "" && k.CertFile == "" && !k.Insecure {
		return s.client, nil
	}
	conf := &tls.Config{InsecureSkipVerify: k.Insecure}
	if k.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(k.CertFile, k.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate of helm's repository %s: %w", k.Name, err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	if k.CAFile != "" {
		pem, err := os.ReadFile(k.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the authority of helm's repository %s: %w", k.Name, err)
		}
		conf.RootCAs = x509.NewCertPool()
		conf.RootCAs.AppendCertsFromPEM(pem)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = conf
	return clientOver(s.hosts, t), nil
}
