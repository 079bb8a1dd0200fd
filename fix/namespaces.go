package fix

import (
	"encoding/json"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// namespaceUses is what the repository's sources put into namespaces, as far as limits for all that is in one bear on it.
type namespaceUses struct {
	mu     sync.Mutex
	byName map[string]*namespaceUse
}

// namespaceUse is about one namespace.
type namespaceUse struct {
	sources map[string]bool        // that put pods there, by ID
	most    map[string]mostRequest // of containers without a limit, by resource
	whole   string                 // a pod with resources of its own
	bounds  map[string]string      // by resource: a LimitRange that bounds it
	names   map[string]bool        // of LimitRanges, also of planned ones
	// lacking are the containers without a limit of a resource, by containerKey: what messages call them.
	lacking map[string]map[string]string
}

// mostRequest is the largest request of a resource.
type mostRequest struct {
	request resource.Quantity
	who     string
}

func (n *namespaceUses) of(ns string) *namespaceUse {
	use := n.byName[ns]
	if use == nil {
		use = &namespaceUse{sources: map[string]bool{}, most: map[string]mostRequest{}, bounds: map[string]string{}, names: map[string]bool{},
			lacking: map[string]map[string]string{"cpu": {}, "memory": {}}}
		n.byName[ns] = use
	}
	return use
}

// add notes what a source renders. It is called from several goroutines.
func (n *namespaceUses) add(res *render.Result) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range res.Objects {
		o := &res.Objects[i]
		ns := check.NamespaceOf(&res.Source, o)
		if o.APIVersion == "v1" && o.Kind == "LimitRange" {
			n.of(ns).addLimitRange(o)
			continue
		}
		pods, err := check.PodsIn(o)
		if err != nil || len(pods) == 0 {
			continue
		}
		use := n.of(ns)
		use.sources[res.Source.ID] = true
		for j := range pods {
			use.addPod(res.Source.ID, o, &pods[j].Spec)
		}
	}
}

func (u *namespaceUse) addPod(source string, o *render.Object, spec *corev1.PodSpec) {
	if spec.Resources != nil {
		u.whole = max(u.whole, o.ID())
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			c := &list[i]
			who := fmt.Sprintf("container %q of %s", c.Name, o.ID())
			for name, lacking := range u.lacking {
				if q := c.Resources.Limits[corev1.ResourceName(name)]; q.Sign() <= 0 {
					lacking[containerKey(source, o, c.Name)] = who
				}
			}
			for name, q := range c.Resources.Requests {
				if _, limited := c.Resources.Limits[name]; limited {
					continue
				}
				if old := u.most[string(name)]; old.who == "" || q.Cmp(old.request) > 0 || q.Cmp(old.request) == 0 && who < old.who {
					u.most[string(name)] = mostRequest{q, who}
				}
			}
		}
	}
}

func containerKey(source string, o *render.Object, name string) string {
	return source + "\x00" + objectKey(o) + "\x00" + name + "\x00"
}

// addLimitRange notes the resources that a LimitRange bounds: a limit that another one gives could lie outside.
func (u *namespaceUse) addLimitRange(o *render.Object) {
	u.names[o.Name] = true
	var lr corev1.LimitRange
	if json.Unmarshal(o.JSON, &lr) != nil {
		return
	}
	for _, item := range lr.Spec.Limits {
		for _, list := range []corev1.ResourceList{item.Min, item.Max, item.MaxLimitRequestRatio} {
			for name := range list {
				u.bounds[string(name)] = max(u.bounds[string(name)], o.Name)
			}
		}
	}
}

// freeName is a name for a LimitRange that the namespace does not have.
func (n *namespaceUses) freeName(ns string) string {
	use := n.of(ns)
	for i := 1; ; i++ {
		name := "default-limits"
		if i > 1 {
			name = fmt.Sprintf("default-limits-%d", i)
		}
		if !use.names[name] {
			use.names[name] = true
			return name
		}
	}
}
