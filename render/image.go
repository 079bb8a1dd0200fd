package render

import (
	"strconv"
	"strings"
)

// ImageConfig is what an image says about how its containers run (the OCI image specification's config, Config).
type ImageConfig struct {
	Digest  string   `json:"digest"`            // of what the registry has under the name, such as sha256:…
	User    string   `json:"user,omitempty"`    // USER, "" for root
	Ports   []int32  `json:"ports,omitempty"`   // EXPOSE: numbers, sorted
	Volumes []string `json:"volumes,omitempty"` // VOLUME: absolute paths, sorted
}

// UID is the user's number; ok is false for a user that is named, which only the image's own /etc/passwd could tell. The
// kubelet reads it in the same way: containerd internal/cri/util GetUserFromImage and CRI-O's getUserInfo cut the group off, and
// no user is root.
func (c *ImageConfig) UID() (uid int64, ok bool) {
	user, _, _ := strings.Cut(c.User, ":")
	if user == "" {
		return 0, true
	}
	uid, err := strconv.ParseInt(user, 10, 64)
	return uid, err == nil
}
