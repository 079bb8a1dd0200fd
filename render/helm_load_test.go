package render

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive packs files as helm package does.
func archive(t *testing.T, files ...[2]string) string {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	tw := tar.NewWriter(zip)
	for _, f := range files {
		if err := tw.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func subchart(t *testing.T, template string) string {
	return archive(t, [2]string{"sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.2.3\n"},
		[2]string{"sub/values.yaml", "a: packed\n"}, [2]string{"sub/templates/a.yaml", template})
}

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"

func TestHelmArchives(t *testing.T) {
	// A subchart in an archive, its values over its own.
	files := chartFiles(map[string]string{"c/charts/sub-1.2.3.tgz": subchart(t, configMap("x", ".Values.a")), "c/values.yaml": "sub: {a: parent}\n"})
	wantEqual(t, mustRender(t, files, HelmOptions{}), []string{"ConfigMap x c/charts/sub-1.2.3.tgz"})
	wantEqual(t, value(t, files, HelmOptions{}), `"parent"`)
	// A failure in it.
	files["c/charts/sub-1.2.3.tgz"] = subchart(t, "\n{{ fail \"no\" }}")
	_, err := renderChart(t, files, HelmOptions{})
	wantError(t, err, "c/charts/sub-1.2.3.tgz", 0, "c/charts/sub/templates/a.yaml:2: no")
	// The chart itself in an archive.
	tree := helmTree(t, map[string]string{"x/sub.tgz": subchart(t, fmt.Sprintf(pod, "p"))})
	objects, _, err := renderHelm(tree, Source{Path: "x/sub.tgz"}, Options{}, newBudget())
	if err != nil || len(objects) != 1 || objects[0].File != "x/sub.tgz" || !objects[0].Template || objects[0].Doc != -1 {
		t.Errorf("got %v %v", objects, err)
	}
}

func TestHelmBadArchives(t *testing.T) {
	chart := [2]string{"sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.2.3\n"}
	zeros := strings.Repeat("\x00", 4<<20)
	var bomb, many [][2]string
	for i := range 30 {
		bomb = append(bomb, [2]string{fmt.Sprintf("sub/%d", i), zeros})
	}
	for i := range maxChartFiles + 1 {
		many = append(many, [2]string{fmt.Sprintf("sub/%d", i), ""})
	}
	for _, c := range []struct {
		name, data, msg string
		limit           bool
	}{
		{"text", "this is no archive", "gzip: invalid header", false},
		{"short", subchart(t, "")[:40], "unexpected EOF", false},
		{"empty", archive(t), "no files in chart archive", false},
		{"parent", archive(t, chart, [2]string{"sub/../../evil", "x"}), "chart illegally references parent directory", false},
		{"absolute", archive(t, chart, [2]string{"sub//etc/passwd", "x"}), "chart illegally contains absolute paths", false},
		{"drive", archive(t, chart, [2]string{`sub\c:\x`, "x"}), "chart contains illegally named files", false},
		{"top", archive(t, [2]string{"Chart.yaml", "x"}), "chart illegally contains content outside the base directory", false},
		{"large file", archive(t, chart, [2]string{"sub/big", strings.Repeat("\x00", 5<<20+1)}), `decompressed chart file "sub/big" is larger`, true},
		{"bomb", archive(t, append(bomb, chart)...), "decompressed chart is larger than the maximum file size", true},
		{"many", archive(t, append(many, chart)...), "the chart holds more than 20000 files", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := renderChart(t, chartFiles(map[string]string{"c/charts/sub.tgz": c.data}), HelmOptions{})
			e := wantError(t, err, "c/charts/sub.tgz", 0, c.msg)
			wantEqual(t, e.Limit, c.limit)
		})
	}
	_, _, err := renderHelm(helmTree(t, map[string]string{"c.tgz": "hello"}), Source{Path: "c.tgz"}, Options{}, newBudget())
	wantError(t, err, "c.tgz", 0, "does not appear to be a gzipped archive")
	_, err = renderChart(t, chartFiles(map[string]string{"c/charts/x.tgz/Chart.yaml": ""}), HelmOptions{})
	wantError(t, err, "c/charts/x.tgz", 0, "expected x.tgz, got x.tgz/Chart.yaml")
}

func TestHelmNestedArchives(t *testing.T) {
	inner := archive(t, [2]string{"s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"}, [2]string{"s/templates/a.yaml", fmt.Sprintf(pod, "deep")})
	for range maxChartDepth - 2 {
		inner = archive(t, [2]string{"s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"}, [2]string{"s/charts/s.tgz", inner})
	}
	wantEqual(t, mustRender(t, chartFiles(map[string]string{"c/charts/s.tgz": inner}), HelmOptions{}), []string{"Pod deep c/charts/s.tgz"})
	for range 2 {
		inner = archive(t, [2]string{"s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"}, [2]string{"s/charts/s.tgz", inner})
	}
	_, err := renderChart(t, chartFiles(map[string]string{"c/charts/s.tgz": inner}), HelmOptions{})
	wantError(t, err, "c/charts/s.tgz", 0, "charts within charts")
}

func TestHelmIgnore(t *testing.T) {
	files := chartFiles(map[string]string{
		"c/.helmignore":          "\xef\xbb\xbf# comment\n*.bak\n/skipped/\ntemplates/gone.yaml\n",
		"c/templates/a.yaml":     configMap("a", `list (.Files.Get "x.bak") (.Files.Get "skipped/y") (.Files.Get "kept/skipped/y") (.Files.Get "bom")`),
		"c/templates/gone.yaml":  "{{ fail \"read\" }}",
		"c/templates/.hidden":    "{{ fail \"read\" }}",
		"c/x.bak":                "x",
		"c/skipped/y":            "y",
		"c/kept/skipped/y":       "z",
		"c/bom":                  "\xef\xbb\xbfb",
		"c/charts/sub.bak/x":     "no chart",
		"c/charts/_draft/x":      "no chart",
		"c/charts/s/Chart.yaml":  "apiVersion: v2\nname: s\nversion: 1.0.0\n",
		"c/charts/s/.helmignore": "*",
	})
	delete(files, "c/charts/sub.bak/x")
	wantEqual(t, value(t, files, HelmOptions{}), `["","","z","b"]`)
	files["c/.helmignore"] = "a\n**/b\n"
	_, err := renderChart(t, files, HelmOptions{})
	wantError(t, err, "c/.helmignore", 2, "double-star (**) syntax is not supported")
}

func TestHelmSubchartOrigins(t *testing.T) {
	files := chartFiles(map[string]string{
		"c/templates/a.yaml":                      fmt.Sprintf(pod, "top"),
		"c/charts/dir/Chart.yaml":                 "name: foo\nversion: 1.0.0\n", // helm 2: no apiVersion; another name than its directory
		"c/charts/dir/templates/a.yaml":           fmt.Sprintf(pod, "foo"),
		"c/charts/dir/charts/bar/Chart.yaml":      "apiVersion: v1\nname: bar\nversion: 1.0.0\n",
		"c/charts/dir/charts/bar/templates/b.yml": fmt.Sprintf(pod, "bar"),
		"c/charts/dir/charts/bar/crds/c.yaml":     "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n",
	})
	wantEqual(t, mustRender(t, files, HelmOptions{}), []string{
		"CustomResourceDefinition crd c/charts/dir/charts/bar/crds/c.yaml",
		"Pod bar c/charts/dir/charts/bar/templates/b.yml", "Pod foo c/charts/dir/templates/a.yaml", "Pod top c/templates/a.yaml"})
	files["c/charts/README.md"] = "no chart"
	_, err := renderChart(t, files, HelmOptions{})
	wantError(t, err, "c/charts/README.md", 0, "Chart.yaml file is missing")
}

// diskTree is a tree on disk, for links and special files. A value "-> x" makes a link to x.
func diskTree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, "repo", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tree, err := OpenTree(filepath.Join(dir, "repo"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

func TestHelmLinks(t *testing.T) {
	render := func(files map[string]string) ([]Object, error) {
		objects, _, err := renderHelm(diskTree(t, chartFiles(files)), Source{Path: "c"}, Options{}, newBudget())
		return objects, err
	}
	objects, err := render(map[string]string{"c/templates": "-> ../shared", "shared/a.yaml": fmt.Sprintf(pod, "a"),
		"c/charts/lib": "-> ../../lib", "lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n", "lib/templates/b.yaml": fmt.Sprintf(pod, "b")})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, []string{objects[0].File, objects[1].File}, []string{"lib/templates/b.yaml", "shared/a.yaml"})

	_, err = render(map[string]string{"c/templates/a.yaml": "-> ../../../outside"})
	wantError(t, err, "c/templates/a.yaml", 0, "outside the repository")
	_, err = render(map[string]string{"c/files/etc": "-> /etc"})
	wantError(t, err, "c/files/etc", 0, "outside the repository")
	_, err = render(map[string]string{"c/files/etc": "-> /etc", "c/.helmignore": "files"})
	wantEqual(t, err, nil)
	_, err = render(map[string]string{"c/files/x": "-> gone"})
	wantError(t, err, "c/files/x", 0, "no such file or directory")
	_, err = render(map[string]string{"c/files/x": "-> ../../c"})
	wantError(t, err, "c/files/x", 0, "a link that leads to a directory around itself")
	_, err = render(map[string]string{"c/files/x": "-> x"})
	wantError(t, err, "c/files/x", 0, "too many levels of symbolic links")
}
