package render

import (
	"bytes"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// owners says what is only a part of something else.
type owners struct {
	scan          *scan
	kustomization map[string]string // directory -> why it is no entry point
	chart         map[string]string
	library       map[string]bool
	files         map[string]string // file -> why it is not plain YAML
}

func findOwners(t *Tree, s *scan) *owners {
	o := &owners{scan: s, kustomization: map[string]string{}, chart: map[string]string{},
		library: map[string]bool{}, files: map[string]string{}}
	s.readAhead()
	o.findCharts(t)
	refs := map[string][]string{} // kustomization -> kustomizations it uses
	components := map[string]bool{}
	for _, dir := range s.kustomizationDirs() {
		root := s.yaml(s.kustomizations[dir])
		components[dir] = scalarAt(root, "kind") == "Component"
		o.follow(t, dir, root, refs)
	}
	o.findEntries(refs, components)
	return o
}

// findCharts tells subcharts and libraries from charts that are installed.
func (o *owners) findCharts(t *Tree) {
	for _, dir := range o.scan.chartDirs() {
		if parent, part := o.chartAround(dir); part == "charts" {
			o.chart[dir] = "subchart of " + parent
		} else if part == "templates" || part == "ci" {
			o.chart[dir] = "inside the chart " + parent
		}
		o.library[dir] = scalarAt(o.scan.yaml(path.Join(dir, "Chart.yaml")), "type") == "library"
	}
	for _, dir := range o.scan.kustomizationDirs() {
		if parent, part := o.chartAround(dir); part == "templates" {
			o.kustomization[dir] = "template of the chart " + parent
		}
	}
}

// chartAround finds the nearest chart whose own parts hold name, and which part (its first folder) that is.
func (o *owners) chartAround(name string) (chart, part string) {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if o.scan.charts[dir] {
			rel := strings.TrimPrefix(name, dir+"/")
			if dir == "." {
				rel = name
			}
			first, _, _ := strings.Cut(rel, "/")
			switch first {
			case "templates", "charts", "crds", "ci":
				return dir, first
			}
		}
		if dir == "." {
			return "", ""
		}
	}
}

var chartOwnFile = regexp.MustCompile(`^(Chart|requirements|values.*|.*\.schema)\.(ya?ml|json)$`)

// file says why a YAML file is not judged as it stands, "" when it is.
func (o *owners) file(name string) string {
	if reason := o.files[name]; reason != "" {
		return reason
	}
	if chart, part := o.chartAround(name); part != "" {
		return "part of the chart " + chart
	}
	if dir := path.Dir(name); o.scan.charts[dir] && chartOwnFile.MatchString(path.Base(name)) {
		return "part of the chart " + dir
	}
	return ""
}

// follow notes what one kustomization reads.
func (o *owners) follow(t *Tree, dir string, root *yaml.Node, refs map[string][]string) {
	for _, ref := range kustomizationRefs(root) {
		target, err := t.Resolve(path.Join(dir, ref))
		if err != nil {
			continue
		}
		if _, ok := o.scan.kustomizations[target]; ok {
			refs[dir] = append(refs[dir], target)
			continue
		}
		o.files[target] = "read by the kustomization in " + dir
	}
	for _, chart := range inflatedCharts(root) {
		if target := path.Join(dir, chart); o.scan.charts[target] {
			o.chart[target] = "inflated by the kustomization in " + dir
		}
	}
}

// findEntries decides which kustomizations nothing else uses. Those that only use one another in a circle must not
// vanish: one of each circle is an entry, and its render reports the circle.
func (o *owners) findEntries(refs map[string][]string, components map[string]bool) {
	usedBy := map[string]string{}
	for _, dir := range o.scan.kustomizationDirs() {
		for _, r := range refs[dir] {
			if _, ok := usedBy[r]; !ok && r != dir {
				usedBy[r] = dir
			}
		}
	}
	reached := map[string]bool{}
	var reach func(string)
	reach = func(dir string) {
		if reached[dir] {
			return
		}
		reached[dir] = true
		for _, r := range refs[dir] {
			reach(r)
		}
	}
	for _, dir := range o.scan.kustomizationDirs() {
		if usedBy[dir] == "" {
			reach(dir)
		}
	}
	for _, dir := range o.scan.kustomizationDirs() {
		switch {
		case !reached[dir]:
			reach(dir)
		case usedBy[dir] != "":
			o.kustomization[dir] = "used by " + usedBy[dir]
		case components[dir]:
			o.kustomization[dir] = "component that nothing uses"
		}
	}
}

// pathFields are the fields of a kustomization that name files or directories
// (sigs.k8s.io/kustomize/api/types/kustomization.go, legacy fields included).
var pathFields = map[string]bool{"resources": true, "bases": true, "components": true, "crds": true,
	"configurations": true, "generators": true, "transformers": true, "validators": true, "patches": true,
	"patchesStrategicMerge": true}

// kustomizationRefs are the paths that a kustomization names, as written.
func kustomizationRefs(root *yaml.Node) []string {
	var out []string
	add := func(n *yaml.Node) {
		if n != nil && n.Kind == yaml.ScalarNode && n.Value != "" && !strings.Contains(n.Value, "\n") {
			out = append(out, n.Value)
		}
	}
	eachField(root, func(key string, v *yaml.Node) {
		switch {
		case pathFields[key]:
			for _, item := range content(v, yaml.SequenceNode) {
				add(item)
				add(fieldOf(item, "path"))
			}
		case key == "patchesJson6902" || key == "replacements":
			for _, item := range content(v, yaml.SequenceNode) {
				add(fieldOf(item, "path"))
			}
		case key == "configMapGenerator" || key == "secretGenerator":
			for _, item := range content(v, yaml.SequenceNode) {
				add(fieldOf(item, "env"))
				for _, list := range []string{"envs", "files"} {
					for _, f := range content(fieldOf(item, list), yaml.SequenceNode) {
						if _, file, ok := strings.Cut(f.Value, "="); ok {
							out = append(out, file)
						} else {
							add(f)
						}
					}
				}
			}
		case key == "openapi":
			add(fieldOf(v, "path"))
		case key == "helmCharts" || key == "helmChartInflationGenerator":
			for _, item := range content(v, yaml.SequenceNode) {
				add(fieldOf(item, "valuesFile"))
				add(fieldOf(item, "values"))
				for _, f := range content(fieldOf(item, "additionalValuesFiles"), yaml.SequenceNode) {
					add(f)
				}
			}
		}
	})
	return out
}

// inflatedCharts are the directories of the charts that a kustomization's helmCharts name.
func inflatedCharts(root *yaml.Node) []string {
	home := "charts"
	if h := scalarAt(fieldOf(root, "helmGlobals"), "chartHome"); h != "" {
		home = h
	}
	var out []string
	for _, key := range []string{"helmCharts", "helmChartInflationGenerator"} {
		for _, item := range content(fieldOf(root, key), yaml.SequenceNode) {
			name := scalarAt(item, "name") + scalarAt(item, "chartName")
			if name == "" {
				continue
			}
			out = append(out, path.Join(home, name))
			if v := scalarAt(item, "version"); v != "" {
				out = append(out, path.Join(home, name+"-"+v, name))
			}
		}
	}
	return out
}

// maxIndexFile bounds the files that discovery itself reads.
const maxIndexFile = 1 << 20

// readAhead reads all files that discovery goes by, several at once.
func (s *scan) readAhead() {
	names := slices.Collect(maps.Values(s.kustomizations))
	for dir := range s.charts {
		names = append(names, path.Join(dir, "Chart.yaml"))
	}
	nodes := make([]*yaml.Node, len(names))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(names); i = int(next.Add(1)) - 1 {
				nodes[i] = s.read(names[i])
			}
		})
	}
	wg.Wait()
	for i, name := range names {
		s.parsed[name] = nodes[i]
	}
}

// yaml is the first document of a file that discovery goes by.
func (s *scan) yaml(name string) *yaml.Node {
	n, ok := s.parsed[name]
	if !ok {
		n = s.read(name)
		s.parsed[name] = n
	}
	return n
}

// read reads a file unless that was done for the tree below the edits.
func (s *scan) read(name string) *yaml.Node {
	if _, edited := s.tree.edits[name]; !edited {
		if n, ok := s.known.yaml(name); ok {
			return n
		}
	}
	return readYAML(s.tree, name)
}

// readYAML is the first document of a small file, nil when it cannot be read: then rendering says why.
func readYAML(t *Tree, name string) *yaml.Node {
	data, err := t.readUpTo(name, maxIndexFile)
	if err != nil {
		return nil
	}
	var n yaml.Node
	if yaml.NewDecoder(bytes.NewReader(data)).Decode(&n) != nil || len(n.Content) == 0 {
		return nil
	}
	return n.Content[0]
}

func content(n *yaml.Node, kind yaml.Kind) []*yaml.Node {
	if n == nil || n.Kind != kind {
		return nil
	}
	return n.Content
}

func eachField(n *yaml.Node, f func(key string, value *yaml.Node)) {
	c := content(n, yaml.MappingNode)
	for i := 0; i+1 < len(c); i += 2 {
		f(c[i].Value, c[i+1])
	}
}

func fieldOf(n *yaml.Node, key string) *yaml.Node {
	var out *yaml.Node
	eachField(n, func(k string, v *yaml.Node) {
		if k == key {
			out = v
		}
	})
	return out
}

func scalarAt(n *yaml.Node, key string) string {
	if v := fieldOf(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}
