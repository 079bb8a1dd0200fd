package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/render"
)

// imageOf is what a container's image says about how it runs, nil when nothing is known.
func (r *Remedies) imageOf(c Container) *render.ImageConfig {
	if r == nil || r.Images == nil || c.Image == "" {
		return nil
	}
	return r.Images(c.Image)
}

// asksImages reports whether a rule may want to know what a container's image says.
func asksImages(p *Pod, c Container) bool {
	caps, nonRoot := c.security().Capabilities, c.security().RunAsNonRoot
	if nonRoot == nil {
		nonRoot = p.security().RunAsNonRoot
	}
	return userOf(p, c) == nil && !isTrue(nonRoot) || caps == nil || !slices.Contains(caps.Drop, "ALL") || !isTrue(c.security().ReadOnlyRootFilesystem)
}

// warm has images looked up, several at once, that the rules will ask for one after the other.
func (r *Remedies) warm(res *render.Result) {
	if r.Images == nil {
		return
	}
	seen := map[string]bool{}
	for i := range res.Objects {
		pods, _ := podsIn(&res.Objects[i]) // what cannot be read is an error of the judging
		for j := range pods {
			for _, c := range pods[j].Containers() {
				if !seen[c.Image] && asksImages(&pods[j], c) {
					seen[c.Image] = true
					go r.imageOf(c)
				}
			}
		}
	}
}

// startsAsNonRoot says what is known of a container's user once runAsNonRoot is true: what shows that it starts, or what to
// do and test. Both are empty when the manifest has its user, another than root.
func (p *Pod) startsAsNonRoot(c Container) (evidence, advice string) {
	if userOf(p, c) != nil {
		return "", ""
	}
	if _, ok := p.configuredUser(c); ok {
		return "", configuredUserAdvice
	}
	config := p.remedies.imageOf(c)
	if config == nil {
		return "", unknownUserAdvice
	}
	switch uid, ok := config.UID(); {
	case !ok:
		return "", fmt.Sprintf("the image %s has the USER %q, which is no number: with runAsNonRoot alone the container fails with "+
			"CreateContainerConfigError (image has non-numeric user): look its number up in the image's /etc/passwd, and set "+
			"runAsUser to it or name it with fix.runAsUser in the config", c.Image, config.User)
	case uid == 0:
		return "", fmt.Sprintf("the image %s runs as root (%s): with runAsNonRoot alone the container fails with "+
			"CreateContainerConfigError: use an image with a USER of its own, or set runAsUser to a user that it works as, or name that "+
			"with fix.runAsUser in the config", c.Image, userText(config))
	}
	return fmt.Sprintf("the image %s runs as another user than root (USER %s, %s)", c.Image, config.User, shortDigest(config.Digest)), ""
}

func userText(c *render.ImageConfig) string {
	if c.User == "" {
		return "it has no USER"
	}
	return "USER " + c.User
}

// shortDigest is enough of a digest to tell it from others.
func shortDigest(digest string) string {
	const n = len("sha256:") + 12
	return digest[:min(len(digest), n)]
}

// lowPort is the lowest port below 1024 that a container says it listens on, or else its image, 0 when there is none.
func lowPort(p *Pod, c Container) int32 {
	var low []int32
	for _, port := range c.Ports {
		low = append(low, port.ContainerPort)
	}
	if config := p.remedies.imageOf(c); config != nil && len(low) == 0 {
		low = config.Ports
	}
	low = slices.DeleteFunc(slices.Clone(low), func(n int32) bool { return n <= 0 || n >= 1024 })
	if len(low) == 0 {
		return 0
	}
	return slices.Min(low)
}

// volumesAdvice says what becomes of an image's VOLUMEs at which nothing is mounted. containerd (unless
// ignore_image_defined_volumes is set) and Docker mount a volume of their own at each, with what the image holds there, and
// that stays writable; CRI-O by default (image_volumes = "mkdir") only makes the directory. An emptyDir would hide what the
// image holds, so none is written.
func volumesAdvice(c Container, rem *Remedies) string {
	config := rem.imageOf(c)
	if config == nil {
		return ""
	}
	own := scratch(c, rem)
	dirs := slices.DeleteFunc(slices.Clone(config.Volumes), func(dir string) bool { return mounts(c, dir) || slices.Contains(own, dir) })
	if len(dirs) == 0 {
		return ""
	}
	return fmt.Sprintf("; the image's VOLUMEs (%s) stay writable with containerd and Docker, but not with CRI-O: for that, mount an "+
		"emptyDir or a volume there", strings.Join(dirs, ", "))
}

// addsNetBind reports whether a container keeps NET_BIND_SERVICE.
func addsNetBind(c Container) bool {
	caps := c.security().Capabilities
	return caps != nil && slices.Contains(caps.Add, corev1.Capability("NET_BIND_SERVICE"))
}
