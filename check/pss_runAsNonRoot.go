package check

/*
Containers must be required to run as another user than root.

Restricted fields:

	spec.securityContext.runAsNonRoot
	spec.containers[*].securityContext.runAsNonRoot
	spec.initContainers[*].securityContext.runAsNonRoot
	spec.ephemeralContainers[*].securityContext.runAsNonRoot

Allowed values: true; undefined in a container when the pod says true. From v1.35 on, anything in a user namespace
(hostUsers: false).

Source: k8s.io/pod-security-admission/policy/check_runAsNonRoot.go
*/
func init() {
	registerPSS(pssRule{
		check: "runAsNonRoot",
		Rule: Rule{
			Title: "pods must set runAsNonRoot=true",
			Why: "root in a container is root on the node as soon as anything else gives way; with runAsNonRoot the " +
				"kubelet refuses to start such a container.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web`,
				Good: `spec:
  securityContext:
    runAsNonRoot: true
  containers:
  - name: web`,
			},
			Fix: "sets runAsNonRoot=true, at pod level where no container runs as root on purpose: safe where every " +
				"container's runAsUser, or with --image-config the USER of its image, is a number and not 0, else review; with runAsUser " +
				"where fix.runAsUser in the config names one for the image; manual where runAsUser is 0.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.7"},
		},
		pod:       podRunAsNonRoot,
		container: runAsNonRoot,
	})
}

const (
	asRootAdvice = "it runs as root on purpose (runAsUser: 0): give the image a user of its own, or use one that has it, " +
		"set runAsUser to its number, and let fsGroup or an image built for it take care of file owners"
	unknownUserAdvice = "a container whose image runs as root, or names its USER instead of numbering it, then fails with " +
		"CreateContainerConfigError: look up the image's user, set runAsUser to its number, and test a rollout"
	configuredUserAdvice = "it then runs as the user that fix.runAsUser in the config names for its image: test that it can read " +
		"and write what it must, volumes that root wrote before among it"
	rootAllowedAdvice = "the manifest allows root explicitly: test that the container starts and can write where it " +
		"must as another user; an image that runs as root then fails with CreateContainerConfigError"
)

// podRunAsNonRoot mends an explicit false of the pod.
func podRunAsNonRoot(p *Pod, _ func(*Pod) bool) []pssOffence {
	path := p.securityPath("runAsNonRoot")
	for _, c := range inheritNonRoot(p) {
		if uid := userOf(p, c); uid != nil && *uid == 0 {
			return manual(path, "false", "", "container "+c.Name+" inherits it: "+asRootAdvice)
		}
	}
	return []pssOffence{{path: path, value: "false", want: []Want{Set{Path: path, Value: true}}, safety: FixReview,
		advice: rootAllowedAdvice}}
}

// runAsNonRoot mends a container that says false, or that says nothing in a pod that says nothing.
func runAsNonRoot(p *Pod, c Container, _ func(*Pod) bool) []pssOffence {
	path, value := c.securityPath("runAsNonRoot"), written(c.security().RunAsNonRoot)
	if uid := userOf(p, c); uid != nil && *uid == 0 {
		return manual(path, value, "", asRootAdvice)
	}
	if value != "" {
		return []pssOffence{{path: path, value: value, want: []Want{Set{Path: path, Value: true}}, safety: FixReview,
			advice: rootAllowedAdvice}}
	}
	o := pssOffence{path: path, safety: FixSafe}
	at := p.securityPath("runAsNonRoot")
	affected := inheritNonRoot(p)
	for _, other := range affected {
		if uid := userOf(p, other); uid != nil && *uid == 0 {
			at, affected = path, []Container{c}
			break
		}
	}
	o.want = []Want{Set{Path: at, Value: true}}
	if user, ok := p.configuredUser(c); ok {
		o.want = append(o.want, Set{Path: c.securityPath("runAsUser"), Value: user})
	}
	o.evidence, o.advice = p.startsAsNonRoot(c)
	for _, other := range affected {
		if _, advice := p.startsAsNonRoot(other); advice != "" && (o.advice == "" || o.advice == configuredUserAdvice) {
			o.advice = advice
		}
	}
	if o.advice != "" {
		o.safety = FixReview
	}
	return []pssOffence{o}
}

// configuredUser is the user that the team names for the image of a container that says nothing itself.
func (p *Pod) configuredUser(c Container) (int64, bool) {
	if p.remedies == nil || userOf(p, c) != nil {
		return 0, false
	}
	return p.remedies.UserOf(c.Image)
}

// inheritNonRoot lists the containers that take runAsNonRoot from the pod.
func inheritNonRoot(p *Pod) []Container {
	var out []Container
	for _, c := range p.Containers() {
		if c.security().RunAsNonRoot == nil {
			out = append(out, c)
		}
	}
	return out
}

// userOf is the user that a container is made to run as, nil when the image decides.
func userOf(p *Pod, c Container) *int64 {
	if own := c.security().RunAsUser; own != nil {
		return own
	}
	return p.security().RunAsUser
}
