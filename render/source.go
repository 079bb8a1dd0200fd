// Package render turns sources of a repository (Helm charts, Kustomize directories, plain manifests) into the objects
// that they would send to a cluster, each with the place in the repository it comes from.
//
// Rendering is a pure function of a Tree and a Source. It happens in worker processes (Pool), because templates of
// strangers can neither be cancelled nor kept from exhausting a process.
package render

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/kustomize/api/types"
)

// Kind says how a source is rendered.
type Kind string

// The kinds of sources.
const (
	KindPlain     Kind = "plain"     // one file of manifests, YAML or JSON
	KindKustomize Kind = "kustomize" // a directory with a kustomization file
	KindHelm      Kind = "helm"      // a chart directory or a packaged chart
	KindDirectory Kind = "directory" // a directory of manifests, as an Argo CD Application applies it
)

// Source is one thing that can be rendered on its own.
type Source struct {
	ID          string // stable within the repository: Path, plus "#variant" or "@application"
	Path        string // file or directory, relative to the Tree's root, with "/"
	Kind        Kind
	Variant     string // which values variant, "" for the default
	Application string // the Argo CD Application that points here, "" for none
	Project     string // the Argo CD project of that Application, "" for none
	Cluster     string // where it is applied, "" when nobody says
	Namespace   string // where objects go that name none, "" when nobody says
	// Chart is the chart of a KindHelm from elsewhere, nil for one of the repository. Path is then the file that names it.
	Chart     *Remote
	Helm      HelmOptions
	Kustomize KustomizeOptions
	Directory DirectoryOptions
	From      []string // files that say how it is applied, beside those of Helm.Values: the result depends on them
	// Labels are those that are given to Namespace when it is made for the source, nil when nobody says.
	Labels map[string]string
	Input  []byte // what a kind of RegisterKind needs beside the above
}

// Encoding says how a layer of values is written.
type Encoding string

// The encodings of a ValueLayer.
const (
	EncodingFile   Encoding = "file"   // the whole file is the values
	EncodingObject Encoding = "object" // the field at DocPath is the values mapping
	EncodingText   Encoding = "text"   // the field at DocPath is a string of YAML
	EncodingChart  Encoding = "chart"  // File is a file of values in Source.Chart, relative to the chart
	EncodingInline Encoding = "inline" // Text is the values: what makes them is written in no file as it is
)

// ValueLayer is one layer of Helm values and where it is written, so that a fix can be put there.
// Layers stand in order of precedence, the last one wins.
type ValueLayer struct {
	File     string // relative to the Tree's root; with EncodingInline, the file to name in messages
	Doc      int    // document in File, for EncodingObject and EncodingText
	DocPath  Path
	Encoding Encoding
	Text     string // YAML, for EncodingInline
	Optional bool   // a File that is not there counts as empty
}

// HelmOptions are the inputs of a chart render beside the chart itself. The zero value renders as
// `helm template release-name CHART --include-crds` does.
type HelmOptions struct {
	Values       []ValueLayer
	ReleaseName  string   // default "release-name", as helm template's
	Namespace    string   // default "default"
	SetJSON      []string // as helm's --set-json, then --set, --set-string, --set-file, --set-literal
	Set          []string
	SetString    []string
	SetFile      []string
	SetLiteral   []string
	SkipCRDs     bool
	SkipTests    bool
	SkipSchema   bool
	NoHooks      bool
	IsUpgrade    bool
	KubeVersion  string   // overrides Options.KubeVersion
	APIVersions  []string // beside Options.APIVersions
	NameTemplate string
}

// KustomizeOptions are changes to a kustomization that its user makes on the way, as an Argo CD Application does. They are
// applied in the order of the fields, as `kustomize edit` would, to a copy in memory.
type KustomizeOptions struct {
	NamePrefix, NameSuffix string
	Images                 []string // as `kustomize edit set image` takes them
	Replicas               []string // NAME=COUNT
	Labels                 []string // NAME:VALUE, in the order of names
	ForceLabels            bool     // replace what is there
	LabelWithoutSelector   bool
	Annotations            []string // NAME:VALUE, in the order of names
	ForceAnnotations       bool     // replace what is there
	Namespace              string
	Patches                []types.Patch
	Components             []string // relative to the kustomization
}

func (o *KustomizeOptions) empty() bool {
	return o.NamePrefix == "" && o.NameSuffix == "" && o.Namespace == "" &&
		len(o.Images)+len(o.Replicas)+len(o.Labels)+len(o.Annotations)+len(o.Patches)+len(o.Components) == 0
}

// DirectoryOptions say which files of a KindDirectory are manifests. Include and Exclude are globs over paths below the
// directory, as Argo CD reads them: * goes over slashes, {a,b} is a choice.
type DirectoryOptions struct {
	Recurse          bool
	Include, Exclude string
}

// Options hold for every source of a run.
type Options struct {
	KubeVersion string   // the cluster's version, "v1.35.0"; DefaultKubeVersion when empty
	APIVersions []string // further API versions for .Capabilities.APIVersions
	Text        bool     // fill Object.Text
}

// DefaultKubeVersion is assumed when nobody says which version the cluster runs.
const DefaultKubeVersion = "v1.35.0"

// Origin is where an object, or a field of it, comes from.
type Origin struct {
	File   string `json:"file"`   // relative to the Tree's root, "" when unknown
	Line   int    `json:"line"`   // from 1, 0 when unknown
	Column int    `json:"column"` // from 1, in runes, 0 when unknown
	// Exact is false when the file does not literally contain the field: then the place is the closest
	// thing that stands there, such as the parent of a missing field.
	Exact bool `json:"exact"`
}

// ObjectRef names an object as a file of the repository writes it, before prefixes, namespaces and hashes.
type ObjectRef struct {
	APIVersion, Kind, Namespace, Name string
}

// Object is one rendered object.
type Object struct {
	APIVersion string
	Kind       string
	Namespace  string // as rendered, "" when the object does not say
	Name       string // metadata.name, or metadata.generateName when there is no name
	JSON       json.RawMessage
	Text       string // the YAML document as rendered, when Options.Text asked for it

	// File is the file the object comes from, relative to the root: a manifest, a template of a chart, or the
	// kustomization that generates it. Empty when nothing in the repository holds it (a remote base).
	File string
	// Template says that File is a Helm template, so its text is not YAML.
	Template bool
	// Generated says that File's generator makes the object (configMapGenerator and such).
	Generated bool
	// Ref is what the object is called in File.
	Ref ObjectRef
	// Doc and At address the object in File when it is known without searching (plain manifests): document
	// index, and the path of an item of a List. Doc is -1 when unknown.
	Doc int
	At  Path
}

// ID names an object within its source, for messages: "Deployment web/api".
func (o *Object) ID() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Result is what rendering a source gave. It is plain data, so that it can cross a process boundary.
type Result struct {
	Source  Source
	Objects []Object
	// Empty counts documents that hold nothing but comments.
	Empty int
	// Doubled counts keys that stand twice in their mapping, where only the last counts.
	Doubled int
	// NotManifests says why the file is no Kubernetes manifest at all; then there are no objects and no error.
	NotManifests string
	Read         ReadSet
	Err          *Error
}

// Error says what could not be rendered, where, and what to do about it.
type Error struct {
	Source string // Source.ID
	File   string // the innermost file known, "" when none is
	Line   int    // 0 when unknown
	Msg    string // innermost cause, lower case
	Hint   string // what to do now, may be empty
	// Limit is set when a bound was hit (time, memory, output): the source did not fail on its own.
	Limit bool
	// Needs is what would have to be fetched for the source to render, as far as it is known by now.
	Needs []Remote
}

func (e *Error) Error() string {
	switch {
	case e.File != "" && e.Line > 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	case e.File != "":
		return e.File + ": " + e.Msg
	}
	return e.Msg
}
