//go:build bench

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/kustomize/api/konfig"
)

// The goals, which CONTRIBUTING.md explains.
const (
	goalHelm      = 5.0                   // times faster than helm template by xargs -P2
	goalKustomize = 2.5                   // times faster than kustomize build by xargs -P2
	goalPart      = 1.5                   // the same for less than half of a repository's sources: the others are searched for Applications
	goalFixing    = 5.0                   // fix takes at most so many times as long as check, on kustomizations
	goalCharts    = 15.0                  // and on charts
	goalJudging   = 1.3                   // check takes at most so many times as long as render
	goalMemory    = 400                   // MB, the peak of each process
	goalFlat      = 1.3                   // a source of a large repository costs at most so many times one of a small one
	goalStart     = 60 * time.Millisecond // syncgate version
)

// A folder is compared with the commands when it holds more than benchFolder charts or kustomizations; of its
// kustomizations, at most benchSources are taken.
const (
	benchFolder  = 20
	benchSources = 100
)

// benchRounds is how often each command line runs, in turn with those it is compared with. The best run counts: what
// else the machine does only ever adds.
const benchRounds = 7

// TestBench measures $SYNCGATE_BIN on $SYNCGATE_CORPUS beside the helm and kustomize commands, which only render, and
// prints a table of ratios. Missed goals fail it. Ratios of processor time stand beside those of wall-clock time: they
// say what the latter would be on a machine that does nothing else.
func TestBench(t *testing.T) {
	b := bench{T: t, bin: os.Getenv("SYNCGATE_BIN"), corpus: os.Getenv("SYNCGATE_CORPUS")}
	if b.bin == "" || b.corpus == "" {
		t.Fatal("set SYNCGATE_BIN to the binary and SYNCGATE_CORPUS to a directory that holds repositories")
	}
	fmt.Printf("%-58s %19s %19s %13s  %s\n", "", "first", "second", "ratio", "goal")
	fmt.Printf("%-58s %9s %9s %9s %9s %6s %6s\n", "", "wall", "cpu", "wall", "cpu", "wall", "cpu")
	folders := b.folders()
	if len(folders) == 0 {
		t.Errorf("no folder holds more than %d charts or kustomizations", benchFolder)
	}
	for _, f := range folders {
		b.beside(f)
	}
	b.fixing(folders)
	b.memory()
	b.flat()
	b.start()
}

type bench struct {
	*testing.T
	bin, corpus string
}

// folder is one that holds many sources of a kind.
type folder struct {
	repo, path string
	kind       string   // helm or kustomize
	sources    []string // paths of directories
	files      []string // what to call the sources in a command line of syncgate
}

// folders are the directories with many charts in them, and the repositories with many kustomizations.
func (b *bench) folders() (out []folder) {
	charts, kustomizations := map[string][]string{}, map[string][]string{} // Chart.yaml by folder, kustomization by repository
	err := filepath.WalkDir(b.corpus, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Name() == "Chart.yaml" {
			in := filepath.Dir(filepath.Dir(p))
			charts[in] = append(charts[in], p)
		}
		if slices.Contains(konfig.RecognizedKustomizationFileNames(), d.Name()) {
			in := b.repository(p)
			kustomizations[in] = append(kustomizations[in], p)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, in := range slices.Sorted(maps.Keys(charts)) {
		if len(charts[in]) > benchFolder {
			out = append(out, newFolder(b.repository(in), in, "helm", charts[in]))
		}
	}
	for _, in := range slices.Sorted(maps.Keys(kustomizations)) {
		if len(kustomizations[in]) <= benchFolder {
			continue
		}
		var build []string
		for _, file := range kustomizations[in] {
			if len(build) < benchSources && quiet("kustomize", "build", filepath.Dir(file)).Run() == nil {
				build = append(build, file)
			}
		}
		if len(build) > benchFolder {
			out = append(out, newFolder(in, in, "kustomize", build))
		}
	}
	return out
}

func newFolder(repo, dir, kind string, files []string) folder {
	f := folder{repo: repo, path: dir, kind: kind, files: files}
	for _, file := range files {
		f.sources = append(f.sources, filepath.Dir(file))
	}
	return f
}

// repository is the folder at the corpus's first level that holds p.
func (b *bench) repository(p string) string {
	for filepath.Dir(p) != filepath.Clean(b.corpus) {
		p = filepath.Dir(p)
	}
	return p
}

// beside measures check beside render and beside the command, on the same sources.
func (b *bench) beside(f folder) {
	name, goal := "kustomize build", goalKustomize
	if 2*len(f.sources) < b.sourcesOf(f.repo) {
		goal = goalPart
	}
	command := xargs(f.sources, "kustomize", "build")
	if f.kind == "helm" {
		name, goal = "helm template", goalHelm
		command = xargs(f.sources, "helm", "template", "release-name", "--include-crds")
	}
	args := append([]string{"--root", f.repo}, f.files...)
	best := b.best(b.syncgate(append([]string{"check"}, args...)...), command, b.syncgate(append([]string{"render"}, args...)...))
	where, _ := filepath.Rel(b.corpus, f.path)
	label := fmt.Sprintf("%s (%d)", where, len(f.sources))
	b.row(label+": "+name+" : check", best[1], best[0], fmt.Sprintf("at least %.1f", goal),
		best[1].wall.Seconds()/best[0].wall.Seconds() >= goal)
	b.row(label+": check : render", best[0], best[2], fmt.Sprintf("at most %.1f", goalJudging),
		best[0].wall.Seconds()/best[2].wall.Seconds() <= goalJudging)
}

// sourcesOf is how many sources a repository has.
func (b *bench) sourcesOf(repo string) int {
	out, _ := exec.Command(b.bin, "check", "--root", repo, "--format", "json", repo).Output() // findings are no failure here
	var report struct{ Summary struct{ Sources int } }
	if err := json.Unmarshal(out, &report); err != nil {
		b.Fatalf("check of %s: %v", repo, err)
	}
	return report.Summary.Sources
}

// fixing measures fix beside check on the folders with many charts, and on the repositories with many
// kustomizations, each as a whole: fix renders what is around the named paths, too, since it must not change any of it.
func (b *bench) fixing(folders []folder) {
	for _, f := range folders {
		paths, goal := []string{f.repo}, goalFixing
		if f.kind == "helm" {
			paths, goal = f.files, goalCharts
		}
		args := append([]string{"--root", f.repo}, paths...)
		best := b.best(b.syncgate(append([]string{"fix", "--diff"}, args...)...), b.syncgate(append([]string{"check"}, args...)...))
		b.row(fmt.Sprintf("%s (%s): fix : check", filepath.Base(f.repo), f.kind), best[0], best[1], fmt.Sprintf("at most %.1f", goal),
			best[0].wall.Seconds()/best[1].wall.Seconds() <= goal)
	}
}

// memory measures each process of one call for everything.
func (b *bench) memory() {
	peaks, used := b.peaks(b.syncgate("check", "--all", "--root", b.corpus, b.corpus)())
	worst := slices.Max(append(peaks, 0))
	b.line(fmt.Sprintf("check --all of everything: %.1f s, cpu %.1f s", used.wall.Seconds(), used.cpu.Seconds()),
		fmt.Sprintf("peak MB by process: %d", peaks), fmt.Sprintf("at most %d", goalMemory), worst > 0 && worst <= goalMemory)
}

// flat measures what one more source costs in repositories of different sizes, by processor time: growth is what it
// looks for, not parallelism.
func (b *bench) flat() {
	dir := b.TempDir()
	sizes := []int{100, 1000, 3000}
	calls := []call{b.generated(dir, 1)}
	for _, n := range sizes {
		calls = append(calls, b.generated(dir, n))
	}
	best := b.best(calls...)
	var first time.Duration
	for i, n := range sizes {
		cost := (best[i+1].cpu - best[0].cpu) / time.Duration(n-1)
		first = cmp.Or(first, cost)
		b.line(fmt.Sprintf("%d generated sources: wall %.2f s, cpu %.2f s", n, best[i+1].wall.Seconds(), best[i+1].cpu.Seconds()),
			fmt.Sprintf("cpu for each more: %v, %.2f of the first size's", cost.Round(time.Microsecond), cost.Seconds()/first.Seconds()),
			fmt.Sprintf("at most %.1f", goalFlat), cost.Seconds()/first.Seconds() <= goalFlat)
	}
}

func (b *bench) start() {
	var took []time.Duration
	for range 20 {
		took = append(took, b.run(b.syncgate("version")).wall)
	}
	slices.Sort(took)
	median := took[len(took)/2]
	b.line("syncgate version", fmt.Sprintf("median %v", median.Round(100*time.Microsecond)),
		fmt.Sprintf("at most %v", goalStart), median <= goalStart)
}

// row prints a comparison.
func (b *bench) row(label string, first, second usage, goal string, met bool) {
	fmt.Printf("%-58s %8.2fs %8.2fs %8.2fs %8.2fs %6.2f %6.2f  %s\n", label, first.wall.Seconds(), first.cpu.Seconds(),
		second.wall.Seconds(), second.cpu.Seconds(), first.wall.Seconds()/second.wall.Seconds(),
		first.cpu.Seconds()/second.cpu.Seconds(), b.verdict(label, goal, met))
}

// line prints a measurement that stands alone.
func (b *bench) line(label, value, goal string, met bool) {
	fmt.Printf("%-58s %-53s  %s\n", label, value, b.verdict(label, goal, met))
}

func (b *bench) verdict(label, goal string, met bool) string {
	if met {
		return goal
	}
	b.Errorf("%s: goal missed: %s", label, goal)
	return goal + ", MISSED"
}
