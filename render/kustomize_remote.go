package render

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// checkRemotes refuses a kustomization that kustomize would have to fetch something for.
func (f *treeFS) checkRemotes(k *kustomization) error {
	for _, r := range k.refs() {
		if err := f.checkRemote(k, r); err != nil {
			return err
		}
	}
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

// checkRemote judges one reference. What can be a git repository is one even where a file has that name: kustomize
// tries the file first and, when anything is wrong with it, clones (target.accumulateResources).
//
// It is the one place that decides about remote bases, so it is where one that was allowed and fetched would be replaced
// by its copy.
func (f *treeFS) checkRemote(k *kustomization, r kustomizeRef) error {
	host := remoteHost(r.text)
	if host == "" && r.use != holdsData {
		host = gitHost(r.text)
	}
	if host == "" {
		return nil
	}
	err := remoteError(k.file, k.lineOf(r.text), r.text, host)
	if f.t.Exists(path.Join(k.dir, r.text)) {
		err.Hint = "write ./" + r.text + " if you mean the file, for kustomize may clone it otherwise"
	}
	return err
}

func remoteError(file string, line int, ref, host string) *Error {
	return &Error{File: file, Line: line, Msg: fmt.Sprintf("%s is remote, and network access is off", redactURL(ref)),
		Hint: "vendor it, or allow its host with --allow-remote " + host}
}

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

// redactURL hides what may be a password in a URL.
func redactURL(ref string) string {
	u, err := url.Parse(ref)
	if err != nil || u.User == nil {
		return ref
	}
	return u.Redacted()
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
			return remoteError(file, line, ref, remoteHost(ref))
		}
	}
}
