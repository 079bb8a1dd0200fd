package render

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/kustomize/v5/commands/edit"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	sigsyaml "sigs.k8s.io/yaml"
)

// edited is a kustomization as its user changes it on the way: by the edit commands of kustomize itself, on a copy in
// memory. Patches have no such command, and the one for components looks for their files: these two are put at the end of
// their lists (argo-cd: util/kustomize/kustomize.go Build).
func (o *KustomizeOptions) edited(file string, data []byte) ([]byte, error) {
	fs := filesys.MakeFsInMemory()
	name := konfig.DefaultKustomizationFileName()
	if err := fs.WriteFile(name, data); err != nil {
		return nil, err
	}
	for _, args := range o.commands() {
		if err := runKustomizeEdit(fs, args); err != nil {
			return nil, &Error{File: file, Msg: "kustomize edit " + strings.Join(args[:2], " ") + ": " + err.Error(),
				Hint: "correct what the Application says in kustomize, or the kustomization"}
		}
	}
	data, err := fs.ReadFile(name)
	if err != nil || len(o.Patches)+len(o.Components) == 0 {
		return data, err
	}
	return o.appended(data)
}

// commands are the arguments of `kustomize edit`, in the order in which Argo CD runs them.
func (o *KustomizeOptions) commands() [][]string {
	var out [][]string
	add := func(given bool, args ...string) {
		if given {
			out = append(out, args)
		}
	}
	flags := func(args []string, force, withoutSelector bool) []string {
		if force {
			args = append(args, "--force")
		}
		if withoutSelector {
			args = append(args, "--without-selector")
		}
		return append(args, "--")
	}
	add(o.NamePrefix != "", "set", "nameprefix", "--", o.NamePrefix)
	add(o.NameSuffix != "", "set", "namesuffix", "--", o.NameSuffix)
	add(len(o.Images) > 0, append([]string{"set", "image", "--"}, o.Images...)...)
	add(len(o.Replicas) > 0, append([]string{"set", "replicas", "--"}, o.Replicas...)...)
	add(len(o.Labels) > 0, append(flags([]string{"add", "label"}, o.ForceLabels, o.LabelWithoutSelector), o.Labels...)...)
	add(len(o.Annotations) > 0, append(flags([]string{"add", "annotation"}, o.ForceAnnotations, false), o.Annotations...)...)
	add(o.Namespace != "", "set", "namespace", "--", o.Namespace)
	return out
}

func runKustomizeEdit(fs filesys.FileSystem, args []string) error {
	deps := provider.NewDefaultDepProvider()
	cmd := edit.NewCmdEdit(fs, deps.GetFieldValidator(), deps.GetResourceFactory(), io.Discard)
	var silence func(c *cobra.Command)
	silence = func(c *cobra.Command) {
		c.SilenceErrors, c.SilenceUsage = true, true
		for _, sub := range c.Commands() {
			silence(sub)
		}
	}
	silence(cmd)
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	return cmd.Execute()
}

// appended adds patches and components to a kustomization.
func (o *KustomizeOptions) appended(data []byte) ([]byte, error) {
	spec := map[string]any{}
	if err := sigsyaml.Unmarshal(data, &spec); err != nil {
		return data, nil // krusty says what is wrong with it
	}
	for i := range o.Patches {
		raw, err := sigsyaml.Marshal(&o.Patches[i])
		var patch any
		if err == nil {
			err = sigsyaml.Unmarshal(raw, &patch)
		}
		if err == nil {
			err = appendTo(spec, "patches", patch)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, c := range o.Components {
		if err := appendTo(spec, "components", c); err != nil {
			return nil, err
		}
	}
	return sigsyaml.Marshal(spec)
}

func appendTo(spec map[string]any, field string, item any) error {
	list, ok := spec[field].([]any)
	if spec[field] != nil && !ok {
		return errors.New(field + " is no list")
	}
	spec[field] = append(list, item)
	return nil
}
