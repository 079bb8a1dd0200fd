package argocd

import (
	"cmp"
	"errors"
	"path"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/syncgate/syncgate/render"
)

// chart is the source that a chart of a chart repository or registry makes, when it may be fetched.
func (a *application) chart(i int) ([]render.Source, *render.Error) {
	s := a.sources[i]
	want := chartRemote(&s)
	at := render.NewLocator(a.tree).Origin(a.object, a.at(i).Key("chart"))
	want.File, want.Line = at.File, at.Line
	name := "the " + want.Name()
	if explicit, err := s.ExplicitType(); err != nil || explicit != nil && *explicit != v1alpha1.ApplicationSourceTypeHelm {
		return nil, &render.Error{Msg: name + " is not to be rendered by Helm", Hint: "render it with spec.source.helm, or pass --allow-unresolved"}
	}
	if err := a.allows(want); err != nil {
		return nil, notFetched(name, want, err)
	}
	out := a.blank(s.Chart + "@" + a.name)
	out.Path, out.Kind, out.Chart = cmp.Or(a.object.File, "."), render.KindHelm, &want
	if err := a.helm(&out, i, &overridden{ApplicationSource: s}, a.env(&s, a.name)); err != nil {
		return nil, err
	}
	return []render.Source{out}, nil
}

// chartRemote is where a chart is to be had. The repoURL of a registry has no scheme (util/helm IsHelmOciRepo), and its charts may
// stand in folders.
func chartRemote(s *v1alpha1.ApplicationSource) render.Remote {
	out := render.Remote{Kind: render.RemoteChart, Ref: s.RepoURL, Chart: s.Chart, Version: s.TargetRevision}
	if !strings.Contains(s.RepoURL, "://") {
		out.Ref = "oci://" + s.RepoURL
	}
	if dir, base := path.Split(s.Chart); strings.HasPrefix(out.Ref, "oci://") && dir != "" {
		out.Ref, out.Chart = strings.TrimSuffix(out.Ref, "/")+"/"+strings.Trim(dir, "/"), base
	}
	return out
}

// notFetched says what to do about a chart that may not be fetched.
func notFetched(name string, want render.Remote, err error) *render.Error {
	out := &render.Error{Msg: name + " is not in this repository"}
	var e *render.Error
	if errors.As(err, &e) {
		out.Msg, out.Hint = e.Msg, e.Hint+", or pass --allow-unresolved"
		return out
	}
	host := cmp.Or(want.Host(), "HOST")
	out.Hint = "run `syncgate vendor --allow-remote " + host + "`, or allow it here with --allow-remote " + host + ", or pass --allow-unresolved"
	return out
}
