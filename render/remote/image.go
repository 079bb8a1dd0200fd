package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	registry "github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/syncgate/syncgate/render"
)

// The bounds of what is asked about images.
const (
	maxImages    = 1000    // in one run
	imageWorkers = 4       // at once
	maxImageRead = 4 << 20 // bytes of one answer: a manifest, a config, a token
	imageTimeout = 20 * time.Second
)

// ImageOptions say which registries may be asked and where answers are kept.
type ImageOptions struct {
	Hosts      []string // of registries, as in Options; docker.io stands for the hosts that docker takes for it
	CacheDir   string   // default: images beside DefaultCacheDir
	Repository string   // a directory that the cache must not lie in, "" for none
}

// Images reads how images say that their containers run, from their registries: each image once. Its methods may be called
// from several goroutines.
type Images struct {
	hosts hosts
	cache imageCache
	pull  *registry.Puller
	slots chan struct{}

	mu    sync.Mutex
	known map[string]*imageAnswer
	down  map[string]error // by registry: why it is not asked any more
}

// dockerLogins are docker's credentials.
type dockerLogins struct{}

func (dockerLogins) Resolve(r authn.Resource) (authn.Authenticator, error) {
	login, err := authn.DefaultKeychain.Resolve(r)
	if err != nil { // it may quote what stands in the file
		return nil, &render.Error{Msg: "docker's login for " + r.RegistryStr() + " cannot be read",
			Hint: "look at docker's config.json, and the credential helper that it names"}
	}
	return login, nil
}

// imageAnswer is what is known of one image, once done is closed.
type imageAnswer struct {
	done   chan struct{}
	config *render.ImageConfig
	err    error
}

// OpenImages makes a reader of images. Credentials are docker's, with its credential helpers.
func OpenImages(o ImageOptions) (*Images, error) {
	allowed, err := parseHosts(o.Hosts)
	if err != nil {
		return nil, err
	}
	if allowed[address{host: "docker.io"}] {
		allowed[address{host: name.DefaultRegistry}] = true
	}
	s := &Images{hosts: allowed, slots: make(chan struct{}, imageWorkers), known: map[string]*imageAnswer{}, down: map[string]error{}}
	if s.cache, err = openImageCache(o.CacheDir, o.Repository); err != nil {
		return nil, err
	}
	s.pull, err = registry.NewPuller(registry.WithAuthFromKeychain(dockerLogins{}), registry.WithTransport(newImageGate(allowed)),
		registry.WithUserAgent("syncgate"))
	return s, err
}

// Config is what an image says, by its reference in a manifest: for linux/amd64 where it is there for several platforms, or
// else for the first one with linux. What a digest names and the cache holds needs no network and no permission.
func (s *Images) Config(ctx context.Context, image string) (*render.ImageConfig, error) {
	s.mu.Lock()
	a, asked := s.known[image]
	if !asked {
		a = &imageAnswer{done: make(chan struct{})}
		s.known[image] = a
	}
	over := len(s.known) > maxImages
	s.mu.Unlock()
	if asked {
		<-a.done
		return a.config, a.err
	}
	defer close(a.done)
	if over {
		a.err = fmt.Errorf("more than %d images are used", maxImages)
		return nil, a.err
	}
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	a.config, a.err = s.lookup(ctx, image)
	return a.config, a.err
}

func (s *Images) lookup(ctx context.Context, image string) (*render.ImageConfig, error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil, errors.New("its reference cannot be read")
	}
	if d, ok := ref.(name.Digest); ok {
		if c := s.cache.get(d.DigestStr()); c != nil {
			return c, nil
		}
	}
	host := ref.Context().RegistryStr()
	at := addressOf(&url.URL{Scheme: "https", Host: host})
	if !s.hosts.allow(at) {
		return nil, imageRefusal(at)
	}
	if err := s.isDown(host); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, imageTimeout)
	defer cancel()
	c, err := s.ask(ctx, ref)
	if err != nil {
		err, down := explainImage(ctx, err)
		if down {
			s.mu.Lock()
			s.down[host] = err
			s.mu.Unlock()
		}
		return nil, err
	}
	return c, nil
}

func (s *Images) isDown(host string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down[host]
}

// ask asks the registry: first which digest a tag has now, which registries do not count as a pull.
func (s *Images) ask(ctx context.Context, ref name.Reference) (*render.ImageConfig, error) {
	if _, ok := ref.(name.Tag); ok {
		if head, err := s.pull.Head(ctx, ref); err == nil {
			if c := s.cache.get(head.Digest.String()); c != nil {
				return c, nil
			}
		} else if refusedOrGone(err) {
			return nil, err
		}
	}
	desc, err := s.pull.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	digest := desc.Digest.String()
	if desc.MediaType.IsIndex() {
		if desc, err = s.ofPlatform(ctx, ref, desc); err != nil {
			return nil, err
		}
	}
	img, err := desc.Image()
	if err != nil {
		return nil, err
	}
	raw, err := img.RawConfigFile()
	if err != nil {
		return nil, err
	}
	c, err := readImageConfig(raw)
	if err != nil {
		return nil, err
	}
	c.Digest = digest
	s.cache.put(c)
	return c, nil
}

// refusedOrGone reports whether asking once more, in another way, leads nowhere.
func refusedOrGone(err error) bool {
	var te *transport.Error
	return !errors.As(err, &te) || te.StatusCode == http.StatusUnauthorized || te.StatusCode == http.StatusForbidden ||
		te.StatusCode == http.StatusNotFound || te.StatusCode == http.StatusTooManyRequests
}

// ofPlatform gets the manifest for linux/amd64, or else the first one with linux.
func (s *Images) ofPlatform(ctx context.Context, ref name.Reference, desc *registry.Descriptor) (*registry.Descriptor, error) {
	index, err := desc.ImageIndex()
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	linux := slices.DeleteFunc(slices.Clone(list.Manifests), func(d v1.Descriptor) bool {
		return d.Platform == nil || d.Platform.OS != "linux" || !d.MediaType.IsImage()
	})
	if len(linux) == 0 {
		return nil, errNotLinux
	}
	at := max(0, slices.IndexFunc(linux, func(d v1.Descriptor) bool { return d.Platform.Architecture == "amd64" }))
	return s.pull.Get(ctx, ref.Context().Digest(linux[at].Digest.String()))
}

var errNotLinux = &render.Error{Msg: "it is not for linux"}

// plain reports whether a text has only letters, digits and a few more characters.
func plain(s, more string, longest int) bool {
	return len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(more, r)
	})
}

// readImageConfig takes from an image's config what can be said of it in a report. Its environment, which may hold secrets,
// is not looked at.
func readImageConfig(raw []byte) (*render.ImageConfig, error) {
	var file struct {
		OS     string `json:"os"`
		Config struct {
			User         string
			ExposedPorts map[string]struct{}
			Volumes      map[string]struct{}
		} `json:"config"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	if file.OS != "" && file.OS != "linux" {
		return nil, errNotLinux
	}
	c := &render.ImageConfig{User: file.Config.User}
	if !plain(c.User, "_.:-", 64) {
		return nil, &render.Error{Msg: "its USER is none that a report can show"}
	}
	for p := range file.Config.ExposedPorts {
		number, _, _ := strings.Cut(p, "/")
		if n, err := strconv.ParseUint(number, 10, 16); err == nil && n > 0 {
			c.Ports = append(c.Ports, int32(n))
		}
	}
	for v := range file.Config.Volumes {
		if dir := path.Clean(v); plain(dir, "_./-", 256) && path.IsAbs(dir) && dir != "/" {
			c.Volumes = append(c.Volumes, dir)
		}
	}
	slices.Sort(c.Ports)
	slices.Sort(c.Volumes)
	c.Ports, c.Volumes = slices.Compact(c.Ports), slices.Compact(c.Volumes)
	return c, nil
}

// explainImage says why a registry gave no answer, in words that hold nothing of what it sent: that can be a token. down says
// that asking it for another image is in vain.
func explainImage(ctx context.Context, err error) (_ error, down bool) {
	var te *transport.Error
	var he *hostError
	var re *render.Error
	var ue *url.Error
	switch {
	case errors.As(err, &re):
		return re, false
	case errors.As(err, &he):
		return &render.Error{Msg: "the registry sends on to " + he.host.String() + ", which may not be contacted", Hint: "allow it with --allow-remote " +
			he.host.String()}, false
	case ctx.Err() != nil:
		return fmt.Errorf("the registry did not answer within %s", imageTimeout), true
	case errors.As(err, &te):
		switch te.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return &render.Error{Msg: "the registry has no such image, or wants another login", Hint: "docker login"}, false
		case http.StatusNotFound:
			return errors.New("the registry has no such image"), false
		}
		return fmt.Errorf("the registry's answer was %d %s", te.StatusCode, http.StatusText(te.StatusCode)), te.StatusCode == http.StatusTooManyRequests
	case errors.As(err, &ue):
		return fmt.Errorf("the registry cannot be reached: %w", ue.Err), true
	}
	return errors.New("what the registry has is no image that can be read"), false
}

func imageRefusal(a address) error {
	host := a.String()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	return &render.Error{Msg: host + " is not an allowed host", Hint: "allow it with --allow-remote " + host}
}

// Unknown says, by reason, which images nothing is known of.
func (s *Images) Unknown() []string {
	byReason := map[string][]string{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for image, a := range s.known {
		select {
		case <-a.done:
			if a.err != nil {
				reason := a.err.Error()
				var re *render.Error
				if errors.As(a.err, &re) && re.Hint != "" {
					reason = re.Msg + "; " + re.Hint
				}
				byReason[reason] = append(byReason[reason], withoutUser(image))
			}
		default:
		}
	}
	var out []string
	for reason, images := range byReason {
		slices.Sort(images)
		rest := ""
		if n := len(images) - 3; n > 1 {
			images, rest = images[:3], fmt.Sprintf(" and %d more", n)
		}
		out = append(out, strings.Join(images, ", ")+rest+": "+reason)
	}
	slices.Sort(out)
	return out
}

// withoutUser takes out what a reference of an image cannot have, and could be a password: what stands before @, unless a
// digest follows.
func withoutUser(image string) string {
	if i := strings.LastIndex(image, "@"); i >= 0 && !strings.Contains(image[i:], ":") {
		return image[i+1:]
	}
	if i := strings.Index(image, "@"); i >= 0 && !strings.HasPrefix(image[i:], "@sha256:") && !strings.HasPrefix(image[i:], "@sha512:") {
		return image[i+1:]
	}
	return image
}
