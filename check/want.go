package check

import (
	"fmt"

	"github.com/syncgate/syncgate/render"
)

// Want states what a rendered object must have, never where that is written or how. The set is closed: Set, Add, Mount,
// Beside, and for secrets Replace and Refer.
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

// Beside wants another object in the namespace of the finding's own, which stays as it is. No rule asks for it: it is how
// fixes meet what a namespace can give to all that is in it.
type Beside struct {
	In string // the source that renders it
	By *Planned
}

// Replace wants a Secret gone and an object of another kind, which holds none of its values, in its place: of the same
// namespace and name, for the same keys.
type Replace struct {
	Kind string
	By   *Planned // nil until it is made
}

// Refer wants a variable of a container to be a secretKeyRef, and a SealedSecret that holds its value beside the object.
type Refer struct {
	Path        render.Path // of the variable
	Variable    string
	Secret, Key string   // that it refers to, once they are known
	By          *Planned // nil until it is made
}

// Planned is an object that a fix adds: as it must be rendered but for labels and annotations, which kustomizations add.
type Planned struct {
	APIVersion, Kind, Namespace, Name string
	Spec                              any // as decoded JSON
}

func (Set) want()     {}
func (Add) want()     {}
func (Mount) want()   {}
func (Beside) want()  {}
func (Replace) want() {}
func (Refer) want()   {}

func (w Set) String() string { return fmt.Sprintf("%s=%v", w.Path, w.Value) }
func (w Add) String() string { return fmt.Sprintf("%s+=%v", w.Path, w.Member) }
func (w Mount) String() string {
	return fmt.Sprintf("%s mounts emptyDir %s at %s", w.Container, w.Name, w.MountPath)
}
func (w Beside) String() string  { return fmt.Sprintf("a %s %s beside it", w.By.Kind, w.By.Name) }
func (w Replace) String() string { return "a " + w.Kind + " instead" }
func (w Refer) String() string   { return fmt.Sprintf("%s from a SealedSecret", w.Variable) }
