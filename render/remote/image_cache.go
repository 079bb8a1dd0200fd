package remote

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/syncgate/syncgate/render"
)

const (
	maxImageEntries = 5000
	maxImageEntry   = 64 << 10 // bytes
)

// imageCache keeps what images say, one small file for each digest: what a digest names never changes. It is only a cache:
// what cannot be read or written is asked for again.
type imageCache struct{ dir string }

func openImageCache(dir, repository string) (imageCache, error) {
	if dir == "" {
		beside, err := DefaultCacheDir()
		if err != nil {
			return imageCache{}, err
		}
		dir = filepath.Join(filepath.Dir(beside), "images")
	}
	c := cache{dir: dir, repository: repository}
	dir, err := c.path()
	return imageCache{dir}, err
}

func (c imageCache) file(digest string) (string, bool) {
	if !digestForm.MatchString(digest) {
		return "", false
	}
	return filepath.Join(c.dir, strings.TrimPrefix(digest, "sha256:")+".json"), true
}

// get is what is kept for a digest, nil when that is nothing.
func (c imageCache) get(digest string) *render.ImageConfig {
	file, ok := c.file(digest)
	if !ok {
		return nil
	}
	data, err := os.ReadFile(file)
	var out render.ImageConfig
	if err != nil || len(data) > maxImageEntry || json.Unmarshal(data, &out) != nil || out.Digest != digest {
		return nil
	}
	return &out
}

func (c imageCache) put(config *render.ImageConfig) {
	file, ok := c.file(config.Digest)
	data, err := json.Marshal(config)
	if !ok || err != nil || len(data) > maxImageEntry || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(c.dir, "tmp-")
	if err != nil {
		return
	}
	_, err = tmp.Write(data)
	if tmp.Close() != nil || err != nil || os.Rename(tmp.Name(), file) != nil {
		os.Remove(tmp.Name())
		return
	}
	c.prune()
}

// prune removes the oldest tenth of the files when there are too many.
func (c imageCache) prune() {
	list, err := os.ReadDir(c.dir)
	if err != nil || len(list) <= maxImageEntries {
		return
	}
	age := map[string]time.Time{}
	for _, e := range list {
		if info, err := e.Info(); err == nil {
			age[e.Name()] = info.ModTime()
		}
	}
	slices.SortFunc(list, func(a, b os.DirEntry) int { return age[a.Name()].Compare(age[b.Name()]) })
	for _, e := range list[:len(list)-maxImageEntries*9/10] {
		os.Remove(filepath.Join(c.dir, e.Name()))
	}
}
