package fix

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// BundleSchema names the format of a bundle.
const BundleSchema = "syncgate.io/bundle/v1"

// MaxBundle bounds a bundle that is read, in bytes.
const MaxBundle = 64 << 20

// Bundle is proven patches on their way from the one who can prove them to the one who may open a pull request. It holds
// no content of the repository but what the patches put in: what they replace is known by the commit. So a bundle that
// seals a secret does not hold the secret, nor anything made from it.
//
// Its digest shows that it is whole. Whoever can write it can also write the digest: what a bundle says is as good as
// the run that made it, unless the digest came another way (docs of `syncgate pr`). What is certain whatever it says: the
// commit is one of the repository, edited files are what they are there, and nothing but them is changed.
type Bundle struct {
	Digest string // sha256:… of the content
	Base   Base

	files   []bundledFile
	patches []bundledPatch
	left    []bundledLeft
}

// Base says what patches were made from. Names are relative to the repository's root, links followed.
type Base struct {
	Commit string   `json:"commit"`
	Scope  []string `json:"scope"`  // what the patches were looked for in: one branch for each
	Reads  []string `json:"reads"`  // what the proof rests on: files and links, and names that were looked for in vain
	Listed []string `json:"listed"` // directories that the proof rests on, "" for the root
}

type bundle struct {
	Schema  string          `json:"schema"`
	Digest  string          `json:"digest"`
	Content json.RawMessage `json:"content"`
}

type bundleContent struct {
	Base    Base           `json:"base"`
	Files   []bundledFile  `json:"files"`
	Patches []bundledPatch `json:"patches"`
	Left    []bundledLeft  `json:"left"`
}

// bundledFile is an edited file by its place in the repository, or one to be made: then its only edit is all of it.
type bundledFile struct {
	Path  string          `json:"path"`
	New   bool            `json:"new,omitempty"`
	Edits []yamledit.Edit `json:"edits"`
}

type bundledPatch struct {
	File     string           `json:"file"`
	Doc      int              `json:"doc"`
	Path     string           `json:"path"`
	Title    string           `json:"title"`
	How      string           `json:"how,omitempty"`
	Also     []string         `json:"also,omitempty"`
	Resolves []bundledFinding `json:"resolves"`
}

type bundledFinding struct {
	Rule       string         `json:"rule"`
	Severity   check.Severity `json:"severity"`
	Source     string         `json:"source"`
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Namespace  string         `json:"namespace"`
	Name       string         `json:"name"`
	Container  string         `json:"container,omitempty"`
	Path       string         `json:"path"`
	Message    string         `json:"message"`
	Safety     check.Safety   `json:"fix"`
	Advice     string         `json:"advice,omitempty"`
	Evidence   string         `json:"evidence,omitempty"`
	File       string         `json:"file,omitempty"`
	Line       int            `json:"line,omitempty"`
}

type bundledLeft struct {
	bundledFinding
	Reason string `json:"reason"`
}

// Bundle packs proven patches. place gives the place in the repository, links followed, of a file of the tree.
func (v *Verified) Bundle(b Base, place func(name string) (string, error)) (data []byte, digest string, err error) {
	c := bundleContent{Base: b, Files: []bundledFile{}, Patches: []bundledPatch{}, Left: []bundledLeft{}}
	for _, f := range v.files {
		name, err := place(f.Name)
		if err != nil {
			return nil, "", fmt.Errorf("finding %s in the repository: %w", f.Name, err)
		}
		file := bundledFile{Path: name, New: f.Before == nil, Edits: f.Edits}
		if file.New {
			file.Edits = []yamledit.Edit{{New: string(f.After)}}
		}
		for _, e := range file.Edits {
			if !utf8.ValidString(e.New) {
				return nil, "", fmt.Errorf("%s: a bundle cannot hold text that is not UTF-8; `syncgate pr` without a bundle can", f.Name)
			}
		}
		if !slices.ContainsFunc(c.Files, func(o bundledFile) bool { return o.Path == name }) {
			c.Files = append(c.Files, file)
		}
	}
	for _, p := range v.patches {
		x := bundledPatch{File: p.Place.File, Doc: p.Place.Doc, Path: p.Place.Path.String(), Title: p.Title(), How: p.How, Also: p.Also}
		for i := range p.Resolves {
			x.Resolves = append(x.Resolves, bundled(&p.Resolves[i]))
		}
		c.Patches = append(c.Patches, x)
	}
	for i := range v.left {
		c.Left = append(c.Left, bundledLeft{bundled(&v.left[i].Finding), v.left[i].Reason})
	}
	out := bundle{Schema: BundleSchema}
	if out.Content, err = json.Marshal(c); err != nil {
		return nil, "", err
	}
	out.Digest = digestOf(out.Content)
	data, err = json.MarshalIndent(out, "", "  ")
	return append(data, '\n'), out.Digest, err
}

func bundled(f *check.Finding) bundledFinding {
	return bundledFinding{Rule: f.Rule.ID, Severity: f.Severity, Source: f.Source, APIVersion: f.Object.APIVersion, Kind: f.Object.Kind,
		Namespace: f.Object.Namespace, Name: f.Object.Name, Container: f.Container, Path: f.Path.String(), Message: f.Message,
		Safety: f.Safety, Advice: f.Advice, Evidence: f.Evidence, File: f.Origin.File, Line: f.Origin.Line}
}

// digestOf is the digest of a content, however it is indented.
func digestOf(content []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, content); err != nil {
		return ""
	}
	sum := sha256.Sum256(b.Bytes())
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ReadBundle reads what Verified.Bundle wrote, and refuses anything else.
func ReadBundle(data []byte) (*Bundle, error) {
	var b bundle
	if err := strictJSON(data, &b); err != nil {
		return nil, fmt.Errorf("is no bundle: %w", err)
	}
	if b.Schema != BundleSchema {
		return nil, fmt.Errorf("is no bundle that this syncgate reads: its schema is %q, expected %s", b.Schema, BundleSchema)
	}
	if digestOf(b.Content) != b.Digest {
		return nil, fmt.Errorf("was changed after it was made: its content does not have the digest %s", b.Digest)
	}
	var c bundleContent
	if err := strictJSON(b.Content, &c); err != nil {
		return nil, fmt.Errorf("is no bundle: %w", err)
	}
	return &Bundle{Digest: b.Digest, Base: c.Base, files: c.Files, patches: c.Patches, left: c.Left}, c.valid()
}

func strictJSON(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("something follows its end")
	}
	return nil
}

var commitID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// valid refuses what no fix writes.
func (c *bundleContent) valid() error {
	if !commitID.MatchString(c.Base.Commit) {
		return fmt.Errorf("names no commit: %q", c.Base.Commit)
	}
	if (len(c.Files) == 0) != (len(c.Patches) == 0) {
		return errors.New("holds edits without patches, or patches without edits")
	}
	seen := map[string]bool{}
	for _, f := range c.Files {
		switch {
		case !inRepository(f.Path) || f.Path == ".":
			return fmt.Errorf("edits %q, which is no file of a repository", f.Path)
		case strings.EqualFold(strings.Split(f.Path, "/")[0], ".github"):
			return fmt.Errorf("edits %q: workflows and what stands beside them are never fixed", f.Path)
		case seen[f.Path]:
			return fmt.Errorf("edits %q twice", f.Path)
		case f.New && len(f.Edits) != 1:
			return fmt.Errorf("makes %q with %d edits", f.Path, len(f.Edits))
		}
		seen[f.Path] = true
	}
	for _, list := range [][]string{c.Base.Reads, c.Base.Listed} {
		for _, name := range list {
			if name != "" && !inRepository(name) {
				return fmt.Errorf("rests on %q, which is outside of the repository", name)
			}
		}
	}
	return nil
}

func inRepository(name string) bool {
	return name != "" && name == path.Clean(name) && !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../") &&
		!slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.EqualFold(part, ".git") })
}

// Verified unpacks the patches. read gives the edited files as they are at Base.Commit.
func (b *Bundle) Verified(read func(name string) ([]byte, error)) (*Verified, error) {
	v := &Verified{before: &check.Run{}}
	for _, f := range b.files {
		x := FileChange{Name: f.Path, Edits: f.Edits}
		var err error
		if !f.New {
			if x.Before, err = read(f.Path); err != nil {
				return nil, err
			}
		}
		if x.After, err = yamledit.ApplyEdits(x.Before, f.Edits); err != nil {
			return nil, fmt.Errorf("the bundle's edits do not fit %s: %w", f.Path, err)
		}
		v.files = append(v.files, x)
	}
	for _, p := range b.patches {
		x := &Patch{Place: render.Place{File: p.File, Doc: p.Doc}, title: p.Title, How: p.How, Also: p.Also}
		for i := range p.Resolves {
			f, err := p.Resolves[i].finding()
			if err != nil {
				return nil, err
			}
			x.Resolves = append(x.Resolves, f)
		}
		if len(x.Resolves) == 0 {
			return nil, fmt.Errorf("the bundle holds a patch of %s that resolves nothing", p.File)
		}
		v.patches = append(v.patches, x)
	}
	for i := range b.left {
		f, err := b.left[i].finding()
		if err != nil {
			return nil, err
		}
		v.left = append(v.left, Left{f, b.left[i].Reason})
	}
	return v, nil
}

func (f *bundledFinding) finding() (check.Finding, error) {
	rule := check.RuleByID(f.Rule)
	if rule == nil {
		return check.Finding{}, fmt.Errorf("the bundle is about the rule %q, which this syncgate does not know; use the one that made it", f.Rule)
	}
	p, err := render.ParsePath(f.Path)
	if err != nil {
		return check.Finding{}, fmt.Errorf("the bundle holds the path %q: %w", f.Path, err)
	}
	return check.Finding{Rule: rule, Severity: f.Severity, Source: f.Source, Container: f.Container, Path: p, Message: f.Message,
		Safety: f.Safety, Advice: f.Advice, Evidence: f.Evidence, Origin: render.Origin{File: f.File, Line: f.Line},
		Object: &render.Object{APIVersion: f.APIVersion, Kind: f.Kind, Namespace: f.Namespace, Name: f.Name}}, nil
}
