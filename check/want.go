package check

import (
	"fmt"

	"github.com/syncgate/syncgate/render"
)

// Want states what a rendered object must have, never where that is written or how. The set is closed: Set, Add, Mount,
// and for secrets Replace and Refer.
type Want interface {
	want()
	// String is the want in a few words, for messages and as a key: equal wants have equal strings.
	String() string
}

// Set wants a field to have a value: a bool, a string, an int64, or a mapping or list of these.
type Set struct {
	Path  render.Path
	Value any
}

// Add wants a list to hold a member.
type Add struct {
	Path   render.Path
	Member any
}

// Mount wants an emptyDir mounted in a container.
type Mount struct {
	Pod       render.Path // of the pod's spec
	Container render.Path // of the container
	Name      string      // of the volume, which no other volume of the pod has
	MountPath string
}

func (Set) want()   {}
func (Add) want()   {}
func (Mount) want() {}

func (w Set) String() string { return fmt.Sprintf("%s=%v", w.Path, w.Value) }
func (w Add) String() string { return fmt.Sprintf("%s+=%v", w.Path, w.Member) }
func (w Mount) String() string {
	return fmt.Sprintf("%s mounts emptyDir %s at %s", w.Container, w.Name, w.MountPath)
}
