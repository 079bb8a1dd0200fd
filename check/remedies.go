package check

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/syncgate/syncgate/render"
)

// Remedies are what a team has decided about how findings are mended. The zero value is what the rules' documentation
// says.
type Remedies struct {
	Limits   map[corev1.ResourceName]LimitRemedy // cpu, memory
	Requests map[corev1.ResourceName]string      // cpu, memory: the request of a container that has none
	// LimitRange has a namespace give limits and requests, where it can, and not each container set them.
	LimitRange bool
	Writable   []WritablePaths
	Users      []ImageUser
	// Images, when set, gives what an image says about how its containers run, nil when nothing is known. It is called from
	// several goroutines.
	Images func(image string) *render.ImageConfig
	// NetBindService has NET_BIND_SERVICE added where ALL is dropped and a port below 1024 is used.
	NetBindService bool
	Secrets        SecretRemedy
	Safety         map[string]Safety // by rule ID, group or group wildcard
	// LiteralTemplates has fixes of a chart's templates write literals, instead of new values with defaults.
	LiteralTemplates bool
}

// LimitRemedy says which limit a container gets. Only one of the fields is set.
type LimitRemedy struct {
	None   bool    // no limit is wanted: the rule is off
	Ratio  float64 // times the request, at least 1
	Amount string  // a quantity, such as 512Mi; the request where that is larger
}

// WritablePaths are the directories that the programs of some images write to.
type WritablePaths struct {
	Images Globs
	Paths  []string // absolute
}

// ImageUser is the numeric user that some images are made for.
type ImageUser struct {
	Images Globs
	User   int64 // never 0
}

// DefaultLimit is the limit that a LimitRange gives, "" where none is wanted: what the team says, or else what a container
// gets that has no request, and no less than the request that the team says.
func (r *Remedies) DefaultLimit(name corev1.ResourceName) string {
	team := r.Limits[name]
	if team.None {
		return ""
	}
	amount := team.Amount
	if amount == "" {
		amount = map[corev1.ResourceName]string{corev1.ResourceCPU: DefaultCPULimit, corev1.ResourceMemory: DefaultMemoryLimit}[name]
	}
	limit, err1 := resource.ParseQuantity(amount)
	request, err2 := resource.ParseQuantity(r.Requests[name])
	if err1 == nil && err2 == nil && limit.Cmp(request) < 0 {
		return r.Requests[name]
	}
	return amount
}

// WritableBy lists the directories that an image's programs write to, sorted.
func (r *Remedies) WritableBy(image string) []string {
	var out []string
	for _, w := range r.Writable {
		if w.Images.Match(image) {
			out = append(out, w.Paths...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// UserOf is the numeric user of the first entry that matches an image, false when none does.
func (r *Remedies) UserOf(image string) (int64, bool) {
	for _, u := range r.Users {
		if u.Images.Match(image) {
			return u.User, true
		}
	}
	return 0, false
}

// safetyOf is the safety that the team gives to fixes of a rule, "" when it says nothing.
func (r *Remedies) safetyOf(rule *Rule) Safety {
	for _, name := range []string{rule.ID, rule.Group() + "/*", rule.Group()} {
		if s := r.Safety[name]; s != "" {
			return s
		}
	}
	return ""
}

// apply changes a finding's safety to what the team says. What asks for nothing stays manual.
func (r *Remedies) apply(f *Finding) {
	switch s := r.safetyOf(f.Rule); {
	case s == FixManual:
		f.Want, f.Safety = nil, FixManual
	case s != "" && len(f.Want) > 0:
		f.Safety = s
	}
}
