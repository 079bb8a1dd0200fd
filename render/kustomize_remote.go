package render

import (
	"bytes"
	"errors"
	"net/url"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// checkRemotes refuses a kustomization that kustomize would have to fetch something for: the first such place is the
// error, which needs all that has no copy yet. It returns the kustomization with copies in the place of references.
func (f *treeFS) checkRemotes(k *kustomization) ([]byte, error) {
	if err := f.checkContained(k); err != nil {
		return nil, err
	}
	var missing *Error
	for _, r := range k.refs() {
		err := f.checkRemote(k, r)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Needs == nil) {
			return nil, err
		}
		if missing == nil {
			missing = e
		} else if e != nil {
			missing.Needs = append(missing.Needs, e.Needs...)
		}
	}
	if missing != nil {
		return nil, missing
	}
	if err := f.checkInline(k); err != nil || len(k.copies) == 0 {
		return k.data, err
	}
	data, err := k.withCopies(k.data)
	if err != nil {
		return nil, err
	}
	return data, f.checkRest(k, data)
}

// checkInline refuses URLs in plugins that are configured in the kustomization itself.
func (f *treeFS) checkInline(k *kustomization) error {
	for _, list := range [][]string{k.spec.Generators, k.spec.Transformers, k.spec.Validators} {
		for _, inline := range list {
			if strings.Contains(inline, "\n") {
				if err := f.checkPluginConfig(k.file, []byte(inline)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkRest refuses what is remote in a kustomization after all copies were put in: a reference in a place where
// kustomize itself cannot use a URL.
func (f *treeFS) checkRest(k *kustomization, data []byte) error {
	served := &kustomization{dir: k.dir, file: k.file, text: k.text, data: k.data}
	if err := served.spec.Unmarshal(data); err != nil {
		return err
	}
	served.spec.FixKustomization()
	for _, r := range served.refs() {
		if _, ok := r.remote(); ok {
			return &Error{File: k.file, Line: k.lineOf(r.text), Msg: PublicURL(r.text) + " is a URL where kustomize takes none",
				Hint: "download it, and name the file by its path"}
		}
	}
	return nil
}

// remote is what a reference leads to outside the repository. What can be a git repository is one even where a file
// has that name: kustomize tries the file first and, when anything is wrong with it, clones (target.accumulateResources).
func (r kustomizeRef) remote() (Remote, bool) {
	web, git := remoteHost(r.text) != "", false
	if r.use != holdsData {
		git = gitHost(r.text) != ""
	}
	kind := RemoteFile
	switch {
	case !web && !git:
		return Remote{}, false
	case git && (!web || r.use == holdsChanges):
		kind = RemoteBase
	case git:
		kind = RemoteResource
	}
	return Remote{Kind: kind, Ref: r.text}, true
}

// checkRemote judges one reference. It is the one place that decides about remote files and bases: one that was fetched
// is replaced by its copy, any other is an error.
func (f *treeFS) checkRemote(k *kustomization, r kustomizeRef) error {
	want, ok := r.remote()
	if !ok {
		return nil
	}
	want.File, want.Line = k.file, k.lineOf(r.text)
	if t, inner, _ := f.in(path.Join(k.dir, r.text)); t.Exists(inner) {
		return &Error{File: want.File, Line: want.Line, Msg: want.offMessage(),
			Hint: "write ./" + r.text + " if you mean the file, for kustomize may clone it otherwise"}
	}
	if c, ok := f.t.copyOf(want); ok {
		return f.show(k, want, c)
	}
	return want.missing()
}

// missing is the error of a render that needs something remote and has no copy of it.
func (r Remote) missing() *Error {
	if host := r.Host(); strings.HasPrefix(host, "/") {
		return &Error{File: r.File, Line: r.Line, Msg: r.offMessage(), Hint: "vendor it: a git repository on this machine is not cloned"}
	}
	return &Error{File: r.File, Line: r.Line, Msg: r.offMessage(), Needs: []Remote{r},
		Hint: "vendor it, or allow its host with --allow-remote " + r.Host()}
}

func (r Remote) offMessage() string { return r.Name() + " is remote, and network access is off" }

// remoteHost is the host of a URL that kustomize loads as a file (loader.IsRemoteFile), "" for anything else.
func remoteHost(ref string) string {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	if u.Host == "" {
		return ref
	}
	return u.Host
}

// gitHost is the host of what kustomize takes for a git repository, "" for anything else. The judgement is upstream's
// own: Origin.Append asks api/internal/git.
func gitHost(ref string) string {
	repo := (&resource.Origin{}).Append(ref).Repo
	if repo == "" {
		return ""
	}
	if u, err := url.Parse(repo); err == nil && u.Host != "" {
		return u.Host
	}
	_, rest, ok := strings.Cut(repo, "@")
	if !ok {
		rest = repo
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(rest, "file://"), ":")
	return host
}

var builtinVersion = []byte(konfig.BuiltinPluginApiVersion)

// checkPluginConfig refuses URLs in the configuration of a builtin generator or transformer, which may stand in any
// file that `generators` or `transformers` lead to: there, every path can be one.
func (f *treeFS) checkPluginConfig(file string, data []byte) error {
	if !bytes.Contains(data, builtinVersion) || !bytes.Contains(data, []byte("http")) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			return nil // the end, or something that krusty reports
		}
		api, err := yaml.NewRNode(&doc).Pipe(yaml.Get("apiVersion"))
		if err != nil || api == nil || api.YNode().Value != konfig.BuiltinPluginApiVersion {
			continue
		}
		ref := ""
		line := scalarLine(&doc, func(s string) bool {
			_, path, _ := strings.Cut(s, "=") // key=path
			for _, ref = range []string{s, path} {
				if remoteHost(ref) != "" && !strings.ContainsAny(ref, " \n") {
					return true
				}
			}
			return false
		})
		if line > 0 {
			return &Error{File: file, Line: line, Msg: Remote{Kind: RemoteFile, Ref: ref}.offMessage(),
				Hint: "download it, and name the file by its path: the URLs of plugins are not fetched"}
		}
	}
}
