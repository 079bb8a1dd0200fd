package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/helmpath"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/syncgate/syncgate/render"
)

const (
	ociScheme = "oci://"
	// chartLayer is the media type of a chart's archive (helm's pkg/registry ChartLayerMediaType).
	chartLayer  = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	maxManifest = 4 << 20
)

// ociSource is a chart in a registry.
type ociSource struct {
	client  *http.Client
	at      *url.URL // with the chart's name
	name    string
	version string // a version or a range, "" for the newest
}

func (s *Store) ociSourceOf(repository string, r render.Remote) (source, error) {
	u, err := url.Parse(repository)
	if err != nil || !hostName.MatchString(u.Host) {
		return nil, &render.Error{Msg: render.PublicURL(repository) + " is not the address of a registry", Hint: "expected oci://HOST/PATH"}
	}
	at := &url.URL{Scheme: "oci", Host: u.Host, Path: path.Join("/", u.Path, r.Chart)}
	return &ociSource{s.client, at, r.Chart, r.Version}, nil
}

func (o *ociSource) url() address { return addressOf(o.at) }

func (o *ociSource) identity(e Entry) string { return chartIdentity(o.at, o.name, e) }

func (o *ociSource) copy(dir string, e Entry) render.RemoteCopy { return chartCopy(dir, e) }

func (o *ociSource) fetch(ctx context.Context, dir string, locked Entry) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	repo, err := o.repository()
	if err != nil {
		return Entry{}, err
	}
	want := o.version
	if locked.Resolved != "" {
		want = locked.Resolved
	}
	version, err := o.choose(ctx, repo, want)
	if err != nil {
		return Entry{}, o.explain(err)
	}
	data, err := pull(ctx, repo, strings.ReplaceAll(version, "+", "_"))
	if err != nil {
		return Entry{}, o.explain(err)
	}
	return Entry{Kind: render.RemoteChart, Resolved: version}, os.WriteFile(filepath.Join(dir, fileName), data, 0o644)
}

// repository is the registry's side. Credentials are those of helm and of docker, with their credential helpers; a
// registry on this machine may speak HTTP, as docker has it.
func (o *ociSource) repository() (*remote.Repository, error) {
	repo, err := remote.NewRepository(o.at.Host + o.at.Path)
	if err != nil {
		return nil, fmt.Errorf("%s is not the address of a chart in a registry", render.PublicURL(o.at.String()))
	}
	file := os.Getenv("HELM_REGISTRY_CONFIG")
	if file == "" {
		file = helmpath.ConfigPath("registry/config.json")
	}
	var stores []credentials.Store
	if s, err := credentials.NewStore(file, credentials.StoreOptions{}); err == nil {
		stores = append(stores, s)
	}
	if s, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil {
		stores = append(stores, s)
	}
	client := &auth.Client{Client: o.client, Cache: auth.NewCache()}
	if len(stores) > 0 {
		client.Credential = credentials.Credential(credentials.NewStoreWithFallbacks(stores[0], stores[1:]...))
	}
	client.SetUserAgent("syncgate")
	repo.Client = client
	host := o.at.Hostname()
	ip := net.ParseIP(host)
	repo.PlainHTTP = host == "localhost" || ip != nil && ip.IsLoopback()
	return repo, nil
}

// choose finds the version that is meant: a version is taken for the tag it is, a range looked up among all tags.
func (o *ociSource) choose(ctx context.Context, repo *remote.Repository, want string) (string, error) {
	if _, err := semver.StrictNewVersion(want); err == nil && plainWord.MatchString(want) {
		return want, nil
	}
	var versions []string
	err := repo.Tags(ctx, "", func(tags []string) error {
		for _, t := range tags {
			if v := strings.ReplaceAll(t, "_", "+"); plainWord.MatchString(v) {
				versions = append(versions, v)
			}
		}
		if len(versions) > 100_000 {
			return errors.New("the registry lists tags without end")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	i, err := choose(versions, want)
	if err == nil && i < 0 {
		err = errdef.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return versions[i], nil
}

// pull gets the archive that a tag's manifest names. Both are held against their digests.
func pull(ctx context.Context, repo *remote.Repository, tag string) ([]byte, error) {
	desc, body, err := repo.Manifests().FetchReference(ctx, tag)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if desc.Size > maxManifest {
		return nil, errors.New("its manifest is too large")
	}
	raw, err := content.ReadAll(io.LimitReader(body, maxManifest), desc)
	if err != nil {
		return nil, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, errors.New("its manifest is not JSON")
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != chartLayer {
			continue
		}
		if layer.Size > maxDownload {
			return nil, errTooLarge
		}
		return content.FetchAll(ctx, repo.Blobs(), layer)
	}
	return nil, errors.New("it is no chart: its manifest names no chart archive")
}

// explain takes the addresses out of an error of oras.
func (o *ociSource) explain(err error) error {
	var resp *errcode.ErrorResponse
	var ue *url.Error
	refused := errors.Is(err, auth.ErrBasicCredentialNotFound)
	if errors.As(err, &resp) {
		refused = refused || resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden
		err = &statusError{fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
	}
	switch {
	case refused:
		return &render.Error{Msg: "the registry wants another login", Hint: "run `helm registry login " + o.at.Host + "`"}
	case errors.Is(err, errdef.ErrNotFound):
		return fmt.Errorf("the registry has no %s", strings.TrimSpace("chart "+o.name+" "+o.version))
	case errors.As(err, &ue):
		return ue.Err
	}
	return err
}
