package render

import (
	"path"
	"strconv"

	"helm.sh/helm/v3/pkg/chart"
)

// helmOutput makes objects of what a chart gave.
type helmOutput struct {
	chart   *loadedChart
	origins map[string]filePlace // by template name
	opts    HelmOptions
	text    bool
	budget  *budget

	objects []Object
	empty   int
}

// collect adds the objects in the order helm template prints them: the chart's CRDs, manifests, hooks.
func (o *helmOutput) collect(files map[string]string) error {
	if !o.opts.SkipCRDs {
		for _, crd := range o.chart.CRDObjects() {
			if err := o.crd(o.chart.at[crd.File], crd.File); err != nil {
				return err
			}
		}
	}
	manifests, hooks, err := o.sort(files)
	if err != nil {
		return err
	}
	for _, m := range manifests {
		if err := o.manifest(m); err != nil {
			return err
		}
	}
	if o.opts.NoHooks {
		return nil
	}
	for _, m := range hooks {
		if m.test && o.opts.SkipTests {
			continue
		}
		if err := o.manifest(m); err != nil {
			return err
		}
	}
	return nil
}

// manifest adds the objects of one document of a template.
func (o *helmOutput) manifest(m *manifest) error {
	from := o.origins[m.template]
	if len(m.docs) == 0 { // nothing but comments
		o.empty++
	}
	texts := o.texts(m.docs, m.text)
	for i, d := range m.docs {
		if d.json == nil {
			o.empty++
			continue
		}
		list, err := toObjects(d, texts[i])
		if err != nil {
			return o.manifestError(m, asError(err, Source{}))
		}
		for i := range list {
			list[i].Template, list[i].Doc, list[i].At = true, -1, nil
		}
		o.add(list, from.path)
	}
	return nil
}

// crd adds the objects of a file of crds/, which is no template.
func (o *helmOutput) crd(from filePlace, f *chart.File) error {
	text := string(f.Data) + "\n" // as helm prints it
	docs, err := decode(f.Name, []byte(text), o.budget)
	if err != nil {
		e := asError(err, Source{})
		return packedError(e, from, path.Join(o.chart.Name(), f.Name))
	}
	texts := o.texts(docs, text)
	for i, d := range docs {
		if d.json == nil {
			o.empty++
			continue
		}
		list, err := toObjects(d, texts[i])
		if err != nil {
			return packedError(asError(atLine(err, "", d), Source{}), from, path.Join(o.chart.Name(), f.Name))
		}
		if from.packed { // the text of an archive is not YAML either
			for i := range list {
				list[i].Template, list[i].Doc, list[i].At = true, -1, nil
			}
		}
		o.add(list, from.path)
	}
	return nil
}

// add takes objects that come from a file.
func (o *helmOutput) add(list []Object, file string) {
	for i := range list {
		x := &list[i]
		x.File, x.Ref = file, ObjectRef{x.APIVersion, x.Kind, x.Namespace, x.Name}
	}
	o.objects = append(o.objects, list...)
}

// texts are the documents as they are written in text, when anybody wants them.
func (o *helmOutput) texts(docs []document, text string) []string {
	out := make([]string, len(docs))
	if !o.text {
		return out
	}
	if len(docs) == 1 {
		out[0] = text
		return out
	}
	for i, d := range docs {
		if d.json != nil {
			out[i], _ = nodeText(d)
		}
	}
	return out
}

// manifestError gives an error the place of the template that rendered to m. Lines of m are none of the template.
func (o *helmOutput) manifestError(m *manifest, e *Error) *Error {
	out := *e
	out.Line = 0
	return packedError(&out, o.origins[m.template], m.template)
}

// packedError gives an error its file, and its place within it when the file is an archive.
func packedError(e *Error, from filePlace, name string) *Error {
	out := *e
	out.File = from.path
	if from.packed {
		if out.Line > 0 {
			name += ":" + strconv.Itoa(out.Line)
		}
		out.Line = 0
		out.Msg = name + ": " + out.Msg
	}
	return &out
}
