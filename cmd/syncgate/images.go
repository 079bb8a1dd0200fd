package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
	"github.com/syncgate/syncgate/render/remote"
)

// imageFlags say whether images are looked up. That is the user's to say: no config of a repository makes requests.
type imageFlags struct {
	on     bool
	images *remote.Images // nil when they are not
}

func (f *imageFlags) register(fs *pflag.FlagSet) {
	fs.BoolVar(&f.on, "image-config", false, "read USER, ports and VOLUMEs of images from registries that --allow-remote names (docker.io "+
		"for Docker Hub), so that fixes are safer: only the registry and, by HTTPS at public addresses, where it sends on are contacted")
}

// apply has the rules ask for images.
func (f *imageFlags) apply(ctx context.Context, o *check.Options, hosts []string, ws *workspace) error {
	if !f.on {
		return nil
	}
	images, err := remote.OpenImages(remote.ImageOptions{Hosts: hosts, Repository: ws.tree.Dir()})
	if err != nil {
		return fmt.Errorf("--image-config: %w", err)
	}
	f.images = images
	o.Remedies.Images = func(image string) *render.ImageConfig {
		c, _ := images.Config(ctx, image) // said by unknown
		return c
	}
	return nil
}

// unknown are notices about the images that nothing was found out about.
func (f *imageFlags) unknown() (out []check.Notice) {
	if f.images == nil {
		return nil
	}
	for _, text := range f.images.Unknown() {
		out = append(out, check.Notice{Kind: check.NoticeImage, Text: "nothing is known of " + text})
	}
	return out
}
