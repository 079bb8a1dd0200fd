package argocd

import (
	"fmt"
	"net/url"
	"path"
	"reflect"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/syncgate/syncgate/render"
)

// helm says how a chart is rendered (reposerver/repository helmTemplate).
func (a *application) helm(out *render.Source, i int, s *overridden, env *v1alpha1.Env) *render.Error {
	out.Helm = render.HelmOptions{ReleaseName: a.name, Namespace: s.GetNamespaceOrDefault(a.spec.Destination.Namespace),
		KubeVersion: strings.Replace(s.GetKubeVersionOrDefault(""), "+", "", 1), APIVersions: s.GetAPIVersionsOrDefault(nil)}
	h := s.Helm
	if h == nil {
		return nil
	}
	o := &out.Helm
	if h.ReleaseName != "" {
		o.ReleaseName = h.ReleaseName
	}
	switch h.Version {
	case "", "v3":
	default:
		return &render.Error{Msg: fmt.Sprintf("helm.version %q is no version that Argo CD runs", h.Version), Hint: "leave it out, or set v3"}
	}
	for _, f := range h.ValueFiles {
		layer, err := a.valueFile(out, f, env)
		if err != nil {
			return err
		}
		layer.Optional = h.IgnoreMissingValueFiles
		o.Values = append(o.Values, layer)
	}
	if !h.ValuesIsEmpty() {
		o.Values = append(o.Values, a.values(i, s)...)
	}
	for _, p := range h.Parameters {
		set := p.Name + "=" + escapeCommas(env.Envsubst(p.Value))
		if p.ForceString {
			o.SetString = append(o.SetString, set)
		} else {
			o.Set = append(o.Set, set)
		}
	}
	for _, p := range h.FileParameters {
		layer, err := a.valueFile(out, p.Path, env)
		if err == nil && layer.Encoding == render.EncodingChart {
			err = &render.Error{Msg: "the parameter " + p.Name + " is to be read from a file of a chart from elsewhere, which is not supported",
				Hint: "write the value out, or pass --allow-unresolved"}
		}
		if err != nil {
			return err
		}
		o.SetFile = append(o.SetFile, p.Name+"="+escapeCommas(layer.File))
	}
	o.SkipCRDs, o.SkipTests, o.SkipSchema = h.SkipCrds, h.SkipTests, h.SkipSchemaValidation
	return nil
}

// valueFile is the layer of a file of values that an Application names.
func (a *application) valueFile(out *render.Source, name string, env *v1alpha1.Env) (render.ValueLayer, *render.Error) {
	first, _, _ := strings.Cut(name, "/")
	if out.Chart != nil && a.refs[first] == nil {
		file, err := a.file(".", name, env)
		return render.ValueLayer{File: file, Encoding: render.EncodingChart}, err
	}
	file, err := a.file(out.Path, name, env)
	return render.ValueLayer{File: file, Encoding: render.EncodingFile}, err
}

// values are the layers of an Application's own values: where they are written, so that a fix can be put there, or one layer of
// the values themselves.
func (a *application) values(i int, s *overridden) []render.ValueLayer {
	inline := render.ValueLayer{File: a.object.File, Encoding: render.EncodingInline, Text: string(s.Helm.ValuesYAML())}
	if n := len(s.values); n > 0 {
		inline.File = s.values[n-1].file
	}
	object := s.Helm.ValuesObject != nil
	field, encoding := "values", render.EncodingText
	if object {
		field, encoding = "valuesObject", render.EncodingObject
	}
	var out []render.ValueLayer
	if own := a.sources[i].Helm; own != nil && (object && own.ValuesObject != nil || !object && own.Values != "") {
		place, ok := render.NewLocator(a.tree).Holds(a.object, a.at(i).Key("helm", field))
		if !ok {
			return []render.ValueLayer{inline}
		}
		out = append(out, render.ValueLayer{File: place.File, Doc: place.Doc, DocPath: place.Path, Encoding: encoding})
	}
	for _, over := range s.values {
		if over.object != object {
			continue
		}
		if !object { // a string takes the place of another
			out = nil
		}
		out = append(out, render.ValueLayer{File: over.file, DocPath: render.Keys("helm", field), Encoding: encoding})
	}
	if len(out) == 0 || len(s.values) > 0 && !a.amount(out, inline) { // parameters of our plugin, or null in a file
		return []render.ValueLayer{inline}
	}
	return out
}

// amount reports whether layers of values come to the same as one.
func (a *application) amount(layers []render.ValueLayer, one render.ValueLayer) bool {
	got, err := render.MergeLayers(a.tree, layers)
	want, err2 := render.MergeLayers(a.tree, []render.ValueLayer{one})
	return err == nil && err2 == nil && reflect.DeepEqual(got, want)
}

// at is where one of the Application's sources stands in it.
func (a *application) at(i int) render.Path {
	switch {
	case a.spec.SourceHydrator != nil:
		return render.Keys("spec", "sourceHydrator", "drySource")
	case len(a.spec.Sources) > 0:
		return render.Keys("spec", "sources").At(i)
	}
	return render.Keys("spec", "source")
}

// file is the place in the repository of a file that an Application names: relative to the source, or to the root with a
// leading slash, or in another of its sources with $ref (util/io/path ResolveValueFilePathOrUrl).
func (a *application) file(dir, name string, env *v1alpha1.Env) (string, *render.Error) {
	if strings.HasPrefix(name, "$") {
		first, rest, _ := strings.Cut(name, "/")
		if ref := a.refs[first]; ref != nil {
			if same, known := a.repo.Is(ref.RepoURL); known && !same {
				return "", another(fmt.Sprintf("%s of %s", rest, render.PublicURL(ref.RepoURL)))
			}
			return inside(".", "/"+env.Envsubst(rest))
		}
	}
	name = env.Envsubst(name)
	if u, err := url.Parse(name); err == nil && u.Scheme != "" && strings.Contains(name, "://") {
		return "", another(render.PublicURL(name))
	}
	return inside(dir, name)
}

func inside(dir, name string) (string, *render.Error) {
	file := path.Join(dir, name)
	if path.IsAbs(name) {
		file = path.Clean(strings.TrimLeft(name, "/"))
	}
	if file == ".." || strings.HasPrefix(file, "../") {
		return "", &render.Error{Msg: fmt.Sprintf("the file %s leads out of the repository", name), Hint: "Argo CD would refuse it"}
	}
	return file, nil
}

// escapeCommas is util/helm cleanSetParameters: a comma is part of the value, but in a list.
func escapeCommas(v string) string {
	if strings.HasPrefix(v, "{") && strings.HasSuffix(v, "}") {
		return v
	}
	var b strings.Builder
	previous := rune(0)
	for _, r := range v {
		if r == ',' && previous != '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		previous = r
	}
	return b.String()
}
